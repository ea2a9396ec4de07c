-- For monitoring: is everything there that guards the data, is it in force, and is the work done that
-- has to be done by and by? Cheap: what is large is sampled.
CREATE FUNCTION stockflow.library_version() RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_library_version';
COMMENT ON FUNCTION stockflow.library_version() IS
'Version of the library that this session has loaded; another one than the extension''s until the server, or at least the session, is started anew after an update.';

CREATE FUNCTION stockflow.spot_check_ledger(max_keys integer DEFAULT 20)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        pages CONSTANT numeric := greatest(pg_relation_size('stockflow.inventory') / current_setting('block_size')::numeric, 1);
    BEGIN
        IF max_keys IS NULL OR max_keys NOT BETWEEN 1 AND 1000 THEN
            RAISE EXCEPTION 'max_keys must be 1 to 1000, not %', coalesce(max_keys::text, 'NULL') USING ERRCODE = 'invalid_parameter_value';
        END IF;
        RETURN QUERY
        SELECT k.company_id, k.product_id, k.warehouse_id,
               CASE WHEN l.broken THEN 'the newest entries do not add up'
                    WHEN coalesce(l.version, 0) <> k.version OR coalesce(l.quantity_after, 0) <> k.quantity
                        THEN 'the row is not what the newest entry says'
                    WHEN (k.chain_hash IS NOT NULL) <> c.tamper_evident OR l.chain_hash <> k.chain_hash
                        THEN 'chain_hash is not that of the newest entry' END
          FROM (SELECT i.company_id, i.product_id, i.warehouse_id, i.version, i.quantity, i.chain_hash
                  FROM stockflow.inventory i TABLESAMPLE SYSTEM (least(100, 1000 / pages))
                 ORDER BY random() LIMIT max_keys) k
          JOIN stockflow.companies c ON c.company_id = k.company_id
         CROSS JOIN LATERAL (
               SELECT max(e.version) AS version,
                      (array_agg(e.quantity_after ORDER BY e.version DESC))[1] AS quantity_after,
                      (array_agg(e.chain_hash ORDER BY e.version DESC))[1] AS chain_hash,
                      bool_or(e.version <> e.version_before + 1 OR e.quantity_after <> e.quantity_before + e.delta) AS broken
                 FROM (SELECT n.version, n.delta, n.quantity_after, n.chain_hash,
                              lag(n.version) OVER w AS version_before, lag(n.quantity_after) OVER w AS quantity_before
                         FROM (SELECT g.version, g.delta, g.quantity_after, g.chain_hash
                                 FROM stockflow.inventory_log g
                                WHERE g.company_id = k.company_id AND g.product_id = k.product_id
                                  AND g.warehouse_id = k.warehouse_id
                                ORDER BY g.version DESC LIMIT 50) n
                       WINDOW w AS (ORDER BY n.version)) e) l
         WHERE l.broken OR coalesce(l.version, 0) <> k.version OR coalesce(l.quantity_after, 0) <> k.quantity
            OR (k.chain_hash IS NOT NULL) <> c.tamper_evident OR l.chain_hash <> k.chain_hash;
    END
    $$;
COMMENT ON FUNCTION stockflow.spot_check_ledger(integer) IS
'Compares up to max_keys (1 to 1000) random rows of inventory with the newest 50 entries of their ledgers: a bounded look, however large the ledger is. No row: nothing found. The proof is verify_ledger. Errors: 22023 for other numbers.';

