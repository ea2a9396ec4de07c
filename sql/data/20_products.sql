-- What is stocked: categories and products.
CREATE TABLE stockflow.categories (
    company_id bigint NOT NULL,
    category_id bigserial,
    name text NOT NULL,
    reorder_point numeric,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT categories_pkey PRIMARY KEY (company_id, category_id),
    CONSTRAINT categories_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT categories_name_check CHECK (char_length(name) <= 200 AND name ~ '[^[:space:]]'),
    CONSTRAINT categories_reorder_point_check
        CHECK (reorder_point >= 0 AND reorder_point < 1000000000000 AND round(reorder_point, 6) = reorder_point)
);
COMMENT ON TABLE stockflow.categories IS 'Groups of products that can share a reorder point.';
COMMENT ON COLUMN stockflow.categories.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.categories.category_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.categories.name IS 'Display name, 1 to 200 characters.';
COMMENT ON COLUMN stockflow.categories.reorder_point IS 'Reorder point of its products, in units, where neither warehouse nor product sets one; NULL: unset.';
COMMENT ON COLUMN stockflow.categories.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.categories.created_at IS 'When the row was created.';

CREATE TABLE stockflow.products (
    company_id bigint NOT NULL,
    product_id bigserial,
    sku text NOT NULL,
    name text NOT NULL,
    price numeric NOT NULL,
    category_id bigint,
    reorder_point numeric,
    order_up_to numeric,
    unit text NOT NULL DEFAULT 'each',
    whole_units boolean NOT NULL DEFAULT true,
    is_bundle boolean NOT NULL DEFAULT false,
    is_stocked boolean NOT NULL DEFAULT true,
    tracks_lots boolean NOT NULL DEFAULT false,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT products_pkey PRIMARY KEY (company_id, product_id),
    CONSTRAINT products_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT products_category_fkey
        FOREIGN KEY (company_id, category_id) REFERENCES stockflow.categories,
    CONSTRAINT products_sku_check CHECK (char_length(sku) BETWEEN 1 AND 64),
    CONSTRAINT products_name_check CHECK (char_length(name) <= 200 AND name ~ '[^[:space:]]'),
    CONSTRAINT products_price_check CHECK (price >= 0 AND price < 1000000000000000),
    CONSTRAINT products_reorder_point_check
        CHECK (reorder_point >= 0 AND reorder_point < 1000000000000 AND round(reorder_point, 6) = reorder_point),
    CONSTRAINT products_order_up_to_check CHECK (order_up_to >= 0 AND order_up_to < 1000000000000 AND round(order_up_to, 6) = order_up_to),
    CONSTRAINT products_unit_check CHECK (char_length(unit) BETWEEN 1 AND 32),
    CONSTRAINT products_bundle_check CHECK (NOT (is_bundle AND NOT is_stocked))
);
-- The truth about SKUs: one live product per company and SKU, without regard to case. Serves the
-- look-up by SKU: WHERE company_id = $1 AND lower(sku) = lower($2) AND deleted_at IS NULL
CREATE UNIQUE INDEX products_sku_key ON stockflow.products (company_id, lower(sku)) WHERE deleted_at IS NULL;
-- Foreign key, and a category's changed reorder point: WHERE company_id = $1 AND category_id = $2. Partial,
-- so that a plan made before the table has statistics does not take it to find a product.
CREATE INDEX products_category_idx ON stockflow.products (company_id, category_id) WHERE category_id IS NOT NULL;
-- Whether a company keeps lots at all: WHERE company_id = $1 AND tracks_lots
CREATE INDEX products_lots_idx ON stockflow.products (company_id, product_id) WHERE tracks_lots;
-- Alerts for bundles: WHERE company_id = $1 AND is_bundle AND deleted_at IS NULL
CREATE INDEX products_bundle_idx ON stockflow.products (company_id, product_id) WHERE is_bundle AND deleted_at IS NULL;

COMMENT ON TABLE stockflow.products IS 'What a company sells. Stock of a product is held per warehouse in inventory.';
COMMENT ON COLUMN stockflow.products.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.products.product_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.products.sku IS 'Stock keeping unit, 1 to 64 characters, stored without outer blanks; unique among the company''s live products without regard to case.';
COMMENT ON COLUMN stockflow.products.name IS 'Display name, 1 to 200 characters.';
COMMENT ON COLUMN stockflow.products.price IS 'Sales price of one unit in the company''s currency, at least 0, with no more decimals than the currency has.';
COMMENT ON COLUMN stockflow.products.category_id IS 'Category, or NULL.';
COMMENT ON COLUMN stockflow.products.reorder_point IS 'Reorder point in every warehouse that sets none itself, in units; NULL: unset, 0: when empty.';
COMMENT ON COLUMN stockflow.products.order_up_to IS 'Target of a suggested order, in units; NULL: reorder point plus cover_days of demand.';
COMMENT ON COLUMN stockflow.products.unit IS 'Unit of measure, for display.';
COMMENT ON COLUMN stockflow.products.whole_units IS 'Whether stock of the product comes in whole units only.';
COMMENT ON COLUMN stockflow.products.is_bundle IS 'Whether the product is made of others (product_bundles); a bundle holds no stock of its own.';
COMMENT ON COLUMN stockflow.products.is_stocked IS 'False for services and the like: no stock is kept, and they limit no bundle.';
COMMENT ON COLUMN stockflow.products.tracks_lots IS 'Whether its stock is kept by lot, with expiry; see lots. It can be turned off once no lot of it is in stock.';
COMMENT ON COLUMN stockflow.products.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.products.created_at IS 'When the row was created.';
COMMENT ON COLUMN stockflow.products.deleted_at IS 'Soft delete: frees the SKU and silences alerts; NULL: live.';

-- One row per line: two lines of the same component add up.
CREATE TABLE stockflow.product_bundles (
    company_id bigint NOT NULL,
    bundle_id bigint NOT NULL,
    component_id bigint NOT NULL,
    quantity numeric NOT NULL,
    line_id bigserial,
    CONSTRAINT product_bundles_pkey PRIMARY KEY (company_id, bundle_id, line_id),
    CONSTRAINT product_bundles_bundle_fkey
        FOREIGN KEY (company_id, bundle_id) REFERENCES stockflow.products,
    CONSTRAINT product_bundles_component_fkey
        FOREIGN KEY (company_id, component_id) REFERENCES stockflow.products,
    CONSTRAINT product_bundles_quantity_check CHECK (quantity > 0 AND quantity < 1000000000000),
    CONSTRAINT product_bundles_self_check CHECK (bundle_id <> component_id)
);
-- Foreign key, and which bundles contain a product: WHERE company_id = $1 AND component_id = $2
CREATE INDEX product_bundles_component_idx ON stockflow.product_bundles (company_id, component_id);

COMMENT ON TABLE stockflow.product_bundles IS 'What bundles are made of: products of products, nested to any depth, never in a circle.';
COMMENT ON COLUMN stockflow.product_bundles.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.product_bundles.bundle_id IS 'The bundle.';
COMMENT ON COLUMN stockflow.product_bundles.component_id IS 'A product it contains; may be a bundle itself.';
COMMENT ON COLUMN stockflow.product_bundles.quantity IS 'Units of the component in one bundle, above 0; lines of one component add up.';
COMMENT ON COLUMN stockflow.product_bundles.line_id IS 'Tells lines apart.';
