-- Forecasting functions: results known from elsewhere, and shapes (bad input: bad_input.sql).
BEGIN;

SELECT plan(18);

SELECT throws_like($$ SELECT stockflow.forecast('{1,2}', 3, 'prophet') $$,
                   'unknown forecasting method "prophet"', 'an unknown method is named');

SELECT throws_ok($$ SELECT stockflow.economic_order_quantity(1e308, 1e308, 1e-308) $$, '22003', NULL, 'no infinite result');

-- Results worked out elsewhere.
SELECT is(round(mean::numeric, 4), 214843.2054, 'ses with alpha 0.3')
  FROM stockflow.forecast('{94764,103900,167777,291264,318568}', 1, 'ses(alpha=0.3)');
SELECT is(round(mean::numeric, 10), 1.0357142857, 'croston')
  FROM stockflow.forecast('{0,0,3,2,0,0,0,0}', 1, 'croston(alpha=0.1)');
SELECT is(array_agg(mean), '{2,3,1,2,3}', 'seasonal_naive') FROM stockflow.forecast('{9,9,9,1,2,3,1}', 5, 'seasonal_naive', 3);
SELECT is(round(stockflow.economic_order_quantity(1300, 8, 0.225)::numeric, 10), 304.0467800264, 'economic_order_quantity');
SELECT is(round(stockflow.newsvendor_quantity(50, 8, 0.18, 0.70)::numeric, 10), 56.6039559274, 'newsvendor_quantity');
SELECT is(round(stockflow.safety_stock(0.95, 10, 4, 7, 2)::numeric, 10), 37.2187889177, 'safety_stock');
SELECT is(round(stockflow.reorder_point(0.95, 10, 4, 7, 2)::numeric, 10), 107.2187889177, 'reorder_point');
SELECT is(round(stockflow.fill_rate(0.95, 10, 4, 7, 2, 100)::numeric, 12), 0.995272463038, 'fill_rate');
SELECT is(stockflow.safety_stock(NULL, 10, 4, 7), NULL, 'an unknown argument makes an unknown result');
SELECT is(array_agg(class), '{smooth,intermittent,single,none}', 'classify_demand')
  FROM unnest(ARRAY['1,1,1', '0,2,0,0,2', '0,3', '0,0']) AS demand,
       LATERAL stockflow.classify_demand(string_to_array(demand, ',')::float8[]);

-- Shapes.
SELECT is(count(*), 6::bigint, 'one row for each step, and quantiles of the sum that rise')
  FROM (SELECT *, lag(quantiles[1]) OVER (ORDER BY step) AS before
          FROM stockflow.forecast('{3,0,2,0,0,4,1,0,2,0,3,0}', 6, levels => '{0.9}', cumulative => true)) f
 WHERE quantiles[1] >= coalesce(before, 0) AND mean >= 0;
SELECT is(count(*), 0::bigint, 'every method of the list can be called, by every kind of demand')
  FROM stockflow.forecast_methods() m,
       unnest(ARRAY['0', '0,0,0,0,0', '5,0,0,0,0,0,0,0', '1,2,3,4,5,6,7,8,9,10,11,12', '2,2,2,2,2,2', '0.5,0,0,1.25,0']) AS demand,
       LATERAL stockflow.forecast(string_to_array(demand, ',')::float8[], 3, m.method) f
 WHERE NOT (f.mean >= 0 AND f.mean < 1000 AND f.quantiles[1] <= f.quantiles[3]);
SELECT is(array_agg(DISTINCT note), '{no demand}', 'forecast_model says why there was nothing to choose')
  FROM stockflow.forecast_model('{0,0,0}');

SELECT is((SELECT (stockflow.forecast('{2,2,2}', 1)).mean), 2::float8, 'a row in the list of a query');

-- A library and declarations of two versions.
CREATE FUNCTION pg_temp.older_methods() RETURNS TABLE(method text, description text, source text)
    AS '$libdir/stockflow', 'stockflow_forecast_methods' LANGUAGE C STABLE;
SELECT throws_ok('SELECT * FROM pg_temp.older_methods()', '42804', 'the library has 4 columns to return, the function declares 3',
                 'a row that does not fit its declaration is an error');

-- A long computation ends soon after it is cancelled.
CREATE TEMP TABLE long_demand AS SELECT array_agg(5 + sin(t) + t / 1000.0) AS demand FROM generate_series(1, 100000) t;
CREATE FUNCTION pg_temp.cancelled() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count(*) FROM long_demand, stockflow.forecast(demand, 28, 'ets', 24);
    RETURN false;
EXCEPTION WHEN query_canceled THEN
    RETURN clock_timestamp() < statement_timestamp() + interval '1 second';
END $$;
SET statement_timeout = '200ms';
SELECT ok(pg_temp.cancelled(), 'a forecast can be cancelled');
RESET statement_timeout;

SELECT finish();
ROLLBACK;
