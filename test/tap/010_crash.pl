# Power failures under load: what was acknowledged is there, once; everything else happened
# completely or not at all; and a retry with the same key does no harm.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use StockFlow;

use constant { CLIENTS => 4, CALLS => 4000 };

my $node = new_server('crash', 'fsync = on', 'restart_after_crash = on', 'log_statement = none');
my $directory = PostgreSQL::Test::Utils::tempdir();
note('seed ' . srand);
my %calls;           # key => call, of all rounds
my %acknowledged;    # key => result

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'A'), (1, 2, 'B');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 1, i, 'P' || i, 'P', 1 FROM generate_series(1, 3) i;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity)
    SELECT 1, i, j, 100000 FROM generate_series(1, 3) i, generate_series(1, 2) j;
SQL

# A call with an idempotency key, which is its reference in the ledger, too.
sub call_for
{
	my ($key, $n) = @_;
	my $product = 1 + int(rand 3);
	my ($from, $to) = rand() < 0.5 ? (1, 2) : (2, 1);
	my $named = "reference => '$key', idempotency_key => '$key'";
	return (
		"stockflow.record_sale(1, $from, $product, 2, $named)",
		"stockflow.receive_stock(1, $from, $product, 1, $named)",
		"stockflow.transfer_stock(1, $product, $from, $to, 3, $named)",
		"stockflow.record_return(1, $from, $product, 1, $named)")[ $n % 4 ];
}

# Starts a psql that makes the calls one after the other and writes "key|result" of each that the
# server has acknowledged.
sub start_client
{
	my ($name) = @_;
	my $script = '';
	for my $n (1 .. CALLS)
	{
		my $key = "$name-$n";
		$calls{$key} = call_for($key, $n);
		$script .= "SELECT '$key', $calls{$key};\n";
	}
	PostgreSQL::Test::Utils::append_to_file("$directory/$name.sql", $script);
	return IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', "$directory/$name.sql",
			'-d', $node->connstr('postgres') . ' application_name=client' ],
		'>', "$directory/$name.out", '2>', "$directory/$name.err");
}

