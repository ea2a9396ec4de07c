-- What could part stock from its ledger: triggers and rules on the log, and functions that change stock within a statement.
BEGIN;
SELECT plan(16);
SET client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 1, p, 'P' || p, 'P' || p, 1 FROM generate_series(1, 6) AS p;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 1, p, 1, 100 FROM generate_series(1, 4) AS p;
UPDATE stockflow.inventory SET quantity = 90;

-- Runs a statement while a user's trigger is there, and undoes both. Returns the error, or what of stock and ledger differs.
CREATE FUNCTION pg_temp.with_trigger(target text, timing text, body text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE plpgsql AS %L', body);
    EXECUTE format('CREATE TRIGGER mine %s ON stockflow.%I FOR EACH ROW EXECUTE FUNCTION pg_temp.f()', timing, target);
    EXECUTE statement;
    SELECT coalesce(string_agg(v.problem, ', '), 'sound') INTO answer FROM stockflow.verify_ledger() v;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM; WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
CREATE FUNCTION pg_temp.unsound() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s/%s: %s', company_id, product_id, problem) FROM stockflow.verify_ledger()
    UNION ALL
    SELECT format('%s: row %s v%s, ledger %s v%s', product_id, i.quantity, i.version, l.quantity, l.version) FROM stockflow.inventory i
      FULL JOIN (SELECT product_id, sum(delta) AS quantity, max(version) AS version FROM stockflow.ledger GROUP BY product_id) l USING (product_id)
     WHERE coalesce(i.quantity, 0) <> l.quantity OR i.version <> l.version $$;

SELECT is(pg_temp.with_trigger('inventory_log', 'BEFORE INSERT', 'BEGIN RETURN NULL; END', 'SELECT stockflow.record_sale(1, 1, 1, 5)'),
    '23000: a ledger entry was not stored as it was made', 'a trigger of the log cannot swallow the entry of a sale');
SELECT is(pg_temp.with_trigger('inventory_log', 'BEFORE INSERT', 'BEGIN RETURN CASE WHEN NEW.product_id = 2 THEN NULL ELSE NEW END; END', 'UPDATE stockflow.inventory SET quantity = 80'),
    '23000: a ledger entry was not stored as it was made', 'nor one of many');
SELECT is(pg_temp.with_trigger('inventory_log', 'BEFORE INSERT', 'BEGIN NEW.delta := NEW.delta - 1; RETURN NEW; END', 'SELECT stockflow.record_sale(1, 1, 1, 5)'),
    '23000: a ledger entry was not stored as it was made', 'nor change its quantity');
SELECT is(pg_temp.with_trigger('inventory_log', 'BEFORE INSERT', 'BEGIN NEW.quantity_after := NEW.quantity_after - 1; RETURN NEW; END', 'SELECT stockflow.record_sale(1, 1, 1, 5)'),
    '23000: a ledger entry was not stored as it was made', 'nor the balance in it');
SELECT is(pg_temp.with_trigger('inventory_log', 'BEFORE INSERT', format('BEGIN NEW.occurred_at := %L; RETURN NEW; END', '2020-01-01'), 'UPDATE stockflow.inventory SET quantity = 80'),
    '23000: a ledger entry was not stored as it was made', 'nor its time');
SELECT is(pg_temp.with_trigger('inventory_log', 'BEFORE INSERT', 'BEGIN NEW.reference := ''till 4''; RETURN NEW; END', 'UPDATE stockflow.inventory SET quantity = 80'),
    'sound', 'but may give it a reference');
SAVEPOINT without_rule;
CREATE RULE nothing AS ON INSERT TO stockflow.inventory_log DO INSTEAD NOTHING;
SELECT throws_ok('UPDATE stockflow.inventory SET quantity = 80', '0A000', NULL, 'a rule cannot put something else in the place of an entry');
ROLLBACK TO without_rule;
SELECT lives_ok('UPDATE stockflow.inventory SET quantity = 85', 'without the rule all is as before');

SELECT is(pg_temp.with_trigger('inventory_log_archive', 'BEFORE INSERT', 'BEGIN RETURN NULL; END', 'SELECT stockflow.archive_log(clock_timestamp())'),
    '23000: ledger entries were not moved as they are', 'nothing is lost on the way to the archive');
SELECT is(pg_temp.with_trigger('inventory_log_archive', 'BEFORE INSERT', 'BEGIN NEW.delta := 2 * NEW.delta; RETURN NEW; END', 'SELECT stockflow.archive_log(clock_timestamp())'),
    '23000: ledger entries were not moved as they are', 'nor changed');
SELECT is(pg_temp.with_trigger('inventory_log', 'BEFORE DELETE', 'BEGIN RETURN CASE WHEN OLD.version = 1 THEN NULL ELSE OLD END; END', 'SELECT stockflow.archive_log(clock_timestamp())'),
    '23000: ledger entries were not moved as they are', 'nor is there a hole in what stays');
SELECT is_empty('SELECT pg_temp.unsound()', 'stock and ledger agree');

-- A function in a statement runs statements of its own.
CREATE FUNCTION pg_temp.other(p bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
    UPDATE stockflow.inventory SET quantity = quantity + 1 WHERE company_id = 1 AND product_id = 4 AND warehouse_id = 1; RETURN p; END $$;
SELECT throws_ok($$WITH d AS (DELETE FROM stockflow.inventory WHERE product_id = 3 RETURNING product_id), x AS (SELECT pg_temp.other(d.product_id) AS p FROM d)
    INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) SELECT 1, p, 1 FROM x$$, '23000',
    'cannot delete and insert the same inventory row in one statement', 'a key deleted and inserted in one statement, with another statement in between');
SELECT lives_ok($$INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity)
    SELECT 1, pg_temp.other(5), 1, n FROM generate_series(3, 5) AS n ON CONFLICT DO NOTHING$$, 'a key three times, with other statements in between');
SELECT is_empty('SELECT pg_temp.unsound()', 'stock and ledger still agree');

-- A nested change that equals the movement under way is a change of its own, and not a second sale.
CREATE FUNCTION pg_temp.again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_trigger_depth() = 1 THEN UPDATE stockflow.inventory SET quantity = quantity - 5 WHERE product_id = NEW.product_id; END IF; RETURN NULL; END $$;
CREATE TRIGGER again AFTER UPDATE ON stockflow.inventory FOR EACH ROW EXECUTE FUNCTION pg_temp.again();
DO $$ BEGIN PERFORM stockflow.record_sale(1, 1, 2, 5, reference => 'till'); END $$;
SELECT is((SELECT string_agg(format('%s %s %s', reason, delta::int, reference), ', ' ORDER BY version) FROM stockflow.inventory_log WHERE product_id = 2
             AND version > (SELECT max(version) - 2 FROM stockflow.inventory_log WHERE product_id = 2)), 'sale -5 till, adjustment -5 ', 'a movement explains one change');
SELECT * FROM finish();
ROLLBACK;
