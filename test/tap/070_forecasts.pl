# Long calls: cancelling them, seeing how far they are, batches that commit, other tenants, and the
# schedule of pg_cron where that is installed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Test::More;
use Time::HiRes qw(time usleep);
use StockFlow;

my $pkglibdir = `pg_config --pkglibdir`;
chomp $pkglibdir;
my $has_cron = -e "$pkglibdir/pg_cron.so";
my $node = new_server('forecasts',
	$has_cron
	? ("shared_preload_libraries = 'pg_cron'", "cron.database_name = 'postgres'", "cron.use_background_workers = on")
	: ());
my $db = 'postgres';

# 3000 pairs of two years: a refresh takes several seconds.
$node->safe_psql($db, <<'SQL');
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'First'), (2, 'Second');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W'), (2, 2, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 1 + (p > 3000)::integer, p, 'P' || p, 'P' || p, 1 FROM generate_series(1, 3010) p;
INSERT INTO stockflow.replenishment_policies (company_id, reorder_policy) VALUES (1, 'dynamic'), (2, 'dynamic');
SET session_replication_role = replica;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity, version, last_sold_at)
    SELECT 1 + (p > 3000)::integer, p, 1 + (p > 3000)::integer, 1000, 1, now() FROM generate_series(1, 3010) p;
INSERT INTO stockflow.demand_history (company_id, product_id, warehouse_id, day, demand, returned, other)
    SELECT 1 + (p > 3000)::integer, p, 1 + (p > 3000)::integer, current_date - d, 1 + (d * p) % 5, 0, 0
      FROM generate_series(1, 3010) p, generate_series(1, 730) d WHERE (d * 7 + p * 13) % 10 < p % 8 + 2;
ANALYZE;
SQL

# A session that runs a statement to its end, or to its cancellation.
sub start
{
	my ($sql, $out, $err) = @_;
	return IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($db), '-c', $sql ],
		'>', $out, '2>', $err, IPC::Run::timeout(180));
}

# Waits for the first row of a query and returns it.
sub wait_for
{
	my ($sql) = @_;
	for (1 .. 4000)
	{
		my $row = $node->safe_psql($db, $sql);
		return $row if $row ne '';
		usleep(50_000);
	}
	return '';
}

