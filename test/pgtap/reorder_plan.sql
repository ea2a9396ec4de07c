-- Buying suggestions: what counts as on its way, transfers first, quantities and prices, accepting once.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(36);
SELECT results_eq('SELECT stockflow.order_quantity(n, 15, 3) FROM unnest(ARRAY[1, 6, 12, 13, 18, 19, 0, -1]) AS n',
    'SELECT unnest(ARRAY[15, 15, 15, 15, 18, 21, 0, 0])::numeric', 'minimum 15, pack of 3');
SELECT results_eq('SELECT stockflow.order_quantity(n, m, p, w) FROM (VALUES (1, 50, 8, true), (0.5, NULL, NULL, true), (0.5, NULL, 0.4, false), (0.5, NULL, 0.4, true), (7, 10, NULL, true)) AS v(n, m, p, w)',
    'VALUES (56::numeric), (1), (0.8), (2), (10)', 'the pack after the minimum; whole units of a fractional pack');

-- Reorder point 10 and target 11 without demand; 10 days of cover. Supplier 1 delivers in 5 days.
INSERT INTO stockflow.companies (company_id, name, reorder_point, cover_days) VALUES (1, 'One', 10, 10), (2, 'Two', 10, 10), (3, 'Three', 10, 10);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name, deleted_at) VALUES
    (1, 1, 'A', NULL), (1, 2, 'B', NULL), (1, 3, 'C', NULL), (1, 4, 'Shut', now()), (2, 1, 'A', NULL), (3, 1, 'A', NULL);
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) SELECT c, s, 'S' || s FROM generate_series(1, 3) AS c, generate_series(1, 2) AS s;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT c, p, 'P' || p, 'P', 1 FROM generate_series(1, 3) AS c, generate_series(1, 15) AS p;
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days, min_order_quantity, pack_size)
    SELECT 1, p, 1, 2, 5, NULL, NULL::numeric FROM generate_series(2, 13) AS p
    UNION ALL VALUES (1, 1, 1, 2, 5, 15, 3), (1, 15, 2, 1, NULL, NULL, NULL), (2, 1, 1, 2, 5, NULL, NULL);
INSERT INTO stockflow.supplier_prices (company_id, product_id, supplier_id, min_quantity, unit_cost, valid_from, valid_to) VALUES
    (1, 1, 1, 15, 1.5, '-infinity', NULL), (1, 1, 1, 16, 1, '-infinity', NULL), (1, 2, 1, 1, 0.1, '2020-01-01', '2021-01-01'), (1, 9, 1, 20, 1.25, '-infinity', NULL);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity)
    SELECT 1, p, 1, 5 FROM generate_series(1, 15) AS p WHERE p NOT IN (11, 12)
    UNION ALL VALUES (1, 7, 2, 100), (1, 8, 2, 14), (1, 8, 3, 10), (1, 8, 4, 100), (1, 9, 2, 0), (1, 11, 1, 20), (1, 10, 2, 6), (1, 10, 3, 20), (2, 1, 1, 5), (3, 1, 1, 0);
UPDATE stockflow.products SET whole_units = false, order_up_to = 30.25 WHERE company_id = 1 AND product_id = 13;
-- 12 sold 62 in 30 days, in stock on all of them: target 10 + 10 * 62 / 30
DO $$ BEGIN
    PERFORM stockflow.adjust_stock(1, 1, 12, 71, occurred_at => now() - interval '40 days');
    PERFORM stockflow.record_sale(1, 1, 12, 31, now() - interval '29 days'), stockflow.record_sale(1, 1, 12, 31);
END $$;
-- What is under way: 2 in time, and 3 up to its reorder point only; 4 late; 5 in time on the last day, 6 one day after it.
SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, jsonb_build_array(
    jsonb_build_object('product_id', 2, 'quantity', 6), jsonb_build_object('product_id', 3, 'quantity', 5),
    jsonb_build_object('product_id', 4, 'quantity', 50, 'expected_on', current_date - 1),
    jsonb_build_object('product_id', 5, 'quantity', 6, 'expected_on', current_date + 15),
    jsonb_build_object('product_id', 6, 'quantity', 6, 'expected_on', current_date + 16),
    jsonb_build_object('product_id', 6, 'quantity', 1, 'expected_on', current_date)))) AS placed \gset
CREATE TEMP VIEW plan AS SELECT * FROM stockflow.reorder_plan(1);

SELECT results_eq('SELECT quantity, price_break, unit_cost, total_cost, needed FROM plan WHERE product_id = 1', 'VALUES (15::numeric, 15::numeric, 1.5, 22.5, 6::numeric)',
    'the price is that of the final quantity');
SELECT is_empty('SELECT * FROM plan WHERE product_id IN (2, 5, 11)', 'what is on order in time suffices, also on the last day');
SELECT results_eq('SELECT inventory_position, threshold, on_order_in_time, quantity, price_break, unit_cost FROM plan WHERE product_id = 3',
    'VALUES (10::numeric, 10::numeric, 5::numeric, 1::numeric, NULL::numeric, 2::numeric)', 'a position at the reorder point is ordered; an order goes above it');
