-- Random reservations, commits, releases, expiries, sales, receipts and counts against a model in plain
-- SQL: each call ends as the model says, and afterwards the stock is what the model has.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(4);
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'One');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'W1'), (1, 2, 'W2');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 1, p, 'P' || p, 'P', 1 FROM generate_series(1, 5) AS p;
-- 4 is 1 and two of 2; 5 is 4 and 1 and 3
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 4, 1, 1), (1, 4, 2, 2), (1, 5, 4, 1), (1, 5, 1, 1), (1, 5, 3, 1);

-- The model: what one unit of a product takes, what is there, what is held for whom.
CREATE TEMP TABLE needs (product integer, part integer, quantity integer);
INSERT INTO needs VALUES (1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 1, 1), (4, 2, 2), (5, 1, 2), (5, 2, 2), (5, 3, 1);
CREATE TEMP TABLE stock AS SELECT part, warehouse, 0 AS quantity FROM generate_series(1, 3) AS part, generate_series(1, 2) AS warehouse;
CREATE TEMP TABLE held (reservation bigint, product integer, warehouse integer, quantity integer, committed integer DEFAULT 0);
CREATE TEMP TABLE ended (reservation bigint, state text);
CREATE TEMP TABLE lines (product integer, warehouse integer, quantity integer);
CREATE TEMP TABLE log (n integer, call text, expected text, got text);
CREATE TEMP VIEW free AS
    SELECT s.part, s.warehouse, s.quantity - coalesce(sum(h.quantity * n.quantity), 0) AS quantity
      FROM stock s LEFT JOIN (held h JOIN needs n ON n.product = h.product) ON n.part = s.part AND h.warehouse = s.warehouse
     GROUP BY s.part, s.warehouse, s.quantity;
-- What the lines take, all together.
CREATE TEMP VIEW taken AS
    SELECT n.part, l.warehouse, sum(l.quantity * n.quantity) AS quantity
      FROM lines l JOIN needs n USING (product) GROUP BY n.part, l.warehouse;

CREATE FUNCTION pg_temp.any_of(most integer) RETURNS integer LANGUAGE sql VOLATILE AS $$ SELECT 1 + floor(random() * most)::integer $$;
CREATE FUNCTION pg_temp.outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
    code text;
BEGIN
    EXECUTE call INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE;
    RETURN code;
END $$;

