-- What a session remembers (src/row_memory.hpp) stands in few places. Facts of many rows that meet there are not mixed up.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(12);
INSERT INTO stockflow.companies (company_id, name, allow_negative_stock) SELECT c, 'C', c % 2 = 1 FROM generate_series(1, 700) AS c;
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, 1, 'W' FROM generate_series(1, 700) AS c;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, whole_units)
    SELECT 1, p, 'P' || p, 'P', 1, p % 2 = 0 FROM generate_series(1, 4000) AS p
    UNION ALL SELECT c, 1, 'P1', 'P', 1, true FROM generate_series(2, 700) AS c;

-- 4,000 products in 16,384 places: odd ones are sold in halves. 700 companies in 512: odd ones may go below zero.
SELECT lives_ok('SELECT stockflow.receive_stock(1, 1, p, CASE WHEN p % 2 = 0 THEN 1 ELSE 0.5 END) FROM generate_series(1, 4000) AS p',
    'each product has its own rules');
SELECT is((SELECT count(*) FROM stockflow.inventory WHERE company_id = 1 AND quantity = 0.5), 2000::bigint, 'half of them halves');
SELECT lives_ok('SELECT stockflow.record_sale(c, 1, 1, 1) FROM generate_series(3, 699, 2) AS c, generate_series(1, 2)', 'and each company');
CREATE FUNCTION pg_temp.refused() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint := 0;
BEGIN
    FOR c IN 2..700 LOOP
        BEGIN PERFORM stockflow.record_sale(c, 1, 1, 1); EXCEPTION WHEN check_violation THEN n := n + 1; END;
    END LOOP;
    RETURN n;
END $$;
SELECT is(pg_temp.refused(), 350::bigint, 'none but the odd ones goes below zero');

-- What a statement has changed itself holds for the calls in it.
SELECT is(stockflow.receive_stock(1, 1, 2, 1), 2::numeric, 'whole units');
SELECT lives_ok($$WITH changed AS (UPDATE stockflow.products SET whole_units = false WHERE company_id = 1 AND product_id = 2 RETURNING product_id)
    SELECT stockflow.receive_stock(1, 1, product_id, 0.5) FROM changed$$, 'and fractions within the statement that allows them');

SELECT is(stockflow.receive_stock(1, 1, 4, 1), 2::numeric, 'another in whole units');
SELECT lives_ok($$WITH changed AS (UPDATE stockflow.products SET whole_units = false WHERE company_id = 1 AND product_id = 4 RETURNING product_id)
    UPDATE stockflow.inventory i SET quantity = 2.5 FROM changed WHERE i.company_id = 1 AND i.product_id = changed.product_id$$, 'and fractions by plain SQL');

-- The day of a change is one of the zone that holds now: it is always another in Samoa than on Line Islands.
CREATE FUNCTION pg_temp.unsound() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
    UPDATE stockflow.companies SET timezone = 'Pacific/Pago_Pago' WHERE company_id = 9;
    UPDATE stockflow.inventory SET quantity = 10 WHERE company_id = 9;
    UPDATE stockflow.companies SET timezone = 'Pacific/Kiritimati' WHERE company_id = 9;
    UPDATE stockflow.inventory SET quantity = 11 WHERE company_id = 9;
    RETURN count(*) FROM stockflow.verify_ledger(9);
END $$;
SELECT is(pg_temp.unsound(), 0::bigint, 'a change counts on the day of the zone of its company');
UPDATE stockflow.companies SET timezone = CASE company_id WHEN 11 THEN 'Pacific/Pago_Pago' ELSE 'Pacific/Kiritimati' END WHERE company_id IN (11, 13);
UPDATE stockflow.inventory SET quantity = 12 WHERE company_id IN (11, 13);
SELECT is((SELECT count(*) FROM stockflow.inventory i CROSS JOIN LATERAL stockflow.verify_ledger(i.company_id) WHERE i.company_id IN (11, 13)), 0::bigint,
    'also where a statement changes two of them');

-- Names that are too long to be remembered are not cut.
UPDATE stockflow.products SET sku = repeat('long', 12) WHERE company_id = 1 AND product_id = 3;
SELECT throws_ok('SELECT stockflow.record_sale(2, 1, 1, 5)', '23514', 'insufficient stock for product "P1" in warehouse "W"', 'a short name');
UPDATE stockflow.companies SET allow_negative_stock = false WHERE company_id = 1;
DO $$ BEGIN PERFORM stockflow.receive_stock(1, 1, 3, 0.5); END $$;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 3, 5)', '23514',
    format('insufficient stock for product "%s" in warehouse "W"', repeat('long', 12)), 'a long one, the second time');
SELECT * FROM finish();
ROLLBACK;
