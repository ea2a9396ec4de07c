# Calls of every function of the schema: those that test/pgtap/bad_input.sql lists, and calls built
# from the names and types of the arguments.
package Limits;

use strict;
use warnings;
use Exporter 'import';
use FindBin;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(calls_of_bad_input @TRIGGER_STATEMENTS functions_of random_literal literal_for);

# SQL that makes the sample rows of bad_input.sql and the temporary table calls (function, sqlstate,
# call): each function with good values, and with one bad value at a time.
sub calls_of_bad_input
{
	my $sql = PostgreSQL::Test::Utils::slurp_file("$FindBin::RealBin/../pgtap/bad_input.sql");
	my $end = index($sql, '-- Everything in the tables of stockflow as one value.');
	die 'bad_input.sql has another form' if $end < 0;
	$sql = substr($sql, 0, $end);
	$sql =~ s/^BEGIN;\n//m;
	return $sql;
}

# Statements that between them fire every trigger, on the rows of bad_input.sql.
our @TRIGGER_STATEMENTS = (
	"INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 2, 1) ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = stockflow.inventory.quantity + 1",
	'UPDATE stockflow.inventory SET quantity = quantity + 1, reorder_point = 3',
	'UPDATE stockflow.inventory_log SET delta = 1',
	'TRUNCATE stockflow.inventory_log CASCADE',
	'TRUNCATE stockflow.inventory CASCADE',
	'DELETE FROM stockflow.products WHERE company_id = 2',
	"UPDATE stockflow.companies SET timezone = 'Asia/Tokyo', reorder_point = 7, name = 'X'",
	'UPDATE stockflow.companies SET tamper_evident = NOT tamper_evident',
	'UPDATE stockflow.products SET reorder_point = 9, tracks_lots = false, whole_units = false, category_id = category_id, is_bundle = is_bundle, deleted_at = NULL',
	"INSERT INTO stockflow.products (company_id, sku, name, price) VALUES (1, 'new', 'New', 1)",
	'UPDATE stockflow.categories SET reorder_point = 9',
	"WITH b AS (INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (1, 900, 'kit', 'Kit', 1) RETURNING product_id) INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) SELECT 1, product_id, 1, 1 FROM b",
	"INSERT INTO stockflow.demand_history VALUES (1, 1, 1, '2020-01-01', 1, 0, 0)",
	'DELETE FROM stockflow.demand_history',
	'UPDATE stockflow.reservation_lines SET released = released',
	'UPDATE stockflow.purchase_order_lines SET quantity = quantity + 1',
	'UPDATE stockflow.transfer_lines SET quantity = quantity + 1',
	"DO 'BEGIN INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id) VALUES (1, 1, 1) ON CONFLICT DO NOTHING; INSERT INTO stockflow.supplier_prices (company_id, product_id, supplier_id, min_quantity, unit_cost) VALUES (1, 1, 1, 1, 1); END'",
	"INSERT INTO stockflow.replenishment_policies (company_id, product_id, reorder_policy) VALUES (1, 1, 'dynamic')",
	'SELECT stockflow.refresh_forecasts(1)',
	'DELETE FROM stockflow.forecasts',
	'DELETE FROM stockflow.inventory WHERE company_id = 2',
	'DROP TABLE stockflow.inventory CASCADE',
	'DROP SCHEMA stockflow CASCADE');

# The routines of the schema that can be called, as { name, kind, arguments: [ { name, type } ] }.
sub functions_of
{
	my ($node, $database) = @_;
	my %functions;
	for my $line (split /\n/, $node->safe_psql($database, <<'SQL'))
SELECT p.proname, p.prokind, coalesce(p.proargnames[n], ''), coalesce(format_type(p.proargtypes[n - 1], NULL), '')
  FROM pg_proc p LEFT JOIN LATERAL generate_series(1, p.pronargs) AS n ON true
 WHERE p.pronamespace = 'stockflow'::regnamespace
   AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
 ORDER BY p.proname, n
SQL
	{
		my ($name, $kind, $argument, $type) = split /\|/, $line, -1;
		$functions{$name} //= { name => $name, kind => $kind, arguments => [] };
		push @{ $functions{$name}{arguments} }, { name => $argument, type => $type } if $argument ne '';
	}
	return map { $functions{$_} } sort keys %functions;
}

my $json = q({"product_id": 1, "warehouse_id": 1, "quantity": 1});

