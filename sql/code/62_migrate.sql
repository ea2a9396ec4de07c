-- The version of the data, and bringing older data up to date. Code and data have versions of their own:
-- a dump of older data is restored by whatever code is installed, and newer code is installed over data in
-- use. A later version with another layout declares migrate_from_<version>() for each older one.
CREATE FUNCTION stockflow.needed_data_version() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT '1.0' $$;
COMMENT ON FUNCTION stockflow.needed_data_version() IS
'The version of the data that this code works on and CREATE EXTENSION makes. Changes with the layout of the tables only.';

CREATE FUNCTION stockflow.data_version() RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_data_version';
COMMENT ON FUNCTION stockflow.data_version() IS
'The version of the data in this database, from the comment on the schema; NULL where that is no mark of StockFlow. Older than needed_data_version(): call migrate().';

CREATE FUNCTION stockflow.require_data_version(version text) RETURNS void
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_require_data_version';
COMMENT ON FUNCTION stockflow.require_data_version(text) IS
'Internal: raises 55000, with what to do about it, where the data is older than a function needs. Errors: 22023 for what is no version, 22004 for NULL.';

CREATE FUNCTION stockflow.lock_tables(VARIADIC tables text[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '800ms'
    AS $$
    DECLARE
        attempts CONSTANT integer := 60;
        patience CONSTANT text := current_setting('deadlock_timeout');
        first_table CONSTANT text := format('LOCK TABLE stockflow.%I IN ACCESS EXCLUSIVE MODE', tables[1]);
        others text;
    BEGIN
        SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', string_agg(format('stockflow.%I', name), ', ' ORDER BY place))
          INTO others FROM unnest(tables[2:]) WITH ORDINALITY AS t(name, place) HAVING count(*) > 0;
        FOR attempt IN 1 .. attempts LOOP
            BEGIN
                -- Sooner than any session that waits for us: it is we who give way in a deadlock, and
                -- autovacuum gives way to us.
                IF current_setting('is_superuser') = 'on' THEN
                    PERFORM set_config('deadlock_timeout', '100ms', true);
                END IF;
                EXECUTE first_table;
                IF others IS NOT NULL THEN
                    EXECUTE others;
                END IF;
                IF current_setting('is_superuser') = 'on' THEN
                    PERFORM set_config('deadlock_timeout', patience, true);
                END IF;
                RETURN;
            EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
                PERFORM pg_sleep(0.2 + random() * 0.3);  -- whoever waits behind us goes first
            END;
        END LOOP;
        RAISE EXCEPTION 'could not lock the data for a change of its layout'
            USING ERRCODE = 'lock_not_available',
                  HINT = 'A report, a dump or a long transaction uses it. Try again when there is none.';
    END
    $$;
COMMENT ON FUNCTION stockflow.lock_tables(text[]) IS
'Internal: locks tables for a step of migrate(), all or none. Gives way to whoever holds one of them, so that no other session waits for long or becomes the victim of a deadlock, and tries again. Errors: 55P03 after about a minute, 42P01 for an unknown table.';

CREATE FUNCTION stockflow.migrate() RETURNS TABLE(from_version text, to_version text, done text)
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        needed CONSTANT text := stockflow.needed_data_version();
        owner name;
        step regprocedure;
    BEGIN
        IF stockflow.data_version() IS NOT DISTINCT FROM needed THEN
            RETURN;
        END IF;
        -- The owner and nobody else: new tables are to be his, and his triggers run with the rights of
        -- whoever moves rows here.
        SELECT pg_get_userbyid(n.nspowner) INTO owner FROM pg_namespace n WHERE n.nspname = 'stockflow';
        IF owner <> current_user THEN
            RAISE EXCEPTION 'the data is migrated by its owner, role "%"', owner
                USING ERRCODE = 'insufficient_privilege',
                      HINT = format('SET ROLE %I. It needs EXECUTE on the functions of the schema.', owner);
        END IF;
        -- One migration at a time; writers do not mind this lock. The version is read again behind it, as
        -- another session may just have done the work.
        LOCK TABLE stockflow.companies IN SHARE UPDATE EXCLUSIVE MODE;
        LOOP
            from_version := stockflow.data_version();
            EXIT WHEN from_version = needed;
            step := to_regprocedure(format('stockflow.migrate_from_%s()', replace(from_version, '.', '_')));
            IF step IS NULL THEN
                RAISE EXCEPTION 'cannot bring data of version % to version %', coalesce(quote_literal(from_version), 'NULL'), needed
                    USING ERRCODE = 'object_not_in_prerequisite_state',
                          HINT = CASE WHEN from_version IS NULL
                              THEN format('The comment on the schema is not the mark of StockFlow. Restore it, with the version that the data has, as in COMMENT ON SCHEMA stockflow IS ''stockflow data %s''.', needed)
                              ELSE 'Install the version of StockFlow that wrote this data, or ALTER EXTENSION stockflow UPDATE first.' END;
            END IF;
            EXECUTE format('SELECT stockflow.%I()', (SELECT p.proname FROM pg_proc p WHERE p.oid = step)) INTO done;
            to_version := stockflow.data_version();
            IF to_version IS NOT DISTINCT FROM from_version THEN
                RAISE EXCEPTION 'function % has left the data at version %', step, from_version
                    USING ERRCODE = 'internal_error';
            END IF;
            RETURN NEXT;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION stockflow.migrate() IS
'Brings the data to the version that the installed code needs, in the transaction of the call, and returns what was done, a row per step; no row: it was up to date. For the owner of the tables, after ALTER EXTENSION UPDATE, or after a dump of older data was restored. Writers wait meanwhile. Errors: 42501 for others than the owner, 55000 when there is no way from the version of the data, 55P03 when others use the tables for too long.';
