-- Stock counts: sheets that survive movements, variances, and what to count next.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(57);

INSERT INTO stockflow.companies (company_id, name, timezone, allow_negative_stock) VALUES (1, 'Acme', 'America/New_York', true), (2, 'Other', 'UTC', false);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'Main'), (1, 2, 'North'), (1, 3, 'Empty'), (2, 20, 'Far');
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (1, 1, 'Fruit'), (1, 2, 'None'), (2, 20, 'Far');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'Farm');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, category_id, whole_units, is_stocked) VALUES
    (1, 1, 'A', 'Apple', 2, 1, true, true), (1, 2, 'B', 'Bran', 1, NULL, false, true), (1, 3, 'K', 'Kit', 1, 1, true, true),
    (1, 4, 'S', 'Service', 1, NULL, true, false), (1, 5, 'C', 'Cherry', 1, 1, true, true), (2, 20, 'F', 'Far', 1, NULL, true, true);
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost) VALUES (1, 5, 1, 0.25);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 3, 1, 1);
DO $$ BEGIN
    PERFORM stockflow.receive_stock(1, 1, 1, 90, 1.5, '2024-01-01 12:00Z');
    PERFORM stockflow.receive_stock(1, 1, 1, 10, 2, '2024-01-01 13:00Z');
    PERFORM stockflow.receive_stock(1, 1, 2, 10, occurred_at => '2024-01-01 12:00Z');
    PERFORM stockflow.receive_stock(1, 2, 2, 1, occurred_at => '2024-01-01 12:00Z');
END $$;
CREATE FUNCTION pg_temp.sheet(sheet bigint, is_blind boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: %s %s %s %s %s', sku, coalesce(trim_scale(counted_quantity)::text, '-'), coalesce(trim_scale(expected_quantity)::text, '-'),
                             coalesce(trim_scale(variance)::text, '-'), coalesce(trim_scale(variance_value)::text, '-'), outcome), ', ')
      FROM stockflow.stock_count_sheet(1, sheet, blind => is_blind) $$;
CREATE FUNCTION pg_temp.stock(product bigint) RETURNS numeric LANGUAGE sql AS $$
    SELECT quantity FROM stockflow.inventory WHERE company_id = 1 AND product_id = product AND warehouse_id = 1 $$;

-- Sheets
SELECT is(stockflow.create_stock_count(1, 1, idempotency_key => 's'), 1::bigint, 'all of a warehouse');
SELECT is(stockflow.create_stock_count(1, 1, idempotency_key => 's'), 1::bigint, 'once per key');
SELECT is(pg_temp.sheet(1), 'A: - 100 - - open, B: - 10 - - open', 'its lines: no bundles, no services, nothing that is not stocked there');
SELECT is(pg_temp.sheet(1, true), 'A: - - - - open, B: - - - - open', 'blind: nothing tells what is expected');
SELECT is(stockflow.create_stock_count(1, 1, category_id => 1), 2::bigint, 'a category');
SELECT is(pg_temp.sheet(2), 'A: - 100 - - open', 'its products in this warehouse');
SELECT is(stockflow.create_stock_count(1, 1, ARRAY[5, 1, 5]), 3::bigint, 'products, also those that are not stocked there');
SELECT is(pg_temp.sheet(3), 'A: - 100 - - open, C: - 0 - - open', 'each once');
SELECT throws_ok('SELECT stockflow.create_stock_count(1, 1, ARRAY[1, 3])', '23514', 'line 2: product "K" holds no stock of its own', 'no bundles');
SELECT throws_ok('SELECT stockflow.create_stock_count(1, 1, ARRAY[4])', '23514', NULL, 'no services');
SELECT throws_ok('SELECT stockflow.create_stock_count(1, 1, ARRAY[20])', '23503', 'line 1: product 20 does not exist', 'another company''s product');
SELECT throws_ok('SELECT stockflow.create_stock_count(1, 1, ARRAY[1], 1)', '22023', 'product_ids and category_id exclude each other', 'both');
SELECT throws_ok('SELECT stockflow.create_stock_count(1, 1, category_id => 2)', '22023', 'there is nothing to count', 'an empty category');
SELECT throws_ok('SELECT stockflow.create_stock_count(1, 3)', '22023', 'there is nothing to count', 'an empty warehouse');
SELECT throws_ok('SELECT stockflow.create_stock_count(1, 1, category_id => 20)', '23503', 'category 20 does not exist', 'another company''s category');
SELECT is(stockflow.cancel_stock_count(1, 2), 'cancelled', 'a sheet is dropped');
SELECT throws_ok($$SELECT stockflow.record_counts(1, 2, '[{"product_id": 1, "counted_quantity": 1}]')$$, '55000', 'stock count 2 is cancelled', 'and takes nothing');

