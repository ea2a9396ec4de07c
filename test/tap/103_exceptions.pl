# No C++ exception leaves an entry point. With a library made for it (make STOCKFLOW_THROW=1) every
# function that is C throws each kind of exception; without, the setting has no effect.
#   STOCKFLOW_THROW=1 CHECK="build tap" TAP=103_exceptions scripts/check
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Test::More;
use StockFlow;
use Limits;

my $node = new_server('exceptions');
$node->safe_psql('postgres', 'CREATE EXTENSION stockflow');
my $symbols = q{SELECT DISTINCT prosrc FROM pg_proc
  WHERE pronamespace = 'stockflow'::regnamespace AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c')};

if (!$ENV{STOCKFLOW_THROW})
{
	is($node->safe_psql('postgres', "SET stockflow_test.throw = 'stockflow_classify_demand runtime_error';
		SELECT (stockflow.classify_demand('{1,2}')).class IS NOT NULL"), 't', 'an ordinary library does not throw');
	$node->stop;
	done_testing();
	exit;
}

my %kinds = (
	bad_alloc => '53200', array_length => '53200', length_error => '54000', runtime_error => 'XX000', error => '23514',
	stopped => 'XX000', integer => 'XX000', text => 'XX000', nested => 'XX000');
my $kinds = join ', ', map { "('$_', '$kinds{$_}')" } sort keys %kinds;
my $triggers = join ",\n", map { s/'/''/gr =~ s/(.*)/('triggers', '00000', '$1')/sr } @TRIGGER_STATEMENTS;
my $script = calls_of_bad_input() . <<"SQL";
INSERT INTO calls VALUES $triggers,
    ('refresh_all_forecasts', '00000', 'CALL stockflow.refresh_all_forecasts(1)'),
    ('data_version', '00000', 'SELECT stockflow.data_version()'), ('library_version', '00000', 'SELECT stockflow.library_version()'),
    ('require_data_version', '00000', 'SELECT stockflow.require_data_version(''1.0'')'),
    ('current_company', '00000', 'SELECT stockflow.current_company()'), ('current_actor', '00000', 'SELECT stockflow.current_actor()');
CREATE TEMP TABLE kinds AS SELECT * FROM (VALUES $kinds) AS k(kind, sqlstate);
CREATE TEMP TABLE symbols AS $symbols;
CREATE TEMP TABLE entries (symbol text, statement text);
CREATE TEMP TABLE results (symbol text, kind text, expected text, got text, message text);
CREATE FUNCTION pg_temp.attempt(statement text, symbol text, kind text, OUT code text, OUT message text) LANGUAGE plpgsql AS \$\$
BEGIN
    PERFORM set_config('stockflow_test.throw', symbol || ' ' || kind, false);
    EXECUTE statement;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, code = RETURNED_SQLSTATE;
END \$\$;
-- A statement that enters each function, found by trying; its own call first.
CREATE FUNCTION pg_temp.entering(symbol text) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT call FROM calls WHERE sqlstate = '00000' OR function = 'triggers'
              ORDER BY symbol <> 'stockflow_' || function, function <> 'triggers' LOOP
        IF (pg_temp.attempt(c.call, symbol, 'integer')).message = 'unknown C++ exception' THEN
            RETURN c.call;
        END IF;
    END LOOP;
    RETURN NULL;
END \$\$;
DO \$\$
DECLARE
    s record;
    entering text;
BEGIN
    FOR s IN SELECT prosrc FROM symbols ORDER BY 1 LOOP
        entering := pg_temp.entering(s.prosrc);
        INSERT INTO results
            SELECT s.prosrc, kind, sqlstate, (a).code, left((a).message, 60)
              FROM (SELECT k.*, pg_temp.attempt(entering, s.prosrc, kind) AS a FROM kinds k OFFSET 0) AS k
             WHERE entering IS NOT NULL;
        IF entering IS NULL THEN
            INSERT INTO results VALUES (s.prosrc, 'any', 'a call', 'none found');
        END IF;
        INSERT INTO entries VALUES (s.prosrc, entering);
    END LOOP;
END \$\$;
\\pset tuples_only on
\\pset format unaligned
-- Thousands of them leave nothing behind: bytes after one round of all, and after five more.
CREATE FUNCTION pg_temp.throw_all() RETURNS bigint LANGUAGE sql AS
    'SELECT count((pg_temp.attempt(statement, symbol, kind)).code) FROM entries, kinds WHERE statement IS NOT NULL';
CREATE FUNCTION pg_temp.used() RETURNS bigint LANGUAGE sql AS \$\$ SELECT (regexp_match(pg_read_file('/proc/self/smaps_rollup'), 'Anonymous: +(\\d+)'))[1]::bigint * 1024 \$\$;
SELECT pg_temp.throw_all();
SELECT pg_temp.used() AS before \\gset
SELECT pg_temp.throw_all() AS thrown \\gset
SELECT pg_temp.throw_all();
SELECT pg_temp.throw_all();
SELECT pg_temp.throw_all();
SELECT pg_temp.throw_all();
SELECT 'growth', 5 * :thrown, pg_temp.used() - :before;
RESET stockflow_test.throw;
SELECT 'result', symbol, count(*) FILTER (WHERE expected = got), count(*),
       string_agg(concat_ws(' ', kind, expected, got, message), '; ') FILTER (WHERE expected <> got) FROM results GROUP BY 2 ORDER BY 2;
SELECT 'works', stockflow.record_sale(1, 1, 1, 1), (SELECT count(*) FROM stockflow.verify_ledger());
SQL
my ($stdout, $stderr);
is($node->psql('postgres', $script, stdout => \$stdout, stderr => \$stderr), 0, 'the session goes on') or diag($stderr);
my $seen = 0;
for my $line (grep { /^result\|/ } split /\n/, $stdout)
{
	my (undef, $symbol, $right, $all, $wrong) = split /\|/, $line, 5;
	is($right, scalar(keys %kinds), "$symbol: each kind is an error of the server") or diag($wrong);
	$seen++;
}
is($seen, $node->safe_psql('postgres', "SELECT count(*) FROM ($symbols) AS s"), 'every function that is C was tried');
my ($thrown, $growth) = $stdout =~ /growth ?\|\s*(\d+)\s*\|\s*(-?\d+)/;
cmp_ok(($growth // 1e9) * 10000 / ($thrown || 1), '<', 1024 * 1024, "$thrown exceptions leave $growth bytes behind");
like($stdout, qr/^works\|3(\.0+)?\|0$/m, 'the next sale works, and the ledger is sound');
my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
unlike($log, qr/terminated by signal|PANIC|terminate called/, 'no process died');
$node->stop;
done_testing();
