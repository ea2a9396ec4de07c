-- Stock counts. Whoever changes a sheet locks its row first, then the rows of inventory in key order.
-- Ledger entries refer to 'stock_count:ID'; verify_stock_counts goes by that.
CREATE FUNCTION stockflow.lock_stock_count(company_id bigint, count_id bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        own record;
    BEGIN
        SELECT s.warehouse_id, s.state INTO own
          FROM stockflow.stock_counts s
         WHERE s.company_id = $1 AND s.count_id = $2 FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'stock count % does not exist', $2 USING ERRCODE = 'foreign_key_violation',
                DETAIL = format('Company %s has no such stock count.', $1);
        ELSIF own.state <> 'open' THEN
            RAISE EXCEPTION 'stock count % is %', $2, own.state USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'Make a new one with create_stock_count.';
        END IF;
        RETURN own.warehouse_id;
    END
    $$;
COMMENT ON FUNCTION stockflow.lock_stock_count(bigint, bigint) IS
'Internal. Locks an open sheet and returns its warehouse. Errors: 23503 unknown sheet, 55000 not open.';

CREATE FUNCTION stockflow.create_stock_count(
    company_id bigint, warehouse_id bigint, product_ids bigint[] DEFAULT NULL, category_id bigint DEFAULT NULL,
    reference text DEFAULT NULL, idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        own_reference CONSTANT text := stockflow.checked_reference($5);
        kept jsonb;
        made bigint;
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'warehouse_id');
        IF $3 IS NOT NULL AND $4 IS NOT NULL THEN
            RAISE EXCEPTION 'product_ids and category_id exclude each other' USING ERRCODE = 'invalid_parameter_value';
        ELSIF cardinality($3) = 0 THEN
            RAISE EXCEPTION 'product_ids must not be empty' USING ERRCODE = 'invalid_parameter_value',
                HINT = 'NULL takes all products of the warehouse.';
        ELSIF EXISTS (SELECT FROM unnest($3) AS k(id) WHERE k.id IS NULL) THEN
            RAISE EXCEPTION 'product_ids must not contain nulls' USING ERRCODE = 'null_value_not_allowed';
        END IF;
        kept := stockflow.claim_request($1, $6, 'create_stock_count',
            jsonb_build_array($2, (SELECT jsonb_agg(DISTINCT k.id) FROM unnest($3) AS k(id)), $4, own_reference));
        IF kept IS NOT NULL THEN
            RETURN kept::bigint;
        END IF;
        PERFORM stockflow.require_warehouse($1, $2, false);
        PERFORM stockflow.check_line_products($1, (SELECT jsonb_agg(jsonb_build_object('n', k.n, 'product_id', k.id))
                                                     FROM unnest($3) WITH ORDINALITY AS k(id, n)), false);
        IF $4 IS NOT NULL AND NOT EXISTS (SELECT FROM stockflow.categories g WHERE g.company_id = $1 AND g.category_id = $4) THEN
            RAISE EXCEPTION 'category % does not exist', $4 USING ERRCODE = 'foreign_key_violation',
                DETAIL = format('Company %s has no such category.', $1);
        END IF;
        INSERT INTO stockflow.stock_counts AS s (company_id, warehouse_id, reference)
        VALUES ($1, $2, own_reference) RETURNING s.count_id INTO made;
        INSERT INTO stockflow.stock_count_lines (company_id, count_id, product_id)
        SELECT DISTINCT $1, made, k.id FROM unnest($3) AS k(id)
        UNION ALL
        -- Deleted products while something is left of them.
        SELECT $1, made, i.product_id
          FROM stockflow.inventory i
          JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id
         WHERE $3 IS NULL AND i.company_id = $1 AND i.warehouse_id = $2 AND ($4 IS NULL OR p.category_id = $4)
           AND p.is_stocked AND NOT p.is_bundle AND (p.deleted_at IS NULL OR i.quantity <> 0);
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is nothing to count' USING ERRCODE = 'invalid_parameter_value',
                DETAIL = format('Warehouse %s has no such products.', $2),
                HINT = 'Name products that are not stocked there yet by product_ids.';
        END IF;
        PERFORM stockflow.keep_request($1, $6, to_jsonb(made));
        RETURN made;
    END
    $$;
COMMENT ON FUNCTION stockflow.create_stock_count(bigint, bigint, bigint[], bigint, text, text) IS
'Makes a count sheet for these products, for those of a category or for all that the warehouse stocks, and returns its count_id. Nothing is frozen: movements go on during the count. Errors: 23503 unknown or deleted company, unknown warehouse, product or category; 23514 bundles and services; 22023 both products and category, no products; 22004 NULL among the products; 23505 idempotency key.';

CREATE FUNCTION stockflow.record_counts(
    company_id bigint, count_id bigint, lines jsonb, counted_at timestamptz DEFAULT now(), idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        given jsonb;
        twice record;
        kept jsonb;
        total bigint;
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'count_id'),
                stockflow.checked_moment($4, 'counted_at');
        SELECT jsonb_agg(jsonb_build_object('n', l.n, 'product_id', l.product_id, 'quantity', l.counted_quantity,
                                            'counted_at', coalesce(l.counted_at, $4))), count(*)
          INTO given, total
          FROM stockflow.request_lines($3, '{product_id,counted_quantity}', '{counted_at}') AS l;
        SELECT max(l.n) AS n, l.product_id INTO twice
          FROM jsonb_to_recordset(given) AS l(n integer, product_id bigint)
         GROUP BY l.product_id HAVING count(*) > 1 ORDER BY 1 LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'line %: product % stands in another line, too', twice.n, twice.product_id
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Add up what was counted in several places; a later call replaces what was counted before.';
        END IF;
        kept := stockflow.claim_request($1, $5, 'record_counts',
            jsonb_build_array($2, $3, CASE WHEN $4 <> now() THEN extract(epoch FROM $4) END));
        IF kept IS NOT NULL THEN
            RETURN kept::bigint;
        END IF;
        PERFORM stockflow.lock_stock_count($1, $2);
        PERFORM stockflow.check_line_products($1, given, false);
        UPDATE stockflow.stock_count_lines l
           SET counted_quantity = g.quantity, counted_at = g.counted_at
          FROM jsonb_to_recordset(given) AS g(product_id bigint, quantity numeric, counted_at timestamptz)
         WHERE l.company_id = $1 AND l.count_id = $2 AND l.product_id = g.product_id;
        -- What is found and not on the sheet gets a line. The sheet is locked, so nobody else adds it.
        INSERT INTO stockflow.stock_count_lines (company_id, count_id, product_id, counted_quantity, counted_at)
        SELECT $1, $2, g.product_id, g.quantity, g.counted_at
          FROM jsonb_to_recordset(given) AS g(product_id bigint, quantity numeric, counted_at timestamptz)
         WHERE NOT EXISTS (SELECT FROM stockflow.stock_count_lines l
                            WHERE l.company_id = $1 AND l.count_id = $2 AND l.product_id = g.product_id);
        PERFORM stockflow.keep_request($1, $5, to_jsonb(total));
        RETURN total;
    END
    $$;
COMMENT ON FUNCTION stockflow.record_counts(bigint, bigint, jsonb, timestamptz, text) IS
'Notes what was counted, [{"product_id", "counted_quantity", "counted_at"?}, …], on an open sheet and returns the number of lines. Stock does not change before post_stock_count. A product counted again replaces its earlier count; one that is not on the sheet gets a line. Errors: 55000 not open; 23503 unknown sheet or product; 23514 bundles, services, fractions of whole-unit products; 22023 a product in two lines, a moment more than a day ahead, bad lines; 22003 numbers.';

CREATE FUNCTION stockflow.variance_unit_cost(company_id bigint, product_id bigint, warehouse_id bigint) RETURNS numeric
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
        SELECT c.unit_cost
          FROM ((SELECT 1 AS rank, g.unit_cost
                   FROM stockflow.ledger g
                  WHERE g.company_id = $1 AND g.product_id = $2 AND g.warehouse_id = $3 AND g.unit_cost IS NOT NULL AND g.delta > 0
                  ORDER BY g.version DESC LIMIT 1)
                UNION ALL
                (SELECT 2, g.unit_cost
                   FROM stockflow.ledger g
                  WHERE g.company_id = $1 AND g.product_id = $2 AND g.unit_cost IS NOT NULL AND g.delta > 0
                  ORDER BY g.recorded_at DESC, g.warehouse_id, g.version DESC LIMIT 1)
                UNION ALL
                (SELECT 3, s.unit_cost
                   FROM stockflow.product_suppliers s
                  WHERE s.company_id = $1 AND s.product_id = $2 AND s.unit_cost IS NOT NULL
                  ORDER BY s.is_preferred DESC, s.unit_cost, s.supplier_id LIMIT 1)) AS c
         ORDER BY c.rank LIMIT 1
    $$;
COMMENT ON FUNCTION stockflow.variance_unit_cost(bigint, bigint, bigint) IS
'Internal. The cost by which a count values its variance: that of the last receipt in the warehouse with a cost, else in any, else the supplier''s; NULL: unknown.';

CREATE FUNCTION stockflow.stock_count_sheet(company_id bigint, count_id bigint, blind boolean DEFAULT false)
    RETURNS TABLE(product_id bigint, sku text, product_name text, unit text, counted_quantity numeric,
                  counted_at timestamptz, expected_quantity numeric, variance numeric, unit_cost numeric,
                  variance_value numeric, outcome text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
        SELECT l.product_id, p.sku, p.name, p.unit, l.counted_quantity, l.counted_at, e.expected, e.variance, e.unit_cost,
               e.variance * e.unit_cost,
               CASE WHEN l.outcome = 'open' AND l.counted_at IS NOT NULL THEN 'counted' ELSE l.outcome END
          FROM stockflow.stock_count_lines l
          JOIN stockflow.stock_counts s ON s.company_id = l.company_id AND s.count_id = l.count_id
          JOIN stockflow.products p ON p.company_id = l.company_id AND p.product_id = l.product_id
          LEFT JOIN LATERAL (
               SELECT l.expected_quantity AS expected, l.variance, l.unit_cost WHERE l.outcome <> 'open'
               UNION ALL
               SELECT b.expected, l.counted_quantity - b.expected, stockflow.variance_unit_cost($1, l.product_id, s.warehouse_id)
                 -- Rows by scalar subqueries: without statistics a join may look for them by half the key.
                 FROM (SELECT coalesce((SELECT i.quantity FROM stockflow.inventory i
                                         WHERE i.company_id = $1 AND i.product_id = l.product_id AND i.warehouse_id = s.warehouse_id), 0)
                            - coalesce((SELECT sum(g.delta) FROM stockflow.ledger g
                                         WHERE g.company_id = $1 AND g.product_id = l.product_id AND g.warehouse_id = s.warehouse_id
                                           AND g.occurred_at > l.counted_at), 0) AS expected) AS b
                WHERE l.outcome = 'open') AS e ON NOT $3
         WHERE l.company_id = $1 AND l.count_id = $2
         ORDER BY lower(p.sku), l.product_id
    $$;
COMMENT ON FUNCTION stockflow.stock_count_sheet(bigint, bigint, boolean) IS
'The lines of a count sheet. expected_quantity is the ledger at counted_at (of what is not counted yet: now), variance = counted - expected in units, variance_value the same at unit_cost; of a posted sheet as they were posted. blind => true leaves these four NULL, for those who count. outcome is open, counted, posted, superseded, not_counted or cancelled. An unknown sheet has no rows.';

CREATE FUNCTION stockflow.post_stock_count(company_id bigint, count_id bigint, idempotency_key text DEFAULT NULL)
    RETURNS TABLE(product_id bigint, sku text, product_name text, unit text, counted_quantity numeric,
                  counted_at timestamptz, expected_quantity numeric, variance numeric, unit_cost numeric,
                  variance_value numeric, outcome text)
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
    DECLARE
        place bigint;
        line record;
        products bigint[];
        decided bigint[];
        variances numeric[];    -- of the products decided; NULL: left out
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'count_id');
        IF stockflow.claim_request($1, $3, 'post_stock_count', jsonb_build_array($2)) IS NULL THEN
            place := stockflow.lock_stock_count($1, $2);
            SELECT array_agg(l.product_id) INTO products
              FROM stockflow.stock_count_lines l
             WHERE l.company_id = $1 AND l.count_id = $2 AND l.counted_at IS NOT NULL;
            IF products IS NULL THEN
                RAISE EXCEPTION 'nothing was counted on stock count %', $2
                    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Use record_counts, or cancel_stock_count.';
            END IF;
            PERFORM stockflow.lock_stock($1, products, array_fill(place, ARRAY[cardinality(products)]));
            FOR line IN
                -- By a scalar subquery: without statistics a join may look for rows by half their key.
                SELECT l.product_id, l.counted_quantity, l.counted_at,
                       coalesce((SELECT i.counted_at FROM stockflow.inventory i
                                  WHERE i.company_id = $1 AND i.product_id = l.product_id AND i.warehouse_id = place)
                                > l.counted_at, false) AS is_late
                  FROM stockflow.stock_count_lines l
                 WHERE l.company_id = $1 AND l.count_id = $2 AND l.counted_at IS NOT NULL
                 ORDER BY l.product_id
            LOOP
                decided := array_append(decided, line.product_id);
                -- A later count has found the same difference; to apply it again would double it.
                variances := array_append(variances, CASE WHEN NOT line.is_late THEN
                    stockflow.count_stock($1, place, line.product_id, line.counted_quantity, line.counted_at, format('stock_count:%s', $2)) END);
            END LOOP;
            -- In one statement, since each would plan variance_unit_cost anew.
            UPDATE stockflow.stock_count_lines l
               SET outcome = CASE WHEN o.variance IS NULL THEN 'superseded' ELSE 'posted' END,
                   variance = o.variance, expected_quantity = l.counted_quantity - o.variance,
                   unit_cost = stockflow.variance_unit_cost($1, l.product_id, place)
              FROM unnest(decided, variances) AS o(product_id, variance)
             WHERE l.company_id = $1 AND l.count_id = $2 AND l.product_id = o.product_id;
            UPDATE stockflow.stock_count_lines l SET outcome = 'not_counted'
             WHERE l.company_id = $1 AND l.count_id = $2 AND l.counted_at IS NULL;
            UPDATE stockflow.stock_counts s SET state = 'posted', closed_at = now()
             WHERE s.company_id = $1 AND s.count_id = $2;
            PERFORM stockflow.keep_request($1, $3, to_jsonb($2));
        END IF;
        RETURN QUERY SELECT * FROM stockflow.stock_count_sheet($1, $2);
    END
    $$;
COMMENT ON FUNCTION stockflow.post_stock_count(bigint, bigint, text) IS
'Applies what was counted, once, by the rule of count_stock: counted less the ledger at counted_at, so that movements since then stay; and returns the lines as stock_count_sheet does. What was not counted stays as it is (outcome not_counted); a count older than one posted meanwhile is left out (superseded). Errors: 55000 not open, nothing counted; 23503 unknown sheet; 23514 movements since the count took more than it left; 23505 idempotency key.';

CREATE FUNCTION stockflow.cancel_stock_count(company_id bigint, count_id bigint, idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'count_id');
        IF stockflow.claim_request($1, $3, 'cancel_stock_count', jsonb_build_array($2)) IS NULL THEN
            PERFORM stockflow.lock_stock_count($1, $2);
            UPDATE stockflow.stock_count_lines l SET outcome = 'cancelled' WHERE l.company_id = $1 AND l.count_id = $2;
            UPDATE stockflow.stock_counts s SET state = 'cancelled', closed_at = now()
             WHERE s.company_id = $1 AND s.count_id = $2;
            PERFORM stockflow.keep_request($1, $3, '"cancelled"');
        END IF;
        RETURN 'cancelled';
    END
    $$;
COMMENT ON FUNCTION stockflow.cancel_stock_count(bigint, bigint, text) IS
'Drops an open sheet; stock stays as it is. Returns the state, cancelled. Errors: 55000 not open; 23503 unknown sheet; 23505 idempotency key.';

CREATE FUNCTION stockflow.cycle_count_candidates(
    company_id bigint, warehouse_id bigint, max_candidates integer DEFAULT 50,
    days_a integer DEFAULT 90, days_b integer DEFAULT 180, days_c integer DEFAULT 365, lookback_days integer DEFAULT 90)
    RETURNS TABLE(product_id bigint, sku text, product_name text, quantity numeric, why text, class text,
                  counted_at timestamptz, days_since_count integer, interval_days integer, days_overdue integer)
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
    DECLARE
        wrong record;
        today CONSTANT date := stockflow.company_today($1);
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'warehouse_id');
        SELECT a.name, a.value, a.least, a.most INTO wrong
          FROM (VALUES ('max_candidates', $3, 0, 2147483647), ('days_a', $4, 1, 3650), ('days_b', $5, 1, 3650),
                       ('days_c', $6, 1, 3650), ('lookback_days', $7, 1, 3650)) AS a(name, value, least, most)
         WHERE (a.value BETWEEN a.least AND a.most) IS NOT TRUE LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% must be between % and %, not %', wrong.name, wrong.least, wrong.most, wrong.value
                USING ERRCODE = CASE WHEN wrong.value IS NULL THEN 'null_value_not_allowed' ELSE 'invalid_parameter_value' END;
        END IF;
        IF today IS NULL THEN
            RETURN;
        END IF;
        RETURN QUERY
        SELECT o.product_id, o.sku, o.name, o.quantity,
               CASE o.rank WHEN 1 THEN 'negative' WHEN 2 THEN 'never_counted' ELSE 'overdue' END,
               o.class, o.counted_at, o.days_since, o.interval_days,
               CASE WHEN o.days_since >= o.interval_days THEN o.days_since - o.interval_days END
          FROM (SELECT i.product_id, p.sku, p.name, i.quantity, i.counted_at, coalesce(k.abc, 'N') AS class,
                       CASE WHEN k.abc <> 'N' THEN k.amount END AS demand_value,
                       d.days_since, v.interval_days,
                       CASE WHEN i.quantity < 0 THEN 1 WHEN i.counted_at IS NULL THEN 2
                            WHEN d.days_since >= v.interval_days THEN 3 END AS rank
                  FROM stockflow.inventory i
                  JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id
                  JOIN stockflow.warehouses w ON w.company_id = i.company_id AND w.warehouse_id = i.warehouse_id
                  JOIN stockflow.companies c ON c.company_id = i.company_id
                  LEFT JOIN stockflow.abc_xyz($1, today - $7 + 1, today, warehouse_id => $2) AS k ON k.product_id = i.product_id
                 CROSS JOIN LATERAL (SELECT today - (i.counted_at AT TIME ZONE c.timezone)::date AS days_since) AS d
                 CROSS JOIN LATERAL (SELECT CASE k.abc WHEN 'A' THEN $4 WHEN 'B' THEN $5 ELSE $6 END AS interval_days) AS v
                 WHERE i.company_id = $1 AND i.warehouse_id = $2 AND w.deleted_at IS NULL AND c.deleted_at IS NULL
                   AND p.is_stocked AND NOT p.is_bundle AND (p.deleted_at IS NULL OR i.quantity <> 0)
                   AND NOT EXISTS (SELECT FROM stockflow.stock_counts s
                                     JOIN stockflow.stock_count_lines l
                                       ON l.company_id = s.company_id AND l.count_id = s.count_id AND l.product_id = i.product_id
                                    WHERE s.company_id = $1 AND s.warehouse_id = $2 AND s.state = 'open')) AS o
         WHERE o.rank IS NOT NULL
         ORDER BY o.rank,
                  CASE o.rank WHEN 1 THEN o.quantity END,
                  CASE o.rank WHEN 3 THEN o.interval_days - o.days_since END,
                  o.class, o.demand_value DESC NULLS LAST, o.product_id
         LIMIT $3;
    END
    $$;
