-- Planning with forecasts: demand from the ledger's days, forecasts that are kept, and the reorder
-- points that follow from them.
CREATE FUNCTION stockflow.demand_buckets(
    company_id bigint, product_id bigint, warehouse_id bigint DEFAULT NULL, bucket text DEFAULT 'week',
    from_day date DEFAULT NULL, to_day date DEFAULT NULL)
    RETURNS TABLE(first_day date, last_day date, days integer, days_in_stock integer, units numeric, adjusted_units numeric, demand numeric, returned numeric)
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'product_id');
        IF bucket IS NULL OR bucket NOT IN ('day', 'week', 'month') THEN
            RAISE EXCEPTION 'bucket "%" is not known', bucket
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Use day, week (from Monday) or month.';
        END IF;
        RETURN QUERY
        WITH daily AS (
            -- A day on which one warehouse could sell is a day on which the product could be bought.
            SELECT s.day, sum(s.units) AS units, bool_or(s.in_stock) AS in_stock, sum(s.demand) AS demand, sum(s.returned) AS returned
              FROM (SELECT i.warehouse_id FROM stockflow.inventory i WHERE i.company_id = $1 AND i.product_id = $2
                    UNION SELECT $3 WHERE $3 IS NOT NULL) AS w
             CROSS JOIN LATERAL stockflow.demand_series($1, $2, w.warehouse_id, $5, $6) AS s
             WHERE $3 IS NULL OR w.warehouse_id = $3
             GROUP BY s.day),
        bucketed AS (
            SELECT date_trunc(bucket, d.day::timestamp)::date AS start, min(d.day) AS first, max(d.day) AS last, count(*)::integer AS days,
                   (count(*) FILTER (WHERE d.in_stock))::integer AS in_stock,
                   sum(d.units) AS units, sum(d.demand) AS demand, sum(d.returned) AS returned
              FROM daily d GROUP BY 1)
        SELECT b.first, b.last, b.days, b.in_stock, trim_scale(b.units),
               CASE WHEN b.in_stock > 0 THEN trim_scale(round(b.units * b.days / b.in_stock, 6)) END,
               trim_scale(b.demand), trim_scale(b.returned)
          FROM bucketed b ORDER BY b.start;
    END
    $$;
COMMENT ON FUNCTION stockflow.demand_buckets(bigint, bigint, bigint, text, date, date) IS
'demand_series in buckets of a day, week (Monday to Sunday) or month of the company''s calendar, of a warehouse or (NULL) all: first and last day that fall into the period, how many, and on how many of them the product could be sold; units (never below 0 per day and warehouse); adjusted_units: as if it could have been sold on all days, NULL when on none. The first and the last bucket may be parts of a period. No rows for an unknown key. Errors: 22004 NULL, 22023 unknown bucket.';

CREATE FUNCTION stockflow.forecast_demand(
    company_id bigint, product_id bigint, warehouse_id bigint DEFAULT NULL, horizon_days integer DEFAULT 30,
    method text DEFAULT 'auto', levels float8[] DEFAULT '{0.5,0.9,0.95}', mask_stockouts boolean DEFAULT true,
    history_days integer DEFAULT 730, cumulative boolean DEFAULT false)
    RETURNS TABLE(day date, mean float8, quantiles float8[])
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 100000 ROWS 30 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_forecast_demand';
COMMENT ON FUNCTION stockflow.forecast_demand(bigint, bigint, bigint, integer, text, float8[], boolean, integer, boolean) IS
'Forecast of the demand for a product in a warehouse, or (NULL) of the sum of all open warehouses, for horizon_days days (1 to 3650) from today, from its days up to yesterday (history_days of them at most), with a season of a week. mask_stockouts: days on which it could not be sold count as days of the same weekday on which it could, not as 0. mean, quantiles, levels, method, cumulative: as forecast. No rows for an unknown, deleted or closed key, or one without demand. Errors: 22004, 2202E, 22023 as forecast.';

