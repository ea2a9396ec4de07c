# Roles see and change the rows of their tenant and no others, and cannot choose the tenant.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Test::More;
use StockFlow;

my $node = new_server('roles');
sample_data($node, 'postgres');
$node->safe_psql('postgres', "INSERT INTO stockflow.warehouses (company_id, name) VALUES (2, 'Secret')");
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE app LOGIN;
CREATE ROLE nobody_in_particular LOGIN;
CREATE ROLE report LOGIN;
CREATE ROLE admin LOGIN;
CREATE ROLE stranger LOGIN;
ALTER ROLE app SET stockflow.company_id = 1;
ALTER ROLE report SET stockflow.company_id = 2;
SELECT stockflow.grant_access('app', 'app'), stockflow.grant_access('nobody_in_particular', 'app'),
       stockflow.grant_access('report', 'report'), stockflow.grant_access('admin', 'admin');
SQL

sub as
{
	my ($role, $sql, @arguments) = @_;
	return $node->safe_psql('postgres', $sql, extra_params => [ '-U', $role, @arguments ]);
}

# refused ROLE SQL SQLSTATE: it fails for this reason
sub refused
{
	my ($role, $sql, $sqlstate) = @_;
	like(error_of($node, 'postgres', $sql, '-U', $role), qr/ERROR:  $sqlstate: /, "$role: $sql");
	return;
}

# The rows of one's own company, all of them, and no others.
my %companies = (app => 1, report => 2);
for my $role ('app', 'report')
{
	for my $table (@TABLES, 'ledger')
	{
		next if $role eq 'report' && $table eq 'idempotency_keys';
		my $own = $node->safe_psql('postgres',
			"SELECT count(*) FROM stockflow.$table WHERE company_id = $companies{$role}");
		cmp_ok($own, '>', 0, "$role: company $companies{$role} has $table") unless $table eq 'product_bundles';
		is(as($role, "SELECT count(*), count(*) FILTER (WHERE company_id = $companies{$role}) FROM stockflow.$table"),
			"$own|$own", "$role: sees its own $table");
	}
}
is(as('nobody_in_particular', join(' UNION ALL ', map { "SELECT 1 FROM stockflow.$_" } @TABLES)),
	'', 'without a tenant no row is seen');

# Functions that read: nothing of another company.
my @readers = ('low_stock_alerts(%d, recent_sales_only => false)', "stock_as_of(%d, 'infinity')",
	'stock_on_hand(%d)', 'stock_valuation(%d)', 'fifo_layers(%d)', 'abc_xyz(%d, current_date - 30, current_date)',
	'stock_turnover(%d, current_date - 30, current_date)', 'movement_history(%d, current_date - 30, current_date)',
	'expiring_stock(%d, 3650)', 'pick_lots(%d, 24, 26, 1)', "lot_history(%d, 26, 'M')",
	'open_alerts(%d)', 'explain_alert(%d, 1, 1)', "alert_status(%d, '{1}', '{1}')",
	'stock_count_sheet(%d, 1)', 'cycle_count_candidates(%d, 1)', 'open_purchase_lines(%d)', 'lead_times(%d)');
for my $reader (@readers)
{
	isnt(as('app', sprintf("SELECT * FROM stockflow.$reader", 1)), '',
		"app: $reader of its company");
	is(as('app', sprintf("SELECT * FROM stockflow.$reader", 2)), '', "app: $reader of another");
	is(as('nobody_in_particular', sprintf("SELECT * FROM stockflow.$reader", 1)), '',
		"without a tenant: $reader");
}
is(as('app', 'SELECT * FROM stockflow.verify_ledger()'), '', 'app: verify_ledger()');
is(as('app', 'SELECT stockflow.low_stock_alerts_json(2)'), '{"alerts": [], "total_alerts": 0}',
	'app: low_stock_alerts_json of another');

