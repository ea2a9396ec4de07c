# Every function ends soon after it is cancelled or runs into a timeout, on data that keep it busy.
#
#   CANCEL_PAIRS=200000   products times warehouses (default 2000)
#   CANCEL_ENTRIES=36     ledger entries of each
#   CANCEL_BOUND=250      milliseconds that are allowed; the default, 5000, finds what cannot be
#                         interrupted at all on however busy a machine
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DBI;
use Test::More;
use Time::HiRes qw(sleep time);
use StockFlow;
use Limits;

my $pairs = $ENV{CANCEL_PAIRS} // 2000;
my $entries = $ENV{CANCEL_ENTRIES} // 12;
my $bound = $ENV{CANCEL_BOUND} // 5000;
my $products = $pairs / 5;
my @timeouts = $ENV{CANCEL_TIMEOUTS} ? split(/ /, $ENV{CANCEL_TIMEOUTS}) : $pairs > 10000 ? (5, 50, 300, 1000, 3000) : (5, 100);

my $node = new_server('cancel', 'shared_buffers = 512MB', 'max_wal_size = 4GB', 'autovacuum = off',
	'max_locks_per_transaction = 256', 'log_min_error_statement = panic', 'log_min_messages = fatal');
$node->safe_psql('postgres', <<"SQL", timeout => 36000);
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (company_id, name, reorder_point, allow_negative_stock) VALUES (1, 'Large', 50, true);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT 1, w, 'W' || w FROM generate_series(1, 6) AS w;
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) SELECT 1, s, 'S' || s FROM generate_series(1, 20) AS s;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 1, p, 'P-' || p, 'Product ' || p, 1 FROM generate_series(1, $products) AS p;
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days)
    SELECT 1, product_id, 1 + (product_id + n) % 20, n, 7 * n FROM stockflow.products, generate_series(1, 2) AS n;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 1, 1000000 + p, 'B-' || p, 'Bundle ' || p, 1 FROM generate_series(1, $products / 10) AS p;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity)
    SELECT 1, 1000000 + p, 1 + (p * 7 + n) % ${\int($products)}, n FROM generate_series(1, $products / 10) AS p, generate_series(1, 3) AS n;
-- Lots that have expired, and a sealed ledger.
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, tracks_lots)
    SELECT 1, 2000000 + p, 'L-' || p, 'Lots ' || p, 1, true FROM generate_series(1, $pairs / 10) AS p;
