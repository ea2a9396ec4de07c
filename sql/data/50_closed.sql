-- Closed by default: without a policy and a tenant nobody but the owner sees a row.
ALTER TABLE stockflow.companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.warehouses ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.categories ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.products ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.product_bundles ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.suppliers ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.product_suppliers ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.transfers ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.transfer_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.stock_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.stock_count_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.inventory ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.inventory_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.idempotency_keys ENABLE ROW LEVEL SECURITY;
