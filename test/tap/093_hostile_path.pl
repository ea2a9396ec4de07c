# A schema that lies first in search_path, and temporary objects, have an impostor for everything: each operator,
# function and aggregate, type and relation of pg_catalog, and what is in our schema. None of them is ever taken.
#
# An impostor that is called fails and is counted, also where the failure is caught. Besides, every call must give
# what it gives with a clean path.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DBI;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Calls;
use StockFlow;
use Tenants;

my $impostors = <<'SQL';
CREATE SCHEMA evil;
GRANT USAGE ON SCHEMA evil TO PUBLIC;
CREATE SEQUENCE evil.captures;
GRANT ALL ON evil.captures TO PUBLIC;
SET check_function_bodies = off;
CREATE FUNCTION evil.caught(what pg_catalog.text) RETURNS pg_catalog.bool LANGUAGE plpgsql COST 1 SET search_path = pg_catalog AS $$
BEGIN
    PERFORM nextval('evil.captures');
    RAISE EXCEPTION 'captured: %', what USING ERRCODE = 'EV001';
END $$;
DO $do$
DECLARE
    f record;
    kind text;
    -- Types that a function in PL/pgSQL can have.
    plain CONSTANT oid[] := (SELECT array_agg(t.oid) FROM pg_type t
                              WHERE t.typtype <> 'p' OR t.typname IN ('anyelement', 'anyarray', 'anynonarray', 'anyenum', 'record',
                                    'anycompatible', 'anycompatiblearray', 'anycompatiblenonarray', 'void'));
BEGIN
    FOR f IN
        SELECT p.oid, p.proname, p.prorettype::regtype::text AS result, p.proretset, p.proargtypes,
               pg_get_function_arguments(p.oid) AS arguments,
               ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY a(t, n) ORDER BY n) AS types,
               p.pronamespace IS NOT DISTINCT FROM to_regnamespace('stockflow') AS ours, p.provariadic,
               p.proargtypes::oid[] <@ plain AND p.prorettype = ANY (plain) AS is_plain
          FROM pg_proc p
         WHERE p.pronamespace IN ('pg_catalog'::regnamespace, to_regnamespace('stockflow'))
           AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    LOOP
        BEGIN
            kind := CASE WHEN f.is_plain
                         THEN format('LANGUAGE plpgsql SET search_path = pg_catalog AS %L', format('BEGIN PERFORM evil.caught(%L); RETURN NULL; END',
                                     'function ' || f.oid::regprocedure))
                         -- This one raises an error by itself, whatever it is given.
                         ELSE 'LANGUAGE internal AS ''any_in''' END;
            IF f.result IN ('record', 'void') OR f.proretset THEN
                f.result := CASE WHEN f.result = 'void' THEN 'void' ELSE 'bigint' END;
                kind := replace(kind, 'RETURN NULL; ', '');
            END IF;
            EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s %s', f.proname,
                           -- Of ours with names and defaults, so that calls find it.
                           CASE WHEN f.ours THEN replace(f.arguments, 'IN ', '') ELSE
                           (SELECT string_agg(CASE WHEN f.provariadic <> 0 AND n = cardinality(f.types) THEN 'VARIADIC ' ELSE '' END || t, ', ' ORDER BY n)
                              FROM unnest(f.types) WITH ORDINALITY AS a(t, n)) END,
                           f.result, kind);
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO pg_temp.failed VALUES (format('function %s: %s', f.oid::regprocedure, sqlerrm));
        END;
    END LOOP;
    FOR f IN
        SELECT o.oid, o.oprname, o.oprleft, o.oprright, o.oprresult
          FROM pg_operator o
         WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND o.oprleft || '{}'::oid[] <@ (plain || 0::oid) AND o.oprright = ANY (plain)
    LOOP
        BEGIN
            kind := 'operator_' || f.oid;
            EXECUTE format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql SET search_path = pg_catalog AS %L', kind,
                           concat_ws(', ', nullif(f.oprleft, 0)::regtype, f.oprright::regtype), f.oprresult::regtype,
                           format('BEGIN PERFORM evil.caught(%L); RETURN NULL; END', 'operator ' || f.oid::regoperator));
            EXECUTE format('CREATE OPERATOR evil.%s (%s rightarg = %s, function = evil.%I)', f.oprname,
                           'leftarg = ' || nullif(f.oprleft, 0)::regtype || ',', f.oprright::regtype, kind);
        EXCEPTION WHEN OTHERS THEN
            INSERT INTO pg_temp.failed VALUES (format('operator %s: %s', f.oid::regoperator, sqlerrm));
        END;
    END LOOP;