SELECT count(stockflow.receive_lot(1, 6, 2000000 + p, 5, 'L' || n, current_date - 1, 1)) FROM generate_series(1, $pairs / 10) AS p, generate_series(1, 2) AS n;
INSERT INTO stockflow.companies (company_id, name, tamper_evident) VALUES (2, 'Sealed', true);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (2, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 2, p, 'P-' || p, 'Product ' || p, 1 FROM generate_series(1, $pairs / 10) AS p;
SELECT count(*) FROM stockflow.record_movements(2, (SELECT jsonb_agg(jsonb_build_object('product_id', p, 'warehouse_id', 1, 'delta', 1, 'reason', 'receipt')) FROM generate_series(1, $pairs / 10) AS p, generate_series(1, 20)));
CREATE SCHEMA big;
CREATE FUNCTION big.movements(step integer) RETURNS jsonb LANGUAGE sql AS \$\$
    SELECT jsonb_agg(jsonb_build_object('product_id', 1 + n / 5, 'warehouse_id', 1 + n % 5, 'delta', CASE step WHEN 0 THEN 60 ELSE -1 - (n + step) % 3 END,
               'reason', CASE step WHEN 0 THEN 'receipt' ELSE 'sale' END, 'occurred_at', now() - (60 - step * 59.0 / $entries) * interval '1 day'))
      FROM generate_series(0, $pairs - 1) AS n \$\$;
DO \$\$ BEGIN FOR step IN 0..$entries - 1 LOOP PERFORM stockflow.record_movements(1, big.movements(step)); COMMIT; END LOOP; END \$\$;
UPDATE stockflow.companies SET allow_negative_stock = true;
ANALYZE;
CREATE TABLE big.arrays AS
    SELECT array_agg(product_id) AS products, array_agg(warehouse_id) AS warehouses,
           jsonb_agg(jsonb_build_object('product_id', product_id, 'quantity', 1)) FILTER (WHERE warehouse_id = 1 AND product_id <= 5000) AS lines,
           jsonb_agg(jsonb_build_object('product_id', product_id, 'warehouse_id', warehouse_id, 'quantity', 1)) AS all_lines,
           jsonb_agg(jsonb_build_object('product_id', product_id, 'counted_quantity', 1)) FILTER (WHERE warehouse_id = 1 AND product_id <= 5000) AS counts,
           jsonb_agg(jsonb_build_object('line_id', product_id, 'quantity', 1)) FILTER (WHERE warehouse_id = 1 AND product_id <= 5000) AS parts,
           (SELECT array_agg((n * 7919 % 13)::float8 ORDER BY n) FROM generate_series(1, 100000) AS n) AS demand,
           (SELECT array_agg(n::integer ORDER BY n) FROM generate_series(1, 100000) AS n) AS steps,
           (SELECT array_agg(n / 100001.0::float8 ORDER BY n) FROM generate_series(1, 100000) AS n) AS levels,
           (SELECT array_agg(n / 2::float8 ORDER BY n) FROM generate_series(1, 200000) AS n) AS rising,
           (SELECT jsonb_agg(to_jsonb(h)) FROM stockflow.ledger_heads(2) AS h) AS heads,
           big.movements(1) AS movements
      FROM stockflow.inventory WHERE company_id = 1 AND warehouse_id < 6;
ALTER TABLE big.arrays ALTER lines SET STORAGE EXTERNAL;
SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, lines)) FROM big.arrays;
SELECT stockflow.ship_transfer(1, stockflow.create_transfer(1, 1, 2, lines)) FROM big.arrays;
SELECT stockflow.create_transfer(1, 1, 2, lines) FROM big.arrays;
SELECT stockflow.create_purchase_order(1, 1, 1, lines) FROM big.arrays;
SELECT stockflow.create_stock_count(1, 1);
SELECT stockflow.record_counts(1, 1, counts) FROM big.arrays;
SELECT stockflow.reserve_stock(1, all_lines, now() + interval '1 day') FROM big.arrays;
SELECT stockflow.refresh_alerts(1);
SELECT stockflow.refresh_forecasts(1, max_pairs => 200);
ANALYZE;
SQL

