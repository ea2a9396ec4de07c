# The tenant within a session: parallel workers, remembered plans and rules, cursors, roles and tenants that change,
# aborted transactions, channels, statistics.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DBI;
use Test::More;
use StockFlow;
use Tenants;

my $node = new_server('sessions', 'log_statement = none', 'max_prepared_transactions = 5');
three_companies($node);
my ($c1, $c2, $c4) = map { company_id($_) } 1, 2, 4;

sub as
{
	my ($role, @options) = @_;
	my $db = DBI->connect(dsn_of($node), $role, '',
		{ RaiseError => 1, PrintError => 0, pg_placeholder_dollaronly => 1, pg_expand_array => 0, @options });
	return $db;
}

# One value.
sub value
{
	my ($db, $sql, @values) = @_;
	return scalar $db->selectrow_array($sql, undef, @values);
}

# Runs statements in a transaction of a company, and returns what the last tells.
sub of_company
{
	my ($db, $company, @statements) = @_;
	my $seen = '';
	$db->do('BEGIN');
	$seen = attempt($db, $_) for "SELECT stockflow.set_company($company)", @statements;
	$db->do('COMMIT');
	return $seen;
}
my $foreign = traces_of(2, 3);
my $seen = 'SELECT coalesce(string_agg(DISTINCT company_id::text, $$,$$), $$none$$) FROM stockflow.inventory';

# Parallel workers have the leader's tenant: by ALTER ROLE, by set_company, after SET ROLE.
my @parallel = ('SET force_parallel_mode = on', 'SET parallel_setup_cost = 0', 'SET parallel_tuple_cost = 0',
	'SET min_parallel_table_scan_size = 0', 'SET max_parallel_workers_per_gather = 4');
{
	my ($app, $admin, $lost, $owner) = map { as($_) } qw(app admin lost postgres);
	for my $db ($app, $admin, $lost, $owner)
	{
		$db->do($_) for @parallel;
	}
	like(join("\n", map { $_->[0] } @{ $app->selectall_arrayref("EXPLAIN $seen") }), qr/Gather.*current_company/s,
		'the policy is checked in workers');
	is(value($app, $seen), $c1, 'parallel: the tenant of the role');
	is(value($app, 'SELECT string_agg(DISTINCT stockflow.current_company()::text, $$,$$) FROM stockflow.inventory_log'), $c1, 'parallel: current_company()');
	is(value($lost, $seen), 'none', 'parallel: no tenant, no row');
	is(of_company($admin, $c2, $seen), "$c2\n", 'parallel: the tenant of the transaction');
	is(value($admin, $seen), 'none', 'parallel: and none after it');
	$owner->do('BEGIN');
	$owner->do("SELECT stockflow.set_company($c2)");
	$owner->do('SET LOCAL ROLE app');
	is(value($owner, $seen), $c2, 'parallel: a role set by a superuser, which chose the tenant');
	like(attempt($owner, 'SET LOCAL stockflow.company_id = 1'), qr/^42501 /, 'the role itself cannot');
	$owner->do('ROLLBACK');
	my $alerts = "SELECT count(*) FROM stockflow.low_stock_alerts($c2, recent_sales_only => false)";
	is(value($app, $alerts), 0, 'parallel: a function about another company');
	is(value($app, $alerts =~ s/$c2/$c1/r), value($owner, $alerts =~ s/$c2/$c1/r), 'parallel: and about its own');
}

# Plans of prepared statements, and of the functions, follow role and tenant.
{
	my ($admin, $owner) = (as('admin'), as('postgres'));
	for my $mode ('auto', 'force_generic_plan', 'force_custom_plan')
	{
		for my $db ($admin, $owner)
		{
			my $prepared = "PREPARE s AS $seen";
			$db->do("SET plan_cache_mode = $mode");
			$db->do($prepared);
			my $sell = sub {
				my ($k) = @_;
				'SELECT stockflow.record_sale(' . company_id($k) . ', ' . id_of($k, 101) . ', ' . id_of($k, 102) . ', 1)';
			};
			for my $round (1 .. 7)
			{
				for my $k (1, 2)
				{
					my ($mine, $other) = map { company_id($_) } $k, 3 - $k;
					$db->do('BEGIN');
					$db->do("SELECT stockflow.set_company($mine)");
					$db->do('SET LOCAL ROLE app') if $db == $owner;
					my @all = map { attempt($db, $_) } 'EXECUTE s', "SELECT count(*) FROM stockflow.stock_on_hand($other)",
					  $sell->($k), 'SAVEPOINT a', $sell->(3 - $k), 'ROLLBACK TO a';
					$db->do('COMMIT');
					ok($all[0] =~ /^$mine\n/ && $all[1] =~ /^0\n/ && $all[2] =~ /^\d/ && $all[4] =~ /^23503 /,
						"$mode: company $mine only, round $round")
					  or diag(@all);
				}
			}
			is(value($db, 'EXECUTE s'), $db == $owner ? join(',', map { company_id($_) } 1 .. 3) : 'none',
				"$mode: and nothing of them remains");
			$db->do('DEALLOCATE s');
		}
	}
}

