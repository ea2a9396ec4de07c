-- The balance per product and warehouse, and the ledger behind it.
CREATE TABLE stockflow.inventory (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    quantity numeric NOT NULL DEFAULT 0,
    reorder_point numeric,
    reserved numeric NOT NULL DEFAULT 0,
    on_order numeric NOT NULL DEFAULT 0,
    in_transit numeric NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0,
    effective_reorder_point numeric,
    is_low boolean NOT NULL DEFAULT false,
    urgency smallint,
    counted_at timestamptz,
    last_sold_at timestamptz,
    recent_days bytea,
    chain_hash bytea,
    dynamic_reorder_point numeric,
    dynamic_order_quantity numeric,
    CONSTRAINT inventory_pkey PRIMARY KEY (company_id, product_id, warehouse_id),
    CONSTRAINT inventory_product_fkey
        FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    CONSTRAINT inventory_warehouse_fkey
        FOREIGN KEY (company_id, warehouse_id) REFERENCES stockflow.warehouses
    -- No CHECKs and no generated column: the server reads their texts anew for every statement. The
    -- ledger's trigger refuses numbers out of range, as it does stock that must not be negative, and
    -- keeps is_low and urgency.
) WITH (fillfactor = 50);  -- room on its page for a second version of each row: also changes of all rows at once stay HOT
-- Foreign key, and the stock of a warehouse: WHERE company_id = $1 AND warehouse_id = $2. The product
-- is in it so that a plan made before the table has statistics, to which all indexes look alike,
-- still finds a row by its whole key.
CREATE INDEX inventory_warehouse_idx ON stockflow.inventory (company_id, warehouse_id, product_id);
-- Candidates of low_stock_alerts, most urgent first: WHERE company_id = $1 AND is_low AND urgency
-- BETWEEN $2 AND $3. Stored, because the quantity itself would make every sale write every index.
CREATE INDEX inventory_low_idx ON stockflow.inventory (company_id, urgency) WHERE is_low;

COMMENT ON TABLE stockflow.inventory IS 'Stock on hand per product and warehouse. Every change of quantity, by whatever statement, is written to inventory_log by a trigger.';
COMMENT ON COLUMN stockflow.inventory.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.inventory.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.inventory.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN stockflow.inventory.quantity IS 'On hand, in units: the sum of the ledger. At most 12 digits before the point and 6 behind it.';
COMMENT ON COLUMN stockflow.inventory.reorder_point IS 'Reorder point in this warehouse, in units; NULL: the product''s, its category''s or the company''s; 0: when empty.';
COMMENT ON COLUMN stockflow.inventory.reserved IS 'Units in reservations that nobody has committed or released, expired ones included; available leaves those out. Kept by reservations.';
COMMENT ON COLUMN stockflow.inventory.on_order IS 'Units ordered and not yet received: the sum of the open lines of purchase orders. Kept by triggers.';
COMMENT ON COLUMN stockflow.inventory.in_transit IS 'Units sent by a transfer to this warehouse and not yet received: the sum of the open lines of transfers. Kept by triggers.';
COMMENT ON COLUMN stockflow.inventory.version IS 'Number of ledger entries of this key. Kept by the ledger.';
COMMENT ON COLUMN stockflow.inventory.effective_reorder_point IS 'The reorder point in force: the dynamic one, else the first that is set of warehouse, product, category, company. Kept by triggers.';
COMMENT ON COLUMN stockflow.inventory.is_low IS 'Quantity - reserved is at or below the effective reorder point; with expired reservations, more rows than are low. Says nothing about bundles, whose quantity is always 0. Kept by the ledger.';
COMMENT ON COLUMN stockflow.inventory.urgency IS 'Of a low row: how soon it can run out at the demand in recent_days: 0 within a day, 1: 1 day, 2: 2 to 3, 3: 4 to 7, 4: 8 to 15, 5: 16 to 31, 6: 32 to 63, 7: 64 days or later, 8: no demand; else NULL. Kept by the ledger.';
COMMENT ON COLUMN stockflow.inventory.counted_at IS 'Moment of the last stock count.';
COMMENT ON COLUMN stockflow.inventory.last_sold_at IS 'Latest moment of a sale or consumption. Kept by the ledger.';
COMMENT ON COLUMN stockflow.inventory.recent_days IS 'Demand, returns and other changes of the last 32 days, packed; read it with stockflow.recent_days(). Kept by the ledger.';
COMMENT ON COLUMN stockflow.inventory.chain_hash IS 'Where companies.tamper_evident is set: SHA-256 over the ledger of this key up to its newest entry; else NULL. Kept by the ledger.';
COMMENT ON COLUMN stockflow.inventory.dynamic_reorder_point IS 'Reorder point that policy and forecast make, in units; NULL: the policy is manual, or there is no forecast. Kept by planning.';
COMMENT ON COLUMN stockflow.inventory.dynamic_order_quantity IS 'Units that the policy orders above the reorder point; NULL: the policy has no order_rule. Kept by planning.';

