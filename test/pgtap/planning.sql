-- Forecasts that are kept, dynamic reorder points, risk, backtests and pictures: figures by hand.
BEGIN;
SELECT plan(66);

INSERT INTO stockflow.companies (company_id, name, reorder_point) VALUES (1, 'Acme', 3), (2, 'Other', NULL);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'Main'), (1, 2, 'Second'), (2, 20, 'Far');
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (1, 1, 'Fruit'), (1, 2, 'Other');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'S');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, category_id, whole_units) VALUES
    (1, 1, 'P1', 'Steady <1>', 10, 1, true), (1, 2, 'P2', 'Out of stock', 10, NULL, true), (1, 3, 'P3', 'By weight', 10, NULL, false),
    (1, 4, 'P4', 'Never sold', 10, NULL, true), (2, 20, 'F', 'Far', 1, NULL, true);
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days) VALUES (1, 1, 1, 6, 5);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 4, 1), (2, 20, 20);

CREATE FUNCTION pg_temp.day(ago integer) RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT ((now() AT TIME ZONE 'UTC')::date - ago + time '12:00') AT TIME ZONE 'UTC' $$;
-- 250 units 60 days ago; 4 sold on each of the 60 days up to yesterday: 10 are left.
SELECT stockflow.record_movements(1, jsonb_agg(m)) FROM (
    SELECT 1 AS product_id, 1 AS warehouse_id, 250 AS delta, 'initial' AS reason, pg_temp.day(60) AS occurred_at
    UNION ALL SELECT 1, 1, -4, 'sale', pg_temp.day(d) FROM generate_series(60, 1, -1) d) AS m;
-- The same with 40 units 20 days ago, sold out for the last 10 days.
SELECT stockflow.record_movements(1, jsonb_agg(m)) FROM (
    SELECT 2 AS product_id, 1 AS warehouse_id, 40 AS delta, 'initial' AS reason, pg_temp.day(20) AS occurred_at
    UNION ALL SELECT 2, 1, -4, 'sale', pg_temp.day(d) FROM generate_series(20, 11, -1) d) AS m;
-- 0.75 on each of 30 days, in the second warehouse.
SELECT stockflow.record_movements(1, jsonb_agg(m)) FROM (
    SELECT 3 AS product_id, 2 AS warehouse_id, 100 AS delta, 'initial' AS reason, pg_temp.day(31) AS occurred_at
    UNION ALL SELECT 3, 2, -0.75, 'sale', pg_temp.day(d) FROM generate_series(30, 1, -1) d) AS m;

-- Buckets
SELECT results_eq($$ SELECT sum(days)::int, sum(days_in_stock)::int, sum(units) FROM stockflow.demand_buckets(1, 1, 1, 'day') $$,
    'VALUES (61, 61, 240::numeric)', 'daily buckets hold every day and all units');
SELECT results_eq($$ SELECT b.units FROM stockflow.demand_buckets(1, 1, 1, 'week') b WHERE b.days = 7 GROUP BY 1 HAVING b.units = 28 $$,
    'VALUES (28::numeric)', 'a whole week of four a day is 28');
SELECT is((SELECT bool_and(extract(isodow FROM b.first_day) = 1 AND extract(isodow FROM b.last_day) = 7)
             FROM stockflow.demand_buckets(1, 1, 1, 'week') b WHERE b.days = 7), true, 'weeks go from Monday to Sunday');
SELECT is((SELECT sum(b.units) FROM stockflow.demand_buckets(1, 1, NULL, 'month') b), 240::numeric, 'months add up, over all warehouses');
SELECT results_eq($$ SELECT sum(days)::int, sum(days_in_stock)::int FROM stockflow.demand_buckets(1, 2, 1, 'month') $$,
    'VALUES (21, 10)', 'days that open and close empty are out of stock');
SELECT is((SELECT sum(b.adjusted_units) >= 40 FROM stockflow.demand_buckets(1, 2, 1, 'month') b), true, 'which an adjusted figure makes good');

