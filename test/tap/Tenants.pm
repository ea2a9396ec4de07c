# Three companies that have a row in every table, for tests of tenants. What belongs to company k (1 to 3) can be
# told from anything else: its ids are k0000001 and so on, and its texts have zqk in them. Company 4 is what
# exists nowhere: the same ids and texts with a 4.
package Tenants;

use strict;
use warnings;
use DBI;
use Exporter 'import';

our @EXPORT = qw(three_companies company_id id_of attempt dsn_of traces_of anonymous);

sub company_id { my ($k) = @_; return id_of($k, 1); }

# The number n of company k: sequences begin at 101.
sub id_of { my ($k, $n) = @_; return $k * 10_000_000 + $n; }

# A pattern for traces of other companies than k in a text.
sub traces_of
{
	my (@companies) = @_;
	my $digits = join '', @companies;
	return qr/zq[$digits]|\b[$digits]0000\d{3}\b/;
}

# The text, without what tells company 2 from 4, and without ids that are made anew each time.
sub anonymous
{
	my ($text) = @_;
	$text =~ s/\b[24](0000\d{3})\b/X$1/g;
	$text =~ s/zq[24]/zqX/g;
	$text =~ s/\b9\d{7}\b/NEW/g;
	$text =~ s/\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d(:?\d\d)?/TIME/g;
	return $text;
}