END $do$;
CREATE FUNCTION evil.counted(pg_catalog.int8) RETURNS pg_catalog.int8 LANGUAGE plpgsql SET search_path = pg_catalog
    AS 'BEGIN PERFORM evil.caught(''count(*)''); RETURN 0; END';
DROP FUNCTION evil.count();
CREATE AGGREGATE evil.count(*) (sfunc = evil.counted, stype = pg_catalog.int8, initcond = '0');
SQL

# Relations and types, in a schema: permanent for evil, temporary for pg_temp.
my $relations = <<'SQL';
DO $do$
DECLARE r record; where_to text := '%s';
BEGIN
    FOR r IN SELECT c.relname, c.oid FROM pg_catalog.pg_class c
              WHERE c.relnamespace IN ('pg_catalog'::pg_catalog.regnamespace, pg_catalog.to_regnamespace('stockflow'))
                AND c.relkind IN ('r', 'v', 'S') ORDER BY c.oid LOOP
        EXECUTE pg_catalog.format('CREATE VIEW %%I.%%I AS SELECT %%s FROM %%s WHERE evil.caught(%%L)', where_to, r.relname,
            -- Without columns of pseudo-types.
            (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
              WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype <> 'p' AND t.typname <> '_pg_statistic'),
            (SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = r.oid),
            'relation ' || r.relname);
        EXECUTE pg_catalog.format('GRANT ALL ON %%I.%%I TO PUBLIC', where_to, r.relname);
    END LOOP;
    FOR r IN SELECT t.typname, t.oid FROM pg_catalog.pg_type t
              WHERE t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace AND t.typtype = 'b' AND t.typname NOT LIKE '\_%%' LOOP
        EXECUTE pg_catalog.format('CREATE DOMAIN %%I.%%I AS pg_catalog.%%I CHECK (evil.caught(%%L))', where_to, r.typname, r.typname, 'type ' || r.typname);
    END LOOP;
END $do$;
SQL

my $node = new_server('hostile', 'log_statement = none');
three_companies($node);
# Fills a database with impostors; returns those that could not be made.
sub corrupt
{
	my ($database) = @_;
	my $made = $node->safe_psql($database, "CREATE TEMP TABLE failed (t text);\n$impostors\n" . sprintf($relations, 'evil')
		  . "TABLE pg_temp.failed; SELECT 'made ' || count(*) FROM pg_proc WHERE pronamespace = 'evil'::regnamespace");
	return $made;
}
my $made = corrupt('postgres');
like($made, qr/made (4[1-9]|[5-9]\d)\d\d$/, 'there are impostors');
unlike($made, qr/operator|function stockflow|failed.*(int8|text|numeric|jsonb)/, 'none is missing that matters');
my @temporary = sprintf($relations, 'pg_temp');

