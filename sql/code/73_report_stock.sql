-- Reports on periods of stock: turnover, stock-outs, slow and surplus stock.
CREATE FUNCTION stockflow.stock_summary(
    company_id bigint, from_day date, to_day date, only_warehouse bigint, only_product bigint, only_category bigint,
    target_days numeric DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, warehouse_id bigint, opening numeric, closing numeric, average numeric, demand numeric,
        days integer, days_known integer, days_in_stock integer, rate_days integer, cover_days numeric, needed numeric,
        stockouts integer, longest_stockout integer, out_since date)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
    AS $$
    #variable_conflict use_column
    DECLARE
        products CONSTANT bigint[] := stockflow.report_products($1, $5, $6);
        zone text;
        last_day date;  -- what has not happened yet is no part of a period
        cover CONSTANT numeric := coalesce($7, (SELECT c.cover_days FROM stockflow.companies c WHERE c.company_id = $1));
    BEGIN
        SELECT p.timezone, least($3, p.today) INTO zone, last_day FROM stockflow.report_period($1, $2, $3) AS p;
        IF last_day IS NULL OR last_day < $2 THEN
            RETURN;
        END IF;
        RETURN QUERY
        WITH moved AS MATERIALIZED (
            SELECT t.* FROM stockflow.daily_totals($1, zone, $2, NULL, $4, products) AS t),
        sums AS (
            SELECT m.product_id, m.warehouse_id, sum(m.change) AS since, sum(m.entries) AS entries,
                   sum(m.change) FILTER (WHERE m.day <= last_day) AS within,
                   sum(m.change * (last_day - m.day + 1)) FILTER (WHERE m.day <= last_day) AS weighted,
                   sum(m.demand - m.returned) FILTER (WHERE m.day <= last_day) AS demand
              FROM moved m GROUP BY m.product_id, m.warehouse_id),
        -- Where inventory has a row, or something happened since. There are entries from before the
        -- period when the chain is longer than what was read.
        pairs AS (
            SELECT product_id, warehouse_id, coalesce(i.quantity, 0) - coalesce(s.since, 0) AS opening,
                   coalesce(s.within, 0) AS within, coalesce(s.weighted, 0) AS weighted, coalesce(s.demand, 0) AS demand,
                   coalesce(i.version, (SELECT max(l.version) FROM stockflow.ledger l
                                         WHERE l.company_id = $1 AND l.product_id = s.product_id
                                           AND l.warehouse_id = s.warehouse_id)) > coalesce(s.entries, 0) AS known_before
              FROM (SELECT i.product_id, i.warehouse_id, i.quantity, i.version FROM stockflow.inventory i
                     WHERE i.company_id = $1 AND ($4 IS NULL OR i.warehouse_id = $4)
                       AND (products IS NULL OR i.product_id = ANY (products))) AS i
              FULL JOIN sums s USING (product_id, warehouse_id)),
        -- The day before the period, and each day with movements: what was there when it ended.
        points AS (
            SELECT p.product_id, p.warehouse_id, $2 - 1 AS day, 0 AS length, false AS in_stock, p.opening AS closing
              FROM pairs p WHERE p.known_before
            UNION ALL
            SELECT b.product_id, b.warehouse_id, b.day, 1, b.closing > 0 OR b.closing - b.change > 0 OR b.demand > 0, b.closing
              FROM (SELECT m.product_id, m.warehouse_id, m.day, m.change, m.demand,
                           p.opening + sum(m.change) OVER (PARTITION BY m.product_id, m.warehouse_id ORDER BY m.day) AS closing
                      FROM moved m JOIN pairs p USING (product_id, warehouse_id) WHERE m.day <= last_day) AS b),
        -- Each such day and the quiet days after it, numbered by the days in stock before them.
        stretches AS (
            SELECT q.product_id, q.warehouse_id, x.first_day, x.length, x.in_stock,
                   count(*) FILTER (WHERE x.in_stock) OVER (PARTITION BY q.product_id, q.warehouse_id ORDER BY x.first_day) AS run
              FROM (SELECT p.*, lead(p.day, 1, last_day + 1) OVER (PARTITION BY p.product_id, p.warehouse_id ORDER BY p.day) AS next_day
                      FROM points p) AS q
             CROSS JOIN LATERAL (VALUES (q.day, q.length, q.in_stock), (q.day + 1, q.next_day - q.day - 1, q.closing > 0))
                                AS x(first_day, length, in_stock)
             WHERE x.length > 0),
        runs AS (
            SELECT t.product_id, t.warehouse_id, t.in_stock, sum(t.length) AS length, min(t.first_day) AS first_day,
                   max(t.first_day + t.length) AS next_day
              FROM stretches t GROUP BY t.product_id, t.warehouse_id, t.in_stock, CASE WHEN NOT t.in_stock THEN t.run END),
        counts AS (
            SELECT r.product_id, r.warehouse_id, sum(r.length) AS known, coalesce(sum(r.length) FILTER (WHERE r.in_stock), 0) AS in_stock,
                   count(*) FILTER (WHERE NOT r.in_stock) AS stockouts,
                   coalesce(max(r.length) FILTER (WHERE NOT r.in_stock), 0) AS longest,
                   max(r.first_day) FILTER (WHERE NOT r.in_stock AND r.next_day > last_day) AS out_since
              FROM runs r GROUP BY r.product_id, r.warehouse_id)
        SELECT p.product_id, p.warehouse_id, p.opening, p.opening + p.within,
               p.opening + p.weighted / (last_day - $2 + 1), p.demand, last_day - $2 + 1,
               c.known::integer, c.in_stock::integer, greatest(c.in_stock, 7)::integer,
               CASE WHEN p.opening + p.within <= 0 THEN 0
                    WHEN p.demand > 0 THEN floor((p.opening + p.within) * greatest(c.in_stock, 7) / p.demand) END,
               greatest(p.demand, 0) * cover / greatest(c.in_stock, 7),
               c.stockouts::integer, c.longest::integer, c.out_since
          FROM pairs p
          JOIN counts c ON c.product_id = p.product_id AND c.warehouse_id = p.warehouse_id
          JOIN stockflow.products r ON r.company_id = $1 AND r.product_id = p.product_id AND NOT r.is_bundle AND r.is_stocked;
    END
    $$;
