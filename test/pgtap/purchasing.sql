-- Purchase orders: states, receipts, what is on order, prices by quantity and date, lead times.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(73);
INSERT INTO stockflow.companies (company_id, name, timezone, over_receipt_percent) VALUES
    (1, 'One', 'America/Bogota', 0), (2, 'Two', 'UTC', 50), (3, 'Three', 'UTC', 0);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'A'), (1, 2, 'B'), (2, 1, 'A'), (3, 1, 'A');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'S'), (1, 2, 'T'), (2, 1, 'S'), (3, 1, 'S');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT c, p, 'P' || p, 'P', 1 FROM generate_series(1, 3) AS c, generate_series(1, 4) AS p;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, is_bundle, is_stocked) VALUES
    (1, 8, 'KIT', 'Kit', 1, true, true), (1, 9, 'SVC', 'Service', 1, false, false);
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days) VALUES
    (1, 1, 1, 5, 7), (1, 2, 1, NULL, NULL), (1, 1, 2, 6, 3), (2, 1, 1, 5, 7), (3, 1, 1, 5, 7);
DO $$ BEGIN PERFORM setval('stockflow.purchase_orders_order_id_seq', 1, false); END $$;
CREATE FUNCTION pg_temp.on_order(company bigint, product bigint, warehouse bigint) RETURNS numeric LANGUAGE sql AS $$
    SELECT coalesce((SELECT on_order FROM stockflow.inventory WHERE (company_id, product_id, warehouse_id) = ($1, $2, $3)), 0) $$;
CREATE FUNCTION pg_temp.state(company bigint, purchase bigint) RETURNS text LANGUAGE sql AS $$
    SELECT state || coalesce(' ' || string_agg(concat_ws('/', received, open_quantity), ' ' ORDER BY line_id), '')
      FROM stockflow.purchase_orders JOIN stockflow.purchase_order_lines USING (company_id, order_id)
     WHERE (company_id, order_id) = ($1, $2) GROUP BY state $$;

-- A draft is not on order; placed it is, and expected after the stated lead time.
SELECT is(stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 1, "quantity": 10}, {"product_id": 2, "quantity": 4, "warehouse_id": 2, "unit_cost": 2.5, "expected_on": "2030-01-01"}]', reference => ' PO 7 '), 1::bigint, 'order 1');
SELECT is(pg_temp.state(1, 1) || '|' || pg_temp.on_order(1, 1, 1), 'draft 0/0 0/0|0', 'a draft is not on order');
SELECT throws_ok($$SELECT stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 1}]')$$, '55000', 'purchase order 1 is draft', 'a draft receives nothing');
SELECT is(stockflow.place_purchase_order(1, 1, now() - interval '10 days'), 'ordered', 'placed');
SELECT is(pg_temp.state(1, 1) || '|' || pg_temp.on_order(1, 1, 1) || '|' || pg_temp.on_order(1, 2, 2), 'ordered 0/10 0/4|10|4', 'on order by warehouse');
SELECT is((SELECT array_agg(expected_on - ((now() - interval '10 days') AT TIME ZONE 'America/Bogota')::date ORDER BY line_id) FROM stockflow.purchase_order_lines WHERE company_id = 1 AND line_id = 1),
    '{7}', 'expected after the lead time, from the day of the order');
SELECT is((SELECT string_agg(concat_ws(' ', unit_cost, expected_on), ', ' ORDER BY line_id) FROM stockflow.purchase_order_lines WHERE company_id = 1 AND line_id = 2),
    '2.5 2030-01-01', 'a line''s own cost and day');
SELECT is((SELECT reference FROM stockflow.purchase_orders WHERE order_id = 1), 'PO 7', 'reference without blanks');
SELECT throws_ok('SELECT stockflow.place_purchase_order(1, 1)', '55000', 'purchase order 1 is ordered', 'placed once');

-- Late from the day after the expected day on; a new day makes it open again.
SELECT is((SELECT string_agg(concat_ws(' ', line_id, days_late), ', ' ORDER BY line_id) FROM stockflow.open_purchase_lines(1)), '1 3, 2 0', 'days late');
SELECT is((SELECT count(*) FROM stockflow.open_purchase_lines(1, late_only => true)), 1::bigint, 'late lines');
SELECT is(stockflow.reschedule_purchase_order(1, 1, stockflow.company_today(1), 1), 1::bigint, 'one line rescheduled');
SELECT is((SELECT count(*) FROM stockflow.open_purchase_lines(1, late_only => true)), 0::bigint, 'expected today is not late');
SELECT is((SELECT count(*) FROM stockflow.open_purchase_lines(1, 2)), 0::bigint, 'nothing of the other supplier');

