-- Buying: prices by quantity and date, purchase orders, and what has come in of them.
CREATE TABLE stockflow.supplier_prices (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    supplier_id bigint NOT NULL,
    min_quantity numeric NOT NULL DEFAULT 0,
    unit_cost numeric NOT NULL,
    valid_from date NOT NULL DEFAULT '-infinity',
    valid_to date,
    CONSTRAINT supplier_prices_pkey PRIMARY KEY (company_id, product_id, supplier_id, min_quantity, valid_from),
    CONSTRAINT supplier_prices_terms_fkey
        FOREIGN KEY (company_id, product_id, supplier_id) REFERENCES stockflow.product_suppliers,
    CONSTRAINT supplier_prices_minimum_check
        CHECK (min_quantity >= 0 AND min_quantity < 1000000000000 AND round(min_quantity, 6) = min_quantity),
    CONSTRAINT supplier_prices_unit_cost_check
        CHECK (unit_cost >= 0 AND unit_cost < 1000000000000000 AND round(unit_cost, 6) = unit_cost),
    CONSTRAINT supplier_prices_valid_check CHECK (valid_to > valid_from)
);
COMMENT ON TABLE stockflow.supplier_prices IS 'What a supplier charges from which quantity on and when. Of one break (min_quantity) never two prices on one day.';
COMMENT ON COLUMN stockflow.supplier_prices.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.supplier_prices.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.supplier_prices.supplier_id IS 'The supplier.';
COMMENT ON COLUMN stockflow.supplier_prices.min_quantity IS 'The price holds from this quantity of the product in one order on, in units.';
COMMENT ON COLUMN stockflow.supplier_prices.unit_cost IS 'Cost of one unit in the company''s currency.';
COMMENT ON COLUMN stockflow.supplier_prices.valid_from IS 'First day on which it holds, in the company''s time zone.';
COMMENT ON COLUMN stockflow.supplier_prices.valid_to IS 'First day on which it holds no more; NULL: open.';

CREATE TABLE stockflow.purchase_orders (
    company_id bigint NOT NULL,
    order_id bigserial,
    supplier_id bigint NOT NULL,
    warehouse_id bigint,
    state text NOT NULL DEFAULT 'draft',
    expected_on date,
    ordered_at timestamptz,
    closed_at timestamptz,
    reference text,
    note text,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT purchase_orders_pkey PRIMARY KEY (company_id, order_id),
    CONSTRAINT purchase_orders_supplier_fkey
        FOREIGN KEY (company_id, supplier_id) REFERENCES stockflow.suppliers,
    CONSTRAINT purchase_orders_warehouse_fkey
        FOREIGN KEY (company_id, warehouse_id) REFERENCES stockflow.warehouses,
    CONSTRAINT purchase_orders_state_check
        CHECK (state IN ('draft', 'ordered', 'partly_received', 'received', 'cancelled')),
    CONSTRAINT purchase_orders_ordered_check
        CHECK (state = 'cancelled' OR (state = 'draft') = (ordered_at IS NULL)),
    CONSTRAINT purchase_orders_closed_check
        CHECK ((state IN ('received', 'cancelled')) = (closed_at IS NOT NULL)),
    CONSTRAINT purchase_orders_expected_check CHECK (isfinite(expected_on)),
    CONSTRAINT purchase_orders_reference_check CHECK (char_length(reference) BETWEEN 1 AND 200),
    CONSTRAINT purchase_orders_note_check CHECK (char_length(note) BETWEEN 1 AND 2000)
);
-- Foreign key, and the orders of a supplier: WHERE company_id = $1 AND supplier_id = $2
CREATE INDEX purchase_orders_supplier_idx ON stockflow.purchase_orders (company_id, supplier_id);
-- Foreign key, and the orders for a warehouse: WHERE company_id = $1 AND warehouse_id = $2
CREATE INDEX purchase_orders_warehouse_idx ON stockflow.purchase_orders (company_id, warehouse_id);
-- Drafts, which a plan takes off: WHERE company_id = $1 AND state = 'draft'
CREATE INDEX purchase_orders_draft_idx ON stockflow.purchase_orders (company_id, order_id) WHERE state = 'draft';

COMMENT ON TABLE stockflow.purchase_orders IS 'Orders to suppliers; their lines are in purchase_order_lines.';
COMMENT ON COLUMN stockflow.purchase_orders.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.purchase_orders.order_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.purchase_orders.supplier_id IS 'Who delivers.';
COMMENT ON COLUMN stockflow.purchase_orders.warehouse_id IS 'Where lines go that name no warehouse; NULL: each line names its own.';
COMMENT ON COLUMN stockflow.purchase_orders.state IS 'draft, ordered, partly_received, received (all of it, or the rest was given up) or cancelled (nothing came).';
COMMENT ON COLUMN stockflow.purchase_orders.expected_on IS 'Day on which lines that name none are expected; NULL: unknown, or by lead time when ordered.';
COMMENT ON COLUMN stockflow.purchase_orders.ordered_at IS 'When it was placed; lead times count from here. NULL: not yet.';
COMMENT ON COLUMN stockflow.purchase_orders.closed_at IS 'When it ended as received or cancelled; NULL: not yet.';
COMMENT ON COLUMN stockflow.purchase_orders.reference IS 'The application''s or the supplier''s number of the order.';
COMMENT ON COLUMN stockflow.purchase_orders.note IS 'Free text, up to 2000 characters.';
COMMENT ON COLUMN stockflow.purchase_orders.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.purchase_orders.created_at IS 'When the row was created.';

