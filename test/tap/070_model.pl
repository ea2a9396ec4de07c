# Random statements, hostile ones among them, against a model in plain Perl that knows nothing of StockFlow's code
# (Model/State.pm): stock, ledger, lots, what is reserved, on order and in transit, and who alerts. One session here, in
# transactions of every kind; six at once in 071_model_sessions.pl.
#
#   MODEL_SEED=123         repeats a run exactly (the seed is printed)
#   MODEL_STATEMENTS=4000  so many statements (default)
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Utils;
use StockFlow qw(handed_to state_of);
use Storable qw(dclone);
use Test::More;
use Model::Database qw(model_server connection other_company);
use Model::Documents qw(document_statements);
use Model::State qw(new_state prune held on_order in_transit alerts_of);
use Model::Statements qw(stock_statements setting_statements);

my $statements = $ENV{MODEL_STATEMENTS} // 4000;
my $seed = $ENV{MODEL_SEED} // int(rand 1_000_000_000);
note("MODEL_SEED=$seed MODEL_STATEMENTS=$statements");
my $c = 1;
my $node = model_server('model', other_company => 1);

# Users' triggers: one on inventory that moves product 7 along, and one whose work is always rolled back.
$node->safe_psql('postgres', <<'SQL');
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
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 7, 1, 1000);
CREATE TRIGGER follow AFTER UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION public.follow();
SQL

my $db = connection($node);
my $watch = connection($node);    # sees all companies, always
my $other = other_company($watch);
# With an odd seed the tables belong to a role that is no superuser, and it does what follows.
if ($seed % 2)
{
	$node->safe_psql('postgres', 'CREATE ROLE keeper; GRANT ALL ON SCHEMA public TO keeper; ALTER FUNCTION public.follow() OWNER TO keeper;'
		. ' GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA stockflow TO keeper;' . handed_to('keeper'));
	$db->do('SET ROLE keeper');
}
sub rows { return $db->selectall_arrayref($_[0]) }
sub today { return rows(q{SELECT (now() AT TIME ZONE 'UTC')::date - date '2000-01-01'})->[0][0] }

# One of some statements, by their weights.
sub random_statement
{
	my ($m) = @_;
	my $sort = rand;
	my @kinds = $sort < 0.55 ? stock_statements($c, $m) : $sort < 0.95 ? document_statements($c, $m) : setting_statements($c, $m);
	my $sum = 0;
	$sum += $_->[0] for @kinds;
	my $at = rand $sum;
	for my $kind (@kinds) { return @$kind[ 1 .. 3 ] if ($at -= $kind->[0]) < 0 }
	die;
}

# The columns of inventory that the model knows.
sub wrong_rows
{
	my ($m) = @_;
	my %row = map { $_->[0] => $_ } @{ rows("SELECT product_id || '/' || warehouse_id, quantity::bigint, version, reserved::bigint, on_order::bigint,"
		. " in_transit::bigint, dynamic_reorder_point::bigint FROM stockflow.inventory WHERE company_id = $c") };
	# What planning makes of the forecasts is beyond the model, which only knows what it does to alerts.
	$m->{dynamic} = { map { $_ => $row{$_}[6] } keys %row };
	my @wrong;
	for my $k (sort keys %{ $m->{rows} })
	{
		my $e = $m->{rows}{$k};
		my $wanted = $e->{row} ? join(' ', $e->{q}, $e->{n}, held($m, $k), on_order($m, $k), in_transit($m, $k)) : 'none';
		my $found = $row{$k} ? join(' ', @{ $row{$k} }[ 1 .. 5 ]) : 'none';
		push @wrong, "$k: stock, entries, reserved, on order, in transit should be $wanted, not $found" if $wanted ne $found;
	}
	return @wrong;
}