CREATE FUNCTION stockflow.health_sequences() RETURNS TABLE(level text, problem text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        s record;
        newest bigint;
        highest bigint;
    BEGIN
        FOR s IN SELECT q.oid, q.relname, d.refobjid::regclass AS relation, a.attname, p.seqmax
                   FROM pg_class q
                   JOIN pg_sequence p ON p.seqrelid = q.oid
                   JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = q.oid AND d.deptype IN ('a', 'i')
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
                   JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                  WHERE q.relkind = 'S' AND q.relnamespace = 'stockflow'::regnamespace LOOP
            newest := coalesce(pg_sequence_last_value(s.oid), 0);
            IF newest > s.seqmax / 10 * 8 THEN
                RETURN QUERY SELECT 'warning', format('%s has used up %s of %s', s.relname, newest, s.seqmax);
            END IF;
            IF s.attname = 'company_id' THEN
                EXECUTE format('SELECT max(t.%I) FROM %s t', s.attname, s.relation) INTO highest;
            ELSIF EXISTS (SELECT FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attname = s.attname
                           WHERE x.indrelid = s.relation AND x.indpred IS NULL AND x.indisvalid AND x.indkey[1] = a.attnum) THEN
                EXECUTE format('SELECT max(m.highest) FROM (SELECT c.company_id FROM stockflow.companies c ORDER BY random() LIMIT 200) k'
                    ' CROSS JOIN LATERAL (SELECT max(t.%1$I) AS highest FROM %2$s t WHERE t.company_id = k.company_id) m',
                    s.attname, s.relation) INTO highest;
            ELSE
                CONTINUE;
            END IF;
            IF highest > newest THEN
                RETURN QUERY SELECT 'critical', format('%s is at %s, but %s goes up to %s', s.relname, newest, s.relation, highest);
            END IF;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION stockflow.health_sequences() IS
'For health: sequences of the tables that are near their end, or behind the ids in use (of up to 200 companies).';

CREATE FUNCTION stockflow.health() RETURNS TABLE(check_name text, status text, detail text, hint text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $health$
    DECLARE
        -- Name, what it says when nothing is found, hint; a query for level and problem, one row per problem.
        checks CONSTANT text[] := ARRAY[
['scope', 'Row level security leaves rows to look at.', 'Ask as the owner of the tables or as a role with BYPASSRLS; a role with a tenant sees what concerns that.', $q$
    SELECT 'warning' AS level, 'no tenant is set, so that no row of any company is seen' AS problem
     WHERE row_security_active('stockflow.inventory') AND stockflow.current_company() IS NULL $q$],
['versions', 'Library, extension and data fit each other.', 'Start sessions (or the server) anew after an update of the library; run ALTER EXTENSION stockflow UPDATE after that of the files.', $q$
    SELECT 'critical' AS level, format('the session has loaded library %s, the extension is %s', stockflow.library_version(), e.extversion) AS problem
      FROM pg_extension e WHERE e.extname = 'stockflow' AND e.extversion <> stockflow.library_version()
    UNION ALL SELECT 'warning', format('the extension is %s, the files are those of %s', e.extversion, v.default_version)
      FROM pg_extension e JOIN pg_available_extensions v ON v.name = e.extname WHERE e.extname = 'stockflow' AND e.extversion <> v.default_version
    UNION ALL SELECT 'critical', format('the data is marked %L', coalesce(obj_description('stockflow'::regnamespace, 'pg_namespace'), ''))
     WHERE obj_description('stockflow'::regnamespace, 'pg_namespace') IS DISTINCT FROM 'stockflow data 1.0' $q$],
['settings', 'No setting endangers the data.', 'Set them back in postgresql.conf, or with ALTER SYSTEM, ALTER DATABASE or ALTER ROLE … RESET.', $q$
    SELECT CASE WHEN s.name = 'synchronous_commit' THEN 'warning' ELSE 'critical' END AS level, format('%s = %s', s.name, s.setting) AS problem
      FROM pg_settings s WHERE (s.name, s.setting) IN (('fsync', 'off'), ('full_page_writes', 'off'), ('synchronous_commit', 'off'),
           ('zero_damaged_pages', 'on'), ('ignore_checksum_failure', 'on'), ('session_replication_role', 'replica'), ('session_replication_role', 'local'))
    UNION ALL SELECT 'critical', format('%s for %s', c, coalesce(r.setrole::regrole::text, 'the database'))
      FROM (SELECT nullif(g.setrole, 0) AS setrole, unnest(g.setconfig) AS c FROM pg_db_role_setting g
             WHERE g.setdatabase IN (0, (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()))) r
     WHERE c ~ '^session_replication_role=(replica|local)' $q$],
['autovacuum', 'Autovacuum is at work.', 'Set autovacuum and track_counts on, reset autovacuum_enabled of the tables, look for long transactions and replication slots that hold it up, and run VACUUM.', $q$
    SELECT 'critical' AS level, format('%s = off', s.name) AS problem FROM pg_settings s WHERE s.name IN ('autovacuum', 'track_counts') AND s.setting = 'off'
    UNION ALL SELECT 'warning', format('it is off for %s', c.relname) FROM pg_class c
     WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relkind = 'r' AND c.reloptions::text ~* 'autovacuum_enabled=(false|off|no|0)'
    UNION ALL SELECT CASE WHEN age(c.relfrozenxid) > 1500000000 THEN 'critical' ELSE 'warning' END, format('%s is %s transactions old', c.relname, age(c.relfrozenxid))
      FROM pg_class c WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relkind = 'r'
       AND age(c.relfrozenxid) > 1.2 * current_setting('autovacuum_freeze_max_age')::numeric
    UNION ALL SELECT 'warning', format('%s has %s dead rows beside %s', t.relname, t.n_dead_tup, t.n_live_tup)
      FROM pg_stat_all_tables t WHERE t.schemaname = 'stockflow' AND t.n_dead_tup > 50000 + t.n_live_tup $q$],
['row_security', 'Every table has row level security and its policy.', 'ALTER TABLE … ENABLE ROW LEVEL SECURITY; CREATE EXTENSION makes policies anew when it adopts data (see doc/reference.md).', $q$
    SELECT 'critical' AS level, format('%s has no row level security', c.relname) AS problem FROM pg_class c
     WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
    UNION ALL SELECT 'critical', format('%s has no policy %s', x.relation, x.name) FROM stockflow.expected_objects() x
     WHERE x.kind = 'policy' AND NOT EXISTS (SELECT FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
           WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relname = x.relation AND p.polname = x.name) $q$],
['triggers', 'Every trigger is there and enabled.', 'ALTER TABLE … ENABLE TRIGGER …; CREATE EXTENSION makes triggers anew when it adopts data. Then run verify_ledger.', $q$
    SELECT 'critical' AS level, format('%s has no trigger %s', x.relation, x.name) AS problem FROM stockflow.expected_objects() x
     WHERE x.kind = 'trigger' AND NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relname = x.relation AND t.tgname = x.name)
    UNION ALL SELECT 'critical', format('trigger %s of %s is not enabled for ordinary writes alone', t.tgname, c.relname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = 'stockflow'::regnamespace AND t.tgenabled <> 'O'
       AND (t.tgisinternal OR EXISTS (SELECT FROM stockflow.expected_objects() x WHERE x.kind = 'trigger' AND x.relation = c.relname AND x.name = t.tgname)) $q$],
['guards', 'The guard against DROP SCHEMA is there.', 'ALTER EVENT TRIGGER stockflow_guard_drop ENABLE, or create the extension anew.', $q$
    SELECT 'critical' AS level, 'the event trigger stockflow_guard_drop is missing or disabled' AS problem
     WHERE NOT EXISTS (SELECT FROM pg_event_trigger e WHERE e.evtname = 'stockflow_guard_drop' AND e.evtenabled IN ('O', 'A')) $q$],
['indexes', 'Every index is there and valid.', 'REINDEX INDEX CONCURRENTLY what is invalid; create what is missing as the install script does.', $q$
    SELECT 'critical' AS level, format('index %s of %s is missing', x.name, x.relation) AS problem FROM stockflow.expected_objects() x
     WHERE x.kind = 'index' AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relkind IN ('i', 'I') AND c.relname = x.name)
    UNION ALL SELECT 'critical', format('index %s is not valid', i.indexrelid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
     WHERE c.relnamespace = 'stockflow'::regnamespace AND NOT (i.indisvalid AND i.indisready AND i.indislive) $q$],
['constraints', 'Every constraint is there and validated.', 'ALTER TABLE … VALIDATE CONSTRAINT …; add what is missing as the install script does.', $q$
    SELECT 'critical' AS level, format('constraint %s of %s is missing', x.name, x.relation) AS problem FROM stockflow.expected_objects() x
     WHERE x.kind = 'constraint' AND NOT EXISTS (SELECT FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
           WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relname = x.relation AND k.conname = x.name)
    UNION ALL SELECT 'warning', format('constraint %s of %s is not validated', k.conname, c.relname) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
     WHERE c.relnamespace = 'stockflow'::regnamespace AND NOT k.convalidated $q$],
['sequences', 'Sequences are ahead of the ids in use.', 'SELECT setval(…) to the highest id.', $q$ SELECT level, problem FROM stockflow.health_sequences() $q$],
['privileges', 'PUBLIC has no privilege.', 'REVOKE it; use stockflow.grant_access.', $q$
    SELECT 'critical' AS level, format('PUBLIC may %s %s', string_agg(lower(g.privilege_type), ', '), g.name) AS problem
      FROM (SELECT p.oid::regprocedure::text AS name, a.privilege_type FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
             WHERE p.pronamespace = 'stockflow'::regnamespace AND a.grantee = 0
            UNION ALL SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'stockflow'::regnamespace AND a.grantee = 0
            UNION ALL SELECT c.relname || '.' || t.attname, a.privilege_type FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(t.attacl) a
             WHERE c.relnamespace = 'stockflow'::regnamespace AND a.grantee = 0
            UNION ALL SELECT 'the schema', a.privilege_type FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.nspname = 'stockflow' AND a.grantee = 0) g
     GROUP BY g.name $q$],
['owners', 'Code and data have one owner each.', 'ALTER … OWNER TO the owner of the extension or the schema.', $q$
    SELECT 'critical' AS level, format('function %s belongs to %s', p.oid::regprocedure, p.proowner::regrole) AS problem
      FROM pg_proc p JOIN pg_extension e ON e.extname = 'stockflow' WHERE p.pronamespace = 'stockflow'::regnamespace AND p.proowner <> e.extowner
    UNION ALL SELECT 'warning', format('%s belongs to %s', c.relname, c.relowner::regrole)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'stockflow' AND c.relkind IN ('r', 'p', 'v', 'S') AND c.relowner <> n.nspowner $q$],
['ledger', 'Random rows of inventory are what the newest entries of their ledgers say.', 'Run stockflow.verify_ledger() for all that is wrong; see doc/reliability.md.', $q$
    SELECT 'critical' AS level, format('%s/%s/%s: %s', v.company_id, v.product_id, v.warehouse_id, v.problem) AS problem FROM stockflow.spot_check_ledger(20) v $q$],
['archive', 'The ledger is of a size that indexes keep up with.', 'Move old entries with stockflow.archive_log at quiet hours.', $q$
    SELECT 'warning' AS level, format('inventory_log has about %s million entries', round((c.reltuples / 1000000)::numeric)) AS problem
      FROM pg_class c WHERE c.oid = 'stockflow.inventory_log'::regclass AND c.reltuples > 100000000 $q$],
['reservations', 'What has expired is released.', 'Call stockflow.release_expired regularly.', $q$
    SELECT 'warning' AS level, format('company %s has %s%s lines that expired more than a day ago', k.company_id, CASE WHEN l.n = 100 THEN 'at least ' END, l.n) AS problem
      FROM (SELECT c.company_id FROM stockflow.companies c ORDER BY random() LIMIT 500) k
     CROSS JOIN LATERAL (SELECT count(*) AS n FROM (SELECT FROM stockflow.reservation_lines r
           WHERE r.company_id = k.company_id AND r.open_quantity > 0 AND r.expires_at < now() - interval '1 day' LIMIT 100) x) l
     WHERE l.n > 0 $q$],
['alerts', 'Alerts are brought up to date.', 'Call stockflow.refresh_alerts regularly.', $q$
    SELECT 'warning' AS level, format('company %s: last refreshed %s', r.company_id, date_trunc('second', r.refreshed_at)) AS problem
      FROM stockflow.alert_refreshes r JOIN stockflow.companies c ON c.company_id = r.company_id AND c.deleted_at IS NULL
     WHERE r.refreshed_at < now() - interval '1 day' ORDER BY r.refreshed_at LIMIT 100 $q$],
['outbox', 'Alert events are delivered.', 'Look after the workers that call stockflow.take_alert_events.', $q$
    SELECT CASE WHEN w.n > 10000 THEN 'critical' ELSE 'warning' END AS level, format('%s%s events wait, the oldest since %s',
           CASE WHEN w.n > 10000 THEN 'more than ' END, least(w.n, 10000), date_trunc('second', w.oldest)) AS problem
      FROM (SELECT count(*) AS n, min(x.created_at) AS oldest FROM (SELECT o.created_at FROM stockflow.alert_outbox o
             WHERE o.delivered_at IS NULL ORDER BY o.event_id LIMIT 10001) x) w
     WHERE w.n > 10000 OR w.oldest < now() - interval '1 hour' $q$],
['forecasts', 'Dynamic reorder points follow new forecasts.', 'Call stockflow.refresh_forecasts every night.', $q$
    SELECT 'warning' AS level, format('company %s: policies are dynamic, but forecasts are %s', d.company_id,
           coalesce('of ' || date_trunc('second', f.newest), 'not made')) AS problem
      FROM (SELECT DISTINCT p.company_id FROM stockflow.replenishment_policies p WHERE p.reorder_policy = 'dynamic') d
      JOIN stockflow.companies c ON c.company_id = d.company_id AND c.deleted_at IS NULL
     CROSS JOIN LATERAL (SELECT max(x.computed_at) AS newest FROM (SELECT n.computed_at FROM stockflow.forecasts n WHERE n.company_id = d.company_id LIMIT 1000) x) f
     WHERE f.newest IS NULL OR f.newest < now() - interval '2 days' ORDER BY d.company_id LIMIT 100 $q$]];
    BEGIN
        FOR i IN 1 .. array_length(checks, 1) LOOP
            check_name := checks[i][1];
            BEGIN
                EXECUTE format('SELECT CASE WHEN count(*) = 0 THEN ''ok'' WHEN bool_or(p.level = ''critical'') THEN ''critical'' ELSE ''warning'' END,'
                    ' CASE WHEN count(*) > 0 THEN array_to_string((array_agg(p.problem ORDER BY p.level, p.problem))[:5], ''; '')'
                    '      || CASE WHEN count(*) > 5 THEN format(''; and %%s more'', count(*) - 5) ELSE '''' END END FROM (%s) AS p',
                    checks[i][4]) INTO status, detail;
                hint := CASE WHEN status <> 'ok' THEN checks[i][3] END;
                detail := coalesce(detail, checks[i][2]);
            EXCEPTION WHEN OTHERS THEN
                -- One that cannot be made does not keep the others from being made.
                status := 'unknown';
                detail := SQLERRM;
                hint := CASE WHEN SQLSTATE = '42501' THEN 'Ask as the owner of the tables.' END;
            END;
            RETURN NEXT;
        END LOOP;
    END
    $health$;
COMMENT ON FUNCTION stockflow.health() IS
'For monitoring: one row per check, with status ok, warning, critical, or unknown where it could not be made; detail says what was found, hint what to do. Takes well under a second however large the data is, since the ledger is only sampled: verify_ledger is the proof. A role sees what concerns its tenant; the owner of the tables, all.';