-- 100 in the ledger. Counted at 12:00 on the 2nd: 97. Sold 5 before that, recorded after; sold 10 at 15:00.
SELECT throws_ok('SELECT stockflow.post_stock_count(1, 1)', '55000', 'nothing was counted on stock count 1', 'an empty sheet is no count of 0');
SELECT is(stockflow.record_counts(1, 1, '[{"product_id": 1, "counted_quantity": 90}]', '2024-01-02 11:00Z'), 1::bigint, 'counted');
SELECT is(stockflow.record_counts(1, 1, '[{"product_id": 1, "counted_quantity": 97}, {"product_id": 5, "counted_quantity": 4, "counted_at": "2024-01-02T12:30:00Z"}]',
    '2024-01-02 12:00Z', 'c'), 2::bigint, 'counted again; and a product that is not on the sheet');
SELECT is(stockflow.record_counts(1, 1, '[{"product_id": 1, "counted_quantity": 97.0}, {"product_id": 5, "counted_quantity": 4, "counted_at": "2024-01-02T12:30:00Z"}]',
    '2024-01-02 12:00Z', 'c'), 2::bigint, 'once per key');
SELECT is(pg_temp.stock(1), 100::numeric, 'stock does not change while counting');
SELECT is(stockflow.record_sale(1, 1, 1, 5, '2024-01-02 09:00Z'), 95::numeric, 'sales go on: before the count');
SELECT is(stockflow.record_sale(1, 1, 1, 10, '2024-01-02 15:00Z'), 85::numeric, 'and after it');
SELECT is(pg_temp.sheet(1), 'A: 97 95 2 4 counted, B: - 10 - - open, C: 4 0 4 1 counted', 'expected is the ledger at counted_at, valued at the last cost');
SELECT is(pg_temp.sheet(1, true), 'A: 97 - - - counted, B: - - - - open, C: 4 - - - counted', 'still blind');
SELECT throws_ok($$SELECT stockflow.record_counts(1, 1, '[{"product_id": 1, "counted_quantity": 1}, {"product_id": 1, "counted_quantity": 2}]')$$,
    '22023', 'line 2: product 1 stands in another line, too', 'neither sum nor correction');
SELECT throws_ok($$SELECT stockflow.record_counts(1, 1, '[{"product_id": 1, "counted_quantity": 1.5}]')$$, '23514', 'line 1: product "A" comes in whole units only', 'fractions');
SELECT throws_ok($$SELECT stockflow.record_counts(1, 1, '[{"product_id": 2, "counted_quantity": -1}]')$$, '22023', 'line 1: counted_quantity must be at least 0, not -1', 'below zero');
SELECT results_eq('SELECT product_id, variance, variance_value, outcome FROM stockflow.post_stock_count(1, 1, ''p'')',
    $$VALUES (1::bigint, 2::numeric, 4::numeric, 'posted'), (2, NULL, NULL, 'not_counted'), (5, 4, 1, 'posted')$$, 'posting reports the variances');
SELECT is(pg_temp.stock(1), 87::numeric, '97 less the 10 sold since');
SELECT is(pg_temp.stock(2), 10::numeric, 'what was not counted stays');
SELECT is(pg_temp.stock(5), 4::numeric, 'found goods are stock');
SELECT results_eq('SELECT product_id, variance, variance_value, outcome FROM stockflow.post_stock_count(1, 1, ''p'')',
    $$VALUES (1::bigint, 2::numeric, 4::numeric, 'posted'), (2, NULL, NULL, 'not_counted'), (5, 4, 1, 'posted')$$, 'a retry reports the same');