# Calls that run long; \$name stands for the large value of that name. Others get arguments by their
# names, with company 1, which is what makes reports and checks long.
my %large = (
	record_movements => '1, $movements', reserve_stock => "1, \$all_lines, now() + interval '1 hour'",
	commit_reservation => '1, 1', release_reservation => '1, 1', extend_reservation => "1, 1, now() + interval '2 days'",
	create_transfer => '1, 1, 2, $lines', ship_transfer => '1, 2', receive_transfer => '1, 1, $parts', write_off_transfer => '1, 1, $parts',
	cancel_transfer => '1, 1', create_purchase_order => '1, 1, 1, $lines', place_purchase_order => '1, 2', receive_purchase_order => '1, 1, $parts',
	cancel_purchase_order => '1, 1', reschedule_purchase_order => '1, 1, current_date + 9', create_stock_count => '1, 2', record_counts => '1, 1, $counts',
	post_stock_count => '1, 1', cancel_stock_count => '1, 1', stock_count_sheet => '1, 1',
	request_lines => "\$parts, '{line_id}', '{quantity}'", check_line_products => '1, $lines, true',
	check_purchase_lines => '1, (SELECT jsonb_agg(line || \'{"warehouse_id": 1, "line_id": 1}\') FROM jsonb_array_elements($lines) AS line)', check_given => "jsonb_build_object('x', \$all_lines)", lock_stock => '1, $products, $warehouses', alert_status => '1, $products, $warehouses',
	open_transfer_lines => '1, 1, $parts', settle_transfer => "1, 1, \$parts, now(), 'received'", end_transit => "1, 1, \$parts, now(), NULL, 'x', 'received'",
	claim_request => "1, 'k', 'o', \$all_lines", keep_request => "1, 'k', \$all_lines",
	create_product => "1, 'new', 'New', 1, 1, 5", create_product_json => "1, jsonb_build_object('name', repeat('n', 200), 'sku', 's', 'price', 1, 'warehouse_id', 1, 'initial_quantity', 5)",
	change_alert => "1, 1, 'acknowledged', NULL, 'x'", snooze_alert => "1, 1, now() + interval '1 day'", end_purchase_order => "1, 1, 'cancelled'",
	keep_lot => "1, 2000001, 'L3', current_date", receive_lot => "1, 6, 2000001, 1, 'L1'", write_off_expired => '1', lot_history => "1, 2000001, 'L1'", pick_lots => '1, 6, 2000001, 5', transfer_stock => '1, 1, 1, 2, 1',
	lock_tables => "VARIADIC '{inventory}'", report_choice => "'x', 'a', '{a,b}'", require_data_version => 'stockflow.data_version()', verify_heads => '2, $heads', ledger_heads => '2', ledger_digest => '2', digest_heads => '$heads',
	product_faults => "1, jsonb_build_object('name', 'n', 'attributes', \$all_lines)", confirm_alert_events => '1, $products',
	write_alert_events => "1, 'opened', \$all_lines", notify_alert_events => '1, $products', archive_log => 'now(), 1',
	forecast => '$demand, 3650, \'auto\', 365', forecast_model => '$demand, 3650, \'auto\', 365', classify_demand => '$demand',
	sparkline => '$demand, 50000', level_quantile => '$levels, $rising[1:100000], 0.5',
	project_stock => q(1e6, $demand, $steps, '{0.5,0.9}', $rising, 1, $steps, $demand, 5, 100),
	forecast_accuracy => '1, horizon_days => 7, origins => 20', policy_backtest => '1', forecast_company => '1', refresh_forecasts => '1, 0', refresh_all_forecasts => '1, max_age_days => 0',
	demand_series => "1, 1, 1, '1900-01-01', '2900-01-01'", uninstall => 'true', low_stock_alerts => '1, recent_sales_only => false, include_bundles => true', low_stock_alerts_json => '1, recent_sales_only => false, include_bundles => true',
	cycle_count_candidates => '1, 1', open_alerts => '1', alert_risk => '1, recent_sales_only => false', reorder_plan => '1', accept_reorder_plan => '1', stock_as_of => '1, now()',
	verify_ledger => '1', expiring_stock => '1, 3650', stock_valuation => "1, now(), 'fifo'", valued_stock => "1, now(), 'fifo', NULL, NULL", abc_xyz => "1, current_date - 60, current_date",
	stock_turnover => '1, current_date - 60, current_date', stockout_days => '1, current_date - 60, current_date', slow_stock => '1, current_date - 60, current_date', overstock => '1, current_date - 60, current_date',
	movement_history => '1, current_date - 60, current_date', ledger_history => '1, current_date - 60, current_date, NULL, NULL, NULL, NULL', stock_summary => '1, current_date - 60, current_date, NULL, NULL, NULL, 30',
	daily_totals => "1, 'UTC', current_date - 60, current_date, NULL, NULL", buildable_bundles => '1', grant_access => "'pg_monitor', 'app'");

my $dsn = 'dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port;
my %attributes = (RaiseError => 0, PrintError => 0, AutoCommit => 1, pg_server_prepare => 0);
my $db = DBI->connect($dsn, 'postgres', undef, \%attributes) or die;
my $other = DBI->connect($dsn, 'postgres', undef, \%attributes) or die;
my ($pid) = $db->selectrow_array('SELECT pg_backend_pid()');

