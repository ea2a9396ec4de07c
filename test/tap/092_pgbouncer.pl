# A real PgBouncer in transaction mode in front of the server: companies that share one server connection do not
# see each other, whatever happens to the transactions before.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DBI;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use StockFlow;
use Tenants;

# Debian puts it where only root looks for programs.
local $ENV{PATH} = "$ENV{PATH}:/usr/sbin:/usr/local/sbin";
my $node = new_server('pooled', 'log_statement = none');
three_companies($node);
# What doc/security.md says: an application's rights, and the choice of the tenant.
$node->safe_psql('postgres', "CREATE ROLE pool LOGIN; SELECT stockflow.grant_access('pool', 'app'); GRANT SET ON PARAMETER stockflow.company_id TO pool");
my $directory = PostgreSQL::Test::Utils::tempdir_short();
my $port = $node->port;
sub write_file
{
	my ($name, $text) = @_;
	open my $out, '>', "$directory/$name" or die;
	print $out $text;
	close $out;
	return;
}
write_file('users', join '', map { "\"$_\" \"\"\n" } qw(pool app postgres));
write_file('pgbouncer.ini', <<"EOC");
[databases]
* = host=@{[ $node->host ]} port=$port
[pgbouncer]
listen_addr =
unix_socket_dir = $directory
listen_port = $port
auth_type = trust
auth_file = $directory/users
pool_mode = transaction
default_pool_size = 1
max_client_conn = 50
logfile = $directory/log
admin_users = postgres
EOC
# A child in the process group of this test, so that it goes when the test is killed.
my $pooler = fork // die;
if ($pooler == 0)
{
	exec('pgbouncer', '-q', "$directory/pgbouncer.ini") or POSIX::_exit(1);
}

END
{
	my $status = $?;
	kill 'INT', $pooler and waitpid $pooler, 0 if $pooler;
	$? = $status;
}

my $pooled = "dbi:Pg:dbname=postgres;host=$directory;port=$port";
# Without prepared statements of the driver: PgBouncer 1.18 does not know on which connection they are.
sub client
{
	my ($role) = @_;
	my %options = (RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_server_prepare => 0, pg_placeholder_dollaronly => 1);
	for (1 .. 100)
	{
		my $db = eval { DBI->connect($pooled, $role, '', {%options}) };
		return $db if $db;
		sleep 0.02;
	}
	BAIL_OUT("no connection through pgbouncer: $DBI::errstr");
	return;
}

# The recipe: each transaction begins with its tenant.
sub transaction
{
	my ($db, $k, @statements) = @_;
	$db->do('BEGIN; SELECT stockflow.set_company(' . company_id($k) . ')');
	my @seen = map { attempt($db, $_) } @statements;
	$db->do('COMMIT');
	return @seen;
}
my $whose = 'SELECT coalesce(string_agg(DISTINCT company_id::text, $$,$$), $$none$$) FROM stockflow.inventory';
my @client = (undef, map { client('pool') } 1 .. 3);
my $anybody = client('pool');
my $backend = $anybody->selectrow_array('SELECT pg_backend_pid()');
is(scalar(grep { $client[$_]->selectrow_array('SELECT pg_backend_pid()') == $backend } 1 .. 3), 3,
	'all clients have the same server connection');

# Statements of companies, one transaction after the other over one connection.
srand 1;
my %sold = map { $_ => 0 } 1 .. 3;
my $faults = 0;
sub of_one { my ($k) = @_; return 'SELECT stockflow.record_sale(' . join(', ', company_id($k), id_of($k, 101), id_of($k, 102), '1') . ')'; }
for my $round (1 .. 300)
{
	my $k = 1 + int rand 3;
	my $other = 1 + $k % 3;
	my $db = $client[$k];
	my $kind = int rand 8;
	my @seen;
	if ($kind < 3)
	{
		@seen = transaction($db, $k, $whose, of_one($k));
		$sold{$k}++;
		$faults++ unless $seen[0] eq company_id($k) . "\n" && $seen[1] =~ /^\d/;
	}
	elsif ($kind == 3)
	{
		@seen = transaction($db, $k, $whose, of_one($other));
		$faults++ unless $seen[0] eq company_id($k) . "\n" && $seen[1] =~ /^23503 /;
		# COMMIT of what has failed.
	}
	elsif ($kind == 4)
	{
		attempt($db, 'BEGIN; SELECT stockflow.set_company(' . company_id($k) . ')');
		attempt($db, $_) for of_one($k), 'SELECT 1 / 0', 'ROLLBACK';
	}
	elsif ($kind == 5)
	{
		# A client that goes away in the middle: the server connection is closed, nothing is left.
		attempt($db, 'BEGIN; SELECT stockflow.set_company(' . company_id($k) . ')');
		attempt($db, of_one($k));
		$db->disconnect;
		$client[$k] = client('pool');
	}
	else
	{
		# Who forgets the tenant sees nothing, whoever was there before.
		@seen = map { attempt($db, $_) } $whose, of_one($k);
		$faults++ unless $seen[0] eq "none\n" && $seen[1] =~ /^23503 /;
	}
	if (attempt($anybody, $whose) ne "none\n") { $faults++; }
}
is($faults, 0, '300 transactions, committed, failed, aborted or left: each sees its company, and those without one none');
for my $k (1 .. 3)
{
	is($node->safe_psql('postgres', "SELECT count(*) FROM stockflow.ledger WHERE reason = 'sale' AND actor = 'pool' AND company_id = " . company_id($k)),
		$sold{$k}, "company $k: all its acknowledged sales, and no others");
}

# An answer that was lost: the same key again, after the connection of the client is gone, over whichever
# server connection there is.
my $again = 'SELECT stockflow.record_sale(' . join(', ', company_id(1), id_of(1, 101), id_of(1, 102), '2') . ", idempotency_key => 'lost answer')";
my ($first) = transaction($client[1], 1, $again);
$client[1]->disconnect;
$client[1] = client('pool');
transaction($client[2], 2, of_one(2));
my ($second) = transaction($client[1], 1, $again);
is($second, $first, 'a retry has the first answer');
like((transaction($client[2], 2, $again))[0], qr/^23503 /, 'another company with that key: its own matter');

# A tenant that belongs to the role: no transaction is needed, and the role cannot choose another.
my $app = client('app');
is(attempt($app, $whose), company_id(1) . "\n", 'a role with a tenant of its own');
like(attempt($app, 'SET stockflow.company_id = 1'), qr/^42501 /, 'cannot change it');
# What not to do: what is set for the session stays on the server connection, for the next client.
$client[2]->do('SET stockflow.company_id = ' . company_id(2));
is(attempt($anybody, $whose), company_id(2) . "\n", 'SET without LOCAL reaches another client, so it must not be used');
$anybody->do('RESET stockflow.company_id');
is(attempt($client[2], $whose), "none\n", 'and RESET takes it away from all');
# Prepared statements by name are on one server connection only, and follow the tenant there.
$client[1]->do("PREPARE shared AS $whose");
is((transaction($client[2], 2, 'EXECUTE shared'))[0], company_id(2) . "\n", 'a prepared statement shows the tenant of the transaction');
$client[1]->do('DEALLOCATE shared');
is($node->safe_psql('postgres', 'SELECT count(*) FROM stockflow.verify_ledger()'), 0, 'the ledger is sound');

$_->disconnect for grep { defined } @client, $anybody, $app;
done_testing();
