-- Conditions of alerts, one by one, on figures worked out by hand: each case is one that a single missing condition gets wrong.
BEGIN;
SELECT plan(42);
SET LOCAL client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'One'), (2, 'Two');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 2) c, generate_series(1, 3) w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, reorder_point)
    SELECT c, p, 'P' || p, 'P', 1, 5 FROM generate_series(1, 2) c, generate_series(1, 20) p;
-- All alerts of company 1, whatever was sold: "product/warehouse available", unless one product is asked for.
CREATE FUNCTION pg_temp.low(product bigint DEFAULT NULL, warehouse bigint DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s/%s %s', product_id, warehouse_id, available), ', ' ORDER BY product_id, warehouse_id)
      FROM stockflow.low_stock_alerts(1, warehouse, recent_sales_only => false)
     WHERE product IS NULL OR product_id = product $$;
CREATE FUNCTION pg_temp.line(product bigint, quantity numeric, warehouse bigint DEFAULT 1) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_array(jsonb_build_object('product_id', product, 'warehouse_id', warehouse, 'quantity', quantity)) $$;
CREATE FUNCTION pg_temp.units(product bigint, quantity numeric) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_array(jsonb_build_object('product_id', product, 'quantity', quantity)) $$;

-- What is reserved is not available, what has expired is. 20 on hand, reorder point 5.
DO $$ BEGIN
    PERFORM stockflow.receive_stock(1, 1, 1, 20), stockflow.receive_stock(1, 1, 2, 20);
    PERFORM stockflow.reserve_stock(1, pg_temp.line(1, 15)), stockflow.reserve_stock(1, pg_temp.line(2, 15), now() + interval '1 hour', 'expires');
END $$;
SELECT is(pg_temp.low(), '1/1 5, 2/1 5', '5 of 20 are not reserved');
UPDATE stockflow.reservations SET expires_at = now() WHERE reference = 'expires';
SELECT is(pg_temp.low(), '1/1 5', 'the reservation of product 2 has expired, and its row is still marked');
SELECT is((SELECT string_agg(product_id::text, ',' ORDER BY product_id) FROM stockflow.inventory WHERE is_low), '1,2', 'both rows are marked');
SELECT lives_ok('SELECT stockflow.reserve_stock(1, pg_temp.line(2, 20))', 'and its stock can be reserved again');
SELECT is(pg_temp.low(2), '2/1 0', 'nothing is left of it');

-- Nothing is left of product 20, and nobody sets it a reorder point any more.
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (2, 20, 1);
SELECT is((SELECT is_low FROM stockflow.inventory WHERE company_id = 2), true, '0 is below 5');
UPDATE stockflow.products SET reorder_point = NULL WHERE company_id = 2 AND product_id = 20;
SELECT is((SELECT is_low FROM stockflow.inventory WHERE company_id = 2), false, 'and not low without a reorder point');

-- Lots: expired stock is on hand and not available. Product 3 has 10 usable units and 4 expired ones in warehouse 1 (low at
-- 10 only), product 4 has 4 and 3: marked low already.
UPDATE stockflow.products SET tracks_lots = true WHERE product_id IN (3, 4, 7) AND company_id = 1;
UPDATE stockflow.products SET reorder_point = 10 WHERE product_id = 3 AND company_id = 1;
DO $$ BEGIN
    PERFORM stockflow.receive_lot(1, 1, 3, 10, 'good', current_date + 100), stockflow.receive_lot(1, 1, 3, 4, 'bad', current_date - 3);
    PERFORM stockflow.receive_lot(1, 2, 4, 2, 'good', current_date + 100), stockflow.receive_lot(1, 2, 4, 3, 'bad', current_date - 3);
END $$;
SELECT is(pg_temp.low(3), '3/1 10', '14 on hand, 4 of them expired');
SELECT is(pg_temp.low(4), '4/2 2', 'a row that is low with and without what has expired alerts once');
SELECT is(pg_temp.low(NULL, 2), '4/2 2', 'of one warehouse, none of the others');
SELECT is(pg_temp.low(NULL, 3), NULL, 'and none where nothing is');

-- A service has a row of inventory, and never alerts.
UPDATE stockflow.products SET is_stocked = false WHERE product_id = 5;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 5, 1);
SELECT is(pg_temp.low(5), NULL, 'a service is never low');