-- Forecasts from the ledger
SELECT results_eq($$ SELECT day, round(mean::numeric, 6), quantiles FROM stockflow.forecast_demand(1, 1, 1, 2, levels => '{0.5,0.9}') $$,
    $$ SELECT (now() AT TIME ZONE 'UTC')::date + d, 4.0, '{4,4}'::float8[] FROM generate_series(0, 1) d $$,
    'constant demand is forecast from today on, for certain');
SELECT is((SELECT round(f.mean::numeric, 6) FROM stockflow.forecast_demand(1, 1, 1, 5, cumulative => true) f ORDER BY day DESC LIMIT 1), 20.0, 'and adds up');
SELECT cmp_ok((SELECT f.mean FROM stockflow.forecast_demand(1, 2, 1, 1) f), '>', 3::float8, 'days without stock do not count as days without demand');
SELECT cmp_ok((SELECT f.mean FROM stockflow.forecast_demand(1, 2, 1, 1, mask_stockouts => false) f), '<', 2::float8, 'unless that is asked for');
SELECT is((SELECT round(f.mean::numeric, 6) FROM stockflow.forecast_demand(1, 1, NULL, 1) f), 4.0, 'all warehouses are the sum of each');
SELECT is_empty('SELECT FROM stockflow.forecast_demand(1, 4, 1)', 'what never sold has no forecast');
SELECT is_empty('SELECT FROM stockflow.forecast_demand(2, 1, 1)', 'nor has another company''s product');
SELECT results_eq('SELECT product_id, warehouse_id, count(*) FROM stockflow.forecast_company(1, horizon_days => 3) GROUP BY 1, 2 ORDER BY 1',
    'VALUES (1::bigint, 1::bigint, 3::bigint), (2, 1, 3), (3, 2, 3)', 'a company is forecast pair by pair');
SELECT results_eq('SELECT product_id, warehouse_id FROM stockflow.forecast_company(1, 1, 1, by_warehouse => false)',
    'VALUES (1::bigint, NULL::bigint), (2, NULL)', 'or product by product, here of one warehouse');
SELECT is_empty('SELECT FROM stockflow.forecast_company(77)', 'an unknown company has none');

-- Keeping them
SELECT is(stockflow.refresh_forecasts(1), 3::bigint, 'pairs that have sold are forecast');
SELECT is(stockflow.refresh_forecasts(1), 0::bigint, 'and not again');
SELECT results_eq($$ SELECT as_of, history_days, days_in_stock, demand_class, lead_time_mean, lead_time_source, review_days, round(daily_mean::numeric, 6),
                            round(demand_mean::numeric, 1), supplier_id, unit_cost FROM stockflow.forecasts WHERE product_id = 1 $$,
    $$ SELECT (now() AT TIME ZONE 'UTC')::date - 1, 60, 60, 'smooth', 5::float8, 'stated', 1, 4.0, 24.0, 1::bigint, 6::numeric $$,
    'a forecast says what it is made from')
    UNION ALL SELECT results_eq($$ SELECT lead_time_mean, lead_time_source, days_in_stock FROM stockflow.forecasts WHERE product_id = 2 $$,
    $$ VALUES (7::float8, 'assumed', 10) $$, 'without terms a week is assumed');
SELECT is((SELECT cardinality(f.step_quantiles) = cardinality(f.steps) * cardinality(f.levels) AND cardinality(f.daily_means) = 28
                  AND f.parameters -> 0 ? 'method' FROM stockflow.forecasts f WHERE f.product_id = 1), true, 'arrays fit each other');
SELECT results_eq('SELECT computed_reorder_point, dynamic_reorder_point, effective_reorder_point FROM stockflow.planned_reorder_points(1) WHERE product_id = 1',
    'VALUES (24::numeric, NULL::numeric, 3::numeric)', 'a manual policy shows what a dynamic one would do');
