-- Reports: what they share. All of them read, with the rights of their caller; what is not there, or
-- of another tenant, has no rows.
--
-- Functions in PL/pgSQL with force_custom_plan read the ledger, so that filters that are not given and
-- periods shape the plan: a filter on products uses the primary key of the ledger, a recent period
-- inventory_log_occurred_idx, everything else reads the entries in one scan. Those that users call are
-- SQL, where a filter may have the name of a column of the result; they start from the function that
-- checks the arguments, and only LEFT JOIN to it, so that it is always called.
--
-- jit is off where the sizes of several functions' results are estimated: they are guesses, and with them
-- the server compiled for 300 ms what it then ran in 1 ms.
--
-- What lies before a period is not read: balances are inventory.quantity less the entries since.
-- Entries belong to days by their local date, always worked out per entry; an index only narrows
-- occurred_at down, with a day to spare, since no zone is that far from UTC.

CREATE FUNCTION stockflow.report_period(company_id bigint, from_day date, to_day date)
    RETURNS TABLE(timezone text, today date)
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        missing CONSTANT text := CASE WHEN $1 IS NULL THEN 'company_id' WHEN $2 IS NULL THEN 'from_day'
                                      WHEN $3 IS NULL THEN 'to_day' END;
    BEGIN
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION '% must not be null', missing USING ERRCODE = 'null_value_not_allowed';
        ELSIF $2 < '1900-01-01' OR $3 > '9999-12-31' THEN
            RAISE EXCEPTION 'a period must lie in the years 1900 to 9999, not from % to %', $2, $3
                USING ERRCODE = 'invalid_parameter_value';
        ELSIF $2 > $3 THEN
            RAISE EXCEPTION 'the period from % to % ends before it begins', $2, $3
                USING ERRCODE = 'invalid_parameter_value', HINT = 'from_day and to_day are both part of it.';
        END IF;
        RETURN QUERY SELECT c.timezone, (now() AT TIME ZONE c.timezone)::date
                       FROM stockflow.companies c WHERE c.company_id = $1;
    END
    $$;
COMMENT ON FUNCTION stockflow.report_period(bigint, date, date) IS
'Internal. Checks the period of a report and returns the company''s time zone and the date there; no row for an unknown company. Errors: 22004 NULL, 22023 a period that ends before it begins or lies outside of the years 1900 to 9999.';

CREATE FUNCTION stockflow.report_products(company_id bigint, product_id bigint, category_id bigint)
    RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT CASE WHEN $2 IS NOT NULL OR $3 IS NOT NULL THEN ARRAY(
            SELECT p.product_id FROM stockflow.products p
             WHERE p.company_id = $1 AND ($2 IS NULL OR p.product_id = $2) AND ($3 IS NULL OR p.category_id = $3)) END
    $$;
COMMENT ON FUNCTION stockflow.report_products(bigint, bigint, bigint) IS
'Internal. The products that the filters of a report leave: those of a category, or one; NULL without a filter.';

CREATE FUNCTION stockflow.report_choice(name text, given text, choices text[]) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF $2 IS NULL THEN
            RAISE EXCEPTION '% must not be null', $1 USING ERRCODE = 'null_value_not_allowed';
        ELSIF $2 <> ALL ($3) THEN
            RAISE EXCEPTION '% "%" is not known', $1, left($2, 40)
                USING ERRCODE = 'invalid_parameter_value', HINT = format('Use %s.', array_to_string($3, ' or '));
        END IF;
        RETURN $2;
    END
    $$;
COMMENT ON FUNCTION stockflow.report_choice(text, text, text[]) IS
'Internal. An argument that is one of several words. Errors: 22004 NULL, 22023 another word.';

CREATE FUNCTION stockflow.report_number(name text, given numeric, lowest numeric, highest numeric) RETURNS numeric
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF $2 IS NULL THEN
            RAISE EXCEPTION '% must not be null', $1 USING ERRCODE = 'null_value_not_allowed';
        ELSIF $2 NOT BETWEEN $3 AND $4 THEN
            RAISE EXCEPTION '% must be between % and %, not %', $1, $3, $4, left($2::text, 40)
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        RETURN $2;
    END
    $$;
COMMENT ON FUNCTION stockflow.report_number(text, numeric, numeric, numeric) IS
'Internal. An argument that is a number within limits. Errors: 22004 NULL, 22023 beyond the limits.';

-- The one place where reports decide what is demand and to which day it belongs.
CREATE FUNCTION stockflow.daily_totals(
    company_id bigint, timezone text, from_day date, to_day date, only_warehouse bigint, product_ids bigint[])
    RETURNS TABLE(product_id bigint, warehouse_id bigint, day date, demand numeric, returned numeric,
                  change numeric, entries bigint)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
    AS $$
    #variable_conflict use_column
    BEGIN
        RETURN QUERY
        SELECT e.product_id, e.warehouse_id, e.day,
               coalesce(sum(coalesce(e.bundle_quantity, -e.delta)) FILTER (WHERE e.reason IN ('sale', 'consumption')), 0),
               coalesce(sum(coalesce(e.bundle_quantity, e.delta)) FILTER (WHERE e.reason = 'return'), 0),
               sum(e.delta), count(*)
          FROM (SELECT l.product_id, l.warehouse_id, (l.occurred_at AT TIME ZONE $2)::date AS day, l.reason, l.delta,
                       l.bundle_quantity
                  FROM stockflow.ledger l
                 WHERE l.company_id = $1 AND l.occurred_at >= ($3 - 1)::timestamp AT TIME ZONE 'UTC'
                   AND ($4 IS NULL OR l.occurred_at < ($4 + 2)::timestamp AT TIME ZONE 'UTC')
                   AND ($5 IS NULL OR l.warehouse_id = $5) AND ($6 IS NULL OR l.product_id = ANY ($6))) AS e
         WHERE e.day >= $3 AND ($4 IS NULL OR e.day <= $4)
         GROUP BY e.product_id, e.warehouse_id, e.day;
    END
    $$;
COMMENT ON FUNCTION stockflow.daily_totals(bigint, text, date, date, bigint, bigint[]) IS
'Internal. Units sold or consumed, taken back, and the change of stock, per product, warehouse and day with entries, from from_day to to_day (NULL: to the end of the ledger). Demand and returns of a bundle are its own; its components have theirs.';

CREATE FUNCTION stockflow.end_of_day(company_id bigint, day date) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        -- Where clocks are put back at midnight, it comes twice, and AT TIME ZONE finds the second: then
        -- the day is over as much earlier as the clock shows just before that.
        SELECT CASE WHEN n.clock::date > $2 THEN n.moment - (n.clock - n.clock::date) ELSE n.moment END
               - interval '1 microsecond'
          FROM stockflow.companies c
         CROSS JOIN LATERAL (SELECT ($2 + 1)::timestamp AT TIME ZONE c.timezone) AS m(moment)
         CROSS JOIN LATERAL (SELECT m.moment, (m.moment - interval '1 microsecond') AT TIME ZONE c.timezone
                                              + interval '1 microsecond') AS n(moment, clock)
         WHERE c.company_id = $1
    $$;
COMMENT ON FUNCTION stockflow.end_of_day(bigint, date) IS
'The last microsecond of a day in the company''s time zone: stock_as_of and stock_valuation at this moment are those at the close of the day. NULL for an unknown company. Errors: 22008 a date out of range.';