# Milliseconds from the timeout (or a cancel of another session, every second time) to the end, and
# how it ended.
sub latency
{
	my ($sql, $timeout, $by_other) = @_;
	my $procedure = $sql =~ /^CALL/;
	$db->do('BEGIN') unless $procedure;
	my ($began, $asked);
	if ($by_other)
	{
		use DBD::Pg qw(:async);
		$began = time;
		$db->do($sql, { pg_async => PG_ASYNC });
		while (!$db->pg_ready && (time - $began) * 1000 < $timeout) { sleep 0.001; }
		$asked = time;
		$other->do("SELECT pg_cancel_backend($pid)") unless $db->pg_ready;
		$db->pg_result;
	}
	else
	{
		$db->do("SET statement_timeout = $timeout");
		$began = time;
		$db->do($sql);
		$asked = $began + $timeout / 1000;
	}
	my ($end, $state, $message) = (time, $db->state // '', $db->errstr);
	$db->do($procedure ? 'SELECT 1' : 'ROLLBACK');
	$db->do('SET statement_timeout = 0');
	return ($state eq '57014' ? 'cancelled' : $state =~ /^(00000|)$/ ? 'done' : $state, ($end - $asked) * 1000, ($end - $began) * 1000, $message);
}

my ($interrupted, $short, $failed, $worst, $slowest) = (0, 0, 0, 0, '');
for my $f (functions_of($node, 'postgres'))
{
	my $given = $large{ $f->{name} } // join ', ', map { literal_for($_) } @{ $f->{arguments} };
	$given =~ s/\$(\w+)/(SELECT a.$1 FROM big.arrays AS a)/g;
	$given =~ s/(a\.rising)( FROM big.arrays AS a\))\[1:100000\]/$1\[1:100000\]$2/;
	my $sql = $f->{kind} eq 'p' ? "CALL stockflow.$f->{name}($given)" : "SELECT count(x) FROM stockflow.$f->{name}($given) AS x";
	my ($longest, $last, $took, $cancelled, $message) = (0, '', 0, 0);
	for my $i (0 .. $#timeouts)
	{
		my $least;
		for my $try (1 .. 3)    # the machine may have been busy with others
		{
			($last, my $after, $took, $message) = latency($sql, $timeouts[$i], $i % 2);
			last if $last ne 'cancelled';
			$least = $after if !defined $least || $after < $least;
			last if $least < $bound / 2;
		}
		last if $last ne 'cancelled';
		$cancelled++;
		$longest = $least if $least > $longest;
	}
	if ($cancelled) { $interrupted++; } elsif ($last eq 'done') { $short++; } else { $failed++; }
	($worst, $slowest) = ($longest, $f->{name}) if $longest > $worst;
	diag("$f->{name}($given): $message") if !$cancelled && $last ne 'done';
	my $text = $cancelled ? sprintf('cancelled %d times, at most %.0f ms later', $cancelled, $longest) : sprintf('%s after %.0f ms', $last, $took);
	# What ends by itself has to do so within the time that a cancelled one may take.
	ok($longest <= $bound && ($cancelled || $took <= $timeouts[0] + $bound), "$f->{name}: $text");
}
note(sprintf('%d pairs, %d entries each: %d functions interrupted, %d end by themselves, %d refuse their arguments; the slowest is %s, %.0f ms',
	$pairs, $entries, $interrupted, $short, $failed, $slowest, $worst));
cmp_ok($interrupted, '>', 30, 'functions were interrupted');
is($failed, 0, 'none refused its arguments');
is($node->safe_psql('postgres', 'SELECT count(*) FROM stockflow.verify_ledger()', timeout => 3600), '0', 'the ledger is sound');
$db->disconnect;
$other->disconnect;
$node->stop;
done_testing();
