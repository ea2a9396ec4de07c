-- Lots in stock are the ledger's to write; the day on which they expire follows lots.
CREATE TRIGGER ledger_guard BEFORE INSERT OR DELETE OR TRUNCATE OR UPDATE OF quantity, warehouse_id ON stockflow.lot_stock
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.ledger_guard('lot_stock');
CREATE TRIGGER ledger_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON stockflow.inventory_log_lots
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.ledger_guard('inventory_log_lots');

CREATE POLICY tenant ON stockflow.lots
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.lot_stock
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.inventory_log_lots
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.transfer_line_lots
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
