-- What the functions of purchasing share: checks of their input, prices and lead times.
CREATE FUNCTION stockflow.supplier_price_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_supplier_price_after';
COMMENT ON FUNCTION stockflow.supplier_price_after() IS
'AFTER ROW trigger of supplier_prices: refuses (23514) a price that holds on the same day as another of the same break, one change per supplier and product at a time.';

CREATE FUNCTION stockflow.checked_text(value text, name text, most integer) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_checked_text';
COMMENT ON FUNCTION stockflow.checked_text(text, text, integer) IS
'Internal. The text of an optional argument without outer blanks, NULL when it is blank. Errors: 22023 too long, or with control characters.';

CREATE FUNCTION stockflow.check_given(arguments jsonb) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        missing CONSTANT text := (SELECT a.key FROM jsonb_each($1) AS a WHERE a.value = 'null' LIMIT 1);
    BEGIN
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION '% must not be null', missing USING ERRCODE = 'null_value_not_allowed';
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.check_given(jsonb) IS
'Internal. Refuses (22004) the first of the named arguments that is null.';

CREATE FUNCTION stockflow.check_day(day date, name text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF NOT $1 BETWEEN '1900-01-01' AND '9999-12-31' THEN
            RAISE EXCEPTION '% must lie in the years 1900 to 9999, not on %', $2, $1
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.check_day(date, text) IS
'Internal. Refuses (22023) a day outside the years 1900 to 9999; NULL passes.';

CREATE FUNCTION stockflow.company_today(company_id bigint) RETURNS date
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT (now() AT TIME ZONE c.timezone)::date FROM stockflow.companies c WHERE c.company_id = $1
    $$;
COMMENT ON FUNCTION stockflow.company_today(bigint) IS
'The calendar day in the company''s time zone; NULL for an unknown company.';

CREATE FUNCTION stockflow.supplier_offer(company_id bigint, product_id bigint, supplier_id bigint, quantity numeric, on_day date DEFAULT NULL)
    RETURNS TABLE(min_quantity numeric, unit_cost numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT o.min_quantity, o.unit_cost
          FROM (SELECT s.min_quantity, s.unit_cost
                  FROM stockflow.supplier_prices s
                 WHERE s.company_id = $1 AND s.product_id = $2 AND s.supplier_id = $3 AND s.min_quantity <= $4
                   AND s.valid_from <= coalesce($5, stockflow.company_today($1))
                   AND (s.valid_to > coalesce($5, stockflow.company_today($1)) OR s.valid_to IS NULL)
                UNION ALL
                SELECT NULL, t.unit_cost
                  FROM stockflow.product_suppliers t
                 WHERE t.company_id = $1 AND t.product_id = $2 AND t.supplier_id = $3) AS o
         ORDER BY o.min_quantity DESC NULLS LAST
         LIMIT 1
    $$;
COMMENT ON FUNCTION stockflow.supplier_offer(bigint, bigint, bigint, numeric, date) IS
'The price that supplier_price returns, with the quantity from which it holds (NULL: the cost in product_suppliers). No row where the supplier does not deliver the product.';

CREATE FUNCTION stockflow.supplier_price(company_id bigint, product_id bigint, supplier_id bigint, quantity numeric, on_day date DEFAULT NULL)
    RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT o.unit_cost FROM stockflow.supplier_offer($1, $2, $3, $4, $5) AS o
    $$;
COMMENT ON FUNCTION stockflow.supplier_price(bigint, bigint, bigint, numeric, date) IS
'Cost of one unit when that many are ordered on a day (NULL: today): that of the highest break in supplier_prices that the quantity reaches and that holds on the day, else product_suppliers.unit_cost; NULL: unknown.';

CREATE FUNCTION stockflow.lead_times(company_id bigint, supplier_id bigint DEFAULT NULL, product_id bigint DEFAULT NULL, from_day date DEFAULT NULL)
    RETURNS TABLE(supplier_id bigint, product_id bigint, receipts bigint, mean_days numeric, sd_days numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        WITH arrivals AS (
            -- One per order, product and day: a delivery booked in parts is one delivery.
            SELECT o.supplier_id, l.product_id, d.days, sum(r.quantity) AS units
              FROM stockflow.companies c
              JOIN stockflow.purchase_orders o ON o.company_id = c.company_id
              JOIN stockflow.purchase_order_lines l ON l.company_id = o.company_id AND l.order_id = o.order_id
              JOIN stockflow.purchase_receipts r
                ON r.company_id = l.company_id AND r.order_id = l.order_id AND r.line_id = l.line_id
             CROSS JOIN LATERAL (SELECT (r.occurred_at AT TIME ZONE c.timezone)::date AS came,
                                        (r.occurred_at AT TIME ZONE c.timezone)::date
                                      - (o.ordered_at AT TIME ZONE c.timezone)::date AS days) AS d
             WHERE c.company_id = $1 AND ($2 IS NULL OR o.supplier_id = $2) AND ($3 IS NULL OR l.product_id = $3)
               AND ($4 IS NULL OR d.came >= $4)
             GROUP BY o.supplier_id, l.product_id, o.order_id, d.came, d.days)
        SELECT a.supplier_id, a.product_id, count(*), trim_scale(round(sum(a.units * a.days) / sum(a.units), 6)),
               CASE WHEN count(*) > 1 THEN trim_scale(round(sqrt(
                   (sum(a.units * a.days * a.days) * sum(a.units) - sum(a.units * a.days) ^ 2)
                   * count(*) / (sum(a.units) ^ 2 * (count(*) - 1))), 6)) END
          FROM arrivals a
         GROUP BY a.supplier_id, a.product_id
         ORDER BY a.supplier_id, a.product_id
    $$;
COMMENT ON FUNCTION stockflow.lead_times(bigint, bigint, bigint, date) IS
'Measured lead times in calendar days, from ordered_at to the receipt, per supplier and product: number of receipts (those of one order on one day are one; from from_day on), mean weighted by quantity, and standard deviation (same weights, corrected by n / (n - 1); NULL for one receipt).';

CREATE FUNCTION stockflow.lead_time(company_id bigint, product_id bigint DEFAULT NULL, supplier_id bigint DEFAULT NULL)
    RETURNS TABLE(product_id bigint, supplier_id bigint, days integer, source text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT t.product_id, t.supplier_id, coalesce(m.days, t.lead_time_days),
               CASE WHEN m.days IS NOT NULL THEN 'measured' WHEN t.lead_time_days IS NOT NULL THEN 'stated' END
          FROM stockflow.product_suppliers t
          LEFT JOIN (SELECT l.product_id, l.supplier_id, ceil(l.mean_days)::integer AS days
                       FROM stockflow.lead_times($1, $3, $2) AS l WHERE l.receipts >= 3) AS m
            ON m.product_id = t.product_id AND m.supplier_id = t.supplier_id
         WHERE t.company_id = $1 AND ($2 IS NULL OR t.product_id = $2) AND ($3 IS NULL OR t.supplier_id = $3)
         ORDER BY t.product_id, t.supplier_id
    $$;
COMMENT ON FUNCTION stockflow.lead_time(bigint, bigint, bigint) IS
'Days from order to receipt to plan with, for what suppliers deliver (NULL: every product, every supplier): the measured mean rounded up where there are at least 3 receipts, else product_suppliers.lead_time_days (source measured or stated; NULL: unknown).';
