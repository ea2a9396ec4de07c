# Random statements, hostile ones among them, against a model in plain Perl that knows nothing of StockFlow's
# code: what is in stock, and how many entries each ledger has. First one session, then six at once.
#
#   MODEL_SEED=123         repeats a run of one session exactly (the seed is printed)
#   MODEL_STATEMENTS=4000  of each session (default)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DBI;
use PostgreSQL::Test::Utils;
use Test::More;
use Storable qw(dclone store retrieve);
use StockFlow;

use constant { SESSIONS => 6, PRODUCTS => 6, WAREHOUSES => 2 };
my $statements = $ENV{MODEL_STATEMENTS} // 4000;
my $seed = $ENV{MODEL_SEED} // int(rand 1_000_000_000);
note("MODEL_SEED=$seed MODEL_STATEMENTS=$statements");

my $node = new_server('model', 'log_statement = none', 'max_prepared_transactions = 10');
my $dsn = 'dbi:Pg:host=' . $node->host . ';port=' . $node->port . ';dbname=postgres';
my $directory = PostgreSQL::Test::Utils::tempdir();

sub connection
{
	my $db = DBI->connect($dsn, undef, undef, { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_server_prepare => 0 });
	$db->do('SET client_min_messages = error');
	return $db;
}

# Company 1 belongs to one session alone. In company 2 six sessions share every row.
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (company_id, name, tamper_evident) VALUES (1, 'Alone', false), (2, 'Together', true);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 2) c, generate_series(1, 2) w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT c, p, 'P' || p, 'P', 1 FROM generate_series(1, 2) c, generate_series(1, 7) p;
-- Users' triggers: one on inventory that moves product 7 along, and one whose work is always rolled back.
CREATE FUNCTION public.follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_trigger_depth() = 1 AND NEW.product_id = 6 AND NEW.quantity > OLD.quantity THEN
        UPDATE stockflow.inventory SET quantity = quantity + 1 WHERE company_id = NEW.company_id AND product_id = 7 AND warehouse_id = 1;
    END IF;
    BEGIN
        IF pg_trigger_depth() = 1 AND NEW.product_id = 5 THEN
            UPDATE stockflow.inventory SET quantity = quantity + 5 WHERE company_id = NEW.company_id AND product_id = 7 AND warehouse_id = 1;
            PERFORM 1 / 0;
        END IF;
    EXCEPTION WHEN division_by_zero THEN NULL;
    END;
    RETURN NULL; END $$;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT c, 7, 1, 1000 FROM generate_series(1, 2) c;
CREATE TRIGGER follow AFTER UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION public.follow();
SQL

# The model. %$m: key "product/warehouse" => { q => quantity, n => entries, row => is there a row }.
sub new_model
{
	my %m;
	for my $p (1 .. PRODUCTS) { $m{"$p/$_"} = { q => 0, n => 0, row => 0 } for 1 .. WAREHOUSES }
	$m{'7/1'} = { q => 1000, n => 1, row => 1 };
	return \%m;
}

# What a change of one row means, also for the row that the user's trigger moves along.
sub move
{
	my ($m, $k, $by, $update) = @_;
	$m->{$k}{row} = 1;
	return if $by == 0;
	$m->{$k}{q} += $by;
	$m->{$k}{n}++;
	if ($update && $k =~ m{^6/} && $by > 0) { $m->{'7/1'}{q}++; $m->{'7/1'}{n}++ }
}
sub set { my ($m, $k, $to) = @_; die "negative\n" if $to < 0; move($m, $k, $to - $m->{$k}{q}, $m->{$k}{row}); return }
sub less { my ($m, $k, $by) = @_; die "short\n" if $m->{$k}{q} < $by; move($m, $k, -$by, 1); return }