# Functions that write: another company does not exist.
my $sales_before = $node->safe_psql('postgres', 'SELECT count(*) FROM stockflow.inventory_log');
for my $call ('record_sale(2, 3, 5, 1)', 'record_return(2, 3, 5, 1)',
	'receive_stock(2, 3, 5, 1)', 'adjust_stock(2, 3, 5, 1)',
	'count_stock(2, 3, 5, 1)', 'transfer_stock(2, 5, 3, 4, 1)', "create_product(2, 'x', 'X', 1)",
	"reserve_stock(2, '[{\"product_id\": 5, \"warehouse_id\": 3, \"quantity\": 1}]')",
	'commit_reservation(2, 2)', 'release_reservation(2, 2)', 'extend_reservation(2, 2, NULL)',
	"create_product_json(2, '{\"sku\": \"x\", \"name\": \"X\", \"price\": 1}')",
	"create_transfer(2, 3, 23, '[{\"product_id\": 5, \"quantity\": 1}]')", 'ship_transfer(2, 2)',
	'receive_transfer(2, 2)', 'write_off_transfer(2, 2)', 'cancel_transfer(2, 2)',
	'create_stock_count(2, 3)', "record_counts(2, 2, '[{\"product_id\": 5, \"counted_quantity\": 1}]')",
	'post_stock_count(2, 2)', 'cancel_stock_count(2, 2)',
	"record_sale(2, 3, 5, 1, idempotency_key => 'batch')",
	'refresh_alerts(2)', 'acknowledge_alert(2, 1)', "snooze_alert(2, 1, 'tomorrow')", 'resolve_alert(2, 1)',
	"confirm_alert_events(2, '{1}')",
	"create_purchase_order(2, 2, 3, '[{\"product_id\": 5, \"quantity\": 1}]')",
	'place_purchase_order(2, 2)', "receive_purchase_order(2, 2, '[{\"line_id\": 1, \"quantity\": 1}]')",
	'cancel_purchase_order(2, 2)', 'accept_reorder_plan(2)',
	"record_movements(2, '[{\"product_id\": 5, \"warehouse_id\": 3, \"delta\": 1, \"reason\": \"receipt\"}]')")
{
	refused('app', "SELECT stockflow.$call", '23503');
	refused('nobody_in_particular', "SELECT stockflow.$call", '23503');
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM stockflow.inventory_log'), $sales_before,
	'nothing was written');

# Plain SQL: neither into another company nor out of one's own.
is(as('app', 'WITH u AS (UPDATE stockflow.inventory SET quantity = 0 WHERE company_id = 2 RETURNING 1)'
		. ' SELECT count(*) FROM u'), 0, 'app: updates nothing of another');
is(as('app', 'WITH d AS (DELETE FROM stockflow.inventory WHERE product_id = 5 RETURNING 1) SELECT count(*) FROM d'),
	0, 'app: deletes nothing of another');
refused('app', "INSERT INTO stockflow.warehouses (company_id, name) VALUES (2, 'Mine')", '42501');
refused('app', 'UPDATE stockflow.suppliers SET company_id = 2', '42501');
# Triggers come before row level security, and run with the owner's rights: they must not tell on
# others. Product 5 is known in warehouse 3, not in 4, and 6 does not exist.
for my $values ('2, 5, 3, 1', '2, 5, 4, 1', '2, 5, 4, -1', '2, 5, 4, 0.5', '2, 6, 4, -1')
{
	refused('app',
		"INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES ($values)",
		'42501');
}
refused('app',
	"INSERT INTO stockflow.products (company_id, sku, name, price) VALUES (2, 'BOLT', 'B', 1)",
	'42501');
refused('app',
	'INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (2, 5, 5, 1)',
	'42501');
refused('app', "INSERT INTO stockflow.companies (name) VALUES ('Mine')", '42501');
refused('app', 'UPDATE stockflow.companies SET allow_negative_stock = true', '42501');

# The ledger: only by moving stock.
refused('app',
	'INSERT INTO stockflow.inventory_log (company_id, product_id, warehouse_id, version, delta,'
	  . " quantity_after, reason, occurred_at, actor) VALUES (1, 1, 1, 99, 1, 1, 'sale', now(), 'x')",
	'42501');
refused('app', 'UPDATE stockflow.inventory_log SET delta = 1', '42501');
refused('app', 'DELETE FROM stockflow.inventory_log', '42501');
refused('app', 'TRUNCATE stockflow.inventory', '42501');
refused('app', "$_", '42501') for ('UPDATE stockflow.purchase_receipts SET quantity = 1', 'DELETE FROM stockflow.purchase_receipts');
# Buying, with an application's rights: order, receive, plan, accept.
is(as('app', "SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, '[{\"product_id\": 2, \"quantity\": 4}]'))"),
	'ordered', 'app: places an order');
is(as('app', "SELECT stockflow.receive_purchase_order(1, max(order_id), '[{\"line_id\": 1, \"quantity\": 4}]') FROM stockflow.purchase_orders"),
	'received', 'app: receives it');
