# The memory of a session does not grow with its calls, good or bad ones. MEMORY_CALLS says how many
# of each kind a function gets at most, MEMORY_SECONDS how long they may take.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Test::More;
use StockFlow;
use Limits;

my $calls = $ENV{MEMORY_CALLS} // 60;
my $seconds = $ENV{MEMORY_SECONDS} // 0.04;
my $allowed = 1024 * 1024;    # bytes for 10,000 calls

my $node = new_server('memory', 'log_min_messages = panic', 'max_locks_per_transaction = 256');
$node->safe_psql('postgres', 'CREATE EXTENSION stockflow');
my $triggers = join ",\n", map { s/'/''/gr =~ s/(.*)/('triggers', '00000', '$1')/sr } @TRIGGER_STATEMENTS;

# All in one session. A round is the calls of a function in turn; each runs in a transaction of its
# own, which is rolled back so that the data stays as it is.
my $script = calls_of_bad_input() . <<"SQL";
INSERT INTO calls VALUES $triggers,
    ('a leak', '00000', \$call\$DO \$do\$ BEGIN EXECUTE format('PREPARE leak_%s AS SELECT 1', (random() * 1e9)::integer); END \$do\$\$call\$);
CREATE TEMP TABLE readings (function text, good boolean, calls bigint, growth bigint, anonymous bigint);
CREATE FUNCTION pg_temp.used() RETURNS bigint LANGUAGE sql AS
    'SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts WHERE name !~ ''^(MessageContext|PortalContext|ExecutorState)''';
CREATE FUNCTION pg_temp.anonymous() RETURNS bigint LANGUAGE sql AS
    \$\$ SELECT (regexp_match(pg_read_file('/proc/self/smaps_rollup'), 'Anonymous: +(\\d+)'))[1]::bigint * 1024 \$\$;
CREATE PROCEDURE pg_temp.rounds(statements text[], most bigint, seconds float8, INOUT done bigint) LANGUAGE plpgsql AS \$\$
DECLARE
    began timestamptz := clock_timestamp();
    statement text;
BEGIN
    done := 0;
    WHILE done < most AND (done = 0 OR clock_timestamp() < began + make_interval(secs => seconds)) LOOP
        FOREACH statement IN ARRAY statements LOOP
            BEGIN
                EXECUTE statement;
            EXCEPTION WHEN OTHERS THEN
                NULL;
            END;
            ROLLBACK;
            done := done + 1;
        END LOOP;
    END LOOP;
END \$\$;
-- Growth is what the least of three readings shows: caches fill once, a leak goes on.
CREATE PROCEDURE pg_temp.read(function text, good boolean, statements text[], most bigint, seconds float8) LANGUAGE plpgsql AS \$\$
DECLARE
    done bigint;
    before bigint;
    resident bigint;
    growth bigint;
    least bigint;
    anonymous bigint;
    total bigint;
BEGIN
    CALL pg_temp.rounds(statements, 2, seconds / 10, done);
    FOR reading IN 1..3 LOOP
        before := pg_temp.used();
        resident := pg_temp.anonymous();
        CALL pg_temp.rounds(statements, most, seconds, done);
        growth := pg_temp.used() - before;
        IF least IS NULL OR growth * 1.0 / done < least * 1.0 / total THEN
            least := growth;
            total := done;
            anonymous := pg_temp.anonymous() - resident;
        END IF;
        EXIT WHEN least <= 0;
    END LOOP;
    INSERT INTO readings VALUES (function, good, total, least, anonymous);
    COMMIT;
END \$\$;
CREATE PROCEDURE pg_temp.run(most bigint, seconds float8) LANGUAGE plpgsql AS \$\$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT function, sqlstate = '00000' AS good, array_agg(call ORDER BY call) AS statements
               FROM calls GROUP BY 1, 2 ORDER BY 1, 2 LOOP
        CALL pg_temp.read(f.function, f.good, f.statements, most, seconds);
    END LOOP;
END \$\$;
CALL pg_temp.run($calls, $seconds);
\\pset tuples_only on
\\pset format unaligned
SELECT 'reading', function, good, calls, growth, anonymous FROM readings ORDER BY function, good;
SQL
my ($stdout, $stderr);
is($node->psql('postgres', $script, stdout => \$stdout, stderr => \$stderr), 0, 'the calls were made')
  or diag($stderr);
my ($functions, $total, $most) = (0, 0, 0);
for my $line (grep { /^reading\|/ } split /\n/, $stdout)
{
	my (undef, $function, $good, $done, $growth, $anonymous) = split /\|/, $line;
	my $projected = int($growth * 10000 / $done);
	if ($function eq 'a leak')    # memory that each call keeps
	{
		cmp_ok($projected, '>', $allowed, "a leak would be seen: $growth bytes in $done calls");
		next;
	}
	# What does not come from the server's allocator shows in the process only, and only in bulk.
	$projected = $anonymous if $done >= 5000 && $anonymous > $projected;
	$functions++;
	$total += $done;
	$most = $projected if $projected > $most;
	cmp_ok($projected, '<', $allowed,
		"$function: $done " . ($good eq 't' ? 'calls' : 'errors') . ", $growth bytes, anonymous memory $anonymous");
}
cmp_ok($functions, '>', 250, 'functions were measured');
note("$functions kinds of call, $total calls, at most $most bytes for 10,000 of a kind");
$node->stop;
done_testing();
