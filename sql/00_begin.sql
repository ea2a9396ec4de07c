-- What is there already decides what this script does. Business data is not a member of the
-- extension (doc/decisions.md says why), so that it outlives DROP EXTENSION and dumps like any
-- other data. The comment on the schema marks the data and its version:
--   no schema                      fresh: create code, tables, triggers
--   marked schema without tables   restore: a dump is being restored and brings the rest itself
--   marked schema with tables      adopt: make code, triggers and policies anew for this data, which
--                                  is migrated if it is older
--   any other schema               refused
-- Data of a version that this code does not know is refused by 40_version.sql.
SET LOCAL client_min_messages = warning;
SET LOCAL check_function_bodies = off;
SET LOCAL search_path = pg_catalog, pg_temp;

DO $stockflow_state$
DECLARE
    -- What the code relies on; users may add columns of their own.
    layout CONSTANT jsonb := '{
        "companies": "company_id bigint, name text, timezone text, currency text, allow_negative_stock boolean, tamper_evident boolean, reorder_point numeric, cover_days integer, alert_recovery_percent numeric, over_receipt_percent numeric, deleted_at timestamp with time zone",
        "warehouses": "company_id bigint, warehouse_id bigint, name text, deleted_at timestamp with time zone",
        "categories": "company_id bigint, category_id bigint, name text, reorder_point numeric",
        "products": "company_id bigint, product_id bigint, sku text, name text, price numeric, category_id bigint, reorder_point numeric, order_up_to numeric, unit text, whole_units boolean, is_bundle boolean, is_stocked boolean, tracks_lots boolean, attributes jsonb, created_at timestamp with time zone, deleted_at timestamp with time zone",
        "product_bundles": "company_id bigint, bundle_id bigint, component_id bigint, quantity numeric, line_id bigint",
        "suppliers": "company_id bigint, supplier_id bigint, name text, contact_email text, deleted_at timestamp with time zone",
        "product_suppliers": "company_id bigint, product_id bigint, supplier_id bigint, unit_cost numeric, lead_time_days integer, min_order_quantity numeric, pack_size numeric, is_preferred boolean",
        "supplier_prices": "company_id bigint, product_id bigint, supplier_id bigint, min_quantity numeric, unit_cost numeric, valid_from date, valid_to date",
        "purchase_orders": "company_id bigint, order_id bigint, supplier_id bigint, warehouse_id bigint, state text, expected_on date, ordered_at timestamp with time zone, closed_at timestamp with time zone, reference text, note text, attributes jsonb, created_at timestamp with time zone",
        "purchase_order_lines": "company_id bigint, order_id bigint, line_id bigint, product_id bigint, warehouse_id bigint, quantity numeric, received numeric, unit_cost numeric, expected_on date, is_open boolean, open_quantity numeric",
        "purchase_receipts": "company_id bigint, order_id bigint, line_id bigint, receipt_id bigint, quantity numeric, unit_cost numeric, occurred_at timestamp with time zone, recorded_at timestamp with time zone",
        "transfers": "company_id bigint, transfer_id bigint, from_warehouse_id bigint, to_warehouse_id bigint, state text, expected_on date, reference text, shipped_at timestamp with time zone, closed_at timestamp with time zone",
        "transfer_lines": "company_id bigint, transfer_id bigint, line_id bigint, product_id bigint, warehouse_id bigint, quantity numeric, received numeric, lost numeric, returned numeric, unit_cost numeric, is_open boolean, open_quantity numeric",
        "lots": "company_id bigint, product_id bigint, lot text, expires_on date",
        "lot_stock": "company_id bigint, product_id bigint, warehouse_id bigint, lot text, expires_on date, quantity numeric",
        "inventory_log_lots": "company_id bigint, product_id bigint, warehouse_id bigint, version bigint, lot text, delta numeric",
        "transfer_line_lots": "company_id bigint, transfer_id bigint, line_id bigint, product_id bigint, lot text, quantity numeric, settled numeric",
        "stock_counts": "company_id bigint, count_id bigint, warehouse_id bigint, state text, reference text, opened_at timestamp with time zone, closed_at timestamp with time zone",
        "stock_count_lines": "company_id bigint, count_id bigint, product_id bigint, counted_quantity numeric, counted_at timestamp with time zone, outcome text, expected_quantity numeric, variance numeric, unit_cost numeric",
        "inventory": "company_id bigint, product_id bigint, warehouse_id bigint, quantity numeric, reorder_point numeric, reserved numeric, on_order numeric, in_transit numeric, version bigint, effective_reorder_point numeric, is_low boolean, urgency smallint, counted_at timestamp with time zone, last_sold_at timestamp with time zone, recent_days bytea, chain_hash bytea, dynamic_reorder_point numeric, dynamic_order_quantity numeric",
        "replenishment_policies": "company_id bigint, policy_id bigint, category_id bigint, product_id bigint, reorder_policy text, service_level numeric, service_level_a numeric, service_level_b numeric, service_level_c numeric, lead_time_days integer, review_days integer, order_rule text, cover_days integer, order_cost numeric, holding_rate numeric, forecast_method text",
        "forecasts": "company_id bigint, product_id bigint, warehouse_id bigint, as_of date, history_days integer, days_in_stock integer, demand_class text, adi double precision, cv2 double precision, abc_class text, method text, model text, parameters jsonb, origins integer, mean_absolute_error double precision, root_mean_squared_error double precision, bias double precision, horizon_sum_error double precision, supplier_id bigint, unit_cost numeric, lead_time_mean double precision, lead_time_sd double precision, lead_time_source text, review_days integer, daily_mean double precision, demand_mean double precision, demand_variance double precision, levels double precision[], quantiles double precision[], daily_means double precision[], steps integer[], step_quantiles double precision[], inventory_version bigint, computed_at timestamp with time zone",
        "forecast_refreshes": "company_id bigint, applied_at timestamp with time zone",
        "inventory_log": "company_id bigint, product_id bigint, warehouse_id bigint, version bigint, delta numeric, quantity_after numeric, reason text, reference text, occurred_at timestamp with time zone, recorded_at timestamp with time zone, actor text, unit_cost numeric, bundle_id bigint, bundle_quantity numeric, counterpart_warehouse_id bigint, chain_hash bytea",
        "inventory_log_archive": "company_id bigint, product_id bigint, warehouse_id bigint, version bigint, delta numeric, quantity_after numeric, reason text, reference text, occurred_at timestamp with time zone, recorded_at timestamp with time zone, actor text, unit_cost numeric, bundle_id bigint, bundle_quantity numeric, counterpart_warehouse_id bigint, chain_hash bytea",
        "demand_history": "company_id bigint, product_id bigint, warehouse_id bigint, day date, demand numeric, returned numeric, other numeric",
        "reservations": "company_id bigint, reservation_id bigint, expires_at timestamp with time zone, reference text, created_at timestamp with time zone",
        "reservation_lines": "company_id bigint, reservation_id bigint, line_id bigint, product_id bigint, warehouse_id bigint, bundle_id bigint, is_bundle boolean, quantity numeric, committed numeric, released numeric, expired numeric, expires_at timestamp with time zone, open_quantity numeric",
        "alerts": "company_id bigint, alert_id bigint, product_id bigint, warehouse_id bigint, state text, opened_at timestamp with time zone, opened_available numeric, opened_threshold numeric, acknowledged_at timestamp with time zone, acknowledged_by text, snoozed_until timestamp with time zone, snoozed_by text, resolved_at timestamp with time zone, resolved_by text, resolution text, recovered_at timestamp with time zone, note text",
        "alert_outbox": "company_id bigint, event_id bigint, alert_id bigint, event text, payload jsonb, created_at timestamp with time zone, attempts integer, leased_until timestamp with time zone, delivered_at timestamp with time zone",
        "alert_refreshes": "company_id bigint, refreshed_at timestamp with time zone",
        "idempotency_keys": "company_id bigint, idempotency_key text, operation text, request_hash bytea, result jsonb, created_at timestamp with time zone"}';
    data_schema oid;
    data_owner oid;
    marker text;
    found_tables integer;
    state text;
