-- Lots and expiry: first expired first out, what has expired is not available, lots travel, and a lot can be traced.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(65);
-- In Bogota it is still yesterday for five hours after midnight UTC: days are those of the company.
INSERT INTO stockflow.companies (company_id, name, timezone, reorder_point) VALUES (1, 'One', 'America/Bogota', 5), (2, 'Two', 'UTC', NULL);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'A'), (1, 2, 'B'), (1, 3, 'C'), (2, 1, 'A');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, tracks_lots) SELECT c, p, 'P' || p, 'P', 1, p < 10 FROM generate_series(1, 2) AS c, generate_series(1, 12) AS p;
CREATE TEMP VIEW today AS SELECT stockflow.company_today(1) AS day;
CREATE FUNCTION pg_temp.shelf(product bigint, warehouse bigint DEFAULT 1) RETURNS text LANGUAGE sql AS
    $$SELECT coalesce(string_agg(lot || ':' || trim_scale(quantity), ' ' ORDER BY expires_on, lot), '') FROM stockflow.lot_stock WHERE company_id = 1 AND product_id = $1 AND warehouse_id = $2$$;
CREATE FUNCTION pg_temp.move(product bigint, delta numeric, lot text DEFAULT NULL, reason text DEFAULT 'adjustment', warehouse bigint DEFAULT 1, at timestamptz DEFAULT now()) RETURNS bigint LANGUAGE sql AS
    $$SELECT stockflow.record_movements(1, jsonb_build_array(jsonb_build_object('product_id', $1, 'warehouse_id', $5, 'delta', $2, 'lot', $3, 'reason', $4, 'occurred_at', $6)))$$;

-- Receiving
SELECT is(stockflow.receive_stock(1, 1, 1, 5), 5::numeric, 'stock of no known lot');
SELECT is(stockflow.receive_lot(1, 1, 1, 10, 'late', day + 20), 15::numeric, 'a lot') FROM today;
SELECT is(stockflow.receive_lot(1, 1, 1, 10, '  soon ', day + 10, 2.5, reference => 'D-1', idempotency_key => 'k'), 25::numeric, 'a lot that expires sooner') FROM today;
SELECT is(stockflow.receive_lot(1, 1, 1, 10, 'soon', day + 10, 2.5, reference => 'D-1', idempotency_key => 'k'), 25::numeric, 'the same call again writes nothing') FROM today;
SELECT is(stockflow.receive_lot(1, 1, 1, 1, 'soon'), 26::numeric, 'more of a known lot');
SELECT is(stockflow.receive_lot(1, 1, 1, 4, 'old', day - 1), 30::numeric, 'what has expired on arrival') FROM today;
SELECT is(pg_temp.shelf(1), 'old:4 soon:11 late:10', 'by expiry');
SELECT results_eq($$SELECT delta, unit_cost, reference FROM stockflow.inventory_log WHERE company_id = 1 AND product_id = 1 AND version = 3$$, $$VALUES (10::numeric, 2.5, 'D-1')$$, 'in the ledger like any receipt');
SELECT throws_ok($$SELECT stockflow.receive_lot(1, 1, 1, 1, 'soon', '2031-01-01')$$, '23514', NULL, 'a lot has one day of expiry');
SELECT throws_ok($$SELECT stockflow.receive_lot(1, 1, 10, 1, 'x')$$, '23514', 'product "P10" does not track lots', 'a product without lots');
SELECT throws_ok($$SELECT pg_temp.move(10, 1, 'x')$$, '23514', 'product "P10" does not track lots', 'also in record_movements');
SELECT throws_ok($$SELECT pg_temp.move(1, 1, 'unheard')$$, '23503', 'product "P1" has no lot "unheard"', 'a lot that is unknown');