# Cancelling
my ($out, $err) = ('', '');
my $session = start('SELECT stockflow.refresh_forecasts(1)', \$out, \$err);
my $seen = wait_for("SELECT pid || ' ' || pairs_total FROM stockflow.progress
	WHERE company_id = 1 AND command = 'refresh_forecasts' AND pairs_done BETWEEN 20 AND 2900");
my ($pid, $total) = split ' ', $seen;
is($total, 3000, 'a refresh under way shows how much it has to do');
my $begin = time;
$node->safe_psql($db, "SELECT pg_cancel_backend($pid)");
$session->finish;
my $took = time - $begin;
like($err, qr/canceling statement due to user request/, 'it can be cancelled');
cmp_ok($took, '<', 1.0, sprintf('soon (%.0f ms, with starting a client)', 1000 * $took));
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.forecasts'), 0, 'and nothing is written');
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.progress'), 0, 'nor shown any more');

# The time from the cancellation to the end, without a client in it.
for my $statement (
	'SELECT stockflow.refresh_forecasts(1)',
	'SELECT count(*) FROM stockflow.forecast_company(1)',
	'SELECT count(*) FROM stockflow.forecast_accuracy(1)',
	'SELECT count(*) FROM stockflow.policy_backtest(1)')
{
	my $late = $node->safe_psql($db, <<"SQL");
CREATE FUNCTION pg_temp.late() RETURNS numeric LANGUAGE plpgsql AS \$\$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    PERFORM * FROM ($statement) AS s;
    RETURN NULL;
EXCEPTION WHEN query_canceled THEN
    RETURN extract(epoch FROM clock_timestamp() - started) * 1000 - 700;
END \$\$;
SET statement_timeout = 700;
SELECT round(pg_temp.late());
SQL
	cmp_ok($late, '<', 250, "cancelled within 250 ms ($late): $statement");
}

# Batches that commit: what is done stays.
($out, $err) = ('', '');
$session = start('CALL stockflow.refresh_all_forecasts(batch_pairs => 200)', \$out, \$err);
wait_for('SELECT 1 FROM stockflow.forecasts HAVING count(*) >= 400');
$pid = wait_for('SELECT pid FROM stockflow.progress');
$node->safe_psql($db, "SELECT pg_cancel_backend($pid)");
$session->finish;
like($err, qr/canceling statement/, 'a procedure can be cancelled, too');
my $done = $node->safe_psql($db, 'SELECT count(*) FROM stockflow.forecasts');
cmp_ok($done, '>=', 400, "what its batches have done stays ($done)");
is($done % 200, 0, 'whole batches');
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.verify_forecasts()'), 0, 'with their reorder points');
$node->safe_psql($db, 'CALL stockflow.refresh_all_forecasts(part => 1, parts => 2); CALL stockflow.refresh_all_forecasts(part => 2, parts => 2)');
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.forecasts'), 3010, 'the next calls go on, in parts, for all companies');
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.inventory WHERE dynamic_reorder_point IS NULL'), 0, 'all have their reorder points');

# Tenants
$node->safe_psql($db, <<'SQL');
CREATE ROLE app2 LOGIN;
ALTER ROLE app2 SET stockflow.company_id = 2;
SELECT stockflow.grant_access('app2', 'app');
CREATE ROLE report2 LOGIN;
ALTER ROLE report2 SET stockflow.company_id = 2;
SELECT stockflow.grant_access('report2', 'report');
UPDATE stockflow.forecasts SET as_of = as_of - 30;
SQL
my @as = ('--username=app2');
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.forecasts', extra_params => \@as), 10, 'an application sees its own forecasts');
is($node->safe_psql($db, 'SELECT stockflow.refresh_forecasts(2)', extra_params => \@as), 10, 'and refreshes them');
like(error_of($node, $db, 'SELECT stockflow.refresh_forecasts(1)', @as), qr/23503/, 'others it does not know');
$node->safe_psql($db, 'CALL stockflow.refresh_all_forecasts(max_age_days => 0)', extra_params => \@as);
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.forecasts WHERE company_id = 1 AND as_of >= current_date - 1'), 0, 'all of its companies is its own');
$node->safe_psql($db, 'INSERT INTO stockflow.replenishment_policies (company_id, product_id, service_level) VALUES (2, 3001, 0.99)', extra_params => \@as);
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.verify_ledger(2) WHERE problem ~ $$dynamic$$'), 0, 'its policies reach its inventory');
is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.forecast_company(2, horizon_days => 1)', extra_params => ['--username=report2']), 10, 'a report may forecast');
like(error_of($node, $db, 'SELECT stockflow.refresh_forecasts(2)', '--username=report2'), qr/42501/, 'but not keep it');

# pg_cron
SKIP:
{
	skip 'pg_cron is not installed', 2 if !$has_cron;
	$node->safe_psql($db, <<'SQL');
CREATE EXTENSION pg_cron;
UPDATE stockflow.forecasts SET as_of = current_date - CASE WHEN product_id <= 20 THEN 30 ELSE 1 END;
SELECT cron.schedule('stockflow-forecasts', '* * * * *', 'CALL stockflow.refresh_all_forecasts()');
SQL
	is(wait_for(q(SELECT status FROM cron.job_run_details WHERE status IN ('succeeded', 'failed') ORDER BY runid LIMIT 1)),
		'succeeded', 'pg_cron runs the procedure');
	is($node->safe_psql($db, 'SELECT count(*) FROM stockflow.forecasts WHERE as_of < current_date - 7'), 0, 'which refreshes what is due');
}

$node->stop;
done_testing();
