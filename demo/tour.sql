-- A guided tour of the demonstration data that load.sql has loaded.
--
--   psql <tour.sql           (psql -f would put the file's name before every error)
\set QUIET on
\pset pager off
\pset footer off
\pset null '-'
\set VERBOSITY default
\set SHOW_CONTEXT never
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT c.company_id AS company, w.warehouse_id AS uk
  FROM stockflow.companies c JOIN stockflow.warehouses w USING (company_id)
 WHERE c.name = 'Online Retail Ltd' AND w.name = 'United Kingdom' \gset

\echo
\echo '== 1. Half a year of a gift wholesaler: real sales (UCI Online Retail, CC BY 4.0), days shifted'
SELECT (SELECT count(*) FROM stockflow.products WHERE company_id = :company) AS products,
       (SELECT count(*) FROM stockflow.warehouses WHERE company_id = :company) AS warehouses,
       (SELECT count(*) FROM stockflow.inventory WHERE company_id = :company) AS stocks,
       count(*) AS ledger_entries, count(*) FILTER (WHERE reason = 'sale') AS sales,
       min(occurred_at)::date AS first_day, max(occurred_at)::date AS last_day
  FROM stockflow.inventory_log WHERE company_id = :company;

\echo '== 2. Create a product, as POST /api/products would: one call, all or nothing'
\set ECHO queries
SELECT jsonb_pretty(jsonb_strip_nulls(stockflow.create_product_json(:company,
  '{"name": "Paper lantern", "sku": "LAN-1", "price": 4.95, "warehouse_id": 1,
    "initial_quantity": 50}'))) \g (tuples_only format=unaligned)
\set ECHO none
SELECT product_id AS lantern FROM stockflow.products
 WHERE company_id = :company AND sku = 'LAN-1' AND deleted_at IS NULL \gset

\echo
\echo '== 3. Sell 8; then change the stock behind StockFlow''s back. The ledger has both'
\set ECHO queries
SELECT stockflow.record_sale(:company, :uk, :lantern, 8, reference => 'order 1001') AS on_hand;
UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE product_id = :lantern;
SELECT version, delta, quantity_after, reason, reference, actor
  FROM stockflow.inventory_log WHERE product_id = :lantern ORDER BY version;
\set ECHO none

\echo '== 4. More cannot be sold than is there, and the ledger cannot be rewritten'
\set ECHO queries
\set ON_ERROR_STOP off
SELECT stockflow.record_sale(:company, :uk, :lantern, 100);
\echo SQLSTATE :LAST_ERROR_SQLSTATE
\echo
DELETE FROM stockflow.inventory_log WHERE product_id = :lantern;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
\set ON_ERROR_STOP on
\set ECHO none

\echo
\echo '== 5. A client that did not get the answer asks again with the same key: sold once'
\set ECHO queries
SELECT stockflow.record_sale(:company, :uk, :lantern, 5, idempotency_key => 'cart 77') AS on_hand;
SELECT stockflow.record_sale(:company, :uk, :lantern, 5, idempotency_key => 'cart 77') AS on_hand;
\set ON_ERROR_STOP off
SELECT stockflow.record_sale(:company, :uk, :lantern, 6, idempotency_key => 'cart 77') AS on_hand;
\echo SQLSTATE :LAST_ERROR_SQLSTATE
\set ON_ERROR_STOP on
\set ECHO none

\echo
\echo '== 6. What is about to run out, most urgent first'
\set ECHO queries
SELECT sku, warehouse_name, current_stock AS stock, threshold, threshold_source AS "set by",
       days_until_stockout AS "days left", supplier_name AS supplier,
       suggested_quantity AS suggested
  FROM stockflow.low_stock_alerts(:company, max_alerts => 10);
\set ECHO none

\echo '== 7. The same for GET /api/companies/1/alerts/low-stock (here its first alert)'
\set ECHO queries
SELECT jsonb_pretty(jsonb_set(answer, '{alerts}', jsonb_build_array(answer #> '{alerts,0}')))
  FROM stockflow.low_stock_alerts_json(:company) AS answer \g (tuples_only format=unaligned)
\set ECHO none

\echo
\echo '== 8. Bundles have no stock of their own: they last as long as the scarcest part'
\set ECHO queries
SELECT sku, product_name, warehouse_name, current_stock AS "can be built", threshold,
       limiting_component_sku AS "limited by"
  FROM stockflow.low_stock_alerts(:company, include_bundles => true)
 WHERE limiting_component_sku IS NOT NULL;
\set ECHO none

\echo '== 9. What to buy from whom: less what is on order in time, in whole packs, at the price of that quantity'
\set ECHO queries
SELECT kind, coalesce(supplier_name, 'from ' || from_warehouse_name) AS source, sku, warehouse_name,
       on_order_in_time AS "on order", on_order_late AS late, needed, quantity, unit_cost AS cost, arrives_on
  FROM stockflow.reorder_plan(:company) ORDER BY days_until_stockout, sku LIMIT 8;
SELECT kind, count(*) AS documents FROM stockflow.accept_reorder_plan(:company) GROUP BY kind;
SELECT count(*) AS "documents of a second run" FROM stockflow.accept_reorder_plan(:company);
\set ECHO none

SELECT product_id AS best FROM stockflow.inventory_log
 WHERE company_id = :company AND warehouse_id = :uk AND reason = 'sale'
 GROUP BY product_id ORDER BY count(*) DESC, product_id LIMIT 1 \gset
\echo '== 10. Forecast: units of the product that sells most often, over the next 7 and 14 days, from its own days'
\set ECHO queries
SELECT f.step AS days, round(f.mean::numeric, 1) AS expected, f.quantiles[1] AS "9 times of 10 at most", f.quantiles[2] AS "19 of 20"
  FROM stockflow.forecast((SELECT array_agg(d.units ORDER BY d.day)::float8[]
                             FROM stockflow.demand_series(:company, :best, :uk) AS d WHERE d.in_stock),
                          14, season_length => 7, levels => '{0.9,0.95}', cumulative => true) AS f
 WHERE f.step IN (7, 14);
\set ECHO none

\echo '== 11. What the stock is worth: lanterns come at two costs, and 50 are sold; then all of it'
\set ECHO queries
SELECT stockflow.receive_stock(:company, :uk, :lantern, 40, unit_cost => 1.80),
       stockflow.receive_stock(:company, :uk, :lantern, 60, unit_cost => 2.40),
       stockflow.record_sale(:company, :uk, :lantern, 50);
SELECT method, v.quantity, v.unit_cost, v.value
  FROM unnest('{moving_average,fifo}'::text[]) AS method,
       stockflow.stock_valuation(:company, method => method, product_id => :lantern) AS v;
SELECT warehouse_name, round(sum(costed_value), 2) AS value, sum(costed_quantity) AS units,
       sum(quantity - costed_quantity) AS "units of unknown cost"
  FROM stockflow.stock_valuation(:company, method => 'fifo') GROUP BY warehouse_name ORDER BY 2 DESC;
\set ECHO none

\echo '== 12. The last 13 weeks: A makes 80 % of the turnover, X sells steadily; and what does not move'
\set ECHO queries
SELECT abc, count(*) AS products, count(*) FILTER (WHERE xyz = 'X') AS "X", count(*) FILTER (WHERE xyz = 'Y') AS "Y",
       count(*) FILTER (WHERE xyz = 'Z') AS "Z", round(100 * sum(share), 1) AS "% of turnover"
  FROM stockflow.abc_xyz(:company, current_date - 91, current_date) GROUP BY abc ORDER BY abc;
SELECT status, count(*) AS stocks, sum(on_hand) AS units
  FROM stockflow.slow_stock(:company, current_date - 91, current_date, 60) GROUP BY status ORDER BY status;
\set ECHO none

\echo '== 13. Lots: what expires first leaves first; what has expired is on hand and cannot be sold'
\set ECHO queries
UPDATE stockflow.products SET tracks_lots = true WHERE company_id = :company AND product_id = :lantern;
SELECT stockflow.receive_lot(:company, :uk, :lantern, 30, 'B-2', current_date + 12),
       stockflow.receive_lot(:company, :uk, :lantern, 20, 'A-1', current_date + 3),
       stockflow.receive_lot(:company, :uk, :lantern, 5, 'old', current_date - 1),
       stockflow.record_sale(:company, :uk, :lantern, 8);
SELECT lot, expires_on, days_left, quantity, average_daily_demand AS "sold a day", quantity_at_risk AS "will be left"
  FROM stockflow.expiring_stock(:company);
\set ECHO none

\echo '== 14. Reorder points from forecasts: 98 of 100 times enough for A products, 90 for the rest; what changes, and what alerts risk'
\set ECHO queries
SELECT stockflow.refresh_forecasts(:company) AS forecasts;
INSERT INTO stockflow.replenishment_policies (company_id, reorder_policy, service_level_a, service_level)
VALUES (:company, 'dynamic', 0.98, 0.90);
SELECT p.sku, abc_class AS class, service_level AS level, lead_time_mean AS "lead time", round(demand_mean::numeric, 1) AS "demand until then",
       inherited_reorder_point AS "was", dynamic_reorder_point AS "is", stockflow.demand_sparkline(:company, product_id, warehouse_id, 28, 7) AS "4 weeks, next"
  FROM stockflow.planned_reorder_points(:company) JOIN stockflow.products p USING (product_id)
 WHERE p.company_id = :company AND warehouse_id = :uk ORDER BY demand_mean DESC NULLS LAST LIMIT 5;
SELECT sku, warehouse_name, available, threshold, projected_stockout_on AS "runs out", next_receipt_on AS "next receipt",
       round(stockout_probability::numeric, 2) AS probability, round(expected_shortage::numeric) AS short, cost_of_waiting AS "a week later costs"
  FROM stockflow.alert_risk(:company) WHERE available > 0 ORDER BY cost_of_waiting DESC NULLS LAST LIMIT 5;
SELECT policy, setting, round(fill_rate::numeric, 3) AS "demand met", round(average_stock::numeric) AS "average stock"
  FROM stockflow.policy_backtest(:company, fixed_days => '{14,30,60}', service_levels => '{0.8,0.95}', method => 'tsb');
\set ECHO none

\echo '== 15. The proof: every balance is the sum of its ledger, without gaps (0 problems)'
\set ECHO queries
SELECT count(*) AS problems FROM stockflow.verify_ledger(:company);
\set ECHO none

\echo 'To try it yourself:  make demo-shell'
\echo 'What there is:       \\df stockflow.*   \\dt stockflow.*   \\dd stockflow.record_sale'
