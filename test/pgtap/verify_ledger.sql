-- verify_ledger finds whatever somebody with the rights to switch our triggers off may have changed.
BEGIN;
SELECT plan(19);
INSERT INTO stockflow.companies (company_id, name, timezone, reorder_point) VALUES (1, 'One', 'Asia/Tokyo', 5), (2, 'Two', 'UTC', 5);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, 1, 'W' FROM generate_series(1, 2) AS c;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT c, p, 'P' || p, 'P', 1 FROM generate_series(1, 2) AS c, generate_series(1, 3) AS p;
SELECT stockflow.receive_stock(c, 1, p, 100, occurred_at => now() - interval '90 days') FROM generate_series(1, 2) AS c, generate_series(1, 2) AS p;
SELECT stockflow.record_sale(c, 1, p, 1, now() - n * interval '3 days') FROM generate_series(1, 2) AS c, generate_series(1, 2) AS p, generate_series(20, 0, -1) AS n;
SELECT is((SELECT count(*) > 10 FROM stockflow.demand_history WHERE company_id = 1 AND product_id = 1), true, 'days have left recent_days');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'sound');

-- What is found after a statement that runs without triggers.
CREATE FUNCTION pg_temp.found(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE statement;
    SET LOCAL session_replication_role = origin;
    SELECT string_agg(format('%s/%s/%s: %s', v.company_id, v.product_id, v.warehouse_id, v.problem), '; ' ORDER BY v.problem) INTO answer
      FROM stockflow.verify_ledger() AS v;
    IF EXISTS (SELECT FROM stockflow.verify_ledger(2)) THEN answer := answer || ' ALSO IN COMPANY 2'; END IF;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = coalesce(answer, 'nothing');
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM;
END $$;
CREATE FUNCTION pg_temp.finds(statement text, problem text) RETURNS text LANGUAGE sql AS
    $$ SELECT is(pg_temp.found(statement), '1/1/1: ' || problem, statement) $$;
\set key 'WHERE company_id = 1 AND product_id = 1'

SELECT is(pg_temp.found('SELECT 1'), 'nothing', 'nothing is found where nothing was changed');
SELECT pg_temp.finds('UPDATE stockflow.inventory SET quantity = 80 ' || :'key', 'quantity is 80, the ledger adds up to 79');
SELECT pg_temp.finds('UPDATE stockflow.inventory SET version = 3 ' || :'key', 'version is 3, the ledger has 22 entries');
SELECT pg_temp.finds('UPDATE stockflow.inventory SET recent_days = NULL ' || :'key', 'recent_days is not what the ledger says');
SELECT pg_temp.finds('UPDATE stockflow.inventory SET last_sold_at = NULL ' || :'key', 'last_sold_at is not what the ledger says');
SELECT pg_temp.finds('UPDATE stockflow.inventory SET effective_reorder_point = 6 ' || :'key', 'effective_reorder_point is not the one in force');
SELECT pg_temp.finds('UPDATE stockflow.inventory SET is_low = NOT is_low ' || :'key', 'is_low is not what quantity and reorder point say');
SELECT pg_temp.finds('UPDATE stockflow.inventory SET urgency = 0 ' || :'key', 'urgency is not what quantity and recent_days say');
SELECT is(pg_temp.found('UPDATE stockflow.inventory SET reorder_point = 100, effective_reorder_point = 100, is_low = true, urgency = 5 WHERE company_id = 2 AND product_id = 2'),
    '2/2/1: urgency is not what quantity and recent_days say ALSO IN COMPANY 2', '79 at 10 in 30 days last for months');
SELECT pg_temp.finds('DELETE FROM stockflow.inventory ' || :'key', 'inventory has no row, the ledger adds up to 79');
SELECT pg_temp.finds('UPDATE stockflow.inventory_log SET quantity_after = 7 ' || :'key' || ' AND version = 4', 'a balance in the ledger is not the sum of the entries before');
SELECT pg_temp.finds('UPDATE stockflow.inventory_log SET version = 40 ' || :'key' || ' AND version = 22', 'the versions of the ledger have a gap');
SELECT pg_temp.finds('UPDATE stockflow.demand_history SET demand = demand + 1 ' || :'key' || ' AND demand = 1 AND day = (SELECT max(day) FROM stockflow.demand_history)', 'demand_history is not what the ledger says');
SELECT pg_temp.finds('UPDATE stockflow.demand_history SET other = 1 ' || :'key' || ' AND other = 100', 'demand_history is not what the ledger says');
SELECT pg_temp.finds('DELETE FROM stockflow.demand_history ' || :'key', 'demand_history is not what the ledger says');
SELECT is(pg_temp.found('INSERT INTO stockflow.demand_history VALUES (1, 3, 1, current_date, 0, 1, 0)'), '1/3/1: demand_history is not what the ledger says', 'a day without a ledger');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET occurred_at = occurred_at + interval ''1 day'' ' || :'key' || ' AND version = 2'),
    '1/1/1: demand_history is not what the ledger says', 'a moved movement');
SELECT * FROM finish();
ROLLBACK;
