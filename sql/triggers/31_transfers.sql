-- Transfers: in_transit of inventory at the destination, and the policies of these tables.
CREATE TRIGGER position_inserted AFTER INSERT ON stockflow.transfer_lines
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('in_transit');
CREATE TRIGGER position_updated AFTER UPDATE ON stockflow.transfer_lines
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('in_transit');
CREATE TRIGGER position_deleted AFTER DELETE ON stockflow.transfer_lines
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('in_transit');

CREATE POLICY tenant ON stockflow.transfers
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.transfer_lines
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
