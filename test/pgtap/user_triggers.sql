-- Triggers that users put on our tables: whatever they do, the ledger stays whole.
BEGIN;
SELECT plan(22);
SET client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name, reorder_point) VALUES (1, 'C', 10);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W'), (1, 2, 'V');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 1, p, 'P' || p, 'P' || p, 1 FROM generate_series(1, 6) AS p;
SELECT stockflow.receive_stock(1, 1, p, 100) FROM generate_series(1, 6) AS p;

-- Puts a trigger with this body on inventory, runs the statement, and says what the ledger then holds.
CREATE FUNCTION pg_temp.with_trigger(timing text, body text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS %L', body);
    EXECUTE format('CREATE TRIGGER mine %s ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.f()', timing);
    BEGIN
        EXECUTE statement;
        SELECT string_agg(format('%s/%s: %s', l.product_id, l.warehouse_id, l.delta), ', ' ORDER BY l.product_id, l.warehouse_id, l.version)
          INTO answer FROM stockflow.inventory_log l WHERE l.version > 1 OR l.warehouse_id = 2;
        answer := coalesce(answer, 'nothing') || coalesce((SELECT ' BUT ' || string_agg(problem, ', ') FROM stockflow.verify_ledger()), '');
        RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = answer;
    EXCEPTION WHEN SQLSTATE 'ZZ000' THEN answer := SQLERRM; WHEN OTHERS THEN answer := SQLSTATE || ': ' || SQLERRM;
    END;
    DROP TRIGGER mine ON stockflow.inventory;
    RETURN answer;
END $$;

SELECT is(pg_temp.with_trigger('AFTER UPDATE', 'BEGIN IF pg_trigger_depth() = 1 THEN PERFORM stockflow.record_sale(1, 1, 1, 5, idempotency_key => ''k''); END IF; RETURN NULL; END',
    'SELECT stockflow.record_sale(1, 1, 1, 5, idempotency_key => ''k'')'), '55006: idempotency key "k" belongs to a call under way', 'a call within a call cannot use its key');
SELECT is(pg_temp.with_trigger('BEFORE UPDATE', 'BEGIN NEW.quantity := NEW.quantity - 1; RETURN NEW; END', 'SELECT stockflow.record_sale(1, 1, 1, 5)'),
    '23000: another trigger changed the quantity of a movement', 'a trigger cannot change what a movement says');
SELECT is(pg_temp.with_trigger('BEFORE UPDATE', 'BEGIN NEW.quantity := NEW.quantity - 1; RETURN NEW; END', 'UPDATE stockflow.inventory SET quantity = 50 WHERE product_id = 3'),
    '3/1: -51', 'what it makes of a plain change is what is logged');
SELECT is(pg_temp.with_trigger('AFTER UPDATE', $$BEGIN IF pg_trigger_depth() = 1 THEN BEGIN
        UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE product_id = 2; RAISE EXCEPTION 'x';
        EXCEPTION WHEN OTHERS THEN NULL; END; END IF; RETURN NULL; END$$,
    'SELECT stockflow.record_sale(1, 1, 1, 5)'), '1/1: -5', 'a nested change that is rolled back leaves the sale its entry');
SELECT is(pg_temp.with_trigger('AFTER UPDATE', $$BEGIN IF pg_trigger_depth() = 1 THEN BEGIN
        UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE product_id = 2; RAISE EXCEPTION 'x';
        EXCEPTION WHEN OTHERS THEN NULL; END; END IF; RETURN NULL; END$$,
    'UPDATE stockflow.inventory SET quantity = 50 WHERE product_id = 3'), '3/1: -50', 'and a plain change too');
SELECT is(pg_temp.with_trigger('AFTER UPDATE', $$BEGIN IF pg_trigger_depth() = 1 THEN
        UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE product_id = 2; END IF; RETURN NULL; END$$,
    'SELECT stockflow.record_sale(1, 1, 1, 5)'), '1/1: -5, 2/1: -1', 'a nested change has an entry of its own');
SELECT is(pg_temp.with_trigger('AFTER UPDATE', $$BEGIN IF NEW.product_id = 1 THEN
        UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE product_id = 2; END IF; RETURN NULL; END$$,
    'UPDATE stockflow.inventory SET quantity = quantity - 10 WHERE product_id IN (1, 2)'), '1/1: -10, 2/1: -10, 2/1: -1',
    'also when the statement itself changed that row');
SELECT is(pg_temp.with_trigger('AFTER UPDATE', $$BEGIN IF pg_trigger_depth() = 1 AND NEW.quantity < 100 THEN
        PERFORM stockflow.record_sale(1, 1, 4, 2); END IF; RETURN NULL; END$$,
    'SELECT stockflow.record_sale(1, 1, 1, 5)'), '1/1: -5, 4/1: -2', 'a trigger may call our functions');
SELECT is(pg_temp.with_trigger('AFTER DELETE', $$BEGIN
        INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (OLD.company_id, OLD.product_id, OLD.warehouse_id, 7);
        RETURN NULL; END$$,
    'DELETE FROM stockflow.inventory WHERE product_id = 1; SELECT stockflow.record_sale(1, 1, 1, 1)'), '1/1: -100, 1/1: 7, 1/1: -1',
    'a row that comes back at once goes on with its chain');
SELECT is(pg_temp.with_trigger('AFTER INSERT', $$BEGIN UPDATE stockflow.inventory SET reorder_point = 3
        WHERE product_id = NEW.product_id AND warehouse_id = NEW.warehouse_id; RETURN NULL; END$$,
    'SELECT stockflow.receive_stock(1, 2, 5, 10)'), '5/2: 10', 'a trigger may give a new row its reorder point');
SELECT is(pg_temp.with_trigger('AFTER INSERT', $$BEGIN UPDATE stockflow.inventory SET quantity = quantity + 1
        WHERE product_id = NEW.product_id AND warehouse_id = NEW.warehouse_id; RETURN NULL; END$$,
    'INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 5, 2, 10), (1, 6, 2, 0)'),
    '5/2: 10, 5/2: 1, 6/2: 1', 'or change its stock');
SELECT is(pg_temp.with_trigger('AFTER INSERT', $$BEGIN UPDATE stockflow.inventory SET quantity = quantity + 1
        WHERE product_id = 6 AND warehouse_id = 2; RETURN NULL; END$$,
    'UPDATE stockflow.companies SET tamper_evident = true; INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 5, 2, 10), (1, 6, 2, 10)'),
    '5/2: 10, 6/2: 10, 6/2: 1, 6/2: 1', 'also that of another new row, in a sealed ledger');
SELECT is(pg_temp.with_trigger('BEFORE UPDATE', $$BEGIN PERFORM 1 / 0; EXCEPTION WHEN OTHERS THEN RETURN NEW; END$$,
    'UPDATE stockflow.companies SET reorder_point = 150'), 'nothing', 'an exception block does not disturb a change of the reorder point');
SELECT is(pg_temp.with_trigger('AFTER UPDATE', $$BEGIN IF NEW.is_low AND NOT OLD.is_low AND NEW.product_id = 1 THEN
        PERFORM stockflow.transfer_stock(1, 1, 1, 2, 10); END IF; RETURN NULL; END$$,
    'UPDATE stockflow.companies SET reorder_point = 150'), '1/1: -10, 1/2: 10', 'nor is a movement at that moment unlogged');
SELECT matches(pg_temp.with_trigger('AFTER UPDATE', $$BEGIN IF pg_trigger_depth() = 2 AND NEW.product_id = 2 THEN
        UPDATE stockflow.inventory SET version = 500, recent_days = NULL, warehouse_id = 2 WHERE product_id = 6; END IF; RETURN NULL; END$$,
    'UPDATE stockflow.products SET reorder_point = 3 WHERE product_id = 2'), '^23514: the key of an inventory row cannot change', 'a nested statement keeps the rules');
SELECT matches(pg_temp.with_trigger('BEFORE UPDATE', $$BEGIN RETURN NULL; END$$,
    'SELECT stockflow.record_sale(1, 1, 1, 5)'), '^39P01: the movement was not recorded', 'a movement that a trigger swallows is an error');

CREATE FUNCTION pg_temp.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.recent_days := NULL; RETURN NEW; END $$;
CREATE TRIGGER zzz_late BEFORE UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.late();
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 5)', '23000', 'quantity was changed behind the ledger', 'derived columns cannot be changed behind the ledger either');
DROP TRIGGER zzz_late ON stockflow.inventory;

