-- Functions move rows of inventory without a statement while only our triggers and policy are there. What a user adds
-- to the table is heeded all the same, for one row and for several.
BEGIN;
SELECT plan(47);
SET client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C'), (2, 'D');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W'), (1, 2, 'X'), (2, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, whole_units) SELECT c, p, 'P' || p, 'P' || p, 1, false FROM generate_series(1, 9) AS p, generate_series(1, 2) AS c;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity, reorder_point) SELECT c, p, 1, 100, 50 FROM generate_series(1, 9) AS p, generate_series(1, 2) AS c;
-- (A row that this transaction has inserted needs a statement once.)
SELECT stockflow.record_movements(c, (SELECT jsonb_agg(jsonb_build_object('product_id', p, 'warehouse_id', 1, 'delta', 1, 'reason', 'found')) FROM generate_series(1, 9) AS p))
  FROM generate_series(1, 2) AS c;

CREATE FUNCTION pg_temp.sell(p bigint, n numeric) RETURNS numeric LANGUAGE sql AS $$ SELECT stockflow.record_sale(1, 1, p, n) $$;
CREATE FUNCTION pg_temp.sell_two(n numeric) RETURNS bigint LANGUAGE sql AS $$
    SELECT stockflow.record_movements(1, jsonb_build_array(jsonb_build_object('product_id', 8, 'warehouse_id', 1, 'delta', -n, 'reason', 'sale'),
                                                           jsonb_build_object('product_id', 9, 'warehouse_id', 1, 'delta', -n, 'reason', 'sale'))) $$;
