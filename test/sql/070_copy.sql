-- COPY is logged like any other statement, and refused as a whole when one row is wrong.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET client_min_messages = warning;
BEGIN;
INSERT INTO stockflow.companies (company_id, name) VALUES (108, 'Copy');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (108, 1, 'Main');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 108, p, 'P' || p, 'P' || p, 1 FROM generate_series(1, 3) AS p;
COPY stockflow.inventory (company_id, product_id, warehouse_id, quantity) FROM stdin;
108	1	1	5
108	2	1	0
108	3	1	7
\.
SELECT product_id, version, delta, quantity_after, reason FROM stockflow.inventory_log WHERE company_id = 108 ORDER BY 1, 2;
SAVEPOINT s;
DELETE FROM stockflow.inventory WHERE company_id = 108;
COPY stockflow.inventory (company_id, product_id, warehouse_id, quantity) FROM stdin;
108	1	1	5
108	2	1	0.5
\.
ROLLBACK TO s;
COPY stockflow.inventory_log FROM stdin;
\.
ROLLBACK TO s;
SELECT product_id, quantity, version FROM stockflow.inventory WHERE company_id = 108 ORDER BY 1;
SELECT * FROM stockflow.verify_ledger(108);
ROLLBACK;
