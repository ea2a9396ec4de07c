-- Random movements while seals begin and end and entries go to the archive; then random changes of entries behind
-- the ledger: none may be found before, each has to be found after. The seed is printed.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(5);
SELECT round(random()::numeric, 6) AS seed \gset
SELECT diag('seed ' || :'seed') FROM setseed(:seed);
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'C');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W'), (1, 2, 'V');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, whole_units) SELECT 1, p, 'P' || p, 'P', 1, false FROM generate_series(1, 4) p;
CREATE FUNCTION pg_temp.any_of(most integer) RETURNS integer LANGUAGE sql VOLATILE AS $$ SELECT 1 + floor(random() * most)::integer $$;

CREATE FUNCTION pg_temp.step() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p integer := pg_temp.any_of(4);
    w integer := pg_temp.any_of(2);
    q numeric := round(random()::numeric * 5, pg_temp.any_of(7) - 1) + 0.000001;
    t timestamptz := now() - random() * interval '50 days';
BEGIN
    CASE pg_temp.any_of(12)
        WHEN 1, 2 THEN PERFORM stockflow.receive_stock(1, w, p, q, round(random()::numeric * 9, 3), t, repeat('ä', pg_temp.any_of(200)));
        WHEN 3, 4 THEN PERFORM stockflow.record_sale(1, w, p, q, t);
        WHEN 5 THEN UPDATE stockflow.inventory SET quantity = quantity + q WHERE product_id = p;
        WHEN 6 THEN DELETE FROM stockflow.inventory WHERE product_id = p AND warehouse_id = w;
        WHEN 7 THEN INSERT INTO stockflow.inventory AS i (company_id, product_id, warehouse_id, quantity) VALUES (1, p, 1, q), (1, p, 2, 0)
            ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET quantity = i.quantity + 1;
        WHEN 8 THEN PERFORM stockflow.transfer_stock(1, p, w, 3 - w, q);
        WHEN 9 THEN PERFORM stockflow.record_movements(1, (SELECT jsonb_agg(jsonb_build_object('product_id', pg_temp.any_of(4), 'warehouse_id', pg_temp.any_of(2), 'delta', pg_temp.any_of(9) - 2.5, 'reason', 'found')) FROM generate_series(1, 6)));
        WHEN 10 THEN PERFORM stockflow.archive_log(clock_timestamp(), 1, pg_temp.any_of(20));
        WHEN 11 THEN UPDATE stockflow.companies SET tamper_evident = random() < 0.7;
        WHEN 12 THEN UPDATE stockflow.inventory SET quantity = quantity * 2 WHERE warehouse_id = w; PERFORM 1 / (pg_temp.any_of(2) - 1);
    END CASE;
EXCEPTION WHEN check_violation OR division_by_zero THEN NULL;  -- short of stock, or rolled back
END $$;
CREATE TEMP TABLE kept (heads jsonb);
DO $$ BEGIN
    FOR n IN 1..400 LOOP
        PERFORM pg_temp.step();
        IF n = 300 THEN
            UPDATE stockflow.companies SET tamper_evident = true;
            INSERT INTO kept SELECT jsonb_agg(to_jsonb(h)) FROM stockflow.ledger_heads(1) AS h;
        END IF;
    END LOOP;
    UPDATE stockflow.companies SET tamper_evident = true;
END $$;
SELECT ok((SELECT count(chain_hash) > 50 AND count(*) > count(chain_hash) FROM stockflow.ledger), 'with and without hashes');
SELECT ok((SELECT count(*) > 0 FROM stockflow.inventory_log_archive), 'here and in the archive');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'nothing is found where nothing was changed');
SELECT is_empty('SELECT * FROM kept, stockflow.verify_heads(1, heads)', 'and what was kept is where it was');

-- Changes one column of a random entry of a key that has a row.
CREATE FUNCTION pg_temp.missed() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    e record;
    change text := (ARRAY['reason = reason || ''x''', 'reference = coalesce(reference || '' '', '''')', 'occurred_at = occurred_at - interval ''1 us''', 'recorded_at = recorded_at + interval ''1 us''',
        'actor = upper(actor) || ''?''', 'unit_cost = coalesce(unit_cost, 0) + 0.001', 'bundle_id = coalesce(bundle_id, 0) + 1', 'counterpart_warehouse_id = coalesce(counterpart_warehouse_id, 0) + 1',
        'delta = delta + 0.000001', 'quantity_after = quantity_after - 0.000001', 'chain_hash = sha256(coalesce(chain_hash, ''''))'])[pg_temp.any_of(11)];
    found boolean;
BEGIN
    SELECT l.product_id, l.warehouse_id, l.version, l.tableoid::regclass AS log INTO e
      FROM (SELECT tableoid, * FROM stockflow.inventory_log UNION ALL SELECT tableoid, * FROM stockflow.inventory_log_archive) l
      JOIN stockflow.inventory i USING (company_id, product_id, warehouse_id) ORDER BY random() LIMIT 1;
    SET LOCAL session_replication_role = replica;
    EXECUTE format('UPDATE %s SET %s WHERE product_id = $1 AND warehouse_id = $2 AND version = $3', e.log, change) USING e.product_id, e.warehouse_id, e.version;
    SET LOCAL session_replication_role = origin;
    SELECT count(*) > 0 INTO found FROM stockflow.verify_ledger() v WHERE v.product_id = e.product_id AND v.warehouse_id = e.warehouse_id AND v.problem ~ '^the hashes break';
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = CASE WHEN found THEN '' ELSE format('%s: %s', e, change) END;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN nullif(SQLERRM, '');
END $$;
SELECT is_empty('SELECT m FROM (SELECT pg_temp.missed() AS m FROM generate_series(1, 60)) AS x WHERE m IS NOT NULL', 'each of 60 random changes is found');
SELECT * FROM finish();
ROLLBACK;