-- Receipts: partly, in two lines of one delivery, at the line's or another cost; stock and ledger follow.
SELECT is(stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 3}, {"line_id": 1, "quantity": 1, "unit_cost": 4}, {"line_id": 2, "quantity": 4}]',
    now() - interval '3 days', 'r1'), 'partly_received', 'a part');
SELECT is(stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 3.0}, {"line_id": 1, "quantity": 1, "unit_cost": 4}, {"line_id": 2, "quantity": 4}]',
    now() - interval '3 days', 'r1'), 'partly_received', 'the same again is not received again');
SELECT throws_ok($$SELECT stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 4}]', idempotency_key => 'r1')$$, '23505', NULL, 'the key with other content');
SELECT is(pg_temp.state(1, 1) || '|' || pg_temp.on_order(1, 1, 1) || '|' || pg_temp.on_order(1, 2, 2), 'partly_received 4/6 4/0|6|0', 'what is left is on order');
SELECT results_eq($$SELECT product_id, delta, quantity_after, reason, reference, unit_cost FROM stockflow.inventory_log WHERE company_id = 1 ORDER BY product_id, version$$,
    $$VALUES (1::bigint, 3::numeric, 3::numeric, 'receipt', 'purchase_order:1/1', 5::numeric), (1, 1, 4, 'receipt', 'purchase_order:1/1', 4), (2, 4, 4, 'receipt', 'purchase_order:1/2', 2.5)$$, 'the ledger');
SELECT throws_ok($$SELECT stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 3}, {"line_id": 1, "quantity": 4}]')$$, '23514',
    'line 1: more than ordered of line 1 of purchase order 1', 'lines of one line are summed before they are checked');
SELECT throws_ok($$SELECT stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 1}, {"line_id": 3, "quantity": 1}]')$$, '23503', 'line 2: purchase order 1 has no line 3', 'an unknown line');
SELECT throws_ok($$SELECT stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 1}]', now() - interval '11 days')$$, '22023', 'occurred_at lies before the order', 'nothing comes before it is ordered');
SELECT is(stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 6}]'), 'received', 'the rest');
SELECT is(pg_temp.state(1, 1) || '|' || pg_temp.on_order(1, 1, 1), 'received 10/0 4/0|0', 'all in');
SELECT throws_ok($$SELECT stockflow.receive_purchase_order(1, 1, '[{"line_id": 1, "quantity": 1}]')$$, '55000', 'purchase order 1 is received', 'it has ended');
SELECT throws_ok('SELECT stockflow.cancel_purchase_order(1, 1)', '55000', 'purchase order 1 is received', 'nor can it be cancelled');

-- Ordered 10, received 15: nothing is on order, never less. At the tolerance, not above it.
SELECT is(stockflow.place_purchase_order(2, stockflow.create_purchase_order(2, 1, 1, '[{"product_id": 1, "quantity": 10}, {"product_id": 1, "quantity": 10}]')), 'ordered', 'order 2');
SELECT is(pg_temp.on_order(2, 1, 1), 20::numeric, 'two lines of the same size on the same day both count');
SELECT throws_ok($$SELECT stockflow.receive_purchase_order(2, 2, '[{"line_id": 1, "quantity": 16}]')$$, '23514', NULL, 'above the tolerance');
SELECT is(stockflow.receive_purchase_order(2, 2, '[{"line_id": 1, "quantity": 15}]'), 'partly_received', 'at the tolerance');
SELECT is(pg_temp.state(2, 2) || '|' || pg_temp.on_order(2, 1, 1), 'partly_received 15/0 0/10|10', 'the surplus is not taken off the other line');
SELECT is(stockflow.receive_purchase_order(2, 2, '[{"line_id": 2, "quantity": 15}]'), 'received', 'ordered 20, received 30');
SELECT is(pg_temp.on_order(2, 1, 1), 0::numeric, 'on order 0, not -10');
SELECT is((SELECT quantity FROM stockflow.inventory WHERE company_id = 2), 30::numeric, 'all of it is stock');

-- Giving up an order, or its rest.
SELECT is(stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 1, "quantity": 10}]')), 'ordered', 'order 3');
SELECT is(stockflow.cancel_purchase_order(1, 3, 'c') || stockflow.cancel_purchase_order(1, 3, 'c'), 'cancelledcancelled', 'cancelled, once');
SELECT is(pg_temp.state(1, 3) || '|' || pg_temp.on_order(1, 1, 1), 'cancelled 0/0|0', 'nothing is on order');
SELECT is(stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 2, NULL, '[{"product_id": 1, "quantity": 10, "warehouse_id": 2}]')), 'ordered', 'order 4');
SELECT is(stockflow.receive_purchase_order(1, 4, '[{"line_id": 1, "quantity": 3}]'), 'partly_received', 'a part');
SELECT is(stockflow.cancel_purchase_order(1, 4), 'received', 'the rest is given up, what came stays');
SELECT is(pg_temp.state(1, 4) || '|' || pg_temp.on_order(1, 1, 2) || '|' || (SELECT quantity FROM stockflow.inventory WHERE company_id = 1 AND product_id = 1 AND warehouse_id = 2), 'received 3/0|0|3', 'received lines stay');
SELECT is(stockflow.cancel_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 1, "quantity": 1}]')), 'cancelled', 'a draft, order 5');
SELECT throws_ok('SELECT stockflow.reschedule_purchase_order(1, 5, current_date)', '55000', NULL, 'nothing to wait for');