sub dsn_of
{
	my ($node, $database) = @_;
	return 'dbi:Pg:dbname=' . ($database // 'postgres') . ';host=' . $node->host . ';port=' . $node->port;
}

# Runs one statement and returns what the client gets to know: rows, notices and errors, in one text.
sub attempt
{
	my ($db, $sql) = @_;
	my $seen = '';
	local $SIG{__WARN__} = sub { $seen .= "notice: $_[0]" };
	my $done = eval {
		my $statement = $db->prepare($sql, { pg_direct => 1 });
		my $rows = $statement->execute;
		if ($statement->{NUM_OF_FIELDS})
		{
			while (my $row = $statement->fetchrow_arrayref)
			{
				$seen .= join('|', map { $_ // '' } @$row) . "\n";
			}
		}
		else
		{
			$seen .= "$rows rows\n";
		}
		1;
	};
	if (!$done)
	{
		$seen .= $db->state . ' ' . ($db->errstr // $@);
		$seen =~ s/^(CONTEXT|LINE \d+|QUERY):.*//ms;
	}
	return $seen;
}

my $company = <<'SQL';
INSERT INTO stockflow.companies (company_id, name, reorder_point) VALUES (:c, 'Company zq:k', 5);
INSERT INTO stockflow.warehouses (company_id, name) VALUES (:c, 'A zq:k'), (:c, 'B zq:k'), (:c, 'Cold zq:k');
INSERT INTO stockflow.categories (company_id, name, reorder_point) VALUES (:c, 'Small zq:k', 4);
INSERT INTO stockflow.suppliers (company_id, name, contact_email) VALUES (:c, 'Smith zq:k', 'zq:k@example.com');
SELECT stockflow.create_product(:c, 'bolt-zq:k', 'Bolt zq:k', 1.5, :b101, 100, :b101, supplier_id => :b101, idempotency_key => 'make zq:k');
SELECT stockflow.create_product(:c, 'nut-zq:k', 'Nut zq:k', 0.5, :b101, 100);
SELECT stockflow.create_product(:c, 'kit-zq:k', 'Kit zq:k', 3);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (:c, :b103, :b101, 2), (:c, :b103, :b102, 1);
INSERT INTO stockflow.products (company_id, sku, name, price, tracks_lots) VALUES (:c, 'milk-zq:k', 'Milk zq:k', 1, true);
SELECT stockflow.record_sale(:c, :b101, :b101, 97, reference => 'zq:k', idempotency_key => 'zq:k');
SELECT stockflow.record_sale(:c, :b101, :b102, 3, now() - make_interval(days => d)) FROM generate_series(1, 9) d;
SELECT stockflow.record_return(:c, :b101, :b102, 1, now() - interval '60 days');
SELECT stockflow.transfer_stock(:c, :b102, :b101, :b102, 30);
SELECT stockflow.archive_log(now(), :c, 3);
SELECT stockflow.reserve_stock(:c, '[{"product_id": :b102, "warehouse_id": :b101, "quantity": 2}]', now() + interval '1 day', 'zq:k');
SELECT stockflow.reserve_stock(:c, '[{"product_id": :b102, "warehouse_id": :b101, "quantity": 1}]', now() + interval '0.1 seconds', 'short zq:k');
INSERT INTO stockflow.supplier_prices VALUES (:c, :b101, :b101, 100, 1.25, '-infinity', NULL);
SELECT stockflow.create_purchase_order(:c, :b101, :b101, '[{"product_id": :b102, "quantity": 7}]', reference => 'zq:k', note => 'zq:k');
SELECT stockflow.create_purchase_order(:c, :b101, :b102, '[{"product_id": :b101, "quantity": 20}]', reference => 'zq:k');
SELECT stockflow.place_purchase_order(:c, :b102);
SELECT stockflow.receive_purchase_order(:c, :b102, '[{"line_id": 1, "quantity": 5}]');
SELECT stockflow.create_transfer(:c, :b101, :b102, '[{"product_id": :b102, "quantity": 1}]', reference => 'zq:k');
SELECT stockflow.receive_lot(:c, :b103, :b104, 10, 'L-zq:k', '2040-01-01');
SELECT stockflow.create_transfer(:c, :b103, :b102, '[{"product_id": :b104, "quantity": 2}]');
SELECT stockflow.ship_transfer(:c, :b102);
SELECT stockflow.create_stock_count(:c, :b101, reference => 'zq:k');
SELECT stockflow.record_counts(:c, :b101, '[{"product_id": :b101, "counted_quantity": 4}]');
INSERT INTO stockflow.replenishment_policies (company_id, product_id, reorder_policy, service_level) VALUES (:c, :b102, 'dynamic', 0.9);
SELECT stockflow.refresh_forecasts(:c);
UPDATE stockflow.inventory SET reorder_point = 50 WHERE company_id = :c AND product_id = :b101 AND warehouse_id = :b101;
SELECT stockflow.refresh_alerts(:c);
SELECT stockflow.acknowledge_alert(:c, :b101, 'note zq:k');
SQL

# Creates them, and the roles app (of company 1), lost (an app without a tenant), report (of company 1), admin and
# outsider (may connect). New ids begin with a 9.
sub three_companies
{
	my ($node) = @_;
	$node->safe_psql('postgres', 'CREATE EXTENSION stockflow');
	my @sequences = split /\n/, $node->safe_psql('postgres',
		"SELECT oid::regclass FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'S'");
	my $restart = sub {
		my ($first) = @_;
		return join '', map { "SELECT setval('$_', $first, false);\n" } @sequences;
	};
	for my $k (1 .. 3)
	{
		my $sql = $company;
		$sql =~ s/:c\b/company_id($k)/ge;
		$sql =~ s/:b(\d+)/id_of($k, $1)/ge;
		$sql =~ s/:k/$k/g;
		$node->safe_psql('postgres', $restart->(id_of($k, 101)) . "SET stockflow.actor = 'zq$k';\n" . $sql);
	}
	$node->safe_psql('postgres', $restart->(90_000_001) . <<"SQL");
CREATE ROLE app LOGIN;
CREATE ROLE lost LOGIN;
CREATE ROLE report LOGIN;
CREATE ROLE admin LOGIN;
CREATE ROLE outsider LOGIN;
ALTER ROLE app SET stockflow.company_id = @{[ company_id(1) ]};
ALTER ROLE report SET stockflow.company_id = @{[ company_id(1) ]};
SELECT stockflow.grant_access('app', 'app'), stockflow.grant_access('lost', 'app'),
       stockflow.grant_access('report', 'report'), stockflow.grant_access('admin', 'admin');
SQL
	return;
}

1;
