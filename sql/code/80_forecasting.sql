-- Forecasts of any demand, given as an array, and how much to keep and to order. Nothing here reads
-- a table.

CREATE FUNCTION stockflow.forecast(
    demand float8[], horizon integer, method text DEFAULT 'auto', season_length integer DEFAULT 1,
    levels float8[] DEFAULT '{0.5,0.9,0.95}', cumulative boolean DEFAULT false)
    RETURNS TABLE(step integer, mean float8, quantiles float8[])
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 28 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_forecast';
COMMENT ON FUNCTION stockflow.forecast(float8[], integer, text, integer, float8[], boolean) IS
'Forecast of the next horizon periods (1 to 3650) from demand per period, oldest first, 0 for a period without a sale. mean: expected demand of the period, never negative. quantiles: for each of levels, the demand that is not passed with that probability; whole numbers if all of demand is; they allow for a level that is not the method''s, so that they may be above 0 where mean is 0. cumulative => true: mean and quantiles are of the sum up to and including the step, as for a lead time. method: one of forecast_methods(), with parameters if wanted, as in ses(alpha=0.3,start=mean). season_length: periods in a season, 1 for none. Errors: 22004 NULL argument or element, 2202E more than one dimension, 22023 empty demand, a value that is negative or not finite, a horizon, level, method or season_length out of range, a season longer than the demand.';

CREATE FUNCTION stockflow.forecast_model(
    demand float8[], horizon integer DEFAULT 1, method text DEFAULT 'auto',
    season_length integer DEFAULT 1)
    RETURNS TABLE(
        method text, model text, weight float8, parameters jsonb, origins integer,
        mean_absolute_error float8, root_mean_squared_error float8, bias float8,
        horizon_sum_error float8, note text)
    LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 ROWS 5 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_forecast_model';
COMMENT ON FUNCTION stockflow.forecast_model(float8[], integer, text, integer) IS
'What forecast() with the same arguments does: for auto a row for the whole and one for each method in it, by weight; else one row. model: what ran, which is simpler than method where the history is too short. Errors are those of forecasts made again from earlier periods (origins of them): bias is forecast minus demand per period, horizon_sum_error the mean absolute error of the sum over the horizon; NULL without an origin. note: why there was nothing to choose, or that the forecast goes with the time of the year. Errors as of forecast().';

CREATE FUNCTION stockflow.forecast_methods()
    RETURNS TABLE(method text, description text, source text, parameters text)
    LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 21 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_forecast_methods';
COMMENT ON FUNCTION stockflow.forecast_methods() IS
'The methods of forecast(): name, what it does, where it is published, and the parameters that may follow its name in brackets.';

CREATE FUNCTION stockflow.classify_demand(demand float8[])
    RETURNS TABLE(adi float8, cv2 float8, class text)
    LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 1 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_classify_demand';
COMMENT ON FUNCTION stockflow.classify_demand(float8[]) IS
'Demand per period, oldest first, by the scheme of Syntetos, Boylan and Croston (2005). adi: periods per sale up to the last sale. cv2: squared coefficient of variation of the sizes of sales. class: smooth (adi < 1.32, cv2 < 0.49), erratic (cv2 above), intermittent (adi above), lumpy (both above), single (one sale: cv2 is NULL), none (no sale: both are NULL). Errors: 22004, 2202E, 22023 as of forecast().';

CREATE FUNCTION stockflow.safety_stock(
    service_level float8, demand_mean float8, demand_sd float8, lead_time_mean float8,
    lead_time_sd float8 DEFAULT 0)
    RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_safety_stock';
COMMENT ON FUNCTION stockflow.safety_stock(float8, float8, float8, float8, float8) IS
'Units above the mean demand of the lead time that give a probability of service_level (above 0 and below 1) of no stock-out before the delivery: z * sqrt(lead_time_mean * demand_sd^2 + demand_mean^2 * lead_time_sd^2), for normally distributed demand. Demand per period, lead time in periods. Negative below a service level of 0.5. NULL for a NULL. Errors: 22023 argument out of range, 22003 result out of range.';

CREATE FUNCTION stockflow.reorder_point(
    service_level float8, demand_mean float8, demand_sd float8, lead_time_mean float8,
    lead_time_sd float8 DEFAULT 0)
    RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_reorder_point';
COMMENT ON FUNCTION stockflow.reorder_point(float8, float8, float8, float8, float8) IS
'Mean demand of the lead time plus safety_stock() of the same arguments, at least 0. NULL for a NULL. Errors: 22023 argument out of range, 22003 result out of range.';

CREATE FUNCTION stockflow.fill_rate(
    service_level float8, demand_mean float8, demand_sd float8, lead_time_mean float8,
    lead_time_sd float8, order_quantity float8)
    RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_fill_rate';
COMMENT ON FUNCTION stockflow.fill_rate(float8, float8, float8, float8, float8, float8) IS
'Share of demand met from stock when order_quantity is ordered at reorder_point() of the other arguments: 1 - sd * G(z) / order_quantity, where sd is that of the demand of the lead time and G the unit normal loss; at least 0. NULL for a NULL. Errors: 22023 argument out of range.';

CREATE FUNCTION stockflow.economic_order_quantity(demand float8, order_cost float8, holding_cost float8)
    RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_economic_order_quantity';
COMMENT ON FUNCTION stockflow.economic_order_quantity(float8, float8, float8) IS
'sqrt(2 * demand * order_cost / holding_cost) (Harris 1913): demand per period, cost of an order, cost of holding a unit for a period. NULL for a NULL. Errors: 22023 argument out of range, 22003 result out of range.';

CREATE FUNCTION stockflow.newsvendor_quantity(
    demand_mean float8, demand_sd float8, holding_cost float8, shortage_cost float8)
    RETURNS float8
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_newsvendor_quantity';
COMMENT ON FUNCTION stockflow.newsvendor_quantity(float8, float8, float8, float8) IS
'The quantity with the least expected cost for one period of normally distributed demand: its quantile at shortage_cost / (holding_cost + shortage_cost), at least 0; costs per unit left over and per unit short. NULL for a NULL. Errors: 22023 argument out of range.';
