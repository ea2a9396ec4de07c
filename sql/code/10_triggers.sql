-- Trigger functions. Where they need more than the session may (applications change stock, but do not
-- write the ledger), they act as the owner of the table, as the server's foreign keys do; none is
-- SECURITY DEFINER, so a table's owner gains nothing from them.
CREATE FUNCTION stockflow.inventory_before() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_inventory_before';
COMMENT ON FUNCTION stockflow.inventory_before() IS
'BEFORE ROW trigger of inventory: checks a change of stock, assigns its version and keeps the derived columns. Errors: 23514 insufficient stock, fractions of whole-unit products, stock of a bundle, change of the key; 23000 deletion and insertion of a key in one statement; 55000 change of a column that the ledger or open lines keep, deletion of a row that has open lines.';

CREATE FUNCTION stockflow.inventory_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_inventory_after';
COMMENT ON FUNCTION stockflow.inventory_after() IS
'AFTER ROW trigger of inventory: takes the ledger entries of a change. Errors: 23000 when another trigger changed the quantity after the ledger''s; 23514 as inventory_before, for inserted rows.';

CREATE FUNCTION stockflow.inventory_flush() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_inventory_flush';
COMMENT ON FUNCTION stockflow.inventory_flush() IS
'AFTER STATEMENT trigger of inventory: writes the ledger entries of the statement, by one INSERT.';

CREATE FUNCTION stockflow.ledger_guard() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_ledger_guard';
COMMENT ON FUNCTION stockflow.ledger_guard() IS
'BEFORE STATEMENT trigger of inventory_log and, with their names as arguments, of inventory_log_archive and demand_history: refuses (55000) every statement that is not the ledger''s own.';

CREATE FUNCTION stockflow.truncate_guard() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_truncate_guard';
COMMENT ON FUNCTION stockflow.truncate_guard() IS
'BEFORE TRUNCATE trigger of inventory: refuses (55000), since TRUNCATE would remove stock without a ledger entry.';

CREATE FUNCTION stockflow.company_before() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_company_before';
COMMENT ON FUNCTION stockflow.company_before() IS
'BEFORE ROW trigger of companies: refuses time zones that pg_timezone_names does not list (22023), and a currency with fewer decimals than prices have (23514).';

CREATE FUNCTION stockflow.timezone_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_timezone_after';
COMMENT ON FUNCTION stockflow.timezone_after() IS
'AFTER ROW trigger of companies: makes inventory.recent_days anew when days begin at other moments. Waits for those who move stock of the company and holds them up.';

CREATE FUNCTION stockflow.reorder_point_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_reorder_point_after';
COMMENT ON FUNCTION stockflow.reorder_point_after() IS
'AFTER ROW trigger of companies, categories and products: brings inventory.effective_reorder_point up to date, in one statement, in the transaction that changed it.';

CREATE FUNCTION stockflow.product_before() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_product_before';
COMMENT ON FUNCTION stockflow.product_before() IS
'BEFORE ROW trigger of products: trims and checks the SKU, names the product that holds it already (23505; the unique index products_sku_key stays the truth), checks the decimals of the price and changes of kind (23514).';

CREATE FUNCTION stockflow.bundle_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_bundle_after';
COMMENT ON FUNCTION stockflow.bundle_after() IS
'AFTER ROW trigger of product_bundles: refuses a bundle that would contain itself (23514) or be nested more than 32 levels deep (54001), one change per company at a time, and marks the product as a bundle.';

CREATE FUNCTION stockflow.history_guard() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_history_guard';
COMMENT ON FUNCTION stockflow.history_guard() IS
'BEFORE trigger of products and warehouses: refuses (23503) to delete what the ledger mentions, or to change its key.';

CREATE FUNCTION stockflow.position_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_position_after';
COMMENT ON FUNCTION stockflow.position_after() IS
'AFTER STATEMENT trigger of tables of lines: adds what changed of open_quantity to the column of inventory that its argument names (reserved, on_order or in_transit), in key order, and makes missing rows of inventory; refuses reservations of more than is available. Errors: 23514 insufficient stock or a fraction of a whole-unit product (reserved); 23503 unknown product or warehouse; 40001 when a row is deleted meanwhile.';
