# Eight clients with a driver that tries again what it is unsure of, while the server is killed: nothing that
# was acknowledged is lost, nothing happens twice, and a retry gets the first answer.
#
#   CRASH_FAULTS=30      how often something is killed (default 6)
#   CRASH_CALLS=40000    calls to be acknowledged at least (default 3000)
#   CRASH_SEED=123       what is killed and when follows from it; the timing of the server does not
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DBI;
use PostgreSQL::Test::Utils;
use Test::More;
use POSIX ();
use Time::HiRes qw(sleep time);
use StockFlow;

use constant { CLIENTS => 8, PRODUCTS => 8 };
my $faults = $ENV{CRASH_FAULTS} // 6;
my $calls = $ENV{CRASH_CALLS} // 3000;
my $seed = $ENV{CRASH_SEED} // int(rand 1_000_000_000);
note("CRASH_SEED=$seed CRASH_FAULTS=$faults CRASH_CALLS=$calls");
srand $seed;

my $node = new_server('driver', 'fsync = on', 'restart_after_crash = on', 'log_statement = none');
my $dsn = 'dbi:Pg:dbname=postgres;host=' . $node->host . ';port=' . $node->port . ';application_name=client';
my $directory = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION amcheck;
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'A'), (1, 2, 'B');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 1, i, 'P' || i, 'P', 1 FROM generate_series(1, 8) i;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity)
    SELECT 1, i, j, 1000000 FROM generate_series(1, 8) i, generate_series(1, 2) j;
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'S');
-- Orders 1 to 8, one per product, of which every client receives.
SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, format('[{"product_id": %s, "quantity": 1000000}]', i)::jsonb))
  FROM generate_series(1, 8) i;
SQL

# A call, and what to make the next one of, when its result is known. Where the ledger does not name the key, the unit cost,
# which is another in each call, tells them apart.
sub call_for
{
	my ($key, $number) = @_;
	my ($p, $w) = (1 + int rand PRODUCTS, 1 + int rand 2);
	my $o = 3 - $w;
	my $named = "reference => '$key', idempotency_key => '$key'";
	my $follow = sub { my ($function) = @_; return sub { my ($id) = @_; return sub { "SELECT stockflow.$function(1, $id, idempotency_key => '$_[0]')" } } };
	my $ship = sub { my ($id) = @_; return (sub { "SELECT stockflow.ship_transfer(1, $id, idempotency_key => '$_[0]')" },
			sub { return $follow->('receive_transfer')->($id) }) };
	my @calls = (
		[ "SELECT stockflow.record_sale(1, $w, $p, 2, $named)" ],
		[ "SELECT stockflow.receive_stock(1, $w, $p, 1, $named)" ],
		[ "SELECT stockflow.transfer_stock(1, $p, $w, $o, 3, $named)" ],
		[ "SELECT stockflow.receive_purchase_order(1, $p, '[{\"line_id\": 1, \"quantity\": 1, \"unit_cost\": $number}]', idempotency_key => '$key')" ],
		[ "SELECT stockflow.reserve_stock(1, '[{\"product_id\": $p, \"warehouse_id\": $w, \"quantity\": 1}]', '2100-01-01', $named)",
			$follow->('commit_reservation') ],
		[ "SELECT stockflow.create_transfer(1, $w, $o, '[{\"product_id\": $p, \"quantity\": 4}]', $named)", $ship ]);
	return @{ $calls[ rand @calls ] };
}

# A client whose parent has died would go on for ever.
my $parent = $$;
sub is_orphan { return getppid() != $parent }

