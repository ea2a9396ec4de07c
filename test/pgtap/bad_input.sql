-- Bad input of every kind for every argument of every function: the right SQLSTATE, and not a trace
-- in the data.
BEGIN;

INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'Acme'), (2, 'Other');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'Main'), (1, 2, 'Second'), (2, 20, 'Far');
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (1, 1, 'Fruit'), (2, 20, 'Far');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'Farm'), (2, 20, 'Far');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, reorder_point) VALUES
    (1, 1, 'A-1', 'Apple', 1, 5), (2, 20, 'F-1', 'Far', 1, NULL);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 1, 10), (2, 20, 20, 10);
DO $$ BEGIN
    PERFORM setval('stockflow.products_product_id_seq', 100);
    PERFORM stockflow.record_sale(1, 1, 1, 6);
END $$;

-- Every function with its arguments, each of a kind.
CREATE TEMP TABLE functions (function text, arguments text);
INSERT INTO functions VALUES
    ('create_product', 'company_id:company sku:name name:name price:price warehouse_id:first_warehouse initial_quantity:optional_quantity category_id:optional_id reorder_point:point supplier_id:optional_id idempotency_key:key'),
    ('create_product_json', 'company_id:company payload:product'),
    ('product_faults', 'company_id:reader payload:json'),
    ('record_sale', 'company_id:company warehouse_id:id product_id:id quantity:quantity occurred_at:moment reference:text idempotency_key:key'),
    ('record_return', 'company_id:company warehouse_id:id product_id:id quantity:quantity occurred_at:moment reference:text idempotency_key:key'),
    ('receive_stock', 'company_id:company warehouse_id:id product_id:id quantity:quantity unit_cost:cost occurred_at:moment reference:text idempotency_key:key'),
    ('adjust_stock', 'company_id:company warehouse_id:id product_id:id delta:delta reason:name occurred_at:moment reference:text idempotency_key:key'),
    ('transfer_stock', 'company_id:company product_id:id from_warehouse_id:id to_warehouse_id:target quantity:quantity occurred_at:moment reference:text idempotency_key:key'),
    ('count_stock', 'company_id:company warehouse_id:id product_id:id counted_quantity:count counted_at:moment reference:text idempotency_key:key'),
    ('record_movements', 'company_id:company movements:movements idempotency_key:key'),
    ('low_stock_alerts', 'company_id:reader warehouse_id:filter lookback_days:lookback include_bundles:flag include_stockouts:flag recent_sales_only:flag max_alerts:most'),
    ('low_stock_alerts_json', 'company_id:reader warehouse_id:filter lookback_days:lookback include_bundles:flag include_stockouts:flag recent_sales_only:flag max_alerts:most'),
    ('verify_ledger', 'company_id:filter'),
    ('stock_as_of', 'company_id:filter at:any_moment'),
    ('recent_days', 'recent_days:packed'),
    ('forecast', 'demand:demand horizon:lookback method:method season_length:season levels:levels cumulative:flag'),
    ('forecast_model', 'demand:demand horizon:lookback method:method season_length:season'),
    ('classify_demand', 'demand:demand'),
    ('safety_stock', 'service_level:share demand_mean:real demand_sd:real lead_time_mean:real lead_time_sd:real'),
    ('reorder_point', 'service_level:share demand_mean:real demand_sd:real lead_time_mean:real lead_time_sd:real'),
    ('fill_rate', 'service_level:share demand_mean:real demand_sd:real lead_time_mean:real lead_time_sd:real order_quantity:positive'),
    ('economic_order_quantity', 'demand:real order_cost:real holding_cost:positive'),
    ('newsvendor_quantity', 'demand_mean:real demand_sd:real holding_cost:positive shortage_cost:positive'),
    ('set_company', 'company_id:tenant'),
    ('grant_access', 'role:role access:access');

