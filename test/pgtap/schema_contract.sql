-- The tables, columns and functions that applications rely on, and the habits that hold for all.
BEGIN;
SELECT plan(33);

-- Prints the rows of a query that ought to be none.
CREATE FUNCTION pg_temp.none(query text, description text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN is_empty(query, description);
END $$;

-- The catalog rows the checks below look at.
CREATE TEMP VIEW tables AS
    SELECT c.oid, c.oid::regclass::text AS name, c.relrowsecurity, c.relacl, c.relowner, c.relkind, c.reloptions
      FROM pg_class c
     WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f');
CREATE TEMP VIEW columns AS
    SELECT t.oid AS table_oid, t.name AS table_name, a.attname, a.attnum, a.attidentity,
           format_type(a.atttypid, a.atttypmod) AS type, a.atttypid
      FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid
     WHERE a.attnum > 0 AND NOT a.attisdropped;
CREATE TEMP VIEW routines AS
    SELECT p.*, p.oid::regprocedure::text AS name
      FROM pg_proc p WHERE p.pronamespace = 'stockflow'::regnamespace;
CREATE TEMP VIEW members AS
    SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS name
      FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass
       AND d.refobjid = e.oid AND e.extname = 'stockflow' AND d.deptype = 'e';

-- Tables and columns of the interface, with their types; more columns are allowed.
CREATE TEMP TABLE contract (table_name text, columns text);
INSERT INTO contract VALUES
    ('companies', 'company_id bigint, name text, timezone text, allow_negative_stock boolean, reorder_point numeric, deleted_at timestamp with time zone'),
    ('warehouses', 'company_id bigint, warehouse_id bigint, name text, deleted_at timestamp with time zone'),
    ('categories', 'company_id bigint, category_id bigint, name text, reorder_point numeric'),
    ('suppliers', 'company_id bigint, supplier_id bigint, name text, contact_email text, deleted_at timestamp with time zone'),
    ('products', 'company_id bigint, product_id bigint, sku text, name text, price numeric, category_id bigint, reorder_point numeric, is_bundle boolean, deleted_at timestamp with time zone, attributes jsonb'),
    ('product_suppliers', 'company_id bigint, product_id bigint, supplier_id bigint, supplier_sku text, unit_cost numeric, lead_time_days integer, min_order_quantity numeric, pack_size numeric, is_preferred boolean'),
    ('product_bundles', 'company_id bigint, bundle_id bigint, component_id bigint, quantity numeric'),
    ('inventory', 'company_id bigint, product_id bigint, warehouse_id bigint, quantity numeric, reorder_point numeric'),
    ('inventory_log', 'company_id bigint, product_id bigint, warehouse_id bigint, version bigint, delta numeric, quantity_after numeric, reason text, reference text, occurred_at timestamp with time zone, recorded_at timestamp with time zone, actor text');

-- Each table of the interface has its columns, with their types
SELECT pg_temp.none(
    format('SELECT unnest(string_to_array(%L, '', '')) EXCEPT SELECT attname || '' '' || type FROM columns WHERE table_oid = %L::regclass',
           columns, 'stockflow.' || table_name),
    'columns of ' || table_name) FROM contract;

-- Company_id, names, sku and price are all that an insert must give
SELECT is(string_agg(c.table_name || '.' || c.attname, ' ' ORDER BY c.table_name, c.attnum),
    'stockflow.categories.name stockflow.companies.name stockflow.products.sku stockflow.products.name stockflow.products.price stockflow.suppliers.name stockflow.warehouses.name',
    'an insert must give company_id, names, sku and price only')
  FROM columns c JOIN pg_attribute a ON a.attrelid = c.table_oid AND a.attnum = c.attnum
 WHERE a.attnotnull AND NOT a.atthasdef AND c.attname <> 'company_id'
   AND c.table_name IN ('stockflow.companies', 'stockflow.warehouses', 'stockflow.categories', 'stockflow.suppliers', 'stockflow.products');

-- Functions of the interface: names, order, defaults and results.
CREATE TEMP TABLE functions (name text, arguments text, result text);
INSERT INTO functions VALUES
    ('create_product', 'company_id bigint, sku text, name text, price numeric, warehouse_id bigint DEFAULT NULL::bigint, initial_quantity numeric DEFAULT NULL::numeric, category_id bigint DEFAULT NULL::bigint, reorder_point numeric DEFAULT NULL::numeric, supplier_id bigint DEFAULT NULL::bigint, idempotency_key text DEFAULT NULL::text', 'bigint'),
    ('create_product_json', 'company_id bigint, payload jsonb', 'jsonb'),
    ('record_sale', 'company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric, occurred_at timestamp with time zone DEFAULT now(), reference text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'numeric'),
    ('record_return', 'company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric, occurred_at timestamp with time zone DEFAULT now(), reference text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'numeric'),
    ('receive_stock', 'company_id bigint, warehouse_id bigint, product_id bigint, quantity numeric, unit_cost numeric DEFAULT NULL::numeric, occurred_at timestamp with time zone DEFAULT now(), reference text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'numeric'),
    ('adjust_stock', 'company_id bigint, warehouse_id bigint, product_id bigint, delta numeric, reason text DEFAULT ''adjustment''::text, occurred_at timestamp with time zone DEFAULT now(), reference text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'numeric'),
    ('transfer_stock', 'company_id bigint, product_id bigint, from_warehouse_id bigint, to_warehouse_id bigint, quantity numeric, occurred_at timestamp with time zone DEFAULT now(), reference text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'void'),
    ('count_stock', 'company_id bigint, warehouse_id bigint, product_id bigint, counted_quantity numeric, counted_at timestamp with time zone DEFAULT now(), reference text DEFAULT NULL::text, idempotency_key text DEFAULT NULL::text', 'numeric'),
    ('record_movements', 'company_id bigint, movements jsonb, idempotency_key text DEFAULT NULL::text', 'bigint'),
    ('low_stock_alerts', 'company_id bigint, warehouse_id bigint DEFAULT NULL::bigint, lookback_days integer DEFAULT 30, include_bundles boolean DEFAULT false, ...', 'TABLE(product_id bigint, product_name text, sku text, warehouse_id bigint, warehouse_name text, current_stock numeric, threshold numeric, days_until_stockout integer, supplier_id bigint, supplier_name text, supplier_contact_email text, ...)'),
    ('low_stock_alerts_json', 'company_id bigint, warehouse_id bigint DEFAULT NULL::bigint, lookback_days integer DEFAULT 30, include_bundles boolean DEFAULT false, ...', 'jsonb'),
    ('verify_ledger', 'company_id bigint DEFAULT NULL::bigint', 'TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)'),
    ('demand_series', 'company_id bigint, product_id bigint, warehouse_id bigint, from_day date DEFAULT NULL::date, to_day date DEFAULT NULL::date', 'TABLE(day date, units numeric, in_stock boolean, ...)'),
    ('stock_as_of', 'company_id bigint, at timestamp with time zone', 'TABLE(product_id bigint, warehouse_id bigint, quantity numeric)');

-- Each exists once, with arguments and results as the interface says; where that ends in "...",
-- more may follow, which callers need not give
SELECT pg_temp.none($$
    SELECT f.name, pg_get_function_arguments(r.oid), pg_get_function_result(r.oid)
      FROM functions f LEFT JOIN routines r ON r.proname = f.name
     WHERE r.oid IS NULL
        OR NOT starts_with(pg_get_function_arguments(r.oid), rtrim(f.arguments, '.'))
        OR NOT starts_with(pg_get_function_result(r.oid), rtrim(rtrim(f.result, ')'), '.'))
        OR (f.arguments NOT LIKE '%...' AND pg_get_function_arguments(r.oid) <> f.arguments)
        OR (f.result NOT LIKE '%...)' AND pg_get_function_result(r.oid) <> f.result)
        OR r.pronargs - r.pronargdefaults > 1 + length(regexp_replace(regexp_replace(f.arguments, 'DEFAULT.*', ''), '[^,]', '', 'g')) $$,
    'functions of the interface have their arguments, defaults and results');
-- No overloads: calls by name stay unambiguous
SELECT pg_temp.none('SELECT proname FROM routines GROUP BY 1 HAVING count(*) > 1', 'no function is overloaded');
-- Every argument can be given by name
SELECT pg_temp.none($$ SELECT name FROM routines WHERE pronargs > 0 AND (proargnames IS NULL OR '' = ANY (proargnames)) $$,
    'every argument has a name');
-- What writes is volatile and never runs in a parallel worker
SELECT pg_temp.none($$ SELECT name FROM routines
     WHERE proname ~ '^(create|record|receive|adjust|transfer|count)_' AND (provolatile <> 'v' OR proparallel <> 'u') $$,
    'writing functions are volatile and parallel unsafe');

-- Keys carry the tenant
SELECT pg_temp.none($$
    SELECT t.name FROM tables t
     WHERE t.relkind <> 'v' AND NOT EXISTS (SELECT FROM pg_index i JOIN columns c ON c.table_oid = t.oid AND c.attnum = i.indkey[0]
                        WHERE i.indrelid = t.oid AND i.indisprimary AND c.attname = 'company_id') $$,
    'every primary key starts with company_id');
SELECT pg_temp.none($$
    SELECT i.indexrelid::regclass FROM pg_index i JOIN tables t ON t.oid = i.indrelid
     WHERE i.indisunique AND NOT EXISTS (SELECT FROM columns c WHERE c.table_oid = t.oid AND c.attname = 'company_id' AND c.attnum = ANY (i.indkey)) $$,
    'every unique index includes company_id');
SELECT pg_temp.none($$
    SELECT k.conname FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
     WHERE k.contype = 'f'
       AND NOT EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS pair(own, other)
                         JOIN columns a ON a.table_oid = k.conrelid AND a.attnum = own
                         JOIN columns b ON b.table_oid = k.confrelid AND b.attnum = other
                        WHERE a.attname = 'company_id' AND b.attname = 'company_id') $$,
    'every foreign key carries company_id to company_id');
SELECT pg_temp.none($$
    SELECT k.conname FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
     WHERE k.contype = 'f'
       AND NOT EXISTS (SELECT FROM pg_index i
                        WHERE i.indrelid = k.conrelid
                          -- NULL refers to nothing.
                          AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) IN (
                              SELECT format('(%s IS NOT NULL)', quote_ident(a.attname)) FROM pg_attribute a
                               WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)))
                          AND (string_to_array(i.indkey::text, ' ')::smallint[])[:cardinality(k.conkey)] @> k.conkey) $$,
    'every foreign key has an index that starts with its columns');
-- Deleting a row never rewrites others behind the ledger
SELECT pg_temp.none($$ SELECT k.conname FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
     WHERE k.contype = 'f' AND (k.confdeltype IN ('n', 'd') OR k.confupdtype IN ('n', 'd')) $$,
    'no foreign key sets null or default');

-- Everything is explained
SELECT pg_temp.none($$ SELECT name FROM tables WHERE obj_description(oid, 'pg_class') IS NULL
    UNION ALL SELECT table_name || '.' || attname FROM columns WHERE col_description(table_oid, attnum) IS NULL $$,
    'every table and column has a comment');
SELECT pg_temp.none($$ SELECT name FROM routines WHERE obj_description(oid, 'pg_proc') IS NULL $$,
    'every function has a comment');
SELECT pg_temp.none($$ SELECT e.evtname FROM pg_event_trigger e JOIN routines r ON r.oid = e.evtfoid
     WHERE obj_description(e.oid, 'pg_event_trigger') IS NULL $$,
    'every event trigger has a comment');

-- Closed by default
SELECT pg_temp.none($$ SELECT name FROM routines WHERE prokind <> 'p' AND NOT EXISTS (SELECT FROM unnest(proconfig) AS c WHERE c LIKE 'search_path=%') $$,
    'every function fixes its search_path (a procedure that does cannot commit)');
SELECT pg_temp.none($$
    SELECT name FROM routines r, aclexplode(coalesce(r.proacl, acldefault('f', r.proowner))) x WHERE x.grantee = 0
    UNION ALL SELECT name FROM tables t, aclexplode(coalesce(t.relacl, acldefault('r', t.relowner))) x WHERE x.grantee = 0
    UNION ALL SELECT c.oid::regclass::text FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('s', c.relowner))) x
     WHERE c.relkind = 'S' AND c.relnamespace = 'stockflow'::regnamespace AND x.grantee = 0
    UNION ALL SELECT n.nspname FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
     WHERE n.nspname = 'stockflow' AND x.grantee = 0
    UNION ALL SELECT c.table_name || '.' || c.attname FROM columns c JOIN pg_attribute a ON a.attrelid = c.table_oid AND a.attnum = c.attnum,
              aclexplode(a.attacl) x WHERE x.grantee = 0 $$,
    'PUBLIC has no privilege on anything');
