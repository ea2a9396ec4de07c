-- Buying: on_order of inventory, prices that do not overlap, and the policies of these tables.
CREATE TRIGGER position_inserted AFTER INSERT ON stockflow.purchase_order_lines
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('on_order');
CREATE TRIGGER position_updated AFTER UPDATE ON stockflow.purchase_order_lines
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('on_order');
CREATE TRIGGER position_deleted AFTER DELETE ON stockflow.purchase_order_lines
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('on_order');
CREATE TRIGGER price_check AFTER INSERT OR UPDATE ON stockflow.supplier_prices
    FOR EACH ROW EXECUTE FUNCTION stockflow.supplier_price_after();

CREATE POLICY tenant ON stockflow.supplier_prices
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.purchase_orders
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.purchase_order_lines
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.purchase_receipts
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