# The ledger, lots, and what the database says of itself.
sub wrong_ledger
{
	my ($m) = @_;
	my @wrong = map { "verify_ledger: @$_[1 .. $#$_]" } @{ rows("SELECT * FROM stockflow.verify_ledger($c)") };
	my %ledger = map { $_->[0] => "@$_[1 .. 3]" } @{ rows("SELECT product_id || '/' || warehouse_id, sum(delta)::bigint, count(*), max(version)"
		. " FROM stockflow.ledger WHERE company_id = $c GROUP BY 1") };
	my %lots = map { $_->[0] => $_->[1] } @{ rows("SELECT product_id || '/' || warehouse_id, string_agg(lot || quantity::bigint, ' ' ORDER BY lot)"
		. " FROM stockflow.lot_stock WHERE company_id = $c GROUP BY 1") };
	my %open = map { $_->[0] => 1 } @{ rows("SELECT product_id || '/' || warehouse_id FROM stockflow.alerts WHERE company_id = $c AND state = 'open'") };
	for my $k (sort keys %{ $m->{rows} })
	{
		my $e = $m->{rows}{$k};
		push @wrong, "$k: its alert should " . ($m->{episodes}{$k} ? 'be open' : 'not be open') if ($m->{episodes}{$k} // 0) != ($open{$k} // 0);
		my $wanted = $e->{n} ? "$e->{q} $e->{n} $e->{n}" : 'none';
		push @wrong, "$k: the ledger should have $wanted, not " . ($ledger{$k} // 'none') if $wanted ne ($ledger{$k} // 'none');
		my $lots = join ' ', map { "$_$e->{lots}{$_}" } grep { $e->{lots}{$_} } sort keys %{ $e->{lots} };
		push @wrong, "$k: lots should be $lots, not " . ($lots{$k} // 'none') if $lots ne ($lots{$k} // '');
	}
	return @wrong;
}

# low_stock_alerts with random options, and in the same words what the model says.
sub wrong_alerts
{
	my ($m) = @_;
	return if today() != $m->{today};
	my %o = (lookback => (1, 7, 30, 31, 32, 33, 45, 60)[ rand 8 ], stockouts => int rand 2, recent_only => int rand 2, bundles => int rand 2,
		warehouse => (undef, 1, 2)[ rand 3 ]);
	my $sql = "low_stock_alerts($c, " . ($o{warehouse} // 'NULL') . ", $o{lookback}, include_stockouts => "
	  . ($o{stockouts} ? 'true' : 'false') . ', include_bundles => ' . ($o{bundles} ? 'true' : 'false') . ', recent_sales_only => ' . ($o{recent_only} ? 'true' : 'false') . ')';
	my $said = rows('SELECT product_id, warehouse_id, current_stock::bigint, threshold::bigint, days_until_stockout, available::bigint,'
		. " demand::bigint, days_in_stock FROM stockflow.$sql");
	my ($is, $wanted) = map { join '; ', map { join ' ', map { $_ // 'null' } @$_ } @$_ } $said, alerts_of($m, \%o);
	return $is eq $wanted ? () : "$sql should be $wanted, but is $is";
}

# What an application's role has no right to.
my $denied = qr/archive_log|inventory_log|lot_stock|TRUNCATE|UPDATE stockflow\.companies/;

# Executes a statement and moves the model on. Errors must be those that the model foresees, or one of them.
sub step
{
	my ($m) = @_;
	my ($sql, $effect, $run) = random_statement($m);
	my $next = dclone($m);
	my ($check, $result);
	my $expected = eval { $check = $effect->($next); 1 };
	my $wanted = $expected ? '' : $@ =~ /^([0-9A-Z]{5}( [0-9A-Z]{5})*)\n$/ ? $1 : die "$sql: $@";
	$wanted = $sql =~ $denied ? '42501' : $sql =~ /^COPY/ ? '0A000' : $wanted if $m->{is_clerk};
	my $done = eval {
		if ($run) { $run->($db) }
		elsif ($sql =~ /^SELECT/) { $result = $db->selectrow_arrayref($sql) }
		else { $db->do($sql) }
		1;
	};
	my $error = $done ? '' : $db->state;
	return ($m, "$sql: should end with " . ($wanted || 'success') . ', not ' . ($error ? $db->errstr . " ($error)" : 'success'))
	  unless $error eq $wanted || ($error && index($wanted, $error) >= 0);
	return ($m, undef, 0) unless $done;
	my $wrong = $check ? $check->($result->[0]) : undef;
	return ($next, $wrong ? "$sql: $wrong" : undef, 1);
}

# Statements in a transaction, with savepoints, which then ends in one of several ways.
sub transaction
{
	my ($m, $how) = @_;
	my ($n, $kept, $saved, @wrong) = (0, $m);
	$m->{notified} = 0;    # who has notified cannot prepare
	$db->do('BEGIN ISOLATION LEVEL ' . ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')[ rand 3 ]);
	for (1 .. 1 + int rand 8)
	{
		if (!$saved && rand() < 0.3) { $db->do('SAVEPOINT outer_one'); $saved = $m }
		$db->do('SAVEPOINT s');
		($m, my $wrong, my $done) = step($m);
		$n++;
		$db->do($done ? 'RELEASE s' : 'ROLLBACK TO s');
		if ($saved && rand() < 0.15) { $db->do('ROLLBACK TO outer_one'); $m = $saved }
		push @wrong, $wrong // (), wrong_rows($m);
		last if @wrong;
	}
	if ($how < 0.5) { $db->do('ROLLBACK'); $m = $kept }
	elsif ($how < 0.65 && !$m->{notified})
	{
		my $keep = rand() < 0.5;
		$db->do("PREPARE TRANSACTION 'model'");
		$db->do($keep ? "COMMIT PREPARED 'model'" : "ROLLBACK PREPARED 'model'");
		$m = $kept unless $keep;
	}
	else { $db->do('COMMIT') }
	return ($m, $n, @wrong);
}

srand $seed;
my ($m, $n, @wrong) = (new_state(today()), 0);
my $checked = 0;
# Time zones in which it is the same day, now and for a while.
$m->{zones} = [ map { $_->[0] } @{ rows(q{SELECT zone FROM unnest('{UTC,Europe/Berlin,America/New_York,Asia/Kolkata,Asia/Tokyo}'::text[]) AS zone
	WHERE (now() AT TIME ZONE zone)::date = (now() AT TIME ZONE 'UTC')::date AND ((now() + interval '10 minutes') AT TIME ZONE zone)::date = (now() AT TIME ZONE 'UTC')::date}) } ];
while ($n < $statements && !@wrong && today() == $m->{today})    # at midnight it ends
{
	my $how = rand;
	# The second half is without users' triggers: functions then need no statement to move stock. Its last part is done by
	# an application's role, under row level security.
	if ($m->{follows} && $n >= $statements / 2)
	{
		$db->do('DROP TRIGGER follow ON stockflow.inventory');
		$m->{follows} = 0;
	}
	if (!$m->{is_clerk} && $n >= $statements * 0.7)
	{
		$db->do($_) for 'RESET ROLE', 'CREATE ROLE clerk', "SELECT stockflow.grant_access('clerk', 'app')", "SET stockflow.company_id = $c", 'SET ROLE clerk';
		$m->{is_clerk} = 1;
	}
	$m->{moment}++;    # now() of the next transaction
	if ($how < 0.3)
	{
		($m, my $wrong) = step($m);
		push @wrong, $wrong // ();
		$n++;
	}
	else
	{
		($m, my $count, @wrong) = transaction($m, $how);
		$n += $count;
	}
	push @wrong, wrong_rows($m), wrong_alerts($m) unless @wrong;
	if (!@wrong && ($n >= $checked + 20 + $n / 100 || $n >= $statements))
	{
		push @wrong, wrong_ledger($m);
		push @wrong, 'the other company has changed: ' . other_company($watch) if other_company($watch) ne $other;
		$checked = $n;
	}
	push @wrong, "after $n statements" if @wrong;
	prune($m);
}
$db->do('RESET ROLE');
is_deeply(\@wrong, [], "one session: $n statements, and the model agrees (MODEL_SEED=$seed)");
for my $check (map { $_->[0] } @{ rows("SELECT proname FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace AND proname LIKE 'verify\\_%' AND pronargs = pronargdefaults ORDER BY 1") })
{
	is_deeply(rows("SELECT * FROM stockflow.$check()"), [], "$check finds nothing");
}

# What all this has left survives a dump.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/model';
$node->command_ok([ 'pg_dump', '--format=custom', '--file', $dump, $node->connstr('postgres') ], 'it is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$node->command_ok([ 'pg_restore', '--exit-on-error', '--dbname', $node->connstr('copy'), $dump ], 'restored');
is_deeply([ state_of($node, 'copy') ], [ state_of($node, 'postgres') ], 'and the same');
is($node->safe_psql('copy', 'SELECT count(*) FROM stockflow.verify_ledger()'), '0', 'and sound');

# A trigger that is switched off is found out at the latest when the transaction ends.
$db->do('BEGIN');
$db->do('ALTER TABLE stockflow.inventory DISABLE TRIGGER aa_ledger_write');
$db->do('UPDATE stockflow.inventory SET quantity = quantity + 1');
ok(!eval { $db->do('COMMIT'); 1 } && $db->state eq '23000', 'stock without its entries is not committed');
eval { $db->do('ROLLBACK') };
is_deeply(rows('SELECT * FROM stockflow.verify_ledger()'), [], 'and nothing has changed');
done_testing();
