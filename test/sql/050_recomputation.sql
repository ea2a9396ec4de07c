-- Random movements: alerts from the rows of inventory equal alerts computed from the ledger alone, in
-- plain SQL, for every lookback, also after late movements and a change of the time zone.
\set VERBOSITY terse
SET client_min_messages = warning;
BEGIN;
SELECT setseed(0.42);
INSERT INTO stockflow.companies (company_id, name, timezone, reorder_point, allow_negative_stock) VALUES
    (201, 'West', 'America/Los_Angeles', 25, false), (202, 'East', 'Pacific/Kiritimati', NULL, true), (203, 'Half', 'Asia/Kolkata', 8, false);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(201, 203) AS c, generate_series(1, 2) AS w;
INSERT INTO stockflow.categories (company_id, category_id, name, reorder_point) SELECT c, 1, 'C', 12 FROM generate_series(201, 203) AS c;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, category_id, reorder_point, whole_units)
    SELECT c, p, 'P' || p, 'P' || p, 1, CASE WHEN p % 3 = 0 THEN 1 END, CASE WHEN p % 4 = 0 THEN 6 * p END, p % 2 = 0
      FROM generate_series(201, 203) AS c, generate_series(1, 12) AS p;

-- The same answer from inventory_log alone.
CREATE FUNCTION pg_temp.expected(company bigint, lookback integer)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, stock numeric, point numeric, days integer, demand numeric, in_stock integer)
LANGUAGE sql AS $$
    WITH clock AS (SELECT timezone AS zone, (now() AT TIME ZONE timezone)::date AS today FROM stockflow.companies WHERE company_id = company),
    log AS (
        SELECT l.product_id AS p, l.warehouse_id AS w, (l.occurred_at AT TIME ZONE zone)::date AS day, l.delta,
               CASE WHEN l.reason IN ('sale', 'consumption') THEN coalesce(l.bundle_quantity, -l.delta) ELSE 0 END AS sold,
               CASE WHEN l.reason = 'return' THEN coalesce(l.bundle_quantity, l.delta) ELSE 0 END AS returned
          FROM stockflow.inventory_log l, clock WHERE l.company_id = company),
    daily AS (SELECT p, w, day, sum(delta) AS delta, sum(sold) AS sold, sum(returned) AS returned FROM log GROUP BY p, w, day),
    pairs AS (
        SELECT i.product_id AS p, i.warehouse_id AS w, coalesce(sum(d.delta), 0) AS stock, coalesce(bool_or(d.sold > 0), false) AS sold_before,
               coalesce(i.reorder_point, pr.reorder_point, g.reorder_point, c.reorder_point) AS point
          FROM stockflow.inventory i
          JOIN stockflow.products pr ON (pr.company_id, pr.product_id) = (i.company_id, i.product_id)
          JOIN stockflow.companies c ON c.company_id = i.company_id
          LEFT JOIN stockflow.categories g ON (g.company_id, g.category_id) = (pr.company_id, pr.category_id)
          LEFT JOIN daily d ON (d.p, d.w) = (i.product_id, i.warehouse_id)
         WHERE i.company_id = company GROUP BY 1, 2, i.reorder_point, pr.reorder_point, g.reorder_point, c.reorder_point),
    days AS (
        SELECT pairs.*, coalesce(d.sold, 0) AS sold, coalesce(d.sold - d.returned, 0) AS net,
               (SELECT coalesce(sum(x.delta), 0) FROM daily x WHERE x.p = pairs.p AND x.w = pairs.w AND x.day < s.day) AS opening,
               (SELECT coalesce(sum(x.delta), 0) FROM daily x WHERE x.p = pairs.p AND x.w = pairs.w AND x.day <= s.day) AS closing
          FROM pairs CROSS JOIN clock
         CROSS JOIN LATERAL (SELECT clock.today - n AS day FROM generate_series(0, lookback - 1) AS n) AS s
          LEFT JOIN daily d ON d.p = pairs.p AND d.w = pairs.w AND d.day = s.day),
    windows AS (
        SELECT p, w, stock, point, sold_before, sum(net) AS demand,
               count(*) FILTER (WHERE opening > 0 OR closing > 0 OR sold > 0)::integer AS in_stock
          FROM days GROUP BY p, w, stock, point, sold_before)
    SELECT p, w, stock, point, CASE WHEN stock <= 0 THEN 0 WHEN demand > 0 THEN floor(stock * lookback / demand)::integer END, demand, in_stock
      FROM windows WHERE stock <= point AND (demand > 0 OR sold_before AND stock <= 0 AND in_stock = 0)
$$;

