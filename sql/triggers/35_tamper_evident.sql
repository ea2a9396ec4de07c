-- The switch for sealed ledgers.
CREATE TRIGGER tamper_evident_changed AFTER UPDATE ON stockflow.companies
    FOR EACH ROW WHEN (OLD.tamper_evident IS DISTINCT FROM NEW.tamper_evident)
    EXECUTE FUNCTION stockflow.tamper_evident_after();
