-- Why a product alerts or does not. The plans go by key, hence the settings.
CREATE FUNCTION stockflow.explain_alert(
    company_id bigint, product_id bigint, warehouse_id bigint, lookback_days integer DEFAULT 30,
    include_bundles boolean DEFAULT false, include_stockouts boolean DEFAULT true,
    recent_sales_only boolean DEFAULT true)
    RETURNS TABLE(term text, value text, amount numeric, source text)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    AS 'MODULE_PATHNAME', 'stockflow_explain_alert';
COMMENT ON FUNCTION stockflow.explain_alert(bigint, bigint, bigint, integer, boolean, boolean, boolean) IS
'Why low_stock_alerts with the same arguments reports a product in a warehouse or does not: every term with its value (amount is the same as a number) and where it comes from; NULL is unset or unknown. The last row is the verdict: alert, or the reason of silence (company_deleted, product_deleted, warehouse_closed, bundle, not_stocked, no_inventory_row, unlimited_bundle, no_reorder_point, above_reorder_point, no_recent_sales). An unknown key has no rows. Errors: 22004 NULL argument, 22023 lookback_days out of range.';

CREATE FUNCTION stockflow.alert_status(company_id bigint, product_ids bigint[], warehouse_ids bigint[])
    RETURNS TABLE(product_id bigint, warehouse_id bigint, available numeric, threshold numeric, verdict text)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_alert_status';
COMMENT ON FUNCTION stockflow.alert_status(bigint, bigint[], bigint[]) IS
'Available units, reorder point and the verdict of low_stock_alerts (with its defaults) on each pair of product and warehouse, low or not; verdicts as in explain_alert. Unknown pairs have no row. Errors: 22004 NULL argument.';
