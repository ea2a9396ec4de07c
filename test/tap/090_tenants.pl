# Three companies, every relation, every function, every verb: nobody reads a row of another company, changes one,
# or learns whether one exists. What is walked comes from the catalog, so a new table or function is walked, too.
#
# An oracle is found by comparison: what a session gets to know of company 2 must be what it gets to know, for the
# same statement, of company 4, which exists nowhere.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DBI;
use Test::More;
use Time::HiRes qw(time);
use Calls;
use StockFlow;
use Tenants;

my $node = new_server('tenants', 'log_statement = none');
three_companies($node);
my ($own, $foreign, $nowhere) = (1, 2, 4);

# Counts rows of others that are written, also in transactions that are rolled back, as sequences do not.
$node->safe_psql('postgres', <<"SQL");
CREATE SCHEMA walk;
CREATE SEQUENCE walk.strange MINVALUE 0 START 0;
SELECT nextval('walk.strange');
CREATE FUNCTION walk.look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.company_id <> @{[ company_id($own) ]} OR TG_OP <> 'DELETE' AND NEW.company_id <> @{[ company_id($own) ]} THEN
        PERFORM nextval('walk.strange');
    END IF;
    RETURN NULL;
END \$\$;
DO \$\$
DECLARE t regclass;
BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'r'
                AND relname NOT IN ('inventory', 'inventory_log') LOOP
        EXECUTE format('CREATE TRIGGER zzz_walk AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION walk.look()', t);
    END LOOP;
END \$\$;
GRANT CREATE ON SCHEMA public TO PUBLIC;
-- Where functions write without a statement, and would not if there were a trigger.
CREATE FUNCTION walk.others() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER BEGIN ATOMIC
    SELECT md5(string_agg(r, ';' ORDER BY r))
      FROM (SELECT i::text FROM stockflow.inventory i WHERE i.company_id <> @{[ company_id($own) ]}
            UNION ALL SELECT l::text FROM stockflow.inventory_log l WHERE l.company_id <> @{[ company_id($own) ]}) AS t(r);
