# What the TAP tests share: a server, sample data, and looking at errors and whole databases.
package StockFlow;

use strict;
use warnings;
use Exporter 'import';
use PostgreSQL::Test::Cluster;

our @EXPORT = qw(new_server error_of sample_data handed_to children_of is_running rows_of state_of catalog_of @TABLES);

our @TABLES = qw(companies warehouses categories suppliers products product_suppliers
  product_bundles reservations reservation_lines inventory inventory_log inventory_log_archive
  supplier_prices purchase_orders purchase_order_lines purchase_receipts demand_history alerts
  replenishment_policies forecasts forecast_refreshes
  transfers transfer_lines stock_counts
  stock_count_lines lots lot_stock inventory_log_lots transfer_line_lots alert_outbox alert_refreshes idempotency_keys);

# Starts a server with these lines in its configuration.
sub new_server
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	$node->append_conf('postgresql.conf', join("\n", "timezone = 'UTC'", @settings) . "\n");
	$node->start;
	return $node;
}

# Runs SQL that should fail and returns what psql says, as in "ERROR:  42501: permission denied";
# nothing if it did not fail. More arguments go to psql.
sub error_of
{
	my ($node, $database, $sql, @arguments) = @_;
	my $stderr;
	my $status = $node->psql(
		$database, $sql,
		stderr => \$stderr,
		extra_params => [ '--set=VERBOSITY=verbose', @arguments ]);
	return $status == 0 ? '' : $stderr;
}

# SQL that gives the schema, its tables and its views to a role.
sub handed_to
{
	my ($role) = @_;
	return <<"SQL";
DO \$\$
DECLARE
    relation regclass;
BEGIN
    ALTER SCHEMA stockflow OWNER TO $role;
    FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind IN ('r', 'v') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO $role', relation);
    END LOOP;
END \$\$;
SQL
}

# The processes whose parent is the given one.
sub children_of
{
	my ($parent) = @_;
	my @children;
	for my $file (glob '/proc/[0-9]*/stat')
	{
		open my $stat, '<', $file or next;
		my $line = <$stat> // '';
		push @children, $1 if $line =~ /^(\d+) \(.*\) \S $parent /s;
	}
	return @children;
}

