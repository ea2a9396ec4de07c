-- Who delivers what, on which terms.
CREATE TABLE stockflow.suppliers (
    company_id bigint NOT NULL,
    supplier_id bigserial,
    name text NOT NULL,
    contact_email text,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT suppliers_pkey PRIMARY KEY (company_id, supplier_id),
    CONSTRAINT suppliers_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT suppliers_name_check CHECK (char_length(name) <= 200 AND name ~ '[^[:space:]]'),
    CONSTRAINT suppliers_contact_email_check
        CHECK (char_length(contact_email) <= 320 AND contact_email ~ '^[^@[:space:]]+@[^@[:space:]]+$')
);
COMMENT ON TABLE stockflow.suppliers IS 'Suppliers of a company.';
COMMENT ON COLUMN stockflow.suppliers.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.suppliers.supplier_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.suppliers.name IS 'Display name, 1 to 200 characters.';
COMMENT ON COLUMN stockflow.suppliers.contact_email IS 'Where to order; NULL: unknown.';
COMMENT ON COLUMN stockflow.suppliers.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.suppliers.created_at IS 'When the row was created.';
COMMENT ON COLUMN stockflow.suppliers.deleted_at IS 'Soft delete: no longer proposed; NULL: active.';

CREATE TABLE stockflow.product_suppliers (
    company_id bigint NOT NULL,
    product_id bigint NOT NULL,
    supplier_id bigint NOT NULL,
    supplier_sku text,
    unit_cost numeric,
    lead_time_days integer,
    min_order_quantity numeric,
    pack_size numeric,
    is_preferred boolean NOT NULL DEFAULT false,
    CONSTRAINT product_suppliers_pkey PRIMARY KEY (company_id, product_id, supplier_id),
    CONSTRAINT product_suppliers_product_fkey
        FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
    CONSTRAINT product_suppliers_supplier_fkey
        FOREIGN KEY (company_id, supplier_id) REFERENCES stockflow.suppliers,
    CONSTRAINT product_suppliers_supplier_sku_check CHECK (char_length(supplier_sku) BETWEEN 1 AND 64),
    CONSTRAINT product_suppliers_unit_cost_check
        CHECK (unit_cost >= 0 AND unit_cost < 1000000000000000 AND round(unit_cost, 6) = unit_cost),
    CONSTRAINT product_suppliers_lead_time_check CHECK (lead_time_days BETWEEN 0 AND 3650),
    CONSTRAINT product_suppliers_minimum_check
        CHECK (min_order_quantity >= 0 AND min_order_quantity < 1000000000000 AND round(min_order_quantity, 6) = min_order_quantity),
    CONSTRAINT product_suppliers_pack_check CHECK (pack_size > 0 AND pack_size < 1000000000000 AND round(pack_size, 6) = pack_size)
);
-- Foreign key, and what a supplier delivers: WHERE company_id = $1 AND supplier_id = $2
CREATE INDEX product_suppliers_supplier_idx ON stockflow.product_suppliers (company_id, supplier_id);

COMMENT ON TABLE stockflow.product_suppliers IS 'Which supplier delivers which product, and on which terms.';
COMMENT ON COLUMN stockflow.product_suppliers.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.product_suppliers.product_id IS 'The product.';
COMMENT ON COLUMN stockflow.product_suppliers.supplier_id IS 'The supplier.';
COMMENT ON COLUMN stockflow.product_suppliers.supplier_sku IS 'The supplier''s own number of the product.';
COMMENT ON COLUMN stockflow.product_suppliers.unit_cost IS 'Cost of one unit in the company''s currency; NULL: unknown.';
COMMENT ON COLUMN stockflow.product_suppliers.lead_time_days IS 'Days from order to receipt; NULL: unknown.';
COMMENT ON COLUMN stockflow.product_suppliers.min_order_quantity IS 'Least quantity of one order, in units; NULL: none.';
COMMENT ON COLUMN stockflow.product_suppliers.pack_size IS 'Orders come in multiples of this, in units; NULL: any quantity.';
COMMENT ON COLUMN stockflow.product_suppliers.is_preferred IS 'Chosen before all others; of several the lowest supplier_id.';
