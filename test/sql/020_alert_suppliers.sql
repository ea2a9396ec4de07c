-- Suppliers, deleted things, order and the JSON answer of low-stock alerts.
\set VERBOSITY terse
SET client_min_messages = warning;
BEGIN;
INSERT INTO stockflow.companies (company_id, name, reorder_point) VALUES (102, 'Suppliers', 10);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (102, 1, 'Main'), (102, 2, 'East');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name, contact_email, deleted_at) VALUES
    (102, 1, 'Cheap and slow', 'slow@example.com', NULL), (102, 2, 'Dear and fast', NULL, NULL),
    (102, 3, 'Preferred', 'p@example.com', NULL), (102, 4, 'Gone', 'g@example.com', now()),
    (102, 5, 'Same as 1', NULL, NULL);
-- stock 10 and demand 30 in 30 days: 10 days left
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 102, n, 'P' || n, 'Product ' || n, 1 FROM generate_series(1, 9) AS n;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity)
    SELECT 102, n, 1, 40 FROM generate_series(1, 9) AS n;
SELECT count(stockflow.record_sale(102, 1, n, 30)) FROM generate_series(1, 9) AS n;
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days, is_preferred,
                                         min_order_quantity, pack_size) VALUES
    (102, 1, 1, 1, 5, false, NULL, NULL), (102, 1, 2, 9, 1, false, NULL, NULL), (102, 1, 3, 20, 60, true, 50, 8),
    (102, 2, 1, 1, 10, false, NULL, NULL), (102, 2, 2, 9, 1, false, NULL, NULL),
    (102, 3, 1, 1, 11, false, NULL, NULL), (102, 3, 2, 9, 10, false, NULL, NULL),
    (102, 4, 1, 1, 12, false, NULL, NULL), (102, 4, 2, 9, 11, false, NULL, NULL),
    (102, 5, 4, 1, 1, true, NULL, NULL), (102, 5, 2, 9, 1, false, NULL, NULL),
    (102, 6, 1, 5, 5, false, NULL, NULL), (102, 6, 5, 5, 5, false, NULL, NULL),
    (102, 7, 1, 5, NULL, false, NULL, NULL), (102, 7, 2, 4, NULL, false, NULL, NULL),
    (102, 8, 4, 1, 1, true, NULL, NULL);
-- 1 preferred; 2 cheapest, arrives on the last day; 3 the dearer one arrives in time; 4 none does: fastest;
-- 5 the preferred one is gone; 6 tie by id; 7 no lead time known: cheapest; 8 only one that is gone; 9 none
SELECT product_id, days_until_stockout AS days, supplier_id, supplier_name, supplier_contact_email, supplier_unit_cost AS cost,
       lead_time_days AS lead, suggested_quantity AS suggest
  FROM stockflow.low_stock_alerts(102) ORDER BY product_id;

-- On order is taken off; order_up_to is a target; the minimum and the pack round up; never at the trigger again.
SELECT stockflow.place_purchase_order(102, stockflow.create_purchase_order(102, 1, 1,
    '[{"product_id": 1, "quantity": 25}, {"product_id": 2, "quantity": 500}]')) AS state;
UPDATE stockflow.products SET order_up_to = 5 WHERE company_id = 102 AND product_id = 3;
UPDATE stockflow.products SET order_up_to = 100 WHERE company_id = 102 AND product_id = 4;
SELECT product_id, available, on_order, suggested_quantity AS suggest FROM stockflow.low_stock_alerts(102) WHERE product_id <= 4 ORDER BY 1;

-- Most urgent first; at most so many; one warehouse.
SELECT stockflow.record_sale(102, 1, 9, 10), stockflow.record_sale(102, 1, 8, 4), stockflow.transfer_stock(102, 7, 1, 2, 3);
SELECT stockflow.record_sale(102, 2, 7, 1);
SELECT product_id, warehouse_id, available, demand, days_until_stockout AS days FROM stockflow.low_stock_alerts(102);
SELECT product_id, warehouse_id FROM stockflow.low_stock_alerts(102, max_alerts => 2);
SELECT product_id, warehouse_id FROM stockflow.low_stock_alerts(102, 2);
SELECT jsonb_pretty(stockflow.low_stock_alerts_json(102, max_alerts => 2));
SELECT stockflow.low_stock_alerts_json(102, 2) -> 'total_alerts' AS total, stockflow.low_stock_alerts_json(102, 2) #> '{alerts,0,supplier}' AS supplier;

-- Silent: deleted products, closed warehouses, deleted and unknown companies; services.
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 102 AND product_id = 9;
UPDATE stockflow.warehouses SET deleted_at = now() WHERE company_id = 102 AND warehouse_id = 2;
SELECT product_id, warehouse_id FROM stockflow.low_stock_alerts(102) ORDER BY 1, 2;
UPDATE stockflow.companies SET deleted_at = now() WHERE company_id = 102;
SELECT count(*) FROM stockflow.low_stock_alerts(102);
SELECT stockflow.low_stock_alerts_json(999999);
ROLLBACK;