-- What cannot be ordered, or not any more.
SELECT throws_ok($$SELECT stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 1, "quantity": 1}, {"product_id": 8, "quantity": 1}]')$$, '23514', 'line 2: product "KIT" holds no stock of its own', 'a bundle');
SELECT throws_ok($$SELECT stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 9, "quantity": 1}]')$$, '23514', 'line 1: product "SVC" holds no stock of its own', 'a service');
SELECT throws_ok(format('SELECT stockflow.create_purchase_order(1, 1, 1, %L)', line), '22023', message, message)
  FROM (VALUES ('[{"product_id": 1, "quantity": 1, "expected_on": "2026-02-30"}]', 'line 1: expected_on "2026-02-30" is no day from the years 1900 to 9999'),
               ('[{"product_id": 1, "quantity": 1, "expected_on": "today"}]', 'line 1: expected_on must be a day such as "2026-01-31"'),
               ('[{"product_id": 1, "quantity": 1, "expected_on": "1899-12-31"}]', 'line 1: expected_on "1899-12-31" is no day from the years 1900 to 9999'),
               ('[{"product_id": 1, "quantity": 1, "expected_on": "26-1-31---"}]', 'line 1: expected_on must be a day such as "2026-01-31"'),
               ('[{"product_id": 1, "quantity": 1, "lot": "x"}]', 'line 1: unknown key "lot"')) AS bad(line, message);
SELECT throws_ok($$SELECT stockflow.create_purchase_order(1, 1, NULL, '[{"product_id": 1, "quantity": 1}]')$$, '22023', 'line 1: warehouse_id is missing', 'no warehouse at all');
SELECT throws_ok($$SELECT stockflow.create_purchase_order(3, 2, 1, '[{"product_id": 1, "quantity": 1}]')$$, '23503', 'supplier 2 does not exist', 'another company''s supplier');
SELECT is(stockflow.create_purchase_order(3, 1, 1, '[{"product_id": 1, "quantity": 1}]'), 6::bigint, 'order 6');
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 3 AND product_id = 1;
SELECT throws_ok('SELECT stockflow.place_purchase_order(3, 6)', '23503', 'line 1: product "P1" is deleted', 'deleted meanwhile');
UPDATE stockflow.products SET deleted_at = NULL WHERE company_id = 3 AND product_id = 1;
SELECT throws_ok($$UPDATE stockflow.inventory SET on_order = on_order + 1 WHERE company_id = 1$$, '55000', 'column "on_order" of inventory is the sum of open lines', 'nobody else sets it');
SELECT throws_ok($$INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, in_transit) VALUES (3, 2, 1, 1)$$, '55000', 'column "in_transit" of inventory is the sum of open lines', 'nor in an INSERT');
SELECT is(stockflow.place_purchase_order(3, 6), 'ordered', 'order 6, live again');
SELECT throws_ok('DELETE FROM stockflow.inventory WHERE company_id = 3', '23514', 'cannot delete a row of inventory whose on_order is 1', 'nor by deleting the row');
SELECT lives_ok($$INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, in_transit, on_order) VALUES (3, 2, 1, 0, 0.0)$$, '0 is what it has');

-- Prices: the highest break that is reached, on its days only; an old price does not hold on.
INSERT INTO stockflow.supplier_prices (company_id, product_id, supplier_id, min_quantity, unit_cost, valid_from, valid_to) VALUES
    (1, 1, 1, 10, 4, '2026-01-01', '2026-02-01'), (1, 1, 1, 10, 3.5, '2026-02-01', NULL), (1, 1, 1, 100, 3, '2026-01-01', '2026-03-01');
SELECT results_eq($$SELECT q, d::date, stockflow.supplier_price(1, 1, 1, q, d::date) FROM (VALUES (9, '2026-01-15'), (9.999999, '2026-01-15'), (10, '2025-12-31'), (10, '2026-01-01'),
        (10, '2026-01-31'), (10, '2026-02-01'), (99, '2026-02-28'), (100, '2026-02-28'), (100, '2026-03-01')) AS v(q, d)$$,
    $$VALUES (9::numeric, '2026-01-15'::date, 5::numeric), (9.999999, '2026-01-15', 5), (10, '2025-12-31', 5), (10, '2026-01-01', 4), (10, '2026-01-31', 4), (10, '2026-02-01', 3.5),
        (99, '2026-02-28', 3.5), (100, '2026-02-28', 3), (100, '2026-03-01', 3.5)$$, 'prices by quantity and day');
