-- Lots and expiry.
CREATE FUNCTION stockflow.checked_lot(lot text) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        own CONSTANT text := regexp_replace($1, '^[[:space:]]+|[[:space:]]+$', '', 'g');
    BEGIN
        IF $1 IS NULL THEN
            RAISE EXCEPTION 'lot must not be null' USING ERRCODE = 'null_value_not_allowed';
        ELSIF char_length(own) NOT BETWEEN 1 AND 100 OR own ~ '[[:cntrl:]]' THEN
            RAISE EXCEPTION 'lot must have 1 to 100 characters and no control characters'
                USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is "%s".', left($1, 120));
        END IF;
        RETURN own;
    END
    $$;
COMMENT ON FUNCTION stockflow.checked_lot(text) IS
'Internal. A lot without outer blanks. Errors: 22004 NULL, 22023 blank, longer than 100 characters or with control characters.';

CREATE FUNCTION stockflow.keep_lot(company_id bigint, product_id bigint, lot text, expires_on date) RETURNS void
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        own record;
        known date;
    BEGIN
        SELECT p.sku, p.tracks_lots INTO own FROM stockflow.products p WHERE p.company_id = $1 AND p.product_id = $2;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'product % does not exist', $2 USING ERRCODE = 'foreign_key_violation',
                DETAIL = format('Company %s has no such product.', $1);
        ELSIF NOT own.tracks_lots THEN
            RAISE EXCEPTION 'product "%" does not track lots', own.sku USING ERRCODE = 'check_violation',
                DETAIL = format('Lot "%s" was named.', $3), HINT = 'Set products.tracks_lots first.';
        END IF;
        PERFORM stockflow.check_day(nullif($4, 'infinity'), 'expires_on');
        INSERT INTO stockflow.lots (company_id, product_id, lot, expires_on)
        VALUES ($1, $2, $3, coalesce($4, 'infinity')) ON CONFLICT DO NOTHING;
        SELECT l.expires_on INTO known FROM stockflow.lots l WHERE l.company_id = $1 AND l.product_id = $2 AND l.lot = $3;
        IF known <> $4 THEN
            RAISE EXCEPTION 'lot "%" of product "%" expires on %, not on %', $3, own.sku, known, $4
                USING ERRCODE = 'check_violation',
                      HINT = 'Use another lot, or update lots.expires_on where it was wrong.';
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.keep_lot(bigint, bigint, text, date) IS
'Internal. Makes a lot unless it is there; its day of expiry must be the one given (NULL: any). Errors: 23503 unknown product; 23514 a product that does not track lots, or another day; 22023 a day out of range.';

CREATE FUNCTION stockflow.receive_lot(
    company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric, lot text, expires_on date DEFAULT NULL,
    unit_cost numeric DEFAULT NULL, occurred_at timestamptz DEFAULT now(), reference text DEFAULT NULL,
    idempotency_key text DEFAULT NULL)
    RETURNS numeric
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        own_lot CONSTANT text := stockflow.checked_lot($5);
        own_reference CONSTANT text := stockflow.checked_reference($9);
        kept jsonb;
        on_hand numeric;
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'warehouse_id'),
                stockflow.checked_id($3, 'product_id'), stockflow.checked_moment($8, 'occurred_at');
        IF $4 IS NULL THEN
            RAISE EXCEPTION 'quantity must not be null' USING ERRCODE = 'null_value_not_allowed';
        ELSIF $4 <= 0 THEN
            RAISE EXCEPTION 'quantity must be above 0, not %', $4 USING ERRCODE = 'invalid_parameter_value';
        END IF;
        kept := stockflow.claim_request($1, $10, 'receive_lot', jsonb_build_array($2, $3, $4, own_lot, $6::text, $7,
            CASE WHEN $8 <> now() THEN extract(epoch FROM $8) END, own_reference));
        IF kept IS NOT NULL THEN
            RETURN kept::numeric;
        END IF;
        PERFORM stockflow.keep_lot($1, $3, own_lot, $6);
        PERFORM stockflow.record_movements($1, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
            'warehouse_id', $2, 'product_id', $3, 'delta', $4, 'reason', 'receipt', 'lot', own_lot, 'unit_cost', $7,
            'occurred_at', $8, 'reference', own_reference))));
        SELECT i.quantity INTO on_hand FROM stockflow.inventory i
         WHERE i.company_id = $1 AND i.product_id = $3 AND i.warehouse_id = $2;
        PERFORM stockflow.keep_request($1, $10, to_jsonb(on_hand));
        RETURN on_hand;
    END
    $$;