CREATE TABLE stockflow.purchase_order_lines (
    company_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    quantity numeric NOT NULL,
    received numeric NOT NULL DEFAULT 0,
    unit_cost numeric,
    expected_on date,
    is_open boolean NOT NULL DEFAULT false,
    open_quantity numeric NOT NULL GENERATED ALWAYS AS (CASE WHEN is_open THEN greatest(quantity - received, 0) ELSE 0 END) STORED,
    CONSTRAINT purchase_order_lines_pkey PRIMARY KEY (company_id, order_id, line_id),
    CONSTRAINT purchase_order_lines_order_fkey
        FOREIGN KEY (company_id, order_id) REFERENCES stockflow.purchase_orders,
    CONSTRAINT purchase_order_lines_product_fkey
        FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    CONSTRAINT purchase_order_lines_warehouse_fkey
        FOREIGN KEY (company_id, warehouse_id) REFERENCES stockflow.warehouses,
    CONSTRAINT purchase_order_lines_quantity_check
        CHECK (quantity > 0 AND quantity < 1000000000000 AND round(quantity, 6) = quantity),
    CONSTRAINT purchase_order_lines_received_check
        CHECK (received >= 0 AND received < 1000000000000 AND round(received, 6) = received),
    CONSTRAINT purchase_order_lines_unit_cost_check
        CHECK (unit_cost >= 0 AND unit_cost < 1000000000000000 AND round(unit_cost, 6) = unit_cost),
    CONSTRAINT purchase_order_lines_expected_check CHECK (isfinite(expected_on))
) WITH (fillfactor = 80);
-- Foreign key, and what is ordered of a product: WHERE company_id = $1 AND product_id = $2 [AND warehouse_id = $3]
CREATE INDEX purchase_order_lines_product_idx ON stockflow.purchase_order_lines (company_id, product_id, warehouse_id);
-- Foreign key, and what a warehouse waits for: WHERE company_id = $1 AND warehouse_id = $2
CREATE INDEX purchase_order_lines_warehouse_idx ON stockflow.purchase_order_lines (company_id, warehouse_id);
-- Lines under way, few among many that have ended: WHERE company_id = $1 AND is_open
CREATE INDEX purchase_order_lines_open_idx ON stockflow.purchase_order_lines (company_id, product_id, warehouse_id) WHERE is_open;

COMMENT ON TABLE stockflow.purchase_order_lines IS 'What is ordered. inventory.on_order is the sum of open_quantity per product and warehouse, kept by triggers.';
COMMENT ON COLUMN stockflow.purchase_order_lines.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.purchase_order_lines.order_id IS 'The order.';
COMMENT ON COLUMN stockflow.purchase_order_lines.line_id IS 'Position in the order: 1, 2, 3, …';
COMMENT ON COLUMN stockflow.purchase_order_lines.product_id IS 'The product; several lines may have the same, each with its own date and cost.';
COMMENT ON COLUMN stockflow.purchase_order_lines.warehouse_id IS 'Where it is to be received.';
COMMENT ON COLUMN stockflow.purchase_order_lines.quantity IS 'Units ordered.';
COMMENT ON COLUMN stockflow.purchase_order_lines.received IS 'Units received: the sum of purchase_receipts. May exceed quantity by companies.over_receipt_percent.';
COMMENT ON COLUMN stockflow.purchase_order_lines.unit_cost IS 'Cost of one unit in the company''s currency; NULL: unknown.';
COMMENT ON COLUMN stockflow.purchase_order_lines.expected_on IS 'Day on which the rest is expected, in the company''s time zone; before today: late; NULL: unknown.';
COMMENT ON COLUMN stockflow.purchase_order_lines.is_open IS 'The order is ordered or partly received, so the rest still counts as on order.';
COMMENT ON COLUMN stockflow.purchase_order_lines.open_quantity IS 'Units still to come: quantity - received while is_open, never below 0.';

CREATE TABLE stockflow.purchase_receipts (
    company_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_id bigint NOT NULL,
    receipt_id bigserial,
    quantity numeric NOT NULL,
    unit_cost numeric,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT purchase_receipts_pkey PRIMARY KEY (company_id, order_id, line_id, receipt_id),
    CONSTRAINT purchase_receipts_line_fkey
        FOREIGN KEY (company_id, order_id, line_id) REFERENCES stockflow.purchase_order_lines,
    CONSTRAINT purchase_receipts_quantity_check
        CHECK (quantity > 0 AND quantity < 1000000000000 AND round(quantity, 6) = quantity),
    CONSTRAINT purchase_receipts_unit_cost_check
        CHECK (unit_cost >= 0 AND unit_cost < 1000000000000000 AND round(unit_cost, 6) = unit_cost)
);
COMMENT ON TABLE stockflow.purchase_receipts IS 'What has come in of the lines of purchase orders. The stock itself is in the ledger, under the reference purchase_order:ORDER/LINE.';
COMMENT ON COLUMN stockflow.purchase_receipts.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.purchase_receipts.order_id IS 'The order.';
COMMENT ON COLUMN stockflow.purchase_receipts.line_id IS 'Its line.';
COMMENT ON COLUMN stockflow.purchase_receipts.receipt_id IS 'Tells receipts of a line apart.';
COMMENT ON COLUMN stockflow.purchase_receipts.quantity IS 'Units received.';
COMMENT ON COLUMN stockflow.purchase_receipts.unit_cost IS 'Cost of one unit in the company''s currency; NULL: unknown.';
COMMENT ON COLUMN stockflow.purchase_receipts.occurred_at IS 'When they came; lead times count up to here.';
COMMENT ON COLUMN stockflow.purchase_receipts.recorded_at IS 'When the database learned of it.';

ALTER TABLE stockflow.supplier_prices ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.purchase_orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.purchase_order_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.purchase_receipts ENABLE ROW LEVEL SECURITY;