-- Whose reorder point it is: a category without one is passed over.
INSERT INTO stockflow.categories (company_id, category_id, name, reorder_point) VALUES (1, 1, 'None', NULL), (1, 2, 'Six', 6), (2, 1, 'Other', 7);
UPDATE stockflow.products SET reorder_point = NULL, category_id = CASE product_id WHEN 6 THEN 1 ELSE 2 END WHERE product_id IN (6, 8) AND company_id = 1;
UPDATE stockflow.companies SET reorder_point = 9 WHERE company_id = 1;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 6, 1, 2), (1, 8, 1, 2);
SELECT results_eq('SELECT product_id, threshold, threshold_source FROM stockflow.low_stock_alerts(1, recent_sales_only => false) WHERE product_id IN (6, 8) ORDER BY 1',
    $$VALUES (6::bigint, 9::numeric, 'company'), (8, 6, 'category')$$, 'the company''s, and the category''s');

-- A bundle of 2 of product 7, of which 5 are usable and 5 expired; then it sells nothing and cannot be built.
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 9, 7, 2);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 9, 1);
DO $$ BEGIN PERFORM stockflow.receive_lot(1, 1, 7, 5, 'good', current_date + 100), stockflow.receive_lot(1, 1, 7, 5, 'bad', current_date - 3); END $$;
SELECT results_eq('SELECT current_stock, available, days_in_stock FROM stockflow.low_stock_alerts(1, include_bundles => true, recent_sales_only => false) WHERE product_id = 9',
    'VALUES (2::numeric, 2::numeric, 30)', 'two can be built of five usable units');

SELECT results_eq('SELECT warehouse_id FROM stockflow.low_stock_alerts(1, 2, include_bundles => true, recent_sales_only => false) WHERE product_id = 9',
    'SELECT 1::bigint WHERE false', 'none of it in another warehouse');
UPDATE stockflow.warehouses SET deleted_at = now() WHERE company_id = 1 AND warehouse_id = 1;
SELECT is((SELECT count(*) FROM stockflow.low_stock_alerts(1, include_bundles => true, recent_sales_only => false) WHERE product_id = 9), 0::bigint,
    'nor where the warehouse is closed');
UPDATE stockflow.warehouses SET deleted_at = NULL WHERE company_id = 1 AND warehouse_id = 1;
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 1 AND product_id = 9;
SELECT is((SELECT count(*) FROM stockflow.low_stock_alerts(1, include_bundles => true, recent_sales_only => false) WHERE product_id = 9), 0::bigint,
    'nor when it is deleted');
-- One of 2 of product 18: 6 on hand, 4 of them in a reservation that has expired. Then the component is deleted.
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 17, 18, 2);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 17, 1);
DO $$ BEGIN PERFORM stockflow.receive_stock(1, 1, 18, 6), stockflow.reserve_stock(1, pg_temp.line(18, 4), now() + interval '1 hour', 'component'); END $$;
CREATE FUNCTION pg_temp.buildable() RETURNS numeric LANGUAGE sql AS $$
    SELECT current_stock FROM stockflow.low_stock_alerts(1, include_bundles => true, recent_sales_only => false) WHERE product_id = 17 $$;
SELECT is(pg_temp.buildable(), 1::numeric, 'one of the two that are left');
UPDATE stockflow.reservations SET expires_at = now() WHERE reference = 'component';
SELECT is(pg_temp.buildable(), 3::numeric, 'three of six');
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 1 AND product_id = 18;
SELECT is(pg_temp.buildable(), 0::numeric, 'none of a component that is deleted');
SELECT is(stockflow.record_return(1, 1, 17, 1), 0::numeric, 'nor after a return');
-- One that sold 40 days ago, and cannot be built since.
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 15, 16, 3);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 15, 1);
DO $$ BEGIN
    PERFORM stockflow.receive_stock(1, 1, 16, 3, occurred_at => now() - interval '41 days'), stockflow.record_sale(1, 1, 15, 1, now() - interval '40 days');
END $$;
SELECT results_eq('SELECT product_id, demand, days_in_stock, days_until_stockout FROM stockflow.low_stock_alerts(1, include_bundles => true) WHERE product_id = 15',
    'VALUES (15::bigint, 0::numeric, 0, 0)', 'no demand in a window in which it could not be built');