# Whether a process still runs; in a container there may be nobody to bury the dead.
sub is_running
{
	my ($pid) = @_;
	open my $stat, '<', "/proc/$pid/stat" or return 0;
	return (<$stat> // ') Z') !~ /\) Z/;
}

# Two companies with a bit of everything in their history. Company 1 has the products 1 to 4 in the
# warehouses 1 and 2, company 2 the product 5 in warehouse 3. Product 3 is a bundle, 4 is deleted.
# Of a version of the extension other than the default, if one is given.
sub sample_data
{
	my ($node, $database, $version) = @_;
	$node->safe_psql($database, 'CREATE EXTENSION stockflow' . ($version ? " VERSION '$version'" : ''));
	$node->safe_psql($database, <<'SQL');
INSERT INTO stockflow.companies (name, timezone, reorder_point)
    VALUES ('First', 'America/Bogota', 5), ('Second', 'UTC', NULL);
INSERT INTO stockflow.warehouses (company_id, name) VALUES (1, 'A'), (1, 'B'), (2, 'A');
INSERT INTO stockflow.categories (company_id, name, reorder_point) VALUES (1, 'Small', 4), (2, 'All', 60);
INSERT INTO stockflow.suppliers (company_id, name, contact_email)
    VALUES (1, 'Smith', 'smith@example.com'), (2, 'Jones', NULL);
SELECT stockflow.create_product(1, 'bolt', 'Bolt', 1.50, 1, 100, category_id => 1, supplier_id => 1);
SELECT stockflow.create_product(1, 'nut', 'Nut', 0.5, 1, 100, idempotency_key => 'nut');
SELECT stockflow.create_product(1, 'kit', 'Kit "€"', 3);
SELECT stockflow.create_product(1, 'gone', 'Gone', 1, 2, 10);
SELECT stockflow.create_product(2, 'bolt', 'Bolt', 2, 3, 50, category_id => 2, supplier_id => 2);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity)
    VALUES (1, 3, 1, 2), (1, 3, 2, 1);
SELECT stockflow.record_sale(1, 1, 1, 94, reference => 'a\b', idempotency_key => 'sale');
SELECT stockflow.record_sale(1, 1, 3, 2);
UPDATE stockflow.companies SET tamper_evident = true WHERE company_id = 1;
SELECT stockflow.record_return(1, 1, 3, 1);
SELECT stockflow.record_sale(1, 1, 2, 3, occurred_at => now() - interval '3 days');
SELECT stockflow.transfer_stock(1, 2, 1, 2, 30, idempotency_key => 'transfer');
SELECT stockflow.count_stock(1, 2, 2, 29);
SELECT stockflow.adjust_stock(1, 2, 4, -1, 'broken');
DELETE FROM stockflow.inventory WHERE product_id = 4;
UPDATE stockflow.products SET deleted_at = now() WHERE product_id = 4;
SELECT stockflow.record_movements(2,
    '[{"product_id": 5, "warehouse_id": 3, "delta": -5, "reason": "sale"},
      {"product_id": 5, "warehouse_id": 3, "delta": 20, "reason": "receipt", "unit_cost": 1.25}]', 'batch');
SELECT stockflow.record_return(1, 1, 2, 1, occurred_at => now() - interval '60 days');
SELECT stockflow.record_return(2, 3, 5, 1, occurred_at => now() - interval '60 days');
SELECT stockflow.record_sale(1, 1, 2, 1), stockflow.record_sale(2, 3, 5, 1);
SELECT stockflow.archive_log(now(), 1, 5), stockflow.archive_log(now(), 2, 1);
UPDATE stockflow.inventory SET quantity = quantity - 0, reorder_point = 70 WHERE product_id = 5;
SELECT stockflow.reserve_stock(1, '[{"product_id": 2, "warehouse_id": 1, "quantity": 5}]', now() + interval '1 day', 'order 1');
SELECT stockflow.reserve_stock(2, '[{"product_id": 5, "warehouse_id": 3, "quantity": 1}]');
SELECT stockflow.refresh_alerts();
INSERT INTO stockflow.supplier_prices VALUES (1, 1, 1, 100, 1.25, '-infinity', NULL), (2, 5, 2, 10, 1.5, '2026-01-01', '2027-01-01');
SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 2, '[{"product_id": 1, "quantity": 20}]'));
SELECT stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 5}]', idempotency_key => 'delivery');
SELECT stockflow.place_purchase_order(2, stockflow.create_purchase_order(2, 2, 3, '[{"product_id": 5, "quantity": 3}]'));
SELECT stockflow.receive_purchase_order(2, 2, '[{"line_id": 1, "quantity": 1}]');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (2, 23, 'C');
SELECT stockflow.create_transfer(1, 1, 2, '[{"product_id": 2, "quantity": 1}]', reference => 'draft');
SELECT stockflow.create_transfer(2, 3, 23, '[{"product_id": 5, "quantity": 1}]');
SELECT stockflow.record_counts(1, stockflow.create_stock_count(1, 1, ARRAY[1]), '[{"product_id": 1, "counted_quantity": 4}]');
SELECT stockflow.create_stock_count(2, 3);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 24, 'Cold'), (2, 24, 'Cold'), (1, 25, 'Shop'), (2, 25, 'Shop');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, tracks_lots) VALUES (1, 26, 'milk', 'Milk', 1, true), (2, 26, 'milk', 'Milk', 1, true);
SELECT stockflow.receive_lot(c, 24, 26, 10, 'M', '2030-01-01') FROM generate_series(1, 2) AS c;
SELECT stockflow.record_sale(c, 24, 26, 1) FROM generate_series(1, 2) AS c;
SELECT stockflow.ship_transfer(c, stockflow.create_transfer(c, 24, 25, '[{"product_id": 26, "quantity": 2}]')) FROM generate_series(1, 2) AS c;
INSERT INTO stockflow.replenishment_policies (company_id, product_id, reorder_policy, service_level) VALUES (1, 2, 'dynamic', 0.9), (2, 5, NULL, 0.9);
SELECT stockflow.refresh_forecasts(1), stockflow.refresh_forecasts(2);
SQL
	return;
}

# A query for a line that tells the rows of one table from any others.
sub rows_of
{
	my ($table) = @_;
	return "SELECT 'rows $table: ' || count(*) || ' ' ||"
	  . " coalesce(md5(string_agg(t::text, ';' ORDER BY t::text)), '') FROM stockflow.$table t";
}

# Everything about the schema in a database that must survive, as lines: rows, sequences, and what
# the catalogs say.
sub state_of
{
	my ($node, $database) = @_;
	my $rows = join "\nUNION ALL\n", map { rows_of($_) } @TABLES;
	my $sequences = join "\nUNION ALL\n",
	  map { "SELECT 'sequence $_: ' || last_value || ' ' || is_called FROM stockflow.$_" }
	  split /\n/, $node->safe_psql($database,
		"SELECT relname FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'S' ORDER BY 1");
	return (split(/\n/, $node->safe_psql($database, "$rows\nUNION ALL\n$sequences")),
		catalog_of($node, $database));
}

