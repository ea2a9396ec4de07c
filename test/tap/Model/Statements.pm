# Random statements on stock: functions, plain SQL, hostile ones. Each is [ weight, text, effect, run ]: the effect moves a
# model (Model::State) on, dies when the statement has to fail, and may return what checks the result; run, where the
# text is not enough.
package Model::Statements;

use strict;
use warnings;
use Exporter 'import';
use Model::State qw(post change remove_row row_of set_counted is_bundle buildable refresh);

our @EXPORT_OK = qw(stock_statements setting_statements);
my $table = 'stockflow.inventory';
my $columns = '(company_id, product_id, warehouse_id, quantity)';

# A moment, and what an entry says of it when it is not now.
sub now_or_before
{
	my ($today) = @_;
	return 'now()' if rand() < 0.5;
	my $day = $today - 1 - int rand 45;
	return ("timestamptz '2000-01-01 12:00+00' + interval '$day days'", day => $day, moment => -1);
}

# Functions of the ledger.
sub calls
{
	my ($c, $today, $p, $w) = @_;
	my ($k, $o) = ("$p/$w", 3 - $w);
	my ($q, $r) = (1 + int rand 9, int rand 12);
	my ($at, @when) = now_or_before($today);
	my $one = sub { my %e = (k => $k, @_); return sub { post($_[0], \%e); return } };
	my $lot = (qw(X A B C))[ rand 4 ];
	my %expires = (X => "'2020-01-01'", A => "'2090-01-01'", B => "'2091-01-01'", C => 'NULL');
	my $balance = sub { my ($effect) = @_; return sub {
			my ($m) = @_;
			$effect->($m);
			my $left = row_of($m, $k)->{q};
			return sub { return $_[0] == $left ? undef : "returned $_[0], not $left" } } };
	my @kinds = (
		[ 6, "SELECT stockflow.record_sale($c, $w, $p, $q, $at)", $balance->($one->(delta => -$q, reason => 'sale', @when)) ],
		[ 6, "SELECT stockflow.receive_stock($c, $w, $p, $q)", $one->(delta => $q, reason => 'receipt') ],
		[ 2, "SELECT stockflow.record_return($c, $w, $p, $q, $at)", $one->(delta => $q, reason => 'return', @when) ],
		[ 2, "SELECT stockflow.adjust_stock($c, $w, $p, -$q, 'consumption')", $one->(delta => -$q, reason => 'consumption') ],
		[ 2, "SELECT stockflow.adjust_stock($c, $w, $p, -$q)", $one->(delta => -$q, reason => 'adjustment') ],
		[ 2, "SELECT stockflow.count_stock($c, $w, $p, $r)", sub {
				my $by = set_counted($_[0], $k, $r, $_[0]{moment}, 0);
				return sub { return $_[0] == $by ? undef : "counted $_[0], not $by" } } ],
		[ 4, "SELECT stockflow.transfer_stock($c, $p, $w, $o, $q)", sub {
				post($_[0], { k => $k, delta => -$q, reason => 'transfer_out' },
					{ k => "$p/$o", delta => $q, reason => 'transfer_in', brings => 1 });
				return } ],
		[ 1, "SELECT stockflow.record_sale($c, $w, $p, 2) FROM generate_series(1, 3)", sub {
				post($_[0], { k => $k, delta => -2, reason => 'sale' }) for 1 .. 3;
				return } ],
		[ 2, "SELECT stockflow.record_movements($c, '[{\"product_id\": $p, \"warehouse_id\": $w, \"delta\": $q, \"reason\": \"receipt\"},"
			. " {\"product_id\": $p, \"warehouse_id\": $w, \"delta\": -$r, \"reason\": \"sale\"}]')", sub {
				die "22023\n" if $r == 0;
				post($_[0], { k => $k, delta => $q, reason => 'receipt' }, { k => $k, delta => -$r, reason => 'sale' });
				return } ]);
	push @kinds, [ 40, "SELECT stockflow.receive_lot($c, $w, 8, $q, '$lot', $expires{$lot})", sub {
			post($_[0], { k => $k, delta => $q, reason => 'receipt', lot => $lot });
			return } ] if $p == 8;
	return @kinds;
}

