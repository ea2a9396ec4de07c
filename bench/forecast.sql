-- Forecasts through SQL, next to plain SQL that computes the same: :series arrays each of 45 and of
-- 320 values, three in ten of them sales.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET jit = off;
SET max_parallel_workers_per_gather = 0;
CREATE EXTENSION stockflow;
SELECT setseed(0.5) \g /dev/null
CREATE TABLE demand AS
    SELECT s AS series, n AS points,
           ARRAY(SELECT CASE WHEN random() < 0.3 THEN 1 + floor(5 * random()) ELSE 0 END + 0 * s FROM generate_series(1, n)) AS units
      FROM (VALUES (45), (320)) AS lengths (n), generate_series(1, :series) AS s;
VACUUM ANALYZE demand;

-- The quickest of three runs, in series per second. Both ways read the table, and answer the sum of all forecasts, which has to
-- be the same.
CREATE FUNCTION pg_temp.measure(points integer, query text, OUT rate numeric, OUT total numeric) LANGUAGE plpgsql STRICT AS $$
DECLARE
    began timestamptz;
    least interval;
BEGIN
    FOR run IN 1..3 LOOP
        began := clock_timestamp();
        EXECUTE format('SELECT sum(f.mean)::numeric FROM demand d, LATERAL (%s) AS f WHERE d.points = %s', query, points) INTO total;
        least := least(least, clock_timestamp() - began);
    END LOOP;
    rate := round((SELECT count(*) FROM demand d WHERE d.points = measure.points) / extract(epoch FROM least));
END $$;

CREATE TEMP TABLE ways (n integer, method text, plain text);
INSERT INTO ways VALUES
    (1, 'moving_average(window=12)', 'SELECT avg(y) AS mean FROM unnest(d.units[d.points - 11:]) AS y'),
    (2, 'ses(alpha=0.1)',
     'SELECT sum(y * CASE WHEN i = 1 THEN 1 ELSE 0.1 END * 0.9::float8 ^ (d.points - i)) AS mean FROM unnest(d.units) WITH ORDINALITY AS u (y, i)'),
    (3, 'tsb(alpha=0.1,alpha_probability=0.1,start=first)',
     'SELECT sum((y > 0)::integer * CASE WHEN i = 1 THEN 1 ELSE 0.1 END * 0.9::float8 ^ (d.points - i))
             * sum(y * CASE WHEN k = 1 THEN 1 ELSE 0.1 END * 0.9::float8 ^ (sales - k)) FILTER (WHERE y > 0) AS mean
        FROM (SELECT y, i, sum((y > 0)::integer) OVER (ORDER BY i) AS k, sum((y > 0)::integer) OVER () AS sales
                FROM unnest(d.units) WITH ORDINALITY AS u (y, i)) AS v'),
    (4, 'ses', NULL), (5, 'croston(alpha=0.1)', NULL), (6, 'croston_optimised', NULL), (7, 'imapa', NULL), (8, 'auto', NULL);

SELECT w.method, l.points, mean_only.rate AS means_per_s, quantiles.rate AS with_quantiles_per_s, plain.rate AS plain_sql_per_s,
       round(mean_only.rate / plain.rate, 1) AS ratio,
       CASE WHEN abs(mean_only.total - plain.total) > 1e-9 * plain.total THEN 'NOT THE SAME' WHEN plain.total IS NOT NULL THEN 'the same' END AS results
  FROM ways w CROSS JOIN (VALUES (45), (320)) AS l (points)
 CROSS JOIN LATERAL pg_temp.measure(l.points, format('SELECT mean FROM stockflow.forecast(d.units, 1, %L, levels => ''{}'')', w.method)) AS mean_only
 CROSS JOIN LATERAL pg_temp.measure(l.points, format('SELECT mean FROM stockflow.forecast(d.units, 1, %L)', w.method)) AS quantiles
 CROSS JOIN LATERAL pg_temp.measure(l.points, w.plain) AS plain
 ORDER BY l.points, w.n;
