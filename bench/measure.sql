-- Times pairs of statements that do the same work, interleaved, and prints medians and ratios. The
-- alert queries all return the eleven columns of the interface, most urgent first.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET jit = off;
CREATE TABLE bench.timing (round integer, name text, milliseconds float);
CREATE TABLE bench.statement (n serial, name text, query text);

INSERT INTO bench.statement (name, query) VALUES
('alerts', 'SELECT product_id, product_name, sku, warehouse_id, warehouse_name, current_stock, threshold, days_until_stockout, supplier_id, supplier_name, supplier_contact_email FROM stockflow.low_stock_alerts(1)'),
('alerts, raw log', $$
    WITH demand AS (SELECT product_id, warehouse_id, -sum(delta) AS units FROM stockflow.inventory_log
                     WHERE company_id = 1 AND reason = 'sale' AND occurred_at >= date_trunc('day', now()) - interval '29 days' GROUP BY 1, 2)
    SELECT i.product_id, p.name, p.sku, i.warehouse_id, w.name, i.quantity, coalesce(i.reorder_point, p.reorder_point), floor(i.quantity * 30 / d.units)::integer AS days, s.supplier_id, s.name, s.contact_email
      FROM stockflow.inventory i JOIN demand d USING (product_id, warehouse_id)
      JOIN stockflow.products p ON (p.company_id, p.product_id) = (i.company_id, i.product_id)
      JOIN stockflow.warehouses w ON (w.company_id, w.warehouse_id) = (i.company_id, i.warehouse_id)
      LEFT JOIN LATERAL (SELECT x.supplier_id, x.name, x.contact_email FROM stockflow.product_suppliers ps JOIN stockflow.suppliers x USING (company_id, supplier_id)
                          WHERE (ps.company_id, ps.product_id) = (i.company_id, i.product_id) AND x.deleted_at IS NULL ORDER BY ps.is_preferred DESC, ps.unit_cost LIMIT 1) s ON true
     WHERE i.company_id = 1 AND i.quantity <= coalesce(i.reorder_point, p.reorder_point) AND d.units > 0 AND p.deleted_at IS NULL ORDER BY days, i.product_id, i.warehouse_id$$),
('alerts, daily rollup', $$
    WITH demand AS (SELECT product_id, warehouse_id, sum(units) AS units FROM bench.daily
                     WHERE company_id = 1 AND day >= current_date - 29 GROUP BY 1, 2)
    SELECT i.product_id, p.name, p.sku, i.warehouse_id, w.name, i.quantity, coalesce(i.reorder_point, p.reorder_point), floor(i.quantity * 30 / d.units)::integer AS days, s.supplier_id, s.name, s.contact_email
      FROM stockflow.inventory i JOIN demand d USING (product_id, warehouse_id)
      JOIN stockflow.products p ON (p.company_id, p.product_id) = (i.company_id, i.product_id)
      JOIN stockflow.warehouses w ON (w.company_id, w.warehouse_id) = (i.company_id, i.warehouse_id)
      LEFT JOIN LATERAL (SELECT x.supplier_id, x.name, x.contact_email FROM stockflow.product_suppliers ps JOIN stockflow.suppliers x USING (company_id, supplier_id)
                          WHERE (ps.company_id, ps.product_id) = (i.company_id, i.product_id) AND x.deleted_at IS NULL ORDER BY ps.is_preferred DESC, ps.unit_cost LIMIT 1) s ON true
     WHERE i.company_id = 1 AND i.quantity <= coalesce(i.reorder_point, p.reorder_point) AND d.units > 0 AND p.deleted_at IS NULL ORDER BY days, i.product_id, i.warehouse_id$$),
('alerts, lateral rollup', $$
    SELECT i.product_id, p.name, p.sku, i.warehouse_id, w.name, i.quantity, coalesce(i.reorder_point, p.reorder_point), floor(i.quantity * 30 / d.units)::integer AS days, s.supplier_id, s.name, s.contact_email
      FROM stockflow.inventory i
      JOIN stockflow.products p ON (p.company_id, p.product_id) = (i.company_id, i.product_id)
      JOIN stockflow.warehouses w ON (w.company_id, w.warehouse_id) = (i.company_id, i.warehouse_id)
     CROSS JOIN LATERAL (SELECT sum(units) AS units FROM bench.daily x WHERE (x.company_id, x.product_id, x.warehouse_id) = (i.company_id, i.product_id, i.warehouse_id)
                            AND day >= current_date - 29) d
      LEFT JOIN LATERAL (SELECT x.supplier_id, x.name, x.contact_email FROM stockflow.product_suppliers ps JOIN stockflow.suppliers x USING (company_id, supplier_id)
                          WHERE (ps.company_id, ps.product_id) = (i.company_id, i.product_id) AND x.deleted_at IS NULL ORDER BY ps.is_preferred DESC, ps.unit_cost LIMIT 1) s ON true
     WHERE i.company_id = 1 AND i.is_low AND d.units > 0 AND p.deleted_at IS NULL ORDER BY days, i.product_id, i.warehouse_id$$),
