-- Bundles: exploded sales and returns, nesting, what can be built, alerts.
\set VERBOSITY terse
SET client_min_messages = warning;
BEGIN;
INSERT INTO stockflow.companies (company_id, name) VALUES (103, 'Bundles');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (103, 1, 'Main'), (103, 2, 'East');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, is_bundle, is_stocked, whole_units) VALUES
    (103, 1, 'P1', 'Outer set', 1, true, true, true), (103, 2, 'P2', 'Inner set', 1, true, true, true), (103, 3, 'P3', 'Part', 1, false, true, true),
    (103, 4, 'DUO', 'Two lines', 1, false, true, true), (103, 5, 'PART', 'Part of two lines', 1, false, true, true),
    (103, 6, 'SET', 'Set with a service', 1, true, true, true), (103, 7, 'SVC', 'Service', 1, false, false, true),
    (103, 8, 'TEA', 'Tea by weight', 1, false, true, false), (103, 9, 'CUP', 'Cup', 1, false, true, true);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES
    (103, 1, 2, 1), (103, 1, 3, 1), (103, 2, 3, 1), (103, 4, 5, 1), (103, 4, 5, 1),
    (103, 6, 7, 1), (103, 6, 8, 0.25), (103, 6, 9, 2);
SELECT sku, is_bundle FROM stockflow.products WHERE company_id = 103 AND product_id = 4; -- marked by its first line
SELECT stockflow.receive_stock(103, 1, p, q) FROM (VALUES (3, 10), (5, 218), (8, 3), (9, 13)) AS t(p, q);

-- what record_sale of a bundle returns is what can still be built: 5 - 1, 109 - 1, 6 - 1
SELECT stockflow.record_sale(103, 1, 1, 1, reference => 'S-1') AS p1, stockflow.record_sale(103, 1, 4, 1) AS duo, stockflow.record_sale(103, 1, 6, 1) AS "set";
SELECT product_id, delta, quantity_after, reason, reference, bundle_id, bundle_quantity FROM stockflow.inventory_log
 WHERE company_id = 103 AND reason <> 'receipt' ORDER BY product_id, version;
SELECT stockflow.record_return(103, 1, 1, 1) AS p1;
SAVEPOINT s;
SELECT stockflow.record_sale(103, 1, 1, 6); -- needs 12 of 10: nothing happens
ROLLBACK TO s;
SELECT stockflow.record_sale(103, 1, 1, 0.5);
ROLLBACK TO s;
SELECT stockflow.receive_stock(103, 1, 1, 1); -- a bundle has no stock of its own
ROLLBACK TO s;
SELECT stockflow.record_sale(103, 1, 7, 1); -- nor has a service
ROLLBACK TO s;
-- several bundles and single parts in one batch: lines of one part are summed first
SELECT stockflow.record_movements(103, '[{"warehouse_id":1,"product_id":1,"delta":-4,"reason":"sale"},{"warehouse_id":1,"product_id":3,"delta":-3,"reason":"sale"}]');
ROLLBACK TO s;
SELECT stockflow.record_movements(103, '[{"warehouse_id":1,"product_id":1,"delta":-4,"reason":"sale"},{"warehouse_id":1,"product_id":3,"delta":-2,"reason":"sale"}]');
SELECT product_id, quantity FROM stockflow.inventory WHERE company_id = 103 AND warehouse_id = 1 ORDER BY 1;
-- component demand counts the bundle's sales
SELECT i.product_id, d.demand, d.returned, d.other FROM stockflow.inventory i, stockflow.recent_days(i.recent_days) AS d WHERE i.company_id = 103 ORDER BY 1;

-- Bundles alert when asked, on what can be built, and name the component that limits it.
UPDATE stockflow.products SET reorder_point = 8 WHERE company_id = 103 AND is_bundle;
SELECT sku FROM stockflow.low_stock_alerts(103);
SELECT sku, warehouse_name AS wh, current_stock AS buildable, threshold, demand, days_until_stockout AS days, limiting_component_sku AS limited_by, suggested_quantity
  FROM stockflow.low_stock_alerts(103, include_bundles => true) ORDER BY sku;

-- Circles and kinds
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (103, 2, 1, 1);
ROLLBACK TO s;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (103, 2, 2, 1);
ROLLBACK TO s;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (103, 2, 9, 0);
ROLLBACK TO s;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (103, 9, 5, 1); -- a cup has stock
ROLLBACK TO s;
UPDATE stockflow.products SET is_bundle = false WHERE company_id = 103 AND product_id = 1;
ROLLBACK TO s;
SELECT * FROM stockflow.verify_ledger(103);
ROLLBACK;