# Values at the edges of each type.
my %EDGES = (
	bigint => [ 'NULL', 0, 1, 1, 1, 2, 3, -1, '9223372036854775807', '(-9223372036854775808)' ],
	integer => [ 'NULL', 0, 1, 2, 7, 30, -1, 2147483647, '(-2147483648)', 365, 3650 ],
	numeric => [ 'NULL', 0, 1, 2.5, -1, q('NaN'), q('Infinity'), q('-Infinity'), '1e12', '1e-6', '1e-7',
		'999999999999.999999', '-999999999999.999999', '1e131071', '1e-16383', '0.000000' ],
	'double precision' => [ 'NULL', 0, 1, 0.5, 0.95, -1, q('NaN'), q('Infinity'), q('-Infinity'), '1e308', '-1e308', '5e-324', q('-0') ],
	boolean => [ 'NULL', 'true', 'false' ],
	text => [ 'NULL', q(''), q(' '), q('sale'), q('auto'), q('day'), q('week'), q('fifo'), q('a'), "repeat('x', 1000000)", "repeat('é', 200)",
		q(E'\x01'), q('%s%n'), q('{}'), q(''';--'), "repeat('(', 10000)", q('Europe/Berlin'), q('ets'), q('average') ],
	date => [ 'NULL', q('4713-01-01 BC'), q('infinity'), q('-infinity'), q('5874897-12-31'), q('2026-01-01'), 'current_date', q('1900-01-01'), q('0001-01-01 BC') ],
	'timestamp with time zone' => [ 'NULL', q('4713-01-02 00:00:00+00 BC'), q('infinity'), q('-infinity'), q('294276-12-31 23:59:59.999999+00'), 'now()', q('2026-01-01') ],
	interval => [ 'NULL', q('0'), q('1 day'), q('-1 day'), q('178000000 years'), q('-178000000 years'), q('00:00:00.000001') ],
	jsonb => [ 'NULL', q('null'), q('{}'), q('[]'), q('[1]'), q('"x"'), q('1e400'), q('[null]'), q('[{}]'), qq('[$json]'), qq('$json'),
		q([{"product_id": 1, "quantity": 1, "counted_quantity": 1, "line_id": 1}]), q({"line_id": 1e400}), q([{"product_id": "1", "quantity": "NaN"}]),
		"(repeat('[', 5000) || repeat(']', 5000))",
		"(SELECT jsonb_agg('$json'::jsonb) FROM generate_series(1, 10000))",
		"(SELECT jsonb_object_agg(n::text, n) FROM generate_series(1, 10000) AS n)",
		"jsonb_build_array(jsonb_build_object('product_id', 1, 'quantity', 1e130000::numeric))",
		"jsonb_build_object('name', repeat('x', 1000000), 'sku', 's', 'price', 1)" ],
	bytea => [ 'NULL', q(''), q('\x01'), "decode(repeat('ff', 1000), 'hex')", "decode(repeat('01', 100000), 'hex')", q('\x0100000000808080808080808080ff') ],
	regrole => [ 'NULL', '0', '10' ],
	regclass => [ 'NULL', '0', q('stockflow.inventory') ],
);
my %ARRAY_EDGES = map { $_ => [ 'NULL', q('{}'), q('{NULL}') ] } ('bigint', 'integer', 'numeric', 'double precision', 'text');
push @{ $ARRAY_EDGES{bigint} }, q('{1}'), q('{1,1,2,-1,9223372036854775807}'), q('{{1,2},{3,4}}'), q('[5:6]={1,2}'), "array_fill(1::bigint, '{100000}')";
push @{ $ARRAY_EDGES{integer} }, q('{1}'), q('{1,3,7}'), q('{2147483647,-2147483648}'), q('{{1,2},{3,4}}'), "array_fill(1, '{100000}')";
push @{ $ARRAY_EDGES{numeric} }, q('{1}'), q('{NaN,Infinity}'), q('{7,14}'), "array_fill(1::numeric, '{1000}')";
push @{ $ARRAY_EDGES{'double precision'} }, q('{1}'), q('{0.5,0.9}'), q('{1,2}'), q('{NaN}'), q('{Infinity,-Infinity}'), q('{0,0,0,0,1e100}'), q('{1e-300,1e100,5e-324}'),
	q('{{1,2},{3,4}}'), q('[5:6]={1,2}'), "array_fill(1::float8, '{3000}')", "(SELECT array_agg((n * 7919) % 13 ORDER BY n)::float8[] FROM generate_series(1, 400) AS n)",
	"array_fill(0::float8, '{100000}')", "array_fill('NaN'::float8, '{1000}')";
push @{ $ARRAY_EDGES{text} }, q('{sale}'), q('{draft,ordered,shipped,open}'), q('{product_id,quantity}'), "array_fill(repeat('x', 1000), '{1000}')", q('{{a,b},{c,d}}');

# A literal at an edge of a type, from the numbers of random (a sub that gives one below its argument).
sub random_literal
{
	my ($type, $random) = @_;
	my $edges = $type =~ s/\[\]$// ? $ARRAY_EDGES{$type} : $EDGES{$type};
	my $value = defined $edges ? $edges->[ $random->(scalar @$edges) ] : 'NULL';
	my $cast = defined $edges && $edges == ($ARRAY_EDGES{$type} // 0) ? $type . '[]' : $type;
	$value = "'$value'" if $type eq 'jsonb' && $value =~ /^[\[{]/;
	return "($value)::$cast";
}

# A value of an argument with which a function works on all of company 1.
my %BY_NAME = (
	company_id => 1, product_id => 1, warehouse_id => 1, supplier_id => 1, category_id => 'NULL',
	from_day => "'2000-01-01'", to_day => 'current_date', at => 'now()', day => 'current_date',
	only_warehouse => 'NULL', only_product => 'NULL', only_category => 'NULL', product_ids => 'NULL',
	method => "'auto'", service_level => 0.95, levels => "'{0.5,0.9}'", history_days => 730, horizon_days => 28,
	lookback_days => 30, lease => "'1 minute'", max_events => 1000, name => "'x'", reason => "'adjustment'", lot => "'L'", bucket => "'day'", measure => "'units'", timezone => "'UTC'", reasons => 'NULL');

sub literal_for
{
	my ($argument) = @_;
	my $type = $argument->{type};
	return $BY_NAME{ $argument->{name} } if exists $BY_NAME{ $argument->{name} };
	return '1' if $type =~ /^(bigint|integer|numeric|double precision)$/;
	return 'true' if $type eq 'boolean';
	return 'now()' if $type =~ /^timestamp/;
	return 'current_date' if $type eq 'date';
	return 'NULL';
}

1;