COMMENT ON FUNCTION stockflow.receive_lot(bigint, bigint, bigint, numeric, text, date, numeric, timestamptz, text, text) IS
'Receives units of a lot, as receive_stock does, and returns what is on hand afterwards. expires_on: last day on which it can be used; NULL: what the lot has, or never. Errors: as receive_stock; 23514 a product that does not track lots, or a lot that expires on another day; 22004, 22023 lot.';

CREATE FUNCTION stockflow.pick_lots(
    company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric, on_day date DEFAULT NULL)
    RETURNS TABLE(lot text, expires_on date, quantity numeric, in_stock numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
        WITH shelf AS (
            SELECT s.lot, s.expires_on, s.quantity FROM stockflow.lot_stock s
             WHERE s.company_id = $1 AND s.warehouse_id = $2 AND s.product_id = $3
               AND s.expires_on >= coalesce($5, stockflow.company_today($1))
            UNION ALL
            SELECT NULL, NULL, i.quantity - coalesce((SELECT sum(s.quantity) FROM stockflow.lot_stock s
                                                       WHERE s.company_id = $1 AND s.warehouse_id = $2 AND s.product_id = $3), 0)
              FROM stockflow.inventory i WHERE i.company_id = $1 AND i.warehouse_id = $2 AND i.product_id = $3)
        SELECT f.lot, nullif(f.expires_on, 'infinity'), least(f.quantity, $4 - f.before), f.quantity
          FROM (SELECT h.*, coalesce(sum(h.quantity) OVER (ORDER BY h.expires_on NULLS LAST, h.lot COLLATE "C" NULLS LAST
                                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                  FROM shelf h WHERE h.quantity > 0) AS f
         WHERE f.before < $4
         ORDER BY f.expires_on NULLS LAST, f.lot COLLATE "C" NULLS LAST
    $$;
COMMENT ON FUNCTION stockflow.pick_lots(bigint, bigint, bigint, numeric, date) IS
'Which lots a sale of so many units would take, first expired first out, of those that can be used on a day (NULL: today); lot NULL: stock of no known lot, which comes last. Nothing is taken or set aside. The quantities add up to less where less can be used. No rows for unknown ids.';

CREATE FUNCTION stockflow.expired_stock(company_id bigint)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, quantity numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
        SELECT s.product_id, s.warehouse_id, sum(s.quantity) FROM stockflow.lot_stock s
         WHERE s.company_id = $1 AND s.expires_on < stockflow.company_today($1)
         GROUP BY s.product_id, s.warehouse_id ORDER BY s.product_id, s.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.expired_stock(bigint) IS
'Units per product and warehouse in lots that have expired: on hand, and not available.';

CREATE FUNCTION stockflow.checked_within_days(days integer) RETURNS integer
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF $1 IS NULL THEN
            RAISE EXCEPTION 'within_days must not be null' USING ERRCODE = 'null_value_not_allowed';
        ELSIF $1 NOT BETWEEN 0 AND 3650 THEN
            RAISE EXCEPTION 'within_days must be 0 to 3650, not %', $1 USING ERRCODE = 'invalid_parameter_value';
        END IF;
        RETURN $1;
    END
    $$;
COMMENT ON FUNCTION stockflow.checked_within_days(integer) IS
'Internal. A number of days to look ahead. Errors: 22004 NULL, 22023 not 0 to 3650.';

CREATE FUNCTION stockflow.expiring_stock(company_id bigint, within_days integer DEFAULT 30, warehouse_id bigint DEFAULT NULL)
    RETURNS TABLE(product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text, lot text,
                  expires_on date, days_left integer, quantity numeric, average_daily_demand numeric, quantity_at_risk numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
        WITH today AS MATERIALIZED (SELECT stockflow.company_today($1) AS day, stockflow.checked_within_days($2) AS within_days),
        lots AS (
            SELECT s.*, s.expires_on - t.day AS days_left
              FROM today t
             CROSS JOIN LATERAL (SELECT * FROM stockflow.lot_stock k
                                  WHERE k.company_id = $1 AND k.expires_on <= t.day + t.within_days
                                    AND ($3 IS NULL OR k.warehouse_id = $3) OFFSET 0) AS s),
        rates AS (
            SELECT k.product_id, k.warehouse_id, greatest(coalesce(sum(d.demand - d.returned), 0), 0) / 30 AS rate
              FROM (SELECT DISTINCT l.product_id, l.warehouse_id FROM lots l) AS k
              JOIN stockflow.inventory i
                ON i.company_id = $1 AND i.product_id = k.product_id AND i.warehouse_id = k.warehouse_id
              LEFT JOIN LATERAL stockflow.recent_days(i.recent_days) AS d ON d.day BETWEEN (SELECT t.day FROM today t) - 29 AND (SELECT t.day FROM today t)
             GROUP BY k.product_id, k.warehouse_id),
        -- held: units up to this lot; sellable: units that can be sold by its last day, at this rate.
        queue AS (
            SELECT l.*, r.rate, sum(l.quantity) OVER up_to AS held, r.rate * greatest(l.days_left + 1, 0) AS sellable
              FROM lots l JOIN rates r ON r.product_id = l.product_id AND r.warehouse_id = l.warehouse_id
            WINDOW up_to AS (PARTITION BY l.product_id, l.warehouse_id ORDER BY l.expires_on, l.lot COLLATE "C")),
        -- Sold of this lot and those before it by its last day: as much as there is and as can be sold,
        -- and never more than that of an earlier lot and what follows it.
        flow AS (
            SELECT q.*, q.held + least(0, min(q.sellable - q.held) OVER (
                       PARTITION BY q.product_id, q.warehouse_id ORDER BY q.expires_on, q.lot COLLATE "C")) AS sold
              FROM queue q),
        risk AS (
            SELECT f.*, f.quantity - f.sold + coalesce(lag(f.sold) OVER (
                       PARTITION BY f.product_id, f.warehouse_id ORDER BY f.expires_on, f.lot COLLATE "C"), 0) AS at_risk
              FROM flow f)
        SELECT r.product_id, p.sku, p.name, r.warehouse_id, w.name, r.lot, r.expires_on, r.days_left, r.quantity,
               trim_scale(round(r.rate, 6)), trim_scale(round(r.at_risk, 6))
          FROM risk r
          JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = r.product_id
          JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = r.warehouse_id
         ORDER BY r.expires_on, r.product_id, r.warehouse_id, r.lot COLLATE "C"
    $$;
COMMENT ON FUNCTION stockflow.expiring_stock(bigint, integer, bigint) IS
'Lots in stock that expire within so many days or have expired, soonest first. quantity_at_risk: units that will not be sold by their last day if the average daily demand of the last 30 days (today included) goes on, the lots that expire first being sold first; all of a lot that has expired (days_left below 0). Errors: 22004, 22023 within_days not 0 to 3650. No rows for unknown ids.';

CREATE FUNCTION stockflow.lot_history(company_id bigint, product_id bigint, lot text)
    RETURNS TABLE(recorded_at timestamptz, occurred_at timestamptz, warehouse_id bigint, warehouse_name text, delta numeric,
                  reason text, reference text, actor text, version bigint, counterpart_warehouse_id bigint)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
        SELECT g.recorded_at, g.occurred_at, s.warehouse_id, w.name, s.delta, g.reason, g.reference, g.actor, s.version,
               g.counterpart_warehouse_id
          FROM stockflow.inventory_log_lots s
         CROSS JOIN LATERAL (SELECT * FROM stockflow.ledger e
                              WHERE e.company_id = $1 AND e.product_id = $2 AND e.warehouse_id = s.warehouse_id
                                AND e.version = s.version OFFSET 0) AS g
          JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = s.warehouse_id
         WHERE s.company_id = $1 AND s.product_id = $2 AND s.lot = $3
         ORDER BY g.recorded_at, s.warehouse_id, s.version
    $$;
COMMENT ON FUNCTION stockflow.lot_history(bigint, bigint, text) IS
'Where a lot came from and where it went, as in a recall: the ledger''s entries of it, with the units of this lot in delta. No rows for unknown ids.';

CREATE FUNCTION stockflow.write_off_expired(
    company_id bigint, warehouse_id bigint DEFAULT NULL, reference text DEFAULT NULL, idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
    DECLARE
        own_reference CONSTANT text := stockflow.checked_reference($3);
        kept jsonb;
        keys record;
        movements jsonb;
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id');
        kept := stockflow.claim_request($1, $4, 'write_off_expired', jsonb_build_array($2, own_reference));
        IF kept IS NOT NULL THEN
            RETURN kept::bigint;
        ELSIF $2 IS NOT NULL THEN
            PERFORM stockflow.require_warehouse($1, $2, false);
        END IF;
        SELECT array_agg(e.product_id) AS products, array_agg(e.warehouse_id) AS warehouses INTO keys
          FROM stockflow.expired_stock($1) AS e WHERE $2 IS NULL OR e.warehouse_id = $2;
        IF keys.products IS NOT NULL THEN
            PERFORM stockflow.lock_stock($1, keys.products, keys.warehouses);
            -- What is there now that the rows are locked.
            SELECT jsonb_agg(jsonb_build_object('product_id', s.product_id, 'warehouse_id', s.warehouse_id, 'lot', s.lot,
                       'delta', -s.quantity, 'reason', 'expired', 'reference', own_reference))
              INTO movements
              FROM stockflow.lot_stock s
              JOIN unnest(keys.products, keys.warehouses) AS k(product_id, warehouse_id)
                ON s.product_id = k.product_id AND s.warehouse_id = k.warehouse_id
             WHERE s.company_id = $1 AND s.expires_on < stockflow.company_today($1);
            IF movements IS NOT NULL THEN
                PERFORM stockflow.record_movements($1, movements);
            END IF;
        END IF;
        PERFORM stockflow.keep_request($1, $4, to_jsonb(coalesce(jsonb_array_length(movements), 0)));
        RETURN coalesce(jsonb_array_length(movements), 0)::bigint;
    END
    $$;
COMMENT ON FUNCTION stockflow.write_off_expired(bigint, bigint, text, text) IS
'Takes what has expired out of stock, in one warehouse or (NULL) all, with reason expired, which is no demand, and returns the number of lots. Errors: 23503 unknown company or warehouse; 22023 reference; 23505 idempotency key.';

CREATE FUNCTION stockflow.keep_shipped_lots(company_id bigint, transfer_id bigint, from_warehouse_id bigint) RETURNS void
    LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
        INSERT INTO stockflow.transfer_line_lots (company_id, transfer_id, line_id, product_id, lot, quantity)
        SELECT $1, $2, l.line_id, l.product_id, s.lot, -s.delta
          FROM (SELECT k.*, count(*) OVER (PARTITION BY k.product_id) AS entries FROM stockflow.transfer_lines k
                 WHERE k.company_id = $1 AND k.transfer_id = $2) AS l
          JOIN stockflow.inventory i
            ON i.company_id = $1 AND i.product_id = l.product_id AND i.warehouse_id = $3
          JOIN stockflow.inventory_log g
            ON g.company_id = $1 AND g.product_id = l.product_id AND g.warehouse_id = $3
           AND g.version > i.version - l.entries AND g.reference = format('transfer:%s/%s', $2, l.line_id)
          JOIN stockflow.inventory_log_lots s
            ON s.company_id = $1 AND s.product_id = l.product_id AND s.warehouse_id = $3 AND s.version = g.version
    $$;
COMMENT ON FUNCTION stockflow.keep_shipped_lots(bigint, bigint, bigint) IS
'Internal. Notes the lots that the newest entries of a shipment took.';

CREATE FUNCTION stockflow.settle_lots(company_id bigint, transfer_id bigint, line_id bigint, quantity numeric)
    RETURNS TABLE(lot text, quantity numeric)
    LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
        WITH open AS (
            SELECT t.lot, t.quantity - t.settled AS units,
                   sum(t.quantity - t.settled) OVER (ORDER BY l.expires_on, t.lot COLLATE "C") AS up_to
              FROM stockflow.transfer_line_lots t
              JOIN stockflow.lots l ON l.company_id = $1 AND l.product_id = t.product_id AND l.lot = t.lot
             WHERE t.company_id = $1 AND t.transfer_id = $2 AND t.line_id = $3),
        settled AS (
            UPDATE stockflow.transfer_line_lots t SET settled = t.settled + o.part
              FROM (SELECT o.lot, least(o.units, $4 - (o.up_to - o.units)) AS part FROM open o) AS o
             WHERE t.company_id = $1 AND t.transfer_id = $2 AND t.line_id = $3 AND t.lot = o.lot AND o.part > 0
            RETURNING t.lot, o.part)
        SELECT s.lot, s.part FROM settled s
        UNION ALL
        SELECT NULL, $4 - coalesce((SELECT sum(s.part) FROM settled s), 0)
         WHERE $4 > coalesce((SELECT sum(s.part) FROM settled s), 0)
    $$;
COMMENT ON FUNCTION stockflow.settle_lots(bigint, bigint, bigint, numeric) IS
'Internal. The lots of so many units of a line in transit, those that expire first; lot NULL: units of no known lot. Notes them as settled.';

CREATE FUNCTION stockflow.verify_lots(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        WITH stock AS (SELECT * FROM stockflow.lot_stock s WHERE $1 IS NULL OR s.company_id = $1),
        booked AS (SELECT * FROM stockflow.inventory_log_lots b WHERE $1 IS NULL OR b.company_id = $1)
        SELECT coalesce(s.company_id, b.company_id), coalesce(s.product_id, b.product_id),
               coalesce(s.warehouse_id, b.warehouse_id),
               format('lot "%s" has %s, its entries add up to %s', coalesce(s.lot, b.lot), coalesce(s.quantity, 0), coalesce(b.total, 0))
          FROM stock s
          FULL JOIN (SELECT b.company_id, b.product_id, b.warehouse_id, b.lot, sum(b.delta) AS total FROM booked b GROUP BY 1, 2, 3, 4) AS b
            ON b.company_id = s.company_id AND b.product_id = s.product_id AND b.warehouse_id = s.warehouse_id AND b.lot = s.lot
         WHERE coalesce(s.quantity, 0) <> coalesce(b.total, 0)
        UNION ALL
        SELECT s.company_id, s.product_id, s.warehouse_id,
               format('lots add up to %s, on hand are %s', s.total, coalesce(i.quantity, 0))
          FROM (SELECT s.company_id, s.product_id, s.warehouse_id, sum(s.quantity) AS total FROM stock s GROUP BY 1, 2, 3) AS s
          LEFT JOIN stockflow.inventory i
            ON i.company_id = s.company_id AND i.product_id = s.product_id AND i.warehouse_id = s.warehouse_id
         WHERE s.total > coalesce(greatest(i.quantity, 0), 0)
        UNION ALL
        SELECT b.company_id, b.product_id, b.warehouse_id,
               format('entry %s is of %s, its lots add up to %s', b.version, coalesce(g.delta::text, 'nothing'), b.total)
          FROM (SELECT b.company_id, b.product_id, b.warehouse_id, b.version, sum(b.delta) AS total,
                       min(sign(b.delta)) <> max(sign(b.delta)) AS mixed
                  FROM booked b GROUP BY 1, 2, 3, 4) AS b
          LEFT JOIN stockflow.ledger g
            ON g.company_id = b.company_id AND g.product_id = b.product_id AND g.warehouse_id = b.warehouse_id AND g.version = b.version
         WHERE g.delta IS NULL OR b.mixed OR sign(b.total) <> sign(g.delta) OR abs(b.total) > abs(g.delta)
        UNION ALL
        SELECT t.company_id, l.product_id, l.warehouse_id,
               format('lots of line %s of transfer %s add up to %s shipped and %s in transit', t.line_id, t.transfer_id, t.shipped, t.open)
          FROM (SELECT t.company_id, t.transfer_id, t.line_id, sum(t.quantity) AS shipped, sum(t.quantity - t.settled) AS open
                  FROM stockflow.transfer_line_lots t WHERE $1 IS NULL OR t.company_id = $1 GROUP BY 1, 2, 3) AS t
          JOIN stockflow.transfer_lines l
            ON l.company_id = t.company_id AND l.transfer_id = t.transfer_id AND l.line_id = t.line_id
         WHERE t.shipped > l.quantity OR t.open > l.open_quantity
        UNION ALL
        SELECT s.company_id, s.product_id, s.warehouse_id, format('lot "%s" of a product that does not track lots', s.lot)
          FROM stock s
          JOIN stockflow.products p ON p.company_id = s.company_id AND p.product_id = s.product_id AND NOT p.tracks_lots
    $$;
COMMENT ON FUNCTION stockflow.verify_lots(bigint) IS
'Proves of a company (NULL: of all) that lots in stock are the sums of their entries, that these are parts of ledger entries, and that no shelf or transfer has more in lots than it has. No row: sound.';