BEGIN
    SELECT n.oid, n.nspowner, obj_description(n.oid, 'pg_namespace')
      INTO data_schema, data_owner, marker
      FROM pg_namespace n WHERE n.nspname = 'stockflow';
    SELECT count(*) INTO found_tables
      FROM pg_class c WHERE c.relnamespace = data_schema AND layout ? c.relname::text;
    IF data_schema IS NULL THEN
        state := 'fresh';
        CREATE SCHEMA stockflow;
    ELSIF marker IS NULL OR marker !~ '^stockflow data [0-9]{1,4}\.[0-9]{1,4}$' THEN
        RAISE EXCEPTION 'schema "stockflow" already exists'
            USING ERRCODE = 'duplicate_schema',
                  DETAIL = 'It does not carry the mark of StockFlow data.',
                  HINT = 'Rename or drop that schema. If it comes from a dump taken with --no-comments, restore its comment first: COMMENT ON SCHEMA stockflow IS ''stockflow data 1.0''.';
    ELSIF found_tables = 0 THEN
        state := 'restore';
    ELSE
        state := 'adopt';
    END IF;
    -- On a worker of a Citus cluster the coordinator brings the tables.
    IF state = 'fresh' AND to_regclass('pg_catalog.pg_dist_local_group') IS NOT NULL THEN
        EXECUTE 'SELECT ''restore'' FROM pg_catalog.pg_dist_local_group WHERE groupid <> 0' INTO marker;
        state := coalesce(marker, state);
    END IF;
    PERFORM pg_catalog.set_config('stockflow_install.state', state, true);
    PERFORM pg_catalog.set_config('stockflow_install.layout', layout::text, true);
END;
$stockflow_state$;
