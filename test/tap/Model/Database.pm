# The server of the model tests, and what stands in it at first.
package Model::Database;

use strict;
use warnings;
use DBI;
use Exporter 'import';
use StockFlow;

our @EXPORT_OK = qw(model_server connection);

sub connection
{
	my ($node) = @_;
	my $dsn = 'dbi:Pg:host=' . $node->host . ';port=' . $node->port . ';dbname=postgres';
	my $db = DBI->connect($dsn, undef, undef, { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_server_prepare => 0 });
	$db->do('SET client_min_messages = error');
	return $db;
}

# One company, two warehouses: products 1 to 8, of which 3 and 4 have a category and 8 tracks lots; bundles 9 and 10.
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
	$node->safe_psql('postgres', 'UPDATE stockflow.companies SET tamper_evident = true') if $options{tamper_evident};
	return $node;
}

1;
