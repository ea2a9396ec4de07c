# A dump that was changed by hand between dump and restore. Where a row breaks a key, the restore fails;
# the rest is what verify_ledger says; and a few things are not found, which is said here as well.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Test::More;
use StockFlow;

my $node = new_server('tampered');
my $directory = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE DATABASE source');
sample_data($node, 'source');
# Products, one per case, each with a chain that starts in the archive and has sales, adjustments and a cost.
my @products = (101 .. 140);
# (What is found where a ledger is sealed: test/pgtap/tamper_evident.sql.)
$node->safe_psql('source', <<'SQL');
UPDATE stockflow.companies SET tamper_evident = false;
DO $$
DECLARE
    product bigint;
BEGIN
    FOR product IN 101 .. 140 LOOP
        INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (1, product, 'P' || product, 'P', 1);
        PERFORM stockflow.receive_stock(1, 1, product, 100, 2.5, occurred_at => now() - interval '80 days', reference => 'R-1');
        PERFORM stockflow.record_sale(1, 1, product, 5, occurred_at => now() - interval '60 days');
        PERFORM stockflow.record_sale(1, 1, product, 7);
        PERFORM stockflow.adjust_stock(1, 1, product, 3, 'found', reference => 'A-1');
        PERFORM stockflow.adjust_stock(1, 1, product, 4, 'found', reference => 'A-2');
        PERFORM stockflow.record_sale(1, 1, product, 2, occurred_at => clock_timestamp());
    END LOOP;
END $$;
-- As if the first entry had been recorded when it occurred.
SET session_replication_role = replica;
UPDATE stockflow.inventory_log SET recorded_at = occurred_at WHERE product_id > 100 AND version = 1;
SET session_replication_role = origin;
SELECT stockflow.archive_log(now() - interval '70 days', 1);
SQL
is($node->safe_psql('source', "SELECT string_agg(l.tableoid::regclass || ' ' || version || ' ' || delta, ', ' ORDER BY version)"
		. ' FROM (SELECT tableoid, * FROM stockflow.inventory_log UNION ALL SELECT tableoid, * FROM stockflow.inventory_log_archive) l'
		. ' WHERE product_id = 101'),
	'stockflow.inventory_log_archive 1 100, stockflow.inventory_log 2 -5, stockflow.inventory_log 3 -7, '
	  . 'stockflow.inventory_log 4 3, stockflow.inventory_log 5 4, stockflow.inventory_log 6 -2', 'a chain');
ok(PostgreSQL::Test::Utils::run_log([ 'pg_dump', '-f', "$directory/dump", '-d', $node->connstr('source') ]), 'pg_dump');
my $dump = slurp_file("$directory/dump");

# edit TABLE => sub: changes rows of a table; the sub sees one as $_ (a hash by column) and returns false
# to take it out, or more rows to put it there several times.
sub edit
{
	my ($text, $table, $change) = @_;
	$text =~ s{(COPY stockflow\.\Q$table\E \((.*?)\) FROM stdin;\n)(.*?)(\\\.\n)}{
		my ($head, $columns, $rows, $end) = ($1, $2, $3, $4);
		my @columns = split /, /, $columns;
		$head . join('', map {
			my %row; @row{@columns} = split /\t/, $_, -1;
			my @kept = $change->(\%row);
			map { my $kept = $_; join("\t", map { $kept->{$_} } @columns) . "\n" } @kept;
		} split /\n/, $rows) . $end }se or die "no $table in the dump";
	return $text;
}

# Restores a text into a new database; returns its name, and the error or what verify_ledger finds.
my $number = 0;
sub outcome
{
	my ($text) = @_;
	my $database = 'tampered' . ++$number;
	my $file = "$directory/$database";
	append_to_file($file, $text);
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	my $error = error_of($node, $database, '', '-1', '-f', $file);
	return ($database, $error =~ /(ERROR:.*)/ ? $1 : $node->safe_psql($database, 'SELECT * FROM stockflow.verify_ledger()'));
}

