# What the tests of restores share: a source with everything that a user may have added to our tables,
# and whether a copy of it, however it was made, is the same and alive.
package Restore;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Utils;
use Test::More;
use StockFlow;

our @EXPORT = qw(create_roles users_objects create_source describe check_same check_alive quietly);

# What a user adds. The trigger counts the changes of stock.
my $users_objects = handed_to('keeper') . <<'SQL';
CREATE TABLE public.changes (product_id bigint, quantity numeric);
GRANT INSERT ON public.changes TO PUBLIC;
CREATE FUNCTION public.note_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public
    AS $$ BEGIN INSERT INTO changes VALUES (new.product_id, new.quantity); RETURN NULL; END $$;
CREATE TRIGGER mine AFTER INSERT OR UPDATE ON stockflow.inventory
    FOR EACH ROW EXECUTE FUNCTION public.note_change();
COMMENT ON TRIGGER mine ON stockflow.inventory IS 'my trigger';
COMMENT ON TRIGGER aa_ledger_write ON stockflow.inventory IS 'theirs';
ALTER TABLE stockflow.products ADD COLUMN colour text DEFAULT 'red';
ALTER TABLE stockflow.products ADD CONSTRAINT my_check CHECK (colour <> '') NOT VALID;
ALTER TABLE stockflow.inventory ADD COLUMN shelf text;
ALTER TABLE stockflow.inventory SET (fillfactor = 70, autovacuum_enabled = off);
ALTER TABLE stockflow.inventory_log ADD COLUMN till integer;
ALTER TABLE stockflow.inventory_log_archive ADD COLUMN till integer;
ALTER TABLE stockflow.products ALTER COLUMN attributes SET STORAGE EXTERNAL, ALTER COLUMN sku SET STATISTICS 500;
ALTER TABLE stockflow.alerts REPLICA IDENTITY FULL;
ALTER TABLE stockflow.suppliers FORCE ROW LEVEL SECURITY;
CREATE STATISTICS stockflow.my_statistics (dependencies) ON company_id, category_id FROM stockflow.products;
ALTER STATISTICS stockflow.my_statistics OWNER TO keeper;
CREATE RULE mine AS ON DELETE TO stockflow.suppliers WHERE old.name = 'keep' DO INSTEAD NOTHING;
CREATE INDEX my_index ON stockflow.products (colour);
COMMENT ON INDEX stockflow.my_index IS 'mine';
CREATE POLICY mine ON stockflow.products AS RESTRICTIVE FOR SELECT TO report USING (colour = 'red');
CREATE POLICY auditor ON stockflow.inventory_log FOR SELECT TO outsider USING (true);
GRANT SELECT (name, colour) ON stockflow.products TO outsider;
ALTER DEFAULT PRIVILEGES FOR ROLE keeper IN SCHEMA stockflow GRANT SELECT ON TABLES TO report;
CREATE TABLE stockflow.photos (company_id bigint, product_id bigint, photo bytea,
    FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products);
CREATE VIEW public.stock AS SELECT p.sku, p.colour, i.quantity
    FROM stockflow.products p JOIN stockflow.inventory i USING (company_id, product_id);
CREATE VIEW stockflow.problems AS SELECT * FROM stockflow.verify_ledger();
CREATE MATERIALIZED VIEW public.balances AS SELECT product_id, sum(delta) AS balance FROM stockflow.ledger GROUP BY 1;
CREATE PUBLICATION mine FOR TABLE stockflow.products WHERE (company_id = 1),
    stockflow.inventory (company_id, product_id, warehouse_id, quantity);
CREATE PUBLICATION everything FOR TABLES IN SCHEMA stockflow;
SELECT stockflow.grant_access('app', 'app'), stockflow.grant_access('report', 'report');
SQL