SELECT throws_ok('SELECT stockflow.post_stock_count(1, 1)', '55000', 'stock count 1 is posted', 'and nothing is applied twice');
SELECT results_eq($$SELECT product_id, delta, occurred_at FROM stockflow.inventory_log WHERE reference = 'stock_count:1' ORDER BY 1$$,
    $$VALUES (1::bigint, 2::numeric, '2024-01-02 12:00Z'::timestamptz), (5, 4, '2024-01-02 12:30Z')$$, 'the ledger has it at the moment of the count');
DO $$ BEGIN PERFORM stockflow.receive_stock(1, 1, 1, 5, 9, '2024-01-03 12:00Z'); END $$;
SELECT is(pg_temp.sheet(1), 'A: 97 95 2 4 posted, B: - - - - not_counted, C: 4 0 4 1 posted', 'a posted sheet stays as it was posted');

-- A count that is older than one posted meanwhile: ledger 95 at 11:00, counted 97; the later count found the 2 already.
SELECT is(stockflow.record_counts(1, 3, '[{"product_id": 1, "counted_quantity": 97}, {"product_id": 5, "counted_quantity": 3}]', '2024-01-02 11:00Z'), 2::bigint, 'an earlier count, posted later');
SELECT is((SELECT string_agg(outcome, ' ') FROM stockflow.post_stock_count(1, 3)), 'superseded superseded', 'is not applied on top');
SELECT is(pg_temp.stock(1), 92::numeric, 'or 2 would be added twice');
SELECT is_empty('SELECT * FROM stockflow.verify_stock_counts()', 'sound');
-- Counted 0 when the ledger had 87, then sold more than there was: no count can explain that where stock must not be negative.
UPDATE stockflow.companies SET allow_negative_stock = false WHERE company_id = 1;
DO $$ BEGIN
    PERFORM setval('stockflow.stock_counts_count_id_seq', 3);  -- refused sheets have taken numbers
    PERFORM stockflow.create_stock_count(1, 1, ARRAY[1]);
    PERFORM stockflow.record_counts(1, 4, '[{"product_id": 1, "counted_quantity": 0}]', '2024-01-04 12:00Z');
    PERFORM stockflow.record_sale(1, 1, 1, 2, '2024-01-05 12:00Z');
END $$;
SELECT throws_ok('SELECT stockflow.post_stock_count(1, 4)', '23514', 'insufficient stock for product "A" in warehouse "Main"', 'a count that later sales contradict');
SELECT is(pg_temp.sheet(4), 'A: 0 92 -92 -828 counted', 'a refused post changes nothing');
SELECT is_empty('SELECT * FROM stockflow.stock_count_sheet(2, 1)', 'another company sees no sheet');

-- Cycle counts. Demand of the last 90 days at the sales price: 90 %, 6 %, 3 %, 1 %.
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (2, 21, 'Cycle');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 2, 100 + n, 'X' || n, 'X', 1 FROM generate_series(1, 9) AS n;
UPDATE stockflow.companies SET allow_negative_stock = true WHERE company_id = 2;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 2, 100 + n, 21, 1000 FROM generate_series(1, 9) AS n;
DO $$ BEGIN
    PERFORM stockflow.record_sale(2, 21, 101, 90), stockflow.record_sale(2, 21, 102, 6), stockflow.record_sale(2, 21, 103, 3), stockflow.record_sale(2, 21, 104, 1);
    PERFORM stockflow.record_sale(2, 21, 105, 50, now() - interval '91 days'), stockflow.record_sale(2, 21, 106, 4), stockflow.record_return(2, 21, 106, 4);
    PERFORM stockflow.adjust_stock(2, 21, 107, -1002, 'damage'), stockflow.adjust_stock(2, 21, 108, -1005, 'damage');