# Changes to rows: of the entry with a version, of all, by a condition.
sub entry
{
	my ($version, $change) = @_;
	return sub { $_[0]{version} eq $version ? $change->(@_) : $_[0] };
}
sub set
{
	my (%values) = @_;
	return sub { my ($row) = @_; @$row{ keys %values } = values %values; return $row };
}
sub add
{
	my ($column) = @_;
	return sub { $_[0]{$column} += 1; return $_[0] };
}
sub where
{
	my ($column, $value, $change) = @_;
	return sub { $_[0]{$column} eq $value ? $change->(@_) : $_[0] };
}
my $twice = sub { ($_[0], $_[0]) };
my $gone = sub { () };

is((outcome($dump))[1], '', 'the dump as it is');

# What fails at once.
for my $case (
	[ 'an entry twice', 'inventory_log', where('product_id', 101, entry(3, $twice)), qr/23505: .*inventory_log_pkey/ ],
	[ 'stock twice', 'inventory', where('product_id', 101, $twice), qr/23505: .*inventory_pkey/ ],
	[ 'stock of no product', 'inventory', where('product_id', 101, set(product_id => 999)), qr/23503: / ],
	[ 'a quantity that is no number', 'inventory_log', entry(3, set(delta => 'x')), qr/22P02: / ],
	[ 'an entry without actor', 'inventory_log', entry(3, set(actor => '\N')), qr/23502: / ],
	[ 'a lot of another company', 'lot_stock', where('company_id', 2, set(company_id => 3)), qr/23503: / ],
	[ 'a company is gone', 'companies', where('company_id', 2, $gone), qr/23503: / ])
{
	my ($name, $table, $change, $error) = @$case;
	like((outcome(edit($dump, $table, $change)))[1], qr/ERROR:  $error/, "fails: $name");
}

# What verify_ledger finds. A sum that is wrong shows in the chain as well as in what was made of it.
my $broken = 'a balance in the ledger is not the sum of the entries before';
my $gap = 'the versions of the ledger have a gap';
my $recent = 'recent_days is not what the ledger says';
my $history = 'demand_history is not what the ledger says';
my @cases = (
	[ 'a quantity moved', 'inventory_log', entry(4, set(delta => 30)),
		$broken, 'quantity is 93, the ledger adds up to 120', $recent ],
	[ 'a balance after', 'inventory_log', entry(4, set(quantity_after => 100)), $broken ],
	[ 'an entry in the archive', 'inventory_log_archive', entry(1, set(delta => 200, quantity_after => 200)),
		$broken, 'quantity is 93, the ledger adds up to 193', $history ],
	[ 'an entry is gone', 'inventory_log', entry(4, sub { () }),
		$gap, $broken, 'quantity is 93, the ledger adds up to 90', 'version is 6, the ledger has 5 entries', $recent ],
	[ 'the last entry is gone', 'inventory_log', entry(6, sub { () }),
		'quantity is 93, the ledger adds up to 95', 'version is 6, the ledger has 5 entries', $recent,
		'last_sold_at is not what the ledger says' ],
	[ 'an entry more', 'inventory_log',
		entry(6, sub { ($_[0], { %{ $_[0] }, version => 7, quantity_after => 91 }) }),
		'quantity is 93, the ledger adds up to 91', 'version is 6, the ledger has 7 entries', $recent ],
	[ 'two entries exchanged', 'inventory_log',
		sub { $_[0]{version} = 9 - $_[0]{version} if $_[0]{version} =~ /^[45]$/; $_[0] }, $broken ],
	[ 'the stock', 'inventory', set(quantity => 94), 'quantity is 94, the ledger adds up to 93' ],
	[ 'no stock', 'inventory', $gone, 'inventory has no row, the ledger adds up to 93' ],
	[ 'a sale called an adjustment', 'inventory_log', entry(6, set(reason => 'adjustment')),
		$recent, 'last_sold_at is not what the ledger says' ],
	[ 'a sale on another day', 'inventory_log', entry(3, set(occurred_at => '2026-01-01 12:00:00+00')), $recent, $history ],
	[ 'an adjustment on another day', 'inventory_log', entry(4, set(occurred_at => '2026-01-01 12:00:00+00')), $recent, $history ],
	[ 'demand of long ago', 'demand_history', $gone, $history ],
	[ 'the reorder point in force', 'inventory', set(effective_reorder_point => 3), 'effective_reorder_point is not the one in force' ],
	[ 'whether it is low', 'inventory', set(is_low => 't'), 'is_low is not what quantity and reorder point say' ],
	[ 'how urgent it is', 'inventory', set(urgency => '0'), 'urgency is not what quantity and recent_days say' ],
	[ 'reserved', 'inventory', set(reserved => 1), 'reserved is 1, the open reservations add up to 0' ],
	[ 'on order', 'inventory', set(on_order => 1), 'on_order is 1, but open lines of purchase orders add up to 0' ],
	[ 'in transit', 'inventory', set(in_transit => 1), 'in_transit is 1, open lines of transfers add up to 0' ],
	# Nothing else follows from these; and whoever writes anew all that follows is not found either.
	[ 'who', 'inventory_log', entry(4, set(actor => 'somebody')) ],
	[ 'for what', 'inventory_log', entry(4, set(reference => 'B-9')) ],
	[ 'when it was recorded', 'inventory_log', entry(4, set(recorded_at => '2026-01-01 12:00:00+00')) ],
	[ 'at what cost', 'inventory_log_archive', set(unit_cost => '0.01') ],
	[ 'a price', 'products', set(price => '99') ],
	[ 'two adjustments of a day that even out', 'inventory_log',
		sub { entry(4, set(delta => 5, quantity_after => 93))->(entry(5, set(delta => 2))->(@_)) } ]);

