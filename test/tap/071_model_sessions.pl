# Six sessions at once on the same 12 rows and the same documents, in transactions of every isolation level that are tried
# again after serialization failures, while the company's settings change. What they saw acknowledged is put together
# afterwards: its sum must be what is in stock, reserved, on order and in transit.
#
#   MODEL_SEED=123         the statements of a run (the seed is printed; how they meet is the machine's)
#   MODEL_STATEMENTS=4000  of each session (default)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use Storable qw(store retrieve);
use Test::More;
use Model::Database qw(model_server connection);

use constant { SESSIONS => 6, PRODUCTS => 6 };
my $statements = $ENV{MODEL_STATEMENTS} // 4000;
my $seed = $ENV{MODEL_SEED} // int(rand 1_000_000_000);
note("MODEL_SEED=$seed MODEL_STATEMENTS=$statements");
my $node = model_server('sessions', tamper_evident => 1);
my $directory = PostgreSQL::Test::Utils::tempdir();

# Six of each kind of document, which all sessions share: one per product.
$node->safe_psql('postgres', <<'SQL');
SELECT stockflow.receive_stock(1, w, p, 1000) FROM generate_series(1, 2) w, generate_series(1, 6) p;
SELECT stockflow.reserve_stock(1, format('[{"product_id": %s, "warehouse_id": 1, "quantity": 200}]', p)::jsonb) FROM generate_series(1, 6) p;
SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 2, format('[{"product_id": %s, "quantity": 300}]', p)::jsonb))
  FROM generate_series(1, 6) p;
SELECT stockflow.ship_transfer(1, stockflow.create_transfer(1, 1, 2, format('[{"product_id": %s, "quantity": 300}]', p)::jsonb)) FROM generate_series(1, 6) p;
SQL
my @amounts = qw(quantity reserved on_order in_transit);

