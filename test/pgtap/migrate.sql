-- The version of the data and what brings it up to date, on data that is; test/tap/025_upgrade.pl has older.
BEGIN;
SELECT plan(33);

SELECT is(stockflow.data_version(), stockflow.needed_data_version(), 'fresh data is of the version that is needed');
SELECT is(obj_description('stockflow'::regnamespace, 'pg_namespace'), 'stockflow data ' || stockflow.data_version(),
    'and marked with it');
SELECT is_empty('SELECT * FROM stockflow.migrate()', 'nothing to migrate');

-- Versions, as functions require them
SELECT lives_ok(format('SELECT stockflow.require_data_version(%L)', v), 'enough: ' || v)
  FROM unnest(ARRAY['0.0', '0.99', '1.0']) AS v;
SELECT throws_ok(format('SELECT stockflow.require_data_version(%L)', v), '55000',
    format('data of version 1.0 is too old, %s is needed', v), 'too old for ' || v)
  FROM unnest(ARRAY['1.1', '1.10', '2.0', '99.99']) AS v;
SELECT throws_ok(format('SELECT stockflow.require_data_version(%L)', v), '22023', NULL, 'no version: ' || v)
  FROM unnest(ARRAY['', '1', '1.', '.1', '1.0.0', '1.0x', '-1.0', '+1.0', ' ', '1. 0', '9999999999.0']) AS v;
SELECT throws_ok('SELECT stockflow.require_data_version(NULL)', '22004', NULL, 'NULL is no version');

-- A mark that is none, until it is put back
SAVEPOINT marked;
COMMENT ON SCHEMA stockflow IS 'stockflow data 1.x';
SELECT is(stockflow.data_version(), NULL, 'a mark that is none');
SELECT throws_ok('SELECT * FROM stockflow.migrate()', '55000', 'cannot bring data of version NULL to version 1.0', 'migrate() does not guess');
COMMENT ON SCHEMA stockflow IS 'stockflow data 2.3';
SELECT is(stockflow.data_version(), '2.3', 'newer data');
SELECT throws_ok('SELECT * FROM stockflow.migrate()', '55000', 'cannot bring data of version ''2.3'' to version 1.0', 'there is no way back');
SELECT lives_ok($$ SELECT stockflow.require_data_version('2.3') $$, 'it is enough for what needs it');
ROLLBACK TO marked;
SELECT throws_ok($$ SELECT stockflow.require_data_version('2.3') $$, '55000', NULL, 'and no longer when it is undone');
SELECT lives_ok($$ SELECT stockflow.require_data_version('1.0') $$, 'what was undone does not count');

-- Sequences are set to the highest id, and never back
INSERT INTO stockflow.companies (company_id, name) VALUES (1000, 'A');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1000, 70, 'A');
SELECT setval('stockflow.suppliers_supplier_id_seq', 50);
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (1000, 9, 'A');
ALTER SEQUENCE stockflow.categories_category_id_seq RESTART WITH 500;
SELECT results_eq('SELECT * FROM stockflow.advance_sequences()',
    $$ VALUES ('stockflow.companies_company_id_seq', 1000::bigint), ('stockflow.warehouses_warehouse_id_seq', 70) $$,
    'sequences behind their ids are advanced');
SELECT is_empty('SELECT * FROM stockflow.advance_sequences()', 'once');
SELECT is(nextval('stockflow.suppliers_supplier_id_seq'), 51::bigint, 'others go on where they were');
SELECT is(nextval('stockflow.categories_category_id_seq'), 500::bigint, 'or begin where they were to begin');

SELECT * FROM finish();
ROLLBACK;