# What a function reads once of products and companies is not taken over by another role or tenant.
{
	my $owner = as('postgres');
	my $sell = 'SELECT stockflow.record_sale(' . join(', ', $c2, id_of(2, 101), id_of(2, 102), 1) . ')';
	like(attempt($owner, $sell), qr/^\d/, 'a superuser sells, and the session remembers the product');
	for my $role (qw(app lost))
	{
		$owner->do("SET ROLE $role");
		like(attempt($owner, $sell), qr/^23503 .*company $c2 does not exist/s, "$role does not profit from it");
		$owner->do("SET SESSION AUTHORIZATION $role");
		like(attempt($owner, $sell), qr/^23503 /, "$role: nor after SET SESSION AUTHORIZATION");
		$owner->do('RESET SESSION AUTHORIZATION');
		$owner->do('RESET ROLE');
	}
}

# Rows that a role may see under one tenant are not left behind for the next.
{
	my $admin = as('admin');
	$admin->do('BEGIN');
	$admin->do("SELECT stockflow.set_company($c2)");
	$admin->do('DECLARE held CURSOR WITH HOLD FOR SELECT company_id FROM stockflow.products');
	$admin->do('DECLARE plain CURSOR FOR SELECT company_id FROM stockflow.products');
	$admin->do('COMMIT');
	like(attempt($admin, 'FETCH plain'), qr/^34000 /, 'a cursor ends with the transaction');
	like(attempt($admin, 'FETCH ALL held'), qr/^$c2\n/, 'a cursor WITH HOLD does not: its rows stay those of its tenant');
	$admin->do('DISCARD ALL');
	like(attempt($admin, 'FETCH ALL held'), qr/^34000 /, 'until DISCARD ALL');
	$admin->do('BEGIN');
	$admin->do("SELECT stockflow.set_company($c1)");
	$admin->do('DECLARE plain CURSOR FOR SELECT company_id FROM stockflow.inventory');
	attempt($admin, 'FETCH 1 FROM plain');
	$admin->do("SELECT stockflow.set_company($c2)");
	unlike(attempt($admin, 'FETCH ALL FROM plain'), qr/\b300/, 'a cursor held over a change of tenant shows none but these two');
	$admin->do('ROLLBACK');
}

# The tenant goes with the transaction, however it ends.
{
	my $admin = as('admin');
	my $current = "SELECT coalesce(stockflow.current_company()::text, 'none')";
	my %ends = (COMMIT => [], ROLLBACK => [], 'an error' => [ 'SELECT 1 / 0', 'ROLLBACK' ],
		'a failed COMMIT' => [ 'SELECT 1 / 0', 'COMMIT' ], "PREPARE TRANSACTION 'p'" => []);
	for my $end (sort keys %ends)
	{
		attempt($admin, $_) for 'BEGIN', "SELECT stockflow.set_company($c1)", @{ $ends{$end} } ? @{ $ends{$end} } : ($end);
		is(value($admin, $current), 'none', "no tenant after $end");
	}
	attempt($admin, "COMMIT PREPARED 'p'");
	attempt($admin, $_) for 'BEGIN', "SELECT stockflow.set_company($c1)", 'SAVEPOINT s', "SELECT stockflow.set_company($c2)";
	is(value($admin, $current), $c2, 'another tenant in a savepoint');
	attempt($admin, 'ROLLBACK TO s');
	is(value($admin, $current), $c1, 'rolled back to the tenant before it');
	attempt($admin, $_) for 'SELECT 1 / 0', 'ROLLBACK TO s';
	is(value($admin, $current), $c1, 'an error in it, too');
	attempt($admin, 'ROLLBACK');
	# One tenant is set, a function is asked for another, with ids of a third.
	$admin->do('BEGIN');
	$admin->do("SELECT stockflow.set_company($c1)");
	like(attempt($admin, 'SELECT stockflow.record_sale(' . join(', ', $c2, id_of(3, 101), id_of(3, 101), 1) . ')'),
		qr/^23503 .*company $c2 does not exist/s, 'the tenant decides, not the argument');
	$admin->do('ROLLBACK');
}

