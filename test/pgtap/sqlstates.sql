-- One case per error situation: its SQLSTATE and its message.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(98);

INSERT INTO stockflow.companies (company_id, name, currency, allow_negative_stock) VALUES
    (1, 'Acme', 'USD', false), (2, 'Yen', 'JPY', false), (3, 'Dinar', 'KWD', false),
    (4, 'Gone', 'USD', false);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name, deleted_at) VALUES
    (1, 1, 'Main', NULL), (1, 2, 'Second', NULL), (1, 3, 'Shut', now()), (2, 20, 'Tokyo', NULL),
    (4, 40, 'Void', NULL), (1, 5, 'Former', NULL);
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, is_stocked, deleted_at) VALUES
    (1, 1, 'A-1', 'Apple', 1, true, NULL), (1, 2, 'B-1', 'Bolt', 1, true, NULL),
    (1, 3, 'KIT', 'Kit', 1, true, NULL), (1, 4, 'SVC', 'Service', 1, false, NULL),
    (1, 5, 'a-1', 'Old apple', 1, true, now()), (1, 6, 'END', 'Ended', 1, true, now()),
    (1, 7, 'PAST', 'Past', 1, true, NULL), (1, 8, 'BOX', 'Box', 1, true, NULL),
    (1, 9, 'VOID', 'Kit of services', 1, true, NULL), (2, 20, 'J-1', 'Jade', 1, true, NULL),
    (4, 40, 'G-1', 'Ghost', 1, true, NULL);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES
    (1, 3, 1, 2), (1, 8, 3, 1), (1, 9, 4, 1);
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (2, 20, 'Other');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name, deleted_at) VALUES (1, 1, 'Gone', now());
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES
    (1, 1, 1, 10), (1, 2, 1, 10), (1, 7, 1, 10), (1, 2, 5, 10);
DELETE FROM stockflow.inventory WHERE product_id = 7 OR warehouse_id = 5;
DO $$ BEGIN
    PERFORM stockflow.reserve_stock(1, '[{"product_id": 1, "warehouse_id": 1, "quantity": 4}]');
    PERFORM setval('stockflow.products_product_id_seq', 100);
    PERFORM stockflow.adjust_stock(1, 1, 2, 1, idempotency_key => 'k1');
END $$;
CREATE ROLE stockflow_test_stranger;

-- Triggers that an application might write: one changes the quantity, one drops the row.
CREATE FUNCTION pg_temp.meddle() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN NEW.quantity := NEW.quantity + 1; RETURN NEW; END$$;
CREATE FUNCTION pg_temp.drop_row() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$;

CREATE TEMP TABLE cases (n integer GENERATED ALWAYS AS IDENTITY, sqlstate text, message text, call text);
INSERT INTO cases (sqlstate, message, call) VALUES
-- SKUs
    ('23505', 'SKU "A-1" is already used by product 1 "Apple"', $$SELECT stockflow.create_product(1, 'A-1', 'x', 1)$$),
    ('23505', 'SKU "a-1" is already used by product 1 "Apple"', $$SELECT stockflow.create_product(1, E' \ta-1\u00a0', 'x', 1)$$),
    ('23505', 'SKU "a-1" is already used by product 1 "Apple"', $$INSERT INTO stockflow.products (company_id, sku, name, price) VALUES (1, ' a-1 ', 'x', 1)$$),
    ('23505', 'SKU "a-1" is already used by product 1 "Apple"', $$UPDATE stockflow.products SET deleted_at = NULL WHERE product_id = 5$$),
    ('23505', 'SKU "A-1" is already used by product 1 "Apple"', $$UPDATE stockflow.products SET sku = 'A-1' WHERE product_id = 2$$),
    ('23514', 'SKU must not be blank', $$INSERT INTO stockflow.products (company_id, sku, name, price) VALUES (1, E'\u3000', 'x', 1)$$),
    ('23514', 'SKU must have at most 64 characters', $$UPDATE stockflow.products SET sku = repeat('x', 65) WHERE product_id = 2$$),
    ('23514', 'SKU must not contain control characters', $$UPDATE stockflow.products SET sku = E'a\nb' WHERE product_id = 2$$),