SELECT pg_temp.none($$ SELECT t.name FROM tables t WHERE t.relkind <> 'v'
     AND (NOT t.relrowsecurity OR NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)) $$,
    'every table has row level security and a policy');
SELECT pg_temp.none($$ SELECT t.name FROM tables t WHERE t.relkind = 'v' AND NOT 'security_invoker=true' = ANY (coalesce(t.reloptions, '{}')) $$,
    'every view has the rights of who asks');
SELECT pg_temp.none($$ SELECT polname, polrelid::regclass FROM pg_policy p JOIN tables t ON t.oid = p.polrelid
     WHERE concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ~ 'current_setting' $$,
    'no policy trusts current_setting');

-- Code is a member of the extension, data is not
SELECT pg_temp.none($$ SELECT name FROM members WHERE classid IN ('pg_class'::regclass, 'pg_namespace'::regclass, 'pg_type'::regclass) $$,
    'no table, sequence or schema is a member of the extension');
SELECT pg_temp.none($$ SELECT name FROM routines r WHERE NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_proc'::regclass AND m.objid = r.oid) $$,
    'every function is a member of the extension');

-- What keeps data portable, restorable and distributable
SELECT pg_temp.none($$ SELECT table_name, attname FROM columns WHERE attidentity <> '' $$, 'no identity columns');
SELECT pg_temp.none($$ SELECT table_name, attname, type FROM columns c JOIN pg_type t ON t.oid = c.atttypid
     WHERE t.typnamespace <> 'pg_catalog'::regnamespace $$,
    'no column of a user-defined type');
SELECT pg_temp.none($$ SELECT t.tgname, t.tgrelid::regclass FROM pg_trigger t JOIN tables b ON b.oid = t.tgrelid
     WHERE t.tgenabled <> 'O' $$,
    'triggers fire for ordinary writes and not while a dump is restored or replicated');
SELECT results_eq($$ SELECT (SELECT count(*) FROM tables) >= 10, (SELECT count(*) FROM routines) >= 25,
                            (SELECT count(*) FROM members) >= 25 $$, 'VALUES (true, true, true)',
    'the checks above looked at something');

SELECT * FROM finish();
ROLLBACK;
