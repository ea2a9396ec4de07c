-- Lots of products that have them (products.tracks_lots), and when they expire.
CREATE TABLE stockflow.lots (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    lot text NOT NULL,
    expires_on date NOT NULL DEFAULT 'infinity',
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lots_pkey PRIMARY KEY (company_id, product_id, lot),
    CONSTRAINT lots_product_fkey FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    -- For the foreign key of lot_stock, which repeats the day.
    CONSTRAINT lots_expires_key UNIQUE (company_id, product_id, lot, expires_on),
    CONSTRAINT lots_lot_check CHECK (char_length(lot) <= 100 AND lot ~ '^[^[:space:]](.*[^[:space:]])?$'),
    CONSTRAINT lots_expires_check CHECK (expires_on >= '1900-01-01' AND (expires_on <= '9999-12-31' OR expires_on = 'infinity'))
);
COMMENT ON TABLE stockflow.lots IS 'Lots of products. receive_lot makes them.';
COMMENT ON COLUMN stockflow.lots.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.lots.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.lots.lot IS 'The lot''s number as printed on the goods, 1 to 100 characters without outer blanks.';
COMMENT ON COLUMN stockflow.lots.expires_on IS 'Last day, in the company''s time zone, on which it can be used; infinity: it does not expire. A change holds at once for all that is in stock.';
COMMENT ON COLUMN stockflow.lots.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.lots.created_at IS 'When the row was created.';

CREATE TABLE stockflow.lot_stock (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    lot text NOT NULL,
    expires_on date NOT NULL,
    quantity numeric NOT NULL,
    CONSTRAINT lot_stock_pkey PRIMARY KEY (company_id, product_id, warehouse_id, lot),
    CONSTRAINT lot_stock_lot_fkey FOREIGN KEY (company_id, product_id, lot, expires_on)
        REFERENCES stockflow.lots (company_id, product_id, lot, expires_on) ON UPDATE CASCADE,
    CONSTRAINT lot_stock_warehouse_fkey
        FOREIGN KEY (company_id, warehouse_id) REFERENCES stockflow.warehouses,
    CONSTRAINT lot_stock_quantity_check CHECK (quantity > 0)
) WITH (fillfactor = 80);
-- What has expired: WHERE company_id = $1 AND expires_on < $2
CREATE INDEX lot_stock_expires_idx ON stockflow.lot_stock (company_id, expires_on);
-- Foreign key: a changed expiry
CREATE INDEX lot_stock_lot_idx ON stockflow.lot_stock (company_id, product_id, lot, expires_on);
-- Foreign key, and the lots of a warehouse: WHERE company_id = $1 AND warehouse_id = $2. The rest of the
-- key is in it so that a plan made before the table has statistics loses nothing by taking it.
CREATE INDEX lot_stock_warehouse_idx ON stockflow.lot_stock (company_id, warehouse_id, product_id, lot);
COMMENT ON TABLE stockflow.lot_stock IS 'Lots that are in stock, kept by the ledger. What inventory has more than their sum is of no known lot.';
COMMENT ON COLUMN stockflow.lot_stock.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.lot_stock.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.lot_stock.warehouse_id IS 'Where it is.';
COMMENT ON COLUMN stockflow.lot_stock.lot IS 'The lot.';
COMMENT ON COLUMN stockflow.lot_stock.expires_on IS 'As in lots.';
COMMENT ON COLUMN stockflow.lot_stock.quantity IS 'Units, more than 0.';

-- A child of the ledger and not a column of it: an entry may take from many lots.
CREATE TABLE stockflow.inventory_log_lots (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    warehouse_id bigint NOT NULL,
    version bigint NOT NULL,
    lot text NOT NULL,
    delta numeric NOT NULL,
    CONSTRAINT inventory_log_lots_pkey PRIMARY KEY (company_id, product_id, warehouse_id, version, lot)
);
-- Where a lot went: WHERE company_id = $1 AND product_id = $2 AND lot = $3
CREATE INDEX inventory_log_lots_lot_idx ON stockflow.inventory_log_lots (company_id, product_id, lot);
COMMENT ON TABLE stockflow.inventory_log_lots IS 'The part of ledger entries that is of known lots; append-only.';
COMMENT ON COLUMN stockflow.inventory_log_lots.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.inventory_log_lots.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.inventory_log_lots.warehouse_id IS 'The warehouse.';
COMMENT ON COLUMN stockflow.inventory_log_lots.version IS 'The entry in inventory_log (or its archive).';
COMMENT ON COLUMN stockflow.inventory_log_lots.lot IS 'The lot.';
COMMENT ON COLUMN stockflow.inventory_log_lots.delta IS 'Units of it that came or went with the entry; all of an entry''s have its sign.';

CREATE TABLE stockflow.transfer_line_lots (
    company_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    line_id bigint NOT NULL,
    product_id bigint NOT NULL,
    lot text NOT NULL,
    quantity numeric NOT NULL,
    settled numeric NOT NULL DEFAULT 0,
    CONSTRAINT transfer_line_lots_pkey PRIMARY KEY (company_id, transfer_id, line_id, lot),
    CONSTRAINT transfer_line_lots_line_fkey
        FOREIGN KEY (company_id, transfer_id, line_id) REFERENCES stockflow.transfer_lines,
    CONSTRAINT transfer_line_lots_lot_fkey
        FOREIGN KEY (company_id, product_id, lot) REFERENCES stockflow.lots,
    CONSTRAINT transfer_line_lots_quantity_check CHECK (quantity > 0 AND settled >= 0 AND settled <= quantity)
);
-- Foreign key: a lot that is on its way
CREATE INDEX transfer_line_lots_lot_idx ON stockflow.transfer_line_lots (company_id, product_id, lot);
COMMENT ON TABLE stockflow.transfer_line_lots IS 'The lots that a transfer has taken along; what it has beyond them is of no known lot.';
COMMENT ON COLUMN stockflow.transfer_line_lots.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.transfer_line_lots.transfer_id IS 'The transfer.';
COMMENT ON COLUMN stockflow.transfer_line_lots.line_id IS 'Its line.';
COMMENT ON COLUMN stockflow.transfer_line_lots.product_id IS 'The product of the line.';
COMMENT ON COLUMN stockflow.transfer_line_lots.lot IS 'The lot.';
COMMENT ON COLUMN stockflow.transfer_line_lots.quantity IS 'Units shipped.';
COMMENT ON COLUMN stockflow.transfer_line_lots.settled IS 'Units of these received, lost or returned; lots that expire first arrive first.';

ALTER TABLE stockflow.lots ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.lot_stock ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.inventory_log_lots ENABLE ROW LEVEL SECURITY;
ALTER TABLE stockflow.transfer_line_lots ENABLE ROW LEVEL SECURITY;