# Bundles, which take and bring their components.
sub bundles
{
	my ($c, $today, $w) = @_;
	my ($b, $q) = (9 + int rand 2, 1 + int rand 4);
	my $k = "$b/$w";
	my ($at, @when) = now_or_before($today);
	my $left = sub { my (%e) = @_; return sub {
			my ($m) = @_;
			post($m, { k => $k, %e });
			my $n = buildable($m, $k);
			return sub { return $_[0] == $n ? undef : "returned $_[0], not $n" } } };
	my $no = sub { die "23514\n" };
	return (
		[ 4, "SELECT stockflow.record_sale($c, $w, $b, $q, $at)", $left->(delta => -$q, reason => 'sale', @when) ],
		[ 1, "SELECT stockflow.record_return($c, $w, $b, $q, $at)", $left->(delta => $q, reason => 'return', @when) ],
		[ 1, "SELECT stockflow.adjust_stock($c, $w, $b, -$q, 'consumption')", $left->(delta => -$q, reason => 'consumption') ],
		[ 2, "SELECT stockflow.record_movements($c, '[{\"product_id\": $b, \"warehouse_id\": $w, \"delta\": -$q, \"reason\": \"sale\"},"
			. " {\"product_id\": 2, \"warehouse_id\": $w, \"delta\": 5, \"reason\": \"receipt\"}]')", sub {
				post($_[0], { k => "2/$w", delta => 5, reason => 'receipt' }, { k => $k, delta => -$q, reason => 'sale' });
				return } ],
		[ 0.3, "SELECT stockflow.receive_stock($c, $w, $b, $q)", $no ],
		[ 0.3, "SELECT stockflow.count_stock($c, $w, $b, $q)", $no ],
		[ 0.3, "INSERT INTO $table $columns VALUES ($c, $b, $w, $q)", sub { die row_of($_[0], $k)->{row} ? "23505\n" : "23514\n" } ],
		[ 0.3, "UPDATE $table SET quantity = quantity + $q WHERE company_id = $c AND product_id = $b AND warehouse_id = $w",
			sub { die "23514\n" if row_of($_[0], $k)->{row}; return } ]);
}

