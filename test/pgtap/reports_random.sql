-- Reports on random movements, late ones, transfers, counts, returns and bundles among them, with stock
-- below zero, across a change of the clocks, part of them archived: against plain, slow calculations over
-- the entries, each of another kind than the report's.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(24);
INSERT INTO stockflow.companies (company_id, name, timezone, allow_negative_stock) VALUES (1, 'One', 'America/New_York', true), (2, 'Two', 'UTC', true);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 2) AS c, generate_series(1, 3) AS w;
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (1, 1, 'Odd'), (1, 2, 'Even');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, category_id, whole_units, reorder_point)
SELECT c, p, 'P' || p, 'P', p, CASE c WHEN 1 THEN 2 - p % 2 END, p <> 6, 100000 FROM generate_series(1, 2) AS c, generate_series(1, 7) AS p;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 7, 1, 1), (1, 7, 2, 2);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 5, 3);  -- stocked, and never anything there

CREATE FUNCTION pg_temp.any_of(most integer) RETURNS integer LANGUAGE sql VOLATILE AS $$ SELECT 1 + floor(random() * most)::integer $$;
CREATE FUNCTION pg_temp.step(company bigint, moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p integer := pg_temp.any_of(6);
    w integer := 1 + pg_temp.any_of(3) % 3 * CASE WHEN p = 5 THEN 0 ELSE 1 END;
    q numeric := pg_temp.any_of(9) * CASE p WHEN 6 THEN 0.25 ELSE 1 END;
    cost numeric := CASE WHEN random() < 0.8 THEN round((3 * random())::numeric, 1) END;
BEGIN
    CASE pg_temp.any_of(18)
    WHEN 1, 2, 3 THEN PERFORM stockflow.receive_stock(company, w, p, 3 * q, cost, moment, 'r' || pg_temp.any_of(99));
    WHEN 4, 5, 6, 7, 8 THEN PERFORM stockflow.record_sale(company, w, p, q, moment);
    WHEN 9 THEN PERFORM stockflow.record_return(company, w, p, q, moment);
    WHEN 10 THEN PERFORM stockflow.adjust_stock(company, w, p, q, 'consumption', moment);  -- taken back
    WHEN 11 THEN PERFORM stockflow.adjust_stock(company, w, p, -q, (ARRAY['damaged', 'consumption'])[pg_temp.any_of(2)], moment);
    WHEN 12 THEN PERFORM stockflow.adjust_stock(company, w, p, q, 'found', moment);
    WHEN 13 THEN PERFORM stockflow.count_stock(company, w, p, q, moment);
    WHEN 14 THEN PERFORM stockflow.transfer_stock(company, p, w, w % 3 + 1, q, moment);
    WHEN 15 THEN  -- sent, and not yet received
        PERFORM stockflow.record_movements(company, jsonb_build_array(jsonb_build_object(
            'warehouse_id', w, 'product_id', p, 'delta', -q, 'reason', 'transfer_out', 'occurred_at', moment)));
    WHEN 16 THEN
        IF company = 1 THEN
            PERFORM stockflow.record_sale(1, w, 7, 1, moment);
        ELSE  -- other goods that come with a cost
            PERFORM stockflow.record_movements(2, jsonb_build_array(jsonb_build_object(
                'warehouse_id', w, 'product_id', p, 'delta', q, 'reason', 'found', 'unit_cost', cost, 'occurred_at', moment)));
        END IF;
    ELSE  -- a receipt taken back, mostly at a cost at which something came
        PERFORM stockflow.record_movements(company, jsonb_strip_nulls(jsonb_build_array(jsonb_build_object(
            'warehouse_id', w, 'product_id', p, 'delta', -q, 'reason', 'receipt', 'unit_cost', cost, 'occurred_at', moment))));
    END CASE;
END $$;
SELECT setseed(0.7);
DO $$ BEGIN
    FOR n IN 1..1400 LOOP
        PERFORM pg_temp.step(1 + n % 2, '2025-10-01T00:00:00Z'::timestamptz + random() * interval '60 days');
    END LOOP;
    -- Some at the edges of days, among them the hour that comes twice.
    FOR n IN 1..60 LOOP
        PERFORM pg_temp.step(1, ('2025-10-31'::date + pg_temp.any_of(4))::timestamp AT TIME ZONE 'America/New_York'
                                + (ARRAY['-1 microsecond', '0', '90 minutes', '150 minutes'])[pg_temp.any_of(4)]::interval);
    END LOOP;
END $$;
-- A key without a row of inventory, and one whose row was made anew.
DELETE FROM stockflow.inventory WHERE company_id = 1 AND (product_id, warehouse_id) IN ((3, 1), (4, 2));
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 4, 2, 9);
SELECT cmp_ok(stockflow.archive_log(clock_timestamp(), 1, 300), '=', 300::bigint, 'a part is archived');

