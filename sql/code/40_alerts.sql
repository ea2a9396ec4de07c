-- Low-stock alerts. Their plans go from the low rows to the rest by key, whatever the statistics say:
-- hence the settings.
CREATE FUNCTION stockflow.low_stock_alerts(
    company_id bigint, warehouse_id bigint DEFAULT NULL, lookback_days integer DEFAULT 30,
    include_bundles boolean DEFAULT false, include_stockouts boolean DEFAULT true,
    recent_sales_only boolean DEFAULT true, max_alerts integer DEFAULT NULL)
    RETURNS TABLE(
        product_id bigint, product_name text, sku text, warehouse_id bigint, warehouse_name text,
        current_stock numeric, threshold numeric, days_until_stockout integer,
        supplier_id bigint, supplier_name text, supplier_contact_email text,
        threshold_source text, available numeric, reserved numeric, on_order numeric,
        demand numeric, lookback_days integer, average_daily_demand numeric,
        days_in_stock integer, adjusted_daily_demand numeric, suggested_quantity numeric,
        supplier_unit_cost numeric, lead_time_days integer, min_order_quantity numeric,
        pack_size numeric, last_sold_at timestamptz,
        limiting_component_id bigint, limiting_component_sku text, in_transit numeric, order_target numeric)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_low_stock_alerts';
COMMENT ON FUNCTION stockflow.low_stock_alerts(bigint, bigint, integer, boolean, boolean, boolean, integer) IS
'Products at or below their reorder point, one row per product and warehouse, most urgent first. Compared is available = on hand - reserved, where reservations that have expired do not count. Only products with net demand in the last lookback_days days (1 to 3650, today included, in the company''s time zone), and those that sold before and were out of stock all the time (include_stockouts); recent_sales_only => false adds the rest. days_until_stockout = floor(available / (demand / lookback_days)): 0 when nothing is available, NULL without demand. An unknown company has no rows. Errors: 22004 NULL argument, 22023 lookback_days out of range.';

CREATE FUNCTION stockflow.low_stock_alerts_json(
    company_id bigint, warehouse_id bigint DEFAULT NULL, lookback_days integer DEFAULT 30,
    include_bundles boolean DEFAULT false, include_stockouts boolean DEFAULT true,
    recent_sales_only boolean DEFAULT true, max_alerts integer DEFAULT NULL)
    RETURNS jsonb
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_low_stock_alerts_json';
COMMENT ON FUNCTION stockflow.low_stock_alerts_json(bigint, bigint, integer, boolean, boolean, boolean, integer) IS
'The same as {"alerts": [{"product_id", "product_name", "sku", "warehouse_id", "warehouse_name", "current_stock", "threshold", "days_until_stockout", "supplier": {"id", "name", "contact_email"} or null}], "total_alerts"}, where total_alerts also counts those that max_alerts leaves out: the answer to GET /api/companies/{company_id}/alerts/low-stock.';