SELECT is((SELECT count(*) FROM stockflow.low_stock_alerts(1, include_bundles => true, include_stockouts => false) WHERE product_id = 15), 0::bigint,
    'and none where that is not asked for');
-- Another sale moves that one into the history. The row of the bundle, which is low itself, does not count it again.
DO $$ BEGIN PERFORM stockflow.receive_stock(1, 1, 16, 3), stockflow.record_sale(1, 1, 15, 1); END $$;
SELECT results_eq('SELECT i.is_low, a.demand FROM stockflow.low_stock_alerts(1, lookback_days => 45, include_bundles => true) a JOIN stockflow.inventory i USING (product_id, warehouse_id) WHERE i.company_id = 1 AND product_id = 15',
    'VALUES (true, 2::numeric)', 'in a longer window it sold two');
SELECT is((SELECT value FROM stockflow.explain_alert(1, 15, 1, lookback_days => 45, include_bundles => true) WHERE term = 'demand'), '2', 'and its explanation says so');

-- Demand of a long window: the days in the row and those before them, of this company alone.
DO $$ BEGIN
    PERFORM stockflow.receive_stock(c, 1, 10, 20, occurred_at => now() - interval '50 days'),
            stockflow.record_sale(c, 1, 10, 4, now() - interval '45 days'),
            stockflow.record_sale(c, 1, 10, 5, now() - interval '34 days'),
            stockflow.record_sale(c, 1, 10, 7, now() - interval '3 days') FROM generate_series(1, 2) AS c;
END $$;
SELECT results_eq('SELECT demand, days_until_stockout, days_in_stock FROM stockflow.low_stock_alerts(1, lookback_days => 60) WHERE product_id = 10',
    'VALUES (16::numeric, 15, 51)', '4 + 5 + 7 sold in 60 days, 4 left: 15 days');
SELECT results_eq('SELECT demand, days_in_stock FROM stockflow.low_stock_alerts(1, lookback_days => 35) WHERE product_id = 10',
    'VALUES (12::numeric, 35)', '5 + 7 in 35 days');

INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 12, 1);
-- What stands in recent_days and cannot be read is worked out from the ledger.
SET LOCAL session_replication_role = replica;
UPDATE stockflow.inventory SET recent_days = '\xff' WHERE company_id = 1 AND product_id = 10;
SET LOCAL session_replication_role = origin;
SELECT results_eq('SELECT demand, days_in_stock FROM stockflow.low_stock_alerts(1, lookback_days => 3, recent_sales_only => false) WHERE product_id = 10
    UNION ALL SELECT demand, days_in_stock FROM stockflow.low_stock_alerts(1) WHERE product_id = 10', 'VALUES (0::numeric, 3), (7, 30)', 'as if it could');

-- Orders: up to the reorder point, 30 days of demand on top, of at least 7 days. In stock for 2 days, 14 sold: 2 a day.
DO $$ BEGIN
    PERFORM stockflow.receive_stock(1, 1, 11, 18, occurred_at => now() - interval '1 day'), stockflow.record_sale(1, 1, 11, 14);
END $$;
SELECT results_eq('SELECT days_in_stock, order_target, suggested_quantity FROM stockflow.low_stock_alerts(1) WHERE product_id = 11',
    'VALUES (2, 65::numeric, 61::numeric)', '5 + 14 / 7 x 30 = 65, less the 4 that are left');
-- 20 of them are on order, 6 on their way from warehouse 2.
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (2, 1, 'Other'), (1, 1, 'S'), (2, 3, 'Other'), (1, 2, 'Gone');
DO $$ BEGIN
    PERFORM stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, pg_temp.units(11, 20)));
    PERFORM stockflow.receive_stock(1, 2, 11, 6), stockflow.ship_transfer(1, stockflow.create_transfer(1, 2, 1, pg_temp.units(11, 6)));
END $$;
SELECT results_eq('SELECT on_order, in_transit, suggested_quantity FROM stockflow.low_stock_alerts(1) WHERE product_id = 11 AND warehouse_id = 1',
    'VALUES (20::numeric, 6::numeric, 35::numeric)', '65 - 4 - 20 - 6');