COMMENT ON FUNCTION stockflow.stock_summary(bigint, date, date, bigint, bigint, bigint, numeric) IS
'Internal. What happened to each product in each warehouse in a period, which ends today at the latest: stock at its beginning and end, mean over the ends of its days, net demand, days since it is known there, days in stock (as low_stock_alerts counts them), days that a daily rate is over (days in stock, at least 7), days that the stock lasts at that rate, units needed for target_days (NULL: companies.cover_days), and stock-outs. Bundles and services are left out. One scan of the entries since from_day. Errors: 22004 NULL company or day, 22023 a period that ends before it begins.';

CREATE FUNCTION stockflow.stock_turnover(
    company_id bigint, from_day date, to_day date, warehouse_id bigint DEFAULT NULL,
    product_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text,
        opening numeric, closing numeric, average_stock numeric, demand numeric, daily_demand numeric,
        turnover numeric, annual_turnover numeric, days_held numeric, cover_days numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT s.product_id, p.sku, p.name, s.warehouse_id, w.name, trim_scale(s.opening), trim_scale(s.closing),
               trim_scale(round(s.average, 6)), trim_scale(s.demand), trim_scale(round(s.demand / s.rate_days, 6)),
               CASE WHEN s.average > 0 THEN trim_scale(round(s.demand / s.average, 6)) END,
               CASE WHEN s.average > 0 THEN trim_scale(round(s.demand * 365 / (s.average * s.days), 6)) END,
               CASE WHEN s.average > 0 AND s.demand > 0 THEN trim_scale(round(s.average * s.days / s.demand, 6)) END,
               s.cover_days
          FROM stockflow.stock_summary($1, $2, $3, $4, $5, $6) AS s
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = s.product_id
          LEFT JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = s.warehouse_id
         ORDER BY s.product_id, s.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.stock_turnover(bigint, date, date, bigint, bigint, bigint) IS
'How fast stock turns over in a period (both days included, up to today, in the company''s time zone), one row per product and warehouse, in units. average_stock: mean of the stock at the end of each day. demand: sales and consumption less returns. daily_demand: per day in stock, over at least 7 days. turnover: demand / average_stock; annual_turnover: the same for 365 days; days_held: days that a unit stays on average; cover_days: days that the stock at the end lasts at daily_demand, 0 without stock. NULL where the divisor is not above 0. Six decimals. An unknown company has no rows. Errors: 22004 NULL company or day, 22023 a period that ends before it begins.';

CREATE FUNCTION stockflow.stockout_days(
    company_id bigint, from_day date, to_day date, warehouse_id bigint DEFAULT NULL,
    product_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text,
        days_known integer, days_in_stock integer, days_out_of_stock integer, stockouts integer,
        longest_stockout integer, out_since date, demand numeric, lost_demand numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT s.product_id, p.sku, p.name, s.warehouse_id, w.name, s.days_known, s.days_in_stock,
               s.days_known - s.days_in_stock, s.stockouts, s.longest_stockout, s.out_since, trim_scale(s.demand),
               trim_scale(round(greatest(s.demand, 0) * (s.days_known - s.days_in_stock) / s.rate_days, 6))
          FROM stockflow.stock_summary($1, $2, $3, $4, $5, $6) AS s
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = s.product_id
          LEFT JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = s.warehouse_id
         WHERE p.deleted_at IS NULL AND w.deleted_at IS NULL
         ORDER BY s.product_id, s.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.stockout_days(bigint, date, date, bigint, bigint, bigint) IS
'Days out of stock in a period (both days included, up to today, in the company''s time zone), one row per product and warehouse. A day is out of stock when it opened and closed at or below 0 and nothing was sold, from the first day on which the product had an entry there; days_in_stock counts as low_stock_alerts does. stockouts: stretches of such days; longest_stockout: days of the longest; out_since: first day of the one that lasts until the end of the period, else NULL. lost_demand: estimate, net demand per day in stock (over at least 7 days) times days out of stock. Deleted products, closed warehouses, bundles and services are left out. An unknown company has no rows. Errors: 22004 NULL company or day, 22023 a period that ends before it begins.';

CREATE FUNCTION stockflow.slow_stock(
    company_id bigint, from_day date, to_day date, slow_cover_days integer DEFAULT 180,
    warehouse_id bigint DEFAULT NULL, product_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text, status text,
        on_hand numeric, demand numeric, cover_days numeric, days_in_stock integer, last_sold_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT s.product_id, p.sku, p.name, s.warehouse_id, w.name,
               CASE WHEN s.demand > 0 THEN 'slow' WHEN s.days_in_stock = s.days THEN 'dead' ELSE 'idle' END,
               trim_scale(s.closing), trim_scale(s.demand), s.cover_days, s.days_in_stock, i.last_sold_at
          FROM stockflow.stock_summary($1, $2, $3, $5, $6, $7, stockflow.report_number('slow_cover_days', $4, 0, 36500)) AS s
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = s.product_id
          LEFT JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = s.warehouse_id
          LEFT JOIN stockflow.inventory i ON i.company_id = $1 AND i.product_id = s.product_id AND i.warehouse_id = s.warehouse_id
         WHERE s.closing > 0 AND (s.demand <= 0 OR s.closing > s.needed)
         ORDER BY s.product_id, s.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.slow_stock(bigint, date, date, integer, bigint, bigint, bigint) IS
'Stock that does not move, at the end of a period (both days included, up to today, in the company''s time zone), one row per product and warehouse. status: dead (no net demand, and in stock on each of its days), idle (no net demand, but it was not there all the time), slow (it lasts longer than slow_cover_days, 0 to 36500, at the demand per day in stock, over at least 7 days). cover_days: how long it lasts, NULL without demand. Deleted products and closed warehouses are included: the goods are still there. An unknown company has no rows. Errors: 22004 NULL, 22023 a period that ends before it begins, slow_cover_days out of range.';

CREATE FUNCTION stockflow.overstock(
    company_id bigint, from_day date, to_day date, target_cover_days integer DEFAULT NULL,
    warehouse_id bigint DEFAULT NULL, product_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text, on_hand numeric,
        demand numeric, daily_demand numeric, cover_days numeric, reorder_point numeric, target numeric, excess numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT s.product_id, p.sku, p.name, s.warehouse_id, w.name, trim_scale(s.closing), trim_scale(s.demand),
               trim_scale(round(s.demand / s.rate_days, 6)), s.cover_days, trim_scale(i.effective_reorder_point),
               trim_scale(t.target), trim_scale(s.closing - t.target)
          FROM stockflow.stock_summary($1, $2, $3, $5, $6, $7,
                   CASE WHEN $4 IS NOT NULL THEN stockflow.report_number('target_cover_days', $4, 0, 36500) END) AS s
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = s.product_id
          LEFT JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = s.warehouse_id
          LEFT JOIN stockflow.inventory i ON i.company_id = $1 AND i.product_id = s.product_id AND i.warehouse_id = s.warehouse_id
         -- As suggested orders reckon, so that what they fill up is no surplus.
         CROSS JOIN LATERAL (SELECT greatest(p.order_up_to, coalesce(i.effective_reorder_point, 0) + s.needed)) AS n(target)
         CROSS JOIN LATERAL (SELECT CASE WHEN p.whole_units THEN ceil(n.target) ELSE round(n.target, 6) END) AS t(target)
         WHERE s.closing > t.target
         ORDER BY s.product_id, s.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.overstock(bigint, date, date, integer, bigint, bigint, bigint) IS
'Stock above what should be there, at the end of a period (both days included, up to today, in the company''s time zone), one row per product and warehouse, in units. target: the reorder point plus the demand of target_cover_days days (0 to 36500; NULL: companies.cover_days) at daily_demand, at least products.order_up_to, rounded up to whole units where the product comes in them; excess: on_hand - target. daily_demand: net demand of the period per day in stock, over at least 7 days. cover_days: days that the stock lasts, NULL without demand. An unknown company has no rows. Errors: 22004 NULL company or day, 22023 a period that ends before it begins, target_cover_days out of range.';
