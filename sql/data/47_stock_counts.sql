-- Stock counts: sheets, and what was counted on them.
CREATE TABLE stockflow.stock_counts (
    company_id bigint NOT NULL,
    count_id bigserial,
    warehouse_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'open',
    reference text,
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT stock_counts_pkey PRIMARY KEY (company_id, count_id),
    CONSTRAINT stock_counts_warehouse_fkey
        FOREIGN KEY (company_id, warehouse_id) REFERENCES stockflow.warehouses,
    CONSTRAINT stock_counts_state_check CHECK (state IN ('open', 'posted', 'cancelled')),
    CONSTRAINT stock_counts_closed_check CHECK ((state = 'open') = (closed_at IS NULL)),
    CONSTRAINT stock_counts_reference_check CHECK (char_length(reference) BETWEEN 1 AND 200)
) WITH (fillfactor = 80);
-- Foreign key, and the sheets of a warehouse: WHERE company_id = $1 AND warehouse_id = $2 [AND state = 'open']
CREATE INDEX stock_counts_warehouse_idx ON stockflow.stock_counts (company_id, warehouse_id, state);

COMMENT ON TABLE stockflow.stock_counts IS 'Count sheets of a warehouse; their lines are in stock_count_lines.';
COMMENT ON COLUMN stockflow.stock_counts.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.stock_counts.count_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.stock_counts.warehouse_id IS 'The warehouse that is counted.';
COMMENT ON COLUMN stockflow.stock_counts.state IS 'open, posted (its differences are in the ledger) or cancelled.';
COMMENT ON COLUMN stockflow.stock_counts.reference IS 'The application''s document, up to 200 characters.';
COMMENT ON COLUMN stockflow.stock_counts.opened_at IS 'The moment of the sheet: when it was made.';
COMMENT ON COLUMN stockflow.stock_counts.closed_at IS 'When it was posted or cancelled; NULL: open.';
COMMENT ON COLUMN stockflow.stock_counts.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.stock_counts.created_at IS 'When the row was created.';

CREATE TABLE stockflow.stock_count_lines (
    company_id bigint NOT NULL,
    count_id bigint NOT NULL,
    product_id bigint NOT NULL,
    counted_quantity numeric,
    counted_at timestamptz,
    outcome text NOT NULL DEFAULT 'open',
    expected_quantity numeric,
    variance numeric,
    unit_cost numeric,
    CONSTRAINT stock_count_lines_pkey PRIMARY KEY (company_id, count_id, product_id),
    CONSTRAINT stock_count_lines_count_fkey
        FOREIGN KEY (company_id, count_id) REFERENCES stockflow.stock_counts,
    CONSTRAINT stock_count_lines_product_fkey
        FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    CONSTRAINT stock_count_lines_quantity_check
        CHECK (counted_quantity >= 0 AND counted_quantity < 1000000000000 AND round(counted_quantity, 6) = counted_quantity),
    CONSTRAINT stock_count_lines_counted_check
        CHECK ((counted_quantity IS NULL) = (counted_at IS NULL) AND isfinite(counted_at)),
    CONSTRAINT stock_count_lines_outcome_check
        CHECK (outcome IN ('open', 'posted', 'superseded', 'not_counted', 'cancelled')),
    CONSTRAINT stock_count_lines_posted_check
        CHECK (CASE WHEN outcome = 'posted' THEN expected_quantity IS NOT NULL AND variance = counted_quantity - expected_quantity
                    ELSE variance IS NULL AND expected_quantity IS NULL END)
) WITH (fillfactor = 80);
-- Foreign key, and the counts of a product: WHERE company_id = $1 AND product_id = $2
CREATE INDEX stock_count_lines_product_idx ON stockflow.stock_count_lines (company_id, product_id);

COMMENT ON TABLE stockflow.stock_count_lines IS 'What a sheet counts, one line per product.';
COMMENT ON COLUMN stockflow.stock_count_lines.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.stock_count_lines.count_id IS 'The sheet.';
COMMENT ON COLUMN stockflow.stock_count_lines.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.stock_count_lines.counted_quantity IS 'Units counted; NULL: not counted yet, which is not 0.';
COMMENT ON COLUMN stockflow.stock_count_lines.counted_at IS 'When they were counted.';
COMMENT ON COLUMN stockflow.stock_count_lines.outcome IS 'open; and of a sheet that has ended: posted, superseded (a later count was posted first), not_counted or cancelled.';
COMMENT ON COLUMN stockflow.stock_count_lines.expected_quantity IS 'Units that the ledger had at counted_at, as of posting.';
COMMENT ON COLUMN stockflow.stock_count_lines.variance IS 'Units applied: counted_quantity - expected_quantity.';
COMMENT ON COLUMN stockflow.stock_count_lines.unit_cost IS 'Cost of one unit by which the variance is valued, as of posting; NULL: unknown.';