-- The values of each kind, and what they lead to; the first with 00000 is the one that works.
CREATE TEMP TABLE inputs (n integer GENERATED ALWAYS AS IDENTITY, kind text, sqlstate text, value text);
INSERT INTO inputs (kind, sqlstate, value)
SELECT kind, sqlstate, unnest(string_to_array(list, ' ; ')) FROM (VALUES
    ('company', '00000', '1'),
    ('company', '22004', 'NULL'),
    ('company', '23503', '0 ; -1 ; 999999 ; 2 ; 9223372036854775807'),
    ('reader', '00000', '1 ; 0 ; -1 ; 999999 ; 9223372036854775807'),
    ('reader', '22004', 'NULL'),
    ('filter', '00000', '1 ; NULL ; 0 ; -1 ; 999999 ; 20'),
    ('tenant', '00000', '1 ; NULL ; 999999'),
    ('tenant', '22023', '0 ; -1'),
    ('id', '00000', '1'),
    ('id', '22004', 'NULL'),
    ('id', '23503', '0 ; -1 ; 999999 ; 20 ; 9223372036854775807'),
    ('target', '00000', '2'),
    ('target', '22004', 'NULL'),
    ('target', '22023', '1'),
    ('target', '23503', '0 ; -1 ; 999999 ; 20'),
    ('first_warehouse', '00000', '1'),
    ('first_warehouse', '22023', 'NULL'),
    ('first_warehouse', '23503', '0 ; -1 ; 999999 ; 20'),
    ('optional_id', '00000', '1 ; NULL'),
    ('optional_id', '23503', '0 ; -1 ; 999999 ; 20'),
    ('quantity', '00000', '1 ; 1.000 ; 1e0'),
    ('quantity', '22004', 'NULL'),
    ('quantity', '22023', $$0 ; -0.0 ; -1 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('quantity', '22003', '1e12 ; 1e30 ; 1e-9 ; 1.0000001 ; -1e30 ; 1e131071'),
    ('quantity', '23514', '0.5 ; 0.000001'),
    ('delta', '00000', '1 ; -4'),
    ('delta', '22004', 'NULL'),
    ('delta', '22023', $$0 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('delta', '22003', '1e12 ; -1e12 ; 1e30 ; -1e30 ; 1e-9 ; 999999999999'),
    ('delta', '23514', '-5 ; -999999999999 ; 0.5 ; -0.000001'),
    ('count', '00000', '4 ; 0 ; 999999999999'),
    ('count', '22004', 'NULL'),
    ('count', '22023', $$-1 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('count', '22003', '1e12 ; 1e30 ; 1e-9'),
    ('count', '23514', '0.5'),
    ('optional_quantity', '00000', '5 ; 0 ; NULL'),
    ('optional_quantity', '22023', $$-1 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('optional_quantity', '22003', '1e12 ; 1e30 ; 1e-9'),
    ('optional_quantity', '23514', '0.5'),
    ('point', '00000', '5 ; 0 ; NULL ; 0.5'),
    ('point', '22023', $$-1 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('point', '22003', '1e12 ; 1e30 ; 1e-9'),
    ('price', '00000', '1.50 ; 0 ; 1.500 ; 999999999999999'),
    ('price', '22004', 'NULL'),
    ('price', '22023', $$-1 ; -0.01 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('price', '22003', '1e15 ; 1e30'),
    ('price', '23514', '1e-9 ; 1.001'),
    ('cost', '00000', '1.50 ; 0 ; NULL ; 0.0001'),
    ('cost', '22023', $$-1 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('cost', '22003', '1e15 ; 1e30'),
    ('text', '00000', $$'x' ; NULL ; '' ; ' ' ; repeat('é', 200)$$),
    ('text', '22023', $$repeat('x', 100000) ; repeat('é', 201) ; E'a\nb' ; E'a\tb' ; E'\x01' ; E'a\x7f'$$),
    ('text', '22021', $$convert_from('\xff', 'UTF8') ; convert_from('\xc3', 'UTF8') ; E'\xff' ; E'\xed\xa0\x80' ; E'a\x00b'$$),
    ('key', '00000', $$'x' ; NULL ; repeat('é', 200)$$),
    ('key', '22023', $$'' ; ' ' ; repeat('x', 100000) ; repeat('é', 201) ; E'a\nb' ; E'a\tb' ; E'\x01'$$),
    ('key', '22021', $$convert_from('\xff', 'UTF8') ; E'\xff'$$),
    ('name', '00000', $$'x' ; repeat('é', 64)$$),
    ('name', '22004', 'NULL'),
    ('name', '22023', $$'' ; '  ' ; E'\t\n' ; E'\u00a0' ; repeat('x', 100000) ; repeat('é', 201) ; E'a\nb' ; E'\x01'$$),
    ('name', '22021', $$convert_from('\xff', 'UTF8') ; E'\xff'$$),
    ('moment', '00000', $$now() ; now() - interval '1 year' ; now() + interval '23 hours' ; '1970-01-01'$$),
    ('moment', '22004', 'NULL'),
    ('moment', '22023', $$now() + interval '2 days' ; 'infinity' ; '-infinity' ; '294276-12-31'$$),
    ('any_moment', '00000', $$now() ; NULL ; 'infinity' ; '-infinity' ; '294276-12-31' ; '4714-11-24 00:00+00 BC'$$),
    ('demand', '00000', $$'{0,2,0,1.5}' ; '{0}' ; '{0,0,0}' ; array_fill(3::float8, '{1000}')$$),
    ('demand', '22004', $$NULL ; '{1,NULL}'$$),
    ('demand', '22023', $$'{}' ; '{1,NaN}' ; '{1,Infinity}' ; '{-1}' ; '{1e101}' ; array_fill(1::float8, '{100001}')$$),
    ('demand', '2202E', $$'{{1,2}}'$$),
    ('method', '00000', $$'auto' ; 'ses(alpha=0.3,start=mean)' ; ' tsb '$$),
    ('method', '22004', 'NULL'),
    ('method', '22023', $$'' ; 'prophet' ; 'AUTO' ; 'ses(alpha=2)' ; 'ses(window=2)' ; 'ses(alpha=0.1' ; repeat('x', 100000) ; E'a\nb'$$),
    ('season', '00000', '1'),
    ('season', '22004', 'NULL'),
    ('season', '22023', '0 ; -1 ; 5 ; 401 ; 2147483647'),
    ('levels', '00000', $$'{0.5,0.9}' ; '{}' ; '{0.999999,0.000001}'$$),
    ('levels', '22004', $$NULL ; '{0.5,NULL}'$$),
    ('levels', '22023', $$'{0}' ; '{1}' ; '{NaN}' ; '{-0.5}' ; array_fill(0.5::float8, '{101}')$$),
    ('levels', '2202E', $$'{{0.5},{0.9}}'$$),
    ('share', '00000', '0.95 ; 0.01 ; NULL'),
    ('share', '22023', $$0 ; 1 ; -1 ; 'NaN' ; 'Infinity'$$),
    ('real', '00000', '10 ; 0 ; NULL'),
    ('real', '22023', $$-1 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('positive', '00000', '10 ; NULL'),
    ('positive', '22023', $$0 ; -1 ; 'NaN' ; 'Infinity'$$),
    ('lookback', '00000', '30 ; 1 ; 3650'),
    ('lookback', '22004', 'NULL'),
    ('lookback', '22023', '0 ; -1 ; 3651 ; 100000 ; 2147483647 ; -2147483648'),
    ('flag', '00000', 'true ; false'),
    ('flag', '22004', 'NULL'),
    ('most', '00000', 'NULL ; 0 ; 1 ; 2147483647'),
    ('most', '22023', '-1 ; -2147483648'),
    ('packed', '00000', $$'\x0100000000020000' ; NULL ; ''$$),
    ('packed', '22023', $$'\x00' ; '\x01' ; '\x0100000000ff' ; '\x010000000002' ; '\xff00000000' ; decode(repeat('00', 100000), 'hex')$$),
    ('role', '00000', $$current_user::regrole$$),
    ('role', '22023', 'NULL'),
    ('access', '00000', $$'report' ; 'app' ; 'admin'$$),
    ('access', '22023', $$NULL ; '' ; 'all' ; 'APP' ; repeat('x', 100000)$$)
) AS list(kind, sqlstate, list);

-- JSON of one movement with a field replaced, or added, or left out (NULL), and of one product.
CREATE FUNCTION pg_temp.movement(field text, value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT quote_literal(jsonb_build_array(
        '{"warehouse_id": 1, "product_id": 1, "delta": 1, "reason": "gift"}'::jsonb - field
        || coalesce(jsonb_build_object(field, value), '{}'))) $$;
CREATE FUNCTION pg_temp.product(field text, value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT quote_literal('{"sku": "N", "name": "New", "price": 1, "warehouse_id": 1}'::jsonb - field
        || coalesce(jsonb_build_object(field, value), '{}')) $$;
INSERT INTO inputs (kind, sqlstate, value)
SELECT 'movements', sqlstate, pg_temp.movement(field, value::jsonb) FROM (VALUES
    ('00000', 'reason', '"gift"'), ('00000', 'reference', 'null'), ('00000', 'unit_cost', '0'),
    ('00000', 'occurred_at', '"2020-01-01T00:00:00Z"'), ('00000', 'product_id', '1.0'),
    ('22023', 'warehouse_id', 'null'), ('22023', 'warehouse_id', '"1"'), ('22023', 'warehouse_id', '1.5'),
    ('22023', 'product_id', '1e30'), ('22023', 'product_id', '[1]'), ('22023', 'product_id', 'true'),
    ('23503', 'product_id', '999999'), ('23503', 'product_id', '20'), ('23503', 'product_id', '-1'),
    ('23503', 'warehouse_id', '20'), ('23503', 'warehouse_id', '0'),
    ('22023', 'delta', 'null'), ('22023', 'delta', '0'), ('22023', 'delta', '"1"'), ('22023', 'delta', '{}'),
    ('22003', 'delta', '1e30'), ('22003', 'delta', '1e-9'), ('22003', 'delta', '999999999999'),
    ('23514', 'delta', '-5'), ('23514', 'delta', '0.5'),
    ('22023', 'reason', 'null'), ('22023', 'reason', '""'), ('22023', 'reason', '" "'), ('22023', 'reason', '7'),
    ('22023', 'reason', '"a\nb"'), ('22023', 'reason', to_json(repeat('x', 100000))::text),
    ('22023', 'reference', '5'), ('22023', 'reference', to_json(repeat('x', 100000))::text),
    ('22023', 'unit_cost', '-1'), ('22023', 'unit_cost', '"1"'), ('22003', 'unit_cost', '1e30'),
    ('22023', 'occurred_at', '5'), ('22007', 'occurred_at', '"soon"'), ('22008', 'occurred_at', '"2020-13-45"'),
    ('22023', 'occurred_at', '"infinity"'), ('22023', 'occurred_at', '"-infinity"'), ('22023', 'occurred_at', '"2999-01-01"'),
    ('22023', 'colour', '"red"'), ('22023', 'Delta', '1'), ('22023', repeat('k', 100000), '1'), ('22023', 'k' || repeat('é', 100), '1')
) AS m(sqlstate, field, value)
UNION ALL SELECT 'product', sqlstate, pg_temp.product(field, value::jsonb) FROM (VALUES
    ('00000', 'unit', '"kg"'), ('00000', 'attributes', '{"a": [1]}'), ('00000', 'idempotency_key', '"x"'),
    ('22023', 'sku', 'null'), ('22023', 'sku', '" "'), ('22023', 'sku', '5'), ('22023', 'sku', '"a\nb"'),
    ('22023', 'sku', to_json(repeat('x', 100000))::text), ('23505', 'sku', '" a-1 "'),
    ('22023', 'name', 'null'), ('22023', 'name', '[]'), ('22023', 'name', to_json(repeat('x', 100000))::text),
    ('22023', 'price', 'null'), ('22023', 'price', '-1'), ('22023', 'price', '"1"'), ('22023', 'price', '1e30'),
    ('22023', 'price', '1e-9'), ('22023', 'price', '1e15'),
    ('23503', 'warehouse_id', '20'), ('23503', 'warehouse_id', '999999'), ('22023', 'warehouse_id', '1.5'),
    ('22023', 'initial_quantity', '-1'), ('22023', 'initial_quantity', '0.5'), ('22023', 'initial_quantity', '1e30'),
    ('22023', 'initial_quantity', '1e-9'), ('22023', 'reorder_point', '-1'), ('22023', 'order_up_to', '1e12'),
    ('22023', 'unit_cost', '-1'), ('22023', 'unit_cost', '1e30'), ('23503', 'category_id', '20'),
    ('23503', 'supplier_id', '20'), ('22023', 'supplier_id', '"1"'), ('22023', 'unit', to_json(repeat('x', 33))::text),
    ('22023', 'is_bundle', '"yes"'), ('22023', 'whole_units', '1'), ('22023', 'attributes', '[]'),
    ('22023', 'idempotency_key', to_json(repeat('x', 100000))::text), ('22023', 'colour', '"red"'),
    ('22023', repeat('k', 100000), '1'), ('22023', 'k' || repeat('é', 100), '1')
) AS p(sqlstate, field, value)
UNION ALL SELECT kind, '22023', quote_literal(value)
  FROM unnest(ARRAY['movements', 'product']) AS kind, unnest(ARRAY['[]', '1', '"x"', 'null', '[[]]', '[1]', '[null]']) AS value
UNION ALL VALUES ('movements', '22004', 'NULL'), ('product', '22004', 'NULL'), ('json', '22004', 'NULL'),
    ('movements', '22023', $$'{}'$$), ('product', '22023', $$'{}'$$), ('movements', '22023', $$'[{}]'$$),
    ('movements', '22P02', $$'[}'$$), ('product', '22P02', $$''$$), ('product', '22P05', $$'{"sku": "\u0000"}'$$),
    ('movements', '23503', $$'[{"warehouse_id": 1, "product_id": 1, "delta": 1, "reason": "a"}, {"warehouse_id": 1, "product_id": 999999, "delta": 1, "reason": "a"}]'$$),
    ('json', '00000', $$'{}'$$), ('json', '00000', $$'[]'$$), ('json', '00000', $$'null'$$), ('json', '00000', $$'{"sku": 5, "price": "x"}'$$);

-- Each function with its good values, then with each other value for one of its arguments.
CREATE TEMP TABLE calls AS
WITH arguments AS (
    SELECT f.function, split_part(a.argument, ':', 1) AS argument, split_part(a.argument, ':', 2) AS kind, a.position,
           first_value(i.value) OVER (PARTITION BY f.function, a.position ORDER BY i.sqlstate, i.n) AS good,
           i.sqlstate, i.value
      FROM functions f, unnest(string_to_array(f.arguments, ' ')) WITH ORDINALITY AS a(argument, position)
      LEFT JOIN inputs i ON i.kind = split_part(a.argument, ':', 2))
SELECT a.function, a.sqlstate,
       format('SELECT stockflow.%I(%s)', a.function,
              (SELECT string_agg(format('%I => %s', argument, CASE WHEN position = a.position THEN a.value ELSE good END), ', ' ORDER BY position)
                 FROM (SELECT DISTINCT function, argument, position, good FROM arguments) AS other
                WHERE other.function = a.function)) AS call
  FROM arguments a;
INSERT INTO calls VALUES ('forecast_methods', '00000', 'SELECT stockflow.forecast_methods()');
-- Trigger functions are for triggers only.
INSERT INTO calls SELECT 'trigger functions', CASE prorettype WHEN 'trigger'::regtype THEN '39P01' ELSE '39P03' END,
       format('SELECT stockflow.%I()', proname)
  FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace AND prorettype IN ('trigger'::regtype, 'event_trigger'::regtype);

-- Plain statements: TABLE SET COLUMN = VALUE, on the rows of company 1.
INSERT INTO calls SELECT 'plain statements', sqlstate,
       format('UPDATE stockflow.%I SET %I = %s WHERE company_id = 1', relation, field, unnest(string_to_array(list, ' ; ')))
  FROM (VALUES
    ('companies', 'name', '23502', 'NULL'), ('companies', 'name', '23514', $$'' ; ' ' ; repeat('x', 201) ; repeat('x', 100000)$$),
    ('companies', 'timezone', '23502', 'NULL'), ('companies', 'currency', '23514', $$'usd' ; 'US' ; 'USDD' ; '' ; repeat('X', 100000)$$),
    ('companies', 'timezone', '22023', $$'' ; 'x' || repeat('é', 100) ; repeat('x', 100000) ; 'europe/berlin ' ; '+02:00'$$),
    ('companies', 'reorder_point', '23514', $$-1 ; 'NaN' ; 'Infinity' ; 1e12$$), ('companies', 'cover_days', '23514', '-1 ; 3651'),
    ('products', 'sku', '23502', 'NULL'), ('products', 'sku', '23514', $$'' ; ' ' ; repeat('x', 65) ; repeat('x', 100000) ; E'a\x01'$$),
    ('products', 'price', '23502', 'NULL'), ('products', 'price', '23514', $$-1 ; 'NaN' ; 'Infinity' ; 1e15 ; 1e30 ; 1e-9 ; 1.001$$),
    ('products', 'category_id', '23503', '20 ; 0'), ('products', 'order_up_to', '23514', $$-1 ; 'NaN'$$),
    ('products', 'unit', '23514', $$'' ; repeat('x', 33)$$), ('suppliers', 'contact_email', '23514', $$'' ; 'x' ; 'a b@c' ; '@'$$),
    ('inventory', 'quantity', '23502', 'NULL'), ('inventory', 'quantity', '22023', $$'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('inventory', 'quantity', '22003', '1e12 ; -1e30 ; 1e-9'), ('inventory', 'quantity', '23514', '-1 ; 0.5'),
    ('inventory', 'reserved', '23514', '-1'), ('inventory', 'reserved', '22003', '1e12 ; 1e-9'), ('inventory', 'reserved', '22023', $$'NaN'$$),
    ('inventory', 'on_order', '23514', '-1'), ('inventory', 'on_order', '22003', '1e12 ; 1e-9'), ('inventory', 'on_order', '22023', $$'NaN'$$),
    ('inventory', 'reorder_point', '23514', '-1'), ('inventory', 'reorder_point', '22003', '1e12 ; 1e-9'),
    ('inventory', 'reorder_point', '22023', $$'NaN'$$)
) AS bad(relation, field, sqlstate, list)
UNION ALL SELECT 'plain statements', sqlstate, format('INSERT INTO stockflow.%s', statement) FROM (VALUES
    ('23502', 'inventory VALUES (NULL, 1, 2)'), ('23502', 'inventory VALUES (1, 1, NULL, 5)'), ('23505', 'inventory VALUES (1, 1, 1, 5)'),
    ('23503', 'inventory VALUES (1, 20, 1, 5)'), ('23503', 'inventory VALUES (1, 1, 20, 5)'), ('23503', 'inventory VALUES (2, 1, 1, 5)'),
    ('23503', 'product_suppliers (company_id, product_id, supplier_id) VALUES (1, 1, 20)'),
    ('23514', 'product_suppliers (company_id, product_id, supplier_id, pack_size) VALUES (1, 1, 1, 0)'),
    ('23503', 'product_bundles VALUES (1, 1, 20, 1)'), ('23503', 'warehouses (company_id, name) VALUES (999999, ''x'')')
) AS bad(sqlstate, statement);

-- Everything in the tables of stockflow as one value.
CREATE FUNCTION pg_temp.checksum() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    data regclass;
    part text;
    result text := '';
BEGIN
    FOR data IN SELECT oid FROM pg_class WHERE relnamespace = 'stockflow'::regnamespace AND relkind = 'r' ORDER BY relname LOOP
        EXECUTE format('SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %s AS t', data) INTO part;
        result := result || data || ' ' || coalesce(part, 'empty') || E'\n';
    END LOOP;
    RETURN result;
END $$;

-- Carries out a call in a subtransaction that is rolled back, and says how it ended; an error whose
-- text is not valid in the encoding of the database counts as one of its own.
CREATE FUNCTION pg_temp.outcome(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text;
    detail text;
    code text;
BEGIN
    EXECUTE call;
    RAISE EXCEPTION USING ERRCODE = 'ZZ000';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, code = RETURNED_SQLSTATE;
    BEGIN
        PERFORM convert_from(convert_to(message || detail, 'UTF8'), 'UTF8');
    EXCEPTION WHEN character_not_in_repertoire THEN
        RETURN code || ' with broken text';
    END;
    RETURN replace(code, 'ZZ000', '00000');
END $$;

SELECT plan((SELECT count(DISTINCT function)::integer FROM calls) + 5);
CREATE TEMP TABLE before AS SELECT pg_temp.checksum() AS checksum;

-- Each function answers each call with the expected SQLSTATE.
SELECT is((SELECT string_agg(format('%s, not %s: %s', got, sqlstate, left(call, 300)), E'\n')
             FROM (SELECT pg_temp.outcome(call) AS got, c.* FROM calls c WHERE c.function = f.function OFFSET 0) AS o
            WHERE got <> sqlstate),
          NULL, f.function || ': ' || (SELECT count(*) FROM calls c WHERE c.function = f.function) || ' calls')
  FROM (SELECT DISTINCT function FROM calls) AS f ORDER BY f.function;

-- Whatever went wrong left no trace, and the session works as before.
SELECT is(pg_temp.checksum(), checksum, 'no data has changed') FROM before;
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'the ledger is sound');
SELECT is(stockflow.record_sale(1, 1, 1, 1), 3::numeric, 'the next sale works');
SELECT isnt(pg_temp.checksum(), checksum, 'the checksum sees a sale') FROM before;
-- Every function of the schema but the two without input (current_company, uninstall) was called.
SELECT is_empty($$SELECT proname FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace
    AND proname NOT IN ('current_company', 'uninstall') AND NOT EXISTS (SELECT FROM calls WHERE call LIKE 'SELECT stockflow.' || proname || '(%')$$,
    'every function was tried');

SELECT * FROM finish();
ROLLBACK;