-- One random step: makes the call, and does the same to the model where the model allows it.
CREATE FUNCTION pg_temp.step(n integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    what text := (ARRAY['receive', 'receive', 'sale', 'sale', 'count', 'reserve', 'reserve', 'reserve', 'reserve', 'commit', 'commit', 'part', 'part', 'release', 'expire', 'late', 'sweep'])[pg_temp.any_of(17)];
    p integer := pg_temp.any_of(5);
    w integer := pg_temp.any_of(2);
    q integer := pg_temp.any_of(5);
    id bigint;
    json jsonb;
    call text;
    expected text := 'ok';
    got text;
    keep boolean := random() < 0.5;
BEGIN
    DELETE FROM lines;
    -- of the reservations that are open, and for 'late' of those that are not
    SELECT reservation INTO id FROM (SELECT DISTINCT reservation FROM held WHERE what <> 'late'
                                     UNION SELECT reservation FROM ended WHERE what = 'late') AS r ORDER BY random() LIMIT 1;
    IF what IN ('commit', 'part', 'release', 'expire', 'late') AND id IS NULL THEN RETURN; END IF;
    CASE what
    WHEN 'receive' THEN
        p := 1 + p % 3;
        call := format('SELECT stockflow.receive_stock(1, %s, %s, %s)', w, p, 3 * q);
        UPDATE stock SET quantity = quantity + 3 * q WHERE part = p AND warehouse = w;
    WHEN 'count' THEN
        p := 1 + p % 3;
        call := format('SELECT stockflow.count_stock(1, %s, %s, %s)', w, p, q);
        UPDATE stock SET quantity = q WHERE part = p AND warehouse = w;
    WHEN 'sale' THEN
        INSERT INTO lines VALUES (p, w, q);
        call := format('SELECT stockflow.record_sale(1, %s, %s, %s)', w, p, q);
        IF EXISTS (SELECT FROM taken JOIN free USING (part, warehouse) WHERE taken.quantity > free.quantity) THEN
            expected := '23514';
        ELSE
            UPDATE stock s SET quantity = s.quantity - t.quantity FROM taken t WHERE (s.part, s.warehouse) = (t.part, t.warehouse);
        END IF;
    WHEN 'reserve' THEN
        INSERT INTO lines SELECT pg_temp.any_of(5), pg_temp.any_of(2), pg_temp.any_of(3) FROM generate_series(1, pg_temp.any_of(4));
        SELECT jsonb_agg(jsonb_build_object('product_id', product, 'warehouse_id', warehouse, 'quantity', quantity)) INTO json FROM lines;
        call := format('SELECT stockflow.reserve_stock(1, %L)', json);
        IF EXISTS (SELECT FROM taken JOIN free USING (part, warehouse) WHERE taken.quantity > free.quantity) THEN expected := '23514'; END IF;
    WHEN 'commit', 'part' THEN
        INSERT INTO lines SELECT product, warehouse, CASE what WHEN 'commit' THEN quantity ELSE pg_temp.any_of(quantity) END
          FROM held WHERE reservation = id AND quantity > 0 AND (what = 'commit' OR random() < 0.7);
        SELECT jsonb_agg(jsonb_build_object('product_id', product, 'warehouse_id', warehouse, 'quantity', quantity)) INTO json FROM lines;
        IF json IS NULL THEN RETURN; END IF;
        call := format('SELECT stockflow.commit_reservation(1, %s, %L, %L)', id, CASE what WHEN 'part' THEN json END, keep);
        IF EXISTS (SELECT FROM taken JOIN stock USING (part, warehouse) WHERE taken.quantity > stock.quantity) THEN
            expected := '23514';
        ELSE
            UPDATE stock s SET quantity = s.quantity - t.quantity FROM taken t WHERE (s.part, s.warehouse) = (t.part, t.warehouse);
            UPDATE held h SET quantity = h.quantity - l.quantity, committed = h.committed + l.quantity
              FROM lines l WHERE h.reservation = id AND (h.product, h.warehouse) = (l.product, l.warehouse);
            IF NOT keep OR NOT EXISTS (SELECT FROM held WHERE reservation = id AND quantity > 0) THEN
                DELETE FROM held WHERE reservation = id;
                INSERT INTO ended VALUES (id, 'committed');
            END IF;
        END IF;
    WHEN 'release' THEN
        call := format('SELECT stockflow.release_reservation(1, %s)', id);
        INSERT INTO ended SELECT id, CASE WHEN sum(committed) > 0 THEN 'committed' ELSE 'released' END FROM held WHERE reservation = id;
        DELETE FROM held WHERE reservation = id;
    WHEN 'expire' THEN
        call := format('UPDATE stockflow.reservations SET expires_at = now() - interval ''1 second'' WHERE reservation_id = %s RETURNING 1', id);
        INSERT INTO ended VALUES (id, 'expired');
        DELETE FROM held WHERE reservation = id;
    WHEN 'late' THEN
        call := format('SELECT stockflow.commit_reservation(1, %s)', id);
        expected := '55000';
    WHEN 'sweep' THEN
        call := format('SELECT stockflow.release_expired(1, %s)', q);
    END CASE;
    got := pg_temp.outcome(call);
    IF what = 'reserve' AND expected = 'ok' AND got <> '23514' THEN
        INSERT INTO held (reservation, product, warehouse, quantity) SELECT got::bigint, product, warehouse, sum(quantity) FROM lines GROUP BY 2, 3;
    END IF;
    INSERT INTO log VALUES (n, call, expected, CASE WHEN got ~ '^[0-9A-Z]{5}$' THEN got ELSE 'ok' END);
    -- The stock as it is, and as the model has it.
    INSERT INTO log SELECT n, call || ' → product ' || part || ' in ' || warehouse,
           format('%s, %s free', stock.quantity, free.quantity), format('%s, %s free', trim_scale(i.quantity), trim_scale(i.quantity - i.reserved + x.expired))
      FROM stock JOIN free USING (part, warehouse)
      JOIN stockflow.inventory i ON i.product_id = part AND i.warehouse_id = warehouse
     CROSS JOIN LATERAL (SELECT coalesce(sum(l.open_quantity), 0) AS expired FROM stockflow.reservation_lines l
                          WHERE l.product_id = part AND l.warehouse_id = warehouse AND l.expires_at <= now()) AS x
     WHERE (stock.quantity, free.quantity) <> (i.quantity, i.quantity - i.reserved + x.expired);
    INSERT INTO log SELECT n, call, 'sound', problem FROM stockflow.verify_reservations();
END $$;

SELECT setseed(0.42);
DO $$ BEGIN FOR n IN 1..800 LOOP PERFORM pg_temp.step(n); END LOOP; END $$;
SELECT is((SELECT string_agg(format('%s: %s: %s, not %s', n, call, got, expected), E'\n' ORDER BY n) FROM (SELECT * FROM log WHERE got <> expected ORDER BY n LIMIT 3) AS l), NULL,
    'every call ends as the model says, and leaves what it says');
SELECT results_eq('SELECT DISTINCT reservation_id, state FROM stockflow.reservation_status(1) ORDER BY 1',
    $$SELECT reservation, state FROM ended UNION SELECT reservation, 'active' FROM held ORDER BY 1$$, 'states are those of the model');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'the ledger is sound');
-- and all of it was tried
SELECT is((SELECT count(*) FROM (SELECT substring(call FROM 'stockflow\.(\w+)') AS f, expected FROM log GROUP BY 1, 2 HAVING count(*) >= 2) AS c), 12::bigint, 'calls of each kind went well, and failed');
SELECT * FROM finish();
ROLLBACK;
