-- Guarding the data against accidents, and removing it on purpose.
CREATE FUNCTION stockflow.guard_drop() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_guard_drop';
COMMENT ON FUNCTION stockflow.guard_drop() IS
'Event trigger: refuses (55000) DROP SCHEMA stockflow, and DROP OWNED BY the owner of the data.';

-- These two tags only: with more, unrelated commands would fail where the library is missing.
CREATE EVENT TRIGGER stockflow_guard_drop ON ddl_command_start
    WHEN TAG IN ('DROP SCHEMA', 'DROP OWNED') EXECUTE FUNCTION stockflow.guard_drop();
COMMENT ON EVENT TRIGGER stockflow_guard_drop IS 'Guards the data of StockFlow against DROP SCHEMA and DROP OWNED.';

CREATE FUNCTION stockflow.uninstall(drop_data boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF drop_data THEN
            DROP VIEW IF EXISTS stockflow.ledger, stockflow.progress;
            DROP TABLE IF EXISTS stockflow.reservation_lines, stockflow.reservations,
                stockflow.alert_refreshes, stockflow.alert_outbox, stockflow.alerts,
                stockflow.idempotency_keys, stockflow.demand_history, stockflow.inventory_log_archive,
                stockflow.forecasts, stockflow.forecast_refreshes, stockflow.replenishment_policies,
                stockflow.inventory_log, stockflow.inventory,
                stockflow.purchase_receipts, stockflow.purchase_order_lines, stockflow.purchase_orders,
                stockflow.supplier_prices, stockflow.transfer_line_lots, stockflow.lot_stock,
                stockflow.inventory_log_lots, stockflow.lots, stockflow.transfer_lines, stockflow.transfers,
                stockflow.stock_count_lines, stockflow.stock_counts,
                stockflow.product_bundles, stockflow.product_suppliers, stockflow.suppliers,
                stockflow.products, stockflow.categories, stockflow.warehouses, stockflow.companies;
        END IF;
        DROP EXTENSION stockflow CASCADE;
        IF drop_data THEN
            DROP SCHEMA stockflow;
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.uninstall(boolean) IS
'Removes the extension with its triggers and policies. Without drop_data every row stays (and stays closed by row level security), and CREATE EXTENSION picks the data up again; drop_data => true destroys all data for good.';