SELECT results_eq('SELECT on_order_in_time, on_order_later, on_order_late, inventory_position, quantity FROM plan WHERE product_id = 4',
    'VALUES (0::numeric, 0::numeric, 50::numeric, 5::numeric, 6::numeric)', 'late is reported and does not count');
SELECT results_eq('SELECT on_order_in_time, on_order_later, on_order_late, next_expected_on, quantity FROM plan WHERE product_id = 6',
    'VALUES (1::numeric, 6::numeric, 0::numeric, current_date, 5::numeric)', 'what comes too late for this order is reported and does not count');
SELECT is_empty($$SELECT p.* FROM plan p JOIN stockflow.inventory i ON i.company_id = 1 AND i.product_id = p.product_id AND i.warehouse_id = p.warehouse_id
     WHERE i.on_order <> p.on_order_in_time + p.on_order_later + p.on_order_late$$, 'the three add up to on_order');
SELECT results_eq('SELECT supplier_id, quantity, unit_cost, lead_time_source FROM plan WHERE product_id = 14', 'VALUES (NULL::bigint, 6::numeric, NULL::numeric, NULL::text)', 'no supplier');
SELECT results_eq('SELECT supplier_id, lead_time_days, arrives_on, total_cost FROM plan WHERE product_id = 15', 'VALUES (2::bigint, NULL::integer, NULL::date, 6::numeric)', 'no lead time known');
SELECT results_eq('SELECT lead_time_days, lead_time_source, arrives_on FROM plan WHERE product_id = 1', $$VALUES (5, 'stated', current_date + 5)$$, 'arrival');
SELECT results_eq('SELECT available, order_target, average_daily_demand, adjusted_daily_demand, days_until_stockout, quantity FROM plan WHERE product_id = 12',
    'VALUES (9::numeric, 30.666666, 2.066667, 2.066667, 4, 22::numeric)', 'a target by demand, whole units');
SELECT results_eq('SELECT order_target, quantity FROM plan WHERE product_id = 13', 'VALUES (30.25, 25.25)', 'a target of its own, in fractions');

-- Transfers come first, and leave the donor above its own reorder point.
SELECT results_eq($$SELECT kind, from_warehouse_id, quantity FROM plan WHERE product_id = 7$$, $$VALUES ('transfer', 2::bigint, 6::numeric)$$, 'a sibling has plenty: nothing is bought');
SELECT results_eq($$SELECT kind, from_warehouse_id, warehouse_id, quantity FROM plan WHERE product_id = 8 ORDER BY 1 DESC, 3$$,
    $$VALUES ('transfer', 2::bigint, 1::bigint, 3::numeric), ('purchase', NULL, 1, 3), ('purchase', NULL, 3, 1)$$, 'a donor gives what leaves it above; a closed one and one at its point give nothing; the rest is bought');
SELECT is((SELECT quantity - 3 > effective_reorder_point FROM stockflow.inventory WHERE product_id = 8 AND warehouse_id = 2), true, 'the donor does not alert afterwards');
SELECT results_eq($$SELECT kind, from_warehouse_id, warehouse_id, quantity FROM plan WHERE product_id = 10 ORDER BY 1 DESC, 3$$,
    $$VALUES ('transfer', 3::bigint, 1::bigint, 6::numeric), ('transfer', 3, 2, 3), ('purchase', NULL, 2, 2)$$, 'one donor for two: the more urgent first, nothing is given twice');
SELECT results_eq('SELECT warehouse_id, quantity, price_break, unit_cost FROM plan WHERE product_id = 9 ORDER BY 1', 'VALUES (1::bigint, 6::numeric, NULL::numeric, 2::numeric), (2, 11, NULL, 2)', 'two warehouses below the break');
UPDATE stockflow.products SET order_up_to = 14 WHERE company_id = 1 AND product_id = 9;
SELECT results_eq('SELECT warehouse_id, quantity, price_break, unit_cost FROM plan WHERE product_id = 9 ORDER BY 1', 'VALUES (1::bigint, 9::numeric, 20::numeric, 1.25), (2, 14, 20, 1.25)', 'the price goes by both together');
SELECT is_empty($$SELECT * FROM (SELECT *, sum(quantity) OVER (PARTITION BY product_id, supplier_id) AS ordered FROM plan WHERE kind = 'purchase') p
     WHERE unit_cost IS DISTINCT FROM stockflow.supplier_price(1, product_id, supplier_id, ordered)$$, 'costs are those of supplier_price');
SELECT results_eq('SELECT DISTINCT supplier_id FROM stockflow.reorder_plan(1, 2)', 'VALUES (2::bigint)', 'one supplier''s');
SELECT is_empty('SELECT * FROM stockflow.reorder_plan(1, recent_sales_only => true) WHERE product_id <> 12', 'only what sells, when asked for');