cmp_ok(as('app', 'SELECT count(*) FROM stockflow.accept_reorder_plan(1)'), '>', 0, 'app: accepts a plan');
is(as('app', "SELECT * FROM stockflow.accept_reorder_plan(1)"), '', 'app: once');
refused('app', 'SET session_replication_role = replica', '42501');
refused('app', 'ALTER TABLE stockflow.inventory DISABLE TRIGGER ALL', '42501');
refused('app', 'DELETE FROM stockflow.idempotency_keys', '42501');
# Reservations: only one's own, and only as long as the stock is there.
refused('app',
	"SELECT stockflow.reserve_stock(1, '[{\"product_id\": 5, \"warehouse_id\": 3, \"quantity\": 1}]')",
	'23503');
refused('app',
	'INSERT INTO stockflow.reservation_lines (company_id, reservation_id, product_id, warehouse_id, quantity)'
	  . ' VALUES (2, 2, 5, 3, 1)',
	'42501');
refused('app', 'DELETE FROM stockflow.reservation_lines', '42501');
refused('app', 'UPDATE stockflow.inventory SET reserved = 0 WHERE product_id = 2', '55000');
is(as('app', "UPDATE stockflow.reservations SET expires_at = now() - interval '1 second'"
		. ' RETURNING company_id; SELECT stockflow.release_expired()'),
	"1\n1", 'app: sweeps up its own');
is($node->safe_psql('postgres', 'SELECT * FROM stockflow.verify_reservations()'), '', 'reservations are sound');

# Lots: by moving stock, and of one's own.
is(as('app', "SELECT stockflow.receive_lot(1, 24, 26, 1, 'M-9')"), 8, 'app: receives a lot');
refused('app', "SELECT stockflow.receive_lot(2, 24, 26, 1, 'M-9')", '23503');
refused('app', "$_", '42501') for ('UPDATE stockflow.lot_stock SET quantity = 1', 'DELETE FROM stockflow.inventory_log_lots',
	"INSERT INTO stockflow.lots (company_id, product_id, lot) VALUES (2, 26, 'X')");

# The tenant is not the role's to choose, before the library is loaded or after.
my $see = 'SELECT string_agg(company_id::text, $$,$$) FROM stockflow.companies';
refused('app', 'SELECT stockflow.set_company(2)', '42501');
refused('app', "$see; SET stockflow.company_id = 2", '42501');
refused('app', "$see; SET LOCAL stockflow.company_id = 2", '42501');
refused('app', "$see; SELECT set_config('stockflow.company_id', '2', false)", '42501');
refused('app', "$see; UPDATE pg_settings SET setting = 2 WHERE name = 'stockflow.company_id'",
	'42501');
refused('app', 'ALTER ROLE app SET stockflow.company_id = 2', '42501');
refused('app', 'SET stockflow.company_id = 2; ALTER ROLE app SET stockflow.company_id = 2',
	'42501');
is(as('app', "SET stockflow.company_id = 2; $see"), 1, 'app: set before the library is loaded');
is(as('app', "SELECT set_config('stockflow.company_id', '2', true) <> ''; $see") =~ /(\d)$/ && $1,
	1, 'app: set_config before the library is loaded');
is(as('app', "BEGIN; SET LOCAL stockflow.company_id = 2; $see; COMMIT; $see"), "1\n1",
	'app: SET LOCAL before the library is loaded');
is(as('app', "SET stockflow.company_id = ''; RESET ALL; $see"), 1, 'app: RESET ALL');
is(as('app', "$see; DISCARD ALL; $see"), "1\n1", 'app: DISCARD ALL');
{
	local $ENV{PGOPTIONS} = '-c stockflow.company_id=2';
	is(as('app', $see), '', 'app: PGOPTIONS can only take the tenant away');
	is(as('nobody_in_particular', $see), '', 'PGOPTIONS give nobody a tenant');
}
is(as('nobody_in_particular', "SET stockflow.company_id = 2; $see"), '',
	'nor does a SET before the library is loaded');

# Reports read.
isnt(as('report', 'SELECT * FROM stockflow.low_stock_alerts(2)'), '', 'report: alerts');
isnt(as('report', "SELECT * FROM stockflow.stock_as_of(2, 'infinity')"), '', 'report: stock');
refused('report', "SELECT stockflow.$_", '42501')
  for ('record_sale(2, 3, 5, 1)', 'refresh_alerts()', 'take_alert_events()', 'acknowledge_alert(2, 1)',
	"create_product(2, 'x', 'X', 1)", 'set_company(1)',
	'uninstall(true)', "grant_access('report', 'admin')");
