-- Entries are appended without a statement only where a statement would do no more: rules and owners of the log count.
BEGIN;
SELECT plan(11);
SET LOCAL client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (1, 1, 'A', 'A', 1);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 1, 100);

-- A rule that writes elsewhere, too.
CREATE TABLE public.heard (product_id bigint, delta numeric);
CREATE RULE hear AS ON INSERT TO stockflow.inventory_log DO ALSO INSERT INTO public.heard SELECT new.product_id, new.delta;
SELECT is(stockflow.record_sale(1, 1, 1, 3), 97::numeric, 'a sale');
SELECT results_eq('SELECT product_id, delta FROM public.heard', 'VALUES (1::bigint, -3::numeric)', 'is heard of by a rule of the log');
DROP RULE hear ON stockflow.inventory_log;

-- A column that must not be empty any more.
ALTER TABLE stockflow.inventory_log DISABLE TRIGGER ledger_guard;
UPDATE stockflow.inventory_log SET reference = 'none';
ALTER TABLE stockflow.inventory_log ENABLE TRIGGER ledger_guard;
ALTER TABLE stockflow.inventory_log ALTER reference SET NOT NULL;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 3)', '23502', NULL, 'no entry without a reference that the user asks for');
SELECT is(stockflow.record_sale(1, 1, 1, 1, reference => 'till'), 96::numeric, 'with it, there is one');
SELECT is(stockflow.record_return(1, 1, 1, 1, reference => 'till'), 97::numeric, 'and another');
ALTER TABLE stockflow.inventory_log ALTER reference DROP NOT NULL;

-- Triggers write with the rights of the owner of inventory. Where the log is another's, he needs them.
CREATE ROLE appending_owner;
GRANT USAGE ON SCHEMA stockflow TO appending_owner;
ALTER TABLE stockflow.inventory OWNER TO appending_owner;
GRANT ALL ON ALL TABLES IN SCHEMA stockflow TO appending_owner;
REVOKE INSERT ON stockflow.inventory_log FROM appending_owner;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 3)', '42501', NULL, 'no entry without the right to write it');
SELECT throws_ok('UPDATE stockflow.inventory SET quantity = 10', '42501', NULL, 'nor by plain SQL');
GRANT INSERT ON stockflow.inventory_log TO appending_owner;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 3)', '42501', NULL, 'nor against its policies, which hold for all but its owner');
ALTER TABLE stockflow.inventory_log DISABLE ROW LEVEL SECURITY;
SELECT is(stockflow.record_sale(1, 1, 1, 3), 94::numeric, 'with it, there is one');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'and the ledger is sound');
ALTER TABLE stockflow.inventory_log OWNER TO appending_owner;
REVOKE INSERT ON stockflow.inventory_log FROM appending_owner;
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 3)', '42501', NULL, 'an owner without the right writes none');
SELECT * FROM finish();
ROLLBACK;
