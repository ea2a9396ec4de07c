-- A changed policy reaches inventory in the same transaction; and the policies of these tables.
CREATE TRIGGER policies_inserted AFTER INSERT ON stockflow.replenishment_policies
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.policy_after();
CREATE TRIGGER policies_updated AFTER UPDATE ON stockflow.replenishment_policies
    REFERENCING OLD TABLE AS removed NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.policy_after();
CREATE TRIGGER policies_deleted AFTER DELETE ON stockflow.replenishment_policies
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.policy_after();
CREATE TRIGGER planned_product_changed AFTER UPDATE ON stockflow.products
    FOR EACH ROW WHEN (OLD.category_id IS DISTINCT FROM NEW.category_id OR OLD.whole_units <> NEW.whole_units
                       OR OLD.is_bundle <> NEW.is_bundle OR OLD.is_stocked <> NEW.is_stocked)
    EXECUTE FUNCTION stockflow.planned_product_after();
-- Not before the ledger's own, which come first by name.
CREATE TRIGGER forecast_removed AFTER DELETE ON stockflow.inventory
    FOR EACH ROW EXECUTE FUNCTION stockflow.forecast_removed_after();

CREATE POLICY tenant ON stockflow.replenishment_policies
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.forecasts
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
CREATE POLICY tenant ON stockflow.forecast_refreshes
    USING (company_id = stockflow.current_company())
    WITH CHECK (company_id = stockflow.current_company());