CREATE TABLE stockflow.inventory_log (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    version bigint NOT NULL,
    delta numeric NOT NULL,
    quantity_after numeric NOT NULL,
    reason text NOT NULL,
    reference text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    unit_cost numeric,
    bundle_id bigint,
    bundle_quantity numeric,
    counterpart_warehouse_id bigint,
    chain_hash bytea,
    -- No CHECKs: nobody but the ledger writes here.
    CONSTRAINT inventory_log_pkey PRIMARY KEY (company_id, product_id, warehouse_id, version)
) WITH (
    -- Entries are never changed: a page that is full is frozen at its first vacuum, for good, and
    -- vacuum comes before much of it has left memory.
    autovacuum_freeze_min_age = 0,
    autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_analyze_scale_factor = 0.02
);
-- What happened in a period: stock_as_of, count_stock, a window longer than recent_days.
-- WHERE company_id = $1 AND occurred_at > $2
CREATE INDEX inventory_log_occurred_idx ON stockflow.inventory_log (company_id, occurred_at);

COMMENT ON TABLE stockflow.inventory_log IS 'The ledger: every change of stock, append-only. Per key the versions have no gaps, and each balance is the one before plus delta.';
COMMENT ON COLUMN stockflow.inventory_log.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.inventory_log.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.inventory_log.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN stockflow.inventory_log.version IS 'Position in the chain of this product and warehouse: 1, 2, 3, …';
COMMENT ON COLUMN stockflow.inventory_log.delta IS 'Change of stock in units; 0 only in the entry that records the sale of a bundle itself.';
COMMENT ON COLUMN stockflow.inventory_log.quantity_after IS 'Balance after this entry.';
COMMENT ON COLUMN stockflow.inventory_log.reason IS 'What happened: sale, return, receipt, adjustment, initial, transfer_out, transfer_in, count, consumption, or a reason of the application. Only sale and consumption are demand; return takes demand back.';
COMMENT ON COLUMN stockflow.inventory_log.reference IS 'The application''s document, or the entry that this one corrects.';
COMMENT ON COLUMN stockflow.inventory_log.occurred_at IS 'When it happened in the world; may lie in the past.';
COMMENT ON COLUMN stockflow.inventory_log.recorded_at IS 'When the database learned of it.';
COMMENT ON COLUMN stockflow.inventory_log.actor IS 'Database role; followed by / and the setting stockflow.actor where the application gives one.';
COMMENT ON COLUMN stockflow.inventory_log.unit_cost IS 'Cost of one received unit in the company''s currency; NULL: unknown.';
COMMENT ON COLUMN stockflow.inventory_log.bundle_id IS 'The bundle as part of which a component moved.';
COMMENT ON COLUMN stockflow.inventory_log.bundle_quantity IS 'In the entry of a bundle: units of the bundle sold, or taken back where reason is return.';
COMMENT ON COLUMN stockflow.inventory_log.counterpart_warehouse_id IS 'The other warehouse of a transfer.';
COMMENT ON COLUMN stockflow.inventory_log.chain_hash IS 'SHA-256 over this entry and the hash of the one before; NULL: written while companies.tamper_evident was not set.';

