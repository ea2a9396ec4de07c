-- Functions that write stock. Each call is all or nothing; rows are locked in key order; the same
-- idempotency_key with the same content returns the first result and writes nothing.
-- Their plans are kept for the session and go by key always, also when they are made while a table
-- is still small: hence enable_seqscan = off.
CREATE FUNCTION stockflow.create_product(
    company_id bigint, sku text, name text, price numeric,
    warehouse_id bigint DEFAULT NULL, initial_quantity numeric DEFAULT NULL,
    category_id bigint DEFAULT NULL, reorder_point numeric DEFAULT NULL,
    supplier_id bigint DEFAULT NULL, idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_create_product';
COMMENT ON FUNCTION stockflow.create_product(bigint, text, text, numeric, bigint, numeric, bigint, numeric, bigint, text) IS
'Creates a product, with its preferred supplier and its first stock where given, and returns its product_id. Errors: 23505 SKU or idempotency key taken; 23503 unknown company, warehouse, category or supplier; 22004 required argument NULL; 22023 argument out of range; 22003 number too large; 23514 price with more decimals than the currency has, fraction of a whole-unit product.';

CREATE FUNCTION stockflow.create_product_json(company_id bigint, payload jsonb)
    RETURNS jsonb
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_create_product_json';
COMMENT ON FUNCTION stockflow.create_product_json(bigint, jsonb) IS
'Creates a product from {"name", "sku", "price", "warehouse_id"?, "initial_quantity"?, "category_id"?, "reorder_point"?, "order_up_to"?, "supplier_id"?, "unit_cost"?, "unit"?, "whole_units"?, "is_bundle"?, "is_stocked"?, "attributes"?, "idempotency_key"?} and returns the created object. All faults of the payload come in one error, one per line of its detail: 23505 when all are taken SKUs, 23503 when all are unknown references, else 22023.';

CREATE FUNCTION stockflow.product_faults(company_id bigint, payload jsonb)
    RETURNS TABLE(field text, code text, message text)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_product_faults';
COMMENT ON FUNCTION stockflow.product_faults(bigint, jsonb) IS
'The faults that create_product_json would report for a payload, one row each; no row: it is sound. Codes: required, blank, type, length, range, decimals, duplicate, unknown, unknown_field.';

CREATE FUNCTION stockflow.record_sale(
    company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric,
    occurred_at timestamptz DEFAULT now(), reference text DEFAULT NULL,
    idempotency_key text DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_record_sale';
COMMENT ON FUNCTION stockflow.record_sale(bigint, bigint, bigint, numeric, timestamptz, text, text) IS
'Takes sold units off the stock and returns what is on hand afterwards, in units; a bundle takes its components and returns how many can still be built. Errors: 23514 insufficient stock (less available than sold, unless the company may go negative), 23503 unknown or deleted key, 22023 quantity not above 0 or occurred_at more than a day ahead, 23505 idempotency key.';

CREATE FUNCTION stockflow.record_return(
    company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric,
    occurred_at timestamptz DEFAULT now(), reference text DEFAULT NULL,
    idempotency_key text DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_record_return';
COMMENT ON FUNCTION stockflow.record_return(bigint, bigint, bigint, numeric, timestamptz, text, text) IS
'Puts units that a customer sent back into stock, takes back demand on the day of the return, and returns what is on hand afterwards. Errors as record_sale.';

CREATE FUNCTION stockflow.receive_stock(
    company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric,
    unit_cost numeric DEFAULT NULL, occurred_at timestamptz DEFAULT now(),
    reference text DEFAULT NULL, idempotency_key text DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_receive_stock';
COMMENT ON FUNCTION stockflow.receive_stock(bigint, bigint, bigint, numeric, numeric, timestamptz, text, text) IS
'Puts received units into stock, with the cost of one unit where known, and returns what is on hand afterwards. Errors as record_sale.';

CREATE FUNCTION stockflow.adjust_stock(
    company_id bigint, warehouse_id bigint, product_id bigint, delta numeric,
    reason text DEFAULT 'adjustment', occurred_at timestamptz DEFAULT now(),
    reference text DEFAULT NULL, idempotency_key text DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_adjust_stock';
COMMENT ON FUNCTION stockflow.adjust_stock(bigint, bigint, bigint, numeric, text, timestamptz, text, text) IS
'Changes stock by a signed number of units for any reason (1 to 64 characters, kept in lower case; sale and consumption count as demand) and returns what is on hand afterwards. Errors as record_sale; 22023 when delta is 0.';

CREATE FUNCTION stockflow.transfer_stock(
    company_id bigint, product_id bigint, from_warehouse_id bigint, to_warehouse_id bigint,
    quantity numeric, occurred_at timestamptz DEFAULT now(), reference text DEFAULT NULL,
    idempotency_key text DEFAULT NULL)
    RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_transfer_stock';
COMMENT ON FUNCTION stockflow.transfer_stock(bigint, bigint, bigint, bigint, numeric, timestamptz, text, text) IS
'Moves units from one warehouse to another at once; no demand. Errors as record_sale; 22023 when both warehouses are the same.';

CREATE FUNCTION stockflow.count_stock(
    company_id bigint, warehouse_id bigint, product_id bigint, counted_quantity numeric,
    counted_at timestamptz DEFAULT now(), reference text DEFAULT NULL,
    idempotency_key text DEFAULT NULL)
    RETURNS numeric
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_count_stock';
COMMENT ON FUNCTION stockflow.count_stock(bigint, bigint, bigint, numeric, timestamptz, text, text) IS
'Applies a stock count and returns the difference applied: counted less the ledger at counted_at, so that movements since then stay. No difference writes no entry, but is noted in inventory.counted_at; a count older than that changes nothing. Errors as record_sale.';

CREATE FUNCTION stockflow.record_movements(
    company_id bigint, movements jsonb, idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_record_movements';
COMMENT ON FUNCTION stockflow.record_movements(bigint, jsonb, text) IS
'Records [{"warehouse_id", "product_id", "delta", "reason", "occurred_at"?, "reference"?, "unit_cost"?, "counterpart_warehouse_id"?}, …] all or nothing and returns their number. Lines of one key are summed before they are checked; bundles that are sold or returned are exploded. Errors as record_sale; 22023, 22007 or 22003 for a movement that is wrong, named in the message or its context.';