-- One random movement; what the rules refuse is left out.
CREATE FUNCTION pg_temp.move() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    c bigint := 201 + floor(random() * 3); p bigint := 1 + floor(random() * 12); w bigint := 1 + floor(random() * 2);
    q numeric := CASE WHEN p % 2 = 0 THEN 1 + floor(random() * 9) ELSE round((random() * 9)::numeric + 0.001, 3) END;
    kind float := random();
    -- mostly of late, some long ago, a few in the future
    at timestamptz := now() - CASE WHEN random() < 0.5 THEN random() * interval '4 days' WHEN random() < 0.8 THEN random() * interval '40 days'
                                   ELSE random() * interval '120 days' - interval '20 hours' END;
BEGIN
    CASE
        WHEN kind < 0.45 THEN PERFORM stockflow.record_sale(c, w, p, q, at);
        WHEN kind < 0.65 THEN PERFORM stockflow.receive_stock(c, w, p, 2 * q, occurred_at => at);
        WHEN kind < 0.72 THEN PERFORM stockflow.record_return(c, w, p, q, at);
        WHEN kind < 0.78 THEN PERFORM stockflow.adjust_stock(c, w, p, -q, CASE WHEN random() < 0.5 THEN 'consumption' ELSE 'damage' END, at);
        WHEN kind < 0.84 THEN PERFORM stockflow.transfer_stock(c, p, w, 3 - w, q, at);
        WHEN kind < 0.90 THEN PERFORM stockflow.count_stock(c, w, p, q, at);
        WHEN kind < 0.94 THEN UPDATE stockflow.inventory SET quantity = quantity + q WHERE company_id = c AND product_id = p AND warehouse_id = w;
        WHEN kind < 0.97 THEN DELETE FROM stockflow.inventory WHERE company_id = c AND product_id = p AND warehouse_id = w AND quantity < 5;
        ELSE UPDATE stockflow.inventory SET reorder_point = CASE WHEN random() < 0.5 THEN 2 * q END WHERE company_id = c AND product_id = p AND warehouse_id = w;
    END CASE;
    RETURN true;
EXCEPTION WHEN check_violation THEN RETURN false;
END $$;

-- Companies and lookbacks whose two answers differ; and how many alerts were compared.
CREATE FUNCTION pg_temp.compare(OUT wrong text, OUT many_alerts boolean) LANGUAGE plpgsql AS $$
DECLARE c bigint; n integer; alerts bigint := 0; found bigint;
BEGIN
    FOR c IN 201..203 LOOP
        FOREACH n IN ARRAY '{1,2,7,30,31,32,33,60,200}'::integer[] LOOP
            CREATE TEMP TABLE e ON COMMIT DROP AS SELECT * FROM pg_temp.expected(c, n);
            CREATE TEMP TABLE a ON COMMIT DROP AS
                SELECT product_id, warehouse_id, current_stock, threshold, days_until_stockout, demand, days_in_stock FROM stockflow.low_stock_alerts(c, lookback_days => n);
            SELECT count(*) INTO found FROM ((TABLE e EXCEPT TABLE a) UNION ALL (TABLE a EXCEPT TABLE e)) AS x;
            IF found > 0 THEN wrong := concat_ws('; ', wrong, format('company %s, lookback %s: %s rows', c, n, found)); END IF;
            SELECT alerts + count(*) INTO alerts FROM a;
            DROP TABLE e, a;
        END LOOP;
    END LOOP;
    many_alerts := alerts > 100;
END $$;

SELECT count(*) FILTER (WHERE pg_temp.move()) > 500 AS moved FROM generate_series(1, 800);
SELECT * FROM pg_temp.compare();
SELECT * FROM stockflow.verify_ledger();
UPDATE stockflow.companies SET timezone = CASE company_id WHEN 201 THEN 'Asia/Tokyo' WHEN 202 THEN 'America/St_Johns' ELSE 'Pacific/Pago_Pago' END WHERE company_id BETWEEN 201 AND 203;
SELECT * FROM pg_temp.compare();
SELECT count(*) FILTER (WHERE pg_temp.move()) > 250 AS moved FROM generate_series(1, 400);
UPDATE stockflow.products SET reorder_point = 30 WHERE company_id = 202 AND product_id IN (1, 2, 3);
UPDATE stockflow.categories SET reorder_point = 18 WHERE company_id BETWEEN 201 AND 203;
UPDATE stockflow.companies SET reorder_point = 5 WHERE company_id = 202;
SELECT * FROM pg_temp.compare();
SELECT * FROM stockflow.verify_ledger();
ROLLBACK;
