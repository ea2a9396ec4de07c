# A logical subscriber of all tables: it holds the same rows, logs nothing by itself, and takes over.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use Restore;
use StockFlow;

my $publisher = new_server('publisher', 'wal_level = logical', 'max_wal_senders = 8', 'max_replication_slots = 8');
my $subscriber = new_server('subscriber', 'wal_level = logical', 'max_replication_slots = 8');
create_roles($_) for $publisher, $subscriber;
create_source($publisher, 'source');

# Tables, triggers, policies and rights come by a dump without data; rows by the subscription.
my $schema = PostgreSQL::Test::Utils::tempdir() . '/schema';
ok(quietly($publisher, 'pg_dump', '--schema-only', '--no-publications', '-Fc', '-f', $schema, '-d', 'source'), 'pg_dump --schema-only');
$subscriber->safe_psql('postgres', 'CREATE DATABASE source');
ok(quietly($subscriber, 'pg_restore', '-d', 'source', $schema), 'restored');
$publisher->safe_psql('source', 'CREATE PUBLICATION stock FOR TABLES IN SCHEMA stockflow');
my $from = $publisher->connstr . ' dbname=source';
$subscriber->safe_psql('source', qq{CREATE SUBSCRIPTION stock CONNECTION '$from' PUBLICATION stock});
$subscriber->wait_for_subscription_sync($publisher, 'stock', 'source');

# Checks that both have the same rows, and that the subscriber's ledger is sound.
sub compare
{
	my ($name) = @_;
	$publisher->wait_for_catchup('stock');
	my @rows = map { [ map { $_->[0]->safe_psql('source', rows_of($_->[1])) } [ $publisher, $_ ], [ $subscriber, $_ ] ] } @TABLES;
	is_deeply([ map { $_->[1] } @rows ], [ map { $_->[0] } @rows ], "$name: the same rows in all tables");
	is($subscriber->safe_psql('source', 'SELECT * FROM stockflow.verify_ledger()'), '', "$name: the ledger is sound");
	is($subscriber->safe_psql('source', 'SELECT count(*) FROM public.changes'), 0, "$name: no trigger has fired");
	return;
}
compare('first copy');

# Of everything: sales, receipts, deletions, moves to the archive, another time zone, prepared stock.
$publisher->safe_psql('source', <<'SQL');
SELECT stockflow.record_sale(1, 1, 2, 2, idempotency_key => 'later');
SELECT stockflow.receive_stock(2, 3, 5, 4, 1.5);
SELECT stockflow.transfer_stock(1, 2, 1, 2, 3);
UPDATE stockflow.inventory SET quantity = quantity + 1 WHERE company_id = 1 AND product_id IN (1, 2);
DELETE FROM stockflow.inventory WHERE company_id = 2 AND warehouse_id = 23 AND in_transit = 0 AND on_order = 0 AND reserved = 0;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 25, 7) ON CONFLICT DO NOTHING;
SELECT stockflow.record_sale(1, 1, 2, 1, occurred_at => now() - interval '50 days');
SELECT stockflow.archive_log(now(), 1);
UPDATE stockflow.companies SET timezone = 'Asia/Tokyo' WHERE company_id = 1;
UPDATE stockflow.products SET reorder_point = 17 WHERE company_id = 1;
SELECT stockflow.commit_reservation(1, 1);
SELECT stockflow.refresh_alerts();
SELECT stockflow.refresh_forecasts(1);
SELECT stockflow.create_product(1, 'more', 'More', 2, 1, 30);
DELETE FROM stockflow.idempotency_keys WHERE idempotency_key = 'batch';
SQL
compare('changes');
# Without a user's trigger functions write rows without a statement: replicated all the same.
$publisher->safe_psql('source', 'DROP TRIGGER mine ON stockflow.inventory');
$publisher->safe_psql('source', <<'SQL');
SELECT stockflow.record_sale(1, 1, 2, 2), stockflow.record_sale(1, 24, 26, 1), stockflow.receive_stock(2, 3, 5, 4, 1.5);
SELECT stockflow.transfer_stock(1, 2, 1, 2, 3), stockflow.count_stock(1, 1, 1, 9), stockflow.adjust_stock(1, 1, 2, 30, 'found');
SELECT stockflow.record_movements(1, '[{"product_id": 1, "warehouse_id": 1, "delta": -1, "reason": "sale"},
    {"product_id": 2, "warehouse_id": 2, "delta": 4, "reason": "receipt", "unit_cost": 1}]');
SQL
compare('changes without a statement');
is($publisher->safe_psql('source', 'SELECT * FROM stockflow.verify_ledger()'), '', 'the publisher is sound');
is($subscriber->safe_psql('source', 'SELECT * FROM stockflow.low_stock_alerts(1)'),
	$publisher->safe_psql('source', 'SELECT * FROM stockflow.low_stock_alerts(1)'), 'the same alerts');
is($subscriber->safe_psql('source', 'SELECT count(*) FROM stockflow.products', extra_params => [ '-U', 'app' ]),
	$publisher->safe_psql('source', 'SELECT count(*) FROM stockflow.products', extra_params => [ '-U', 'app' ]), 'the same tenants');

# Taking over: the subscription ends, and the sequences, which are not replicated, are set.
my $highest = $publisher->safe_psql('source', 'SELECT max(product_id) FROM stockflow.products');
$publisher->stop;
$subscriber->safe_psql('source',
	'ALTER SUBSCRIPTION stock DISABLE; ALTER SUBSCRIPTION stock SET (slot_name = NONE); DROP SUBSCRIPTION stock');
like(error_of($subscriber, 'source', "SELECT stockflow.create_product(1, 'next', 'Next', 2)"), qr/ERROR:  23505: .*products_pkey/s,
	'without its sequences an id is taken, and nothing happens');
like($subscriber->safe_psql('source', 'SELECT * FROM stockflow.advance_sequences()'),
	qr/^stockflow\.products_product_id_seq\|$highest$/m, 'advance_sequences() says what it has set');
is($subscriber->safe_psql('source', 'SELECT * FROM stockflow.advance_sequences()'), '', 'once');
is($subscriber->safe_psql('source', "SELECT stockflow.create_product(1, 'next', 'Next', 2, 1, 5)"), $highest + 1, 'the next product');
is($subscriber->safe_psql('source', "SELECT stockflow.create_product(1, 'nut', 'Nut', 0.5, 1, 100, idempotency_key => 'nut')"),
	2, 'a retry of what the publisher did');
my $log = 'SELECT count(*) FROM stockflow.inventory_log';
my $entries = $subscriber->safe_psql('source', $log);
like($subscriber->safe_psql('source', 'SELECT stockflow.record_sale(1, 1, 2, 1)', extra_params => [ '-U', 'app' ]), qr/^\d+$/, 'the next sale');
is($subscriber->safe_psql('source', $log), $entries + 1, 'is logged, once');
is($subscriber->safe_psql('source', 'SELECT * FROM stockflow.verify_ledger()'), '', 'the ledger is sound');

done_testing();
