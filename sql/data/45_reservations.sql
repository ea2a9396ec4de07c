-- Stock set aside for orders. No foreign keys to products and warehouses, for the reason that the
-- ledger has none: each would write to the row it refers to. An open line is in inventory.reserved,
-- whose row has them, and stays as long as the line is open.
CREATE TABLE stockflow.reservations (
    company_id bigint NOT NULL,
    reservation_id bigserial,
    expires_at timestamptz NOT NULL DEFAULT 'infinity',
    reference text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT reservations_pkey PRIMARY KEY (company_id, reservation_id),
    -- Its lines refer to it, so that they expire when it does.
    CONSTRAINT reservations_expiry_key UNIQUE (company_id, reservation_id, expires_at),
    CONSTRAINT reservations_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT reservations_reference_check CHECK (char_length(reference) BETWEEN 1 AND 200)
);
-- The reservation of an order: WHERE company_id = $1 AND reference = $2
CREATE INDEX reservations_reference_idx ON stockflow.reservations (company_id, reference) WHERE reference IS NOT NULL;

COMMENT ON TABLE stockflow.reservations IS 'Stock set aside until it is sold, released or expires. Its state follows from its lines and the clock; read it with stockflow.reservation_status().';
COMMENT ON COLUMN stockflow.reservations.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.reservations.reservation_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.reservations.expires_at IS 'From this moment on it sets nothing aside any more, whether or not anybody has released it; infinity: never.';
COMMENT ON COLUMN stockflow.reservations.reference IS 'The application''s document, such as an order; the sale at commit carries it.';
COMMENT ON COLUMN stockflow.reservations.created_at IS 'When it was made.';

CREATE TABLE stockflow.reservation_lines (
    company_id bigint NOT NULL,
    reservation_id bigint NOT NULL,
    line_id bigserial,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    bundle_id bigint,
    is_bundle boolean NOT NULL DEFAULT false,
    quantity numeric NOT NULL,
    committed numeric NOT NULL DEFAULT 0,
    released numeric NOT NULL DEFAULT 0,
    expired numeric NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT 'infinity',
    open_quantity numeric NOT NULL
        GENERATED ALWAYS AS (CASE WHEN is_bundle THEN 0 ELSE quantity - committed - released - expired END) STORED,
    CONSTRAINT reservation_lines_pkey PRIMARY KEY (company_id, reservation_id, line_id),
    -- One line for what is asked for alone, and one per bundle that contains it.
    CONSTRAINT reservation_lines_product_key
        UNIQUE NULLS NOT DISTINCT (company_id, reservation_id, expires_at, product_id, warehouse_id, bundle_id),
    CONSTRAINT reservation_lines_reservation_fkey FOREIGN KEY (company_id, reservation_id, expires_at)
        REFERENCES stockflow.reservations (company_id, reservation_id, expires_at) ON UPDATE CASCADE,
    CONSTRAINT reservation_lines_quantity_check
        CHECK (quantity > 0 AND quantity < 1000000000000 AND round(quantity, 6) = quantity),
    CONSTRAINT reservation_lines_use_check
        CHECK (committed >= 0 AND released >= 0 AND expired >= 0 AND committed + released + expired <= quantity),
    CONSTRAINT reservation_lines_bundle_check CHECK (NOT (is_bundle AND bundle_id IS NOT NULL))
);
-- What has expired of a product: WHERE company_id = $1 AND product_id = $2 AND warehouse_id = $3
-- AND open_quantity > 0 AND expires_at <= $4
CREATE INDEX reservation_lines_open_idx ON stockflow.reservation_lines (company_id, product_id, warehouse_id, expires_at)
    WHERE open_quantity > 0;
-- What has expired of a company, for alerts and release_expired: WHERE company_id = $1
-- AND open_quantity > 0 AND expires_at <= $2
CREATE INDEX reservation_lines_expiry_idx ON stockflow.reservation_lines (company_id, expires_at) WHERE open_quantity > 0;

COMMENT ON TABLE stockflow.reservation_lines IS 'What a reservation sets aside, per product and warehouse: quantity = open + committed + released + expired. A bundle has a line of its own and one per component; inventory.reserved is the sum of open_quantity.';
COMMENT ON COLUMN stockflow.reservation_lines.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.reservation_lines.reservation_id IS 'The reservation.';
COMMENT ON COLUMN stockflow.reservation_lines.line_id IS 'Tells lines apart.';
COMMENT ON COLUMN stockflow.reservation_lines.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.reservation_lines.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN stockflow.reservation_lines.bundle_id IS 'The bundle as part of which a component is reserved; NULL: what was asked for itself.';
COMMENT ON COLUMN stockflow.reservation_lines.is_bundle IS 'The line of a bundle itself; it holds no stock, its components do.';
COMMENT ON COLUMN stockflow.reservation_lines.quantity IS 'Units reserved at first.';
COMMENT ON COLUMN stockflow.reservation_lines.committed IS 'Units of them that were sold.';
COMMENT ON COLUMN stockflow.reservation_lines.released IS 'Units of them that were given back.';
COMMENT ON COLUMN stockflow.reservation_lines.expired IS 'Units of them that had expired when they were released.';
COMMENT ON COLUMN stockflow.reservation_lines.expires_at IS 'That of the reservation.';
COMMENT ON COLUMN stockflow.reservation_lines.open_quantity IS 'Units of stock still held; counted by inventory.reserved also after they have expired, until somebody releases them.';

ALTER TABLE stockflow.reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.reservation_lines ENABLE ROW LEVEL SECURITY;