# Plain statements on one row or two.
sub plain
{
	my ($c, $p, $w) = @_;
	my ($k, @both) = ("$p/$w", "$p/1", "$p/2");
	my ($q, $r) = (1 + int rand 9, int rand 12);
	my $at = "company_id = $c AND product_id = $p AND warehouse_id = $w";
	my $has = sub { row_of($_[0], $_[1])->{row} };
	my $insert = sub {
		my ($m, $key, $units) = @_;
		die "23505\n" if $has->($m, $key);
		change($m, $key, $units, 1);
	};
	return (
		[ 3, "UPDATE $table SET quantity = quantity + $q - 4 WHERE $at", sub { change($_[0], $k, $q - 4) if $has->($_[0], $k); return } ],
		[ 2, "UPDATE $table SET quantity = $r WHERE company_id = $c AND product_id = $p", sub {
				for my $x (@both) { change($_[0], $x, $r - row_of($_[0], $x)->{q}) if $has->($_[0], $x) }
				return } ],
		[ 2, "UPDATE $table i SET quantity = i.quantity + s.by FROM (VALUES ($p, 1, $q), ($p, 2, -$r)) AS s(p, w, by)"
			. " WHERE i.company_id = $c AND i.product_id = s.p AND i.warehouse_id = s.w", sub {
				my %by = ("$p/1" => $q, "$p/2" => -$r);
				for my $x (@both) { change($_[0], $x, $by{$x}) if $has->($_[0], $x) }
				return } ],
		[ 2, "DELETE FROM $table WHERE $at", sub { remove_row($_[0], $k); return } ],
		[ 1, "DELETE FROM $table WHERE company_id = $c AND product_id = $p", sub { remove_row($_[0], $_) for @both; return } ],
		[ 2, "INSERT INTO $table $columns VALUES ($c, $p, $w, $q)", sub { $insert->($_[0], $k, $q); return } ],
		[ 1, "INSERT INTO $table $columns VALUES ($c, $p, 1, $q), ($c, $p, 2, $r)", sub {
				$insert->($_[0], "$p/1", $q);
				$insert->($_[0], "$p/2", $r);
				return } ],
		[ 2, "COPY $table $columns FROM STDIN ($p/1, $p/2)", sub {
				$insert->($_[0], "$p/1", $r);
				$insert->($_[0], "$p/2", $q);
				return },
			sub {
				my ($db) = @_;
				$db->do("COPY $table $columns FROM STDIN");
				$db->pg_putcopydata("$c\t$p\t1\t$r\n$c\t$p\t2\t$q\n");
				$db->pg_putcopyend;
			} ],
		[ 2, "INSERT INTO $table $columns VALUES ($c, $p, $w, $q), ($c, $p, $w, $r) ON CONFLICT DO NOTHING",
			sub { change($_[0], $k, $q, 1) unless $has->($_[0], $k); return } ],
		[ 2, "INSERT INTO $table AS i $columns VALUES ($c, $p, $w, $q) ON CONFLICT (company_id, product_id, warehouse_id)"
			. " DO UPDATE SET quantity = i.quantity + excluded.quantity", sub { change($_[0], $k, $q, !$has->($_[0], $k)); return } ],
		[ 2, "MERGE INTO $table i USING (VALUES ($p, 1), ($p, 2)) AS s(p, w) ON i.company_id = $c AND i.product_id = s.p AND i.warehouse_id = s.w"
			. " WHEN MATCHED AND i.quantity > $r THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = i.quantity + $q"
			. " WHEN NOT MATCHED THEN INSERT $columns VALUES ($c, s.p, s.w, $q)", sub {
				for my $x (@both)
				{
					my $row = row_of($_[0], $x);
					if ($row->{row} && $row->{q} > $r) { remove_row($_[0], $x) }
					else { change($_[0], $x, $q, !$row->{row}) }
				}
				return } ],
		[ 2, "WITH a AS (UPDATE $table SET quantity = quantity + $q WHERE company_id = $c AND product_id = $p AND warehouse_id = 1 RETURNING 1)"
			. " DELETE FROM $table WHERE company_id = $c AND product_id = $p AND warehouse_id = 2", sub {
				change($_[0], "$p/1", $q) if $has->($_[0], "$p/1");
				remove_row($_[0], "$p/2");
				return } ]);
}

# What must fail, or leave nothing behind.
sub hostile
{
	my ($c, $p, $w) = @_;
	my ($k, $r) = ("$p/$w", int rand 12);
	my $at = "company_id = $c AND product_id = $p AND warehouse_id = $w";
	my $refused = sub { my ($state) = @_; return sub { die "$state\n" if row_of($_[0], $k)->{row}; return } };
	my $always = sub { my ($state) = @_; return sub { die "$state\n" } };
	return (
		[ 1, "DO \$\$ BEGIN UPDATE $table SET quantity = quantity + 1 WHERE company_id = $c AND product_id < 9; PERFORM 1 / 0;"
			. ' EXCEPTION WHEN division_by_zero THEN NULL; END $$', sub { return } ],
		[ 1, "UPDATE $table SET quantity = quantity / 0 WHERE company_id = $c AND $r >= 0",
			sub { die "22012\n" if grep { $_->{row} } values %{ $_[0]{rows} }; return } ],
		[ 1, "UPDATE $table SET version = version + 1 WHERE $at", $refused->('55000') ],
		[ 1, "UPDATE $table SET product_id = 7 WHERE $at", $refused->('23514') ],
		map({ [ 0.5, "UPDATE $table SET $_ = $_ + 1 WHERE $at", $refused->('55000') ] } qw(reserved on_order in_transit)),
		[ 0.5, "UPDATE stockflow.reservation_lines SET released = released + 1 WHERE company_id = $c AND bundle_id IS NULL AND open_quantity > 0", sub {
				$_->{open}-- for grep { $_->{open} && !is_bundle($_->{k}) } map { @{ $_->{lines} } } values %{ $_[0]{reservations} };
				return } ],
		[ 0.5, "UPDATE stockflow.reservation_lines SET released = released + open_quantity + 1 WHERE company_id = $c AND bundle_id IS NULL AND open_quantity > 0",
			sub { die "23514\n" if grep { $_->{open} && !is_bundle($_->{k}) } map { @{ $_->{lines} } } values %{ $_[0]{reservations} }; return } ],
		[ 0.5, "UPDATE stockflow.lot_stock SET quantity = quantity + 1 WHERE company_id = $c", $always->('55000') ],
		[ 1, 'DELETE FROM stockflow.inventory_log', $always->('55000') ],
		[ 1, 'INSERT INTO stockflow.inventory_log SELECT * FROM stockflow.inventory_log LIMIT 1', $always->('55000') ],
		[ 1, 'TRUNCATE stockflow.inventory', $always->('55000') ],
		[ 1, "SELECT stockflow.archive_log(now() - interval '$r milliseconds', $c, 50)", sub { return } ]);
}

