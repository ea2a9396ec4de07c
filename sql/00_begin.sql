-- What is there already decides what this script does. Business data is not a member of the
-- extension (doc/decisions.md says why), so that it outlives DROP EXTENSION and dumps like any
-- other data. The comment on the schema marks the data and its version:
--   no schema                      fresh: create code, tables, triggers
--   marked schema without tables   restore: a dump is being restored and brings the rest itself
--   marked schema with tables      adopt: make code, triggers and policies anew for this data
--   any other schema               refused
SET LOCAL client_min_messages = warning;
SET LOCAL check_function_bodies = off;
SET LOCAL search_path = pg_catalog, pg_temp;

DO $stockflow_state$
DECLARE
    data_schema oid;
    marker text;
    found_tables integer;
    state text;
BEGIN
    SELECT n.oid, pg_catalog.obj_description(n.oid, 'pg_namespace')
      INTO data_schema, marker
      FROM pg_catalog.pg_namespace n WHERE n.nspname OPERATOR(pg_catalog.=) 'stockflow';
    SELECT pg_catalog.count(*) INTO found_tables
      FROM pg_catalog.pg_class c
     WHERE c.relnamespace OPERATOR(pg_catalog.=) data_schema AND c.relkind = 'r'
       AND c.relname = ANY (ARRAY['companies', 'warehouses', 'categories', 'suppliers', 'products',
                                  'product_suppliers', 'product_bundles', 'inventory',
                                  'inventory_log', 'idempotency_keys']);
    IF data_schema IS NULL THEN
        state := 'fresh';
        CREATE SCHEMA stockflow;
    ELSIF marker IS NULL OR marker NOT LIKE 'stockflow data %' THEN
        RAISE EXCEPTION 'schema "stockflow" already exists'
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'It does not carry the mark of StockFlow data.',
                  HINT = 'Rename or drop that schema. If it comes from a dump taken with --no-comments, restore its comment first: COMMENT ON SCHEMA stockflow IS ''stockflow data 1.0''.';
    ELSIF marker <> 'stockflow data 1.0' THEN
        RAISE EXCEPTION 'cannot use data marked "%"', marker
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Install the version of StockFlow that wrote this data.';
    ELSIF found_tables = 0 THEN
        state := 'restore';
    ELSIF found_tables = 10 THEN
        state := 'adopt';
    ELSE
        RAISE EXCEPTION 'schema "stockflow" holds only % of 10 tables', found_tables
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Restore the missing tables from a backup, or remove the schema.';
    END IF;
    -- On a worker of a Citus cluster the coordinator brings the tables.
    IF state = 'fresh' AND to_regclass('pg_catalog.pg_dist_local_group') IS NOT NULL THEN
        EXECUTE 'SELECT ''restore'' FROM pg_catalog.pg_dist_local_group WHERE groupid <> 0' INTO marker;
        state := coalesce(marker, state);
    END IF;
    PERFORM pg_catalog.set_config('stockflow_install.state', state, true);
END;
$stockflow_state$;