-- First expired first out, of what can be used
SELECT results_eq('SELECT lot, quantity, in_stock FROM stockflow.pick_lots(1, 1, 1, 23)', $$VALUES ('soon', 11::numeric, 11::numeric), ('late', 10, 10), (NULL, 2, 5)$$, 'what would be picked');
SELECT results_eq($$SELECT lot, quantity FROM stockflow.pick_lots(1, 1, 1, 5, (SELECT day - 1 FROM today))$$, $$VALUES ('old', 4::numeric), ('soon', 1)$$, 'and yesterday');
SELECT is(stockflow.record_sale(1, 1, 1, 13), 17::numeric, 'a sale');
SELECT is(pg_temp.shelf(1), 'old:4 late:8', 'takes what expires first and can be used');
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 14)', '23514', 'insufficient stock for product "P1" in warehouse "A"', 'expired stock is not available');
SELECT throws_ok($$SELECT stockflow.reserve_stock(1, '[{"product_id": 1, "warehouse_id": 1, "quantity": 14}]')$$, '23514', 'insufficient stock for product "P1" in warehouse "A"', 'nor to be reserved');
SELECT throws_ok($$SELECT pg_temp.move(1, -1, 'old', 'sale')$$, '23514', 'lot "old" of product "P1" has expired', 'nor by its name');
SELECT throws_ok($$SELECT pg_temp.move(1, -9, 'late', 'sale')$$, '23514', 'insufficient stock of lot "late" of product "P1" in warehouse "A"', 'no more of a lot than there is');
SELECT lives_ok($$SELECT pg_temp.move(1, -1, 'late', 'sale')$$, 'a lot by its name');
SELECT lives_ok($$SELECT stockflow.record_sale(1, 1, 1, 2, now() - interval '1 day')$$, 'a sale of yesterday');
SELECT is(pg_temp.shelf(1), 'old:2 late:7', 'took what could be used then');
SELECT lives_ok($$SELECT pg_temp.move(1, -1)$$, 'an adjustment');
SELECT is(pg_temp.shelf(1), 'old:1 late:7', 'takes what has expired');
UPDATE stockflow.inventory SET quantity = quantity - 3 WHERE company_id = 1 AND product_id = 1 AND warehouse_id = 1;
SELECT is(pg_temp.shelf(1), 'late:5', 'a plain UPDATE, too');
SELECT is(stockflow.record_sale(1, 1, 1, 10), 0::numeric, 'all');
SELECT is(pg_temp.shelf(1), '', 'no lot is left');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'all sound');

-- The last day, in the company's time zone, and a day that is changed
SELECT stockflow.receive_lot(1, 1, 2, 10, 'today', day) FROM today;
SELECT is(stockflow.record_sale(1, 1, 2, 1), 9::numeric, 'the last day is usable');
UPDATE stockflow.lots SET expires_on = expires_on - 1 WHERE lot = 'today';
SELECT results_eq('SELECT expires_on = (SELECT day - 1 FROM today), quantity FROM stockflow.lot_stock WHERE product_id = 2', 'VALUES (true, 9::numeric)', 'a changed day reaches the stock');
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 2, 1)', '23514', NULL, 'and holds at once');
SELECT results_eq('SELECT * FROM stockflow.expired_stock(1)', 'VALUES (2::bigint, 1::bigint, 9::numeric)', 'expired stock');
SELECT results_eq('SELECT product_id, current_stock, available FROM stockflow.low_stock_alerts(1, recent_sales_only => false) WHERE product_id = 2', 'VALUES (2::bigint, 9::numeric, 0::numeric)', 'alerts go by what is available');
SELECT is((SELECT is_low FROM stockflow.inventory WHERE company_id = 1 AND product_id = 2), false, 'though the row alone is not low');
SELECT results_eq($$SELECT value FROM stockflow.explain_alert(1, 2, 1) WHERE term = 'expired_lots'$$, $$VALUES ('9')$$, 'explained');
SELECT is(stockflow.write_off_expired(1, reference => 'W', idempotency_key => 'w'), 1::bigint, 'written off');
SELECT is(stockflow.write_off_expired(1, reference => 'W', idempotency_key => 'w'), 1::bigint, 'once');
SELECT is(stockflow.write_off_expired(1), 0::bigint, 'nothing is left');
SELECT results_eq($$SELECT warehouse_id, delta, reason, reference FROM stockflow.lot_history(1, 2, 'today')$$, $$VALUES (1::bigint, 10::numeric, 'receipt', NULL), (1, -1, 'sale', NULL), (1, -9, 'expired', 'W')$$, 'where a lot went');

-- Lots travel
SELECT stockflow.receive_lot(1, 1, 3, 5, 'a', day + 5), stockflow.receive_lot(1, 1, 3, 5, 'b', day + 9), stockflow.receive_lot(1, 1, 3, 2, 'x', day - 9) FROM today;
SELECT lives_ok('SELECT stockflow.transfer_stock(1, 3, 1, 2, 7)', 'at once');
SELECT is(pg_temp.shelf(3) || ' / ' || pg_temp.shelf(3, 2), 'x:2 b:3 / a:5 b:2', 'the usable ones, first expired first');
SELECT throws_ok('SELECT stockflow.transfer_stock(1, 3, 1, 2, 4)', '23514', NULL, 'expired ones stay');
SELECT lives_ok('SELECT stockflow.transfer_stock(1, 3, 2, 1, 5)', 'to the warehouse with the lower number');
SELECT is(pg_temp.shelf(3) || ' / ' || pg_temp.shelf(3, 2), 'x:2 a:5 b:3 / b:2', 'too');
SELECT stockflow.create_transfer(1, 1, 3, '[{"product_id": 3, "quantity": 6}, {"product_id": 3, "quantity": 1}]') AS trip \gset
SELECT is(stockflow.ship_transfer(1, :trip), 'shipped', 'by a transfer that takes time');
SELECT results_eq('SELECT line_id, lot, quantity, settled FROM stockflow.transfer_line_lots ORDER BY 1, 2', $$VALUES (1::bigint, 'a', 5::numeric, 0::numeric), (1, 'b', 1, 0), (2, 'b', 1, 0)$$, 'what is on its way');
SELECT is(stockflow.receive_transfer(1, :trip, '[{"line_id": 1, "quantity": 2}, {"line_id": 2, "quantity": 1}]'), 'partly_received', 'in parts');
SELECT is(stockflow.write_off_transfer(1, :trip, '[{"line_id": 1, "quantity": 1}]'), 'partly_received', 'one is lost');
SELECT is(stockflow.cancel_transfer(1, :trip), 'closed', 'the rest comes back');
SELECT is(pg_temp.shelf(3) || ' / ' || pg_temp.shelf(3, 3), 'x:2 a:2 b:2 / a:2 b:1', 'each where it should be');

