-- Every way of writing inventory with plain SQL is logged exactly right.
BEGIN;
SELECT plan(47);

INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'Acme');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'Main'), (1, 2, 'Second');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 1, p, 'P' || p, 'Product', 1 FROM generate_series(1, 4) AS p;

-- The entries since the last look: product/warehouse version: delta → balance.
CREATE TEMP TABLE seen (product_id bigint, warehouse_id bigint, version bigint);
CREATE FUNCTION pg_temp.news() RETURNS text LANGUAGE sql AS $$
    WITH new AS (
        INSERT INTO seen SELECT product_id, warehouse_id, version FROM stockflow.inventory_log
         EXCEPT SELECT * FROM seen RETURNING *)
    SELECT string_agg(format('%s/%s v%s: %s → %s', product_id, warehouse_id, version, l.delta, l.quantity_after),
                      ', ' ORDER BY product_id, warehouse_id, version)
      FROM new JOIN stockflow.inventory_log l USING (product_id, warehouse_id, version) $$;

-- Runs a statement, compares what it logged, and has the whole ledger proved.
CREATE FUNCTION pg_temp.logs(statement text, expected text, description text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN NEXT is(pg_temp.news(), expected, description);
    RETURN NEXT is_empty('SELECT * FROM stockflow.verify_ledger()', description || ': ledger is sound');
END $$;

-- INSERT: one entry per row with stock, none for an empty shelf.
SELECT pg_temp.logs('INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 2, 1, 20), (1, 1, 1, 10), (1, 1, 2, 0)',
    '1/1 v1: 10 → 10, 2/1 v1: 20 → 20', 'INSERT of several rows');
-- UPDATE: the difference; nothing where the quantity stays.
SELECT pg_temp.logs('UPDATE stockflow.inventory SET quantity = quantity - 3 WHERE product_id = 1 AND warehouse_id = 1',
    '1/1 v2: -3 → 7', 'UPDATE');
SELECT pg_temp.logs('UPDATE stockflow.inventory SET quantity = 7.000, counted_at = now(), reorder_point = 3 WHERE product_id = 1 AND warehouse_id = 1',
    NULL, 'UPDATE to the same quantity');
-- UPDATE … FROM: one entry per row changed.
SELECT pg_temp.logs('UPDATE stockflow.inventory i SET quantity = i.quantity + v.n FROM (VALUES (1, 1, 5), (1, 2, 4), (2, 1, 0), (3, 1, 9)) AS v(p, w, n) WHERE i.product_id = v.p AND i.warehouse_id = v.w',
    '1/1 v3: 5 → 12, 1/2 v1: 4 → 4', 'UPDATE … FROM of several rows');
-- A row that two source rows match is updated once.
SELECT pg_temp.logs('UPDATE stockflow.inventory i SET quantity = i.quantity + 1 FROM generate_series(1, 2) WHERE i.product_id = 2',
    '2/1 v2: 1 → 21', 'UPDATE … FROM with two matches for a row');
-- DELETE writes off what is left; of an empty shelf nothing.
SELECT pg_temp.logs('DELETE FROM stockflow.inventory WHERE product_id = 1 AND warehouse_id = 2',
    '1/2 v2: -4 → 0', 'DELETE');
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 3, 2); DELETE FROM stockflow.inventory WHERE product_id = 3',
    NULL, 'DELETE of an empty row');
-- A row that comes back goes on with its versions.
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 1, 2, 6)', '1/2 v3: 6 → 6', 'INSERT after DELETE');
SELECT pg_temp.logs('DELETE FROM stockflow.inventory WHERE product_id = 1 AND warehouse_id = 2; INSERT INTO stockflow.inventory VALUES (1, 1, 2, 8)',
    '1/2 v4: -6 → 0, 1/2 v5: 8 → 8', 'DELETE, then INSERT in another statement');
-- ON CONFLICT DO UPDATE: only what happens to the row that is there.
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 1, 2, 100), (1, 3, 1, 5) ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = inventory.quantity + EXCLUDED.quantity',
    '1/2 v6: 100 → 108, 3/1 v1: 5 → 5', 'ON CONFLICT DO UPDATE of an old and a new key');
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 1, 2, -8) ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = inventory.quantity + EXCLUDED.quantity',
    '1/2 v7: -8 → 100', 'ON CONFLICT DO UPDATE with a negative quantity');
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 1, 2, 1) ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = 0 WHERE false',
    NULL, 'ON CONFLICT DO UPDATE whose condition is false');
-- ON CONFLICT DO NOTHING writes nothing, and leaves nothing behind for the next statement.
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 1, 2, 100), (1, 3, 2, 7) ON CONFLICT DO NOTHING',
    '3/2 v1: 7 → 7', 'ON CONFLICT DO NOTHING of an old and a new key');
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 1, 2, 555) ON CONFLICT DO NOTHING; UPDATE stockflow.inventory SET quantity = 90 WHERE product_id = 1 AND warehouse_id = 2',
    '1/2 v8: -10 → 90', 'ON CONFLICT DO NOTHING, then UPDATE');
