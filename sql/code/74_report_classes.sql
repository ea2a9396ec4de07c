-- Reports: which products matter, and how steady their demand is.
CREATE FUNCTION stockflow.abc_xyz(
    company_id bigint, from_day date, to_day date, measure text DEFAULT 'value',
    a_share numeric DEFAULT 0.8, b_share numeric DEFAULT 0.95, bucket text DEFAULT 'week',
    x_variation numeric DEFAULT 0.5, y_variation numeric DEFAULT 1.0,
    warehouse_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, rank bigint, units numeric, amount numeric, share numeric,
        share_before numeric, abc text, buckets integer, mean_demand numeric, variation numeric, xyz text)
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
    #variable_conflict use_column
    DECLARE
        by_value CONSTANT boolean := stockflow.report_choice('measure', $4, '{value,units}') = 'value';
        step CONSTANT interval := ('1 ' || stockflow.report_choice('bucket', $7, '{week,month}'))::interval;
        b_limit CONSTANT numeric := stockflow.report_number('b_share', $6, 0, 1);
        a_limit CONSTANT numeric := stockflow.report_number('a_share', $5, 0, $6);
        y_limit CONSTANT numeric := stockflow.report_number('y_variation', $9, 0, 1000);
        x_limit CONSTANT numeric := stockflow.report_number('x_variation', $8, 0, $9);
        products CONSTANT bigint[] := stockflow.report_products($1, NULL, $11);
        zone text;
        last_day date;  -- what has not happened yet is no part of a period
        first_bucket date;
        after_buckets date;  -- the first day behind the last of them
        bucket_count integer;
    BEGIN
        SELECT p.timezone, least($3, p.today) INTO zone, last_day FROM stockflow.report_period($1, $2, $3) AS p;
        IF last_day IS NULL OR last_day < $2 THEN
            RETURN;
        END IF;
        -- Buckets are whole calendar weeks (from Monday) or months: parts would look like a slump.
        first_bucket := date_trunc($7, $2::timestamp + step - interval '1 day')::date;
        after_buckets := date_trunc($7, last_day::timestamp + interval '1 day')::date;
        bucket_count := (SELECT count(*)::integer FROM generate_series(first_bucket::timestamp, after_buckets::timestamp - step, step));
        RETURN QUERY
        WITH per_bucket AS (
            SELECT t.product_id, b.bucket, sum(t.demand - t.returned) AS units
              FROM stockflow.daily_totals($1, zone, $2, last_day, $10, products) AS t
             CROSS JOIN LATERAL (SELECT CASE WHEN t.day >= first_bucket AND t.day < after_buckets
                                             THEN date_trunc($7, t.day::timestamp) END) AS b(bucket)
             GROUP BY t.product_id, b.bucket),
        sums AS (
            SELECT b.product_id, sum(b.units) AS units, coalesce(sum(greatest(b.units, 0)) FILTER (WHERE b.bucket IS NOT NULL), 0) AS total,
                   sum(greatest(b.units, 0) * greatest(b.units, 0)) FILTER (WHERE b.bucket IS NOT NULL) AS squares
              FROM per_bucket b GROUP BY b.product_id),
        measured AS (
            SELECT p.product_id, p.sku, p.name, coalesce(s.units, 0) AS units,
                   coalesce(s.units, 0) * CASE WHEN by_value THEN p.price ELSE 1 END AS amount, s.total, s.squares
              FROM stockflow.products p LEFT JOIN sums s ON s.product_id = p.product_id
             WHERE p.company_id = $1 AND p.deleted_at IS NULL AND NOT p.is_bundle AND p.is_stocked
               AND (products IS NULL OR p.product_id = ANY (products))
               AND (s.product_id IS NOT NULL OR EXISTS (
                    SELECT FROM stockflow.inventory i
                     WHERE i.company_id = $1 AND i.product_id = p.product_id AND ($10 IS NULL OR i.warehouse_id = $10)))),
        ranked AS (  -- the share is counted before the product, so that a dominant one is A
            SELECT m.*, row_number() OVER (ORDER BY m.amount DESC, m.product_id) AS rank,
                   sum(greatest(m.amount, 0)) OVER () AS whole,
                   sum(greatest(m.amount, 0)) OVER (ORDER BY m.amount DESC, m.product_id ROWS UNBOUNDED PRECEDING)
                   - greatest(m.amount, 0) AS before,
                   -- deviation / mean = sqrt(n * sum of squares - square of sum) / sum
                   CASE WHEN bucket_count >= 2 AND m.total > 0
                        THEN sqrt(bucket_count * m.squares - m.total * m.total) / m.total END AS variation
              FROM measured m)
        SELECT r.product_id, r.sku, r.name, r.rank, trim_scale(r.units), trim_scale(r.amount),
               CASE WHEN r.whole > 0 THEN trim_scale(round(greatest(r.amount, 0) / r.whole, 6)) END,
               CASE WHEN r.whole > 0 THEN trim_scale(round(r.before / r.whole, 6)) END,
               CASE WHEN r.units <= 0 THEN 'N' WHEN r.before < a_limit * r.whole THEN 'A'
                    WHEN r.before < b_limit * r.whole THEN 'B' ELSE 'C' END,
               bucket_count, CASE WHEN bucket_count > 0 THEN trim_scale(round(coalesce(r.total, 0) / bucket_count, 6)) END,
               trim_scale(round(r.variation, 6)),
               CASE WHEN r.variation IS NULL THEN 'N' WHEN r.variation <= x_limit THEN 'X'
                    WHEN r.variation <= y_limit THEN 'Y' ELSE 'Z' END
          FROM ranked r
         ORDER BY r.rank;
    END
    $$;
COMMENT ON FUNCTION stockflow.abc_xyz(bigint, date, date, text, numeric, numeric, text, numeric, numeric, bigint, bigint) IS
'Classes of products by their net demand in a period (both days included, up to today, in the company''s time zone), most important first. abc: A while the products before make up less than a_share of the whole, B less than b_share, else C; N without demand. amount: what is ranked, units at products.price (measure value) or units; equal ones by product_id. xyz: by variation, the standard deviation of the demand of all whole calendar weeks (Monday to Sunday) or months of the period over its mean: X up to x_variation, Y up to y_variation, else Z; N without demand in them or with fewer than two. Weeks without demand count with 0, and so do those with more returns than sales. With warehouse_id only what is stocked and sold there. Deleted products, bundles and services are left out; demand for bundles counts for their components. An unknown company has no rows. Errors: 22004 NULL, 22023 a period that ends before it begins, an unknown measure or bucket, shares that are not 0 <= a_share <= b_share <= 1, variations that are not 0 <= x_variation <= y_variation <= 1000.';