# One random statement: its text, and what it does to the model; that dies when the statement has to fail.
sub random_statement
{
	my ($c) = @_;
	my ($p, $w) = (1 + int rand PRODUCTS, 1 + int rand WAREHOUSES);
	my ($k, $o) = ("$p/$w", 3 - $w);
	my ($q, $r) = (1 + int rand 9, int rand 12);
	my $at = "company_id = $c AND product_id = $p AND warehouse_id = $w";
	my $table = 'stockflow.inventory';
	my $columns = '(company_id, product_id, warehouse_id, quantity)';
	my @kinds = (
		[ 5, "SELECT stockflow.record_sale($c, $w, $p, $q)", sub { less($_[0], $k, $q) } ],
		[ 5, "SELECT stockflow.receive_stock($c, $w, $p, $q)", sub { move($_[0], $k, $q, 1) } ],
		[ 2, "SELECT stockflow.record_return($c, $w, $p, $q, now() - interval '$r days')", sub { move($_[0], $k, $q, 1) } ],
		[ 3, "SELECT stockflow.transfer_stock($c, $p, $w, $o, $q)",
			sub { less($_[0], $k, $q); move($_[0], "$p/$o", $q, 1) } ],
		[ 2, "SELECT stockflow.adjust_stock($c, $w, $p, -$q)", sub { less($_[0], $k, $q) } ],
		[ 3, "UPDATE $table SET quantity = quantity + $q - 4 WHERE $at",
			sub { my $e = $_[0]{$k}; set($_[0], $k, $e->{q} + $q - 4) if $e->{row} } ],
		[ 2, "UPDATE $table SET quantity = $r WHERE company_id = $c AND product_id = $p",
			sub { for my $x ("$p/1", "$p/2") { set($_[0], $x, $r) if $_[0]{$x}{row} } } ],
		[ 2, "DELETE FROM $table WHERE $at",
			sub { my $e = $_[0]{$k}; move($_[0], $k, -$e->{q}, 0); $e->{row} = 0 } ],
		[ 2, "INSERT INTO $table $columns VALUES ($c, $p, $w, $q)",
			sub { die "duplicate\n" if $_[0]{$k}{row}; move($_[0], $k, $q, 0) } ],
		[ 2, "INSERT INTO $table $columns VALUES ($c, $p, $w, $q), ($c, $p, $w, $r) ON CONFLICT DO NOTHING",
			sub { move($_[0], $k, $q, 0) unless $_[0]{$k}{row} } ],
		[ 2, "INSERT INTO $table AS i $columns VALUES ($c, $p, $w, $q) ON CONFLICT (company_id, product_id, warehouse_id)"
			. " DO UPDATE SET quantity = i.quantity + excluded.quantity", sub { move($_[0], $k, $q, $_[0]{$k}{row}) } ],
		[ 2, "MERGE INTO $table i USING (VALUES ($p, 1), ($p, 2)) AS s(p, w) ON i.company_id = $c AND i.product_id = s.p AND i.warehouse_id = s.w"
			. " WHEN MATCHED AND i.quantity > $r THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = i.quantity + $q"
			. " WHEN NOT MATCHED THEN INSERT $columns VALUES ($c, s.p, s.w, $q)",
			sub {
				for my $x ("$p/1", "$p/2")
				{
					my $e = $_[0]{$x};
					if ($e->{row} && $e->{q} > $r) { move($_[0], $x, -$e->{q}, 0); $e->{row} = 0 }
					else { move($_[0], $x, $q, $e->{row}) }
				}
			} ],
		[ 2, "WITH a AS (UPDATE $table SET quantity = quantity + $q WHERE company_id = $c AND product_id = $p AND warehouse_id = 1 RETURNING 1)"
			. " DELETE FROM $table WHERE company_id = $c AND product_id = $p AND warehouse_id = 2",
			sub {
				my $m = $_[0];
				move($m, "$p/1", $q, 1) if $m->{"$p/1"}{row};
				move($m, "$p/2", -$m->{"$p/2"}{q}, 0);
				$m->{"$p/2"}{row} = 0;
			} ],
		[ 1, "DO \$\$ BEGIN UPDATE $table SET quantity = quantity + 1 WHERE company_id = $c; PERFORM 1 / 0;"
			. ' EXCEPTION WHEN division_by_zero THEN NULL; END $$', sub { } ],
		[ 1, "UPDATE $table SET quantity = quantity / 0 WHERE company_id = $c AND $r >= 0",
			sub { die "division\n" if grep { $_->{row} } values %{ $_[0] } } ],
		[ 1, "UPDATE $table SET version = version + 1 WHERE $at", sub { die "kept\n" if $_[0]{$k}{row} } ],
		[ 1, "UPDATE $table SET product_id = 7 WHERE $at", sub { die "key\n" if $_[0]{$k}{row} } ],
		[ 1, 'DELETE FROM stockflow.inventory_log', sub { die "append-only\n" } ],
		[ 1, "INSERT INTO stockflow.inventory_log SELECT * FROM stockflow.inventory_log LIMIT 1", sub { die "append-only\n" } ],
		[ 1, 'TRUNCATE stockflow.inventory', sub { die "truncate\n" } ],
		[ 1, "SELECT stockflow.archive_log(now() - interval '$r milliseconds', $c, 50)", sub { } ],
		[ 1, "SELECT stockflow.record_movements($c, '[{\"product_id\": $p, \"warehouse_id\": $w, \"delta\": $q, \"reason\": \"receipt\"},"
			. " {\"product_id\": $p, \"warehouse_id\": $w, \"delta\": -$r, \"reason\": \"sale\"}]')",
			sub {
				my $e = $_[0]{$k};
				die "zero\n" if $r == 0;
				die "short\n" if $e->{q} + $q - $r < 0;
				my $n = $e->{n};
				move($_[0], $k, $q - $r, 1);
				$e->{row} = 1;
				$e->{n} = $n + 2;
			} ]);
	my $sum = 0;
	$sum += $_->[0] for @kinds;
	my $pick = rand $sum;
	for my $kind (@kinds) { return @$kind[1, 2] if ($pick -= $kind->[0]) < 0 }
	die;
}

