-- Reading and proving the ledger. A proof reads everything once: without nested loops its time stays
-- in proportion to that, whatever the statistics say. Those that cannot be avoided look so dear then that
-- the server would compile for seconds what runs in milliseconds.
CREATE FUNCTION stockflow.verify_ledger(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_verify_ledger';
COMMENT ON FUNCTION stockflow.verify_ledger(bigint) IS
'Replays the ledger of a company (NULL: of all) and reports every row of inventory that does not follow from it: balance, version, gaps, balances within the chain, recent days, demand history, last sale, effective reorder point, and the hashes of tamper-evident ledgers. No row: sound. Reads only, also on a standby.';

CREATE FUNCTION stockflow.stock_as_of(company_id bigint, at timestamptz)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, quantity numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT l.product_id, l.warehouse_id, sum(l.delta)
          FROM stockflow.ledger l
         WHERE l.company_id = $1 AND l.occurred_at <= $2
         GROUP BY l.product_id, l.warehouse_id
         ORDER BY l.product_id, l.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.stock_as_of(bigint, timestamptz) IS
'Stock per product and warehouse at a moment, in units: the sum of all movements that had occurred by then, also of those recorded later.';

CREATE FUNCTION stockflow.recent_days(recent_days bytea)
    RETURNS TABLE(day date, demand numeric, returned numeric, other numeric)
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_recent_days';
COMMENT ON FUNCTION stockflow.recent_days(bytea) IS
'Unpacks inventory.recent_days: units sold or consumed, taken back, and moved for other reasons (signed), per day with movements, newest first, in the company''s time zone. Errors: 22023 for other bytes.';

CREATE FUNCTION stockflow.archive_log(before timestamptz, company_id bigint DEFAULT NULL, max_entries bigint DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_archive_log';
COMMENT ON FUNCTION stockflow.archive_log(timestamptz, bigint, bigint) IS
'Moves entries that occurred and were recorded before a moment from inventory_log to inventory_log_archive, of one company or (NULL) all, and returns how many. Of each chain the beginning moves, and the newest entry stays; verify_ledger and the view ledger read both. max_entries bounds one call: repeat it until it returns 0. For the owner of the tables. Errors: 22004 before is NULL, 22023 it lies in the future.';
