-- Transfers that take time: shipped from one warehouse, received in another.
CREATE TABLE stockflow.transfers (
    company_id bigint NOT NULL,
    transfer_id bigserial,
    from_warehouse_id bigint NOT NULL,
    to_warehouse_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'draft',
    expected_on date,
    reference text,
    shipped_at timestamptz,
    closed_at timestamptz,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT transfers_pkey PRIMARY KEY (company_id, transfer_id),
    CONSTRAINT transfers_from_fkey
        FOREIGN KEY (company_id, from_warehouse_id) REFERENCES stockflow.warehouses,
    CONSTRAINT transfers_to_fkey
        FOREIGN KEY (company_id, to_warehouse_id) REFERENCES stockflow.warehouses,
    -- For the foreign key of the lines, which repeat the destination.
    CONSTRAINT transfers_to_key UNIQUE (company_id, transfer_id, to_warehouse_id),
    CONSTRAINT transfers_warehouses_check CHECK (from_warehouse_id <> to_warehouse_id),
    CONSTRAINT transfers_state_check
        CHECK (state IN ('draft', 'shipped', 'partly_received', 'received', 'closed', 'cancelled')),
    CONSTRAINT transfers_shipped_check
        CHECK (state = 'cancelled' OR (state = 'draft') = (shipped_at IS NULL)),
    CONSTRAINT transfers_closed_check
        CHECK ((state IN ('received', 'closed', 'cancelled')) = (closed_at IS NOT NULL)),
    CONSTRAINT transfers_expected_check CHECK (isfinite(expected_on)),
    CONSTRAINT transfers_reference_check CHECK (char_length(reference) BETWEEN 1 AND 200)
) WITH (fillfactor = 80);
-- Foreign key, and what leaves a warehouse: WHERE company_id = $1 AND from_warehouse_id = $2
CREATE INDEX transfers_from_idx ON stockflow.transfers (company_id, from_warehouse_id);
-- Foreign key, and what comes to a warehouse: WHERE company_id = $1 AND to_warehouse_id = $2
CREATE INDEX transfers_to_idx ON stockflow.transfers (company_id, to_warehouse_id);
-- Drafts, which a plan takes off: WHERE company_id = $1 AND state = 'draft'
CREATE INDEX transfers_draft_idx ON stockflow.transfers (company_id, transfer_id) WHERE state = 'draft';

COMMENT ON TABLE stockflow.transfers IS 'Transfers between warehouses that take time; their lines are in transfer_lines. transfer_stock moves at once and needs none.';
COMMENT ON COLUMN stockflow.transfers.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.transfers.transfer_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.transfers.from_warehouse_id IS 'The source: where the goods leave.';
COMMENT ON COLUMN stockflow.transfers.to_warehouse_id IS 'The destination: where they are to arrive.';
COMMENT ON COLUMN stockflow.transfers.state IS 'draft (nothing has moved), shipped, partly_received, received (all of it), closed (part of it was lost or came back) or cancelled (dropped as a draft, or all of it came back).';
COMMENT ON COLUMN stockflow.transfers.expected_on IS 'Day on which it should arrive, in the company''s time zone; NULL: unknown.';
COMMENT ON COLUMN stockflow.transfers.reference IS 'The application''s document, up to 200 characters.';
COMMENT ON COLUMN stockflow.transfers.shipped_at IS 'When the goods left; NULL: not yet, or never.';
COMMENT ON COLUMN stockflow.transfers.closed_at IS 'When nothing was in transit any more; NULL: not yet.';
COMMENT ON COLUMN stockflow.transfers.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.transfers.created_at IS 'When the row was created.';

CREATE TABLE stockflow.transfer_lines (
    company_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    line_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    quantity numeric NOT NULL,
    received numeric NOT NULL DEFAULT 0,
    lost numeric NOT NULL DEFAULT 0,
    returned numeric NOT NULL DEFAULT 0,
    unit_cost numeric,
    is_open boolean NOT NULL DEFAULT false,
    open_quantity numeric NOT NULL
        GENERATED ALWAYS AS (CASE WHEN is_open THEN quantity - received - lost - returned ELSE 0 END) STORED,
    CONSTRAINT transfer_lines_pkey PRIMARY KEY (company_id, transfer_id, line_id),
    CONSTRAINT transfer_lines_transfer_fkey
        FOREIGN KEY (company_id, transfer_id, warehouse_id)
        REFERENCES stockflow.transfers (company_id, transfer_id, to_warehouse_id),
    CONSTRAINT transfer_lines_product_fkey
        FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    CONSTRAINT transfer_lines_quantity_check
        CHECK (quantity > 0 AND quantity < 1000000000000 AND round(quantity, 6) = quantity),
    CONSTRAINT transfer_lines_parts_check
        CHECK (received >= 0 AND lost >= 0 AND returned >= 0 AND received + lost + returned <= quantity),
    CONSTRAINT transfer_lines_open_check
        CHECK (is_open = (received + lost + returned < quantity) OR NOT is_open AND received + lost + returned = 0),
    CONSTRAINT transfer_lines_unit_cost_check
        CHECK (unit_cost >= 0 AND unit_cost < 1000000000000000 AND round(unit_cost, 6) = unit_cost)
) WITH (fillfactor = 80);
-- Foreign key: WHERE company_id = $1 AND transfer_id = $2 AND warehouse_id = $3
CREATE INDEX transfer_lines_transfer_idx ON stockflow.transfer_lines (company_id, transfer_id, warehouse_id);
-- Foreign key, and the transfers of a product: WHERE company_id = $1 AND product_id = $2 [AND warehouse_id = $3]
CREATE INDEX transfer_lines_product_idx ON stockflow.transfer_lines (company_id, product_id, warehouse_id);
-- Lines under way, few among many that have ended: WHERE company_id = $1 AND is_open
CREATE INDEX transfer_lines_open_idx ON stockflow.transfer_lines (company_id, product_id, warehouse_id) WHERE is_open;

COMMENT ON TABLE stockflow.transfer_lines IS 'What a transfer moves. inventory.in_transit is the sum of open_quantity per product and destination, kept by triggers.';
COMMENT ON COLUMN stockflow.transfer_lines.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.transfer_lines.transfer_id IS 'The transfer.';
COMMENT ON COLUMN stockflow.transfer_lines.line_id IS 'Position in the transfer: 1, 2, 3, …';
COMMENT ON COLUMN stockflow.transfer_lines.product_id IS 'The product; several lines may have the same.';
COMMENT ON COLUMN stockflow.transfer_lines.warehouse_id IS 'The destination, as in the transfer.';
COMMENT ON COLUMN stockflow.transfer_lines.quantity IS 'Units to send; once shipped, units sent.';
COMMENT ON COLUMN stockflow.transfer_lines.received IS 'Units that arrived.';
COMMENT ON COLUMN stockflow.transfer_lines.lost IS 'Units written off on the way.';
COMMENT ON COLUMN stockflow.transfer_lines.returned IS 'Units that came back to the source.';
COMMENT ON COLUMN stockflow.transfer_lines.unit_cost IS 'Cost of one unit that goes with the goods into the ledger, in the company''s currency; NULL: none is stated, as with transfer_stock.';
COMMENT ON COLUMN stockflow.transfer_lines.is_open IS 'Shipped and not yet all received, lost or returned.';
COMMENT ON COLUMN stockflow.transfer_lines.open_quantity IS 'Units in transit: quantity - received - lost - returned while is_open.';
