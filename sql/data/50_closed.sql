-- Closed by default: without a policy and a tenant nobody but the owner sees a row.
ALTER TABLE stockflow.companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.warehouses ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.categories ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.products ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.product_bundles ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.suppliers ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.product_suppliers ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.inventory ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.alert_outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.alert_refreshes ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.inventory_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.inventory_log_archive ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.demand_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.idempotency_keys ENABLE ROW LEVEL SECURITY;