CREATE FUNCTION stockflow.forecast_company(
    company_id bigint, warehouse_id bigint DEFAULT NULL, horizon_days integer DEFAULT 30,
    method text DEFAULT 'auto', levels float8[] DEFAULT '{0.5,0.9,0.95}', mask_stockouts boolean DEFAULT true,
    history_days integer DEFAULT 730, cumulative boolean DEFAULT false, by_warehouse boolean DEFAULT true)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, day date, mean float8, quantiles float8[])
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_forecast_company';
COMMENT ON FUNCTION stockflow.forecast_company(bigint, bigint, integer, text, float8[], boolean, integer, boolean, boolean) IS
'forecast_demand of everything that a company, or one warehouse, has sold, by product, warehouse and day; by_warehouse => false: of each product over all of these warehouses, warehouse_id is NULL. One pair is in memory at a time. No rows for an unknown company. Errors: as forecast_demand.';

CREATE FUNCTION stockflow.refresh_forecasts(
    company_id bigint, max_age_days integer DEFAULT 7, history_days integer DEFAULT 730,
    max_pairs integer DEFAULT NULL, computed_before timestamptz DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_refresh_forecasts';
COMMENT ON FUNCTION stockflow.refresh_forecasts(bigint, integer, integer, integer, timestamptz) IS
'Forecasts each product in each warehouse that is due, keeps that in forecasts, brings dynamic reorder points up to date, and returns how many pairs that were. Due is a pair without a forecast, with a newer entry in the ledger, whose forecast is older than max_age_days, or whose method, review_days or assumed lead time has changed. max_pairs: so many at most, in key order; call it again until it returns 0. computed_before: pairs whose forecast is not older than this are not due. history_days: 1 to 3650. Errors: 23503 unknown company; 22004, 22023 argument out of range; 22023 a forecast_method that is not known.';

CREATE PROCEDURE stockflow.refresh_all_forecasts(
    company_id bigint DEFAULT NULL, batch_pairs integer DEFAULT 1000, max_age_days integer DEFAULT 7, history_days integer DEFAULT 730)
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'stockflow_refresh_all_forecasts';
COMMENT ON PROCEDURE stockflow.refresh_all_forecasts(bigint, integer, integer, integer) IS
'refresh_forecasts of a company, or (NULL) of all that the session sees, in batches that commit: each pair once. What is done stays when it is cancelled, and the next call goes on. CALL it outside of a transaction block. Errors: 2D000 inside of one; else as refresh_forecasts.';

CREATE FUNCTION stockflow.level_quantile(levels float8[], quantiles float8[], level float8) RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_level_quantile';
COMMENT ON FUNCTION stockflow.level_quantile(float8[], float8[], float8) IS
'The quantile at a level (from 0, below 1) of a distribution given by its quantiles at others: on the straight line between its neighbours; above the last, of an exponential tail. NULL for a NULL. Errors: 22023 arrays that do not rise or differ in length, or a level out of range.';

CREATE FUNCTION stockflow.product_classes(company_id bigint) RETURNS TABLE(product_id bigint, abc text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        -- The share is counted before the product, so that a dominant one is A.
        SELECT r.product_id, CASE WHEN r.value <= 0 THEN 'N' WHEN r.before < 0.8 * r.whole THEN 'A' WHEN r.before < 0.95 * r.whole THEN 'B' ELSE 'C' END
          FROM (SELECT v.product_id, v.value, sum(v.value) OVER () AS whole,
                       sum(v.value) OVER (ORDER BY v.value DESC, v.product_id ROWS UNBOUNDED PRECEDING) - v.value AS before
                  FROM (SELECT p.product_id, sum(f.daily_mean) * p.price::float8 AS value
                          FROM stockflow.forecasts f
                          JOIN stockflow.products p ON p.company_id = f.company_id AND p.product_id = f.product_id
                         WHERE f.company_id = $1
                         GROUP BY p.product_id, p.price) AS v) AS r
    $$;
COMMENT ON FUNCTION stockflow.product_classes(bigint) IS
'ABC classes of the products that are planned, by expected demand times price: A while the products before make up less than 80 % of the whole, B less than 95 %, else C; N without demand.';

CREATE FUNCTION stockflow.planned_reorder_points(company_id bigint, product_ids bigint[] DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, warehouse_id bigint, reorder_policy text, abc_class text, service_level float8,
        lead_time_mean float8, lead_time_sd float8, lead_time_source text, review_days integer,
        demand_mean float8, safety_stock float8, computed_reorder_point numeric, computed_order_quantity numeric,
        dynamic_reorder_point numeric, dynamic_order_quantity numeric, inherited_reorder_point numeric,
        effective_reorder_point numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT r.product_id, r.warehouse_id, r.policy, r.abc_class, r.level, r.lead_time_mean, r.lead_time_sd,
               r.lead_time_source, r.review_days, r.demand_mean, r.quantile - r.demand_mean, c.point, c.quantity,
               CASE WHEN r.applies THEN c.point END, CASE WHEN r.applies AND c.point IS NOT NULL THEN c.quantity END,
               r.inherited, r.effective
          FROM (SELECT i.product_id, i.warehouse_id, i.effective_reorder_point AS effective, p.whole_units, s.*, f.abc_class,
                       f.lead_time_mean, f.lead_time_sd, f.lead_time_source, f.review_days, f.demand_mean, f.daily_mean,
                       stockflow.level_quantile(f.levels, f.quantiles, s.level) AS quantile,
                       CASE s.rule WHEN 'cover' THEN s.cover * f.daily_mean
                            WHEN 'eoq' THEN sqrt(2 * 365 * f.daily_mean * s.order_cost / nullif(s.holding_rate * f.unit_cost::float8, 0)) END AS quantity,
                       s.policy = 'dynamic' AND NOT p.is_bundle AND p.is_stocked AS applies,
                       coalesce(p.reorder_point, g.reorder_point, c.reorder_point) AS inherited
                  FROM stockflow.inventory i
                  JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id
                  JOIN stockflow.companies c ON c.company_id = i.company_id
                  LEFT JOIN stockflow.categories g ON g.company_id = p.company_id AND g.category_id = p.category_id
                  LEFT JOIN stockflow.forecasts f
                    ON f.company_id = i.company_id AND f.product_id = i.product_id AND f.warehouse_id = i.warehouse_id
                  LEFT JOIN stockflow.replenishment_policies pp ON pp.company_id = i.company_id AND pp.product_id = i.product_id
                  LEFT JOIN stockflow.replenishment_policies pg ON pg.company_id = i.company_id AND pg.category_id = p.category_id
                  LEFT JOIN stockflow.replenishment_policies pc
                    ON pc.company_id = i.company_id AND pc.category_id IS NULL AND pc.product_id IS NULL
                 CROSS JOIN LATERAL (SELECT
                       coalesce(pp.reorder_policy, pg.reorder_policy, pc.reorder_policy, 'manual') AS policy,
                       coalesce(pp.order_rule, pg.order_rule, pc.order_rule) AS rule,
                       coalesce(pp.cover_days, pg.cover_days, pc.cover_days, c.cover_days) AS cover,
                       coalesce(pp.order_cost, pg.order_cost, pc.order_cost)::float8 AS order_cost,
                       coalesce(pp.holding_rate, pg.holding_rate, pc.holding_rate)::float8 AS holding_rate,
                       coalesce(CASE f.abc_class WHEN 'A' THEN pp.service_level_a WHEN 'B' THEN pp.service_level_b ELSE pp.service_level_c END,
                                pp.service_level,
                                CASE f.abc_class WHEN 'A' THEN pg.service_level_a WHEN 'B' THEN pg.service_level_b ELSE pg.service_level_c END,
                                pg.service_level,
                                CASE f.abc_class WHEN 'A' THEN pc.service_level_a WHEN 'B' THEN pc.service_level_b ELSE pc.service_level_c END,
                                pc.service_level, 0.95)::float8 AS level) AS s
                 WHERE i.company_id = $1 AND ($2 IS NULL OR i.product_id = ANY ($2))) AS r
         -- Rounded up to what the product can be counted in; a hair above a whole number is none.
         CROSS JOIN LATERAL (SELECT
               trim_scale(CASE WHEN r.whole_units AND r.quantile IS NOT NULL THEN ceil(least(r.quantile, 999999999999) - 1e-6)::numeric
                               WHEN r.quantile IS NOT NULL THEN ceil(least(r.quantile, 999999999999)::numeric * 1000) / 1000 END) AS point,
               trim_scale(CASE WHEN r.quantity IS NULL THEN NULL
                               WHEN r.whole_units THEN ceil(least(greatest(r.quantity, 1), 999999999999) - 1e-6)::numeric
                               ELSE ceil(least(greatest(r.quantity, 0.001), 999999999999)::numeric * 1000) / 1000 END) AS quantity) AS c
         ORDER BY r.product_id, r.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.planned_reorder_points(bigint, bigint[]) IS
'What planning makes of each row of inventory of a company (product_ids: of these products). computed_reorder_point: the demand of lead time and review that is not passed with probability service_level, rounded up to whole units or to three decimals; safety_stock is its part above demand_mean, before rounding. computed_order_quantity: by the policy''s order_rule, NULL without one. dynamic_…: the same where the policy is dynamic, else NULL; inherited_reorder_point: of product, category or company; effective_reorder_point: in force now. Computed columns are NULL without a forecast.';

CREATE FUNCTION stockflow.refresh_reorder_points(company_id bigint) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_refresh_reorder_points';
COMMENT ON FUNCTION stockflow.refresh_reorder_points(bigint) IS
'Brings the dynamic reorder points of a company up to date with forecasts and policies, in one statement and key order, and returns how many rows changed. refresh_forecasts does it, and so does a change of replenishment_policies or of a product; needed by itself only after forecasts were changed by hand. Errors: 22004, 23503 unknown company.';

CREATE FUNCTION stockflow.policy_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_policy_after';
COMMENT ON FUNCTION stockflow.policy_after() IS
'AFTER STATEMENT trigger of replenishment_policies: brings inventory''s dynamic and effective reorder points up to date, in the transaction that changed the policies.';

CREATE FUNCTION stockflow.planned_product_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_planned_product_after';
COMMENT ON FUNCTION stockflow.planned_product_after() IS
'AFTER ROW trigger of products: the same for a product whose category, unit or kind has changed.';

CREATE FUNCTION stockflow.verify_forecasts(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT i.company_id, i.product_id, i.warehouse_id,
               CASE WHEN i.dynamic_reorder_point IS DISTINCT FROM w.dynamic_reorder_point
                    THEN format('dynamic_reorder_point is %s, policy and forecast make %s',
                                coalesce(i.dynamic_reorder_point::text, 'unset'), coalesce(w.dynamic_reorder_point::text, 'none'))
                    ELSE format('dynamic_order_quantity is %s, policy and forecast make %s',
                                coalesce(i.dynamic_order_quantity::text, 'unset'), coalesce(w.dynamic_order_quantity::text, 'none')) END
          FROM stockflow.companies c
         CROSS JOIN LATERAL stockflow.planned_reorder_points(c.company_id) AS w
          JOIN stockflow.inventory i
            ON i.company_id = c.company_id AND i.product_id = w.product_id AND i.warehouse_id = w.warehouse_id
         WHERE ($1 IS NULL OR c.company_id = $1)
           AND (i.dynamic_reorder_point IS DISTINCT FROM w.dynamic_reorder_point
                OR i.dynamic_order_quantity IS DISTINCT FROM w.dynamic_order_quantity)
         ORDER BY 1, 2, 3
    $$;
COMMENT ON FUNCTION stockflow.verify_forecasts(bigint) IS
'Proves the dynamic reorder points and order quantities of a company (NULL: of all): they are those of policies and forecasts. No row: sound.';
