-- What the install script must not do, and what plpgsql_check says of the functions in it.
BEGIN;
CREATE EXTENSION plpgsql_check;
SELECT plan(14);

CREATE FUNCTION pg_temp.none(query text, description text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN is_empty(query, description);
END $$;
CREATE TEMP VIEW routines AS
    SELECT p.*, p.oid::regprocedure::text AS name, l.lanname
      FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'stockflow'::regnamespace;

-- The script without comments and without what stands in quotes, in lines.
CREATE TEMP TABLE script AS
    SELECT n, line
      FROM regexp_split_to_table(
               regexp_replace(
                   (SELECT pg_read_file(c.setting || '/extension/stockflow--' || e.extversion || '.sql')
                      FROM pg_config c, pg_extension e WHERE c.name = 'SHAREDIR' AND e.extname = 'stockflow'),
                   '''(''''|[^''])*''|--[^\n]*', '', 'g'), '\n') WITH ORDINALITY AS s(line, n);
SELECT cmp_ok((SELECT count(*) FROM script WHERE line ~ '\mCREATE\M'), '>', 200::bigint, 'the script was read');

-- With OR REPLACE or IF NOT EXISTS, what somebody has prepared under the name would become ours.
SELECT pg_temp.none($$ SELECT n, line FROM script WHERE line ~* '\mOR\s+REPLACE\M|\mIF\s+NOT\s+EXISTS\s+[^(]' $$,
    'nothing that exists already is used or replaced');
SELECT pg_temp.none($$ SELECT n, line FROM script
     WHERE line ~* '^\s*CREATE\s+((UNIQUE|TEMP|TEMPORARY|UNLOGGED|CONSTRAINT|RECURSIVE|MATERIALIZED)\s+)*(FUNCTION|PROCEDURE|AGGREGATE|TABLE|VIEW|SEQUENCE|TYPE|DOMAIN|OPERATOR|COLLATION|STATISTICS|CONVERSION|TEXT)\M'
       AND line !~ '\mstockflow\.' $$,
    'what is created has its schema');
SELECT pg_temp.none($$ SELECT n, line FROM script
     WHERE line ~* '^\s*CREATE\s+(CAST|LANGUAGE|TRANSFORM|ACCESS|FOREIGN|SERVER|USER|ROLE|GROUP|DATABASE|TABLESPACE|PUBLICATION|SUBSCRIPTION|RULE|EXTENSION)\M' $$,
    'nothing is created that is no part of a schema, apart from the event trigger');
SELECT pg_temp.none($$ SELECT n, line FROM script WHERE line ~* '^(ALTER\s+(ROLE|USER|SYSTEM|DATABASE|DEFAULT)|GRANT|SET\s+(?!LOCAL)|RESET\s|SECURITY\s+LABEL|REASSIGN|LOAD)' $$,
    'no rights are given, no roles or settings changed');

-- By the catalog.
SELECT pg_temp.none('SELECT name FROM routines WHERE prosecdef', 'no function is SECURITY DEFINER');
SELECT pg_temp.none($$ SELECT name FROM routines WHERE lanname NOT IN ('c', 'sql', 'plpgsql') $$, 'no other languages');
SELECT pg_temp.none($$ SELECT name, proconfig FROM routines
     WHERE NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}')) AND prokind <> 'p' $$,
    'the path is pg_catalog, with temporary objects last');
-- One cannot commit with a path of its own; test/tap/093_hostile_path.pl shows that it needs none.
SELECT is((SELECT string_agg(proname, ' ') FROM routines WHERE proconfig IS NULL), 'refresh_all_forecasts', 'one procedure has none');
SELECT is((SELECT string_agg(proname, ' ') FROM routines WHERE proleakproof), 'current_company', 'one function is leakproof');
SELECT pg_temp.none($$ SELECT name FROM routines WHERE lanname = 'plpgsql' AND prosrc ~* '\mEXECUTE\M' AND proname NOT IN ('grant_access', 'set_company', 'lock_tables', 'migrate',
         'advance_sequences', 'health', 'health_sequences') $$,
    'no dynamic SQL but in the functions of administration');
SELECT pg_temp.none($$ SELECT pg_describe_object(d.classid, d.objid, 0)
      FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'stockflow'
      LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
     WHERE d.deptype = 'e' AND d.classid <> 'pg_event_trigger'::regclass AND p.pronamespace IS DISTINCT FROM 'stockflow'::regnamespace $$,
    'the extension has functions of its schema, and the event trigger');

-- plpgsql_check, with all its warnings.
SELECT cmp_ok((SELECT count(*) FROM routines WHERE lanname = 'plpgsql'), '>', 30::bigint, 'there are functions to check');
SELECT pg_temp.none($$
    SELECT r.proname, c.lineno, c.level, c.message, c.detail
      FROM routines r,
           plpgsql_check_function_tb(r.oid, fatal_errors => false, other_warnings => true, extra_warnings => true,
               performance_warnings => true, security_warnings => true, compatibility_warnings => true) AS c
     WHERE r.lanname = 'plpgsql'
       AND (r.proname, c.message) NOT IN (VALUES
           -- Volatile, so that it sees what was committed while its caller waited for a lock.
           ('open_transfer_lines', 'routine is marked as VOLATILE, should be STABLE'),
           -- Names from the catalog and from migrate(), by %I and regclass.
           ('lock_tables', 'text type variable is not sanitized'),
           ('health_sequences', 'text type variable is not sanitized'),
           -- They raise errors: not while a statement is planned.
           ('check_given', 'routine is marked as STABLE, should be IMMUTABLE'),
           ('checked_within_days', 'routine is marked as STABLE, should be IMMUTABLE')) $$,
    'plpgsql_check has no warnings');

SELECT * FROM finish();
ROLLBACK;