-- insufficient stock
    ('23514', 'insufficient stock for product "A-1" in warehouse "Main"', 'SELECT stockflow.record_sale(1, 1, 1, 7)'),
    ('23514', 'insufficient stock for product "A-1" in warehouse "Main"', 'SELECT stockflow.transfer_stock(1, 1, 1, 2, 7)'),
    ('23514', 'insufficient stock for product "A-1" in warehouse "Main"', 'SELECT stockflow.adjust_stock(1, 1, 1, -11)'),
    ('23514', 'insufficient stock for product "A-1" in warehouse "Second"', 'SELECT stockflow.record_sale(1, 2, 1, 1)'),
    ('23514', 'insufficient stock for product "A-1" in warehouse "Main"', 'SELECT stockflow.record_sale(1, 1, 3, 4)'),
    ('23514', 'insufficient stock for product "B-1" in warehouse "Main"', $$SELECT stockflow.record_movements(1, '[{"product_id": 2, "warehouse_id": 1, "delta": -6, "reason": "sale"}, {"product_id": 2, "warehouse_id": 1, "delta": -6, "reason": "sale"}]')$$),
    ('23514', 'insufficient stock for product "A-1" in warehouse "Main"', 'UPDATE stockflow.inventory SET quantity = -1 WHERE product_id = 1'),
    ('23514', 'insufficient stock for product "A-1" in warehouse "Second"', 'INSERT INTO stockflow.inventory VALUES (1, 1, 2, -1)'),
-- kinds of products
    ('23514', 'product "A-1" comes in whole units only', 'SELECT stockflow.adjust_stock(1, 1, 1, 0.5)'),
    ('23514', 'product "A-1" comes in whole units only', 'UPDATE stockflow.inventory SET quantity = 9.5 WHERE product_id = 1'),
    ('23514', 'product "KIT" comes in whole units only', 'SELECT stockflow.record_sale(1, 1, 3, 0.5)'),
    ('23514', 'product 3 is a bundle and holds no stock of its own', 'SELECT stockflow.receive_stock(1, 1, 3, 1)'),
    ('23514', 'product "KIT" holds no stock of its own', 'SELECT stockflow.count_stock(1, 1, 3, 1)'),
    ('23514', 'product "KIT" holds no stock of its own', 'SELECT stockflow.transfer_stock(1, 3, 1, 2, 1)'),
    ('23514', 'product "KIT" holds no stock of its own', 'INSERT INTO stockflow.inventory VALUES (1, 3, 1, 1)'),
    ('23514', 'product "SVC" is not stocked', 'SELECT stockflow.receive_stock(1, 1, 4, 1)'),
    ('23514', 'product "SVC" holds no stock of its own', 'INSERT INTO stockflow.inventory VALUES (1, 4, 1, 1)'),
    ('23514', 'bundle 9 has no stocked components', 'SELECT stockflow.record_sale(1, 1, 9, 1)'),
    ('23514', 'product "A-1" has stock of its own', 'UPDATE stockflow.products SET is_bundle = true WHERE product_id = 1'),
    ('23514', 'product "A-1" has stock of its own', 'UPDATE stockflow.products SET is_stocked = false WHERE product_id = 1'),
    ('23514', 'product "KIT" has components', 'UPDATE stockflow.products SET is_bundle = false WHERE product_id = 3'),
-- bundles
    ('23514', 'new row for relation "product_bundles" violates check constraint "product_bundles_self_check"', 'INSERT INTO stockflow.product_bundles VALUES (1, 2, 2, 1)'),
    ('23514', 'bundle "A-1" would contain itself', 'INSERT INTO stockflow.product_bundles VALUES (1, 1, 3, 1)'),
    ('23514', 'bundle "A-1" would contain itself', 'INSERT INTO stockflow.product_bundles VALUES (1, 1, 8, 1)'),
    ('23514', 'bundle "KIT" would contain itself', 'UPDATE stockflow.product_bundles SET component_id = 8 WHERE bundle_id = 3'),
    ('23514', 'new row for relation "product_bundles" violates check constraint "product_bundles_quantity_check"', 'INSERT INTO stockflow.product_bundles VALUES (1, 3, 2, 0)'),
    ('23514', 'new row for relation "product_bundles" violates check constraint "product_bundles_quantity_check"', $$INSERT INTO stockflow.product_bundles VALUES (1, 3, 2, 'NaN')$$),
    ('22003', 'quantity 0.0000001 has more than six decimals', 'INSERT INTO stockflow.product_bundles VALUES (1, 3, 2, 0.0000001)'),
