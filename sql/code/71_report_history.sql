-- Reports: what was there, and what happened.
CREATE FUNCTION stockflow.balances_at(company_id bigint, at timestamptz, only_warehouse bigint, product_ids bigint[])
    RETURNS TABLE(product_id bigint, warehouse_id bigint, quantity numeric)
    LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
    AS $$
    #variable_conflict use_column
    BEGIN
        RETURN QUERY
        SELECT product_id, warehouse_id, coalesce(i.quantity, 0) - coalesce(l.later, 0)
          FROM (SELECT i.product_id, i.warehouse_id, i.quantity, i.version FROM stockflow.inventory i
                 WHERE i.company_id = $1 AND ($3 IS NULL OR i.warehouse_id = $3)
                   AND ($4 IS NULL OR i.product_id = ANY ($4))) AS i
          FULL JOIN (SELECT l.product_id, l.warehouse_id, sum(l.delta) AS later, count(*) AS entries, max(l.version) AS version
                       FROM stockflow.ledger l
                      WHERE l.company_id = $1 AND l.occurred_at > $2 AND ($3 IS NULL OR l.warehouse_id = $3)
                        AND ($4 IS NULL OR l.product_id = ANY ($4))
                      GROUP BY l.product_id, l.warehouse_id) AS l USING (product_id, warehouse_id)
         -- The chain is longer than what came later. That of a row of inventory that was deleted may have
         -- its end before the moment: then it ends with 0.
         WHERE coalesce(i.version, l.version) > coalesce(l.entries, 0) OR coalesce(i.quantity, 0) <> coalesce(l.later, 0);
    END
    $$;
COMMENT ON FUNCTION stockflow.balances_at(bigint, timestamptz, bigint, bigint[]) IS
'Internal. Stock per product and warehouse at a moment, where anything was recorded by then: inventory less the entries that came later, which are all that is read. NULL: all warehouses, all products.';

CREATE FUNCTION stockflow.stock_on_hand(
    company_id bigint, day date DEFAULT NULL, warehouse_id bigint DEFAULT NULL, product_id bigint DEFAULT NULL,
    category_id bigint DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text, unit text, quantity numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT b.product_id, p.sku, p.name, b.warehouse_id, w.name, p.unit, trim_scale(b.quantity)
          FROM (SELECT CASE WHEN $2 IS NULL THEN 'infinity' ELSE stockflow.end_of_day($1, $2) END AS moment
                  FROM stockflow.report_period($1, coalesce($2, '2000-01-01'), coalesce($2, '2000-01-01'))) AS e
         CROSS JOIN stockflow.balances_at($1, e.moment, $3, stockflow.report_products($1, $4, $5)) AS b
          JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = b.product_id
          JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = b.warehouse_id
         WHERE NOT p.is_bundle
         ORDER BY b.product_id, b.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.stock_on_hand(bigint, date, bigint, bigint, bigint) IS
'Stock at the close of a day in the company''s time zone (NULL: everything that is recorded), one row per product and warehouse with anything recorded by then, also where it was 0 or below; deleted products and closed warehouses included. By occurred_at: what was recorded late counts from when it happened. An unknown company has no rows. Errors: 22004 NULL company, 22023 a day outside of the years 1900 to 9999.';

CREATE FUNCTION stockflow.ledger_history(
    company_id bigint, from_day date, to_day date, only_warehouse bigint, only_product bigint, only_category bigint,
    reasons text[])
    RETURNS TABLE(
        product_id bigint, sku text, warehouse_id bigint, day date, occurred_at timestamptz, version bigint,
        reason text, delta numeric, balance numeric, reference text, unit_cost numeric,
        counterpart_warehouse_id bigint, bundle_id bigint, bundle_quantity numeric, actor text, recorded_at timestamptz)
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
    AS $$
    #variable_conflict use_column
    DECLARE
        zone CONSTANT text := (SELECT p.timezone FROM stockflow.report_period($1, $2, $3) AS p);
        products CONSTANT bigint[] := stockflow.report_products($1, $5, $6);
        -- In the form in which reasons are kept.
        wanted CONSTANT text[] := CASE WHEN $7 IS NOT NULL THEN ARRAY(SELECT lower(r COLLATE "C") FROM unnest($7) AS r) END;
    BEGIN
        -- The balance after an entry is what is there now, less all that came later in the world's order.
        RETURN QUERY
        SELECT e.product_id, p.sku, e.warehouse_id, e.day, e.occurred_at, e.version, e.reason, e.delta, e.balance,
               e.reference, e.unit_cost, e.counterpart_warehouse_id, e.bundle_id, e.bundle_quantity, e.actor, e.recorded_at
          FROM (SELECT l.*, (l.occurred_at AT TIME ZONE zone)::date AS day,
                       coalesce(i.quantity, 0) - sum(l.delta) OVER chain + sum(l.delta) OVER so_far AS balance
                  FROM stockflow.ledger l
                  LEFT JOIN stockflow.inventory i ON i.company_id = $1 AND i.product_id = l.product_id
                                                 AND i.warehouse_id = l.warehouse_id
                 WHERE l.company_id = $1 AND l.occurred_at >= ($2 - 1)::timestamp AT TIME ZONE 'UTC'
                   AND ($4 IS NULL OR l.warehouse_id = $4) AND (products IS NULL OR l.product_id = ANY (products))
                WINDOW chain AS (PARTITION BY l.product_id, l.warehouse_id),
                       so_far AS (PARTITION BY l.product_id, l.warehouse_id
                                  ORDER BY l.occurred_at, l.recorded_at, l.version ROWS UNBOUNDED PRECEDING)) AS e
          JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = e.product_id
         WHERE e.day BETWEEN $2 AND $3 AND (wanted IS NULL OR e.reason = ANY (wanted))
         ORDER BY e.product_id, e.warehouse_id, e.occurred_at, e.recorded_at, e.version;
    END
    $$;
COMMENT ON FUNCTION stockflow.ledger_history(bigint, date, date, bigint, bigint, bigint, text[]) IS
'Internal. The rows of movement_history.';

CREATE FUNCTION stockflow.movement_history(
    company_id bigint, from_day date, to_day date, warehouse_id bigint DEFAULT NULL,
    product_id bigint DEFAULT NULL, category_id bigint DEFAULT NULL, reasons text[] DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, sku text, warehouse_id bigint, day date, occurred_at timestamptz, version bigint,
        reason text, delta numeric, balance numeric, reference text, unit_cost numeric,
        counterpart_warehouse_id bigint, bundle_id bigint, bundle_quantity numeric, actor text, recorded_at timestamptz)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$ SELECT h.* FROM stockflow.ledger_history($1, $2, $3, $4, $5, $6, $7) AS h $$;
COMMENT ON FUNCTION stockflow.movement_history(bigint, date, date, bigint, bigint, bigint, text[]) IS
'Every ledger entry of a period (both days included, in the company''s time zone), per product and warehouse in the order in which it happened: occurred_at, recorded_at, version. balance is the stock after it in that order, also where entries are left out by reasons; it differs from inventory_log.quantity_after where something was recorded late. An unknown company has no rows. Errors: 22004 NULL company or day, 22023 a period that ends before it begins.';