# What the catalogs say about the schema, the extension and what belongs to it.
sub catalog_of
{
	my ($node, $database) = @_;
	return split /\n/, $node->safe_psql($database, <<'SQL');
SET search_path = pg_catalog;
WITH relations AS (SELECT * FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace),
lines(line) AS (
SELECT format('%s %s owner %s options %s rls %s %s identity %s comment %s', relkind, relname,
              relowner::regrole, reloptions, relrowsecurity, relforcerowsecurity, relreplident, obj_description(oid, 'pg_class'))
  FROM relations
UNION ALL
SELECT format('parameters of %s: %s', s.seqrelid::regclass,
              (s.seqtypid, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle))
  FROM pg_sequence s JOIN relations r ON r.oid = s.seqrelid
UNION ALL
SELECT format('grant on %s: %s', r.relname, a) FROM relations r, aclexplode(r.relacl) a
UNION ALL
SELECT format('grant on %s.%s: %s', t.attrelid::regclass, t.attname, a)
  FROM pg_attribute t JOIN relations r ON r.oid = t.attrelid, aclexplode(t.attacl) a
UNION ALL
SELECT format('grant on %s: %s', p.oid::regprocedure, a) FROM pg_proc p, aclexplode(p.proacl) a
 WHERE p.pronamespace = 'stockflow'::regnamespace
UNION ALL
SELECT format('at first on %s: %s', pg_describe_object(i.classoid, i.objoid, i.objsubid), a)
  FROM pg_init_privs i, aclexplode(i.initprivs) a
 WHERE i.classoid = 'pg_proc'::regclass
   AND i.objoid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace)
UNION ALL
SELECT format('default grant %s %s %s', d.defaclrole::regrole, d.defaclobjtype, d.defaclacl)
  FROM pg_default_acl d WHERE d.defaclnamespace = 'stockflow'::regnamespace
UNION ALL
SELECT format('schema owner %s comment %s grant %s', n.nspowner::regrole, obj_description(n.oid, 'pg_namespace'), a)
  FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'stockflow'
UNION ALL
SELECT format('function owner %s %s comment %s', p.proowner::regrole, pg_get_functiondef(p.oid), obj_description(p.oid, 'pg_proc'))
  FROM pg_proc p WHERE p.pronamespace = 'stockflow'::regnamespace
UNION ALL
SELECT format('column %s.%s %s %s %s %s %s %s storage %s %s statistics %s', r.relname, a.attname,
              format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, a.attnum,
              pg_get_expr(d.adbin, d.adrelid), col_description(r.oid, a.attnum), a.attstorage, a.attcollation::regcollation, a.attstattarget)
  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
 WHERE r.relkind IN ('r', 'v')
UNION ALL
SELECT format('index %s %s %s %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident)
  FROM pg_index i JOIN relations r ON r.oid = i.indrelid
UNION ALL
SELECT format('constraint %s on %s %s %s comment %s', c.conname, r.relname, pg_get_constraintdef(c.oid), c.convalidated,
              obj_description(c.oid, 'pg_constraint'))
  FROM pg_constraint c JOIN relations r ON r.oid = c.conrelid
UNION ALL
SELECT format('statistics %s', pg_get_statisticsobjdef(s.oid)) FROM pg_statistic_ext s JOIN relations r ON r.oid = s.stxrelid
UNION ALL
SELECT format('rule %s', pg_get_ruledef(w.oid)) FROM pg_rewrite w JOIN relations r ON r.oid = w.ev_class AND r.relkind = 'r'
UNION ALL
SELECT format('trigger %s %s comment %s', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
  FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT format('policy %s comment %s', v, obj_description(p.oid, 'pg_policy'))
  FROM pg_policies v JOIN relations r ON r.relname = v.tablename
  JOIN pg_policy p ON p.polrelid = r.oid AND p.polname = v.policyname WHERE v.schemaname = 'stockflow'
UNION ALL
SELECT format('view %s %s', r.relname, pg_get_viewdef(r.oid)) FROM relations r WHERE r.relkind = 'v'
UNION ALL
SELECT format('owned sequence %s %s', d.objid::regclass, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid))
  FROM pg_depend d JOIN relations r ON r.oid = d.objid
 WHERE d.classid = 'pg_class'::regclass AND r.relkind = 'S' AND d.deptype = 'a'
UNION ALL
SELECT format('published %s', p) FROM pg_publication_tables p WHERE schemaname = 'stockflow'
UNION ALL
SELECT format('event trigger %s %s %s %s comment %s', evtname, evttags, evtenabled, evtfoid::regproc,
              obj_description(oid, 'pg_event_trigger')) FROM pg_event_trigger
UNION ALL
SELECT format('extension %s %s %s %s', extversion, extnamespace::regnamespace, extrelocatable, extconfig)
  FROM pg_extension WHERE extname = 'stockflow'
UNION ALL
SELECT format('member %s %s', pg_describe_object(classid, objid, 0), deptype) FROM pg_depend
 WHERE refclassid = 'pg_extension'::regclass
   AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'stockflow'))
SELECT regexp_replace(line, '\s+', ' ', 'g') FROM lines ORDER BY line COLLATE "C"
SQL
}

1;
