-- What can be built of bundles, and what reservations leave for alerts.
\set VERBOSITY terse
SET client_min_messages = warning;
BEGIN;
INSERT INTO stockflow.companies (company_id, name, allow_negative_stock) VALUES (108, 'Bundles', false), (109, 'Backorders', true);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (108, 1, 'Main'), (108, 2, 'East'), (108, 3, 'Shut'), (109, 1, 'Main');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, is_stocked, whole_units) VALUES
    (108, 1, 'P1', 'Outer set', 1, true, true), (108, 2, 'P2', 'Inner set', 1, true, true), (108, 3, 'P3', 'Part', 1, true, true),
    (108, 4, 'DUO', 'Two lines', 1, true, true), (108, 5, 'PART', 'Part of two lines', 1, true, true),
    (108, 6, 'SET', 'Set with a service', 1, true, true), (108, 7, 'SVC', 'Service', 1, false, true),
    (108, 8, 'TEA', 'Tea by weight', 1, true, false), (108, 9, 'CARE', 'Services only', 1, true, true), (108, 10, 'CUP', 'Cup', 1, true, true);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES
    (108, 1, 2, 1), (108, 1, 3, 1), (108, 2, 3, 1), (108, 4, 5, 1), (108, 4, 5, 1),
    (108, 6, 7, 1), (108, 6, 8, 0.25), (108, 6, 10, 2), (108, 9, 7, 1);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES
    (108, 3, 1, 10), (108, 5, 1, 218), (108, 8, 1, 3.2), (108, 10, 1, 5), (108, 10, 2, 25), (108, 8, 2, 0.5), (108, 10, 3, 99);
UPDATE stockflow.warehouses SET deleted_at = now() WHERE company_id = 108 AND warehouse_id = 3;

-- 10 of P3 make 5, not 10; 218 parts make 109. Cups limit the set in Main to 2 (tea would do for 12),
-- tea in East to 2 (cups for 12); pooled there are 3.7 of tea for 14 and 30 cups for 15. The closed
-- warehouse does not count, services limit nothing.
SELECT sku, warehouse_name AS wh, buildable, limiting_component_sku AS limited_by, limiting_available AS available, limiting_quantity AS needed
  FROM stockflow.buildable_bundles(108);
SELECT sku, warehouse_id, buildable FROM stockflow.buildable_bundles(108, 6, 2);
SELECT count(*) FROM stockflow.buildable_bundles(108, 3); -- no bundle
SELECT count(*) FROM stockflow.buildable_bundles(999);
SELECT component_id, sku, quantity FROM stockflow.bundle_components(108, 1) UNION ALL SELECT component_id, sku, quantity FROM stockflow.bundle_components(108, 6);
SELECT count(*) FROM stockflow.bundle_components(108, 3);

-- Two of each component, 8 on hand and 14 owed: -3, since -6 are available; 4090 of the other do not help.
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (109, 1, 'KIT', 'Kit', 1), (109, 2, 'A', 'A', 1), (109, 3, 'B', 'B', 1);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (109, 1, 2, 2), (109, 1, 3, 2);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (109, 2, 1, 8), (109, 3, 1, 4258);
SELECT stockflow.reserve_stock(109, '[{"product_id": 2, "warehouse_id": 1, "quantity": 14}, {"product_id": 3, "warehouse_id": 1, "quantity": 168}]') > 0 AS reserved;
SELECT sku, warehouse_id, buildable, limiting_component_sku AS limited_by, limiting_available AS available FROM stockflow.buildable_bundles(109);

-- Reservations lower what can be built and what is available, until they expire.
UPDATE stockflow.products SET reorder_point = 2 WHERE company_id = 108 AND sku IN ('P1', 'P3');
SELECT stockflow.record_sale(108, 1, 1, 1);
SELECT stockflow.reserve_stock(108, '[{"product_id": 1, "warehouse_id": 1, "quantity": 2}]', now() + interval '1 hour', 'lapses') > 0 AS reserved;
SELECT stockflow.reserve_stock(108, '[{"product_id": 3, "warehouse_id": 1, "quantity": 2}]', now() + interval '1 hour', 'stays') > 0 AS reserved;
CREATE FUNCTION pg_temp.look() RETURNS TABLE(sku text, current_stock numeric, reserved numeric, available numeric, suggested numeric) LANGUAGE sql AS
    $$ SELECT sku, current_stock, reserved, available, suggested_quantity FROM stockflow.low_stock_alerts(108, include_bundles => true) $$;
SELECT * FROM pg_temp.look();
SELECT warehouse_id, buildable FROM stockflow.buildable_bundles(108, 1, 1);
UPDATE stockflow.reservations SET expires_at = now() WHERE reference = 'lapses';
SELECT * FROM pg_temp.look(); -- 6 are available
SELECT warehouse_id, buildable FROM stockflow.buildable_bundles(108, 1, 1);
UPDATE stockflow.products SET reorder_point = 6 WHERE company_id = 108 AND sku IN ('P1', 'P3');
SELECT * FROM pg_temp.look();
SELECT stockflow.record_sale(108, 1, 1, 1); -- 4 of P3 are left, for 2 more: what has expired is not in the way
SELECT stockflow.release_expired(108);
SELECT * FROM pg_temp.look(); -- as it was but for the sale
-- A deleted component cannot be sold, and so nothing be built of it.
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 108 AND sku = 'P3';
SELECT warehouse_id, buildable FROM stockflow.buildable_bundles(108, 1, 1);
SELECT * FROM stockflow.verify_reservations(108);
ROLLBACK;
