-- Checks of arguments for functions that are written in SQL: the same as those in C++ make.
CREATE FUNCTION stockflow.request_lines(lines jsonb, required text[], optional text[])
    RETURNS TABLE(n integer, line_id bigint, product_id bigint, quantity numeric,
                  counted_quantity numeric, unit_cost numeric, counted_at timestamptz, warehouse_id bigint,
                  expected_on date, lot text, expires_on date)
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_request_lines';
COMMENT ON FUNCTION stockflow.request_lines(jsonb, text[], text[]) IS
'Internal. The lines of a request, a filled JSON array of objects with these fields, numbered from 1. Errors, which name the line: 22023 another shape, a field that is missing, unknown, of the wrong kind or out of its range; 22003 a number that is too large or has more than six decimals; 22007, 22008 no time; 22004 NULL argument. Days have the form 2026-01-31 and lie in the years 1900 to 9999.';

CREATE FUNCTION stockflow.checked_id(id bigint, name text) RETURNS bigint
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_checked_id';
COMMENT ON FUNCTION stockflow.checked_id(bigint, text) IS
'Internal. The id of an argument that must be given. Errors: 22004 NULL.';

CREATE FUNCTION stockflow.checked_moment(moment timestamptz, name text) RETURNS timestamptz
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_checked_moment';
COMMENT ON FUNCTION stockflow.checked_moment(timestamptz, text) IS
'Internal. A moment at which something can have happened. Errors: 22004 NULL, 22023 infinite or more than a day ahead.';

CREATE FUNCTION stockflow.checked_reference(reference text) RETURNS text
    LANGUAGE c STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_checked_reference';
COMMENT ON FUNCTION stockflow.checked_reference(text) IS
'Internal. A reference without outer blanks; NULL when it is blank. Errors: 22023 longer than 200 characters or with control characters.';

CREATE FUNCTION stockflow.require_warehouse(company_id bigint, warehouse_id bigint, must_be_open boolean) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        found_warehouse record;
    BEGIN
        SELECT w.name, w.deleted_at INTO found_warehouse
          FROM stockflow.warehouses w WHERE w.company_id = $1 AND w.warehouse_id = $2;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'warehouse % does not exist', $2 USING ERRCODE = 'foreign_key_violation',
                DETAIL = format('Company %s has no such warehouse.', $1);
        ELSIF $3 AND found_warehouse.deleted_at IS NOT NULL THEN
            RAISE EXCEPTION 'warehouse "%" is closed', found_warehouse.name USING ERRCODE = 'foreign_key_violation',
                HINT = 'What is left there can still be returned, adjusted, counted or moved out.';
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.require_warehouse(bigint, bigint, boolean) IS
'Internal. Refuses (23503) a warehouse that is unknown, or closed where it must be open.';

CREATE FUNCTION stockflow.check_line_products(company_id bigint, lines jsonb, new_business boolean) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        fault record;
    BEGIN
        SELECT l.n, f.code, f.message, f.hint INTO fault
          FROM jsonb_to_recordset($2) AS l(n integer, product_id bigint, quantity numeric)
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = l.product_id
         CROSS JOIN LATERAL (VALUES
               (1, p.product_id IS NULL, '23503', format('product %s does not exist', l.product_id), ''),
               (2, p.is_bundle OR NOT p.is_stocked, '23514', format('product "%s" holds no stock of its own', p.sku), ''),
               (3, $3 AND p.deleted_at IS NOT NULL, '23503', format('product "%s" is deleted', p.sku), ''),
               (4, p.whole_units AND l.quantity <> trunc(l.quantity), '23514', format('product "%s" comes in whole units only', p.sku),
                   'Set products.whole_units to false to allow fractions.')
               ) AS f(rank, applies, code, message, hint)
         WHERE f.applies
         ORDER BY l.n, f.rank LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'line %: %', fault.n, fault.message USING ERRCODE = fault.code, HINT = fault.hint;
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.check_line_products(bigint, jsonb, boolean) IS
'Internal. Refuses lines [{"n", "product_id", "quantity"}, …] whose product is unknown (23503), a bundle, a service or whole-unit with a fraction (23514), or deleted where the lines are new business (23503).';

CREATE FUNCTION stockflow.lock_stock(company_id bigint, product_ids bigint[], warehouse_ids bigint[]) RETURNS void
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    BEGIN
        INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id)
        SELECT DISTINCT $1, k.product_id, k.warehouse_id
          FROM unnest($2, $3) AS k(product_id, warehouse_id)
         WHERE NOT EXISTS (SELECT FROM stockflow.inventory i
                            WHERE i.company_id = $1 AND i.product_id = k.product_id AND i.warehouse_id = k.warehouse_id)
         ORDER BY k.product_id, k.warehouse_id
            ON CONFLICT DO NOTHING;
        PERFORM FROM stockflow.inventory i
          JOIN unnest($2, $3) AS k(product_id, warehouse_id)
            ON i.product_id = k.product_id AND i.warehouse_id = k.warehouse_id
         WHERE i.company_id = $1
         ORDER BY i.product_id, i.warehouse_id
           FOR NO KEY UPDATE OF i;
    END
    $$;
COMMENT ON FUNCTION stockflow.lock_stock(bigint, bigint[], bigint[]) IS
'Internal. Makes the rows of inventory of these pairs where they are missing and locks them in key order, so that what follows may change them in any order.';
