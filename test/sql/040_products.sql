-- Creating products: the endpoint, its faults, SKUs and idempotency.
\set VERBOSITY default
\set SHOW_CONTEXT never
SET client_min_messages = warning;
BEGIN;
INSERT INTO stockflow.companies (company_id, name, currency) VALUES (104, 'Products', 'EUR'), (105, 'Yen', 'JPY');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (104, 1, 'Main'), (105, 1, 'Tokyo');
SELECT setval('stockflow.products_product_id_seq', 1000, false) AS next_id;

SELECT stockflow.create_product(104, '  AB-1 ', 'First', 9.90, 1, 12);
SELECT sku, price FROM stockflow.products WHERE company_id = 104;
SELECT delta, quantity_after, reason FROM stockflow.inventory_log WHERE company_id = 104;
SELECT stockflow.create_product(105, 'ab-1', 'Another company may use it', 100.00, 1);
SELECT count(*) AS stocked_without_stock FROM stockflow.inventory WHERE company_id = 105;
SAVEPOINT s;
SELECT stockflow.create_product(104, 'ab-1', 'Taken', 1);
ROLLBACK TO s;
SELECT stockflow.create_product(104, 'NEW', 'Atomic', 1, 1, 0.5); -- refused as a whole
ROLLBACK TO s;
SELECT count(*) FROM stockflow.products WHERE company_id = 104;
SELECT stockflow.create_product(105, 'Y', 'Yen has no decimals', 1.5);
ROLLBACK TO s;
-- a deleted product frees its SKU; it cannot come back while the SKU is taken
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 104;
SELECT stockflow.create_product(104, 'AB-1', 'Successor', 1);
SAVEPOINT s2;
UPDATE stockflow.products SET deleted_at = NULL WHERE company_id = 104 AND name = 'First';
ROLLBACK TO s2;

-- idempotent: the same request again returns the first result
SELECT stockflow.create_product(104, 'K', 'Keyed', 1, idempotency_key => 'k1') = stockflow.create_product(104, ' K ', 'Keyed', 1.00, idempotency_key => 'k1') AS same;
SELECT stockflow.create_product(104, 'K2', 'Keyed', 1, idempotency_key => 'k1');
ROLLBACK TO s2;

-- JSON: the created object, or all faults at once
SELECT jsonb_pretty(stockflow.create_product_json(104, '{"name": " Desk ", "sku": "D-1", "price": 129.50, "warehouse_id": 1, "initial_quantity": 4,
    "reorder_point": 2, "attributes": {"color": "oak"}}') - 'created_at');
SELECT sku, name, reorder_point, attributes FROM stockflow.products WHERE company_id = 104 AND sku = 'D-1';
SAVEPOINT s3;
SELECT stockflow.create_product_json(104, '{"sku": "d-1", "name": 7, "price": -0.001, "warehouse_id": 99, "initial_quantity": -1.5, "colour": "oak",
    "category_id": 1.5, "supplier_id": 4, "reorder_point": "2", "is_bundle": "yes", "attributes": []}');
ROLLBACK TO s3;
SELECT * FROM stockflow.product_faults(104, '{"sku": " ", "price": "9.90", "initial_quantity": 3}');
SELECT * FROM stockflow.product_faults(104, '[]');
SELECT * FROM stockflow.product_faults(104, '{"sku": "OK-1", "name": "Sound", "price": 0, "whole_units": false, "warehouse_id": 1, "initial_quantity": 0.5}');
\set VERBOSITY sqlstate
SELECT stockflow.create_product_json(104, '{"sku": "d-1", "name": "x", "price": 1}');
ROLLBACK TO s3;
SELECT stockflow.create_product_json(104, '{"sku": "d-2", "name": "x", "price": 1, "warehouse_id": 2}');
ROLLBACK TO s3;
SELECT stockflow.create_product_json(104, '{"sku": "d-1", "name": "x", "price": 1, "warehouse_id": 2}');
ROLLBACK TO s3;
-- a retry with its key gets the first answer, and does not trip over its own SKU
SELECT stockflow.create_product_json(104, '{"sku": "R", "name": "Retry", "price": 1, "idempotency_key": "k2"}') = stockflow.create_product_json(104, '{"price": 1.0, "sku": "R", "name": "Retry", "idempotency_key": "k2"}') AS same;
ROLLBACK;
