-- Episodes of low stock, and what is to be told about them.
CREATE TABLE stockflow.alerts (
    company_id bigint NOT NULL,
    alert_id bigserial,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'open',
    opened_at timestamptz NOT NULL DEFAULT now(),
    opened_available numeric,
    opened_threshold numeric,
    acknowledged_at timestamptz,
    acknowledged_by text,
    snoozed_until timestamptz,
    snoozed_by text,
    resolved_at timestamptz,
    resolved_by text,
    resolution text,
    recovered_at timestamptz,
    note text,
    CONSTRAINT alerts_pkey PRIMARY KEY (company_id, alert_id),
    CONSTRAINT alerts_product_fkey FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    CONSTRAINT alerts_warehouse_fkey FOREIGN KEY (company_id, warehouse_id) REFERENCES stockflow.warehouses,
    CONSTRAINT alerts_state_check CHECK (state IN ('open', 'acknowledged', 'snoozed', 'resolved')),
    CONSTRAINT alerts_snoozed_check CHECK ((state = 'snoozed') = (snoozed_until IS NOT NULL)),
    CONSTRAINT alerts_resolved_check
        CHECK ((state = 'resolved') = (resolved_at IS NOT NULL) AND (state = 'resolved') = (resolution IS NOT NULL)),
    CONSTRAINT alerts_recovered_check CHECK (recovered_at IS NULL OR state = 'resolved'),
    CONSTRAINT alerts_resolution_check
        CHECK (resolution IN ('recovered', 'by_hand', 'no_recent_sales', 'no_reorder_point', 'no_inventory_row',
                              'company_deleted', 'product_deleted', 'warehouse_closed', 'not_stocked', 'bundle')),
    CONSTRAINT alerts_note_check CHECK (char_length(note) BETWEEN 1 AND 1000)
);
-- At most one episode per product and warehouse that has not recovered, hence at most one that is not
-- resolved; refresh_alerts: WHERE company_id = $1 AND recovered_at IS NULL
CREATE UNIQUE INDEX alerts_current_key ON stockflow.alerts (company_id, product_id, warehouse_id) WHERE recovered_at IS NULL;
-- Foreign key, and the history of a product: WHERE company_id = $1 AND product_id = $2
CREATE INDEX alerts_product_idx ON stockflow.alerts (company_id, product_id, warehouse_id, opened_at);
-- Foreign key, and the history of a warehouse: WHERE company_id = $1 AND warehouse_id = $2
CREATE INDEX alerts_warehouse_idx ON stockflow.alerts (company_id, warehouse_id);

COMMENT ON TABLE stockflow.alerts IS 'Episodes of low stock: one row from the crossing of the reorder point to the recovery. Kept by refresh_alerts, acknowledge_alert, snooze_alert and resolve_alert; low_stock_alerts stays the truth about what is low.';
COMMENT ON COLUMN stockflow.alerts.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.alerts.alert_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.alerts.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.alerts.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN stockflow.alerts.state IS 'open, acknowledged (somebody takes care), snoozed (until snoozed_until), resolved.';
COMMENT ON COLUMN stockflow.alerts.opened_at IS 'When a refresh found it low.';
COMMENT ON COLUMN stockflow.alerts.opened_available IS 'Available units at that moment.';
COMMENT ON COLUMN stockflow.alerts.opened_threshold IS 'Reorder point at that moment, in units.';
COMMENT ON COLUMN stockflow.alerts.acknowledged_at IS 'When it was last acknowledged.';
COMMENT ON COLUMN stockflow.alerts.acknowledged_by IS 'By whom: role, and behind / the setting stockflow.actor.';
COMMENT ON COLUMN stockflow.alerts.snoozed_until IS 'When a snoozed alert opens again, if it is still low.';
COMMENT ON COLUMN stockflow.alerts.snoozed_by IS 'Who snoozed it last.';
COMMENT ON COLUMN stockflow.alerts.resolved_at IS 'When it was resolved.';
COMMENT ON COLUMN stockflow.alerts.resolved_by IS 'Who resolved it: by hand, or by running refresh_alerts.';
COMMENT ON COLUMN stockflow.alerts.resolution IS 'Why: recovered, by_hand, or the reason for which low_stock_alerts is silent (as in explain_alert).';
COMMENT ON COLUMN stockflow.alerts.recovered_at IS 'When the episode ended: only then can the product alert anew in this warehouse. NULL for one that was resolved by hand and is still low.';
COMMENT ON COLUMN stockflow.alerts.note IS 'What the user who acted last has noted, up to 1000 characters.';

CREATE TABLE stockflow.alert_outbox (
    company_id bigint NOT NULL,
    event_id bigserial,
    alert_id bigint NOT NULL,
    event text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    leased_until timestamptz,
    delivered_at timestamptz,
    CONSTRAINT alert_outbox_pkey PRIMARY KEY (company_id, event_id),
    CONSTRAINT alert_outbox_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT alert_outbox_event_check CHECK (event IN ('opened', 'acknowledged', 'snoozed', 'woken', 'resolved'))
);
-- take_alert_events: WHERE delivered_at IS NULL ORDER BY event_id, of one company or of all
CREATE INDEX alert_outbox_waiting_idx ON stockflow.alert_outbox (event_id, company_id) WHERE delivered_at IS NULL;

COMMENT ON TABLE stockflow.alert_outbox IS 'Events of alerts, written with the change they tell of, until a worker has delivered them. Delivered rows may be deleted.';
COMMENT ON COLUMN stockflow.alert_outbox.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.alert_outbox.event_id IS 'Key within the company; grows within one alert.';
COMMENT ON COLUMN stockflow.alert_outbox.alert_id IS 'The alert; not a foreign key, so that events and alerts can be tidied up apart.';
COMMENT ON COLUMN stockflow.alert_outbox.event IS 'opened, acknowledged, snoozed, woken, resolved.';
COMMENT ON COLUMN stockflow.alert_outbox.payload IS 'What to tell: ids, names, state, figures at that moment.';
COMMENT ON COLUMN stockflow.alert_outbox.created_at IS 'When it happened.';
COMMENT ON COLUMN stockflow.alert_outbox.attempts IS 'How often a worker has taken it.';
COMMENT ON COLUMN stockflow.alert_outbox.leased_until IS 'Until then it belongs to the worker that took it; NULL: never taken, or delivered.';
COMMENT ON COLUMN stockflow.alert_outbox.delivered_at IS 'When a worker confirmed the delivery; NULL: not yet.';

CREATE TABLE stockflow.alert_refreshes (
    company_id bigint NOT NULL,
    refreshed_at timestamptz NOT NULL,
    CONSTRAINT alert_refreshes_pkey PRIMARY KEY (company_id),
    CONSTRAINT alert_refreshes_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies
) WITH (fillfactor = 50);
COMMENT ON TABLE stockflow.alert_refreshes IS 'When the alerts of a company were last refreshed; its row lets one refresh of a company run at a time.';
COMMENT ON COLUMN stockflow.alert_refreshes.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.alert_refreshes.refreshed_at IS 'Start of the transaction that refreshed last.';