# Whether stock, ledger and model say the same; returns the differences.
sub differences
{
	my ($db, $c, $m) = @_;
	my @wrong = map { "verify_ledger: @$_[1 .. $#$_]" } @{ $db->selectall_arrayref("SELECT * FROM stockflow.verify_ledger($c)") };
	my $ledger = $db->selectall_hashref("SELECT product_id || '/' || warehouse_id AS key, sum(delta)::bigint AS q, count(*) AS n,"
		. " max(version) AS v FROM stockflow.ledger WHERE company_id = $c GROUP BY 1", 'key');
	my $rows = $db->selectall_hashref("SELECT product_id || '/' || warehouse_id AS key, quantity::bigint AS q, version AS v"
		. " FROM stockflow.inventory WHERE company_id = $c", 'key');
	for my $k (sort keys %$m)
	{
		my ($e, $l, $r) = ($m->{$k}, $ledger->{$k} // { q => 0, n => 0, v => 0 }, $rows->{$k});
		push @wrong, "$k: model q $e->{q} n $e->{n}, ledger q $l->{q} n $l->{n} v $l->{v}"
		  if $e->{q} != $l->{q} || $e->{n} != $l->{n} || $l->{v} != $l->{n};
		push @wrong, "$k: model row $e->{row}, row " . ($r ? "q $r->{q} v $r->{v}" : 'none')
		  if $e->{row} != defined $r || ($r && ($r->{q} != $e->{q} || $r->{v} != $e->{n}));
	}
	return @wrong;
}

# Executes a statement and moves the model on. Errors must be those that the model foresees.
sub step
{
	my ($db, $c, $m) = @_;
	my ($sql, $effect) = random_statement($c);
	my $next = dclone($m);
	my $expected = eval { $effect->($next); 1 };
	my $done = eval { $db->do($sql); 1 };
	return ($done ? $next : $m, "$sql: " . ($done ? 'should have failed' : 'failed: ' . $db->errstr)) if !!$done != !!$expected;
	return ($done ? $next : $m, undef, $done);
}

# One session: alone, in transactions with savepoints, and in prepared transactions.
sub alone
{
	my ($db, $c, $count) = @_;
	my ($m, $n, @wrong) = (new_model(), 0);
	while ($n < $count && !@wrong)
	{
		my ($shape, $kept, $saved) = (rand, $m, undef);
		if ($shape < 0.3)
		{
			($m, my $wrong) = step($db, $c, $m);
			push @wrong, $wrong if $wrong;
			$n++;
		}
		else
		{
			$db->do('BEGIN ISOLATION LEVEL ' . ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')[ rand 3 ]);
			for (1 .. 1 + int rand 8)
			{
				$db->do('SAVEPOINT outer_one'), $saved = $m if !$saved && rand() < 0.3;
				$db->do('SAVEPOINT s');
				($m, my $wrong, my $done) = step($db, $c, $m);
				$n++;
				push @wrong, $wrong if $wrong;
				$db->do($done ? 'RELEASE s' : 'ROLLBACK TO s');
				$db->do('ROLLBACK TO outer_one'), $m = $saved if $saved && rand() < 0.15;
			}
			if ($shape < 0.5) { $db->do('ROLLBACK'); $m = $kept }
			elsif ($shape < 0.65)
			{
				my $keep = rand() < 0.5;
				$db->do("PREPARE TRANSACTION 'model'");
				$db->do($keep ? "COMMIT PREPARED 'model'" : "ROLLBACK PREPARED 'model'");
				$m = $kept unless $keep;
			}
			else { $db->do('COMMIT') }
		}
		push @wrong, differences($db, $c, $m) if $n % 20 == 0 || $n >= $count || @wrong;
		push @wrong, "after $n statements" if @wrong;
	}
	return ($n, @wrong);
}

srand $seed;
my ($n, @wrong) = alone(connection(), 1, $statements);
is_deeply(\@wrong, [], "one session: $n statements, and the model agrees (MODEL_SEED=$seed)");

# Six sessions at once. What each of them did and saw acknowledged is put together afterwards: the sum of the
# acknowledged changes is the stock.
sub together
{
	my ($number) = @_;
	srand($seed + $number);
	my ($db, $c) = (connection(), 2);
	my ($done, $tries, %sum, @bad) = (0, 0);
	while ($done < $statements)
	{
		my ($p, $w, $q) = (1 + int rand PRODUCTS, 1 + int rand WAREHOUSES, 1 + int rand 9);
		my $key = "company_id = $c AND product_id = $p AND warehouse_id = $w";
		my $changes = 'stockflow.inventory';
		my @kinds = (
			[ "SELECT stockflow.record_sale($c, $w, $p, $q)", [ "$p/$w", -$q ] ],
			[ "SELECT stockflow.receive_stock($c, $w, $p, $q)", [ "$p/$w", $q ] ],
			[ "SELECT stockflow.transfer_stock($c, $p, $w, 3 - $w, $q)", [ "$p/$w", -$q ], [ "$p/" . (3 - $w), $q ] ],
			[ "UPDATE $changes SET quantity = quantity + $q WHERE $key RETURNING '$p/$w', $q", undef ],
			[ "UPDATE $changes SET quantity = quantity - 1 WHERE company_id = $c AND product_id = $p RETURNING product_id || '/' || warehouse_id, -1", undef ],
			[ "DELETE FROM $changes WHERE $key RETURNING '$p/$w', -quantity", undef ],
			[ "INSERT INTO $changes AS i (company_id, product_id, warehouse_id, quantity) VALUES ($c, $p, $w, $q)"
				. " ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = i.quantity + $q RETURNING '$p/$w', $q", undef ],
			[ "INSERT INTO $changes (company_id, product_id, warehouse_id, quantity) VALUES ($c, $p, $w, $q) RETURNING '$p/$w', $q", undef ],
			[ "SELECT stockflow.archive_log(now(), $c, 20)" ]);
		my ($sql, @moves) = @{ $kinds[ rand @kinds ] };
		$done++;
		for my $try (1 .. 50)
		{
			my $level = ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')[ rand 3 ];
			my $ok = eval {
				$db->do("BEGIN ISOLATION LEVEL $level");
				my $rows = $db->selectall_arrayref($sql);
				@moves = map { [ @$_[0, 1] ] } @$rows if $sql =~ /RETURNING/;
				$db->do('COMMIT');
				1;
			};
			if ($ok) { for (@moves) { $sum{ $_->[0] } += $_->[1] if $_ } last }
			my $state = $db->state;
			eval { $db->do('ROLLBACK') };
			next if $state =~ /^(40001|40P01)$/ && ++$tries;
			push @bad, "$sql: $state" if $state !~ /^(23514|23505)$/;
			last;
		}
	}
	store({ done => $done, tries => $tries, sum => \%sum, bad => \@bad }, "$directory/$number");
	return;
}

$node->safe_psql('postgres', 'DROP TRIGGER follow ON stockflow.inventory');
my @children;
for my $number (1 .. SESSIONS)
{
	my $pid = fork // die;
	if ($pid == 0)
	{
		my $fine = eval { together($number); 1 };
		print STDERR $@ unless $fine;
		require POSIX;
		POSIX::_exit($fine ? 0 : 1);    # the server is the parent's
	}
	push @children, $pid;
}
my $failed = 0;
for (@children) { waitpid $_, 0; $failed++ if $? }
is($failed, 0, 'six sessions ended well');
my ($done, $tries, %sum, @bad) = (0, 0);
for my $number (1 .. SESSIONS)
{
	my $of = -e "$directory/$number" ? retrieve("$directory/$number") : next;
	$done += $of->{done};
	$tries += $of->{tries};
	push @bad, @{ $of->{bad} };
	$sum{$_} += $of->{sum}{$_} for keys %{ $of->{sum} };
}
is_deeply(\@bad, [], 'no error but those that the rules give');
my $db = connection();
my %stock = map { @$_ } @{ $db->selectall_arrayref("SELECT product_id || '/' || warehouse_id, quantity::bigint FROM stockflow.inventory"
	. ' WHERE company_id = 2 AND product_id < 7 AND quantity <> 0') };
is_deeply(\%stock, { map { $_ => $sum{$_} } grep { $sum{$_} } keys %sum }, 'stock is the sum of what the sessions did');
is_deeply($db->selectall_arrayref('SELECT * FROM stockflow.verify_ledger()'), [], "the ledger is sound after $done statements, tried again $tries times");
is_deeply($db->selectall_arrayref('SELECT company_id, product_id, warehouse_id FROM stockflow.ledger GROUP BY 1, 2, 3'
	. ' HAVING count(*) <> max(version) OR min(version) <> 1'), [], 'no version is missing or there twice');

# A trigger that is switched off is found out at the latest when the transaction ends.
$db->do('BEGIN');
$db->do('ALTER TABLE stockflow.inventory DISABLE TRIGGER aa_ledger_write');
$db->do('UPDATE stockflow.inventory SET quantity = quantity + 1');
ok(!eval { $db->do('COMMIT'); 1 } && $db->state eq '23000', 'stock without its entries is not committed');
eval { $db->do('ROLLBACK') };
is_deeply($db->selectall_arrayref('SELECT * FROM stockflow.verify_ledger()'), [], 'and nothing has changed');
done_testing();
