-- What a session remembers of products is of use to the role and tenant that read it, and to nobody else.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(10);
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'One'), (2, 'Two');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W'), (2, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (1, 1, 'A', 'A', 1), (2, 1, 'B', 'B', 1);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 1, 10), (2, 1, 1, 10);
CREATE ROLE remembering_app;
SELECT stockflow.grant_access('remembering_app', 'app');
GRANT ALL ON ALL FUNCTIONS IN SCHEMA public TO remembering_app;
SELECT is(stockflow.record_sale(1, 1, 1, 1), 9::numeric, 'a superuser sells');

SELECT set_config('stockflow.company_id', '2', true);
SET LOCAL ROLE remembering_app;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 1)', '23503', 'company 1 does not exist', 'what the superuser has read is hidden from a tenant');
SELECT is(stockflow.record_sale(2, 1, 1, 1), 9::numeric, 'who sells his own');
RESET ROLE;
SELECT set_config('stockflow.company_id', '1', true);
SET LOCAL ROLE remembering_app;
SELECT throws_ok('SELECT stockflow.record_sale(2, 1, 1, 1)', '23503', 'company 2 does not exist', 'and from the next tenant of the same role');
SELECT is(stockflow.record_sale(1, 1, 1, 1), 8::numeric, 'who sells his own');
RESET ROLE;

-- Nor from another role of the same tenant, whom row level security shows less.
SELECT set_config('stockflow.company_id', '2', true);
SELECT is(stockflow.record_sale(1, 1, 1, 1), 7::numeric, 'a superuser sells for another company than his tenant');
SET LOCAL ROLE remembering_app;
SELECT throws_ok('UPDATE stockflow.inventory SET quantity = 0 WHERE company_id = 1; SELECT stockflow.record_sale(1, 1, 1, 1)', '23503', NULL, 'and the tenant cannot');
RESET ROLE;
SELECT set_config('stockflow.company_id', '1', true);

-- What a savepoint takes back is not remembered.
SAVEPOINT before;
UPDATE stockflow.products SET whole_units = false WHERE company_id = 1;
SELECT is(stockflow.record_sale(1, 1, 1, 0.5), 6.5, 'fractions');
ROLLBACK TO before;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 0.5)', '23514', 'product "A" comes in whole units only', 'no fractions');

-- Names too long to be remembered
UPDATE stockflow.products SET sku = repeat('x', 64) WHERE company_id = 1;
SELECT results_eq('SELECT stockflow.record_sale(1, 1, 1, 1) FROM generate_series(1, 2)', 'VALUES (6::numeric), (5)', 'a long SKU');
SELECT * FROM finish();
ROLLBACK;
