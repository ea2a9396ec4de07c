# The server of the model tests, and what stands in it at first.
package Model::Database;

use strict;
use warnings;
use DBI;
use Exporter 'import';
use StockFlow;

our @EXPORT_OK = qw(model_server connection other_company);

sub connection
{
	my ($node) = @_;
	my $dsn = 'dbi:Pg:host=' . $node->host . ';port=' . $node->port . ';dbname=postgres';
	my $db = DBI->connect($dsn, undef, undef, { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_server_prepare => 0 });
	$db->do('SET client_min_messages = error');
	return $db;
}

# A second company with the same ids and a bit of everything, which nobody touches.
my $other = <<'SQL';
INSERT INTO stockflow.companies (company_id, name, reorder_point) VALUES (2, 'Other', 50);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT 2, w, 'W' || w FROM generate_series(1, 2) w;
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (2, 1, 'Some');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (2, 1, 'Supplier');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, category_id, tracks_lots)
SELECT 2, product_id, sku, name, price, category_id, tracks_lots FROM stockflow.products WHERE company_id = 1;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity)
SELECT 2, bundle_id, component_id, quantity FROM stockflow.product_bundles WHERE company_id = 1 ORDER BY bundle_id, line_id;
INSERT INTO stockflow.replenishment_policies (company_id, reorder_policy) VALUES (2, 'dynamic');
DO $$ DECLARE lines CONSTANT jsonb := '[{"product_id": 1, "warehouse_id": 1, "quantity": 2}, {"product_id": 8, "warehouse_id": 1, "quantity": 2}]';
      moved CONSTANT jsonb := '[{"product_id": 1, "quantity": 2}, {"product_id": 8, "quantity": 2}]'; BEGIN
    PERFORM stockflow.receive_stock(2, w, p, 30, occurred_at => now() - interval '50 days') FROM generate_series(1, 2) w, generate_series(1, 8) p;
    PERFORM stockflow.receive_lot(2, w, 8, 5, lot, day) FROM generate_series(1, 2) w, (VALUES ('X', date '2020-01-01'), ('A', '2090-01-01')) AS l(lot, day);
    PERFORM stockflow.record_sale(2, 1, p, 1, now() - back * interval '9 days', idempotency_key => format('k%s', p * 10 + back)) FROM unnest('{1,2,3,8,9,10}'::int[]) p, generate_series(0, 4) back;
    PERFORM stockflow.reserve_stock(2, lines, now() + interval '1 hour'), stockflow.reserve_stock(2, lines);
    UPDATE stockflow.reservations SET expires_at = now() - interval '1 second' WHERE company_id = 2 AND expires_at IS NOT NULL;
    PERFORM stockflow.place_purchase_order(2, stockflow.create_purchase_order(2, 1, 1, moved)), stockflow.create_purchase_order(2, 1, 1, moved);
    PERFORM stockflow.ship_transfer(2, stockflow.create_transfer(2, 1, 2, moved)), stockflow.create_transfer(2, 1, 2, moved);
    PERFORM stockflow.create_stock_count(2, 1, '{1,2}');
    PERFORM stockflow.refresh_alerts(2), stockflow.refresh_forecasts(2);
END $$;
SQL

# All rows of the second company, in a few characters.
sub other_company
{
	my ($db) = @_;
	return join '; ', map { $db->selectrow_array(rows_of($_) . ' WHERE t.company_id = 2') } @TABLES;
}

# A company with two warehouses: products 1 to 8, of which 3 and 4 have a category and 8 tracks lots; bundles 9 and 10.
sub model_server
{
	my ($name, %options) = @_;
	my $node = new_server($name, 'log_statement = none', 'max_prepared_transactions = 10');
	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (company_id, name, over_receipt_percent) VALUES (1, 'Model', 20);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT 1, w, 'W' || w FROM generate_series(1, 2) w;
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (1, 1, 'Some');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'Supplier');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, category_id, tracks_lots)
SELECT 1, p, 'P' || p, 'P', 1, CASE WHEN p IN (3, 4) THEN 1 END, p = 8 FROM generate_series(1, 8) p;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (1, 9, 'P9', 'Bundle', 1), (1, 10, 'P10', 'Bundle of bundles', 1);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 9, 1, 1), (1, 9, 2, 2), (1, 10, 9, 1), (1, 10, 2, 1);
SQL
	$node->safe_psql('postgres', $other) if $options{other_company};
	$node->safe_psql('postgres', 'UPDATE stockflow.companies SET tamper_evident = true') if $options{tamper_evident};
	return $node;
}

1;
