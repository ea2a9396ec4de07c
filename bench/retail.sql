-- A file of daily sales (product, day, units; days without a sale left out) as the history of one
-- company, written behind the triggers: the last day is yesterday. :file is read by gzip.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE EXTENSION stockflow;
\setenv RETAIL_FILE :file
CREATE TEMP TABLE sold (series text, code text, day date, units numeric);
\copy sold FROM PROGRAM 'gzip -dc "$RETAIL_FILE"' WITH (FORMAT csv, HEADER)
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'Retail');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'Main');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price)
    SELECT 1, row_number() OVER (ORDER BY code), code, code, 1 FROM (SELECT DISTINCT code FROM sold) AS s;
SET session_replication_role = replica;
-- Never out of stock: what was delivered at first is more than all that was sold.
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity, version, last_sold_at)
    SELECT 1, p.product_id, 1, 1000000000, 1, now() FROM stockflow.products p;
INSERT INTO stockflow.demand_history (company_id, product_id, warehouse_id, day, demand, returned, other)
    SELECT 1, p.product_id, 1, s.day + ((now() AT TIME ZONE 'UTC')::date - 1 - max(s.day) OVER ()), s.units, 0, 0
      FROM (SELECT code, day, sum(units) AS units FROM sold GROUP BY code, day) AS s JOIN stockflow.products p ON p.sku = s.code;
SET session_replication_role = origin;
ANALYZE;