END;
GRANT USAGE ON SCHEMA walk TO PUBLIC;
CREATE FUNCTION public.spy(seen anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
    AS \$\$ BEGIN RAISE NOTICE 'spy: %', seen; RETURN true; END \$\$;
SQL

my $owner = DBI->connect(dsn_of($node), 'postgres', '', { RaiseError => 1, PrintError => 0, pg_placeholder_dollaronly => 1, pg_expand_array => 0 });
my %session = map {
	$_ => DBI->connect(dsn_of($node), $_, '', { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_placeholder_dollaronly => 1, pg_expand_array => 0 })
} qw(app lost report admin outsider);

# What there is, by the catalog.
my @tables = map { $_->[0] } @{ $owner->selectall_arrayref(
		"SELECT relname FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind IN ('r', 'p', 'f', 'm') ORDER BY 1") };
my @views = map { $_->[0] } @{ $owner->selectall_arrayref(
		"SELECT relname FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'v' ORDER BY 1") };
my @sequences = map { $_->[0] } @{ $owner->selectall_arrayref(
		"SELECT relname FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'S' ORDER BY 1") };
my @functions = public_functions($owner);
my %columns = map {
	my $table = $_;
	$table => $owner->selectall_arrayref(<<'SQL', { Slice => {} }, "stockflow.$table") } @tables;
SELECT a.attname AS name, a.attgenerated <> '' AS is_generated,
       a.attnotnull AND NOT a.atthasdef OR a.attnum = ANY (k.conkey) AS is_needed, a.attnum = ANY (k.conkey) AS is_key,
       format_type(a.atttypid, a.atttypmod) AS type
  FROM pg_attribute a LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p'
 WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
SQL

sub checksums
{
	return join "\n", map {
		$owner->selectrow_array("SELECT '$_ ' || count(*) || md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), ''))"
			. " FROM stockflow.$_ t WHERE company_id <> " . company_id($own))
	} @tables;
}
my $before = checksums();
for my $table (@tables)
{
	is($owner->selectrow_array("SELECT count(DISTINCT company_id) FROM stockflow.$table"), 3, "$table: has rows of three companies");
}

# Runs a statement as a role, of company 1 where it has one, and takes it back. Leaks go to @leaks.
my (@leaks, $strange);
my $others = $owner->selectrow_array('SELECT walk.others()');
my $statements = 0;
sub try
{
	my ($role, $sql, %options) = @_;
	my $db = $session{$role};
	$db->do('BEGIN') unless $options{alone};
	attempt($db, 'SELECT stockflow.set_company(' . company_id($own) . ')') if $role eq 'admin' && !$options{alone};
	my $seen = attempt($db, $sql);
	# What is put off until the end of the transaction, too.
	$seen .= attempt($db, 'SET CONSTRAINTS ALL IMMEDIATE') if !$options{alone} && $seen !~ /^[0-9A-Z]{5} /m;
	if ($seen !~ /^[0-9A-Z]{5} /m && $db->selectrow_array('SELECT walk.others()') ne $others)
	{
		push @leaks, "$role: $sql changes stock of another company";
	}
	$db->do('ROLLBACK') unless $options{alone};
	$statements++;
	my $now = $owner->selectrow_array('SELECT last_value FROM walk.strange');
	push @leaks, "$role: $sql writes a row of another company" if defined $strange && $now != $strange;
	$strange = $now;
	# Ids and texts that the statement itself gives are no news.
	for my $trace ($seen =~ /(zq[23]|\b[23]0000\d{3}\b)/g)
	{
		push @leaks, "$role: $sql shows $trace: $seen" if index($sql, $trace) < 0;
	}
	return $seen;
}

# The same statement about company 2 and about company 4 must tell the same.
sub compare
{
	my ($role, $about, @options) = @_;
	my ($there, $nowhere_seen) = map { anonymous(try($role, $about->($_), @options)) } $foreign, $nowhere;
	if ($there ne $nowhere_seen)
	{
		push @leaks, "$role: " . $about->($foreign) . " tells:\n$there\nand of what exists nowhere:\n$nowhere_seen";
	}
	return $there;
}

my $start = time;
my %answers;
for my $role (qw(app lost report admin))
{
	for my $function (@functions)
	{
		my @alone = (alone => $function->{kind} eq 'p');
		my $json = grep { $_ eq 'jsonb' } @{ $function->{types} };
		my $all_required = @{ $function->{arguments} } == $function->{required};
		for my $shape ($json ? (0 .. last_shape()) : (0))
		{
			my $name = $function->{name};
			my @modes = $shape > 0 || $all_required || $role eq 'report' || $role eq 'lost' ? (1) : (0, 1);
			my ($malformed, $refused);
			for my $mode (@modes)
			{
				my $answer = try($role, call($function, $own, $own, $mode, $shape), @alone);
				$answers{$name} = $answer if !defined $answers{$name} || $answers{$name} =~ /^[0-9A-Z]{5} /m;
				$malformed = $answer =~ /^(22023|22004|22P02|22000) /m;
				$refused = $answer =~ /permission denied for (function|procedure|schema)/;
			}
			next if $malformed && $shape > 0;
			# What reads no rows tells of its arguments only.
			last if $function->{volatility} eq 'i';
			@modes = (1) if $refused;
			for my $mode (@modes)
			{
				compare($role, sub { call($function, $_[0], $_[0], $mode, $shape) }, @alone);
				next if $refused || $role eq 'lost';
				compare($role, sub { call($function, $own, $_[0], $mode, $shape) }, @alone);
				compare($role, sub { call($function, $_[0], $own, $mode, $shape) }, @alone) if $role eq 'app';
			}
			last if $refused;
		}
	}
}
note sprintf '%d functions, %d tables, %d views, %d sequences', scalar @functions, scalar @tables, scalar @views, scalar @sequences;
note sprintf '%d statements, %.1f s', $statements, time - $start;

sub no_leaks
{
	my ($what) = @_;
	is(checksums(), $before, "$what: nothing of other companies has changed");
	is(scalar @leaks, 0, "$what: no foreign row, effect or oracle");
	diag($_) for splice @leaks, 0, 20;
	@leaks = ();
	return;
}

is_deeply([ untyped() ], [], 'the types of all arguments are known here');
# A walk in which nothing answers would find nothing.
my %closed = map { $_->[0] => 1 } @{ $owner->selectall_arrayref("SELECT proname FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace"
	  . " AND NOT has_function_privilege('app', oid, 'EXECUTE') AND NOT has_function_privilege('admin', oid, 'EXECUTE')") };
my @silent = grep { $answers{$_} =~ /^[0-9A-Z]{5} /m && !$closed{$_} } sort keys %answers;
is("@silent", '', 'every function that a role may call answers for its own company');
diag("$_: $answers{$_}") for @silent;
ok($closed{$_}, "$_: for nobody but the owner") for qw(archive_log grant_access uninstall);
no_leaks('functions');

# Rows of every table, given as JSON: those of company 2, and the same with the ids and texts of company 4.
my %example = map {
	my $table = $_;
	$table => $owner->selectrow_array("SELECT to_jsonb(t) FROM stockflow.$table t WHERE company_id = " . company_id($foreign)
		  . ' ORDER BY t::text LIMIT 1')
} @tables;
sub row_of
{
	my ($table, $k, $company) = @_;
	my $row = $example{$table};
	$row =~ s/\b2(0000\d{3})\b/$k$1/g;
	$row =~ s/zq2/zq$k/g;
	$row =~ s/("company_id": )\d+/$1 . company_id($company)/ge;
	$row =~ s/'/''/g;
	return "jsonb_populate_record(NULL::stockflow.$table, '$row')";
}

sub names { return join ', ', map { $_->{name} } @_; }

# Statements on a table, as functions of the company they are about.
sub statements_on
{
	my ($table) = @_;
	my @all = grep { !$_->{is_generated} } @{ $columns{$table} };
	my @needed = grep { $_->{is_needed} || $_->{name} eq 'quantity' } @all;
	my @key = grep { $_->{is_key} } @all;
	my $same = join ' AND ', map { "t.$_->{name} = r.$_->{name}" } @key;
	my $name = "stockflow.$table";
	my @list;
	for my $company (undef, $own)
	{
		for my $columns (\@all, \@needed)
		{
			my $given = names(@$columns);
			my $insert = sub {
				"INSERT INTO $name ($given) SELECT $given FROM " . row_of($table, $_[0], $company // $_[0]);
			};
			push @list, $insert;
			push @list, sub { $insert->(@_) . ' ON CONFLICT DO NOTHING RETURNING *' },
			  sub { $insert->(@_) . ' ON CONFLICT (' . names(@key) . ') DO UPDATE SET company_id = excluded.company_id RETURNING *' }
			  if $columns == \@needed;
		}
		push @list, sub {
			"MERGE INTO $name t USING " . row_of($table, $_[0], $company // $_[0]) . " r ON $same"
			  . ' WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (' . names(@needed) . ') VALUES ('
			  . join(', ', map { "r.$_->{name}" } @needed) . ')';
		};
	}
	my $its = sub { 'company_id = ' . company_id($_[0]) };
	push @list,
	  sub { "SELECT * FROM $name WHERE " . $its->(@_) },
	  (map { my $lock = $_; sub { "SELECT * FROM $name WHERE " . $its->(@_) . " FOR $lock" } } 'UPDATE', 'KEY SHARE'),
	  sub { "SELECT t FROM $name t WHERE t IN (SELECT r FROM " . row_of($table, $_[0], $_[0]) . ' r)' },
	  sub { "UPDATE $name SET company_id = company_id WHERE " . $its->(@_) . ' RETURNING *' },
	  sub { "UPDATE $name SET company_id = " . company_id($_[0]) },
	  sub { "DELETE FROM $name WHERE " . $its->(@_) . ' RETURNING *' },
	  sub { "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off, BUFFERS off) SELECT FROM $name WHERE " . $its->(@_) };
	for my $column (grep { $_->{name} =~ /_id$/ && $_->{name} ne 'company_id' } @all)
	{
		push @list, sub {
			"UPDATE $name SET $column->{name} = (SELECT r.$column->{name} FROM " . row_of($table, $_[0], $_[0]) . ' r)';
		};
	}
	return @list;
}

$start = time;
$statements = 0;
for my $role (qw(app lost report admin outsider))
{
	for my $table (@tables)
	{
		compare($role, $_) for statements_on($table);
		my $all = names(@{ $columns{$table} });
		my @plain = ("SELECT * FROM stockflow.$table", "SELECT t, ctid, xmin, tableoid FROM stockflow.$table t",
			"SELECT * FROM stockflow.$table TABLESAMPLE BERNOULLI (100)", "TABLE stockflow.$table",
			"SELECT company_id, count(*) FROM stockflow.$table GROUP BY 1", "DELETE FROM stockflow.$table",
			"UPDATE stockflow.$table SET company_id = company_id",
			(map { "UPDATE stockflow.$table SET $_->{name} = $_->{name}" } grep { !$_->{is_generated} } @{ $columns{$table} }),
			# Its notices show what it was given.
			"SELECT count(*) FROM stockflow.$table t WHERE public.spy(t)",
			"SELECT count(*) FROM stockflow.$table t WHERE public.spy(t.company_id) AND t.company_id > 0",
			"UPDATE stockflow.$table t SET company_id = company_id WHERE public.spy(t)",
			"DELETE FROM stockflow.$table t WHERE public.spy(t)",
			"SELECT count(*) FROM stockflow.$table t WHERE 1 / (t.company_id - " . company_id($foreign) . ') < 0',
			"SELECT * FROM stockflow.$table WHERE (company_id, 0) > (" . company_id($own) . ', 0)',
			"SELECT * FROM pg_stats WHERE schemaname = 'stockflow' AND tablename = '$table'");
		try($role, $_) for @plain;
		my @key = grep { $_->{is_key} } @{ $columns{$table} };
		like(try($role, "GRANT SELECT ON stockflow.$table TO PUBLIC"), qr/no privileges were granted|^42501 /, "$role: grants nothing on $table");
		like(try($role, "$_"), qr/^(42501|55000|0A000|22004|25001) /m, "$role: $_")
		  for "TRUNCATE stockflow.$table", "ALTER TABLE stockflow.$table DISABLE TRIGGER ALL",
		  "ALTER TABLE stockflow.$table DISABLE ROW LEVEL SECURITY", "DROP TABLE stockflow.$table CASCADE",
		  "DROP POLICY tenant ON stockflow.$table", "CREATE POLICY mine ON stockflow.$table USING (true)",
		  "CREATE TRIGGER mine AFTER INSERT ON stockflow.$table EXECUTE FUNCTION suppress_redundant_updates_trigger()",
		  "CREATE RULE mine AS ON INSERT TO stockflow.$table DO INSTEAD NOTHING", "CREATE INDEX ON stockflow.$table ((public.spy(company_id)))",
		  "CREATE STATISTICS public.mine ON company_id, (company_id + 1) FROM stockflow.$table",
		  'CREATE TABLE public.mine (' . join(', ', map { "$_->{name} $_->{type}" } @key) . ', FOREIGN KEY (' . names(@key) . ") REFERENCES stockflow.$table)",
		  "CREATE TEMP TABLE mine () INHERITS (stockflow.$table)";
	}
	for my $view (@views)
	{
		try($role, "SELECT * FROM stockflow.$view");
		try($role, "SELECT * FROM stockflow.$view v WHERE public.spy(v)");
		compare($role, sub { "SELECT * FROM stockflow.$view WHERE company_id = " . company_id($_[0]) });
		like(try($role, "CREATE OR REPLACE VIEW stockflow.$view AS SELECT 1 AS a"), qr/^42501 /, "$role: replaces $view");
	}
	for my $sequence (@sequences)
	{
		like(try($role, $_), qr/^(42501|55000) /, "$role: $_")
		  for "SELECT setval('stockflow.$sequence', 1)", "SELECT last_value FROM stockflow.$sequence",
		  "ALTER SEQUENCE stockflow.$sequence RESTART";
	}
}
note sprintf '%d statements, %.1f s', $statements, time - $start;
no_leaks('relations');

# COPY, with its own protocol.
for my $role (qw(app lost report admin))
{
	my $db = $session{$role};
	for my $table (@tables)
	{
		$db->do('BEGIN');
		attempt($db, 'SELECT stockflow.set_company(' . company_id($own) . ')') if $role eq 'admin';
		my ($lines, $line) = ('', '');
		if (eval { $db->do("COPY stockflow.$table TO STDOUT"); 1 })
		{
			$lines .= $line while $db->pg_getcopydata(\$line) >= 0;
		}
		unlike($lines, traces_of(2, 3), "$role: COPY $table TO STDOUT");
		isnt($lines, '', "$role: COPY $table has rows of its own") if $role eq 'app' || $role eq 'admin';
		$db->do('ROLLBACK');
		my $columns = names(grep { !$_->{is_generated} } @{ $columns{$table} });
		ok(!eval { $db->do("COPY stockflow.$table ($columns) FROM STDIN"); 1 }, "$role: COPY $table FROM STDIN");
		like($db->state, qr/^(42501|0A000)$/, "$role: COPY $table FROM STDIN is refused");
	}
}
no_leaks('COPY');

done_testing();
