-- Random transfers, counts, sales and receipts: stock, goods in transit and the states of transfers
-- equal those of a model that keeps them in plain tables, and no unit is made or lost on the way.
\set VERBOSITY terse
SET client_min_messages = warning;
BEGIN;
SELECT setseed(0.17);
INSERT INTO stockflow.companies (company_id, name) VALUES (401, 'Model');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT 401, w, 'W' || w FROM generate_series(1, 3) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, whole_units)
    SELECT 401, p, 'P' || p, 'P' || p, p, p % 2 = 0 FROM generate_series(1, 4) AS p;

-- The model: what is where, what is on its way, and what counts are to change.
CREATE TEMP TABLE stock (p bigint, w bigint, q numeric NOT NULL DEFAULT 0 CHECK (q >= 0), PRIMARY KEY (p, w));
INSERT INTO stock SELECT p, w FROM generate_series(1, 4) AS p, generate_series(1, 3) AS w;
CREATE TEMP TABLE moving (t bigint, l bigint, p bigint, f bigint, d bigint, sent numeric, open numeric CHECK (open >= 0), shipped boolean, PRIMARY KEY (t, l));
CREATE TEMP TABLE counted (c bigint, w bigint, p bigint, q numeric, book numeric, PRIMARY KEY (c, p));

CREATE FUNCTION pg_temp.add(product bigint, place bigint, change numeric) RETURNS void LANGUAGE sql AS $$
    UPDATE stock SET q = q + change WHERE p = product AND w = place $$;

-- Part of what is in transit, as the lines of a request; the model takes it off.
CREATE FUNCTION pg_temp.take(transfer bigint, share float, OUT lines jsonb) LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE part ON COMMIT DROP AS
        SELECT m.l, CASE WHEN p % 2 = 0 THEN ceil(open * share::numeric) ELSE least(open, round(open * share::numeric + 0.001, 3)) END AS q
          FROM moving m WHERE m.t = transfer AND open > 0;
    UPDATE moving m SET open = open - part.q FROM part WHERE m.t = transfer AND m.l = part.l;
    SELECT jsonb_agg(jsonb_build_object('line_id', l, 'quantity', q)) INTO lines FROM part;
END $$;

-- One random operation, first on the model, then on the library; both refuse or both take it.
CREATE FUNCTION pg_temp.act() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    prod bigint := 1 + floor(random() * 4); a bigint := 1 + floor(random() * 3); b bigint := 1 + (a + floor(random() * 2)::bigint) % 3;
    amount numeric := CASE WHEN prod % 2 = 0 THEN 1 + floor(random() * 9) ELSE round((random() * 9)::numeric + 0.001, 3) END;
    kind float := random(); tid bigint; cid bigint; parts jsonb; got text; model_refuses boolean := false; line record;
