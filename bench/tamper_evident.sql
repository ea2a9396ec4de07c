-- What sealed ledgers (companies.tamper_evident) cost: the same calls for two companies of the same size, of
-- which one has them, interleaved, all within a session. Ratio: the time without a seal divided by that with it.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA seal;
CREATE TABLE seal.timing (round integer, name text, company bigint, milliseconds float);
CREATE TABLE seal.company AS
    WITH c AS (INSERT INTO stockflow.companies (company_id, name, tamper_evident) VALUES (1001, 'Open', false), (1002, 'Sealed', true) RETURNING company_id, tamper_evident)
    SELECT * FROM c;
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT company_id, 1, 'W' FROM seal.company;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT company_id, p, 'P' || p, 'P', 1 FROM seal.company, generate_series(1, 2000) p;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT company_id, p, 1, 1000000 FROM seal.company, generate_series(1, 2000) p;
CREATE TABLE seal.batch AS
    SELECT jsonb_agg(jsonb_build_object('product_id', p, 'warehouse_id', 1, 'delta', -1, 'reason', 'sale', 'reference', 'order 17')) AS movements
      FROM generate_series(1, 2000) p;
DO $$ BEGIN PERFORM stockflow.record_movements(company_id, movements) FROM seal.company, seal.batch, generate_series(1, 50); END $$;
VACUUM ANALYZE stockflow.inventory, stockflow.inventory_log;

CREATE PROCEDURE seal.measure(rounds integer) LANGUAGE plpgsql AS $$
DECLARE c record; s record; started timestamptz; took float;
BEGIN
    FOR round IN 0..rounds LOOP
        FOR s IN SELECT * FROM (VALUES ('a sale', 'SELECT stockflow.record_sale($1, 1, p, 1, reference => ''order 17'') FROM generate_series(1, 2000) p'),
            ('2,000 movements in one call', 'SELECT stockflow.record_movements($1, movements) FROM seal.batch'),
            ('UPDATE of 2,000 rows', 'UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE company_id = $1'),
            ('verify_ledger', 'SELECT count(*) FROM stockflow.verify_ledger($1)')) AS t(name, query) LOOP
            FOR c IN SELECT * FROM seal.company ORDER BY random() LOOP
                BEGIN
                    started := clock_timestamp();
                    EXECUTE s.query USING c.company_id;
                    took := extract(epoch FROM clock_timestamp() - started) * 1000;
                    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
                EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
                END;
                IF round > 0 THEN INSERT INTO seal.timing VALUES (round, s.name, c.company_id, took); END IF;
            END LOOP;
        END LOOP;
        COMMIT;
    END LOOP;
END $$;
CALL seal.measure(:rounds);
\echo
\echo Tamper-evident ledgers; ratio: the time without divided by the time with hashes, the median of the rounds.
SELECT name, round(percentile_cont(0.5) WITHIN GROUP (ORDER BY o.milliseconds)::numeric, 1) AS "without, ms", round(percentile_cont(0.5) WITHIN GROUP (ORDER BY w.milliseconds)::numeric, 1) AS "with, ms",
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY o.milliseconds / w.milliseconds)::numeric, 2) AS ratio
  FROM seal.timing o JOIN seal.timing w USING (round, name)
  JOIN seal.company a ON a.company_id = o.company AND NOT a.tamper_evident JOIN seal.company b ON b.company_id = w.company AND b.tamper_evident
 GROUP BY name ORDER BY min(o.round), name;
