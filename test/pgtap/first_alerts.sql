-- The first alerts are read without the others: whatever happened before, they are the first of all, in their order.
BEGIN;
SELECT plan(16);
SET LOCAL client_min_messages = warning;
SELECT setseed(0.25);
INSERT INTO stockflow.companies (company_id, name, timezone, reorder_point, allow_negative_stock) VALUES (1, 'One', 'America/Bogota', 40, true), (2, 'Two', 'UTC', 1000, false);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 2) AS c, generate_series(1, 3) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, tracks_lots, whole_units, is_bundle)
    SELECT c, p, 'P' || p, 'P', 1, p % 7 = 0, p % 2 = 0, p > 90 FROM generate_series(1, 2) AS c, generate_series(1, 92) AS p;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 91, 1, 2), (1, 91, 2, 1), (1, 92, 3, 1);
CREATE FUNCTION pg_temp.line(product bigint, warehouse bigint, quantity numeric) RETURNS jsonb LANGUAGE sql AS
    $$ SELECT jsonb_build_array(jsonb_build_object('product_id', product, 'warehouse_id', warehouse, 'quantity', quantity)) $$;

-- One random event for company 1: sales of all sizes and ages, returns, receipts, reservations, lots; what the rules refuse is left out.
CREATE FUNCTION pg_temp.happen() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    p bigint := 1 + floor(random() * 90); w bigint := 1 + floor(random() * 3); kind float := random(); q numeric := 1 + floor(random() ^ 3 * 40);
    at timestamptz := now() - CASE WHEN random() < 0.7 THEN random() * interval '33 days' - interval '23 hours' ELSE random() * interval '90 days' END;
BEGIN
    CASE
        WHEN kind < 0.20 THEN PERFORM stockflow.receive_stock(1, w, p, 2 * q, occurred_at => at);
        WHEN kind < 0.25 AND p % 7 = 0 THEN PERFORM stockflow.receive_lot(1, w, p, q, 'L' || w, stockflow.company_today(1) + 1);
        WHEN kind < 0.70 THEN PERFORM stockflow.record_sale(1, w, p, q, at);
        WHEN kind < 0.80 THEN PERFORM stockflow.record_return(1, w, p, q, at);
        WHEN kind < 0.90 THEN PERFORM stockflow.reserve_stock(1, pg_temp.line(p, w, q), CASE WHEN random() < 0.7 THEN now() + interval '1 hour' END);
        ELSE PERFORM stockflow.count_stock(1, w, p, floor(random() * 30)::numeric, at);
    END CASE;
    RETURN true;
EXCEPTION WHEN check_violation THEN RETURN false;
END $$;

-- Cases in which the first k alerts are not the first k of all.
CREATE FUNCTION pg_temp.wrong(OUT wrong text, OUT compared bigint) LANGUAGE plpgsql AS $$
DECLARE n integer; k integer; sales_only boolean; bundles boolean; place bigint; every_one text[]; firsts text[];
BEGIN
    compared := 0;
    FOREACH n IN ARRAY '{1,5,29,30,31,60}'::integer[] LOOP
        FOR sales_only, bundles, place IN SELECT s, b, p FROM unnest('{true,false}'::boolean[]) AS s, unnest('{true,false}'::boolean[]) AS b, unnest('{2,null}'::bigint[]) AS p LOOP
            every_one := ARRAY(SELECT a::text FROM stockflow.low_stock_alerts(1, place, n, bundles, true, sales_only) AS a);
            IF every_one IS DISTINCT FROM ARRAY(SELECT a::text FROM stockflow.low_stock_alerts(1, place, n, bundles, true, sales_only) AS a
                    ORDER BY days_until_stockout NULLS LAST, demand DESC, available, product_id, warehouse_id) THEN
                wrong := concat_ws('; ', wrong, format('order of lookback %s', n));
            END IF;
            FOREACH k IN ARRAY '{0,1,2,3,10,40,150,1000}'::integer[] LOOP
                firsts := ARRAY(SELECT a::text FROM stockflow.low_stock_alerts(1, place, n, bundles, true, sales_only, k) AS a);
                compared := compared + cardinality(firsts);
                IF firsts IS DISTINCT FROM every_one[1:k] THEN wrong := concat_ws('; ', wrong, format('%s of lookback %s, sales only %s, bundles %s, warehouse %s', k, n, sales_only, bundles, place)); END IF;
            END LOOP;
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.compare(what text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is(wrong, NULL, what) FROM pg_temp.wrong()
    UNION ALL SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'all sound') $$;

SELECT cmp_ok(count(*) FILTER (WHERE pg_temp.happen()), '>', 1200::bigint, 'most happened') FROM generate_series(1, 1600);
SELECT cmp_ok((SELECT count(DISTINCT urgency) FROM stockflow.inventory WHERE company_id = 1), '=', 9::bigint, 'rows of every class');
SELECT cmp_ok((SELECT compared FROM pg_temp.wrong()), '>', 5000::bigint, 'many were compared');
SELECT pg_temp.compare('stock that moves');
UPDATE stockflow.reservations SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL;
SELECT pg_temp.compare('reservations have expired, more is available');
UPDATE stockflow.lots SET expires_on = stockflow.company_today(1) - 1 WHERE company_id = 1;
SELECT pg_temp.compare('lots have expired, less is available');
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 1 AND product_id % 3 = 0 AND NOT is_bundle AND product_id > 3 AND product_id NOT IN (SELECT product_id FROM stockflow.reservation_lines);
UPDATE stockflow.companies SET reorder_point = 12 WHERE company_id = 1;
SELECT pg_temp.compare('deleted products, another reorder point');
UPDATE stockflow.companies SET timezone = 'Pacific/Kiritimati' WHERE company_id = 1;
SELECT pg_temp.compare('another time zone');

-- The classes themselves: 60 sold in 30 days are 2 a day.
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 2, p, 1, 1000 FROM generate_series(1, 12) AS p;
DO $$ BEGIN PERFORM stockflow.record_sale(2, 1, p, 30, now() - interval '2 days'), stockflow.record_sale(2, 1, p, 30, now() - interval '29 days') FROM generate_series(1, 11) AS p; END $$;
DO $$ BEGIN PERFORM stockflow.count_stock(2, 1, p, ('{0,1,2,3,4,7,8,127,128,64,4}'::numeric[])[p]) FROM generate_series(1, 11) AS p; END $$;
DO $$ BEGIN PERFORM stockflow.reserve_stock(2, pg_temp.line(10, 1, 63)), stockflow.record_return(2, 1, 11, 60); END $$;
SELECT is((SELECT string_agg(coalesce(urgency::text, '-'), ' ' ORDER BY product_id) FROM stockflow.inventory WHERE company_id = 2), '0 0 1 1 2 2 3 6 7 0 6 8',
    'none, half a day, 1, 1, 2, 3, 4, 63, 64 days; reserved stock does not count; what came back is stock, and takes nothing off the demand; no demand');
SELECT is((SELECT string_agg(product_id || ':' || days_until_stockout, ' ') FROM stockflow.low_stock_alerts(2, max_alerts => 5)), '1:0 2:0 10:0 3:1 4:1', 'the first five');
SELECT is((SELECT string_agg(product_id || ':' || days_until_stockout, ' ') FROM stockflow.low_stock_alerts(2)), '1:0 2:0 10:0 3:1 4:1 5:2 6:3 7:4 8:63 9:64', 'all: product 11 has no net demand');
SELECT * FROM finish();
ROLLBACK;