END $$;
SELECT results_eq('SELECT product_id, amount, abc FROM stockflow.abc_xyz(2, current_date - 90, current_date + 1, warehouse_id => 21) WHERE abc <> ''N'' ORDER BY 1',
    $$VALUES (101::bigint, 90::numeric, 'A'), (102, 6, 'B'), (103, 3, 'C'), (104, 1, 'C')$$, 'the share is counted before the product: 90 % is A');
SELECT is_empty('SELECT * FROM stockflow.abc_xyz(2, current_date - 90, current_date + 1, warehouse_id => 20) WHERE abc <> ''N''', 'no demand: no class, rather than A for all');
-- A at 90 days, B at 179 of 180, C at 366, N at 365; 109 never; 104 and 106 lately.
UPDATE stockflow.inventory SET counted_at = now() - CASE product_id WHEN 101 THEN 90 WHEN 102 THEN 179 WHEN 103 THEN 366 WHEN 105 THEN 365 WHEN 107 THEN 1 ELSE 10 END * interval '1 day'
 WHERE company_id = 2 AND product_id IN (101, 102, 103, 104, 105, 106, 107);
SELECT results_eq('SELECT product_id, why, class, days_overdue FROM stockflow.cycle_count_candidates(2, 21)',
    $$VALUES (108::bigint, 'negative', 'N', NULL), (107, 'negative', 'N', NULL), (109, 'never_counted', 'N', NULL),
             (103, 'overdue', 'C', 1), (101, 'overdue', 'A', 0), (105, 'overdue', 'N', 0)$$, 'negative, then never counted, then most overdue');
SELECT results_eq('SELECT product_id FROM stockflow.cycle_count_candidates(2, 21, 4, days_b => 100)', 'VALUES (108::bigint), (107), (109), (102)', 'intervals are arguments');
DO $$ BEGIN PERFORM stockflow.create_stock_count(2, 21, ARRAY[108, 109]); END $$;
SELECT results_eq('SELECT product_id FROM stockflow.cycle_count_candidates(2, 21)', 'VALUES (107::bigint), (103), (101), (105)', 'what stands on an open sheet is left out');
UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 2 AND product_id = 103;
SELECT results_eq('SELECT product_id FROM stockflow.cycle_count_candidates(2, 21)', 'VALUES (107::bigint), (103), (101), (105)', 'deleted, but something is left');
SELECT is_empty('SELECT * FROM stockflow.cycle_count_candidates(1, 21)', 'another company''s warehouse has none');
UPDATE stockflow.warehouses SET deleted_at = now() WHERE company_id = 2;
SELECT is_empty('SELECT * FROM stockflow.cycle_count_candidates(2, 21)', 'a closed warehouse has none');

-- What verify_stock_counts finds
UPDATE stockflow.stock_count_lines SET expected_quantity = 96, variance = 1 WHERE company_id = 1 AND count_id = 1 AND product_id = 1;
SELECT results_eq('SELECT product_id, problem FROM stockflow.verify_stock_counts(1)', $$VALUES (1::bigint, 'stock_count:1 adds up to 2 in the ledger, the sheet says 1')$$, 'a changed line');
SELECT is_empty($$SELECT * FROM stockflow.verify_ledger() WHERE problem NOT LIKE 'stock_count:%'$$, 'the ledger is sound');
-- A count that comes in after a newer one
INSERT INTO stockflow.companies (company_id, name) VALUES (77, 'Late');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (77, 1, 'W');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (77, 1, 'P', 'P', 1);
SELECT stockflow.receive_stock(77, 1, 1, 20, occurred_at => now() - interval '9 days');
SELECT is(stockflow.count_stock(77, 1, 1, 17, now() - interval '1 day'), -3::numeric, 'a count');
SELECT is(stockflow.count_stock(77, 1, 1, 18, now() - interval '2 days'), 0::numeric, 'an older one comes too late');
SELECT results_eq($$SELECT quantity, counted_at = now() - interval '1 day' FROM stockflow.inventory WHERE company_id = 77$$, 'VALUES (17::numeric, true)', 'and changes nothing');
SELECT * FROM finish();
ROLLBACK;