COMMENT ON FUNCTION stockflow.cycle_count_candidates(bigint, bigint, integer, integer, integer, integer, integer) IS
'What to count next in a warehouse, at most max_candidates: negative stock first (the most negative first), then what was never counted (A before B before C before N, no demand), then what was last counted days_a, days_b or days_c days ago or longer by its class (C and N: days_c), most overdue first. Days are the company''s. Products on an open sheet are left out. Classes as abc_xyz of the warehouse over the last lookback_days days. An unknown company or warehouse has no rows. Errors: 22004 NULL argument, 22023 argument out of range.';

CREATE FUNCTION stockflow.verify_stock_counts(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        WITH booked AS (
            SELECT g.company_id, g.product_id, g.warehouse_id, g.reference, sum(g.delta) AS delta
              FROM stockflow.ledger g
             WHERE ($1 IS NULL OR g.company_id = $1) AND g.reason = 'count' AND g.reference LIKE 'stock_count:%'
             GROUP BY 1, 2, 3, 4),
        claimed AS (
            SELECT s.company_id, l.product_id, s.warehouse_id, format('stock_count:%s', s.count_id) AS reference, l.variance AS delta
              FROM stockflow.stock_counts s
              JOIN stockflow.stock_count_lines l ON l.company_id = s.company_id AND l.count_id = s.count_id
             WHERE ($1 IS NULL OR s.company_id = $1) AND l.variance <> 0)
        SELECT coalesce(b.company_id, k.company_id), coalesce(b.product_id, k.product_id),
               coalesce(b.warehouse_id, k.warehouse_id),
               format('%s adds up to %s in the ledger, the sheet says %s', coalesce(b.reference, k.reference),
                      coalesce(b.delta, 0), coalesce(k.delta, 0))
          FROM booked b
          FULL JOIN claimed k
            ON k.company_id = b.company_id AND k.product_id = b.product_id AND k.warehouse_id = b.warehouse_id
           AND k.reference = b.reference
         WHERE coalesce(b.delta, 0) <> coalesce(k.delta, 0)
        UNION ALL
        SELECT s.company_id, l.product_id, s.warehouse_id, format('stock count %s is %s, its line is %s', s.count_id, s.state, l.outcome)
          FROM stockflow.stock_counts s
          JOIN stockflow.stock_count_lines l ON l.company_id = s.company_id AND l.count_id = s.count_id
         WHERE ($1 IS NULL OR s.company_id = $1)
           AND CASE s.state WHEN 'posted' THEN l.outcome NOT IN ('posted', 'superseded', 'not_counted')
                            WHEN 'cancelled' THEN l.outcome <> 'cancelled' ELSE l.outcome <> 'open' END
        ORDER BY 1, 2, 3, 4
    $$;
COMMENT ON FUNCTION stockflow.verify_stock_counts(bigint) IS
'Proves of a company (NULL: of all) that what count sheets say they applied is what the ledger says. No row: sound.';