-- the ledger
    ('55000', 'the result kept for this idempotency key is not a number: true', $$SELECT stockflow.keep_request(1, 'k1', 'true'); SELECT stockflow.adjust_stock(1, 1, 2, 1, idempotency_key => 'k1')$$),
    ('55000', 'the result kept for this idempotency key is not a number: 1.5', $$SELECT stockflow.create_product(1, 'N', 'x', 1, idempotency_key => 'k2'); SELECT stockflow.keep_request(1, 'k2', '1.5'); SELECT stockflow.create_product(1, 'N', 'x', 1, idempotency_key => 'k2')$$),
    ('55000', 'inventory_log is append-only', 'UPDATE stockflow.inventory_log SET reference = NULL'),
    ('55000', 'inventory_log is append-only', 'DELETE FROM stockflow.inventory_log WHERE false'),
    ('55000', 'inventory_log is append-only', 'TRUNCATE stockflow.inventory_log'),
    ('55000', 'demand_history is kept by the ledger', 'INSERT INTO stockflow.demand_history VALUES (1, 1, 1, current_date, 1, 0, 0)'),
    ('55000', 'demand_history is kept by the ledger', 'UPDATE stockflow.demand_history SET demand = 1'),
    ('55000', 'demand_history is kept by the ledger', 'DELETE FROM stockflow.demand_history'),
    ('55000', 'demand_history is kept by the ledger', 'TRUNCATE stockflow.demand_history'),
    ('55000', 'inventory_log is written by the ledger only', $$INSERT INTO stockflow.inventory_log VALUES (1, 1, 1, 2, 5, 15, 'gift', NULL, now(), now(), 'me')$$),
    ('55000', 'cannot truncate inventory', 'TRUNCATE stockflow.inventory'),
    ('55000', 'cannot truncate inventory', 'TRUNCATE stockflow.products CASCADE'),
    ('55000', 'column "version" of inventory is kept by the ledger', 'UPDATE stockflow.inventory SET version = 7'),
    ('55000', 'column "effective_reorder_point" of inventory is kept by the ledger', 'UPDATE stockflow.inventory SET effective_reorder_point = 7'),
    ('55000', 'column "last_sold_at" of inventory is kept by the ledger', 'UPDATE stockflow.inventory SET last_sold_at = now()'),
    ('55000', 'column "recent_days" of inventory is kept by the ledger', 'UPDATE stockflow.inventory SET quantity = 5, recent_days = NULL'),
    ('55000', 'column "is_low" of inventory is kept by the ledger', 'UPDATE stockflow.inventory SET is_low = NOT is_low'),
    ('55000', 'column "urgency" of inventory is kept by the ledger', 'UPDATE stockflow.inventory SET urgency = 1'),
    ('23514', 'the key of an inventory row cannot change', 'UPDATE stockflow.inventory SET warehouse_id = 2 WHERE product_id = 1'),
    ('23000', 'cannot delete and insert the same inventory row in one statement', 'WITH gone AS (DELETE FROM stockflow.inventory WHERE product_id = 2 RETURNING *) INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT company_id, product_id, warehouse_id, quantity FROM gone'),
    ('55000', 'this would destroy the data of StockFlow', 'DROP SCHEMA stockflow CASCADE'),
    ('55000', 'this would destroy the data of StockFlow', 'DROP OWNED BY CURRENT_USER'),
    ('2BP01', 'cannot drop extension stockflow because other objects depend on it', 'DROP EXTENSION stockflow'),
    ('23000', 'quantity was changed behind the ledger', 'CREATE TRIGGER zzz_late BEFORE UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.meddle(); UPDATE stockflow.inventory SET quantity = 5 WHERE product_id = 1'),
    ('23000', 'quantity was changed behind the ledger', 'CREATE TRIGGER zzz_late BEFORE UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.meddle(); UPDATE stockflow.inventory SET counted_at = now() WHERE product_id = 1'),
    ('23000', 'quantity was changed behind the ledger', 'CREATE TRIGGER zzz_late BEFORE INSERT ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.meddle(); INSERT INTO stockflow.inventory VALUES (1, 1, 2, 5)'),
    ('23000', 'quantity was changed behind the ledger', 'CREATE TRIGGER zzz_late BEFORE INSERT ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.meddle(); INSERT INTO stockflow.inventory VALUES (1, 1, 2, 0)'),
    ('39P01', 'the movement was not recorded in the ledger', 'CREATE TRIGGER early BEFORE UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.meddle(); SELECT stockflow.record_sale(1, 1, 1, 1)'),
    ('39P01', 'the movement was not recorded in the ledger', 'CREATE TRIGGER zzz_late BEFORE UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.drop_row(); SELECT stockflow.record_sale(1, 1, 1, 1)'),
    ('23000', 'quantity was changed behind the ledger', 'ALTER TABLE stockflow.inventory DISABLE TRIGGER zz_ledger_accept; SELECT stockflow.record_sale(1, 1, 1, 1)'),
    ('39P01', 'the movement was not recorded in the ledger', 'ALTER TABLE stockflow.inventory DISABLE TRIGGER USER; SELECT stockflow.record_sale(1, 1, 1, 1)'),
    ('39P01', 'the movement was not recorded in the ledger', 'ALTER TABLE stockflow.inventory DISABLE TRIGGER aa_ledger_record; SELECT stockflow.record_sale(1, 1, 1, 1)'),
    ('39P01', 'function "inventory_before" must be fired BEFORE ROW', 'CREATE TABLE t (quantity numeric); CREATE TRIGGER wrong AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION stockflow.inventory_before(); INSERT INTO t VALUES (1)'),
