-- Entries are appended to the log without a statement while nothing but our guard is there. What a user adds to the
-- log is heeded all the same: for a single entry, and for more than are written at a time.
BEGIN;
SELECT plan(27);
SET client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 1, p, 'P' || p, 'P' || p, 1 FROM generate_series(1, 2500) AS p;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 1, p, 1, 1000 + p FROM generate_series(1, 2500) AS p;

CREATE FUNCTION pg_temp.many(delta integer, reference text) RETURNS bigint LANGUAGE sql AS $$
    SELECT stockflow.record_movements(1, (SELECT jsonb_agg(jsonb_build_object('product_id', p, 'warehouse_id', 1, 'delta', delta, 'reason', 'adjustment',
        'reference', reference || p)) FROM generate_series(1, 2500) AS p)) $$;
CREATE FUNCTION pg_temp.last_of(p bigint, field text) RETURNS text LANGUAGE sql AS $$
    SELECT to_jsonb(l) ->> field FROM stockflow.inventory_log l WHERE l.product_id = p ORDER BY l.version DESC LIMIT 1 $$;

-- Nothing of a user's there.
SELECT is(stockflow.record_sale(1, 1, 7, 2, reference => 'till'), 1005::numeric, 'a sale');
SELECT is((SELECT format('%s %s %s %s %s %s', version, delta, quantity_after, reason, reference, actor) FROM stockflow.inventory_log WHERE product_id = 7 AND version = 2),
    '2 -2 1005 sale till ' || current_user, 'is appended as it was');
SELECT is(pg_temp.many(1, 'r'), 2500::bigint, '2,500 at once');
SELECT results_eq($$SELECT count(*), sum(quantity_after), min(reference), count(DISTINCT reference) FROM stockflow.inventory_log WHERE reference LIKE 'r%'$$,
    $$SELECT 2500::bigint, sum(quantity), 'r1', 2500::bigint FROM stockflow.inventory$$, 'are all there');
SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off;
SELECT is((SELECT count(*) FROM stockflow.inventory_log WHERE company_id = 1 AND product_id BETWEEN 1 AND 2500 AND warehouse_id = 1 AND version > 1), 2501::bigint, 'in the primary key');
SELECT is((SELECT count(*) FROM stockflow.inventory_log WHERE company_id = 1 AND occurred_at >= now()), 5001::bigint, 'and in the index by time');
RESET enable_seqscan; RESET enable_bitmapscan;
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'and sound');

-- Indexes: partial, on an expression, unique.
CREATE UNIQUE INDEX mine ON stockflow.inventory_log (lower(reference)) WHERE reference LIKE 'unique%';
SELECT lives_ok($$SELECT stockflow.record_sale(1, 1, 1, 1, reference => 'unique A')$$, 'a unique index');
SELECT throws_ok($$SELECT stockflow.record_sale(1, 1, 2, 1, reference => 'unique a')$$, '23505', NULL, 'refuses the second of one entry');
SELECT throws_ok($$SELECT stockflow.record_movements(1, '[{"product_id": 3, "warehouse_id": 1, "delta": -1, "reason": "sale", "reference": "unique b"},
    {"product_id": 4, "warehouse_id": 1, "delta": -1, "reason": "sale", "reference": "unique B"}]')$$, '23505', NULL, 'and of many');
SET LOCAL enable_seqscan = off;
SELECT is((SELECT product_id FROM stockflow.inventory_log WHERE lower(reference) = 'unique a' AND reference LIKE 'unique%'), 1::bigint, 'and finds it');
RESET enable_seqscan;
DROP INDEX stockflow.mine;

-- A column with a default, a generated one, a constraint.
ALTER TABLE stockflow.inventory_log ADD COLUMN site text NOT NULL DEFAULT 'Basle';
SELECT lives_ok('SELECT stockflow.record_sale(1, 1, 9, 1)', 'a column');
SELECT is(pg_temp.last_of(9, 'site'), 'Basle', 'gets its default in one entry');
SELECT is(pg_temp.many(2, 's') || ' ' || pg_temp.last_of(2500, 'site'), '2500 Basle', 'and in many');
ALTER TABLE stockflow.inventory_log DROP COLUMN site, ADD COLUMN doubled numeric GENERATED ALWAYS AS (2 * delta) STORED;
SELECT lives_ok('SELECT stockflow.record_sale(1, 1, 9, 3)', 'a generated column');
SELECT is(pg_temp.last_of(9, 'doubled'), '-6', 'is generated in one entry');
SELECT is(pg_temp.many(5, 't') || ' ' || pg_temp.last_of(2500, 'doubled'), '2500 10', 'and in many');
ALTER TABLE stockflow.inventory_log DROP COLUMN doubled;
SELECT is(stockflow.record_sale(1, 1, 9, 1) - (pg_temp.last_of(9, 'quantity_after'))::numeric, 0::numeric, 'a column that is gone leaves no trace');
ALTER TABLE stockflow.inventory_log ADD CONSTRAINT few CHECK (abs(delta) < 500) NOT VALID;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 9, 600)', '23514', NULL, 'a constraint refuses one entry');
SELECT throws_ok($$SELECT pg_temp.many(700, 'u')$$, '23514', NULL, 'and many');
SELECT lives_ok('SELECT stockflow.record_sale(1, 1, 9, 4)', 'and lets others pass');
ALTER TABLE stockflow.inventory_log DROP CONSTRAINT few;
SET LOCAL session_replication_role = replica;
UPDATE stockflow.inventory_log SET reference = 'none' WHERE reference IS NULL;
SET LOCAL session_replication_role = origin;
ALTER TABLE stockflow.inventory_log ALTER COLUMN reference SET NOT NULL;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 9, 1)', '23502', NULL, 'a column that must not be NULL refuses one entry');
SELECT throws_ok($$SELECT pg_temp.many(1, NULL)$$, '23502', NULL, 'and many');
SELECT is(pg_temp.many(1, 'v'), 2500::bigint, 'and lets others pass');
ALTER TABLE stockflow.inventory_log ALTER COLUMN reference DROP NOT NULL;

-- The log of another owner is not written with rights that the triggers do not have.
CREATE ROLE ledger_append_owner;
GRANT USAGE ON SCHEMA stockflow TO ledger_append_owner;
ALTER TABLE stockflow.inventory OWNER TO ledger_append_owner;
GRANT SELECT ON ALL TABLES IN SCHEMA stockflow TO ledger_append_owner;
SELECT throws_ok('UPDATE stockflow.inventory SET quantity = 5 WHERE product_id = 9', '42501', NULL, 'a log of another owner');
ALTER TABLE stockflow.inventory OWNER TO CURRENT_USER;
SELECT lives_ok('UPDATE stockflow.inventory SET quantity = 5 WHERE product_id = 9', 'again of the same');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'all is sound');
SELECT * FROM finish();
ROLLBACK;