sub stock_statements
{
	my ($c, $m) = @_;
	my ($p, $w) = ((1 .. 6, 8)[ rand 7 ], 1 + int rand 2);
	return (calls($c, $m->{today}, $p, $w), bundles($c, $m->{today}, $w), plain($c, $p, $w), hostile($c, $p, $w));
}

# Reorder points at each of the four levels, other settings of the company, and the life of alerts.
sub setting_statements
{
	my ($c, $m) = @_;
	my $policy = (qw(dynamic manual))[ rand 2 ];
	my $zone = $m->{zones}[ rand @{ $m->{zones} } ];
	my ($p, $w) = ((1 .. 6, 8 .. 10)[ rand 9 ], 1 + int rand 2);
	my $negative = rand() < 0.3 ? 1 : 0;
	my $point = rand() < 0.3 ? undef : int rand 20;
	my $value = $point // 'NULL';
	return (
		[ 2, "SELECT stockflow.refresh_alerts($c)", sub {
				my $events = refresh($_[0]);
				return sub { return $_[0] == $events ? undef : "there were $_[0] events, not $events" } } ],
		[ 0.4, "UPDATE stockflow.products SET deleted_at = now() WHERE company_id = $c AND product_id = $p", sub { $_[0]{deleted}{$p} = 1; return } ],
		[ 1.5, "UPDATE stockflow.products SET deleted_at = NULL WHERE company_id = $c", sub { $_[0]{deleted} = {}; return } ],
		[ 0.2, "UPDATE stockflow.warehouses SET deleted_at = now() WHERE company_id = $c AND warehouse_id = $w", sub { $_[0]{closed}{$w} = 1; return } ],
		[ 1.5, "UPDATE stockflow.warehouses SET deleted_at = NULL WHERE company_id = $c", sub { $_[0]{closed} = {}; return } ],
		[ 0.3, "SELECT stockflow.refresh_forecasts($c, 0)", sub { return } ],
		[ 0.4, "INSERT INTO stockflow.replenishment_policies (company_id, product_id, reorder_policy) VALUES ($c, " . ('NULL', $p)[ rand 2 ] . ", '$policy')"
			. ' ON CONFLICT (company_id, category_id, product_id) DO UPDATE SET reorder_policy = excluded.reorder_policy', sub { return } ],
		[ 0.3, "DELETE FROM stockflow.replenishment_policies WHERE company_id = $c", sub { return } ],
		[ 0.4, "UPDATE stockflow.companies SET timezone = '$zone' WHERE company_id = $c", sub { return } ],
		[ 0.4, "UPDATE stockflow.companies SET tamper_evident = NOT tamper_evident WHERE company_id = $c", sub { return } ],
		[ 1, "UPDATE stockflow.companies SET allow_negative_stock = '$negative' WHERE company_id = $c", sub { $_[0]{negative} = $negative; return } ],
		[ 1, "UPDATE stockflow.companies SET reorder_point = $value WHERE company_id = $c", sub { $_[0]{company_point} = $point; return } ],
		[ 1, "UPDATE stockflow.categories SET reorder_point = $value WHERE company_id = $c", sub { $_[0]{category_point} = $point; return } ],
		[ 1, "UPDATE stockflow.products SET reorder_point = $value WHERE company_id = $c AND product_id = $p",
			sub { $_[0]{product_points}{$p} = $point; return } ],
		[ 1, "UPDATE $table SET reorder_point = $value WHERE company_id = $c AND product_id = $p AND warehouse_id = $w",
			sub { my $row = row_of($_[0], "$p/$w"); $row->{point} = $point if $row->{row}; return } ]);
}

1;