refused('report', "UPDATE stockflow.inventory SET quantity = 0", '42501');
refused('report', "INSERT INTO stockflow.categories (company_id, name) VALUES (2, 'X')", '42501');
refused('report', 'SELECT * FROM stockflow.idempotency_keys', '42501');
refused('app', "SELECT stockflow.$_", '42501') for ('uninstall(true)',
	"grant_access('app', 'admin')");

# An admin has the tenant it chooses, within the transaction.
is(as('admin', $see), '', 'admin: none at first');
is(as('admin', "BEGIN; SELECT stockflow.set_company(2); $see; SELECT stockflow.record_sale(2, 3, 5, 1); COMMIT; $see"),
	"\n2\n65\n", 'admin: set_company');
is(as('admin', "SELECT stockflow.set_company(1); $see"), "\n",
	'admin: no longer than the transaction');
refused('admin', 'SELECT stockflow.set_company(0)', '22023');
refused('admin', 'SELECT stockflow.uninstall(true)', '42501');
is(as('admin', 'BEGIN; SELECT stockflow.set_company(3);'
		. " INSERT INTO stockflow.companies (name) VALUES ('Third') RETURNING company_id; COMMIT"),
	"\n3", 'admin: creates companies');

# Who did it: the role, with the application's user behind it. Not the owner of the trigger.
my $actor = 'SELECT actor FROM stockflow.inventory_log'
  . ' WHERE product_id = 1 AND warehouse_id = 1 ORDER BY version DESC LIMIT 1';
is(as('app', "SELECT stockflow.record_sale(1, 1, 1, 1); $actor") =~ s/.*\n//r, 'app',
	'the actor is the role');
is(as('app', "SET stockflow.actor = 'jane'; SELECT stockflow.record_sale(1, 1, 1, 1); $actor") =~ s/.*\n//r,
	'app/jane', 'the actor is the role and the setting');
is(as('app', "SET stockflow.actor = 'jane';"
		. " UPDATE stockflow.inventory SET quantity = 3 WHERE product_id = 1; $actor") =~ s/.*\n//r,
	'app/jane', 'also of a plain UPDATE');
is($node->safe_psql('postgres',
		"SET stockflow.company_id = 1; SET ROLE app; SELECT stockflow.record_sale(1, 1, 1, 1); $actor") =~ s/.*\n//r,
	'app', 'after SET ROLE that role acts');

# PUBLIC has no right on anything, and a stranger none at all.
is($node->safe_psql('postgres', <<'SQL'), '', 'nothing is granted to PUBLIC');
SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
 WHERE p.pronamespace = 'stockflow'::regnamespace AND a.grantee = 0
UNION ALL
SELECT c.oid::regclass::text FROM pg_class c, aclexplode(c.relacl) a
 WHERE c.relnamespace = 'stockflow'::regnamespace AND a.grantee = 0
UNION ALL
SELECT n.nspname FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'stockflow' AND a.grantee = 0
SQL
refused('stranger', 'SELECT stockflow.current_company()', '42501');
refused('stranger', 'SELECT * FROM stockflow.products', '42501');
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA stockflow TO stranger');
refused('stranger', "SELECT * FROM stockflow.$_", '42501') for @TABLES;
refused('stranger', 'SELECT stockflow.record_sale(1, 1, 1, 1)', '42501');
# Transfers and counts are documents: changed through functions, never deleted.
is(as('app', <<'SQL'), "shipped\npartly_received\nreceived\nposted\ncancelled", 'app: transfers and counts');
SELECT stockflow.ship_transfer(1, stockflow.create_transfer(1, 2, 1, '[{"product_id": 2, "quantity": 3}]'));
SELECT stockflow.receive_transfer(1, (SELECT max(transfer_id) FROM stockflow.transfers), '[{"line_id": 1, "quantity": 2}]');
SELECT stockflow.receive_transfer(1, (SELECT max(transfer_id) FROM stockflow.transfers));
SELECT outcome FROM stockflow.post_stock_count(1, 1) WHERE product_id = 1;
SELECT stockflow.cancel_transfer(1, 1);
SQL
refused('app', "DELETE FROM stockflow.$_", '42501')
  for ('transfers', 'transfer_lines', 'stock_counts', 'stock_count_lines');
refused('report', 'SELECT stockflow.ship_transfer(2, 2)', '42501');
is($node->safe_psql('postgres', 'SELECT * FROM stockflow.verify_ledger() UNION ALL'
		. ' SELECT * FROM stockflow.verify_transfers() UNION ALL SELECT * FROM stockflow.verify_stock_counts()'),
	'', 'the ledger is sound');

done_testing();