BEGIN
    SELECT t INTO tid FROM moving WHERE shipped = (kind >= 0.55) AND (NOT shipped OR open > 0) ORDER BY random() LIMIT 1;
    SELECT c INTO cid FROM counted ORDER BY random() LIMIT 1;
    BEGIN
        CASE
            WHEN kind < 0.15 THEN PERFORM pg_temp.add(prod, a, 2 * amount);
            WHEN kind < 0.30 THEN PERFORM pg_temp.add(prod, a, -amount);
            WHEN kind >= 0.45 AND kind < 0.55 AND tid IS NOT NULL THEN
                FOR line IN SELECT * FROM moving WHERE t = tid LOOP PERFORM pg_temp.add(line.p, line.f, -line.sent); END LOOP;
                UPDATE moving SET shipped = true, open = sent WHERE t = tid;
            WHEN kind >= 0.55 AND kind < 0.70 AND tid IS NOT NULL THEN
                CREATE TEMP TABLE old ON COMMIT DROP AS SELECT * FROM moving WHERE t = tid;
                parts := pg_temp.take(tid, random());
                FOR line IN SELECT m.p, m.d, o.open - m.open AS q FROM moving m JOIN old o USING (t, l) LOOP PERFORM pg_temp.add(line.p, line.d, line.q); END LOOP;
                DROP TABLE old;
            WHEN kind >= 0.70 AND kind < 0.75 AND tid IS NOT NULL THEN parts := pg_temp.take(tid, random());
            WHEN kind >= 0.75 AND kind < 0.80 AND tid IS NOT NULL THEN
                FOR line IN SELECT * FROM moving WHERE t = tid LOOP PERFORM pg_temp.add(line.p, line.f, line.open); END LOOP;
                UPDATE moving SET open = 0 WHERE t = tid;
            WHEN kind >= 0.90 AND cid IS NOT NULL THEN
                FOR line IN SELECT * FROM counted WHERE c = cid LOOP PERFORM pg_temp.add(line.p, line.w, line.q - line.book); END LOOP;
            ELSE NULL;
        END CASE;
    EXCEPTION WHEN check_violation THEN model_refuses := true; parts := NULL;
    END;
    DROP TABLE IF EXISTS part;
    BEGIN
        CASE
            WHEN kind < 0.15 THEN PERFORM stockflow.receive_stock(401, a, prod, 2 * amount, occurred_at => clock_timestamp());
            WHEN kind < 0.30 THEN PERFORM stockflow.record_sale(401, a, prod, amount, clock_timestamp());
            WHEN kind < 0.45 THEN
                tid := stockflow.create_transfer(401, a, b, jsonb_build_array(jsonb_build_object('product_id', prod, 'quantity', amount),
                    jsonb_build_object('product_id', 1 + prod % 4, 'quantity', 2), jsonb_build_object('product_id', prod, 'quantity', 1)));
                INSERT INTO moving VALUES (tid, 1, prod, a, b, amount, 0, false), (tid, 2, 1 + prod % 4, a, b, 2, 0, false), (tid, 3, prod, a, b, 1, 0, false);
            WHEN kind < 0.55 AND tid IS NOT NULL THEN got := stockflow.ship_transfer(401, tid, clock_timestamp());
            WHEN kind >= 0.55 AND kind < 0.70 AND parts IS NOT NULL THEN got := stockflow.receive_transfer(401, tid, parts, clock_timestamp());
            WHEN kind >= 0.70 AND kind < 0.75 AND parts IS NOT NULL THEN got := stockflow.write_off_transfer(401, tid, parts, clock_timestamp());
            WHEN kind >= 0.75 AND kind < 0.80 AND tid IS NOT NULL THEN got := stockflow.cancel_transfer(401, tid, clock_timestamp());
            WHEN kind >= 0.80 AND kind < 0.90 THEN
                -- Counted now, posted later: the model remembers what the book said now.
                IF NOT EXISTS (SELECT FROM counted WHERE w = a) THEN
                    cid := stockflow.create_stock_count(401, a, ARRAY[prod, 1 + prod % 4]);
                    PERFORM stockflow.record_counts(401, cid, jsonb_build_array(jsonb_build_object('product_id', prod, 'counted_quantity', amount)), clock_timestamp());
                    INSERT INTO counted SELECT cid, a, prod, amount, q FROM stock WHERE p = prod AND w = a;
                END IF;
            WHEN kind >= 0.90 AND cid IS NOT NULL THEN PERFORM stockflow.post_stock_count(401, cid);
            ELSE NULL;
        END CASE;
        IF model_refuses THEN RETURN format('%s: taken, the model refuses', kind); END IF;
    EXCEPTION WHEN check_violation THEN
        IF NOT model_refuses THEN RETURN format('%s: refused, the model takes it: %s', kind, SQLERRM); END IF;
    END;
    -- A sheet that cannot be posted is dropped: its count contradicts what was sold since.
    IF kind >= 0.90 AND cid IS NOT NULL THEN
        IF model_refuses THEN PERFORM stockflow.cancel_stock_count(401, cid); END IF;
        DELETE FROM counted WHERE c = cid;
    END IF;
    RETURN CASE WHEN model_refuses THEN 'refused' ELSE 'done' END;
END $$;

CREATE TEMP TABLE outcomes AS SELECT pg_temp.act() AS outcome FROM generate_series(1, 1000);
SELECT outcome, count(*) > 20 AS often FROM outcomes GROUP BY outcome ORDER BY outcome;
-- No row: stock and goods in transit as in the model.
SELECT s.p, s.w, s.q, i.quantity, m.open, i.in_transit
  FROM stock s
  LEFT JOIN stockflow.inventory i ON i.company_id = 401 AND i.product_id = s.p AND i.warehouse_id = s.w
  LEFT JOIN (SELECT p, d, sum(open) AS open FROM moving GROUP BY 1, 2) AS m ON m.p = s.p AND m.d = s.w
 WHERE s.q <> coalesce(i.quantity, 0) OR coalesce(m.open, 0) <> coalesce(i.in_transit, 0);
-- No row: lines as in the model, and what was sent is received, lost, returned or in transit.
SELECT m.t, m.l, m.open, l.open_quantity FROM moving m
  JOIN stockflow.transfer_lines l ON l.company_id = 401 AND l.transfer_id = m.t AND l.line_id = m.l
 WHERE m.open <> l.open_quantity OR m.shipped AND l.quantity <> l.received + l.lost + l.returned + l.open_quantity;
SELECT DISTINCT state FROM stockflow.transfers WHERE company_id = 401 ORDER BY 1;
SELECT DISTINCT outcome FROM stockflow.stock_count_lines WHERE company_id = 401 ORDER BY 1;
SELECT * FROM stockflow.verify_ledger(401);
SELECT * FROM stockflow.verify_transfers(401);
SELECT * FROM stockflow.verify_stock_counts(401);
ROLLBACK;
