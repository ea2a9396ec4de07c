# Every function with random values at the edges of its types, as an application and as a role with
# nothing: errors, but no crash, no internal error (XX000), and a sound ledger afterwards.
#   WILD_CALLS=2500   statements of each role
#   WILD_SEED=N       another seed (default 1, so that make check is the same each time)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Test::More;
use StockFlow;
use Limits;

my $calls = $ENV{WILD_CALLS} // 2500;
my $seed = $ENV{WILD_SEED} // 1;

my $state = $seed;

# A number of a generator that is the same everywhere.
sub random
{
	$state = ($state * 1103515245 + 12345) % 2**31;
	return int($state / 65536) % $_[0];
}

my $node = new_server('wild', 'max_prepared_transactions = 0', 'log_min_error_statement = panic',
	"statement_timeout = '10s'", 'temp_file_limit = 1GB');
sample_data($node, 'postgres');
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE app LOGIN;
CREATE ROLE nothing LOGIN;
ALTER ROLE app SET stockflow.company_id = 1;
SELECT stockflow.grant_access('app', 'app');
SQL
my @functions = functions_of($node, 'postgres');
cmp_ok(scalar(@functions), '>', 120, 'there are functions');

for my $role ('app', 'nothing')
{
	my @statements;
	for my $n (0 .. $calls - 1)
	{
		my $f = $functions[ $n < @functions ? $n : random(scalar @functions) ];
		# Mostly calls in which a few arguments are wild, so that checks of others are passed.
		my $wild = 1 + random(100);
		my @arguments;
		for my $a (@{ $f->{arguments} })
		{
			my $value = random(100) < $wild && !($a->{name} eq 'company_id' && random(3))
			  ? random_literal($a->{type}, \&random) : literal_for($a);
			push @arguments, "\"$a->{name}\" => $value";
		}
		my $call = "stockflow.$f->{name}(" . join(', ', @arguments) . ')';
		push @statements, $f->{kind} eq 'p' ? "CALL $call;" : "SELECT * FROM $call;";
	}
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$role.sql";
	PostgreSQL::Test::Utils::append_to_file($file, join("\n", @statements) . "\n");
	my ($stdout, $stderr);
	$node->psql('postgres', '', on_error_stop => 0, timeout => 36000, stdout => \$stdout, stderr => \$stderr,
		extra_params => [ '-U', $role, '-q', '-v', 'VERBOSITY=verbose', '-o', '/dev/null', '-f', $file ]);
	my %states;
	for my $line (split /\n/, $stderr)
	{
		next unless $line =~ /:(\d+): (?:ERROR|FATAL|PANIC):  (\w{5}): (.*)/;
		my ($number, $code, $message) = ($1, $2, $3);
		$states{$code}++;
		diag(substr("$code: $message", 0, 300) . "\n    " . substr($statements[ $number - 1 ], 0, 400))
		  if $code =~ /^(XX|57P|58|08)/;
	}
	note("$role: $calls calls, seed $seed: ", join ', ', map { "$_ $states{$_}" } sort keys %states);
	is(scalar(grep { /^(XX|57P|58|08)/ } keys %states), 0, "$role: no internal error, no lost connection");
	unlike($stderr, qr/server closed the connection|connection to server was lost/, "$role: the session went on");
	cmp_ok($states{'42501'} // 0, '>=', $calls - 1, 'nothing: everything is refused') if $role eq 'nothing';
}
is($node->safe_psql('postgres', 'SELECT * FROM stockflow.verify_ledger()'), '', 'the ledger is sound');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/terminated by signal|PANIC|was not properly shut down/,
	'no process died');
$node->stop;
done_testing();