SELECT results_eq('SELECT stockflow.record_sale(1, 1, 1, 1), stockflow.refresh_forecasts(1)', 'VALUES (9::numeric, 1::bigint)', 'a sale makes a pair due');
SELECT is(stockflow.refresh_forecasts(1, computed_before => now() - interval '1 day', max_age_days => 0), 0::bigint, 'what is new enough is not due');
UPDATE stockflow.forecasts SET as_of = as_of - 8 WHERE product_id = 3;
SELECT is(stockflow.refresh_forecasts(1, max_pairs => 1), 1::bigint, 'nor is it without a movement for longer than a week');
SELECT is((SELECT sum(stockflow.refresh_forecasts(1, max_age_days => 0, part => p, parts => 2)) FROM generate_series(1, 2) p), 0::numeric, 'parts have nothing left either');

-- Dynamic reorder points
INSERT INTO stockflow.replenishment_policies (company_id, reorder_policy) VALUES (1, 'dynamic');
SELECT results_eq('SELECT dynamic_reorder_point, dynamic_order_quantity, effective_reorder_point, is_low FROM stockflow.inventory WHERE company_id = 1 AND product_id = 1',
    'VALUES (24::numeric, NULL::numeric, 24::numeric, true)', 'a dynamic policy is in force at once');
SELECT results_eq('SELECT dynamic_reorder_point, effective_reorder_point FROM stockflow.inventory WHERE product_id = 4',
    'VALUES (NULL::numeric, 3::numeric)', 'without a forecast the manual point stays');
SELECT results_eq('SELECT threshold, threshold_source FROM stockflow.low_stock_alerts(1) WHERE product_id = 1', $$ VALUES (24::numeric, 'dynamic') $$, 'alerts name it');
SELECT results_eq($$ SELECT amount FROM stockflow.explain_alert(1, 1, 1) WHERE term IN ('reorder_point_dynamic', 'threshold') $$, 'VALUES (24::numeric), (24)', 'so does an explanation');
SELECT is((SELECT trim_scale(i.dynamic_reorder_point * 1000) % 1 FROM stockflow.inventory i WHERE i.product_id = 3), 0::numeric, 'what is no whole unit has three decimals');
UPDATE stockflow.inventory SET reorder_point = 50 WHERE company_id = 1 AND product_id = 1;
UPDATE stockflow.companies SET reorder_point = 6 WHERE company_id = 1;
SELECT results_eq('SELECT product_id, effective_reorder_point FROM stockflow.inventory WHERE product_id IN (1, 4) ORDER BY 1', 'VALUES (1::bigint, 24::numeric), (4, 6)', 'manual points wait behind it');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger(1)', 'all of which verify_ledger proves');
UPDATE stockflow.replenishment_policies SET order_rule = 'eoq', order_cost = 30, holding_rate = 0.25;
SELECT is((SELECT dynamic_order_quantity FROM stockflow.inventory WHERE product_id = 1 AND company_id = 1),
    ceil(sqrt(2 * 365 * 4 * 30 / (0.25 * 6)))::numeric, 'economic order quantity of a year''s demand');
SELECT is((SELECT order_target FROM stockflow.low_stock_alerts(1) WHERE product_id = 1), 24 + ceil(sqrt(2 * 365 * 4 * 30 / (0.25 * 6)))::numeric, 'which orders aim at');
SELECT is((SELECT dynamic_order_quantity FROM stockflow.inventory WHERE product_id = 2), NULL, 'no cost, no economic quantity');
INSERT INTO stockflow.replenishment_policies (company_id, product_id, order_rule, cover_days) VALUES (1, 1, 'cover', 10);
SELECT is((SELECT dynamic_order_quantity FROM stockflow.inventory WHERE product_id = 1 AND company_id = 1), 40::numeric, 'the product''s own rule comes first, the rest is inherited');
INSERT INTO stockflow.replenishment_policies (company_id, category_id, reorder_policy) VALUES (1, 1, 'manual');
SELECT is((SELECT effective_reorder_point FROM stockflow.inventory WHERE product_id = 1 AND company_id = 1), 50::numeric, 'its category''s before the company''s: the own point is back');
UPDATE stockflow.products SET category_id = 2 WHERE company_id = 1 AND product_id = 1;
SELECT is((SELECT effective_reorder_point FROM stockflow.inventory WHERE product_id = 1 AND company_id = 1), 24::numeric, 'another category, another policy');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger(1)', 'still proven');
UPDATE stockflow.replenishment_policies SET service_level_a = 0.99 WHERE category_id IS NULL AND product_id IS NULL;
SELECT results_eq($$ SELECT abc_class, service_level FROM stockflow.planned_reorder_points(1) WHERE product_id IN (1, 3) ORDER BY product_id $$,
    $$ VALUES ('A', 0.99::float8), ('B', 0.95) $$, 'service level by class');