-- Old entries, moved here by archive_log() so that the table that sales write, and its indexes, stay
-- small. Written in the order of its key.
CREATE TABLE stockflow.inventory_log_archive (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    version bigint NOT NULL,
    delta numeric NOT NULL,
    quantity_after numeric NOT NULL,
    reason text NOT NULL,
    reference text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    unit_cost numeric,
    bundle_id bigint,
    bundle_quantity numeric,
    counterpart_warehouse_id bigint,
    chain_hash bytea,
    CONSTRAINT inventory_log_archive_pkey PRIMARY KEY (company_id, product_id, warehouse_id, version)
) WITH (autovacuum_freeze_min_age = 0);
-- What happened in a period: reports on a recent one find here that nothing belongs to it.
-- WHERE company_id = $1 AND occurred_at > $2
CREATE INDEX inventory_log_archive_occurred_idx ON stockflow.inventory_log_archive (company_id, occurred_at);
COMMENT ON TABLE stockflow.inventory_log_archive IS 'Entries of the ledger that archive_log() has moved here: the beginnings of the chains. Append-only.';
COMMENT ON COLUMN stockflow.inventory_log_archive.company_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.product_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.warehouse_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.version IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.delta IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.quantity_after IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.reason IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.reference IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.occurred_at IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.recorded_at IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.actor IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.unit_cost IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.bundle_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.bundle_quantity IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.counterpart_warehouse_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.inventory_log_archive.chain_hash IS 'As in inventory_log.';

-- The whole ledger. With the rights of who asks, so that row level security applies to him.
CREATE VIEW stockflow.ledger WITH (security_invoker = true) AS
    SELECT company_id, product_id, warehouse_id, version, delta, quantity_after, reason, reference, occurred_at,
           recorded_at, actor, unit_cost, bundle_id, bundle_quantity, counterpart_warehouse_id, chain_hash
      FROM stockflow.inventory_log
    UNION ALL
    SELECT company_id, product_id, warehouse_id, version, delta, quantity_after, reason, reference, occurred_at,
           recorded_at, actor, unit_cost, bundle_id, bundle_quantity, counterpart_warehouse_id, chain_hash
      FROM stockflow.inventory_log_archive;
COMMENT ON VIEW stockflow.ledger IS 'Every entry of the ledger: inventory_log and inventory_log_archive.';
COMMENT ON COLUMN stockflow.ledger.company_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.product_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.warehouse_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.version IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.delta IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.quantity_after IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.reason IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.reference IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.occurred_at IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.recorded_at IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.actor IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.unit_cost IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.bundle_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.bundle_quantity IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.counterpart_warehouse_id IS 'As in inventory_log.';
COMMENT ON COLUMN stockflow.ledger.chain_hash IS 'As in inventory_log.';

CREATE TABLE stockflow.demand_history (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    day date NOT NULL,
    demand numeric NOT NULL,
    returned numeric NOT NULL,
    other numeric NOT NULL,
    CONSTRAINT demand_history_pkey PRIMARY KEY (company_id, product_id, warehouse_id, day)
);
COMMENT ON TABLE stockflow.demand_history IS 'What happened to a product in a warehouse on the days before those in inventory.recent_days; one row per day with movements. Kept by the ledger.';
COMMENT ON COLUMN stockflow.demand_history.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.demand_history.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.demand_history.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN stockflow.demand_history.day IS 'Day in the company''s time zone.';
COMMENT ON COLUMN stockflow.demand_history.demand IS 'Units sold or consumed, also as part of a bundle; of a bundle itself: units of the bundle.';
COMMENT ON COLUMN stockflow.demand_history.returned IS 'Units taken back from customers.';
COMMENT ON COLUMN stockflow.demand_history.other IS 'All other changes of stock, signed: stock changed by other - demand + returned.';

CREATE TABLE stockflow.idempotency_keys (
    company_id bigint NOT NULL,
    idempotency_key text NOT NULL,
    operation text NOT NULL,
    request_hash bytea NOT NULL,
    result jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (company_id, idempotency_key),
    CONSTRAINT idempotency_keys_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT idempotency_keys_key_check CHECK (char_length(idempotency_key) BETWEEN 1 AND 200)
) WITH (fillfactor = 80);
COMMENT ON TABLE stockflow.idempotency_keys IS 'Requests that were carried out under a key. Rows may be deleted when no retry can come any more.';
COMMENT ON COLUMN stockflow.idempotency_keys.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.idempotency_keys.idempotency_key IS 'The caller''s key, 1 to 200 characters.';
COMMENT ON COLUMN stockflow.idempotency_keys.operation IS 'The function that was called.';
COMMENT ON COLUMN stockflow.idempotency_keys.request_hash IS 'SHA-256 of the request; the same key with another request is refused.';
COMMENT ON COLUMN stockflow.idempotency_keys.result IS 'What the first call returned.';
COMMENT ON COLUMN stockflow.idempotency_keys.created_at IS 'When the key was first used.';