('alerts, inventory ten times as large', 'SELECT product_id, product_name, sku, warehouse_id, warehouse_name, current_stock, threshold, days_until_stockout, supplier_id, supplier_name, supplier_contact_email FROM stockflow.low_stock_alerts(2)'),
('first 50 alerts', 'SELECT product_id, product_name, sku, warehouse_id, warehouse_name, current_stock, threshold, days_until_stockout, supplier_id, supplier_name, supplier_contact_email FROM stockflow.low_stock_alerts(1, max_alerts => 50)'),
('1,000 sales', 'SELECT bench.sell()'), ('1,000 sales, PL/pgSQL triggers', 'SELECT bench.sell_kept()'), ('1,000 sales, by hand', 'SELECT bench.sell_plain()'),
('10,000 movements in one call', $$SELECT stockflow.record_movements(1, (SELECT movements FROM bench.batch))$$),
('10,000 movements, UPDATE and INSERT', $$
    WITH m AS MATERIALIZED (SELECT x.* FROM bench.batch, jsonb_to_recordset(movements) AS x(product_id bigint, warehouse_id bigint, delta numeric, reason text)),
         u AS (UPDATE bench.stock s SET quantity = s.quantity + d.delta, version = s.version + d.n
                 FROM (SELECT product_id, warehouse_id, sum(delta) AS delta, count(*) AS n FROM m GROUP BY 1, 2) d
                WHERE s.company_id = 1 AND (s.product_id, s.warehouse_id) = (d.product_id, d.warehouse_id) RETURNING s.*)
    INSERT INTO bench.stock_log (company_id, product_id, warehouse_id, version, delta, quantity_after, reason)
    SELECT 1, m.product_id, m.warehouse_id, u.version - row_number() OVER (PARTITION BY m.product_id, m.warehouse_id) + 1, m.delta, u.quantity, m.reason
      FROM m JOIN u USING (product_id, warehouse_id)$$),
('UPDATE of 10,000 rows', 'UPDATE stockflow.inventory SET quantity = quantity - 1 WHERE company_id = 2 AND product_id BETWEEN 20001 AND 22000'),
('UPDATE of 10,000 rows, PL/pgSQL triggers', 'UPDATE bench.kept SET quantity = quantity - 1 WHERE company_id = 1 AND product_id <= 2000'),
('first stock of 10,000 products', 'INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 2, p, 6, 10 FROM generate_series(1, 10000) AS p'),
('first stock of 10,000 products, two INSERTs', $$
    WITH s AS (INSERT INTO bench.first_stock SELECT 2, p, 6, 10 FROM generate_series(1, 10000) AS p RETURNING *)
    INSERT INTO bench.stock_log (company_id, product_id, warehouse_id, version, delta, quantity_after, reason) SELECT 2, product_id, warehouse_id, 1, 10, 10, 'initial' FROM s$$),
('1,000 products created', $$SELECT count(stockflow.create_product(1, 'N-' || bench.next() || '-' || n, 'New', 1, 1, 10)) FROM generate_series(1, 1000) AS n$$),
('1,000 products, three INSERTs', $$
    WITH p AS (INSERT INTO stockflow.products (company_id, sku, name, price) SELECT 2, 'N-' || bench.next() || '-' || n, 'New', 1 FROM generate_series(1, 1000) AS n RETURNING product_id),
         s AS (INSERT INTO bench.stock SELECT 2, product_id, 1, 10 FROM p)
    INSERT INTO bench.stock_log (company_id, product_id, warehouse_id, version, delta, quantity_after, reason) SELECT 2, product_id, 1, 1, 10, 10, 'initial' FROM p$$),
('verify_ledger', 'SELECT count(*) FROM stockflow.verify_ledger(1)'),
('sum of the ledger against the balances', $$
    SELECT count(*) FROM stockflow.inventory i LEFT JOIN (SELECT product_id, warehouse_id, sum(delta) AS total FROM stockflow.inventory_log WHERE company_id = 1 GROUP BY 1, 2) l
        USING (product_id, warehouse_id) WHERE i.company_id = 1 AND i.quantity <> coalesce(l.total, 0)$$);

CREATE TABLE bench.batch AS
    SELECT jsonb_agg(jsonb_build_object('product_id', 1 + n / 5, 'warehouse_id', 1 + n % 5, 'delta', -1, 'reason', 'sale')) AS movements
      FROM (SELECT (random() * (:pairs - 1))::integer AS n FROM generate_series(1, 10000)) AS x;
CREATE SEQUENCE bench.run_number;