UPDATE stockflow.replenishment_policies SET review_days = 3 WHERE product_id = 1;
SELECT results_eq('SELECT stockflow.refresh_forecasts(1), (SELECT effective_reorder_point FROM stockflow.inventory WHERE product_id = 1 AND company_id = 1)',
    'VALUES (1::bigint, 24::numeric)', 'another review period makes a pair due');
SELECT is((SELECT effective_reorder_point FROM stockflow.inventory WHERE product_id = 1 AND company_id = 1), 32::numeric, 'four a day for 5 + 3 days');
UPDATE stockflow.replenishment_policies SET review_days = 1 WHERE product_id = 1;
SELECT is(stockflow.refresh_forecasts(1), 1::bigint, 'and back');

-- Risk: 9 available, 4 a day, an order takes 5 days
SELECT results_eq($$ SELECT available, projected_stockout_on - (now() AT TIME ZONE 'UTC')::date, next_receipt_on - (now() AT TIME ZONE 'UTC')::date, next_receipt,
                            round(stockout_probability::numeric, 2), round(expected_shortage::numeric), cost_of_waiting FROM stockflow.alert_risk(1) WHERE product_id = 1 $$,
    $$ VALUES (9::numeric, 2, 5, 'if ordered today', 1.00, 11::numeric, 112.00) $$, 'risk of steady demand') ;
SELECT stockflow.place_purchase_order(1, stockflow.create_purchase_order(1, 1, 1, jsonb_build_array(jsonb_build_object(
    'product_id', 1, 'quantity', 100, 'expected_on', (now() AT TIME ZONE 'UTC')::date + 2)))) \g /dev/null
SELECT results_eq($$ SELECT projected_stockout_on - (now() AT TIME ZONE 'UTC')::date, next_receipt_on - (now() AT TIME ZONE 'UTC')::date, next_receipt, cost_of_waiting
                       FROM stockflow.alert_risk(1) WHERE product_id = 1 $$,
    $$ VALUES (27, 2, 'expected', 0.00) $$, 'what is on its way in time postpones it');
SELECT is((SELECT count(*) FROM stockflow.alert_risk(1)), (SELECT count(*) FROM stockflow.low_stock_alerts(1)), 'one row per alert');
SELECT is_empty('SELECT FROM stockflow.alert_risk(77)', 'an unknown company has none');

-- Trust
SELECT results_eq($$ SELECT scope, pairs, origins, bias FROM stockflow.forecast_accuracy(1, 1, horizon_days => 7) $$,
    $$ VALUES ('pair', 1::bigint, 3::bigint, 0::float8), ('class', 1, 3, 0), ('company', 1, 3, 0) $$, 'constant demand is forecast without error');
SELECT results_eq($$ SELECT policy, setting, pairs, round(fill_rate::numeric, 3), stockout_days FROM stockflow.policy_backtest(1, test_days => 28, fixed_days => '{0,7}', service_levels => '{0.95}', lead_time_days => 5) $$,
    $$ VALUES ('current', NULL::float8, 1::bigint, 1.000, 0::bigint), ('fixed', 0, 1, 0.821, 5), ('fixed', 7, 1, 1.000, 0), ('dynamic', 0.95, 1, 1.000, 0) $$,
    'history played again');