CREATE TEMP TABLE entries AS
    SELECT l.*, (l.occurred_at AT TIME ZONE CASE l.company_id WHEN 1 THEN 'America/New_York' ELSE 'UTC' END)::date AS day,
           row_number() OVER (ORDER BY l.occurred_at, l.recorded_at, l.warehouse_id, l.version) AS n
      FROM (SELECT * FROM stockflow.inventory_log UNION ALL SELECT * FROM stockflow.inventory_log_archive) AS l;
CREATE INDEX ON entries (company_id, product_id, warehouse_id, day);
ANALYZE entries;
CREATE FUNCTION pg_temp.same(report text, expected text, description text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    differences text;
    sizes text;
BEGIN
    EXECUTE format('WITH r AS MATERIALIZED (%s), x AS MATERIALIZED (%s) SELECT string_agg(d::text, E''\n''), (SELECT format(''%%s of %%s rows'', (SELECT count(*) FROM r), (SELECT count(*) FROM x)))
        FROM (SELECT * FROM (SELECT ''report'', r.* FROM r EXCEPT ALL SELECT ''report'', x.* FROM x) AS a
              UNION ALL SELECT * FROM (SELECT ''plain'', x.* FROM x EXCEPT ALL SELECT ''plain'', r.* FROM r) AS b ORDER BY 2, 3, 4 LIMIT 10) AS d',
        report, expected) INTO differences, sizes;
    RETURN ok(differences IS NULL AND sizes NOT LIKE '%of 0 rows', format('%s (%s)', description, sizes)) || coalesce(E'\n' || differences, '');
END $$;

-- stock_on_hand: the sum of what happened up to the end of the day.
SELECT pg_temp.same(
    $$SELECT d::date, product_id, warehouse_id, quantity FROM generate_series('2025-09-29'::timestamp, '2025-12-02', '1 day') AS d, stockflow.stock_on_hand(1, d::date)$$,
    $$SELECT d::date, product_id, warehouse_id, sum(delta) FROM generate_series('2025-09-29'::timestamp, '2025-12-02', '1 day') AS d, entries
       WHERE company_id = 1 AND day <= d AND product_id <> 7 GROUP BY 1, 2, 3$$,
    'stock_on_hand of every day');
SELECT pg_temp.same(
    'SELECT product_id, warehouse_id, quantity FROM stockflow.stock_on_hand(1, NULL, 2, category_id => 1)',
    'SELECT product_id, warehouse_id, sum(delta) FROM entries WHERE company_id = 1 AND warehouse_id = 2 AND product_id IN (1, 3, 5) GROUP BY 1, 2',
    'stock_on_hand with filters');

-- movement_history: the balance is the sum of what came before.
SELECT pg_temp.same(
    $$SELECT product_id, warehouse_id, occurred_at, version, day, reason, delta, balance, reference FROM stockflow.movement_history(1, '2025-10-20', '2025-11-03')$$,
    $$SELECT product_id, warehouse_id, occurred_at, version, day, reason, delta,
             (SELECT sum(b.delta) FROM entries b WHERE b.company_id = 1 AND (b.product_id, b.warehouse_id) = (e.product_id, e.warehouse_id) AND b.n <= e.n), reference
        FROM entries e WHERE company_id = 1 AND day BETWEEN '2025-10-20' AND '2025-11-03'$$,
    'movement_history');
SELECT pg_temp.same(
    $$SELECT product_id, warehouse_id, version, balance FROM stockflow.movement_history(1, '2025-11-02', '2025-11-02', 2, category_id => 2, reasons => '{SALE,found}')$$,
    $$SELECT product_id, warehouse_id, version, (SELECT sum(b.delta) FROM entries b WHERE b.company_id = 1 AND (b.product_id, b.warehouse_id) = (e.product_id, e.warehouse_id) AND b.n <= e.n)
        FROM entries e WHERE company_id = 1 AND day = '2025-11-02' AND warehouse_id = 2 AND product_id % 2 = 0 AND reason IN ('sale', 'found')$$,
    'movement_history with filters keeps the balance');

CREATE TEMP TABLE moments AS SELECT c AS company, m AS moment FROM generate_series(1, 2) AS c,
    unnest(ARRAY['infinity', '2025-10-03T12:00:00Z', '2025-10-08T12:00:00Z', '2025-10-20T12:00:00Z', '2025-11-10T12:00:00Z']::timestamptz[]) AS m;
-- First in, first out: receipts laid out in quarters of a unit. What is taken back at a cost removes
-- the latest of those that cost so much; all else takes from the first on, on balance.
CREATE TEMP TABLE laid (product_id bigint, n bigint, quarter integer, version bigint, warehouse_id bigint, unit_cost numeric);
CREATE TEMP TABLE gone (product_id bigint, quarters numeric);
CREATE FUNCTION pg_temp.units(company bigint, moment timestamptz) RETURNS TABLE(product_id bigint, version bigint, warehouse_id bigint, unit_cost numeric) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    e entries;
    removed bigint;
BEGIN
    DELETE FROM laid;
    DELETE FROM gone;
    FOR e IN SELECT * FROM entries WHERE company_id = company AND occurred_at <= moment AND reason NOT LIKE 'transfer%' ORDER BY n LOOP
        IF e.delta > 0 AND (e.unit_cost IS NOT NULL OR e.reason = 'receipt') THEN
            INSERT INTO laid SELECT e.product_id, e.n, quarter, e.version, e.warehouse_id, e.unit_cost FROM generate_series(1, 4 * e.delta) AS quarter;
        ELSE
            removed := 0;
            IF e.reason = 'receipt' AND e.unit_cost IS NOT NULL THEN
                DELETE FROM laid l WHERE l.ctid IN (SELECT x.ctid FROM laid x WHERE x.product_id = e.product_id AND x.unit_cost = e.unit_cost
                                                     ORDER BY x.n DESC, x.quarter DESC LIMIT -4 * e.delta);
                GET DIAGNOSTICS removed = ROW_COUNT;
            END IF;
            INSERT INTO gone VALUES (e.product_id, -4 * e.delta - removed);
        END IF;
    END LOOP;
    RETURN QUERY SELECT u.product_id, u.version, u.warehouse_id, u.unit_cost
      FROM (SELECT l.*, row_number() OVER (PARTITION BY l.product_id ORDER BY l.n, l.quarter) AS place FROM laid l) AS u
     WHERE u.place > (SELECT coalesce(sum(g.quarters), 0) FROM gone g WHERE g.product_id = u.product_id);
END $$;
CREATE TEMP TABLE units AS SELECT company, moment, u.* FROM moments, pg_temp.units(company, moment) AS u;
SELECT pg_temp.same(
    'SELECT company, moment, product_id, warehouse_id, version, quantity, unit_cost FROM moments, stockflow.receipt_layers(company, moment) WHERE version IS NOT NULL',
    'SELECT company, moment, product_id, warehouse_id, version, count(*)::numeric / 4, unit_cost FROM units GROUP BY 1, 2, 3, 4, 5, 7',
    'layers are the receipts from which the others have not taken');
SELECT pg_temp.same(
    'SELECT company, moment, product_id, sum(quantity), sum(quantity) FILTER (WHERE version IS NULL) <= 0 FROM moments, stockflow.receipt_layers(company, moment) GROUP BY 1, 2, 3',
    $$SELECT company, moment, product_id, sum(delta), coalesce((SELECT count(*)::numeric / 4 FROM units AS u WHERE (u.company, u.moment, u.product_id) = (m.company, m.moment, e.product_id)), 0) >= sum(delta)
        FROM moments m, entries e WHERE e.company_id = company AND occurred_at <= moment AND reason NOT LIKE 'transfer%' GROUP BY 1, 2, 3$$,
    'layers and the rest are what the company owns');

-- The moving average: movement by movement.
CREATE FUNCTION pg_temp.average(company bigint, product bigint, moment timestamptz, OUT owned numeric, OUT unknown numeric, OUT average numeric) LANGUAGE plpgsql AS $$
DECLARE
    e entries;
    known numeric;  -- units at the average
    added numeric;
BEGIN
    owned := 0;
    unknown := 0;
    FOR e IN SELECT * FROM entries WHERE company_id = company AND product_id = product AND occurred_at <= moment AND reason NOT LIKE 'transfer%' ORDER BY n LOOP
        known := greatest(owned - unknown, 0);
        IF e.delta < 0 AND e.reason = 'receipt' AND e.unit_cost IS NOT NULL AND known + e.delta > 0 AND known * average + e.delta * e.unit_cost >= 0 THEN
            average := (known * average + e.delta * e.unit_cost)::numeric(60, 40) / (known + e.delta);
            owned := owned + e.delta;
        ELSIF e.delta <= 0 THEN
            owned := owned + e.delta;
            unknown := greatest(unknown + e.delta, 0);
        ELSE
            added := e.delta + least(owned, 0);  -- a shortage is made up for first
            owned := owned + e.delta;
            IF e.unit_cost IS NOT NULL AND added <= 0 THEN
                average := e.unit_cost;
            ELSIF e.unit_cost IS NOT NULL THEN
                average := (known * coalesce(average, 0) + added * e.unit_cost)::numeric(60, 40) / (known + added);
            ELSIF e.reason = 'receipt' OR average IS NULL THEN
                unknown := unknown + greatest(added, 0);
            END IF;
        END IF;
    END LOOP;
END $$;
CREATE TEMP TABLE averages AS SELECT company, moment, p AS product_id, a.* FROM moments, generate_series(1, 6) AS p, pg_temp.average(company, p, moment) AS a;
SELECT pg_temp.same(
    'SELECT company, moment, product_id, quantity, costed_quantity, round(unit_cost, 12) FROM moments, stockflow.average_costs(company, moment)',
    'SELECT company, moment, product_id, owned, CASE WHEN owned < 0 AND average IS NULL THEN 0 ELSE owned - unknown END, CASE WHEN owned = 0 OR owned <> unknown THEN round(average, 12) END FROM averages',
    'average_costs');
-- Both shortages and unknown costs were among it.
SELECT ok(bool_or(owned < 0 AND average IS NOT NULL) AND bool_or(unknown > 0 AND unknown < owned) AND bool_or(unknown = owned), 'averages of every kind') FROM averages;

-- The valuation: quantities are those of the moment, and parts add up.
CREATE TEMP TABLE valued AS SELECT company, moment, method, v.* FROM moments, unnest(ARRAY['moving_average', 'fifo']) AS method, stockflow.stock_valuation(company, moment, method) AS v;
SELECT pg_temp.same(
    'SELECT company, moment, method, product_id, warehouse_id, quantity FROM valued WHERE warehouse_id IS NOT NULL',
    $$SELECT company, moment, m, product_id, warehouse_id, quantity FROM moments, (VALUES ('moving_average'), ('fifo')) AS x(m), stockflow.stock_as_of(company, moment) WHERE quantity <> 0$$,
    'stock_valuation has the stock of the moment');
SELECT pg_temp.same(
    $$SELECT product_id, warehouse_id, quantity FROM valued WHERE company = 1 AND moment = 'infinity' AND method = 'fifo' AND warehouse_id IS NOT NULL$$,
    'SELECT product_id, warehouse_id, quantity FROM stockflow.inventory WHERE company_id = 1 AND quantity <> 0',
    'and that of inventory at the end');
SELECT pg_temp.same(
    $$SELECT company, moment, product_id, quantity FROM valued WHERE warehouse_id IS NULL AND method = 'fifo'$$,
    $$SELECT company, moment, product_id, -sum(delta) FROM moments, entries WHERE company_id = company AND occurred_at <= moment AND reason LIKE 'transfer%' GROUP BY 1, 2, 3 HAVING sum(delta) <> 0$$,
    'what is in transit is the rest of the transfers');
SELECT pg_temp.same(
    $$SELECT company, moment, product_id, sum(quantity), sum(costed_quantity), sum(costed_value), count(value) = count(*) FROM valued WHERE method = 'moving_average' GROUP BY 1, 2, 3$$,
    $$SELECT company, moment, product_id, owned, CASE WHEN owned < 0 AND average IS NULL THEN 0 ELSE owned - unknown END,
             coalesce(round((owned - unknown) * average, 6), 0), average IS NOT NULL AND unknown = 0 FROM averages a
       WHERE EXISTS (SELECT FROM valued v WHERE (v.company, v.moment, v.product_id) = (a.company, a.moment, a.product_id))$$,
    'moving average: rows add up to the product');
SELECT pg_temp.same(
    $$SELECT company, moment, product_id, sum(costed_quantity), sum(costed_value) FROM valued WHERE method = 'fifo' GROUP BY 1, 2, 3$$,
    $$SELECT company, moment, product_id, coalesce(sum(quantity) FILTER (WHERE unit_cost IS NOT NULL), 0), round(coalesce(sum(quantity * unit_cost), 0), 6)
        FROM moments, stockflow.receipt_layers(company, moment) AS y
       WHERE EXISTS (SELECT FROM valued v WHERE (v.company, v.moment, v.product_id) = (company, moment, y.product_id)) GROUP BY 1, 2, 3$$,
    'fifo: rows add up to the layers');
SELECT is_empty('SELECT * FROM valued WHERE abs(costed_value - costed_quantity * unit_cost) > 0.001 OR value <> costed_value OR (value IS NULL) <> (unit_cost IS NULL OR costed_quantity <> quantity AND quantity <> 0)',
    'a row is worth its units at the unit cost');

-- Days, one by one.
CREATE FUNCTION pg_temp.days(from_day date, to_day date) RETURNS TABLE(product_id bigint, warehouse_id bigint, day date, opening numeric, closing numeric, sold numeric, demand numeric, known boolean) LANGUAGE sql AS $$
    SELECT k.product_id, k.warehouse_id, d::date, coalesce(sum(e.delta) FILTER (WHERE e.day < d), 0), coalesce(sum(e.delta), 0),
           coalesce(-sum(e.delta) FILTER (WHERE e.day = d AND e.reason IN ('sale', 'consumption')), 0),
           coalesce(-sum(e.delta) FILTER (WHERE e.day = d AND e.reason IN ('sale', 'consumption', 'return')), 0), count(e.*) > 0
      FROM (SELECT DISTINCT l.product_id, l.warehouse_id FROM entries l WHERE l.company_id = 1 AND l.product_id <> 7) AS k
     CROSS JOIN generate_series($1, $2, interval '1 day') AS d
      LEFT JOIN entries e ON e.company_id = 1 AND (e.product_id, e.warehouse_id) = (k.product_id, k.warehouse_id) AND e.day <= d
     GROUP BY 1, 2, 3 $$;
CREATE TEMP TABLE days AS SELECT p.*, d.*, known AND opening <= 0 AND closing <= 0 AND sold <= 0 AS is_out
    FROM (VALUES ('2025-10-01'::date, '2025-11-30'::date), ('2025-10-15', '2025-11-04'), ('2025-11-02', '2025-11-02'), ('2025-09-28', '2025-10-02')) AS p(from_day, to_day), pg_temp.days(from_day, to_day) AS d;
CREATE TEMP TABLE summed AS
    SELECT from_day, to_day, product_id, warehouse_id, count(*) FILTER (WHERE known) AS known, count(*) FILTER (WHERE is_out) AS days_out, sum(demand) AS demand,
           (array_agg(opening ORDER BY day))[1] AS opening, (array_agg(closing ORDER BY day DESC))[1] AS closing, avg(closing) AS average,
           count(*) FILTER (WHERE known AND NOT is_out) AS days_in, greatest(count(*) FILTER (WHERE known AND NOT is_out), 7) AS rate_days, count(*) AS length
      FROM days GROUP BY 1, 2, 3, 4 HAVING bool_or(known);
CREATE TEMP TABLE stockouts AS  -- stretches: days less their number are the same
    SELECT from_day, to_day, product_id, warehouse_id, count(*) AS length, min(day) AS first_day, max(day) AS last_day
      FROM (SELECT *, day - row_number() OVER (PARTITION BY from_day, to_day, product_id, warehouse_id ORDER BY day)::integer AS stretch FROM days WHERE is_out) AS d
     GROUP BY 1, 2, 3, 4, stretch;
CREATE TEMP TABLE periods AS SELECT DISTINCT from_day, to_day FROM days;
SELECT pg_temp.same(
    'SELECT from_day, to_day, product_id, warehouse_id, days_known::bigint, days_in_stock::bigint, days_out_of_stock::bigint, stockouts::bigint, longest_stockout::bigint, out_since, demand, lost_demand FROM periods, stockflow.stockout_days(1, from_day, to_day)',
    $$SELECT s.from_day, s.to_day, s.product_id, s.warehouse_id, known, days_in, days_out, (SELECT count(*) FROM stockouts o WHERE (o.from_day, o.to_day, o.product_id, o.warehouse_id) = (s.from_day, s.to_day, s.product_id, s.warehouse_id)),
             coalesce((SELECT max(length) FROM stockouts o WHERE (o.from_day, o.to_day, o.product_id, o.warehouse_id) = (s.from_day, s.to_day, s.product_id, s.warehouse_id)), 0),
             (SELECT first_day FROM stockouts o WHERE (o.from_day, o.to_day, o.product_id, o.warehouse_id) = (s.from_day, s.to_day, s.product_id, s.warehouse_id) AND last_day = to_day),
             demand, round(greatest(demand, 0) * days_out / rate_days, 6) FROM summed s$$,
    'stockout_days');
SELECT pg_temp.same(
    'SELECT from_day, to_day, product_id, warehouse_id, opening, closing, average_stock, demand, daily_demand, turnover, annual_turnover, days_held, cover_days FROM periods, stockflow.stock_turnover(1, from_day, to_day)',
    $$SELECT from_day, to_day, product_id, warehouse_id, opening, closing, round(average, 6), demand, round(demand / rate_days, 6),
             CASE WHEN average > 0 THEN round(demand / average, 6) END, CASE WHEN average > 0 THEN round(demand / average / length * 365, 6) END,
             CASE WHEN average > 0 AND demand > 0 THEN round(average / (demand / length), 6) END,
             CASE WHEN closing <= 0 THEN 0 WHEN demand > 0 THEN floor(closing * rate_days / demand) END FROM summed$$,
    'stock_turnover');
SELECT pg_temp.same(
    'SELECT from_day, to_day, product_id, warehouse_id, status, on_hand, demand, days_in_stock::bigint FROM periods, stockflow.slow_stock(1, from_day, to_day, 20)',
    $$SELECT from_day, to_day, product_id, warehouse_id, CASE WHEN demand > 0 THEN 'slow' WHEN days_in = length THEN 'dead' ELSE 'idle' END, closing, demand, days_in
        FROM summed WHERE closing > 0 AND (demand <= 0 OR closing / demand * rate_days > 20)$$,
    'slow_stock');
-- A key without a row of inventory has no reorder point.
UPDATE stockflow.products SET order_up_to = 9, reorder_point = 3 WHERE company_id = 1 AND product_id < 4;
UPDATE stockflow.products SET reorder_point = NULL WHERE company_id = 1 AND product_id IN (5, 6);
SELECT pg_temp.same(
    'SELECT from_day, to_day, product_id, warehouse_id, on_hand, target, excess FROM periods, stockflow.overstock(1, from_day, to_day, 12)',
    $$SELECT s.from_day, s.to_day, s.product_id, s.warehouse_id, closing, target, closing - target
        FROM (SELECT s.*, greatest(CASE WHEN product_id < 4 THEN 9 END, CASE WHEN (product_id, warehouse_id) = (3, 1) THEN 0 WHEN product_id < 4 THEN 3 WHEN product_id = 4 THEN 100000 ELSE 0 END + greatest(demand, 0) * 12 / rate_days) AS exact FROM summed s) AS s,
             LATERAL (SELECT CASE product_id WHEN 6 THEN round(exact, 6) ELSE ceil(exact) END) AS t(target)
       WHERE closing > target$$,
    'overstock');

-- Classes: the share before is a sum over all that are more important; the deviation is the server's.
CREATE FUNCTION pg_temp.classes(since date, until date, step text, warehouse bigint) RETURNS TABLE(product_id bigint, amount numeric, before numeric, whole numeric, buckets bigint, variation numeric) LANGUAGE sql AS $$
    WITH units AS (
        SELECT p.product_id, p.price, coalesce(sum(CASE WHEN e.reason IN ('sale', 'consumption', 'return') THEN -e.delta END), 0) AS units
          FROM stockflow.products p LEFT JOIN entries e ON e.company_id = 1 AND e.product_id = p.product_id AND e.day BETWEEN $1 AND $2 AND ($4 IS NULL OR e.warehouse_id = $4)
         WHERE p.company_id = 1 AND p.product_id < 7 GROUP BY 1, 2),
    steps AS (SELECT s::date AS first_day, (s + ('1 ' || $3)::interval)::date AS next_day FROM generate_series(date_trunc($3, $1::timestamp), $2, ('1 ' || $3)::interval) AS s
               WHERE s >= $1 AND s + ('1 ' || $3)::interval <= $2 + 1),
    demands AS (SELECT u.product_id, s.first_day, greatest(coalesce(sum(-e.delta), 0), 0) AS demand
                  FROM units u CROSS JOIN steps s
                  LEFT JOIN entries e ON e.company_id = 1 AND e.product_id = u.product_id AND e.day >= s.first_day AND e.day < s.next_day AND e.reason IN ('sale', 'consumption', 'return')
                                     AND ($4 IS NULL OR e.warehouse_id = $4) GROUP BY 1, 2)
    SELECT u.product_id, u.units * u.price, coalesce((SELECT sum(o.units * o.price) FROM units o WHERE o.units * o.price > greatest(u.units * u.price, 0) OR o.units * o.price = u.units * u.price AND o.product_id < u.product_id AND o.units > 0), 0),
           (SELECT sum(greatest(o.units, 0) * o.price) FROM units o), (SELECT count(*) FROM steps),
           (SELECT CASE WHEN count(*) > 1 THEN stddev_pop(demand) / nullif(avg(demand), 0) END FROM demands d WHERE d.product_id = u.product_id)
      FROM units u $$;
CREATE FUNCTION pg_temp.check_classes(since date, until date, step text, warehouse bigint, a numeric, x numeric) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.same(
        format('SELECT product_id, amount, share_before, abc, buckets::bigint, round(variation, 6), xyz FROM stockflow.abc_xyz(1, %L, %L, bucket => %L, a_share => %L, x_variation => %L, warehouse_id => %L)', $1, $2, $3, $5, $6, $4),
        format('SELECT product_id, amount, round(before / whole, 6), CASE WHEN amount <= 0 THEN ''N'' WHEN before / whole < %L THEN ''A'' WHEN before / whole < 0.95 THEN ''B'' ELSE ''C'' END, buckets,
                round(variation, 6), CASE WHEN variation IS NULL THEN ''N'' WHEN variation <= %L THEN ''X'' WHEN variation <= 1 THEN ''Y'' ELSE ''Z'' END FROM pg_temp.classes(%L, %L, %L, %L)', $5, $6, $1, $2, $3, $4),
        format('abc_xyz from %s to %s by %s', $1, $2, $3)) $$;
SELECT pg_temp.check_classes('2025-10-01', '2025-11-30', 'month', NULL, 0.4, 0.2);
SELECT pg_temp.check_classes('2025-10-02', '2025-11-29', 'week', NULL, 0.5, 0.5);
SELECT pg_temp.check_classes('2025-10-06', '2025-11-09', 'week', 2, 0.7, 0.9);
-- The whole is sound, and filters are parts of it.
SELECT pg_temp.same(
    'SELECT p, w, v.* FROM generate_series(1, 7) AS p, generate_series(1, 3) AS w, stockflow.stock_valuation(1, warehouse_id => w, product_id => p) AS v',
    'SELECT product_id::integer, warehouse_id::integer, v.* FROM stockflow.stock_valuation(1) AS v WHERE warehouse_id IS NOT NULL', 'stock_valuation by product and warehouse');
SELECT pg_temp.same(
    $$SELECT g, w, v.* FROM generate_series(1, 2) AS g, generate_series(1, 3) AS w, stockflow.stock_summary(1, '2025-10-15', '2025-11-04', w, NULL, g) AS v$$,
    $$SELECT 2 - (product_id % 2)::integer, warehouse_id::integer, v.* FROM stockflow.stock_summary(1, '2025-10-15', '2025-11-04', NULL, NULL, NULL) AS v$$, 'stock_summary by category and warehouse');
SELECT * FROM finish();
ROLLBACK;
