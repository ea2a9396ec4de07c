-- Planning with forecasts: demand from the ledger's days, forecasts that are kept, and the reorder
-- points that follow from them.
CREATE FUNCTION stockflow.demand_buckets(
    company_id bigint, product_id bigint, warehouse_id bigint DEFAULT NULL, bucket text DEFAULT 'week',
    from_day date DEFAULT NULL, to_day date DEFAULT NULL)
    RETURNS TABLE(first_day date, last_day date, days integer, days_in_stock integer, units numeric, adjusted_units numeric, demand numeric, returned numeric)
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
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
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 100000 SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_forecast_company';
COMMENT ON FUNCTION stockflow.forecast_company(bigint, bigint, integer, text, float8[], boolean, integer, boolean, boolean) IS
'forecast_demand of everything that a company, or one warehouse, has sold, by product, warehouse and day; by_warehouse => false: of each product over all of these warehouses, warehouse_id is NULL. One pair is in memory at a time. No rows for an unknown company. Errors: as forecast_demand.';

CREATE FUNCTION stockflow.refresh_forecasts(
    company_id bigint, max_age_days integer DEFAULT 7, history_days integer DEFAULT 730,
    max_pairs integer DEFAULT NULL, computed_before timestamptz DEFAULT NULL, part integer DEFAULT 1, parts integer DEFAULT 1)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_refresh_forecasts';
COMMENT ON FUNCTION stockflow.refresh_forecasts(bigint, integer, integer, integer, timestamptz, integer, integer) IS
'Forecasts each product in each warehouse that is due, keeps that in forecasts, brings dynamic reorder points up to date, and returns how many pairs that were. Due is a pair without a forecast, with a newer entry in the ledger, whose forecast is older than max_age_days, or whose method, review_days or lead time has changed. max_pairs: so many at most, in key order; call it again until it returns 0. computed_before: pairs whose forecast is not older than this are not due. part, parts: only that part of the products, so that several sessions can share the work. history_days: 1 to 3650. Errors: 23503 unknown company; 22004, 22023 argument out of range; 22023 a forecast_method that is not known.';

CREATE PROCEDURE stockflow.refresh_all_forecasts(
    company_id bigint DEFAULT NULL, batch_pairs integer DEFAULT 1000, max_age_days integer DEFAULT 7, history_days integer DEFAULT 730,
    part integer DEFAULT 1, parts integer DEFAULT 1)
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'stockflow_refresh_all_forecasts';
COMMENT ON PROCEDURE stockflow.refresh_all_forecasts(bigint, integer, integer, integer, integer, integer) IS
'refresh_forecasts of a company, or (NULL) of all that the session sees, in batches that commit: each pair once. What is done stays when it is cancelled, and the next call goes on. CALL it outside of a transaction block. Errors: 2D000 inside of one; else as refresh_forecasts.';

CREATE FUNCTION stockflow.level_quantile(levels float8[], quantiles float8[], level float8) RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_level_quantile';
COMMENT ON FUNCTION stockflow.level_quantile(float8[], float8[], float8) IS
'The quantile at a level (from 0, below 1) of a distribution given by its quantiles at others: on the straight line between its neighbours; above the last, of an exponential tail. NULL for a NULL. Errors: 22023 arrays that do not rise or differ in length, or a level out of range.';

