-- Reservations: stock set aside for orders. Whether one has expired is decided by the clock when it
-- matters, never by whether somebody has swept up (release_expired).
CREATE FUNCTION stockflow.reserve_stock(
    company_id bigint, lines jsonb, expires_at timestamptz DEFAULT NULL, reference text DEFAULT NULL,
    idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_reserve_stock';
COMMENT ON FUNCTION stockflow.reserve_stock(bigint, jsonb, timestamptz, text, text) IS
'Sets stock aside for [{"product_id", "warehouse_id", "quantity"}, …], in units, until it is committed, released or expires (NULL: never), and returns the reservation_id. All lines or none; lines of one product and warehouse are summed first; a bundle reserves its components. Errors: 23514 less available than asked for (unless the company may go negative), fraction of a whole-unit product, service; 23503 unknown or deleted company, product or warehouse; 22023 or 22003 for a line that is wrong, and for expires_at that is not in the future; 23505 idempotency key.';

CREATE FUNCTION stockflow.commit_reservation(
    company_id bigint, reservation_id bigint, lines jsonb DEFAULT NULL, keep_rest boolean DEFAULT false,
    occurred_at timestamptz DEFAULT now(), idempotency_key text DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_commit_reservation';
COMMENT ON FUNCTION stockflow.commit_reservation(bigint, bigint, jsonb, boolean, timestamptz, text) IS
'Sells what a reservation holds: lines (as in reserve_stock), or all that is open (NULL). The rest is released, or kept with keep_rest. The sales are recorded as record_sale does, with the reference of the reservation or else reservation:id. Returns {"reservation_id", "state", "lines": [{"product_id", "warehouse_id", "committed", "released", "reserved"}]}: what this call sold and released, and what is still reserved. Errors: 55000 the reservation is committed, released or expired; 23514 more than is reserved, or than is on hand; 23503 unknown reservation or line; others as record_sale.';

CREATE FUNCTION stockflow.release_reservation(
    company_id bigint, reservation_id bigint, idempotency_key text DEFAULT NULL)
    RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_release_reservation';
COMMENT ON FUNCTION stockflow.release_reservation(bigint, bigint, text) IS
'Gives back all that a reservation still holds; nothing is left to do for one that has expired. Errors: 55000 the reservation is committed or released; 23503 unknown reservation; 23505 idempotency key.';

CREATE FUNCTION stockflow.extend_reservation(
    company_id bigint, reservation_id bigint, expires_at timestamptz, idempotency_key text DEFAULT NULL)
    RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_extend_reservation';
COMMENT ON FUNCTION stockflow.extend_reservation(bigint, bigint, timestamptz, text) IS
'Sets when an active reservation expires, later or sooner (NULL: never). Errors: 55000 the reservation is committed, released or expired; 22023 a moment that is not in the future; 23503 unknown reservation; 23505 idempotency key.';

CREATE FUNCTION stockflow.release_expired(company_id bigint DEFAULT NULL, max_reservations integer DEFAULT 1000)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
    DECLARE
        released bigint;
    BEGIN
        IF max_reservations IS NULL OR max_reservations < 0 THEN
            RAISE EXCEPTION 'max_reservations must be at least 0, not %', coalesce(max_reservations::text, 'NULL')
                USING ERRCODE = CASE WHEN max_reservations IS NULL THEN 'null_value_not_allowed'
                                     ELSE 'invalid_parameter_value' END;
        END IF;
        -- Reservations that somebody is working on are left for the next time. The conditions are
        -- looked at again once a row is locked: it may have been extended meanwhile.
        WITH due AS (
            SELECT l.company_id, l.reservation_id FROM stockflow.reservation_lines l
             WHERE l.open_quantity > 0 AND l.expires_at <= now()
               AND ($1 IS NULL OR l.company_id = $1)
             GROUP BY l.company_id, l.reservation_id
        ), locked AS MATERIALIZED (
            SELECT r.company_id, r.reservation_id FROM stockflow.reservations r
              JOIN due USING (company_id, reservation_id)
             WHERE r.expires_at <= now()
             ORDER BY r.company_id, r.reservation_id
             LIMIT max_reservations
               FOR NO KEY UPDATE OF r SKIP LOCKED
        ), swept AS (
            UPDATE stockflow.reservation_lines l
               SET expired = l.quantity - l.committed - l.released
              FROM locked
             WHERE l.company_id = locked.company_id AND l.reservation_id = locked.reservation_id
               AND l.expires_at <= now() AND l.committed + l.released + l.expired < l.quantity
            RETURNING l.company_id, l.reservation_id
        )
        SELECT count(*) INTO released FROM (SELECT DISTINCT * FROM swept) AS s;
        RETURN released;
    END
    $$;
COMMENT ON FUNCTION stockflow.release_expired(bigint, integer) IS
'Housekeeping: takes reservations that have expired off inventory.reserved, of a company or (NULL) of all that the session sees, at most max_reservations of them, and returns their number. Nothing depends on it but the size of what readers have to leave out. Errors: 22004 or 22023 for max_reservations.';

CREATE FUNCTION stockflow.reservation_status(
    company_id bigint, reservation_id bigint DEFAULT NULL, state text DEFAULT NULL)
    RETURNS TABLE(reservation_id bigint, state text, reference text, created_at timestamptz, expires_at timestamptz,
                  product_id bigint, sku text, warehouse_id bigint, quantity numeric,
                  reserved numeric, committed numeric, released numeric, expired numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT s.reservation_id, s.state, s.reference, s.created_at, nullif(s.expires_at, 'infinity'),
               s.product_id, p.sku, s.warehouse_id, s.quantity,
               CASE WHEN s.run_out THEN 0 ELSE s.still_open END, s.committed, s.released,
               s.expired + CASE WHEN s.run_out THEN s.still_open ELSE 0 END
          FROM (SELECT r.reservation_id, r.reference, r.created_at, r.expires_at, o.still_open, r.expires_at <= now() AS run_out,
                       l.product_id, l.warehouse_id, l.quantity, l.committed, l.released, l.expired,
                       CASE WHEN bool_or(l.expired > 0) OVER whole
                              OR bool_or(o.still_open > 0) OVER whole AND r.expires_at <= now() THEN 'expired'
                            WHEN bool_or(o.still_open > 0) OVER whole THEN 'active'
                            WHEN bool_or(l.committed > 0) OVER whole THEN 'committed'
                            ELSE 'released' END AS state
                  FROM stockflow.reservations r
                  JOIN stockflow.reservation_lines l
                    ON l.company_id = r.company_id AND l.reservation_id = r.reservation_id AND l.bundle_id IS NULL
                 CROSS JOIN LATERAL (SELECT l.quantity - l.committed - l.released - l.expired) AS o(still_open)
                 WHERE r.company_id = $1 AND ($2 IS NULL OR r.reservation_id = $2)
                WINDOW whole AS (PARTITION BY r.reservation_id)) AS s
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = s.product_id
         WHERE $3 IS NULL OR s.state = $3
         ORDER BY s.reservation_id, s.product_id, s.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.reservation_status(bigint, bigint, text) IS
'Reservations of a company, or one of them, or those in a state, one row per product and warehouse that was asked for: units reserved now, committed, released and expired. state is that of the whole reservation: active (holds stock), expired (it ran out before all was committed or released), committed (closed, something was sold), released (closed, nothing was sold). A reservation that has expired reserves nothing, whether or not it was released. expires_at is NULL for never.';

CREATE FUNCTION stockflow.expired_reservations(company_id bigint)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, quantity numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT l.product_id, l.warehouse_id, sum(l.open_quantity)
          FROM stockflow.reservation_lines l
         WHERE l.company_id = $1 AND l.open_quantity > 0 AND l.expires_at <= now()
         GROUP BY l.product_id, l.warehouse_id
         ORDER BY l.product_id, l.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.expired_reservations(bigint) IS
'Units per product and warehouse in reservations that have expired and that nobody has released: inventory.reserved counts them still. available = quantity - reserved + these.';

CREATE FUNCTION stockflow.verify_reservations(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT company_id, product_id, warehouse_id,
               format('reserved is %s, the open reservations add up to %s', coalesce(i.reserved, 0), coalesce(l.total, 0))
          FROM (SELECT i.company_id, i.product_id, i.warehouse_id, i.reserved FROM stockflow.inventory i
                 WHERE $1 IS NULL OR i.company_id = $1) AS i
          FULL JOIN (SELECT l.company_id, l.product_id, l.warehouse_id, sum(l.open_quantity) AS total
                       FROM stockflow.reservation_lines l
                      WHERE l.open_quantity > 0 AND ($1 IS NULL OR l.company_id = $1)
                      GROUP BY l.company_id, l.product_id, l.warehouse_id) AS l
         USING (company_id, product_id, warehouse_id)
         WHERE coalesce(l.total, 0) <> coalesce(i.reserved, 0)
        UNION ALL
        SELECT c.company_id, c.product_id, c.warehouse_id,
               format('reservation %s: what it holds for bundle %s is not what the bundle''s own line says',
                      c.reservation_id, c.bundle_id)
          FROM stockflow.reservation_lines c
          LEFT JOIN stockflow.reservation_lines b
            ON b.company_id = c.company_id AND b.reservation_id = c.reservation_id AND b.is_bundle
           AND b.product_id = c.bundle_id AND b.warehouse_id = c.warehouse_id
         WHERE c.bundle_id IS NOT NULL AND ($1 IS NULL OR c.company_id = $1)
           AND (c.committed * b.quantity, c.released * b.quantity, c.expired * b.quantity)
               IS DISTINCT FROM (b.committed * c.quantity, b.released * c.quantity, b.expired * c.quantity)
        ORDER BY 1, 2, 3, 4
    $$;
COMMENT ON FUNCTION stockflow.verify_reservations(bigint) IS
'Compares inventory.reserved with the open lines of reservations, and the lines of components with those of their bundles, of a company (NULL: of all). No row: sound.';