-- Measured lead times are used from three receipts on.
DO $$ BEGIN
    FOR n IN 1 .. 3 LOOP
        PERFORM stockflow.place_purchase_order(2, stockflow.create_purchase_order(2, 1, 1, '[{"product_id": 2, "quantity": 1}]'), now() - interval '20 days');
        PERFORM stockflow.receive_purchase_order(2, (SELECT max(order_id) FROM stockflow.purchase_orders), '[{"line_id": 1, "quantity": 1}]',
            now() - interval '20 days' + make_interval(days => 6 + n));
    END LOOP;
END $$;
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, lead_time_days) VALUES (2, 2, 1, 3);
SELECT results_eq('SELECT product_id, lead_time_days, lead_time_source FROM stockflow.reorder_plan(2) ORDER BY 1', $$VALUES (1::bigint, 5, 'stated'), (2, 8, 'measured')$$, 'measured: 7, 8, 9');

-- Accepting makes the orders and drafts of the transfers, once; drafts count, too.
CREATE TEMP TABLE proposed AS SELECT * FROM plan;
SELECT results_eq('SELECT kind FROM stockflow.accept_reorder_plan(1, 2, place => false)', $$VALUES ('purchase')$$, 'a draft for one supplier, and nothing else');
SELECT results_eq('SELECT in_draft, quantity FROM stockflow.reorder_plan(1) WHERE product_id = 15', 'SELECT 1::numeric, 1::numeric WHERE false', 'is no longer proposed');
CREATE TEMP TABLE made AS SELECT * FROM stockflow.accept_reorder_plan(1, idempotency_key => 'p');
SELECT results_eq('SELECT kind, count(*) FROM made GROUP BY 1 ORDER BY 1', $$VALUES ('purchase', 1::bigint), ('transfer', 3)$$, 'one order per supplier, one transfer per pair of warehouses');
SELECT results_eq($$SELECT * FROM stockflow.accept_reorder_plan(1, idempotency_key => 'p')$$, 'SELECT * FROM made', 'the same call again returns the same');
SELECT is_empty('SELECT * FROM stockflow.accept_reorder_plan(1)', 'a second run makes none');
SELECT results_eq('SELECT DISTINCT kind, supplier_id FROM plan', $$VALUES ('purchase', NULL::bigint)$$, 'what is left has no supplier');
SELECT results_eq($$SELECT t.from_warehouse_id, t.to_warehouse_id, l.product_id, l.quantity, t.state
      FROM made m JOIN stockflow.transfers t ON t.company_id = 1 AND t.transfer_id = m.document_id
      JOIN stockflow.transfer_lines l USING (company_id, transfer_id) WHERE m.kind = 'transfer' ORDER BY 1, 2, 3$$,
    $$SELECT from_warehouse_id, warehouse_id, product_id, quantity, 'draft' FROM proposed WHERE kind = 'transfer' ORDER BY 1, 2, 3$$, 'the transfers are as proposed');
DO $$ BEGIN PERFORM stockflow.ship_transfer(1, document_id) FROM made WHERE kind = 'transfer'; END $$;
SELECT results_eq('SELECT DISTINCT kind, supplier_id FROM plan', $$VALUES ('purchase', NULL::bigint)$$, 'nor is anything proposed once they are on their way');
-- What a donor has promised in a draft is not promised again: 20 - 9 shipped - 11 in the draft.
SELECT stockflow.create_transfer(1, 2, 3, '[{"product_id": 7, "quantity": 83}]') AS promised \gset
UPDATE stockflow.inventory SET quantity = 0 WHERE company_id = 1 AND product_id = 7 AND warehouse_id = 1;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 7, 3, 20);
SELECT results_eq('SELECT kind, from_warehouse_id, quantity FROM plan WHERE product_id = 7 AND warehouse_id = 1 ORDER BY 1 DESC', $$VALUES ('transfer', 3::bigint, 5::numeric)$$, 'a donor keeps what a draft takes');
SELECT results_eq($$SELECT l.product_id, l.warehouse_id, l.quantity, l.unit_cost, l.expected_on FROM stockflow.purchase_order_lines l JOIN stockflow.purchase_orders o USING (company_id, order_id)
     WHERE company_id = 1 AND l.is_open AND l.product_id IN (1, 9) AND l.warehouse_id < 3 ORDER BY 1, 2$$,
    $$VALUES (1::bigint, 1::bigint, 15::numeric, 1.5, current_date + 5), (9, 1, 9, 1.25, current_date + 5), (9, 2, 14, 1.25, current_date + 5)$$, 'the orders are as proposed');
SELECT throws_ok('SELECT stockflow.accept_reorder_plan(9)', '23503', 'company 9 does not exist', 'unknown company');
SELECT is_empty('SELECT * FROM stockflow.reorder_plan(9) UNION ALL SELECT * FROM stockflow.reorder_plan(NULL)', 'and nothing to read');
SELECT is_empty('SELECT * FROM stockflow.verify_purchasing() UNION ALL SELECT * FROM stockflow.verify_ledger()', 'all sound');
SELECT * FROM finish();
ROLLBACK;