-- Bundles sell lots of their parts; purchase orders bring them; stock below zero
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 11, 3, 2);
SELECT results_eq('SELECT warehouse_id, buildable FROM stockflow.buildable_bundles(1, 11, 1)', 'VALUES (1::bigint, 2::numeric)', 'expired parts build nothing');
SELECT is(stockflow.record_sale(1, 1, 11, 1), 1::numeric, 'a bundle');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'S');
SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 4, "quantity": 9}]')) AS placed \gset
SELECT lives_ok($$SELECT stockflow.receive_purchase_order(1, (SELECT max(order_id) FROM stockflow.purchase_orders), '[{"line_id": 1, "quantity": 2, "lot": "p", "expires_on": "2999-12-31"}, {"line_id": 1, "quantity": 3, "lot": "q"}, {"line_id": 1, "quantity": 1}]')$$, 'a delivery of two lots and one without');
SELECT is(pg_temp.shelf(4), 'p:2 q:3', 'are kept');
UPDATE stockflow.companies SET allow_negative_stock = true WHERE company_id = 1;
SELECT is(stockflow.record_sale(1, 1, 5, 3), -3::numeric, 'below zero');
SELECT stockflow.receive_lot(1, 1, 5, 8, 'n');
SELECT is(pg_temp.shelf(5), 'n:5', 'what comes in has partly gone already');
SELECT stockflow.receive_lot(1, 1, 6, 8, 'x', day - 1) FROM today;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 6, 1)', '23514', 'only expired stock of product "P6" is left in warehouse "A"', 'expired stock is not sold below zero either');
-- What is lost on the way is of the lots that were shipped, however the call is planned: after some calls the plan is a general one.
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, tracks_lots) VALUES (1, 80, 'P80', 'P', 1, true);
DO $$ DECLARE trip bigint; BEGIN
    PERFORM stockflow.receive_lot(1, 1, 80, 20, 'old', (SELECT day - 1 FROM today)), stockflow.receive_lot(1, 2, 80, 20, 'new');
    FOR i IN 1 .. 8 LOOP
        trip := stockflow.create_transfer(1, 2, 1, '[{"product_id": 80, "quantity": 2}]');
        PERFORM stockflow.ship_transfer(1, trip), stockflow.write_off_transfer(1, trip);
    END LOOP;
END $$;
SELECT is(pg_temp.shelf(80), 'old:20', 'nothing arrived, and what was there is untouched');

-- Rows of inventory that go, and products that stop tracking
SELECT throws_ok('UPDATE stockflow.products SET tracks_lots = false WHERE company_id = 1 AND product_id = 6', '23514', 'lots of product "P6" are in stock', 'not while lots are in stock');
DELETE FROM stockflow.inventory WHERE company_id = 1 AND product_id = 6;
SELECT lives_ok('UPDATE stockflow.products SET tracks_lots = false WHERE company_id = 1 AND product_id = 6', 'the row took them along');

-- More rows in a statement than entries are kept waiting, and a savepoint around a failure
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, tracks_lots) SELECT 2, p, 'M' || p, 'M', 1, true FROM generate_series(101, 10300) AS p;
INSERT INTO stockflow.lots (company_id, product_id, lot) SELECT 2, p, 'L' FROM generate_series(101, 10300) AS p;
SELECT stockflow.record_movements(2, (SELECT jsonb_agg(jsonb_build_object('product_id', p, 'warehouse_id', 1, 'delta', 3, 'reason', 'receipt', 'lot', 'L')) FROM generate_series(101, 10300) AS p)) AS many \gset
UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE company_id = 2;
SAVEPOINT fails;
SELECT throws_ok('UPDATE stockflow.inventory SET quantity = quantity - CASE product_id WHEN 10300 THEN 5 ELSE 1 END WHERE company_id = 2', '23514', NULL, 'one of many fails');
ROLLBACK TO fails;
SELECT results_eq('SELECT quantity, count(*) FROM stockflow.lot_stock WHERE company_id = 2 GROUP BY 1', 'VALUES (2::numeric, 10200::bigint)', 'many rows');
SELECT stockflow.archive_log(now(), 2) AS archived \gset
SELECT is((SELECT count(*) FROM stockflow.lot_history(2, 101, 'L')), 2::bigint, 'a lot is traced into the archive');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'all sound in the end');
SELECT * FROM finish();
ROLLBACK;