SELECT throws_ok($$INSERT INTO stockflow.supplier_prices VALUES (1, 1, 1, 10, 1, '2026-01-31', '2026-02-01')$$, '23514', 'two prices from quantity 10 on would hold on the same day', 'prices do not overlap');
SELECT throws_ok($$UPDATE stockflow.supplier_prices SET valid_to = NULL WHERE valid_to = '2026-02-01'$$, '23514', NULL, 'nor by an update');
SELECT lives_ok($$UPDATE stockflow.supplier_prices SET valid_to = valid_to + 1, valid_from = valid_from + 1$$, 'all moved in one statement');
SELECT is(stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 1, "quantity": 60}, {"product_id": 1, "quantity": 40, "warehouse_id": 2}, {"product_id": 2, "quantity": 1}]'), 7::bigint, 'order 7');
SELECT is((SELECT array_agg(unit_cost ORDER BY line_id) FROM stockflow.purchase_order_lines WHERE order_id = 7), ARRAY[3.5, 3.5, NULL]::numeric[], 'priced by all that is ordered of a product');

-- Lead times count from the order, in days of the company, weighted by quantity; one day's parts are one receipt.
SELECT results_eq('SELECT * FROM stockflow.lead_times(1) WHERE product_id = 1', $$VALUES (1::bigint, 1::bigint, 2::bigint, 8.8, 2.078461), (2, 1, 1, 0, NULL)$$, 'days 7 (4 units) and 10 (6 units)');
DO $$ BEGIN
    PERFORM setval('stockflow.purchase_orders_order_id_seq', 10, false);
    FOR n IN 0 .. 2 LOOP -- created long before; ordered 23:30 on the 1st in Bogota, received 2, 4, 6 days later, 1 unit each
        PERFORM stockflow.create_purchase_order(1, 2, 1, '[{"product_id": 2, "quantity": 1}]');
        UPDATE stockflow.purchase_orders SET created_at = '2020-01-01' WHERE order_id = 10 + n;
        PERFORM stockflow.place_purchase_order(1, 10 + n, '2026-03-01 23:30 America/Bogota');
        PERFORM stockflow.receive_purchase_order(1, 10 + n, '[{"line_id": 1, "quantity": 1}]', ('2026-03-03 00:10 America/Bogota'::timestamptz + make_interval(days => 2 * n)));
    END LOOP;
END $$;
SELECT results_eq('SELECT mean_days, sd_days, receipts FROM stockflow.lead_times(1, 2, 2)', 'VALUES (4::numeric, 2::numeric, 3::bigint)', 'from the order, not from its creation, in calendar days');
SELECT results_eq($$SELECT receipts FROM stockflow.lead_times(1, 2, 2, '2026-03-05')$$, 'VALUES (2::bigint)', 'from a day on');
SELECT results_eq('SELECT * FROM stockflow.lead_time(1, 1, 1)', $$VALUES (1::bigint, 1::bigint, 7, 'stated')$$, 'two receipts are too few to plan with');

-- Everything adds up; and what does not is found.
SELECT is_empty('SELECT * FROM stockflow.verify_purchasing() UNION ALL SELECT * FROM stockflow.verify_ledger()', 'all sound');
ALTER TABLE stockflow.purchase_order_lines DISABLE TRIGGER USER;
UPDATE stockflow.purchase_order_lines SET received = 1, is_open = true WHERE order_id = 7 AND line_id = 3;
ALTER TABLE stockflow.purchase_order_lines ENABLE TRIGGER USER;
UPDATE stockflow.purchase_orders SET state = 'ordered', closed_at = NULL WHERE order_id = 10;
SELECT results_eq('SELECT problem FROM stockflow.verify_purchasing(1) ORDER BY problem COLLATE "C"', $$VALUES
    ('line 1 of purchase order 10: is_open is f, but the order is ordered'),
    ('line 3 of purchase order 7: is_open is t, but the order is draft'),
    ('line 3 of purchase order 7: received is 1, but its receipts add up to 0'),
    ('purchase order 10 is ordered, but all of it is received'), ('purchase order 7 is draft, but a part is received')$$, 'what is wrong is found');
SELECT is_empty('SELECT * FROM stockflow.verify_purchasing(2)', 'not with another company');
SELECT lives_ok($$SELECT stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 1.0, "quantity": 1, "expected_on": "2028-02-29", "unit_cost": null}]')$$, 'a leap day, and a cost that is not given');
SELECT * FROM finish();
ROLLBACK;