# The setting cannot be brought in by a function's SET, whether the library is there or not.
for my $first ('SELECT 1', 'SELECT stockflow.current_company()')
{
	my $owner = as('postgres');
	$owner->do('GRANT CREATE ON SCHEMA public TO app');
	my $app = as('app');
	attempt($app, $first);
	attempt($app, "CREATE OR REPLACE FUNCTION public.as_other() RETURNS text LANGUAGE sql SET stockflow.company_id = '$c2' AS '$seen'");
	unlike(attempt($app, 'SELECT public.as_other()'), qr/\b$c2\n/, "a function with SET, after $first");
	attempt($app, "CREATE OR REPLACE FUNCTION public.as_other() RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN SET LOCAL stockflow.company_id = '$c2'; RETURN ($seen); END \$\$");
	unlike(attempt($app, 'SELECT public.as_other()'), qr/\b$c2\n/, "a function with SET LOCAL, after $first");
	like(value(as('app'), $seen), qr/^$c1$/, 'the tenant is still its own');
	$app->do('DROP FUNCTION IF EXISTS public.as_other()');
}
# Without row level security there are no rows instead of all.
like(attempt(as('app'), "SET row_security = off; $seen"), qr/^42501 /, 'row_security = off is an error');

# Channels and statistics tell numbers only.
{
	my ($outsider, $owner, $app) = (as('outsider'), as('postgres'), as('app'));
	$outsider->do('LISTEN stockflow_alerts');
	$owner->do("UPDATE stockflow.inventory SET quantity = 1 WHERE company_id = $c2 AND product_id = " . id_of(2, 102));
	isnt(value($owner, "SELECT stockflow.refresh_alerts($c2)"), 0, 'something to tell');
	my $note;
	for (1 .. 100) { last if $note = $outsider->pg_notifies; select undef, undef, undef, 0.05; }
	like($note->[2], qr/"company_id": $c2/, 'whoever may connect hears the notification');
	unlike($note->[2], qr/[a-z]{3,}": "|zq/, 'and finds ids and counts in it, no text');

	$owner->do('ANALYZE');
	is(value($owner, "SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'stockflow' AND most_common_vals::text ~ 'zq'"), 1, 'there are statistics of texts');
	is(value($app, "SELECT count(*) FROM pg_stats WHERE schemaname = 'stockflow'"), 0, 'which row level security hides');
	like(attempt($app, 'SELECT * FROM pg_statistic'), qr/^42501 /, 'and pg_statistic is closed');
	is(value($app, "SELECT count(*) FROM pg_stats_ext WHERE schemaname = 'stockflow'"), 0, 'no extended statistics');
	my $running = as('app');
	$running->do('SELECT 1');
	is(value(as('lost'), "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app' AND query <> '<insufficient privilege>'"), 0,
		'statements of other roles are hidden');
}

# Rights from elsewhere do not open the tables, and the guard of our schema is in nobody's way.
{
	my $owner = as('postgres');
	$owner->do($_) for 'CREATE ROLE reader LOGIN', 'GRANT pg_read_all_data, pg_write_all_data, pg_monitor TO reader', 'CREATE ROLE jane LOGIN', 'GRANT app TO jane',
	  'GRANT CREATE ON DATABASE postgres TO outsider';
	like(attempt(as('reader'), $seen), qr/^42501 .*current_company/, 'pg_read_all_data: may not even ask for the tenant');
	like(attempt(as('reader'), "INSERT INTO stockflow.warehouses (company_id, name) VALUES ($c1, 'x')"), qr/^42501 /, 'pg_write_all_data: the same');
	# Row level security does not hide the statistics of an index on an expression; who may not read all cannot see it.
	is(value(as('reader'), "SELECT string_agg(DISTINCT tablename, ',') FROM pg_stats WHERE schemaname = 'stockflow'"), 'products_sku_key',
		'pg_read_all_data: of statistics those of the index on lower(sku)');
	is(value(as('jane'), $seen), 'none', 'a member of a role does not inherit its tenant');
	like(attempt(as('jane'), 'SET ROLE app; SELECT stockflow.set_company(' . $c2 . ')'), qr/^42501 /, 'nor may it choose one');
	my $outsider = as('outsider');
	unlike(attempt($outsider, $_), qr/^[0-9A-Z]{5} /, "outsider: $_") for 'CREATE SCHEMA mine', 'CREATE TABLE mine.t ()', 'DROP SCHEMA mine CASCADE', 'DROP OWNED BY outsider';
	like(attempt($outsider, 'DROP SCHEMA stockflow CASCADE'), qr/^(55000|42501) /, 'outsider: not ours');
	# A lock on a table is the one thing that reaches other companies: it is written down in doc/security.md.
	like(attempt(as('report'), 'BEGIN; LOCK TABLE stockflow.inventory IN ROW EXCLUSIVE MODE'), qr/^42501 /, 'reports cannot hold up writers');
}

is(value(as('postgres'), 'SELECT count(*) FROM stockflow.verify_ledger()'), 0, 'the ledger is sound');
done_testing();