CREATE FUNCTION pg_temp.forge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO stockflow.inventory_log SELECT NEW.company_id, NEW.product_id, NEW.warehouse_id, NEW.version + 1, 1, 1, 'forged', NULL, now(), now(), 'x';
    RETURN NULL; END $$;
CREATE TRIGGER forge AFTER INSERT ON stockflow.inventory_log FOR EACH ROW EXECUTE FUNCTION pg_temp.forge();
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 5)', '55000', 'inventory_log is written by the ledger only', 'a trigger of the log cannot forge entries');
DROP TRIGGER forge ON stockflow.inventory_log;

-- A trigger that comes after ours and changes what it has set.
CREATE FUNCTION pg_temp.flip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.is_low := NOT NEW.is_low; RETURN NEW; END';
CREATE TRIGGER zzz BEFORE UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.flip();
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 6, 1)', '23000', NULL, 'the flag of a sale');
SELECT throws_ok('UPDATE stockflow.inventory SET quantity = 60 WHERE product_id = 6', '23000', NULL, 'or of a plain change is not a trigger''s to set');
DROP TRIGGER zzz ON stockflow.inventory;

-- Our triggers act as the owner of the table, never with more.
CREATE FUNCTION pg_temp.who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('test.who', current_user, true); RETURN NULL; END $$;
CREATE ROLE stockflow_test_owner;
DO $$ DECLARE t regclass; BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'r' LOOP EXECUTE format('ALTER TABLE %s OWNER TO stockflow_test_owner', t); END LOOP;
END $$;
GRANT USAGE ON SCHEMA stockflow TO stockflow_test_owner;
CREATE TRIGGER who AFTER INSERT ON stockflow.inventory_log FOR EACH ROW EXECUTE FUNCTION pg_temp.who();
SELECT stockflow.record_sale(1, 1, 1, 5);
SELECT is(current_setting('test.who'), 'stockflow_test_owner', 'the ledger is written with the rights of its owner');
SELECT is((SELECT count(*) FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace AND prosecdef), 0::bigint, 'no function is SECURITY DEFINER');
SELECT * FROM finish();
ROLLBACK;