SELECT is_empty('SELECT FROM stockflow.policy_backtest(77)', 'of an unknown company, nothing');

-- Pictures
SELECT is(stockflow.sparkline('{0,1,4,8}', 2), '▁▂│▅█', 'a line of bars');
SELECT is(char_length(stockflow.demand_sparkline(1, 1, 1)), 28 + 1 + 14, 'demand and forecast on one line');
SELECT is((SELECT (xpath('count(//*[local-name()="rect"][@class="bar"])', stockflow.forecast_chart_svg(1, 1, 1)::xml))[1]::text), '61',
    'a chart is XML, with a bar for each of 60 days, and one in the legend');
SELECT is(stockflow.forecast_chart_svg(2, 1, 1), NULL, 'no chart of another company''s product');

-- Bad input
SELECT throws_ok($$ UPDATE stockflow.inventory SET dynamic_reorder_point = 1 WHERE product_id = 1 $$, '55000', NULL, 'a dynamic point cannot be set');
SELECT throws_ok($$ INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, dynamic_order_quantity) VALUES (1, 4, 2, 1) $$, '55000', NULL, 'nor inserted');
SELECT throws_ok($$ INSERT INTO stockflow.replenishment_policies (company_id) VALUES (1) $$, '23505', NULL, 'one policy per scope');
SELECT throws_ok($$ INSERT INTO stockflow.replenishment_policies (company_id, product_id) VALUES (2, 1) $$, '23503', NULL, 'no policy for another company''s product');
SELECT throws_ok($$ CALL stockflow.refresh_all_forecasts(1) $$, '2D000', NULL, 'no batches inside of a transaction');
SELECT throws_ok($$ SELECT stockflow.refresh_forecasts(77) $$, '23503', NULL, 'no forecasts for an unknown company');

-- Lead times measured from receipts: 4, 6 and 8 days from order to receipt, of 10 units each
CREATE FUNCTION pg_temp.delivery(ago integer, took integer) RETURNS text LANGUAGE sql AS $$
    SELECT stockflow.receive_purchase_order(1, o.made, '[{"line_id": 1, "quantity": 10}]', pg_temp.day(ago - took))
      FROM (SELECT stockflow.create_purchase_order(1, 1, 2, '[{"product_id": 2, "quantity": 10}]') AS made OFFSET 0) AS o
     CROSS JOIN LATERAL (SELECT stockflow.place_purchase_order(1, o.made, pg_temp.day(ago)) AS placed OFFSET 0) AS p
     WHERE p.placed = 'ordered' $$;
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, lead_time_days) VALUES (1, 2, 1, 3);
SELECT pg_temp.delivery(30, 4), pg_temp.delivery(20, 6), pg_temp.delivery(10, 8) \g /dev/null
SELECT is(stockflow.refresh_forecasts(1), 1::bigint, 'measured lead times make a pair due');
SELECT results_eq('SELECT lead_time_mean, lead_time_sd, lead_time_source FROM stockflow.forecasts WHERE product_id = 2',
    $$ VALUES (6::float8, 2::float8, 'measured') $$, 'their mean and deviation are in the forecast');
SELECT cmp_ok((SELECT dynamic_reorder_point FROM stockflow.inventory WHERE product_id = 2 AND warehouse_id = 1), '>=', 40::numeric, 'and in the reorder point: 95 of 100 times they take less than ten days');

-- A row of inventory that goes takes its forecast along
SELECT stockflow.adjust_stock(1, 2, 3, -77.5) \g /dev/null
DELETE FROM stockflow.inventory WHERE company_id = 1 AND product_id = 3;
SELECT is_empty('SELECT FROM stockflow.forecasts WHERE product_id = 3', 'a forecast goes with its stock');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'in the end everything is proven');
SELECT * FROM finish();
ROLLBACK;
