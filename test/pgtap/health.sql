-- health(): each check is ok, finds the fault that it is for, and is ok again without it.
BEGIN;
SELECT plan(65);
SET client_min_messages = warning;
INSERT INTO stockflow.companies (name) VALUES ('One'), ('Two');
INSERT INTO stockflow.warehouses (company_id, name) VALUES (1, 'W'), (2, 'W');
INSERT INTO stockflow.products (company_id, sku, name, price) SELECT c, 'P' || p, 'P', 1 FROM generate_series(1, 2) c, generate_series(1, 3) p;
SELECT stockflow.receive_stock(p.company_id, w.warehouse_id, p.product_id, 10) FROM stockflow.products p JOIN stockflow.warehouses w USING (company_id);
UPDATE stockflow.companies SET tamper_evident = true WHERE company_id = 2;

CREATE FUNCTION pg_temp.now_at(which text) RETURNS text LANGUAGE sql AS $$ SELECT status || ': ' || detail FROM stockflow.health() WHERE check_name = which $$;
-- What a check says after a statement, which is undone.
CREATE FUNCTION pg_temp.after(which text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE statement;
    answer := pg_temp.now_at(which);
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM;
END $$;
CREATE FUNCTION pg_temp.finds(which text, statement text, problem text) RETURNS text LANGUAGE sql AS
    $$ SELECT is(pg_temp.after(which, statement), problem, which || ': ' || statement) $$;
-- Statements that no trigger sees.
CREATE FUNCTION pg_temp.unseen(statement text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE statement;
    SET LOCAL session_replication_role = origin;
END $$;

SELECT is((SELECT string_agg(check_name, ' ') FROM stockflow.health()),
    'scope versions settings autovacuum row_security triggers guards indexes constraints sequences privileges owners ledger archive reservations alerts outbox forecasts', 'the checks');
-- Test servers run without fsync.
SELECT is(pg_temp.now_at(which), 'ok: ' || detail, which || ' is ok') FROM (SELECT h.check_name, h.detail FROM stockflow.health() h WHERE h.check_name <> 'settings') AS t(which, detail);
SELECT is_empty($$SELECT * FROM stockflow.health() WHERE (status = 'ok') <> (hint IS NULL)$$, 'a hint where something is wrong, and only there');
SELECT is(stockflow.library_version(), (SELECT extversion FROM pg_extension WHERE extname = 'stockflow'), 'the library says which it is');

SELECT pg_temp.finds('versions', $$UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'stockflow'$$,
    format('critical: the session has loaded library %1$s, the extension is 0.9; the extension is 0.9, the files are those of %1$s', stockflow.library_version()));
SELECT pg_temp.finds('versions', $$COMMENT ON SCHEMA stockflow IS 'stockflow data 0.1'$$, 'critical: the data is marked ''stockflow data 0.1''');
SELECT ok(pg_temp.after('settings', 'SET LOCAL session_replication_role = replica') ~ '^critical: .*session_replication_role = replica', 'settings: triggers do not fire');
SELECT ok(pg_temp.after('settings', 'SET LOCAL zero_damaged_pages = on') ~ 'zero_damaged_pages = on', 'settings: damage that is hidden');
SELECT ok(pg_temp.after('settings', 'CREATE ROLE health_loader; ALTER ROLE health_loader SET session_replication_role = replica') ~ 'session_replication_role=replica for health_loader', 'settings: of a role');
SELECT pg_temp.finds('autovacuum', 'ALTER TABLE stockflow.inventory_log SET (autovacuum_enabled = false)', 'warning: it is off for inventory_log');
SELECT pg_temp.finds('autovacuum', 'SET LOCAL track_counts = off', 'critical: track_counts = off');
SELECT pg_temp.finds('row_security', 'ALTER TABLE stockflow.products DISABLE ROW LEVEL SECURITY', 'critical: products has no row level security');
SELECT pg_temp.finds('row_security', 'DROP POLICY tenant ON stockflow.lots', 'critical: lots has no policy tenant');
SELECT pg_temp.finds('triggers', 'DROP TRIGGER zz_ledger_accept ON stockflow.inventory', 'critical: inventory has no trigger zz_ledger_accept');
SELECT pg_temp.finds('triggers', 'ALTER TABLE stockflow.inventory_log DISABLE TRIGGER ledger_guard', 'critical: trigger ledger_guard of inventory_log is not enabled for ordinary writes alone');
SELECT ok(pg_temp.after('triggers', 'ALTER TABLE stockflow.warehouses DISABLE TRIGGER ALL') ~ 'critical: trigger .*RI_ConstraintTrigger', 'triggers: those of foreign keys');
SELECT pg_temp.finds('triggers', 'CREATE TRIGGER mine BEFORE UPDATE ON stockflow.products FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger(); ALTER TABLE stockflow.products DISABLE TRIGGER mine',
    'ok: Every trigger is there and enabled.');
SELECT pg_temp.finds('guards', 'ALTER EVENT TRIGGER stockflow_guard_drop DISABLE', 'critical: the event trigger stockflow_guard_drop is missing or disabled');
SELECT pg_temp.finds('indexes', 'DROP INDEX stockflow.inventory_low_idx', 'critical: index inventory_low_idx of inventory is missing');
SELECT pg_temp.finds('indexes', $$UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'stockflow.products_sku_key'::regclass$$, 'critical: index stockflow.products_sku_key is not valid');
SELECT pg_temp.finds('constraints', 'ALTER TABLE stockflow.companies DROP CONSTRAINT companies_name_check', 'critical: constraint companies_name_check of companies is missing');
SELECT pg_temp.finds('constraints', 'ALTER TABLE stockflow.companies ADD CONSTRAINT mine CHECK (company_id > 0) NOT VALID', 'warning: constraint mine of companies is not validated');
SELECT pg_temp.finds('sequences', $$SELECT setval('stockflow.products_product_id_seq', 4)$$, 'critical: products_product_id_seq is at 4, but stockflow.products goes up to 6');
SELECT setval('stockflow.products_product_id_seq', 6);
SELECT pg_temp.finds('sequences', $$SELECT setval('stockflow.companies_company_id_seq', 1)$$, 'critical: companies_company_id_seq is at 1, but stockflow.companies goes up to 2');
SELECT setval('stockflow.companies_company_id_seq', 2);
SELECT pg_temp.finds('sequences', 'ALTER SEQUENCE stockflow.transfers_transfer_id_seq MAXVALUE 1000 RESTART 900; SELECT nextval(''stockflow.transfers_transfer_id_seq'')', 'warning: transfers_transfer_id_seq has used up 900 of 1000');
SELECT pg_temp.finds('privileges', 'GRANT EXECUTE ON FUNCTION stockflow.archive_log TO PUBLIC', 'critical: PUBLIC may execute stockflow.archive_log(timestamp with time zone,bigint,bigint)');
SELECT pg_temp.finds('privileges', 'GRANT SELECT (name), UPDATE (name) ON stockflow.products TO PUBLIC; GRANT USAGE ON SCHEMA stockflow TO PUBLIC; GRANT SELECT ON stockflow.lots TO PUBLIC',
    'critical: PUBLIC may select lots; PUBLIC may select, update products.name; PUBLIC may usage the schema');
SELECT pg_temp.finds('owners', 'GRANT CREATE ON SCHEMA stockflow TO pg_monitor; ALTER FUNCTION stockflow.verify_ledger OWNER TO pg_monitor; ALTER TABLE stockflow.lots OWNER TO pg_monitor',
    'critical: function stockflow.verify_ledger(bigint) belongs to pg_monitor; lots belongs to pg_monitor');
SELECT pg_temp.finds('ledger', $$SELECT pg_temp.unseen('UPDATE stockflow.inventory SET quantity = 11 WHERE product_id = 1')$$, 'critical: 1/1/1: the row is not what the newest entry says');
SELECT pg_temp.finds('ledger', $$SELECT pg_temp.unseen('DELETE FROM stockflow.inventory_log WHERE product_id = 1')$$, 'critical: 1/1/1: the row is not what the newest entry says');
SELECT pg_temp.finds('ledger', $$SELECT stockflow.record_sale(1, 1, 1, 1), stockflow.record_sale(1, 1, 1, 1), pg_temp.unseen('DELETE FROM stockflow.inventory_log WHERE product_id = 1 AND version = 2')$$, 'critical: 1/1/1: the newest entries do not add up');
SELECT pg_temp.finds('ledger', $$SELECT stockflow.record_sale(1, 1, 1, 1), pg_temp.unseen('UPDATE stockflow.inventory_log SET delta = 8 WHERE product_id = 1 AND version = 2')$$, 'critical: 1/1/1: the newest entries do not add up');
SELECT pg_temp.finds('ledger', $$SELECT pg_temp.unseen('UPDATE stockflow.inventory SET chain_hash = NULL WHERE product_id = 4')$$, 'critical: 2/4/2: chain_hash is not that of the newest entry');
SELECT pg_temp.finds('ledger', $$SELECT stockflow.record_sale(2, 2, 4, 1), pg_temp.unseen('UPDATE stockflow.inventory SET chain_hash = sha256(''x'') WHERE product_id = 4')$$, 'critical: 2/4/2: chain_hash is not that of the newest entry');
SELECT pg_temp.finds('archive', $$UPDATE pg_class SET reltuples = 250000000 WHERE oid = 'stockflow.inventory_log'::regclass$$, 'warning: inventory_log has about 250 million entries');
SELECT pg_temp.finds('reservations', $$SELECT stockflow.reserve_stock(1, '[{"product_id": 1, "warehouse_id": 1, "quantity": 1}, {"product_id": 2, "warehouse_id": 1, "quantity": 1}]', now() + interval '1 hour');
    UPDATE stockflow.reservations SET expires_at = now() - interval '2 days'$$, 'warning: company 1 has 2 lines that expired more than a day ago');
SELECT pg_temp.finds('alerts', $$INSERT INTO stockflow.alert_refreshes VALUES (1, now() - interval '25 hours'), (2, now())$$, format('warning: company 1: last refreshed %s', date_trunc('second', now() - interval '25 hours')));
SELECT pg_temp.finds('outbox', $$INSERT INTO stockflow.alert_outbox (company_id, alert_id, event, payload, created_at) SELECT 1, 1, 'opened', '{}', now() - n * interval '40 minutes' FROM generate_series(0, 2) n$$,
    format('warning: 3 events wait, the oldest since %s', date_trunc('second', now() - interval '80 minutes')));
SELECT ok(pg_temp.after('outbox', $$INSERT INTO stockflow.alert_outbox (company_id, alert_id, event, payload) SELECT 1, 1, 'opened', '{}' FROM generate_series(1, 10001) n$$) ~ '^critical: more than 10000 events wait', 'outbox: nobody takes events');
SELECT pg_temp.finds('forecasts', $$INSERT INTO stockflow.replenishment_policies (company_id, reorder_policy) VALUES (1, 'dynamic')$$, 'warning: company 1: policies are dynamic, but forecasts are not made');
SELECT pg_temp.finds('forecasts', $$INSERT INTO stockflow.replenishment_policies (company_id, reorder_policy) VALUES (2, 'dynamic');
    SELECT stockflow.record_sale(2, 2, 4, 1, now() - n * interval '1 day'), stockflow.refresh_forecasts(2) FROM generate_series(5, 0, -1) n; SELECT pg_temp.unseen('UPDATE stockflow.forecasts SET computed_at = now() - interval ''3 days''')$$,
    format('warning: company 2: policies are dynamic, but forecasts are of %s', date_trunc('second', now() - interval '3 days')));
SELECT ok(pg_temp.after('indexes', $$DROP INDEX stockflow.inventory_low_idx, stockflow.inventory_warehouse_idx, stockflow.alerts_warehouse_idx, stockflow.products_lots_idx, stockflow.products_bundle_idx,
    stockflow.transfers_from_idx, stockflow.transfers_to_idx$$) ~ '; and 2 more$', 'many problems are counted');

-- A check that cannot be made says so, and the others are made; roles see their tenant.
SELECT is(pg_temp.after('alerts', 'ALTER TABLE stockflow.alert_refreshes RENAME TO elsewhere'), 'unknown: relation "stockflow.alert_refreshes" does not exist', 'a check that cannot be made');
SELECT is((SELECT count(*) FROM stockflow.health() WHERE status = 'unknown'), 0::bigint, 'mostly all can');
CREATE ROLE health_report;
SELECT stockflow.grant_access('health_report', 'report');
SET LOCAL ROLE health_report;
SELECT is((SELECT string_agg(check_name || ' ' || status, ', ') FROM stockflow.health() WHERE status <> 'ok' AND check_name <> 'settings'), 'scope warning, sequences unknown', 'a report without a tenant');
SELECT is((SELECT hint FROM stockflow.health() WHERE check_name = 'sequences'), 'Ask as the owner of the tables.', 'is told who sees more');
RESET ROLE;
SELECT throws_ok('SELECT * FROM stockflow.spot_check_ledger(0)', '22023', 'max_keys must be 1 to 1000, not 0', 'no keys');
SELECT throws_ok('SELECT * FROM stockflow.spot_check_ledger(NULL)', '22023', 'max_keys must be 1 to 1000, not NULL', 'any keys');
SELECT throws_ok('SELECT * FROM stockflow.spot_check_ledger(1001)', '22023', NULL, 'too many keys');
SELECT * FROM finish();
ROLLBACK;
