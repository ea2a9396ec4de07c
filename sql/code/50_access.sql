-- Tenants and access.
CREATE FUNCTION stockflow.current_company() RETURNS bigint
    LANGUAGE c STABLE PARALLEL SAFE LEAKPROOF SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_current_company';
COMMENT ON FUNCTION stockflow.current_company() IS
'The tenant of the session: the setting stockflow.company_id, which only superusers and roles with GRANT SET ON PARAMETER can set; NULL without one. The policies of all tables use it.';

CREATE FUNCTION stockflow.set_company(company_id bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        -- Loads the library: before, anybody may set anything under its names, to no effect.
        PERFORM stockflow.current_company();
        -- SET LOCAL, not set_config: a Citus coordinator passes it on to its workers.
        EXECUTE format('SET LOCAL stockflow.company_id = %L', coalesce(company_id::text, ''));
    END
    $$;
COMMENT ON FUNCTION stockflow.set_company(bigint) IS
'Sets the tenant until the end of the transaction; NULL: none. Errors: 42501 for roles that may not switch tenants (see grant_access), 22023 for ids below 1.';

CREATE FUNCTION stockflow.grant_access(role regrole, access text) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        tables CONSTANT text := 'stockflow.warehouses, stockflow.categories, stockflow.suppliers,'
            ' stockflow.products, stockflow.product_suppliers, stockflow.product_bundles,'
            ' stockflow.replenishment_policies, stockflow.forecasts,'
            ' stockflow.supplier_prices, stockflow.purchase_orders, stockflow.purchase_order_lines,'
            ' stockflow.inventory';
        -- History that applications add to and do not remove.
        documents CONSTANT text := 'stockflow.reservations, stockflow.reservation_lines,'
            ' stockflow.transfers, stockflow.transfer_lines, stockflow.lots, stockflow.transfer_line_lots, stockflow.stock_counts, stockflow.stock_count_lines,'
            ' stockflow.forecast_refreshes,'
            ' stockflow.alerts, stockflow.alert_outbox, stockflow.alert_refreshes';
        routine regprocedure;
        sequence regclass;
    BEGIN
        IF role IS NULL OR access IS NULL OR access NOT IN ('app', 'report', 'admin') THEN
            RAISE EXCEPTION 'access "%" is not known', access
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Use app (reads and writes its tenant), report (reads it) or admin (app for any tenant).';
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA stockflow TO %s', role);
        EXECUTE format('GRANT SELECT ON stockflow.companies, stockflow.inventory_log, stockflow.inventory_log_archive, stockflow.ledger, stockflow.progress, stockflow.lot_stock, stockflow.inventory_log_lots, stockflow.purchase_receipts, stockflow.demand_history, %s, %s TO %s', tables, documents, role);
        IF access <> 'report' THEN
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO %s', tables, role);
            EXECUTE format('GRANT INSERT, UPDATE ON %s TO %s', documents, role);
            EXECUTE format('GRANT INSERT ON stockflow.purchase_receipts TO %s', role);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON stockflow.idempotency_keys TO %s', role);
            FOR sequence IN SELECT c.oid::regclass FROM pg_class c
                             WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relkind = 'S' LOOP
                EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', sequence, role);
            END LOOP;
        END IF;
        IF access = 'admin' THEN
            EXECUTE format('GRANT INSERT, UPDATE ON stockflow.companies TO %s', role);
            EXECUTE format('GRANT DELETE ON stockflow.idempotency_keys, %s TO %s', documents, role);
            EXECUTE format('GRANT SET ON PARAMETER stockflow.company_id TO %s', role);
        END IF;
        -- Reading functions for everyone, writing ones for all but reports; never administration.
        FOR routine IN SELECT p.oid::regprocedure FROM pg_proc p
                        WHERE p.pronamespace = 'stockflow'::regnamespace
                          AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
                          AND (p.provolatile <> 'v' OR access <> 'report' AND p.proname NOT IN ('uninstall', 'grant_access', 'archive_log', 'migrate', 'lock_tables', 'advance_sequences')
                               OR p.proname = 'set_company') LOOP
            EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', routine, role);
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION stockflow.grant_access(regrole, text) IS
'Gives a role what it needs: report reads its tenant''s rows, app also writes them (the ledger through its functions and triggers only), admin does so for any tenant and creates companies (set_company to the new id first, then INSERT). The tenant comes from stockflow.company_id, for example ALTER ROLE … SET stockflow.company_id = 7. Errors: 22023 for other kinds of access, 42501 without the owner''s rights.';