# What is in each row: "product/warehouse column" => amount.
sub amounts
{
	my ($db) = @_;
	my %found;
	for my $row (@{ $db->selectall_arrayref("SELECT product_id || '/' || warehouse_id, quantity::bigint, reserved::bigint, on_order::bigint,"
			. ' in_transit::bigint FROM stockflow.inventory WHERE product_id <= ' . PRODUCTS) })
	{
		for my $i (0 .. $#amounts) { $found{"$row->[0] $amounts[$i]"} = $row->[ $i + 1 ] if $row->[ $i + 1 ] }
	}
	return \%found;
}

# Statements that change stock. Each kind runs in a transaction and returns what has changed: [key and column, by how much].
sub stock_kinds
{
	my ($p, $w, $q) = (1 + int rand PRODUCTS, 1 + int rand 2, 1 + int rand 9);
	my ($o, $k) = (3 - $w, "$p/$w");
	my ($table, $key) = ('stockflow.inventory', "company_id = 1 AND product_id = $p AND warehouse_id = $w");
	my $call = sub { my ($sql, @moves) = @_; return sub { $_[0]->do("SELECT stockflow.$sql"); return @moves } };
	my $read = sub { my ($sql) = @_; return sub { return map { [ "$_->[0] quantity", $_->[1] ] } @{ $_[0]->selectall_arrayref($sql) } } };
	my $insert = "INSERT INTO $table AS i (company_id, product_id, warehouse_id, quantity) VALUES (1, $p, $w, $q)";
	return (
		$call->("record_sale(1, $w, $p, $q)", [ "$k quantity", -$q ]),
		$call->("receive_stock(1, $w, $p, $q)", [ "$k quantity", $q ]),
		$call->("transfer_stock(1, $p, $w, $o, $q)", [ "$k quantity", -$q ], [ "$p/$o quantity", $q ]),
		$call->("record_sale(1, $w, 9, $q)", [ "1/$w quantity", -$q ], [ "2/$w quantity", -2 * $q ]),
		$call->("record_return(1, $w, 10, $q)", [ "1/$w quantity", $q ], [ "2/$w quantity", 3 * $q ]),
		$call->('archive_log(now(), 1, 20)'),
		$read->("SELECT '$k', stockflow.count_stock(1, $w, $p, " . (500 + $q) . ')'),
		$read->("UPDATE $table SET quantity = quantity + $q WHERE $key RETURNING '$k', $q"),
		$read->("UPDATE $table SET quantity = quantity - 1 WHERE company_id = 1 AND product_id = $p RETURNING product_id || '/' || warehouse_id, -1"),
		$read->("DELETE FROM $table WHERE $key RETURNING '$k', -quantity"),
		$read->("$insert ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = i.quantity + $q RETURNING '$k', $q"),
		$read->("$insert RETURNING '$k', $q"));
}

# What all movements of the company rely on.
sub setting_kinds
{
	my ($p, $point) = (1 + int rand PRODUCTS, int rand 1500);
	my $set = sub { my ($sql) = @_; return sub { $_[0]->do("UPDATE stockflow.$sql"); return () } };
	return (
		$set->("companies SET reorder_point = $point"),
		$set->("categories SET reorder_point = $point"),
		$set->("products SET reorder_point = $point WHERE product_id = $p"),
		$set->('products SET reorder_point = NULL'),
		$set->("inventory SET reorder_point = nullif($point % 3, 0) * 100 WHERE product_id = $p"),
		$set->('companies SET tamper_evident = NOT tamper_evident'),
		$set->("companies SET timezone = CASE timezone WHEN 'UTC' THEN 'Asia/Tokyo' ELSE 'UTC' END"),
		sub { $_[0]->do('SELECT stockflow.refresh_alerts(1)'); return () });
}

# A sheet of two products, from its making to its posting.
sub count_sheet
{
	my ($db) = @_;
	my ($p, $w) = (1 + int rand PRODUCTS - 1, 1 + int rand 2);
	my $id = $db->selectrow_array("SELECT stockflow.create_stock_count(1, $w, ARRAY[$p, $p + 1])");
	$db->do("SELECT stockflow.record_counts(1, $id, '[{\"product_id\": $p, \"counted_quantity\": " . (400 + int rand 200) . '}]\')');
	return map { [ "$_->[0]/$w quantity", $_->[1] ] }
	  @{ $db->selectall_arrayref("SELECT product_id, variance FROM stockflow.post_stock_count(1, $id) WHERE variance <> 0") };
}

# Statements on documents. $mine: reservations of this session alone, [id, [key, units], …].
sub document_kinds
{
	my ($mine) = @_;
	my ($p, $w, $q, $n) = (1 + int rand PRODUCTS, 1 + int rand 2, 1 + int rand 9, 1 + int rand PRODUCTS);
	my ($o, $k) = (3 - $w, "$p/$w");
	my $line = sub { my ($units, $place) = @_; return "'[{\"product_id\": $p, " . ($place ? "\"warehouse_id\": $place, " : '') . "\"quantity\": $units}]'" };
	my $part = sub { return "'[{\"line_id\": 1, \"quantity\": $_[0]}]'" };
	my $call = sub { my ($sql, @moves) = @_; return sub { $_[0]->do("SELECT stockflow.$sql"); return @moves } };
	my @kinds = (
		sub {
			my $id = $_[0]->selectrow_array('SELECT stockflow.reserve_stock(1, ' . $line->($q, $w) . ')');
			return ([ "$k reserved", $q ], sub { push @$mine, [ $id, [ $k, $q ] ] });
		},
		sub {
			my $id = $_[0]->selectrow_array("SELECT stockflow.reserve_stock(1, '[{\"product_id\": 9, \"warehouse_id\": $w, \"quantity\": $q}]')");
			return ([ "1/$w reserved", $q ], [ "2/$w reserved", 2 * $q ], sub { push @$mine, [ $id, [ "1/$w", $q ], [ "2/$w", 2 * $q ] ] });
		},
		$call->("commit_reservation(1, $n, '[{\"product_id\": $n, \"warehouse_id\": 1, \"quantity\": 2}]', keep_rest => true)",
			[ "$n/1 quantity", -2 ], [ "$n/1 reserved", -2 ]),
		$call->("receive_purchase_order(1, $n, " . $part->(3) . ')', [ "$n/2 quantity", 3 ], [ "$n/2 on_order", -3 ]),
		$call->("place_purchase_order(1, stockflow.create_purchase_order(1, 1, $w, " . $line->($q) . '))', [ "$k on_order", $q ]),
		$call->("receive_transfer(1, $n, " . $part->(2) . ')', [ "$n/2 quantity", 2 ], [ "$n/2 in_transit", -2 ]),
		$call->("write_off_transfer(1, $n, " . $part->(1) . ')', [ "$n/2 in_transit", -1 ]),
		$call->("ship_transfer(1, stockflow.create_transfer(1, $w, $o, " . $line->($q) . '))', [ "$k quantity", -$q ], [ "$p/$o in_transit", $q ]),
		\&count_sheet);
	return @kinds unless @$mine;
	my ($id, @held) = @{ $mine->[0] };
	my @freed = map { [ "$_->[0] reserved", -$_->[1] ] } @held;
	my $done = sub { shift @$mine };
	return (@kinds,
		$call->("commit_reservation(1, $id)", @freed, map({ [ "$_->[0] quantity", -$_->[1] ] } @held), $done),
		$call->("release_reservation(1, $id)", @freed, $done));
}

# One session: what it did, and saw acknowledged.
sub session
{
	my ($number) = @_;
	srand($seed + $number);
	my $db = connection($node);
	my ($done, $tries, %sum, @bad, @mine) = (0, 0);
	while ($done < $statements)
	{
		my $sort = rand;
		my @kinds = $sort < 0.58 ? stock_kinds() : $sort < 0.98 ? document_kinds(\@mine) : setting_kinds();
		my $kind = $kinds[ rand @kinds ];
		$done++;
		for my $try (1 .. 50)
		{
			my @moves;
			my $ok = eval {
				$db->do('BEGIN ISOLATION LEVEL ' . ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')[ rand 3 ]);
				@moves = $kind->($db);
				$db->do('COMMIT');
				1;
			};
			if ($ok)
			{
				for (@moves) { ref $_ eq 'CODE' ? $_->() : ($sum{ $_->[0] } += $_->[1]) }
				last;
			}
			my ($state, $error) = ($db->state, $@);
			eval { $db->do('ROLLBACK') };
			next if $state =~ /^(40001|40P01)$/ && ++$tries;
			push @bad, "$state: $error" if $state !~ /^(23514|23505|55000)$/;
			last;
		}
	}
	store({ done => $done, tries => $tries, sum => \%sum, bad => \@bad }, "$directory/$number");
	return;
}

my $db = connection($node);
my $before = amounts($db);
$db->disconnect;
my @children;
for my $number (1 .. SESSIONS)
{
	my $pid = fork // die;
	if ($pid == 0)
	{
		my $fine = eval { session($number); 1 };
		print STDERR $@ unless $fine;
		require POSIX;
		POSIX::_exit($fine ? 0 : 1);    # the server is the parent's
	}
	push @children, $pid;
}
my $failed = 0;
for (@children) { waitpid $_, 0; $failed++ if $? }
is($failed, 0, 'six sessions ended well');
my ($done, $tries, %sum, @bad) = (0, 0, %$before);
for my $number (1 .. SESSIONS)
{
	my $of = -e "$directory/$number" ? retrieve("$directory/$number") : next;
	$done += $of->{done};
	$tries += $of->{tries};
	push @bad, @{ $of->{bad} };
	$sum{$_} = ($sum{$_} // 0) + $of->{sum}{$_} for keys %{ $of->{sum} };
}
is_deeply(\@bad, [], 'no error but those that the rules give');
$db = connection($node);
is_deeply(amounts($db), { map { $_ => $sum{$_} } grep { $sum{$_} } keys %sum }, "what is there is the sum of what the sessions did (MODEL_SEED=$seed)");
is_deeply($db->selectall_arrayref('SELECT * FROM stockflow.verify_ledger()'), [], "the ledger is sound after $done statements, tried again $tries times");
is_deeply($db->selectall_arrayref('SELECT company_id, product_id, warehouse_id FROM stockflow.ledger GROUP BY 1, 2, 3'
	. ' HAVING count(*) <> max(version) OR min(version) <> 1'), [], 'no version is missing or there twice');
done_testing();
