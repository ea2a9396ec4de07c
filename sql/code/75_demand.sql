-- Demand as a series of days, from the days that the ledger keeps, for forecasts and reports.
CREATE FUNCTION stockflow.demand_days(company_id bigint, product_id bigint, warehouse_id bigint)
    RETURNS TABLE(day date, demand numeric, returned numeric, other numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT h.day, h.demand, h.returned, h.other
          FROM stockflow.demand_history h
         WHERE h.company_id = $1 AND h.product_id = $2 AND h.warehouse_id = $3
           AND EXISTS (SELECT FROM stockflow.inventory i WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3)
        UNION ALL
        SELECT r.day, r.demand, r.returned, r.other
          FROM stockflow.inventory i, stockflow.recent_days(i.recent_days) AS r
         WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3
        UNION ALL
        -- A row that was deleted took its recent days along; the ledger still has them.
        SELECT e.day, sum(e.demand), sum(e.returned), sum(e.delta + e.demand - e.returned)
          FROM (SELECT (l.occurred_at AT TIME ZONE c.timezone)::date AS day, l.delta,
                       CASE WHEN l.reason IN ('sale', 'consumption') THEN coalesce(l.bundle_quantity, -l.delta) ELSE 0 END AS demand,
                       CASE WHEN l.reason = 'return' THEN coalesce(l.bundle_quantity, l.delta) ELSE 0 END AS returned
                  FROM stockflow.ledger l JOIN stockflow.companies c ON c.company_id = l.company_id
                 WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3
                   AND NOT EXISTS (SELECT FROM stockflow.inventory i WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3)) AS e
         GROUP BY e.day
    $$;
COMMENT ON FUNCTION stockflow.demand_days(bigint, bigint, bigint) IS
'The days with movements of a product in a warehouse, each once, in no order: units sold or consumed, taken back, and moved otherwise (signed); stock changed by other - demand + returned. Days of the company''s time zone. No rows for an unknown key.';

CREATE FUNCTION stockflow.demand_series(
    company_id bigint, product_id bigint, warehouse_id bigint, from_day date DEFAULT NULL, to_day date DEFAULT NULL)
    RETURNS TABLE(day date, units numeric, in_stock boolean, demand numeric, returned numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        WITH known AS MATERIALIZED (
            SELECT d.day, d.demand, d.returned, d.other FROM stockflow.demand_days($1, $2, $3) AS d),
        bounds AS (
            SELECT coalesce($4, min(k.day)) AS first,
                   coalesce($5, stockflow.company_today($1)) AS last,
                   greatest(max(k.day), $5) AS latest
              FROM known k HAVING count(*) > 0),
        -- Balances by walking on from the first movement, so also of a row that is deleted.
        walked AS (
            SELECT s.day::date AS day, coalesce(k.demand, 0) AS demand, coalesce(k.returned, 0) AS returned,
                   sum(coalesce(k.other - k.demand + k.returned, 0)) OVER (ORDER BY s.day) AS closing,
                   coalesce(k.other - k.demand + k.returned, 0) AS change
              FROM bounds b
             CROSS JOIN LATERAL generate_series((SELECT least(min(k.day), b.first) FROM known k)::timestamp, greatest(b.last, b.latest)::timestamp, interval '1 day') AS s(day)
              LEFT JOIN known k ON k.day = s.day::date)
        SELECT w.day, greatest(w.demand - w.returned, 0), w.closing - w.change > 0 OR w.closing > 0 OR w.demand > 0, w.demand, w.returned
          FROM walked w, bounds b
         WHERE w.day BETWEEN b.first AND b.last
         ORDER BY w.day
    $$;
COMMENT ON FUNCTION stockflow.demand_series(bigint, bigint, bigint, date, date) IS
'Demand of a product in a warehouse as days without gaps, from from_day (NULL: the first movement) to to_day (NULL: today in the company''s time zone), both included: units = demand less returns of the day, never below 0; in_stock: the product could be sold that day (it opened or closed above 0, or something was sold); and both figures of which units is made. A day without it hides demand: leave it out of a forecast rather than count it as 0. No rows for an unknown key.';
