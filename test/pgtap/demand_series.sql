-- demand_series: days without gaps, equal to the ledger, in the company's time zone.
BEGIN;
SELECT plan(12);
SELECT setseed(0.7);
INSERT INTO stockflow.companies (company_id, name, timezone, allow_negative_stock) VALUES (1, 'One', 'America/Bogota', true), (2, 'Two', 'Pacific/Kiritimati', false);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 2) AS c, generate_series(1, 2) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT c, p, 'P' || p, 'P', 1 FROM generate_series(1, 2) AS c, generate_series(1, 3) AS p;
-- A golden case: 10 received, all sold on the next day but one, one taken back, nothing after that.
DO $$ BEGIN
    PERFORM stockflow.receive_stock(1, 2, 3, 10, occurred_at => '2026-01-31 12:00-05');
    PERFORM stockflow.record_sale(1, 2, 3, 10, '2026-02-02 23:30-05');   -- belongs to that day
    PERFORM stockflow.record_return(1, 2, 3, 1, '2026-02-04 00:10-05');
    PERFORM stockflow.adjust_stock(1, 2, 3, -1, occurred_at => '2026-02-04 13:00-05');
END $$;
SELECT results_eq($$SELECT day, units, in_stock, demand, returned FROM stockflow.demand_series(1, 3, 2, '2026-01-30', '2026-02-06')$$,
    $$VALUES (date '2026-01-30', 0::numeric, false, 0::numeric, 0::numeric), ('2026-01-31', 0, true, 0, 0), ('2026-02-01', 0, true, 0, 0),
             ('2026-02-02', 10, true, 10, 0), ('2026-02-03', 0, false, 0, 0), ('2026-02-04', 0, false, 0, 1), ('2026-02-05', 0, false, 0, 0), ('2026-02-06', 0, false, 0, 0)$$, 'a month turns, a day is sold out, a return');
SELECT is((SELECT min(day) || ' ' || (max(day) = (now() AT TIME ZONE 'America/Bogota')::date) FROM stockflow.demand_series(1, 3, 2)), '2026-01-31 true', 'from the first movement to today');

-- Random movements against the ledger in plain SQL
DO $$ DECLARE n integer; BEGIN FOR n IN 1..400 LOOP
    BEGIN
        CASE floor(random() * 5)
            WHEN 0 THEN PERFORM stockflow.receive_stock(1 + n % 2, 1, 1 + n % 3, 1 + floor(random() * 30)::numeric, occurred_at => now() - random() * interval '150 days');
            WHEN 1 THEN PERFORM stockflow.record_return(1 + n % 2, 1, 1 + n % 3, 1, now() - random() * interval '150 days');
            ELSE PERFORM stockflow.record_sale(1 + n % 2, 1, 1 + n % 3, 1 + floor(random() * 4)::numeric, now() - random() * interval '150 days');
        END CASE;
    EXCEPTION WHEN check_violation THEN NULL; END;
END LOOP; END $$;
CREATE FUNCTION pg_temp.expected(c bigint, p bigint) RETURNS TABLE(day date, units numeric, in_stock boolean) LANGUAGE sql AS $$
    WITH zone AS (SELECT timezone FROM stockflow.companies WHERE company_id = c),
    l AS (SELECT (occurred_at AT TIME ZONE timezone)::date AS day, delta, reason FROM stockflow.ledger, zone WHERE company_id = c AND product_id = p AND warehouse_id = 1),
    days AS (SELECT d::date AS day FROM generate_series((SELECT min(day) FROM l)::timestamp, (SELECT (now() AT TIME ZONE timezone)::date FROM zone)::timestamp, '1 day') AS d)
    SELECT days.day, greatest(coalesce(-sum(delta) FILTER (WHERE l.day = days.day AND reason IN ('sale', 'return')), 0), 0),
           coalesce(sum(delta) FILTER (WHERE l.day < days.day), 0) > 0 OR coalesce(sum(delta) FILTER (WHERE l.day <= days.day), 0) > 0 OR coalesce(bool_or(reason = 'sale') FILTER (WHERE l.day = days.day), false)
      FROM days, l GROUP BY days.day $$;
CREATE FUNCTION pg_temp.same(c bigint, p bigint) RETURNS boolean LANGUAGE sql AS $$
    SELECT count(*) = 0 FROM ((SELECT * FROM pg_temp.expected(c, p) EXCEPT ALL SELECT day, units, in_stock FROM stockflow.demand_series(c, p, 1))
                              UNION ALL (SELECT day, units, in_stock FROM stockflow.demand_series(c, p, 1) EXCEPT ALL SELECT * FROM pg_temp.expected(c, p))) AS x $$;
SELECT ok(pg_temp.same(c, p), format('company %s, product %s', c, p)) FROM generate_series(1, 2) AS c, generate_series(1, 3) AS p ORDER BY c, p;
DELETE FROM stockflow.inventory WHERE company_id = 2 AND product_id = 1;
SELECT ok(pg_temp.same(2, 1), 'a row that was deleted');
SELECT is((SELECT count(*) FROM stockflow.demand_series(1, 99, 1)), 0::bigint, 'an unknown product');
SELECT is((SELECT count(*) FROM stockflow.demand_series(1, 1, 1, '2026-03-02', '2026-03-01')), 0::bigint, 'no days');
SELECT is((SELECT count(*) FROM stockflow.demand_series(1, 1, 1, current_date - 2000, current_date - 1990)), 11::bigint, 'days before the first movement');
SELECT * FROM finish();
ROLLBACK;
