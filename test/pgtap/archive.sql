-- archive_log moves the beginning of each chain; whoever reads the ledger reads it all.
BEGIN;
SELECT plan(22);
INSERT INTO stockflow.companies (company_id, name, timezone) VALUES (1, 'One', 'America/Lima'), (2, 'Two', 'UTC');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 2) AS c, generate_series(1, 2) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT c, p, 'P' || p, 'P', 1 FROM generate_series(1, 2) AS c, generate_series(1, 3) AS p;
DO $$ BEGIN
    PERFORM stockflow.receive_stock(c, w, p, 200, occurred_at => now() - interval '100 days') FROM generate_series(1, 2) AS c, generate_series(1, 2) AS w, generate_series(1, 2) AS p;
    PERFORM stockflow.record_sale(c, w, p, 1 + n % 3, now() - n * interval '2 days') FROM generate_series(1, 2) AS c, generate_series(1, 2) AS w, generate_series(1, 2) AS p, generate_series(40, 0, -1) AS n;
    PERFORM stockflow.record_sale(1, 1, 1, 2, now() - interval '70 days');  -- late: the last entry of its chain
    PERFORM stockflow.receive_stock(1, 1, 3, 5, occurred_at => now() - interval '90 days');  -- a chain of one entry
END $$;
-- Everything was recorded just now; as if it had been at its time.
SET LOCAL session_replication_role = replica;
UPDATE stockflow.inventory_log SET recorded_at = occurred_at WHERE version < 42;
SET LOCAL session_replication_role = origin;
CREATE TEMP TABLE whole AS SELECT * FROM stockflow.ledger;
CREATE FUNCTION pg_temp.same() RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS ((TABLE whole EXCEPT ALL TABLE stockflow.ledger) UNION ALL (TABLE stockflow.ledger EXCEPT ALL TABLE whole)) $$;

SELECT is(stockflow.archive_log(now() - interval '30 days', 1, 7), 7::bigint, 'no more than asked for');
SELECT is((SELECT string_agg(format('%s/%s/%s', product_id, warehouse_id, version), ' ' ORDER BY 1) FROM stockflow.inventory_log_archive),
    '1/1/1 1/1/2 1/1/3 1/1/4 1/1/5 1/1/6 1/1/7', 'the beginning of a chain');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'sound in between');
SELECT ok(stockflow.archive_log(now() - interval '30 days', 1) > 0, 'the rest of the company');
SELECT is(stockflow.archive_log(now() - interval '30 days', 1), 0::bigint, 'nothing is left to move');
SELECT is((SELECT count(*) FROM stockflow.inventory_log_archive WHERE company_id = 2), 0::bigint, 'not of the other company');
SELECT is((SELECT count(*) FROM stockflow.inventory_log WHERE company_id = 1 AND occurred_at < now() - interval '30 days'), 2::bigint,
    'left are a late entry that ends its chain and the only entry of a chain');
SELECT is((SELECT count(*) FROM stockflow.inventory_log_archive WHERE occurred_at >= now() - interval '30 days'), 0::bigint, 'nothing new has moved');
SELECT is(stockflow.archive_log(now() - interval '10 days') > 0, true, 'all companies');
SELECT ok(pg_temp.same(), 'the ledger is the same as before');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'sound');

-- What reads old entries
SELECT is((SELECT sum(quantity) FROM stockflow.stock_as_of(1, now() - interval '50 days')), (SELECT sum(delta) FROM whole WHERE company_id = 1 AND occurred_at <= now() - interval '50 days'),
    'stock_as_of reads the archive');
SELECT is(stockflow.count_stock(1, 1, 1, 150, now() - interval '60 days'),
    150 - (SELECT sum(delta) FROM whole WHERE company_id = 1 AND product_id = 1 AND warehouse_id = 1 AND occurred_at <= now() - interval '60 days'), 'a count as of an archived moment');
UPDATE stockflow.companies SET timezone = 'Asia/Tokyo' WHERE company_id = 1;
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'a changed time zone replays the archive');
DELETE FROM stockflow.inventory WHERE company_id = 2 AND product_id = 1 AND warehouse_id = 1;
SELECT lives_ok('SELECT stockflow.receive_stock(2, 1, 1, 9)', 'a row that comes back goes on with its chain');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'and is sound');

-- Guards and bad input
SELECT throws_ok('DELETE FROM stockflow.inventory_log_archive', '55000', 'inventory_log_archive is kept by the ledger');
SELECT throws_ok('UPDATE stockflow.inventory_log_archive SET delta = 0', '55000', 'inventory_log_archive is kept by the ledger');
SELECT throws_ok('SELECT stockflow.archive_log(NULL)', '22004', NULL, 'no moment');
SELECT throws_ok($$SELECT stockflow.archive_log(now() + interval '1 day')$$, '22023', NULL, 'a moment in the future');
SELECT throws_ok('SELECT stockflow.archive_log(now(), 1, -1)', '22023', NULL, 'fewer than none');
-- Columns that users have added go along, once both tables have them.
ALTER TABLE stockflow.inventory_log ADD COLUMN "My note" text DEFAULT 'x';
ALTER TABLE stockflow.inventory_log_archive ADD COLUMN "My note" text;
SELECT stockflow.archive_log(now());
SELECT ok((SELECT bool_or("My note" = 'x') FROM stockflow.inventory_log_archive), 'columns of users');
SELECT * FROM finish();
ROLLBACK;