CREATE FUNCTION pg_temp.stock(VARIADIC products bigint[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(trim_scale(quantity) || CASE WHEN is_low THEN ' low' ELSE '' END, ', ' ORDER BY product_id) FROM stockflow.inventory WHERE company_id = 1 AND product_id = ANY (products) $$;
-- Runs statements, then two movements, and undoes all.
CREATE FUNCTION pg_temp.with(additions text, movement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE additions;
    EXECUTE movement;
    SELECT coalesce(string_agg(v.problem, ', '), 'sound') INTO answer FROM stockflow.verify_ledger() v;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM; WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM;
END $$;

-- Nothing of a user's there.
SELECT is(pg_temp.sell(1, 30), 71::numeric, 'a sale');
SELECT is(pg_temp.sell(1, 21), 50::numeric, 'another in the same transaction');
SELECT is(pg_temp.stock(1), '50 low', 'the flag follows');
SELECT is(stockflow.record_return(1, 1, 1, 1), 51::numeric, 'a return');
SELECT is(pg_temp.stock(1), '51', 'takes it back');
SELECT is(pg_temp.sell_two(0.5), 2::bigint, 'two rows');
SELECT is(pg_temp.stock(8, 9), '100.5, 100.5', 'are both moved');
SELECT lives_ok('SELECT stockflow.transfer_stock(1, 2, 1, 2, 4)', 'a transfer to a row that is missing');
SELECT is(pg_temp.stock(2), '97, 4', 'makes it');
SELECT is((SELECT count(*) FROM stockflow.inventory_log WHERE company_id = 1 AND product_id IN (1, 8, 9) AND version > 2), 5::bigint, 'each with its entry');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'and all sound');
SELECT throws_ok('SELECT pg_temp.sell(3, 102)', '23514', NULL, 'too much of one');
SELECT throws_ok('SELECT pg_temp.sell_two(100.6)', '23514', NULL, 'or of two');
SELECT throws_ok($$SELECT stockflow.receive_stock(1, 1, 3, 999999999999)$$, '22003', NULL, 'a sum that no quantity can hold');
SELECT is(pg_temp.stock(3, 8, 9), '101, 100.5, 100.5', 'change nothing');
PREPARE sale AS SELECT stockflow.record_sale(1, 1, $1, 1);
EXECUTE sale(3);
CREATE INDEX mine ON stockflow.inventory (company_id, quantity);
SELECT lives_ok('EXECUTE sale(3)', 'with an index on the quantity');
SET LOCAL enable_seqscan = off;
SELECT is((SELECT string_agg(product_id::text, ',') FROM stockflow.inventory WHERE company_id = 1 AND quantity = 99), '3', 'which is written');
RESET enable_seqscan;
DROP INDEX stockflow.mine;

-- What a user adds.
SELECT is(pg_temp.with('ALTER TABLE stockflow.inventory ADD CHECK (quantity > 40) NOT VALID', 'SELECT pg_temp.sell(4, 70)'),
    '23514: new row for relation "inventory" violates check constraint "inventory_quantity_check"', 'a constraint, of one row');
SELECT is(pg_temp.with('ALTER TABLE stockflow.inventory ADD CHECK (quantity > 40) NOT VALID', 'SELECT pg_temp.sell_two(70)'),
    '23514: new row for relation "inventory" violates check constraint "inventory_quantity_check"', 'and of two');
SELECT is(pg_temp.with('ALTER TABLE stockflow.inventory ADD COLUMN twice numeric GENERATED ALWAYS AS (2 * quantity) STORED',
    $$DO 'BEGIN PERFORM pg_temp.sell(4, 1), pg_temp.sell_two(1); IF EXISTS (SELECT FROM stockflow.inventory WHERE twice <> 2 * quantity) THEN RAISE EXCEPTION ''stale''; END IF; END'$$),
    'sound', 'a generated column');
SELECT is(pg_temp.with('ALTER TABLE stockflow.inventory DROP COLUMN recent_days', 'SELECT pg_temp.sell(4, 1)'),
    '42703: column "recent_days" of table "inventory" is missing', 'a column of ours that is gone');
SELECT is(pg_temp.with($$CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''mine''; END';
    CREATE TRIGGER mine AFTER UPDATE ON stockflow.inventory FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.f()$$, 'SELECT pg_temp.sell(4, 1)'), 'P0001: mine', 'a trigger, of one row');
SELECT is(pg_temp.with($$CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''mine''; END';
    CREATE TRIGGER mine BEFORE UPDATE OF quantity ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.f()$$, 'SELECT pg_temp.sell_two(1)'), 'P0001: mine', 'and of two');
SELECT is(pg_temp.with($$ALTER TABLE stockflow.inventory ADD CONSTRAINT mine UNIQUE (company_id, quantity, product_id) DEFERRABLE INITIALLY DEFERRED$$, 'SELECT pg_temp.sell(4, 1)'), 'sound', 'a deferred constraint');
-- What refers to a quantity follows it.
SELECT is(pg_temp.with($$ALTER TABLE stockflow.inventory ADD CONSTRAINT mine UNIQUE (company_id, product_id, warehouse_id, quantity)$$, 'SELECT pg_temp.sell(4, 1)'), 'sound', 'a unique constraint');
CREATE TABLE public.direct_posting_copy (c bigint, p bigint, w bigint, q numeric);
CREATE FUNCTION pg_temp.referring(action text, movement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    ALTER TABLE stockflow.inventory ADD CONSTRAINT mine UNIQUE (company_id, product_id, warehouse_id, quantity);
    INSERT INTO public.direct_posting_copy SELECT company_id, product_id, warehouse_id, quantity FROM stockflow.inventory WHERE company_id = 1 AND product_id IN (4, 8);
    EXECUTE 'ALTER TABLE public.direct_posting_copy ADD FOREIGN KEY (c, p, w, q) REFERENCES stockflow.inventory (company_id, product_id, warehouse_id, quantity) ON UPDATE ' || action;
    EXECUTE movement;
    SELECT string_agg(format('%s:%s', p, trim_scale(q)), ' ' ORDER BY p) INTO answer FROM public.direct_posting_copy;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM; WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
SELECT is(pg_temp.referring('CASCADE', 'SELECT pg_temp.sell(4, 1)'), '4:100 8:100.5', 'a foreign key of another table that takes the quantity along, of one row');
SELECT is(pg_temp.referring('CASCADE', 'SELECT pg_temp.sell_two(1)'), '4:101 8:99.5', 'and of two');
SELECT is(pg_temp.referring('RESTRICT', 'SELECT pg_temp.sell(4, 1)'), '23503', 'or forbids the change');
SELECT is(pg_temp.with($$UPDATE stockflow.inventory SET reorder_point = 1000; ALTER TABLE stockflow.inventory ALTER COLUMN urgency SET NOT NULL$$,
    'SELECT stockflow.receive_stock(1, 1, 4, 2000)') LIKE '23502:%', true, 'a column that must not be NULL any more');
SELECT is(pg_temp.with('CREATE TABLE pg_temp.child () INHERITS (stockflow.inventory); INSERT INTO pg_temp.child SELECT * FROM stockflow.inventory WHERE company_id = 1 AND product_id = 4', 'SELECT pg_temp.sell(4, 1)'),
    '39P01: the movement was not recorded in the ledger', 'a child of the table, whose rows no trigger of ours guards');
SELECT is(pg_temp.with('CREATE TABLE public.allowed (q numeric PRIMARY KEY); INSERT INTO public.allowed SELECT DISTINCT quantity FROM stockflow.inventory;
    ALTER TABLE stockflow.inventory ADD CONSTRAINT mine FOREIGN KEY (quantity) REFERENCES public.allowed', 'SELECT pg_temp.sell(4, 0.25)') LIKE '23503: %', true, 'a foreign key of the quantity');
SELECT is(pg_temp.with('ALTER TABLE stockflow.inventory ADD UNIQUE (company_id, product_id, warehouse_id, version);
    CREATE TABLE public.pins (c bigint, p bigint, w bigint, v bigint, FOREIGN KEY (c, p, w, v) REFERENCES stockflow.inventory (company_id, product_id, warehouse_id, version));
    INSERT INTO public.pins SELECT company_id, product_id, warehouse_id, version FROM stockflow.inventory', 'SELECT pg_temp.sell(4, 1)') LIKE '23503: %', true, 'one that refers to the version');
SELECT is(pg_temp.with('CREATE TABLE public.pins (c bigint, p bigint, w bigint, FOREIGN KEY (c, p, w) REFERENCES stockflow.inventory);
    INSERT INTO public.pins SELECT company_id, product_id, warehouse_id FROM stockflow.inventory', 'SELECT pg_temp.sell(4, 1)'), 'sound', 'or only to the key');
SELECT is(pg_temp.with('ALTER TABLE stockflow.inventory DISABLE TRIGGER aa_ledger_write', 'SELECT pg_temp.sell(4, 1)'),
    '39P01: the movement was not recorded in the ledger', 'a trigger of ours that is disabled');
SELECT is(pg_temp.with('SET LOCAL session_replication_role = replica', 'SELECT pg_temp.sell(4, 1)'),
    '39P01: the movement was not recorded in the ledger', 'or does not fire here');
SELECT is(pg_temp.with('SET TRANSACTION READ ONLY', 'SELECT pg_temp.sell(4, 1)') LIKE '25006:%', true, 'a transaction that only reads');

-- Whom the table belongs to, and who may write it.
CREATE ROLE direct_posting_app;
DO $$ BEGIN PERFORM stockflow.grant_access('direct_posting_app', 'app'); END $$;
CREATE FUNCTION pg_temp.as_app(company bigint, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    PERFORM set_config('stockflow.company_id', company::text, true);
    SET LOCAL ROLE direct_posting_app;
    EXECUTE statement INTO answer;
    RESET ROLE;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
GRANT USAGE ON SCHEMA pg_catalog TO direct_posting_app;
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '100', 'an application sells what is its company''s');
SELECT is(pg_temp.as_app(2, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '23503', 'and nothing of another''s');
SAVEPOINT policy;
CREATE FUNCTION public.whose(n numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN IF current_user <> current_setting('stockflow_test.role', true) THEN RAISE 'computed by %', current_user; END IF; RETURN n; END $$;
CREATE INDEX mine ON stockflow.inventory (public.whose(quantity));
SET LOCAL stockflow_test.role = 'direct_posting_app';
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '99', 'an index is computed by whoever sells');
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '98', 'and the triggers act as before');
ROLLBACK TO policy;
CREATE POLICY mine ON stockflow.inventory AS RESTRICTIVE FOR UPDATE USING (product_id <> 5);
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '39P01', 'a policy of the user''s refuses');
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 6, 1)'), '100', 'or allows');
ROLLBACK TO policy;
ALTER POLICY tenant ON stockflow.inventory USING (company_id = stockflow.current_company() AND product_id <> 5);
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '42501', 'also when it is ours changed');
ROLLBACK TO policy;
REVOKE UPDATE ON stockflow.inventory FROM direct_posting_app;
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '42501', 'who may not update does not sell');
ROLLBACK TO policy;
SELECT is(pg_temp.as_app(1, 'SELECT stockflow.record_sale(1, 1, 5, 1)'), '99', 'and all is as before');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'and sound');
-- Last, since the server keeps a plan that a rule has made empty.
SELECT is(pg_temp.with('CREATE RULE mine AS ON UPDATE TO stockflow.inventory DO INSTEAD NOTHING', 'SELECT pg_temp.sell(4, 1)') LIKE '0A000:%', true, 'a rule');
SELECT * FROM finish();
ROLLBACK;