-- idempotency keys
    ('23505', 'idempotency key "k1" was used for another request', $$SELECT stockflow.adjust_stock(1, 1, 2, 2, idempotency_key => 'k1')$$),
    ('23505', 'idempotency key "k1" was used for another request', $$SELECT stockflow.receive_stock(1, 1, 2, 1, idempotency_key => 'k1')$$),
-- references
    ('23503', 'company 99 does not exist', 'SELECT stockflow.record_sale(99, 1, 1, 1)'),
    ('23503', 'product 20 does not exist', 'SELECT stockflow.record_sale(1, 1, 20, 1)'),
    ('23503', 'warehouse 20 does not exist', 'SELECT stockflow.record_sale(1, 20, 1, 1)'),
    ('23503', 'warehouse 20 does not exist', 'SELECT stockflow.transfer_stock(1, 1, 1, 20, 1)'),
    ('23503', 'category 20 does not exist', $$SELECT stockflow.create_product(1, 'N', 'x', 1, category_id => 20)$$),
    ('23503', 'supplier 1 does not exist', $$SELECT stockflow.create_product(1, 'N', 'x', 1, supplier_id => 1)$$),
    ('23503', 'company 4 is deleted', 'UPDATE stockflow.companies SET deleted_at = now() WHERE company_id = 4; SELECT stockflow.receive_stock(4, 40, 40, 1)'),
    ('23503', 'warehouse "Shut" is closed', 'SELECT stockflow.receive_stock(1, 3, 1, 1)'),
    ('23503', 'warehouse "Shut" is closed', $$SELECT stockflow.create_product(1, 'N', 'x', 1, 3)$$),
    ('23503', 'product "END" is deleted', 'SELECT stockflow.record_sale(1, 1, 6, 1)'),
    ('23503', 'product 7 has ledger entries', 'DELETE FROM stockflow.products WHERE product_id = 7'),
    ('23503', 'warehouse 5 has ledger entries', 'DELETE FROM stockflow.warehouses WHERE warehouse_id = 5'),
    ('23503', 'product 7 has ledger entries', 'UPDATE stockflow.products SET product_id = 700 WHERE product_id = 7'),
    ('23503', 'warehouse 5 has ledger entries', 'UPDATE stockflow.warehouses SET warehouse_id = 500 WHERE warehouse_id = 5'),
-- parameters and privileges
    ('22023', 'from_warehouse_id and to_warehouse_id must differ', 'SELECT stockflow.transfer_stock(1, 1, 1, 1, 1)'),
    ('22023', 'initial_quantity needs a warehouse_id', $$SELECT stockflow.create_product(1, 'N', 'x', 1, initial_quantity => 5)$$),
    ('22023', 'time zone "Mars/Base" is not known', $$UPDATE stockflow.companies SET timezone = 'Mars/Base'$$),
    ('22023', 'time zone "UTC+25:99" is not known', $$INSERT INTO stockflow.companies (name, timezone) VALUES ('x', 'UTC+25:99')$$),
    ('22023', 'access "all" is not known', $$SELECT stockflow.grant_access('stockflow_test_stranger', 'all')$$),
    ('23514', 'price 1.5 has more decimals than JPY allows', $$SELECT stockflow.create_product(2, 'N', 'x', 1.5)$$),
    ('23514', 'price 1.005 has more decimals than USD allows', $$SELECT stockflow.create_product(1, 'N', 'x', 1.005)$$),
    ('23514', 'price 1.0005 has more decimals than KWD allows', $$INSERT INTO stockflow.products (company_id, sku, name, price) VALUES (3, 'N', 'x', 1.0005)$$),
    ('42501', 'permission denied to set parameter "stockflow.company_id"', 'SET LOCAL ROLE stockflow_test_stranger; SET LOCAL stockflow.company_id = 1'),
    ('42501', 'permission denied for schema stockflow', 'SET LOCAL ROLE stockflow_test_stranger; SELECT stockflow.record_sale(1, 1, 1, 1)'),
-- all faults of a payload in one error: alike ones keep their SQLSTATE
    ('23505', 'the product has 1 fault', $$SELECT stockflow.create_product_json(1, '{"name": "x", "sku": "a-1", "price": 1}')$$),
    ('23503', 'the product has 2 faults', $$SELECT stockflow.create_product_json(1, '{"name": "x", "sku": "n", "price": 1, "warehouse_id": 20, "category_id": 20}')$$),
    ('22023', 'the product has 3 faults', $$SELECT stockflow.create_product_json(1, '{"sku": "a-1", "price": "1"}')$$);

SELECT throws_ok(call, sqlstate::char(5), message, sqlstate || ': ' || left(call, 100)) FROM cases ORDER BY n;

SELECT * FROM finish();
ROLLBACK;