# All of them in one dump, each to a product of its own.
my $text = $dump;
while (my ($i, $case) = each @cases)
{
	my ($name, $table, $change) = @$case;
	my $before = $text;
	$text = edit($text, $table, where('product_id', $products[$i], $change));
	isnt($text, $before, "changed: $name");
}
my ($database, $outcome) = outcome($text);
my %found;
for (split /\n/, $outcome)
{
	my (undef, $product, undef, $problem) = split /\|/, $_, 4;
	push @{ $found{$product} }, $problem;
}
while (my ($i, $case) = each @cases)
{
	my ($name, undef, undef, @problems) = @$case;
	is_deeply([ sort @{ delete $found{ $products[$i] } || [] } ], [ sort @problems ], (@problems ? '' : 'not ') . "found: $name");
}
is_deeply(\%found, {}, 'and nothing that was not changed');

# Lots and documents.
for my $case (
	[ 'the stock of a lot', 'lot_stock', add('quantity') ],
	[ 'what a lot gave', 'inventory_log_lots', add('delta') ],
	[ 'a reserved quantity', 'reservation_lines', add('quantity') ],
	[ 'what an order received', 'purchase_order_lines', add('received') ],
	[ 'what a transfer ships', 'transfer_lines', add('quantity') ])
{
	my ($name, $table, $change) = @$case;
	isnt((outcome(edit($dump, $table, $change)))[1], '', "found: $name");
}

# Without the comments it fails; without triggers nothing is logged, and verify_ledger finds what follows.
(my $without = $dump) =~ s/^COMMENT ON SCHEMA stockflow.*?;\n//m;
like((outcome($without))[1], qr/ERROR:  42P06: /, 'fails: without the mark');
($without = $dump) =~ s/^CREATE TRIGGER \w+ \w+ [^;]* ON stockflow\.inventory .*?;\n//mg;
($database, $outcome) = outcome($without);
is($outcome, '', 'without the triggers the data is whole');
like(error_of($node, $database, 'SELECT stockflow.record_sale(1, 1, 101, 1)'), qr/ERROR:  39P01: /, 'but functions refuse');
$node->safe_psql($database, 'UPDATE stockflow.inventory SET quantity = 50 WHERE product_id = 101');
is($node->safe_psql($database, 'SELECT * FROM stockflow.verify_ledger()'), '1|101|1|quantity is 50, the ledger adds up to 93',
	'and verify_ledger finds what was not logged');

done_testing();