# A client: writes "key <tab> result <tab> call" of each call that was acknowledged, and tries again, with the
# same key, after any failure. Now and then it repeats a call that it has an answer to.
sub client
{
	my ($number) = @_;
	srand($seed + $number);
	my ($db, $n, @said, @next) = (undef, 0);
	open my $out, '>', "$directory/client.$number" or die;
	$out->autoflush(1);
	while (!-e "$directory/stop" && !is_orphan())
	{
		my $key = "$number-" . ++$n;
		my ($call, $then);
		if (@next && rand() < 0.5) { (my $make, $then) = @{ shift @next }; $call = $make->($key) }
		else { ($call, $then) = call_for($key, 10_000_000 * $number + $n) }
		my $result;
		until (defined $result)
		{
			$result = eval {
				$db //= DBI->connect($dsn, undef, undef, { RaiseError => 1, PrintError => 0, AutoCommit => 1 });
				$db->selectrow_arrayref($call)->[0] // '';
			};
			last if defined $result;
			my $state = $DBI::state // '';    # 22000 is the driver's word for a connection that is gone
			print $out "!\t$key\t$state\n" if $state =~ /^(22|23|42|55)/ && $state ne "22000";    # a refusal
			$db = undef;
			last if -e "$directory/give_up" || is_orphan();
			sleep(0.05);
		}
		last unless defined $result;
		print $out "$key\t$result\t$call\n";
		push @next, [ $then->($result) ] if $then;
		push @said, [ $call, $result ] if rand() < 0.05;
		if (@said && rand() < 0.02)
		{
			my ($again, $first) = @{ $said[ rand @said ] };
			my $second = eval { $db->selectrow_arrayref($again)->[0] // '' };
			$db = undef if !defined $second;
			print $out "?\t$first\t$second\n" if defined $second && $second ne $first;
			print $out "=\n" if defined $second;
		}
	}
	print $out ".\n";
	return;
}

my @clients;
for my $number (1 .. CLIENTS)
{
	my $pid = fork // die;
	if ($pid == 0)
	{
		eval { client($number); 1 } or print STDERR $@;
		POSIX::_exit(0);    # the server is the parent's
	}
	push @clients, $pid;
}

# What the clients have written so far.
sub lines { return map { split /\n/, PostgreSQL::Test::Utils::slurp_file($_) } glob "$directory/client.*" }

# The postmaster dies; its children notice sooner or later, some while they work.
sub kill_postmaster
{
	my $file = $node->data_dir . '/postmaster.pid';
	my ($postmaster) = split /\n/, PostgreSQL::Test::Utils::slurp_file($file);
	my @children = children_of($postmaster);
	$node->kill9;
	sleep(rand 0.05);
	kill 'KILL', @children;
	for (1 .. 400) { last unless grep { is_running($_) } $postmaster, @children; sleep 0.05 }
	unlink $file, $node->host . '/.s.PGSQL.' . $node->port . '.lock';
	$node->start;
	return;
}

my %faults = (postmaster => \&kill_postmaster,
	immediate => sub { $node->stop('immediate'); $node->start },
	backend => sub {
		my $pid = eval { DBI->connect($dsn =~ s/client/killer/r, undef, undef, { RaiseError => 1, PrintError => 0 })->selectrow_arrayref(
			"SELECT pid FROM pg_stat_activity WHERE application_name = 'client' ORDER BY state <> 'active', random() LIMIT 1")->[0] };
		kill 'KILL', $pid if $pid;
		return;
	});
my @order = qw(backend postmaster immediate);
my %done;
for my $n (1 .. $faults)
{
	my $wanted = $calls * $n / ($faults + 1);
	my $deadline = time + 300;
	sleep 0.1 while grep({ /^\d/ } lines()) < $wanted && time < $deadline;
	sleep(rand 0.3);
	my $fault = $order[ $n % 3 ];
	$faults{$fault}->();
	$done{$fault}++;
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
}
my $deadline = time + 300;
sleep 0.1 while grep({ /^\d/ } lines()) < $calls && time < $deadline;
PostgreSQL::Test::Utils::append_to_file("$directory/stop", '');
for (1 .. 600) { last if CLIENTS == grep { $_ eq '.' } lines(); sleep 0.1 }
PostgreSQL::Test::Utils::append_to_file("$directory/give_up", '');
waitpid $_, 0 for @clients;

my @lines = lines();
my @acknowledged = map { [ split /\t/, $_, 3 ] } grep { /^\d/ } @lines;
note('faults: ' . join(', ', map { "$_ $done{$_}" } sort keys %done) . '; acknowledged ' . @acknowledged
	. ', asked again ' . grep({ $_ eq '=' } @lines));
is(scalar(grep { $_ eq '.' } @lines), CLIENTS, 'every client came to its end');
cmp_ok(scalar @acknowledged, '>=', $calls, 'calls were acknowledged');
is_deeply([ grep { /^!/ } @lines ], [], 'no call was refused');
is_deeply([ grep { /^\?/ } @lines ], [], 'a call that is made again at once gets the first answer');

my $db = DBI->connect($dsn, undef, undef, { RaiseError => 1, PrintError => 0 });
$db->do('CREATE TEMP TABLE said (key text PRIMARY KEY, result text, operation text, id bigint, cost numeric)');
$db->do('COPY said FROM STDIN');
for my $said (@acknowledged)
{
	my ($key, $result, $call) = @$said;
	my ($operation, $id) = $call =~ /stockflow\.(\w+)\(1, (\d+)/ ? ($1, $2) : ($call =~ /stockflow\.(\w+)/, '\N');
	my $cost = $call =~ /"unit_cost": (\d+)/ ? $1 : '\N';
	$db->pg_putcopydata(join("\t", $key, $result, $operation, $id, $cost) . "\n");
}
$db->pg_putcopyend;
my $rows = sub { return $db->selectall_arrayref($_[0]) };
note('acknowledged: ' . join(', ', map { "$_->[0] $_->[1]" } @{ $rows->('SELECT operation, count(*) FROM said GROUP BY 1 ORDER BY 1') }));
is_deeply($rows->(<<'SQL'), [], 'nothing that was acknowledged is lost, and its result is the one that was stored');
SELECT s.key, s.result, k.result FROM said s LEFT JOIN stockflow.idempotency_keys k ON k.company_id = 1 AND k.idempotency_key = s.key
 WHERE k.idempotency_key IS NULL OR k.operation <> s.operation OR coalesce(k.result #>> '{}', '') <> s.result
SQL
is_deeply($rows->(<<'SQL'), [], 'sales, receipts and transfers: nothing happened twice or by half, and nothing that nobody asked for');
WITH entries AS (SELECT reference AS key, array_agg(delta ORDER BY delta) AS deltas FROM stockflow.ledger
                  WHERE reference NOT LIKE 'transfer:%' AND reference NOT LIKE 'purchase_order:%'
                    AND reference NOT IN (SELECT key FROM said WHERE operation = 'reserve_stock') GROUP BY 1)
SELECT s.key, s.operation, e.deltas
  FROM (SELECT * FROM said WHERE operation IN ('record_sale', 'receive_stock', 'transfer_stock')) s FULL JOIN entries e USING (key)
 WHERE e.deltas IS DISTINCT FROM CASE s.operation WHEN 'record_sale' THEN '{-2}'::numeric[] WHEN 'receive_stock' THEN '{1}' WHEN 'transfer_stock' THEN '{-3,3}' END
SQL
is_deeply($rows->(<<'SQL'), [], 'reservations: each is there once, and sold once if it was committed');
SELECT s.key, h.*, c.key, e.deltas FROM (SELECT * FROM said WHERE operation = 'reserve_stock') s
  FULL JOIN (SELECT r.reference AS key, array_agg(r.reservation_id) AS ids, sum(l.quantity) AS held, sum(l.committed) AS sold
               FROM stockflow.reservations r JOIN stockflow.reservation_lines l USING (company_id, reservation_id) GROUP BY 1) h USING (key)
  LEFT JOIN said c ON c.operation = 'commit_reservation' AND c.id = s.result::bigint
  LEFT JOIN (SELECT reference AS key, array_agg(delta) AS deltas FROM stockflow.ledger WHERE reason = 'sale' GROUP BY 1) e ON e.key = s.key
 WHERE s.key IS NULL OR h.ids IS DISTINCT FROM ARRAY[s.result::bigint] OR h.held <> 1 OR h.sold <> (c.key IS NOT NULL)::int
    OR e.deltas IS DISTINCT FROM CASE WHEN c.key IS NOT NULL THEN '{-1}'::numeric[] END
SQL
is_deeply($rows->(<<'SQL'), [], 'transfers that take time: each was made, shipped and received as often as was said, once');
SELECT s.key, t.*, sent.key, got.key FROM (SELECT * FROM said WHERE operation = 'create_transfer') s
  FULL JOIN (SELECT h.reference AS key, h.transfer_id, h.state, count(*) OVER (PARTITION BY h.reference) AS made,
                    (SELECT array_agg(g.delta ORDER BY g.delta) FROM stockflow.ledger g WHERE g.reference = format('transfer:%s/1', h.transfer_id)) AS deltas
               FROM stockflow.transfers h) t USING (key)
  LEFT JOIN said sent ON sent.operation = 'ship_transfer' AND sent.id = t.transfer_id
  LEFT JOIN said got ON got.operation = 'receive_transfer' AND got.id = t.transfer_id
 WHERE s.key IS NULL OR t.transfer_id IS DISTINCT FROM s.result::bigint OR t.made <> 1
    OR t.state <> CASE WHEN got.key IS NOT NULL THEN 'received' WHEN sent.key IS NOT NULL THEN 'shipped' ELSE 'draft' END
    OR t.deltas IS DISTINCT FROM CASE WHEN got.key IS NOT NULL THEN '{-4,4}'::numeric[] WHEN sent.key IS NOT NULL THEN '{-4}' END
SQL
is_deeply($rows->(<<'SQL'), [], 'deliveries: each was booked once, in stock and on its order');
SELECT s.key, r.*, g.* FROM (SELECT * FROM said WHERE operation = 'receive_purchase_order') s
  FULL JOIN (SELECT unit_cost AS cost, order_id, count(*) AS n, sum(quantity) AS units FROM stockflow.purchase_receipts GROUP BY 1, 2) r USING (cost)
  FULL JOIN (SELECT unit_cost AS cost, reference, sum(delta) AS units, count(*) AS n FROM stockflow.ledger
              WHERE reference LIKE 'purchase_order:%' GROUP BY 1, 2) g USING (cost)
 WHERE (s.id, 1::bigint, 1::numeric, 1::bigint, 1::numeric, format('purchase_order:%s/1', s.id))
       IS DISTINCT FROM (r.order_id, r.n, r.units, g.n, g.units, g.reference)
SQL
is_deeply($rows->(<<'SQL'), [], 'every balance is the sum of its movements, and what is reserved, on order and in transit that of its lines');
SELECT * FROM stockflow.inventory i
 WHERE quantity <> (SELECT sum(delta) FROM stockflow.ledger l WHERE l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id)
    OR reserved <> (SELECT coalesce(sum(l.open_quantity), 0) FROM stockflow.reservation_lines l WHERE l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id)
    OR on_order <> (SELECT coalesce(sum(l.open_quantity), 0) FROM stockflow.purchase_order_lines l WHERE l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id)
    OR in_transit <> (SELECT coalesce(sum(l.open_quantity), 0) FROM stockflow.transfer_lines l WHERE l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id)
SQL
is_deeply($rows->('SELECT * FROM stockflow.verify_ledger()'), [], 'the ledger is sound');

my $wrong = 0;
for my $said (@acknowledged[ map { int rand @acknowledged } 1 .. 500 ])
{
	$wrong++ if ($db->selectrow_arrayref($said->[2])->[0] // '') ne $said->[1];
}
is($wrong, 0, 'a retry after all faults gets the first answer');
my $indexes = eval { $rows->(<<'SQL') };
SELECT bt_index_parent_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
 WHERE c.relnamespace = 'stockflow'::regnamespace AND a.amname = 'btree'
SQL
cmp_ok(scalar @{ $indexes // [] }, '>', 50, 'every index agrees with its table') or diag($@);
is_deeply($rows->(<<'SQL'), [], 'and every table is whole');
SELECT c.relname, h.* FROM pg_class c CROSS JOIN LATERAL verify_heapam(c.oid::regclass) h WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relkind = 'r'
SQL
done_testing();
