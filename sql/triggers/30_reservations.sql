-- Reservations: inventory.reserved follows the lines, whoever writes them.
CREATE TRIGGER position_inserted AFTER INSERT ON stockflow.reservation_lines
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('reserved');
CREATE TRIGGER position_updated AFTER UPDATE ON stockflow.reservation_lines
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('reserved');
CREATE TRIGGER position_deleted AFTER DELETE ON stockflow.reservation_lines
    REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('reserved');
CREATE TRIGGER truncate_guard BEFORE TRUNCATE ON stockflow.reservation_lines
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.truncate_guard();

CREATE POLICY tenant ON stockflow.reservations
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.reservation_lines
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
