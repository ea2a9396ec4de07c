-- The ledger's triggers. BEFORE triggers fire in order of name: this one last, so that it sees what
-- other triggers made of a row; AFTER triggers too: this one first, so that entries come in order.
CREATE TRIGGER zz_ledger_accept BEFORE INSERT OR UPDATE OR DELETE ON stockflow.inventory
    FOR EACH ROW EXECUTE FUNCTION stockflow.inventory_before();
CREATE TRIGGER aa_ledger_record AFTER INSERT OR UPDATE OR DELETE ON stockflow.inventory
    FOR EACH ROW EXECUTE FUNCTION stockflow.inventory_after();
CREATE TRIGGER aa_ledger_write AFTER INSERT OR UPDATE OR DELETE ON stockflow.inventory
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.inventory_flush();
CREATE TRIGGER truncate_guard BEFORE TRUNCATE ON stockflow.inventory
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.truncate_guard();
CREATE TRIGGER ledger_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON stockflow.inventory_log
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.ledger_guard();
CREATE TRIGGER ledger_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON stockflow.inventory_log_archive
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.ledger_guard('inventory_log_archive');
CREATE TRIGGER ledger_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON stockflow.demand_history
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.ledger_guard('demand_history');

CREATE TRIGGER company_check BEFORE INSERT OR UPDATE OF timezone, currency ON stockflow.companies
    FOR EACH ROW EXECUTE FUNCTION stockflow.company_before();
CREATE TRIGGER timezone_changed AFTER UPDATE OF timezone ON stockflow.companies
    FOR EACH ROW EXECUTE FUNCTION stockflow.timezone_after();
CREATE TRIGGER zz_product_check BEFORE INSERT OR UPDATE ON stockflow.products
    FOR EACH ROW EXECUTE FUNCTION stockflow.product_before();
CREATE TRIGGER bundle_check AFTER INSERT OR UPDATE ON stockflow.product_bundles
    FOR EACH ROW EXECUTE FUNCTION stockflow.bundle_after();

-- A changed reorder point reaches the rows that inherit it in the same transaction.
CREATE TRIGGER reorder_point_changed AFTER UPDATE ON stockflow.companies
    FOR EACH ROW EXECUTE FUNCTION stockflow.reorder_point_after('company');
CREATE TRIGGER reorder_point_changed AFTER UPDATE ON stockflow.categories
    FOR EACH ROW EXECUTE FUNCTION stockflow.reorder_point_after('category');
CREATE TRIGGER reorder_point_changed AFTER UPDATE ON stockflow.products
    FOR EACH ROW EXECUTE FUNCTION stockflow.reorder_point_after('product');

-- In place of foreign keys from the ledger, which would lock both rows at every sale.
CREATE TRIGGER history_guard BEFORE DELETE OR UPDATE OF company_id, product_id ON stockflow.products
    FOR EACH ROW EXECUTE FUNCTION stockflow.history_guard('product');
CREATE TRIGGER history_guard BEFORE DELETE OR UPDATE OF company_id, warehouse_id ON stockflow.warehouses
    FOR EACH ROW EXECUTE FUNCTION stockflow.history_guard('warehouse');