-- Sales one by one within a session: no connection, no commit.
CREATE FUNCTION bench.sell() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 0..999 LOOP PERFORM stockflow.record_sale(1, 1 + n % 5, 1 + n * 7 % 4000, 1); END LOOP;
END $$;
CREATE FUNCTION bench.sell_kept() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 0..999 LOOP UPDATE bench.kept SET quantity = quantity - 1 WHERE company_id = 1 AND product_id = 1 + n * 7 % 4000 AND warehouse_id = 1 + n % 5; END LOOP;
END $$;
CREATE FUNCTION bench.sell_plain() RETURNS void LANGUAGE plpgsql AS $$
DECLARE s record;
BEGIN
    FOR n IN 0..999 LOOP
        UPDATE bench.stock SET quantity = quantity - 1, version = version + 1 WHERE company_id = 1 AND product_id = 1 + n * 7 % 4000 AND warehouse_id = 1 + n % 5
            RETURNING quantity, version INTO s;
        INSERT INTO bench.stock_log (company_id, product_id, warehouse_id, version, delta, quantity_after, reason)
            VALUES (1, 1 + n * 7 % 4000, 1 + n % 5, s.version, -1, s.quantity, 'sale');
    END LOOP;
END $$;
CREATE FUNCTION bench.next() RETURNS bigint LANGUAGE sql AS $$ SELECT last_value FROM bench.run_number $$;

-- Round 0 warms the caches and the plans and is left out. Every statement's effect is rolled back.
CREATE PROCEDURE bench.measure(rounds integer) LANGUAGE plpgsql AS $$
DECLARE s record; started timestamptz; took float;
BEGIN
    FOR round IN 0..rounds LOOP
        FOR s IN SELECT * FROM bench.statement ORDER BY n LOOP
            PERFORM nextval('bench.run_number');
            BEGIN
                started := clock_timestamp();
                EXECUTE s.query;
                took := extract(epoch FROM clock_timestamp() - started) * 1000;
                RAISE EXCEPTION USING ERRCODE = 'ZZ000';
            EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
            END;
            IF round > 0 THEN INSERT INTO bench.timing VALUES (round, s.name, took); END IF;
        END LOOP;
        COMMIT;
    END LOOP;
END $$;
CALL bench.measure(:rounds);

CREATE VIEW bench.median AS SELECT name, percentile_cont(0.5) WITHIN GROUP (ORDER BY milliseconds) AS ms FROM bench.timing GROUP BY name;
CREATE FUNCTION bench.ms(statement text) RETURNS float LANGUAGE sql AS $$ SELECT ms FROM bench.median WHERE name = statement $$;

\echo
\echo Sizes
SELECT count(*) AS inventory, (SELECT count(*) FROM stockflow.inventory_log WHERE company_id = 1) AS ledger,
       (SELECT count(*) FROM stockflow.low_stock_alerts(1)) AS alerts,
       (SELECT count(*) FROM stockflow.inventory WHERE company_id = 2) AS ten_times, (SELECT count(*) FROM stockflow.low_stock_alerts(2)) AS its_alerts
  FROM stockflow.inventory WHERE company_id = 1;
\echo Medians in one run. Ratio: the time of the other way divided by that of StockFlow, so above 1 StockFlow is faster.
SELECT stockflow AS "StockFlow", round(bench.ms(stockflow)::numeric, 2) AS ms, other AS "against", round(bench.ms(other)::numeric, 2) AS ms,
       round((bench.ms(other) / bench.ms(stockflow))::numeric, 2) AS ratio
  FROM (VALUES (1, 'alerts', 'alerts, raw log'), (2, 'alerts', 'alerts, daily rollup'), (3, 'alerts', 'alerts, lateral rollup'),
               (4, 'alerts', 'alerts, inventory ten times as large'), (5, 'first 50 alerts', 'alerts'),
               (5, '1,000 sales', '1,000 sales, PL/pgSQL triggers'), (5, '1,000 sales', '1,000 sales, by hand'),
               (6, '10,000 movements in one call', '10,000 movements, UPDATE and INSERT'),
               (6, 'UPDATE of 10,000 rows', 'UPDATE of 10,000 rows, PL/pgSQL triggers'),
               (6, 'first stock of 10,000 products', 'first stock of 10,000 products, two INSERTs'),
               (7, '1,000 products created', '1,000 products, three INSERTs'),
               (8, 'verify_ledger', 'sum of the ledger against the balances')) AS t(n, stockflow, other) ORDER BY n;
SELECT round((SELECT count(*) FROM stockflow.inventory_log WHERE company_id = 1) / bench.ms('verify_ledger') * 1000) AS "verify_ledger entries per second",
       round(10000 / bench.ms('10,000 movements in one call') * 1000) AS "record_movements per second",
       round(10000 / bench.ms('UPDATE of 10,000 rows') * 1000) AS "rows updated per second",
       round(10000 / bench.ms('first stock of 10,000 products') * 1000) AS "rows inserted per second";