-- Suppliers and offers of other companies, with the same numbers.
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days) VALUES (2, 11, 1, 1, 1), (1, 11, 1, 3, 2), (2, 12, 3, 1, 1);
SELECT results_eq('SELECT supplier_name, supplier_unit_cost, lead_time_days FROM stockflow.low_stock_alerts(1) WHERE product_id = 11 AND warehouse_id = 1',
    $$VALUES ('S', 3::numeric, 2)$$, 'the company''s own');
SELECT is((SELECT supplier_id FROM stockflow.low_stock_alerts(1, recent_sales_only => false) WHERE product_id = 12), NULL, 'or none');
-- A draft for a supplier who is deleted before it is placed.
CREATE FUNCTION pg_temp.place_for_deleted() RETURNS text LANGUAGE plpgsql AS $$
DECLARE made bigint := stockflow.create_purchase_order(1, 2, 1, pg_temp.units(11, 1));
BEGIN
    UPDATE stockflow.suppliers SET deleted_at = now() WHERE supplier_id = 2;
    RETURN stockflow.place_purchase_order(1, made);
END $$;
SELECT throws_ok('SELECT pg_temp.place_for_deleted()', '23503', 'supplier "Gone" is deleted', 'who is deleted is not ordered from');

-- The plan: available 4 with 3 on order are above the reorder point of 5, though the target is 20.
UPDATE stockflow.products SET order_up_to = 20 WHERE company_id = 1 AND product_id IN (12, 13);
DO $$ BEGIN
    PERFORM stockflow.receive_stock(1, 1, 12, 4), stockflow.receive_stock(1, 1, 13, 4);
    PERFORM stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, pg_temp.units(12, 3)));
END $$;
SELECT is((SELECT count(*) FROM stockflow.reorder_plan(1) WHERE product_id = 12), 0::bigint, 'nothing for a position above the reorder point');
SELECT results_eq('SELECT kind, quantity FROM stockflow.reorder_plan(1) WHERE product_id = 13', $$VALUES ('purchase', 16::numeric)$$, '20 - 4 for one that is not');
-- A sibling with 30 on hand of which 12 have expired keeps its reorder point of 5 and one more: 12 can go.
UPDATE stockflow.products SET tracks_lots = true, order_up_to = 20 WHERE company_id = 1 AND product_id = 14;
DO $$ BEGIN
    PERFORM stockflow.receive_stock(1, 1, 14, 4);
    PERFORM stockflow.receive_lot(1, 2, 14, 18, 'good', current_date + 100), stockflow.receive_lot(1, 2, 14, 12, 'bad', current_date - 3);
END $$;
SELECT results_eq('SELECT kind, quantity FROM stockflow.reorder_plan(1) WHERE product_id = 14', $$VALUES ('transfer', 12::numeric), ('purchase', 4)$$,
    '30 - 12 - 5 - 1 = 12 of the 16 that are wanted');

-- The life of an alert.
DO $$ BEGIN PERFORM stockflow.refresh_alerts(1); END $$;
SELECT alert_id AS id FROM stockflow.alerts WHERE product_id = 11 AND warehouse_id = 1 \gset
SELECT throws_ok('SELECT stockflow.snooze_alert(1, ' || :id || ', now())', '22023', NULL, 'no snooze until now');
SELECT throws_ok('SELECT stockflow.snooze_alert(1, ' || :id || $$, now() - interval '1 second')$$, '22023', NULL, 'nor until before');
SELECT ok(stockflow.snooze_alert(1, :id, now() + interval '1 hour'), 'but until later');
UPDATE stockflow.alerts SET snoozed_until = now() WHERE alert_id = :id;
SELECT is(stockflow.refresh_alerts(1), 1::bigint, 'when its time is over, it wakes');
SELECT is((SELECT state || ' ' || (snoozed_until IS NULL) FROM stockflow.alerts WHERE alert_id = :id), 'open true', 'and is open');
SELECT is((SELECT total - held FROM (SELECT (stockflow.low_stock_alerts_json(1, max_alerts => 1) ->> 'total_alerts')::int AS total,
                                            jsonb_array_length(stockflow.low_stock_alerts_json(1, max_alerts => 1) -> 'alerts') AS held) AS j),
    (SELECT count(*)::int - 1 FROM stockflow.low_stock_alerts(1)), 'the total counts also what is left out');
SELECT * FROM finish();
ROLLBACK;