CREATE FUNCTION stockflow.product_classes(company_id bigint) RETURNS TABLE(product_id bigint, abc text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT a.product_id, a.abc
          FROM (SELECT stockflow.company_today($1) AS today) AS t
         CROSS JOIN LATERAL stockflow.abc_xyz($1, t.today - 364, t.today) AS a
         WHERE t.today IS NOT NULL
    $$;
COMMENT ON FUNCTION stockflow.product_classes(bigint) IS
'ABC classes of a company''s products by the demand of the last 365 days at sales prices, as abc_xyz: A, B, C, or N without demand. What replenishment_policies mean by class.';

CREATE FUNCTION stockflow.planned_reorder_points(company_id bigint, product_ids bigint[] DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, warehouse_id bigint, reorder_policy text, abc_class text, service_level float8,
        lead_time_mean float8, lead_time_sd float8, lead_time_source text, review_days integer,
        demand_mean float8, safety_stock float8, computed_reorder_point numeric, computed_order_quantity numeric,
        dynamic_reorder_point numeric, dynamic_order_quantity numeric, inherited_reorder_point numeric,
        effective_reorder_point numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
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
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
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

CREATE FUNCTION stockflow.forecast_removed_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_forecast_removed_after';
COMMENT ON FUNCTION stockflow.forecast_removed_after() IS
'AFTER ROW trigger of inventory: a row that is deleted takes its forecast along.';

CREATE FUNCTION stockflow.verify_forecasts(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
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

CREATE FUNCTION stockflow.project_stock(
    available float8, daily_means float8[], steps integer[], levels float8[], step_quantiles float8[], age integer,
    supply_days integer[], supply_units float8[], lead_days integer, wait_days integer DEFAULT 7)
    RETURNS TABLE(stockout_day integer, receipt_day integer, stockout_probability float8, expected_shortage float8, later_shortage float8)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 1 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_project_stock';
COMMENT ON FUNCTION stockflow.project_stock(float8, float8[], integer[], float8[], float8[], integer, integer[], float8[], integer, integer) IS
'What becomes of a stock: a walk over the days of a forecast (columns of forecasts; age: days of it that are over) with what comes on which day (0: today). stockout_day: the first on which expected demand uses up the last unit; NULL: not within 366 days. receipt_day: the first supply, or that of an order of today (lead_days) if it is earlier. stockout_probability: that demand until then exceeds what is available. expected_shortage: units short until an order of today arrives; later_shortage: until one of wait_days later does. Reads no table. No row for a NULL. Errors: 22004 NULL in levels, 2202E, 22023 argument out of range.';

CREATE FUNCTION stockflow.alert_risk(
    company_id bigint, warehouse_id bigint DEFAULT NULL, lookback_days integer DEFAULT 30, recent_sales_only boolean DEFAULT true,
    max_alerts integer DEFAULT NULL, wait_days integer DEFAULT 7)
    RETURNS TABLE(
        product_id bigint, product_name text, sku text, warehouse_id bigint, warehouse_name text, available numeric, threshold numeric,
        threshold_source text, days_until_stockout integer, suggested_quantity numeric,
        projected_stockout_on date, next_receipt_on date, next_receipt text, stockout_probability float8,
        expected_shortage float8, cost_of_waiting numeric, lead_time_days integer, forecast_as_of date)
    LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT a.product_id, a.product_name, a.sku, a.warehouse_id, a.warehouse_name, a.available, a.threshold,
               a.threshold_source, a.days_until_stockout, a.suggested_quantity,
               t.today + r.stockout_day, t.today + r.receipt_day, CASE WHEN r.receipt_day = s.first THEN 'expected' WHEN r.receipt_day IS NOT NULL THEN 'if ordered today' END,
               r.stockout_probability, r.expected_shortage,
               round((greatest(r.later_shortage - r.expected_shortage, 0)
                      * greatest(p.price - coalesce(a.supplier_unit_cost, f.unit_cost, 0), 0)::float8)::numeric, 2),
               f.lead_days, f.as_of
          FROM (SELECT stockflow.company_today($1) AS today) AS t
         CROSS JOIN LATERAL (SELECT l.*, row_number() OVER () AS urgency
                               FROM stockflow.low_stock_alerts($1, $2, $3, recent_sales_only => $4, max_alerts => $5) AS l) AS a
         CROSS JOIN LATERAL (SELECT q.price FROM stockflow.products q
                              WHERE q.company_id = $1 AND q.product_id = a.product_id OFFSET 0) AS p
          LEFT JOIN LATERAL (SELECT k.*, ceil(k.lead_time_mean)::integer AS lead_days FROM stockflow.forecasts k
                              WHERE k.company_id = $1 AND k.product_id = a.product_id AND k.warehouse_id = a.warehouse_id OFFSET 0) AS f ON true
          -- What is late does not count; what has no date comes as if it were ordered today.
          LEFT JOIN LATERAL (
                SELECT array_agg(u.day) AS days, array_agg(u.units) AS units, min(u.day) AS first
                  FROM (SELECT coalesce(l.expected_on - t.today, f.lead_days) AS day, l.open_quantity::float8 AS units
                          FROM stockflow.purchase_order_lines l
                         WHERE l.company_id = $1 AND l.product_id = a.product_id AND l.warehouse_id = a.warehouse_id
                           AND l.is_open AND l.open_quantity > 0
                        UNION ALL
                        SELECT coalesce(h.expected_on - t.today, f.lead_days), l.open_quantity::float8
                          FROM stockflow.transfer_lines l
                          JOIN stockflow.transfers h ON h.company_id = l.company_id AND h.transfer_id = l.transfer_id
                         WHERE l.company_id = $1 AND l.product_id = a.product_id AND l.warehouse_id = a.warehouse_id
                           AND l.is_open AND l.open_quantity > 0) AS u
                 WHERE u.day >= 0) AS s ON true
          LEFT JOIN LATERAL stockflow.project_stock(
                a.available::float8, f.daily_means, f.steps, f.levels, f.step_quantiles, greatest(t.today - f.as_of - 1, 0),
                coalesce(s.days, '{}'), coalesce(s.units, '{}'), f.lead_days, $6) AS r ON f.as_of IS NOT NULL
         ORDER BY a.urgency
    $$;
COMMENT ON FUNCTION stockflow.alert_risk(bigint, bigint, integer, boolean, integer, integer) IS
'The alerts of low_stock_alerts, in its order, with what the kept forecasts say: projected_stockout_on by a walk over expected demand and dated supply (open purchase orders and transfers; what is late does not count; reserved stock is gone), NULL: not within a year; the next receipt (expected, or if ordered today), the probability of running out before it, units expected to be short until an order of today arrives, and what waiting wait_days with it costs: the further shortage times price less cost, in the company''s currency. NULL where there is no forecast (refresh_forecasts). No rows for an unknown company. Errors: as low_stock_alerts; 22023 wait_days out of range.';

CREATE FUNCTION stockflow.forecast_accuracy(
    company_id bigint, product_id bigint DEFAULT NULL, warehouse_id bigint DEFAULT NULL, horizon_days integer DEFAULT 28,
    origins integer DEFAULT 3, method text DEFAULT 'auto', levels float8[] DEFAULT '{0.5,0.9,0.95}',
    mask_stockouts boolean DEFAULT true, history_days integer DEFAULT 730, by_pair boolean DEFAULT true)
    RETURNS TABLE(
        scope text, product_id bigint, warehouse_id bigint, demand_class text, pairs bigint, origins bigint, daily_demand float8,
        mase float8, rmsse float8, bias float8, pinball float8, sum_pinball float8, coverage float8[], sum_coverage float8[])
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000 SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_forecast_accuracy';
COMMENT ON FUNCTION stockflow.forecast_accuracy(bigint, bigint, bigint, integer, integer, text, float8[], boolean, integer, boolean) IS
'How wrong forecasts of the company''s own demand would have been: each series is forecast for horizon_days (1 to 365) from up to origins (1 to 100) earlier days, a horizon apart, knowing only what was before. Rows of scope pair (unless by_pair => false), then class (of demand), then company. mase, rmsse, pinball (mean over levels, per day), sum_pinball (of the sum over the horizon): divided by the error of "as yesterday" in the history, mean over origins; bias: (forecast - demand) / demand; coverage, sum_coverage: the share of days, and of sums, that did not pass the quantile of each level. NULL without an origin. No rows for an unknown key. Errors: 22004, 2202E, 22023 as forecast.';

CREATE FUNCTION stockflow.policy_backtest(
    company_id bigint, warehouse_id bigint DEFAULT NULL, test_days integer DEFAULT 90, refit_days integer DEFAULT 7,
    lead_time_days integer DEFAULT NULL, cover_days integer DEFAULT 14, fixed_days float8[] DEFAULT '{7,14,21,30,45,60,90,120,180}',
    service_levels float8[] DEFAULT '{0.5,0.8,0.9,0.95,0.98,0.99}', method text DEFAULT 'auto',
    mask_stockouts boolean DEFAULT true, history_days integer DEFAULT 730)
    RETURNS TABLE(
        policy text, setting float8, pairs bigint, demand float8, fill_rate float8, mean_fill_rate float8,
        stockout_days bigint, average_stock float8, average_stock_value float8, orders bigint)
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 1000000 ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_policy_backtest';
COMMENT ON FUNCTION stockflow.policy_backtest(bigint, bigint, integer, integer, integer, integer, float8[], float8[], text, boolean, integer) IS
'The last test_days of the company''s history played again under reorder points that are the current ones; fixed, at so many days (setting) of the demand before the test; and dynamic, at a service level (setting), from forecasts made anew every refit_days that know only what was before. Orders bring the position to the point plus cover_days of demand and take lead_time_days (NULL: as in forecasts, else 7); what is missing is lost. fill_rate: share of demand met, of all pairs together; mean_fill_rate: mean over pairs; stockout_days: days on which some demand was not met; average_stock in units, and at the sales price. Pairs are those that sold before the test and had at least 28 days there. No rows for an unknown company. Errors: 22004, 2202E, 22023 argument out of range.';

CREATE FUNCTION stockflow.sparkline("values" float8[], split_after integer DEFAULT 0) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_sparkline';
COMMENT ON FUNCTION stockflow.sparkline(float8[], integer) IS
'Numbers of at least 0 as a line of bars, one character each, with a stroke after the first split_after of them; the largest is the highest. Block characters in databases with UTF-8, else ASCII. Errors: 22004, 2202E, 22023 as forecast.';

CREATE FUNCTION stockflow.demand_sparkline(
    company_id bigint, product_id bigint, warehouse_id bigint, history_days integer DEFAULT 28, horizon_days integer DEFAULT 14)
    RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT stockflow.sparkline(h.units || coalesce(f.daily_means[t.today - f.as_of : t.today - f.as_of + greatest($5, 0) - 1], '{}'), cardinality(h.units))
          FROM (SELECT stockflow.company_today($1) AS today) AS t
         CROSS JOIN LATERAL (SELECT array_agg(s.units ORDER BY s.day)::float8[] AS units
                               FROM stockflow.demand_series($1, $2, $3, t.today - greatest($4, 1), t.today - 1) AS s) AS h
          LEFT JOIN stockflow.forecasts f ON f.company_id = $1 AND f.product_id = $2 AND f.warehouse_id = $3
         WHERE h.units IS NOT NULL
    $$;
COMMENT ON FUNCTION stockflow.demand_sparkline(bigint, bigint, bigint, integer, integer) IS
'The demand of the last history_days and, behind a stroke, what the kept forecast expects of up to horizon_days more (28 days after its history at most), as a line of bars on one scale. NULL for an unknown key.';

CREATE FUNCTION stockflow.forecast_chart_svg(
    company_id bigint, product_id bigint, warehouse_id bigint, history_days integer DEFAULT 90, horizon_days integer DEFAULT 30,
    method text DEFAULT 'auto')
    RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED COST 10000 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_forecast_chart_svg';
COMMENT ON FUNCTION stockflow.forecast_chart_svg(bigint, bigint, bigint, integer, integer, text) IS
'A chart as SVG, 960 by 560, that a browser opens: demand of history_days (7 to 730) and a forecast of horizon_days (7 to 365) with the band that holds 9 times of 10; below, the stock on hand, the reorder point in force, and the stock to be expected with what is on its way and not late, up to the day on which it runs out. Days on which it could not be sold are grey. NULL for an unknown key. Errors: 22004, 22023 argument out of range.';
