-- Random movements of lots against a plain model: shelves, first expired first out, and what is refused.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(5);
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'One');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT 1, w, 'W' || w FROM generate_series(1, 3) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, tracks_lots) SELECT 1, p, 'P' || p, 'P', 1, true FROM generate_series(1, 4) AS p;
INSERT INTO stockflow.lots (company_id, product_id, lot, expires_on)
    SELECT 1, p, 'L' || n, CASE n WHEN 7 THEN 'infinity' ELSE current_date + (n - 3) * 2 END FROM generate_series(1, 4) AS p, generate_series(0, 7) AS n;
CREATE TEMP TABLE model (product bigint, warehouse bigint, lot text, expires_on date, quantity integer, PRIMARY KEY (product, warehouse, lot));
CREATE TEMP TABLE wrong (step integer, what text);

-- The model: one lot after the other, the one of no name last; false when there is not enough.
CREATE FUNCTION pg_temp.take(p bigint, w bigint, units integer, usable boolean, toward bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE one record; part integer;
BEGIN
    IF (SELECT coalesce(sum(quantity), 0) FROM model WHERE product = p AND warehouse = w AND (NOT usable OR expires_on >= current_date)) < units THEN RETURN false; END IF;
    FOR one IN SELECT * FROM model WHERE product = p AND warehouse = w AND quantity > 0 AND (NOT usable OR expires_on >= current_date)
                ORDER BY lot = '', expires_on, lot LOOP
        part := least(units, one.quantity);
        UPDATE model SET quantity = quantity - part WHERE product = p AND warehouse = w AND lot = one.lot;
        IF toward IS NOT NULL AND part > 0 THEN
            INSERT INTO model VALUES (p, toward, one.lot, one.expires_on, part) ON CONFLICT (product, warehouse, lot) DO UPDATE SET quantity = model.quantity + part;
        END IF;
        units := units - part;
    END LOOP;
    RETURN true;
END $$;

SELECT setseed(0.42);
DO $$
DECLARE p bigint; w bigint; v bigint; n integer; chosen text; dice float; expected boolean; happened boolean;
BEGIN
    FOR step IN 1 .. 600 LOOP
        p := 1 + floor(random() * 4); w := 1 + floor(random() * 3); v := 1 + (w + floor(random() * 2)::integer) % 3; n := 1 + floor(random() * 12);
        chosen := CASE WHEN random() < 0.2 THEN '' ELSE 'L' || floor(random() * 8) END;
        dice := random();
        happened := true;
        BEGIN
            IF dice < 0.35 THEN
                PERFORM stockflow.record_movements(1, jsonb_build_array(jsonb_build_object('product_id', p, 'warehouse_id', w, 'delta', n, 'reason', 'receipt', 'lot', nullif(chosen, ''))));
            ELSIF dice < 0.6 THEN PERFORM stockflow.record_sale(1, w, p, n);
            ELSIF dice < 0.75 THEN PERFORM stockflow.adjust_stock(1, w, p, -n);
            ELSIF dice < 0.95 THEN PERFORM stockflow.transfer_stock(1, p, w, v, n);
            ELSE PERFORM stockflow.write_off_expired(1, w);
            END IF;
        EXCEPTION WHEN check_violation THEN happened := false;
        END;
        IF dice < 0.35 THEN
            INSERT INTO model SELECT p, w, chosen, coalesce((SELECT expires_on FROM stockflow.lots WHERE product_id = p AND lot = chosen), 'infinity'), n
                ON CONFLICT (product, warehouse, lot) DO UPDATE SET quantity = model.quantity + n;
            expected := true;
        ELSIF dice < 0.6 THEN expected := pg_temp.take(p, w, n, true, NULL);
        ELSIF dice < 0.75 THEN expected := pg_temp.take(p, w, n, false, NULL);
        ELSIF dice < 0.95 THEN expected := pg_temp.take(p, w, n, true, v);
        ELSE
            UPDATE model SET quantity = 0 WHERE warehouse = w AND expires_on < current_date;
            expected := true;
        END IF;
        IF expected <> happened THEN INSERT INTO wrong VALUES (step, format('%s of product %s in %s: %s, expected %s', dice, p, w, happened, expected)); END IF;
    END LOOP;
END $$;
SELECT is_empty('SELECT * FROM wrong', 'what is possible happens, and nothing else');
SELECT results_eq('SELECT product_id, warehouse_id, lot, quantity::integer FROM stockflow.lot_stock ORDER BY 1, 2, 3', $$SELECT product, warehouse, lot, quantity FROM model WHERE quantity > 0 AND lot <> '' ORDER BY 1, 2, 3$$, 'the shelves');
SELECT results_eq('SELECT product_id, warehouse_id, quantity::integer FROM stockflow.inventory WHERE quantity <> 0 ORDER BY 1, 2', 'SELECT product, warehouse, sum(quantity)::integer FROM model GROUP BY 1, 2 HAVING sum(quantity) <> 0 ORDER BY 1, 2', 'the balances');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'all sound');
SELECT cmp_ok((SELECT count(*) FROM stockflow.inventory_log_lots), '>', 300::bigint, 'lots moved at all');
SELECT * FROM finish();
ROLLBACK;
