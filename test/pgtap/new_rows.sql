-- First rows of inventory continue what the ledger knows, whatever statistics say and whoever has changed the log.
BEGIN;
SELECT plan(10);
SET LOCAL client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 1, i, 'P' || i, 'P', 1 FROM generate_series(1, 2000) i;

-- The statistics of a load that failed: pages, and not a row.
SAVEPOINT load;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 1, i, 1, 10 FROM generate_series(1, 2000) i;
ROLLBACK TO load;
ANALYZE stockflow.inventory_log;
ANALYZE stockflow.inventory;
SELECT ok(reltuples = 0 AND relpages > 0, 'statistics say that the log is empty') FROM pg_class WHERE oid = 'stockflow.inventory_log'::regclass;
CREATE TEMPORARY TABLE before AS
    SELECT relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) AS read FROM pg_stat_xact_user_tables
     WHERE schemaname = 'stockflow' AND relname IN ('inventory', 'inventory_log');
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 1, i, 1, 10 FROM generate_series(1, 1000) i;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 1, i, 1, 10 FROM generate_series(1001, 2000) i;
SELECT cmp_ok(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) - read, '<=', 8000::bigint, 'a load reads few rows of ' || relname)
  FROM pg_stat_xact_user_tables s JOIN before USING (relname) WHERE s.schemaname = 'stockflow' ORDER BY relname;
SELECT is(count(*), 2000::bigint, 'and writes its ledger') FROM stockflow.inventory_log;

-- Rows that were there before go on where their ledger ends.
UPDATE stockflow.inventory SET quantity = quantity + 1 WHERE product_id <= 3;
DELETE FROM stockflow.inventory WHERE product_id <= 3;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 1, 7), (1, 2, 1, 0);
SELECT results_eq('SELECT version FROM stockflow.inventory WHERE product_id <= 2 ORDER BY product_id', 'VALUES (4::bigint), (3)', 'a row goes on where its ledger ends');
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 1, 100)
    ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = inventory.quantity + excluded.quantity;
SELECT results_eq('SELECT quantity, version FROM stockflow.inventory WHERE product_id = 1', 'VALUES (107::numeric, 5::bigint)', 'one that is there is only changed');
SELECT throws_ok('INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 1, 1)', '23505', NULL, 'or refused');

-- Where the primary key is another one, a statement asks.
SAVEPOINT another_key;
ALTER TABLE stockflow.inventory_log DROP CONSTRAINT inventory_log_pkey, ADD PRIMARY KEY (company_id, product_id, version, warehouse_id);
DELETE FROM stockflow.inventory WHERE product_id = 3;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 3, 1, 5);
SELECT version AS another_key FROM stockflow.inventory WHERE product_id = 3 \gset
ROLLBACK TO another_key;
SELECT is(:another_key::bigint, 4::bigint, 'a log with another key');

-- Nor are rows appended directly, or sought, where older entries are elsewhere.
DELETE FROM stockflow.inventory WHERE product_id = 4;
CREATE TABLE pg_temp.older () INHERITS (stockflow.inventory_log);
ALTER TABLE stockflow.inventory_log DISABLE TRIGGER ledger_guard;
WITH moved AS (DELETE FROM ONLY stockflow.inventory_log WHERE product_id = 4 RETURNING *) INSERT INTO pg_temp.older SELECT * FROM moved;
ALTER TABLE stockflow.inventory_log ENABLE TRIGGER ledger_guard;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 4, 1, 5);
SELECT results_eq('SELECT version FROM stockflow.inventory WHERE product_id = 4', 'VALUES (3::bigint)', 'or with a child that has older entries');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'and the ledger is sound');
SELECT * FROM finish();
ROLLBACK;
