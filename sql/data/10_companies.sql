-- Companies are the tenants: every other key starts with company_id.
EXECUTE format('COMMENT ON SCHEMA stockflow IS %L', 'stockflow data ' || stockflow.needed_data_version());
REVOKE ALL ON SCHEMA stockflow FROM PUBLIC;

CREATE TABLE stockflow.companies (
    company_id bigserial,
    name text NOT NULL,
    timezone text NOT NULL DEFAULT 'UTC',
    currency text NOT NULL DEFAULT 'USD',
    allow_negative_stock boolean NOT NULL DEFAULT false,
    tamper_evident boolean NOT NULL DEFAULT false,
    reorder_point numeric,
    cover_days integer NOT NULL DEFAULT 30,
    alert_recovery_percent numeric NOT NULL DEFAULT 10,
    over_receipt_percent numeric NOT NULL DEFAULT 0,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT companies_pkey PRIMARY KEY (company_id),
    CONSTRAINT companies_name_check CHECK (char_length(name) <= 200 AND name ~ '[^[:space:]]'),
    CONSTRAINT companies_currency_check CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT companies_reorder_point_check
        CHECK (reorder_point >= 0 AND reorder_point < 1000000000000 AND round(reorder_point, 6) = reorder_point),
    CONSTRAINT companies_cover_days_check CHECK (cover_days BETWEEN 0 AND 3650),
    CONSTRAINT companies_alert_recovery_percent_check CHECK (alert_recovery_percent BETWEEN 0 AND 1000),
    CONSTRAINT companies_over_receipt_check CHECK (over_receipt_percent BETWEEN 0 AND 1000)
);
COMMENT ON TABLE stockflow.companies IS 'Tenants. Soft-deleted companies keep their data and are silent.';
COMMENT ON COLUMN stockflow.companies.company_id IS 'Key; first in the key of every other table.';
COMMENT ON COLUMN stockflow.companies.name IS 'Display name, 1 to 200 characters.';
COMMENT ON COLUMN stockflow.companies.timezone IS 'IANA time zone (pg_timezone_names); it decides to which calendar day a movement belongs.';
COMMENT ON COLUMN stockflow.companies.currency IS 'ISO 4217 code of all prices and costs; it decides how many decimals a price may have.';
COMMENT ON COLUMN stockflow.companies.tamper_evident IS 'Whether the ledger of the company is sealed by hashes, so that verify_ledger finds entries that were changed behind it. Switching it on reads the whole ledger of the company and holds up those who move its stock; switching it off is for the owner of the table.';
COMMENT ON COLUMN stockflow.companies.allow_negative_stock IS 'Whether a movement may take stock below zero.';
COMMENT ON COLUMN stockflow.companies.reorder_point IS 'Reorder point of products for which nothing nearer sets one, in units; NULL: none, 0: when empty.';
COMMENT ON COLUMN stockflow.companies.cover_days IS 'Days of demand that a suggested order holds above the reorder point.';
COMMENT ON COLUMN stockflow.companies.alert_recovery_percent IS 'By how much of the reorder point available stock must be above it before an alert counts as recovered, in percent.';
COMMENT ON COLUMN stockflow.companies.over_receipt_percent IS 'How much more than ordered a line of a purchase order may receive, in percent of the line, 0 to 1000; 0: nothing more.';
COMMENT ON COLUMN stockflow.companies.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.companies.created_at IS 'When the row was created.';
COMMENT ON COLUMN stockflow.companies.deleted_at IS 'Soft delete: when the company was closed; NULL: live.';

CREATE TABLE stockflow.warehouses (
    company_id bigint NOT NULL,
    warehouse_id bigserial,
    name text NOT NULL,
    attributes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT warehouses_pkey PRIMARY KEY (company_id, warehouse_id),
    CONSTRAINT warehouses_company_fkey FOREIGN KEY (company_id) REFERENCES stockflow.companies,
    CONSTRAINT warehouses_name_check CHECK (char_length(name) <= 200 AND name ~ '[^[:space:]]')
);
COMMENT ON TABLE stockflow.warehouses IS 'Places that hold stock.';
COMMENT ON COLUMN stockflow.warehouses.company_id IS 'Owner.';
COMMENT ON COLUMN stockflow.warehouses.warehouse_id IS 'Key within the company.';
COMMENT ON COLUMN stockflow.warehouses.name IS 'Display name, 1 to 200 characters.';
COMMENT ON COLUMN stockflow.warehouses.attributes IS 'Free properties of the application.';
COMMENT ON COLUMN stockflow.warehouses.created_at IS 'When the row was created.';
COMMENT ON COLUMN stockflow.warehouses.deleted_at IS 'Soft delete: a closed warehouse takes no sale, receipt or transfer and is silent in alerts; NULL: open.';