SELECT lives_ok('INSERT INTO stockflow.inventory VALUES (1, 3, 2, 3), (1, 4, 1, 3), (1, 4, 1, 4) ON CONFLICT DO NOTHING',
    'ON CONFLICT DO NOTHING with one key twice');
SELECT pg_temp.logs('INSERT INTO stockflow.inventory VALUES (1, 4, 1, 3) ON CONFLICT DO NOTHING',
    '4/1 v1: 3 → 3', 'ON CONFLICT DO NOTHING once more');
-- MERGE: each of its actions.
SELECT pg_temp.logs('MERGE INTO stockflow.inventory i USING (VALUES (1, 1, 11), (4, 1, 0), (4, 2, 2), (3, 2, 7)) AS v(p, w, n) ON i.company_id = 1 AND i.product_id = v.p AND i.warehouse_id = v.w WHEN MATCHED AND v.n = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = v.n WHEN NOT MATCHED THEN INSERT (company_id, product_id, warehouse_id, quantity) VALUES (1, v.p, v.w, v.n)',
    '1/1 v4: -1 → 11, 4/1 v2: -3 → 0, 4/2 v1: 2 → 2', 'MERGE that deletes, updates and inserts');
-- Data-modifying CTEs on different rows.
SELECT pg_temp.logs('WITH out AS (UPDATE stockflow.inventory SET quantity = quantity - 2 WHERE product_id = 4 AND warehouse_id = 2 RETURNING product_id), gone AS (DELETE FROM stockflow.inventory WHERE product_id = 3 AND warehouse_id = 2) INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 1, product_id, 1, 2 FROM out',
    '3/2 v2: -7 → 0, 4/1 v3: 2 → 2, 4/2 v2: -2 → 0', 'data-modifying CTEs');
-- What is rolled back leaves no entry, and the next change follows what is left.
SELECT pg_temp.logs($x$DO $do$ BEGIN
    BEGIN
        UPDATE stockflow.inventory SET quantity = 1 WHERE product_id = 1;
        RAISE EXCEPTION USING ERRCODE = 'P0099';
    EXCEPTION WHEN SQLSTATE 'P0099' THEN
        UPDATE stockflow.inventory SET quantity = 12 WHERE product_id = 1 AND warehouse_id = 1;
    END;
END $do$ $x$, '1/1 v5: 1 → 12', 'UPDATE in a DO block whose inner block fails');
-- A refused change, caught, leaves no trace either.
SELECT pg_temp.logs($x$DO $do$ BEGIN
    BEGIN
        UPDATE stockflow.inventory SET quantity = quantity - 50 WHERE product_id = 1;
    EXCEPTION WHEN check_violation THEN
        UPDATE stockflow.inventory SET quantity = quantity - 5 WHERE product_id = 1;
    END;
END $do$ $x$, '1/1 v6: -5 → 7, 1/2 v9: -5 → 85', 'UPDATE after a refused one');

-- A savepoint that is rolled back, and the same row again.
SAVEPOINT before;
UPDATE stockflow.inventory SET quantity = 70 WHERE product_id = 1 AND warehouse_id = 1;
DELETE FROM stockflow.inventory WHERE product_id = 2;
ROLLBACK TO SAVEPOINT before;
SELECT pg_temp.logs('UPDATE stockflow.inventory SET quantity = 8 WHERE product_id = 1 AND warehouse_id = 1',
    '1/1 v7: 1 → 8', 'UPDATE after a savepoint was rolled back');
-- A cursor's current row.
DECLARE shelf CURSOR FOR SELECT * FROM stockflow.inventory WHERE product_id = 2 FOR UPDATE;
MOVE NEXT IN shelf;
SELECT pg_temp.logs('UPDATE stockflow.inventory SET quantity = 0 WHERE CURRENT OF shelf',
    '2/1 v3: -21 → 0', 'UPDATE … WHERE CURRENT OF');
-- What the ledger keeps is its own even where an INSERT gives it.
SELECT pg_temp.logs($$INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity, version, recent_days, last_sold_at, effective_reorder_point) VALUES (1, 3, 2, 4, 77, '\x00', now(), 9)$$,
    '3/2 v3: 4 → 4', 'INSERT that gives derived columns');
-- Entries of plain SQL say so: an adjustment, now, by this role.
SELECT is_empty($$SELECT * FROM stockflow.inventory_log WHERE reason <> 'adjustment' OR reference IS NOT NULL
    OR occurred_at <> now() OR recorded_at < now() OR actor <> current_user$$, 'plain changes are adjustments');
-- And with an actor that the application names.
SET LOCAL stockflow.actor = 'till 4';
UPDATE stockflow.inventory SET quantity = 1 WHERE product_id = 2;
SELECT is(actor, current_user || '/till 4', 'the actor is named') FROM stockflow.inventory_log
 WHERE product_id = 2 ORDER BY version DESC LIMIT 1;

SELECT * FROM finish();
ROLLBACK;
