-- Reports: what stock is worth. Cost is kept per product for the whole company, so that a transfer
-- changes nothing; goods in transit belong to it. A back-dated entry takes its place in time: nothing
-- is stored, so nothing has to be posted anew.
CREATE FUNCTION stockflow.average_costs(
    company_id bigint, at timestamptz DEFAULT 'infinity', product_ids bigint[] DEFAULT NULL)
    RETURNS TABLE(product_id bigint, quantity numeric, costed_quantity numeric, unit_cost numeric)
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_average_costs';
COMMENT ON FUNCTION stockflow.average_costs(bigint, timestamptz, bigint[]) IS
'Internal. Per product what the company owns at a moment (in transit included), units of it whose cost is known, and their moving average with 18 decimals. NULL: all products. One scan of the entries, in the order of the primary key, sorted by time within each product.';

CREATE FUNCTION stockflow.receipt_layers(
    company_id bigint, at timestamptz DEFAULT 'infinity', product_ids bigint[] DEFAULT NULL)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, version bigint, received_at timestamptz, reference text,
                  received numeric, quantity numeric, unit_cost numeric)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
    AS $$
    #variable_conflict use_column
    BEGIN
        IF $1 IS NULL OR $2 IS NULL THEN
            RAISE EXCEPTION '% must not be null', CASE WHEN $1 IS NULL THEN 'company_id' ELSE 'at' END
                USING ERRCODE = 'null_value_not_allowed';
        END IF;
        -- Receipts, and what takes one back at its cost, stay apart, by their version; all else is summed
        -- up in the same scan.
        RETURN QUERY
        WITH parts AS (
            SELECT e.product_id, e.warehouse_id, e.receipt AS version, max(e.occurred_at) AS received_at,
                   max(e.recorded_at) AS recorded_at, max(e.reference) AS reference,
                   sum(e.delta) AS quantity, max(e.unit_cost) AS unit_cost
              FROM (SELECT l.*, CASE WHEN l.reason IN ('receipt', 'initial') AND (l.delta > 0 OR l.unit_cost IS NOT NULL)
                                       OR l.delta > 0 AND l.unit_cost IS NOT NULL THEN l.version END AS receipt
                      FROM stockflow.ledger l
                     WHERE l.company_id = $1 AND l.occurred_at <= $2 AND ($3 IS NULL OR l.product_id = ANY ($3))
                       AND l.reason NOT IN ('transfer_out', 'transfer_in')) AS e
             GROUP BY e.product_id, e.warehouse_id, e.receipt),
        -- Units that stand at each cost after each receipt, never below 0: what is taken back undoes the
        -- latest receipts at that cost, and what is too much of it leaves as all else does.
        sums AS (
            SELECT p.*, sum(p.quantity) OVER (PARTITION BY p.product_id, p.unit_cost, p.version IS NULL
                                              ORDER BY p.received_at, p.recorded_at, p.warehouse_id, p.version) AS standing
              FROM parts p),
        floors AS (
            SELECT s.*, s.standing - least(min(s.standing) OVER (PARTITION BY s.product_id, s.unit_cost, s.version IS NULL
                                           ORDER BY s.received_at, s.recorded_at, s.warehouse_id, s.version), 0) AS units
              FROM sums s),
        receipts AS (
            SELECT f.*, CASE WHEN f.version IS NULL OR f.quantity <= 0 THEN 0 WHEN f.unit_cost IS NULL THEN f.quantity
                             ELSE greatest(min(f.units) OVER (PARTITION BY f.product_id, f.unit_cost, f.version IS NULL
                                           ORDER BY f.received_at DESC, f.recorded_at DESC, f.warehouse_id DESC, f.version DESC)
                                           - f.units + f.quantity, 0) END AS received
              FROM floors f),
        layers AS (  -- of the newest receipts, as much as there is stock
            SELECT r.*, greatest(least(r.received, sum(r.quantity) OVER product - coalesce(sum(r.received) OVER newer, 0)), 0) AS remaining
              FROM receipts r
            WINDOW product AS (PARTITION BY r.product_id),
                   newer AS (PARTITION BY r.product_id ORDER BY r.received_at DESC, r.recorded_at DESC, r.warehouse_id DESC,
                             r.version DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
        SELECT y.product_id, y.warehouse_id, y.version, y.received_at, y.reference, y.received, y.remaining, y.unit_cost
          FROM layers y WHERE y.remaining > 0
        UNION ALL  -- the rest: units that no receipt brought, or a shortage, or nothing
        SELECT r.product_id, NULL, NULL, NULL, NULL, NULL, r.rest, CASE WHEN r.rest <= 0 THEN r.last_cost END
          FROM (SELECT y.product_id,
                       sum(y.quantity) - sum(y.remaining) AS rest,
                       (array_agg(y.unit_cost ORDER BY y.received_at DESC, y.recorded_at DESC, y.warehouse_id DESC, y.version DESC)
                        FILTER (WHERE y.unit_cost IS NOT NULL AND y.received > 0))[1] AS last_cost
                  FROM layers y GROUP BY y.product_id) AS r;
    END
    $$;
COMMENT ON FUNCTION stockflow.receipt_layers(bigint, timestamptz, bigint[]) IS
'Internal. What is left of each receipt at a moment, first in first out; and per product one row without a receipt with the rest, so that the rows add up to what the company owns (in transit included): above 0, units of unknown cost that no receipt brought; else the shortage, or 0, with the latest known cost. NULL: all products. One scan of the entries. Errors: 22004 NULL.';

CREATE FUNCTION stockflow.fifo_layers(
    company_id bigint, at timestamptz DEFAULT 'infinity', product_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, received_at timestamptz, age_days integer, warehouse_id bigint,
        reference text, received numeric, quantity numeric, unit_cost numeric, value numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT y.product_id, p.sku, p.name, y.received_at,
               (least($2, now()) AT TIME ZONE c.timezone)::date - (y.received_at AT TIME ZONE c.timezone)::date,
               y.warehouse_id, y.reference, trim_scale(y.received), trim_scale(y.quantity), trim_scale(y.unit_cost),
               trim_scale(y.quantity * y.unit_cost)
          FROM stockflow.receipt_layers($1, $2, stockflow.report_products($1, $3, $4)) AS y
          LEFT JOIN stockflow.companies c ON c.company_id = $1
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = y.product_id
         WHERE y.quantity <> 0
         ORDER BY y.product_id, y.received_at NULLS FIRST, y.warehouse_id, y.version
    $$;
COMMENT ON FUNCTION stockflow.fifo_layers(bigint, timestamptz, bigint, bigint) IS
'What is left of each receipt at a moment when goods leave in the order in which they came, oldest first: units received (less what was taken back at that cost) and left, cost of one unit and value (exact), age in days of the company''s time zone. infinity: everything that is recorded. Goods in transit are included; warehouse_id is where they were received. Rows without received_at: units that no receipt brought (their cost is unknown), or a shortage (negative, at the latest known cost). An unknown company has no rows. Errors: 22004 NULL company or moment.';

CREATE FUNCTION stockflow.valued_stock(
    company_id bigint, at timestamptz, method text, only_product bigint, only_category bigint)
    RETURNS TABLE(
        product_id bigint, warehouse_id bigint, quantity numeric, unit_cost numeric, value numeric,
        costed_quantity numeric, costed_value numeric)
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
    AS $$
    #variable_conflict use_column
    DECLARE
        chosen CONSTANT text := stockflow.report_choice('method', $3, '{moving_average,fifo}');
        products CONSTANT bigint[] := stockflow.report_products($1, $4, $5);
    BEGIN
        IF $1 IS NULL OR $2 IS NULL THEN
            RAISE EXCEPTION '% must not be null', CASE WHEN $1 IS NULL THEN 'company_id' ELSE 'at' END
                USING ERRCODE = 'null_value_not_allowed';
        END IF;
        -- No entry is read twice: the costs read those up to the moment, the balances those after it.
        RETURN QUERY
        WITH costs AS MATERIALIZED (  -- per product: units owned, units with a cost, what these are worth together and each
            SELECT a.product_id, a.quantity AS owned, a.costed_quantity AS costed,
                   a.costed_quantity * a.unit_cost AS worth, a.unit_cost
              FROM stockflow.average_costs($1, $2, products) AS a WHERE chosen = 'moving_average'
            UNION ALL
            SELECT y.product_id, y.owned, y.costed, y.worth,
                   CASE WHEN y.owned > 0 THEN round(y.worth, 24) / nullif(y.costed, 0) ELSE y.last_cost END
              FROM (SELECT y.product_id, sum(y.quantity) AS owned, sum(y.quantity * y.unit_cost) AS worth,
                           coalesce(sum(y.quantity) FILTER (WHERE y.unit_cost IS NOT NULL), 0) AS costed,
                           max(y.unit_cost) FILTER (WHERE y.version IS NULL) AS last_cost
                      FROM stockflow.receipt_layers($1, $2, products) AS y GROUP BY y.product_id) AS y
             WHERE chosen = 'fifo'),
        on_hand AS (
            SELECT b.product_id, b.warehouse_id, b.quantity FROM stockflow.balances_at($1, $2, NULL, products) AS b),
        places AS (
            SELECT h.product_id, h.warehouse_id, h.quantity FROM on_hand h WHERE h.quantity <> 0
            UNION ALL  -- sent and not received
            SELECT c.product_id, NULL, c.owned - coalesce(h.quantity, 0)
              FROM costs c LEFT JOIN (SELECT h.product_id, sum(h.quantity) AS quantity FROM on_hand h GROUP BY h.product_id) AS h
                USING (product_id)
             WHERE c.owned <> coalesce(h.quantity, 0)),
        -- A place has the share of its product that lies between two running totals, so that the
        -- rounded parts add up to the rounded whole.
        shares AS (
            SELECT s.*, c.unit_cost, c.costed = c.owned AS is_known,
                   CASE WHEN c.unit_cost IS NULL THEN 0 WHEN c.costed = c.owned THEN s.quantity
                        ELSE round(round(c.costed * s.running, 24) / c.owned, 6)
                           - round(round(c.costed * (s.running - s.quantity), 24) / c.owned, 6) END AS costed_quantity,
                   CASE WHEN c.unit_cost IS NULL THEN 0
                        WHEN c.owned > 0 THEN round(round(c.worth * s.running, 24) / c.owned, 6)
                                            - round(round(c.worth * (s.running - s.quantity), 24) / c.owned, 6)
                        ELSE round(c.unit_cost * s.running, 6)
                           - round(c.unit_cost * (s.running - s.quantity), 6) END AS costed_value
              FROM (SELECT p.*, sum(p.quantity) OVER (PARTITION BY p.product_id ORDER BY p.warehouse_id) AS running
                      FROM places p) AS s
              LEFT JOIN costs c ON c.product_id = s.product_id)
        SELECT s.product_id, s.warehouse_id, trim_scale(s.quantity), trim_scale(round(s.unit_cost, 6)),
               CASE WHEN s.is_known AND s.unit_cost IS NOT NULL THEN trim_scale(s.costed_value) END,
               trim_scale(s.costed_quantity), trim_scale(s.costed_value)
          FROM shares s;
    END
    $$;
COMMENT ON FUNCTION stockflow.valued_stock(bigint, timestamptz, text, bigint, bigint) IS
'Internal. The rows of stock_valuation, of all warehouses.';

CREATE FUNCTION stockflow.stock_valuation(
    company_id bigint, at timestamptz DEFAULT 'infinity', method text DEFAULT 'moving_average',
    warehouse_id bigint DEFAULT NULL, product_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text, quantity numeric,
        unit_cost numeric, value numeric, costed_quantity numeric, costed_value numeric)
    LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT v.product_id, p.sku, p.name, v.warehouse_id, w.name, v.quantity, v.unit_cost, v.value, v.costed_quantity,
               v.costed_value
          FROM stockflow.valued_stock($1, $2, $3, $5, $6) AS v
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = v.product_id
          LEFT JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = v.warehouse_id
         WHERE $4 IS NULL OR v.warehouse_id = $4
         ORDER BY v.product_id, v.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.stock_valuation(bigint, timestamptz, text, bigint, bigint, bigint) IS
'Stock and its value at a moment (infinity: everything that is recorded; then quantity is inventory.quantity), one row per product and warehouse with stock; the row without a warehouse is in transit. method: moving_average or fifo. Costs are per product for the whole company: what comes in with unit_cost has that; a receipt without one is of unknown cost; what else comes in (returned, found) has the average cost (moving_average) or undoes what left last (fifo); a receipt taken back (reason receipt, negative, with unit_cost) takes its cost along; transfers have none. unit_cost: average over the units whose cost is known, six decimals. value: NULL when the cost of any unit is unknown; costed_quantity and costed_value are the part that is known. Stock below zero has a negative value, at the latest cost. Values have six decimals and add up to the rounded value of the product. An unknown company has no rows. Errors: 22004 NULL company, moment or method, 22023 another method.';
