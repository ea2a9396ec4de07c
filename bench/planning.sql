-- One company with :pairs products of a year of daily history each, written behind the triggers:
-- half of them sell on fewer than one day in three, with sizes that vary as they do in shops.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE EXTENSION stockflow;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'Large');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT 1, w, 'W' || w FROM generate_series(1, 4) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 1, p, 'P-' || p, 'Product ' || p, 1 + p % 50 FROM generate_series(1, :pairs / 4) AS p;
INSERT INTO stockflow.replenishment_policies (company_id, reorder_policy, service_level) VALUES (1, 'dynamic', 0.95);
SET session_replication_role = replica;
SELECT setseed(0.5) \g /dev/null
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity, version, last_sold_at)
    SELECT 1, p, w, 1000000, 1, now() FROM generate_series(1, :pairs / 4) AS p, generate_series(1, 4) AS w;
INSERT INTO stockflow.demand_history (company_id, product_id, warehouse_id, day, demand, returned, other)
    SELECT 1, p, w, (now() AT TIME ZONE 'UTC')::date - d, 1 + floor(-ln(1 - random()) * (1 + p % 13)), 0, 0
      FROM generate_series(1, :pairs / 4) AS p, generate_series(1, 4) AS w, generate_series(365, 1, -1) AS d
     WHERE random() < 0.03 + 0.97 * ((p * 7919 + w * 104729) % 1000 / 1000.0) ^ 1.5;
SET session_replication_role = origin;
ANALYZE;
SELECT count(*) AS days_with_sales FROM stockflow.demand_history;