# Lets clients work, has the server killed, and returns the keys that were acknowledged.
sub round
{
	my ($round, $kill) = @_;
	my @names = map { "$round-$_" } 1 .. CLIENTS;
	my @clients = map { start_client($_) } @names;
	$node->poll_query_until('postgres', 'SELECT count(*) > 20 FROM stockflow.idempotency_keys'
		. " WHERE idempotency_key LIKE '$round-%'") or die 'the clients do not start';
	sleep(0.2 + rand 0.4);
	$kill->();
	my @keys;
	for my $i (0 .. $#clients)
	{
		IPC::Run::finish($clients[$i]);
		is(IPC::Run::result($clients[$i]), 2, "round $round: client $i lost its connection");
		for my $line (split /\n/, PostgreSQL::Test::Utils::slurp_file("$directory/$names[$i].out"))
		{
			my ($key, $result) = split /\|/, $line, 2;
			$acknowledged{$key} = $result;
			push @keys, $key;
		}
	}
	return @keys;
}

# As if the power went: all processes of the server freeze at some moment, and are gone.
sub power_off
{
	my $pid_file = $node->data_dir . '/postmaster.pid';
	my ($postmaster) = split /\n/, PostgreSQL::Test::Utils::slurp_file($pid_file);
	kill 'STOP', $postmaster;    # first, so that it starts no more children
	my @children = children_of($postmaster);
	kill 'STOP', @children;
	$node->kill9;
	kill 'KILL', @children;
	for (1 .. 400)
	{
		last unless grep { is_running($_) } $postmaster, @children;
		sleep 0.05;
	}
	# These count the unburied as running.
	unlink $pid_file, $node->host . '/.s.PGSQL.' . $node->port . '.lock';
	$node->start;
	return;
}

# One backend dies; the server ends the others and recovers by itself.
sub kill_backend
{
	my $pid = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE application_name = 'client' ORDER BY random() LIMIT 1");
	kill 'KILL', $pid;
	return;
}

# Everything that must hold after a crash.
sub check_state
{
	my ($round, @keys) = @_;
	cmp_ok(scalar @keys, '>', 20, "round $round: calls were acknowledged");
	my $acknowledged = join ',', map { "('$_', '$acknowledged{$_}')" } @keys;

	is($node->safe_psql('postgres', <<"SQL"), '', "round $round: acknowledged calls are there, with their results");
WITH a(key, result) AS (VALUES $acknowledged)
SELECT a.key FROM a
  LEFT JOIN stockflow.idempotency_keys k ON k.company_id = 1 AND k.idempotency_key = a.key
 WHERE k.idempotency_key IS NULL OR a.result <> coalesce(k.result #>> '{}', '')
    OR NOT EXISTS (SELECT FROM stockflow.inventory_log l
                    WHERE l.reference = a.key AND (a.result = '' OR l.quantity_after = a.result::numeric))
SQL

	is($node->safe_psql('postgres', <<'SQL'), '', "round $round: every call happened completely and once, or not");
SELECT coalesce(k.idempotency_key, l.reference), k.operation, l.deltas
  FROM stockflow.idempotency_keys k
  FULL JOIN (SELECT reference, array_agg(delta ORDER BY delta) AS deltas
               FROM stockflow.inventory_log WHERE reference IS NOT NULL GROUP BY reference) l
    ON l.reference = k.idempotency_key
 WHERE l.deltas IS DISTINCT FROM CASE k.operation WHEN 'record_sale' THEN '{-2}'::numeric[]
           WHEN 'transfer_stock' THEN '{-3,3}' WHEN 'record_return' THEN '{1}' WHEN 'receive_stock' THEN '{1}' END
SQL

	my $done = $node->safe_psql('postgres',
		"SELECT count(*) FROM stockflow.idempotency_keys WHERE idempotency_key LIKE '$round-%'");
	my $unknown = $done - @keys;
	ok($unknown >= 0 && $unknown <= CLIENTS,
		"round $round: at most one call per client was done but not acknowledged");

	is($node->safe_psql('postgres', <<'SQL'), '', "round $round: every balance is the sum of its movements");
SELECT * FROM (SELECT product_id, warehouse_id, sum(delta) FROM stockflow.inventory_log GROUP BY 1, 2) l
 FULL JOIN stockflow.inventory i USING (product_id, warehouse_id) WHERE l.sum IS DISTINCT FROM i.quantity
SQL
	is($node->safe_psql('postgres', 'SELECT * FROM stockflow.verify_ledger()'), '',
		"round $round: the ledger is sound");
	return;
}

# A client that got no answer, or lost it, asks again with the same key.
sub retry
{
	my ($round, @keys) = @_;
	my $entries = 'SELECT count(*), sum(delta), (SELECT sum(quantity) FROM stockflow.inventory)'
	  . ' FROM stockflow.inventory_log';
	my $before = $node->safe_psql('postgres', $entries);
	my %results = map { split /\|/, $_, 2 } split /\n/,
	  $node->safe_psql('postgres', join('', map { "SELECT '$_', $calls{$_};\n" } @keys));
	is_deeply(\%results, { map { $_ => $acknowledged{$_} } @keys },
		"round $round: a retry returns the same");
	is($node->safe_psql('postgres', $entries), $before, "round $round: and writes nothing");

	# The calls that were under way: carried out now, unless they were; and a second time they are known.
	for my $client (1 .. CLIENTS)
	{
		my $done = grep { /^$round-$client-/ } @keys;
		my $key = "$round-$client-" . ($done + 1);
		my @answers = map { $node->safe_psql('postgres', "SELECT $calls{$key}") } 1 .. 2;
		is($answers[1], $answers[0], "round $round: client $client tries again");
		$acknowledged{$key} = $answers[0];
	}
	return;
}

for my $round (1 .. 4)
{
	my @keys = round($round, $round == 3 ? \&kill_backend : \&power_off);
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	check_state($round, @keys);
	retry($round, @keys);
}

# Still so when all is calm: nothing of an earlier round got lost in a later one.
$node->restart;
for my $round (1 .. 4)
{
	check_state($round, grep { /^$round-/ } keys %acknowledged);
}

done_testing();