# What tells the rows and the catalog of a copy from any others, beyond state_of().
my @queries = (
	'SELECT * FROM public.stock ORDER BY sku, colour, quantity',
	'SELECT * FROM public.changes ORDER BY 1, 2',
	'SELECT * FROM public.balances ORDER BY 1',
	'SELECT * FROM stockflow.photos',
	'SELECT * FROM stockflow.problems',
	'SELECT * FROM stockflow.low_stock_alerts(1)',
	"SELECT * FROM stockflow.stock_valuation(1, '2100-01-01')");

sub create_roles
{
	my ($node) = @_;
	$node->safe_psql('postgres', <<'SQL');
CREATE ROLE keeper LOGIN;
CREATE ROLE app LOGIN;
CREATE ROLE report LOGIN;
CREATE ROLE outsider LOGIN;
ALTER ROLE app SET stockflow.company_id = 1;
SQL
	return;
}

sub users_objects { return $users_objects; }

# Fills a database; it needs the roles.
sub create_source
{
	my ($node, $database) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	sample_data($node, $database);
	$node->safe_psql($database, $users_objects);
	$node->safe_psql($database, <<'SQL');
UPDATE stockflow.products SET colour = 'blue' WHERE product_id = 2;
UPDATE stockflow.inventory SET shelf = 'A1';
INSERT INTO stockflow.photos VALUES (1, 2, '\x00ff');
REFRESH MATERIALIZED VIEW public.balances;
SQL
	return;
}

# What a copy of this database has to look like.
sub describe
{
	my ($node, $database) = @_;
	return {
		state => [ state_of($node, $database) ],
		answers => { map { $_ => $node->safe_psql($database, $_) } @queries } };
}

# Checks that a database is as described. A filter may take lines away first; or change them, in $_.
sub check_same
{
	my ($node, $database, $name, $source, $filter) = @_;
	$filter ||= sub { 1 };
	my @state = state_of($node, $database);
	my @expected = @{ $source->{state} };
	is_deeply([ sort grep { $filter->() } @state ], [ sort grep { $filter->() } @expected ], "$name: the same");
	is_deeply({ map { $_ => $node->safe_psql($database, $_) } @queries }, $source->{answers}, "$name: the same answers");
	return;
}

# Checks that a copy goes on: stock, ledger, sequences, retries, guards, rights, the user's trigger.
sub check_alive
{
	my ($node, $database, $name) = @_;
	my $sql = sub { $node->safe_psql($database, @_) };
	my $changes = $sql->('SELECT count(*) FROM public.changes');
	my $sale = "SELECT stockflow.record_sale(1, 2, 2, 1, reference => 'after')";
	is($sql->($sale, extra_params => [ '-U', 'app' ]), 28, "$name: the next sale");
	is($sql->("SELECT version, delta, quantity_after, reason, actor FROM stockflow.inventory_log WHERE reference = 'after'"),
		'3|-1|28|sale|app', "$name: it is logged once");
	is($sql->('SELECT count(*) FROM public.changes'), $changes + 1, "$name: the user's trigger saw it once");
	is($sql->('SELECT * FROM stockflow.verify_ledger()'), '', "$name: the ledger is sound");
	is($sql->("SELECT stockflow.create_product(2, 'new', 'New', 1)"), 6, "$name: sequences go on");
	is($sql->("SELECT stockflow.create_product(1, 'nut', 'Nut', 0.5, 1, 100, idempotency_key => 'nut')"),
		2, "$name: a retry is known");
	is($sql->('SELECT count(DISTINCT company_id) FROM stockflow.products', extra_params => [ '-U', 'app' ]), 1,
		"$name: each his own rows");
	like(error_of($node, $database, 'DROP SCHEMA stockflow CASCADE'), qr/ERROR:  55000/, "$name: the guard is up");
	return;
}

# Runs a program against a server; true if it went well and had nothing to say.
sub quietly
{
	my ($node, @command) = @_;
	my ($stdout, $stderr);
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);
	my $ok = IPC::Run::run([@command], '>', \$stdout, '2>', \$stderr);
	note($stderr) if $stderr ne '';
	return $ok && $stderr eq '';
}

1;