my $path = 'evil, pg_temp, pg_catalog, stockflow';
sub session
{
	my ($role, $hostile, $database) = @_;
	my $db = DBI->connect(dsn_of($node, $database), $role, '',
		{ RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_placeholder_dollaronly => 1, pg_expand_array => 0, pg_server_prepare => 0 });
	$db->do($_) for $hostile ? (@temporary, "SET search_path = $path") : ();
	return $db;
}
sub captures
{
	my ($database) = @_;
	return $node->safe_psql($database // 'postgres', 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM evil.captures');
}

# The impostors are believed where nobody is careful.
my %hostile = map { $_ => session($_, 1) } qw(postgres app);
my %clean = map { $_ => session($_, 0) } qw(postgres app);
for my $careless ('SELECT 1 = 1', 'SELECT 1.5 <= 2', "SELECT 'a' || 'b'::pg_catalog.text", 'SELECT now()', 'SELECT sum(1)', 'SELECT count(*) FROM pg_class',
	"SELECT 'a'::text", "SELECT 'pg_class'::regclass", 'SELECT coalesce(max(1), 2)', "SELECT format('a')", 'SELECT * FROM products',
	'SELECT record_sale(1::pg_catalog.int8, 1::pg_catalog.int8, 1::pg_catalog.int8, 1::pg_catalog."numeric")', "SELECT '{1}'::pg_catalog.int8[] = '{1}'::pg_catalog.int8[]", "SELECT jsonb_build_object('a', 1)",
	"SELECT * FROM unnest('{1}'::pg_catalog.int8[])")
{
	like(attempt($hostile{app}, $careless), qr/captured|cannot accept a value/, "captured: $careless");
}
my $first = captures();
isnt($first, 0, 'captures are counted');

# Runs a statement with both paths, and takes it back.
my ($run, @differences) = (0);
sub both
{
	my ($role, $sql, %options) = @_;
	my @seen = map {
		my $db = $_;
		$db->do('BEGIN') unless $options{alone};
		my $seen = attempt($db, $sql);
		$seen .= attempt($db, 'SET CONSTRAINTS ALL IMMEDIATE') if !$options{alone} && $seen !~ /^[0-9A-Z]{5} /m;
		$db->do('ROLLBACK') unless $options{alone};
		# What depends on something is listed with the schemas that the path needs.
		$seen =~ s/^DETAIL:.*//ms if $seen =~ /^2BP01 /;
		anonymous($seen);
	} $hostile{$role}, $clean{$role};
	$run++;
	push @differences, "$role: $sql gives\n$seen[0]\ninstead of\n$seen[1]" if $seen[0] ne $seen[1];
	return $seen[1];
}
sub none_captured
{
	my ($what) = @_;
	is(captures(), $first, "$what: nothing was captured");
	is(scalar @differences, 0, "$what: the path makes no difference");
	diag(substr($_, 0, 1500)) for splice @differences, 0, 10;
	@differences = ();
	return;
}

my $start = time;
my $owner = $clean{postgres};
for my $function (public_functions($owner))
{
	my @alone = (alone => $function->{kind} eq 'p');
	my $json = grep { $_ eq 'jsonb' } @{ $function->{types} };
	for my $role (qw(postgres app))
	{
		# What the other session waits for, and what takes the extension away, come later. Sequences are not set
		# back at the end of a transaction, so the second session would find nothing left to do.
		next if $function->{name} eq 'uninstall' || $function->{name} eq 'advance_sequences';
		for my $shape ($json ? (0 .. last_shape()) : (0))
		{
			both($role, call($function, 1, 1, $_, $shape), @alone) for 0, 1;
		}
	}
}
note sprintf '%d calls, %.1f s', $run, time - $start;
none_captured('functions');

# Plain statements on every table: policies, defaults, generated columns, constraints, indexes, triggers.
my @tables = map { $_->[0] } @{ $owner->selectall_arrayref(
		"SELECT relname FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'r' ORDER BY 1") };
my $equals = 'OPERATOR(pg_catalog.=)';
for my $table (@tables)
{
	my ($all, $key, $row) = $owner->selectrow_array(<<"SQL");
SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FILTER (WHERE a.attgenerated = ''),
       string_agg(a.attname, ', ' ORDER BY a.attnum) FILTER (WHERE a.attnum = ANY (k.conkey)),
       (SELECT to_jsonb(t) FROM stockflow.$table t WHERE company_id = @{[ company_id(1) ]} ORDER BY t::text LIMIT 1)
  FROM pg_attribute a JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p'
 WHERE a.attrelid = 'stockflow.$table'::regclass AND a.attnum > 0 AND NOT a.attisdropped
SQL
	$row =~ s/'/''/g;
	(my $other = $row) =~ s/10000(\d{3}\b)(?<!10000001)/10009$1/g;
	my $record = sub { "pg_catalog.jsonb_populate_record(NULL::stockflow.$table, '$_[0]')" };
	my $same = join ' AND ', map { "t.$_ $equals r.$_" } split /, /, $key;
	for my $role (qw(app postgres))
	{
		both($role, $_)
		  for "SELECT * FROM stockflow.$table", "SELECT * FROM stockflow.$table FOR UPDATE", "DELETE FROM stockflow.$table",
		  (map { ("INSERT INTO stockflow.$table ($all) SELECT $all FROM " . $record->($_),
				"INSERT INTO stockflow.$table ($all) SELECT $all FROM " . $record->($_) . " ON CONFLICT ($key) DO UPDATE SET company_id = excluded.company_id RETURNING *",
				"MERGE INTO stockflow.$table t USING " . $record->($_) . " r ON $same WHEN MATCHED THEN DELETE"
				  . " WHEN NOT MATCHED THEN INSERT ($all) VALUES (" . join(', ', map { "r.$_" } split /, /, $all) . ')') } $row, $other),
		  (map { "UPDATE stockflow.$table SET $_ = $_" } split /, /, $all);
	}
}
both($_, "UPDATE stockflow.inventory SET quantity = quantity OPERATOR(pg_catalog.+) 2 RETURNING *") for qw(app postgres);
both($_, "UPDATE stockflow.inventory SET quantity = 3 WHERE product_id $equals " . id_of(1, 102)) for qw(app postgres);
both($_, 'UPDATE stockflow.products SET reorder_point = 7, sku = \'  new \' WHERE product_id ' . "$equals " . id_of(1, 101)) for qw(app postgres);
both('postgres', $_) for "UPDATE stockflow.companies SET timezone = 'Asia/Tokyo', reorder_point = 9", "UPDATE stockflow.companies SET currency = 'JPY'",
  'DELETE FROM stockflow.warehouses', 'TRUNCATE stockflow.inventory CASCADE', 'DROP SCHEMA stockflow CASCADE', 'ANALYZE stockflow.products',
  'REINDEX TABLE stockflow.products', 'CREATE INDEX ON stockflow.inventory (quantity)', 'DROP OWNED BY postgres',
  'SELECT stockflow.uninstall()', 'SELECT stockflow.uninstall(true)', 'DROP EXTENSION stockflow';
both($_, 'TABLE stockflow.ledger') for qw(app postgres);
note sprintf '%d statements, %.1f s', $run, time - $start;
none_captured('plain statements');

# With commits: what happens at the end of a transaction, and what is stored.
for my $sql ('SELECT stockflow.advance_sequences()', 'UPDATE stockflow.inventory SET quantity = quantity OPERATOR(pg_catalog.+) 2', 'CALL stockflow.refresh_all_forecasts()',
	'CALL stockflow.refresh_all_forecasts(batch_pairs => 1, max_age_days => 0)', 'SELECT stockflow.refresh_alerts()', 'SELECT stockflow.archive_log(pg_catalog.now())',
	'VACUUM ANALYZE')
{
	unlike(attempt($hostile{postgres}, $sql), qr/^[0-9A-Z]{5} /, "committed: $sql");
}
is($node->safe_psql('postgres', join ' UNION ALL ', map { "SELECT problem FROM stockflow.$_" } split /\n/,
		$node->safe_psql('postgres', "SELECT oid::regproc::text || '()' FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace AND proname LIKE 'verify\\_%' AND pronargs = pronargdefaults AND 'problem' = ANY (proargnames)")
		  =~ s/stockflow\.//gr), '', 'all is sound');
none_captured('commits');

# Installing, removing, adopting, in a session with impostors: the same as in a clean one.
$_->disconnect for values %hostile, values %clean;
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template0") for qw(fresh usual restored);
corrupt('fresh');
{
	my $db = session('postgres', 1, 'fresh');
	unlike(attempt($db, $_), qr/^[0-9A-Z]{5} /, "hostile: $_")
	  for 'CREATE EXTENSION stockflow', "INSERT INTO stockflow.companies (name) VALUES ('A')", 'DROP EXTENSION stockflow CASCADE', 'CREATE EXTENSION stockflow';
	$db->disconnect;
}
$node->safe_psql('usual', $_) for 'CREATE EXTENSION stockflow', "INSERT INTO stockflow.companies (name) VALUES ('A')";
my @usual = grep { !/^rows companies/ } state_of($node, 'usual');
is_deeply([ grep { !/^rows companies/ } state_of($node, 'fresh') ], \@usual, 'the extension that was made there is as usual');
cmp_ok(scalar @usual, '>', 500, 'in all its parts');
{
	my $db = session('postgres', 1, 'fresh');
	# Views on our tables would be in its way.
	$db->do($_) for 'DISCARD TEMP', 'RESET search_path', $temporary[0] =~ s/'stockflow'/'none'/gr, "SET search_path = $path";
	unlike(attempt($db, 'SELECT stockflow.uninstall(true)'), qr/^[0-9A-Z]{5} /, 'hostile: uninstall');
	$db->disconnect;
}
is($node->safe_psql('fresh', "SELECT count(*) FROM pg_namespace WHERE nspname = 'stockflow'"), 0, 'it is gone');
is(captures('fresh'), 0, 'life cycle: nothing was captured');

# A dump, restored where the path of the database is hostile.
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my @before = state_of($node, 'postgres');
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-N', 'evil', '-d', $node->connstr('postgres') ], 'dump');
corrupt('restored');
$node->safe_psql('postgres', "ALTER DATABASE restored SET search_path = $path");
$node->command_ok([ 'pg_restore', '-j2', '-d', $node->connstr('restored'), $dump ], 'restore');
$node->safe_psql('postgres', 'ALTER DATABASE restored RESET search_path');
is_deeply([ state_of($node, 'restored') ], \@before, 'what is restored is as it was');
is(captures('restored'), 0, 'restore: nothing was captured');
done_testing();
