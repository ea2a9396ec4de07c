-- Reports on cases worked out by hand: what peers get wrong, and the ends of everything.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(65);
INSERT INTO stockflow.companies (company_id, name, timezone, allow_negative_stock, cover_days) VALUES
    (1, 'Acme', 'America/New_York', true, 10), (2, 'Other', 'UTC', false, 30), (3, 'Empty', 'UTC', false, 30);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'East'), (1, 2, 'West'), (2, 21, 'Far');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 1, n, 'P' || n, 'P' || n, 10 FROM generate_series(1, 9) AS n;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (2, 21, 'F', 'Far', 1);
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, is_stocked) VALUES (1, 10, 'S', 'Service', 1, false);
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, is_bundle) VALUES (1, 11, 'B', 'Bundle', 1, true);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 11, 1, 1);
CREATE FUNCTION pg_temp.move(product bigint, delta numeric, reason text, moment timestamptz, cost numeric DEFAULT NULL, warehouse bigint DEFAULT 1, company bigint DEFAULT 1)
RETURNS void LANGUAGE sql AS $$
    SELECT stockflow.record_movements($7, jsonb_strip_nulls(jsonb_build_array(jsonb_build_object(
        'warehouse_id', $6, 'product_id', $1, 'delta', $2, 'reason', $3, 'occurred_at', $4, 'unit_cost', $5)))) $$;
-- "units @ cost = value" per warehouse; ? is unknown, a dash is in transit.
CREATE FUNCTION pg_temp.worth(product bigint, method text, at timestamptz DEFAULT 'infinity', company bigint DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: %s @ %s = %s', coalesce(warehouse_id::text, '-'), quantity, coalesce(unit_cost::text, '?'), coalesce(value::text, '?')), ', ' ORDER BY warehouse_id)
      FROM stockflow.stock_valuation($4, $3, $2, product_id => $1) $$;

-- Valuation. 10 at 2 and 10 at 4, of which 12 are sold; then 4 come back.
DO $$ BEGIN
    PERFORM pg_temp.move(1, 10, 'receipt', '2026-01-01T12:00Z', 2), pg_temp.move(1, 10, 'receipt', '2026-01-02T12:00Z', 4),
            pg_temp.move(1, -12, 'sale', '2026-01-03T12:00Z'), pg_temp.move(1, 4, 'return', '2026-01-04T12:00Z');
END $$;
SELECT is(pg_temp.worth(1, 'moving_average', '2026-01-03T12:00Z'), '1: 8 @ 3 = 24', 'moving average: 20 for 60, less 12');
SELECT is(pg_temp.worth(1, 'fifo', '2026-01-03T12:00Z'), '1: 8 @ 4 = 32', 'fifo: the newer ones are left');
SELECT is(pg_temp.worth(1, 'moving_average'), '1: 12 @ 3 = 36', 'a return comes at the average');
SELECT is(pg_temp.worth(1, 'fifo'), '1: 12 @ 3.666667 = 44', 'a return undoes what left last: 2 at 2 and 10 at 4');
SELECT is(pg_temp.worth(1, 'fifo', '2025-12-31T12:00Z'), NULL, 'before anything there is nothing');
DO $$ BEGIN PERFORM pg_temp.move(1, 20, 'receipt', '2026-01-01T18:00Z', 5); END $$;
SELECT is(pg_temp.worth(1, 'moving_average', '2026-01-02T12:00Z'), '1: 40 @ 4 = 160', 'a receipt recorded late takes its place in time');
SELECT is(pg_temp.worth(1, 'fifo'), '1: 32 @ 4.5 = 144', 'fifo, too: 2 at 2, 20 at 5, 10 at 4');

-- Transfers move cost, and what the company owns stays worth the same.
DO $$ BEGIN
    PERFORM pg_temp.move(2, 10, 'receipt', '2026-01-01T12:00Z', 2), pg_temp.move(2, 5, 'receipt', '2026-01-02T12:00Z', 8);
    PERFORM stockflow.transfer_stock(1, 2, 1, 2, 6, '2026-01-03T12:00Z');
END $$;
SELECT is(pg_temp.worth(2, 'moving_average'), '1: 9 @ 4 = 36, 2: 6 @ 4 = 24', 'a transfer');
SELECT is(pg_temp.worth(2, 'fifo'), '1: 9 @ 4 = 36, 2: 6 @ 4 = 24', 'and by fifo');
DO $$ BEGIN PERFORM stockflow.ship_transfer(1, stockflow.create_transfer(1, 1, 2, '[{"product_id": 2, "quantity": 4, "unit_cost": 99}]'), '2026-01-04T12:00Z'); END $$;
SELECT is(pg_temp.worth(2, 'moving_average'), '1: 5 @ 4 = 20, 2: 6 @ 4 = 24, -: 4 @ 4 = 16', 'what is on its way belongs to the company; the cost on a transfer is no cost');
DO $$ DECLARE
    id bigint := (SELECT transfer_id FROM stockflow.transfers WHERE company_id = 1);
BEGIN
    PERFORM stockflow.receive_transfer(1, id, jsonb_build_array(jsonb_build_object('line_id', 1, 'quantity', 1)), '2026-01-05T12:00Z');
    PERFORM stockflow.write_off_transfer(1, id, occurred_at => '2026-01-06T12:00Z');
END $$;
SELECT is(pg_temp.worth(2, 'moving_average'), '1: 5 @ 4 = 20, 2: 7 @ 4 = 28', 'what was lost on its way is gone');
SELECT is(pg_temp.worth(2, 'moving_average', '2026-01-05T18:00Z'), '1: 5 @ 4 = 20, 2: 7 @ 4 = 28, -: 3 @ 4 = 12', 'and was there until then');

DO $$ BEGIN PERFORM pg_temp.move(2, 1, 'found', '2026-01-07T12:00Z', NULL, w) FROM generate_series(1, 2) AS w; END $$;

-- Receipts taken back, below zero, without a cost.
DO $$ BEGIN
    PERFORM pg_temp.move(3, 10, 'receipt', '2026-01-01T12:00Z', 2), pg_temp.move(3, 10, 'receipt', '2026-01-02T12:00Z', 200),
            pg_temp.move(3, -10, 'receipt', '2026-01-03T12:00Z', 200);
    PERFORM pg_temp.move(4, -3, 'sale', '2026-01-01T12:00Z'), pg_temp.move(4, 5, 'receipt', '2026-01-02T12:00Z', 6);
    PERFORM pg_temp.move(5, 4, 'receipt', '2026-01-01T12:00Z'), pg_temp.move(5, 6, 'receipt', '2026-01-02T12:00Z', 1.5);
END $$;
SELECT is(pg_temp.worth(3, 'moving_average'), '1: 10 @ 2 = 20', 'a wrong receipt, taken back at its cost, leaves no trace');
SELECT is(pg_temp.worth(3, 'fifo'), '1: 10 @ 2 = 20', 'nor by fifo');
SELECT results_eq('SELECT received_at, received, quantity, unit_cost, value FROM stockflow.fifo_layers(1, product_id => 3)',
    $$VALUES ('2026-01-01T12:00Z'::timestamptz, 10::numeric, 10::numeric, 2::numeric, 20::numeric)$$, 'one layer is left');
SELECT is(pg_temp.worth(4, 'moving_average', '2026-01-01T18:00Z'), '1: -3 @ ? = ?', 'a shortage before any cost');
SELECT is(pg_temp.worth(4, 'moving_average'), '1: 2 @ 6 = 12', 'a receipt makes up for it');
SELECT is(pg_temp.worth(4, 'fifo'), '1: 2 @ 6 = 12', 'and by fifo');
DO $$ BEGIN PERFORM pg_temp.move(4, -6, 'sale', '2026-01-03T12:00Z'); END $$;
SELECT is(pg_temp.worth(4, 'moving_average'), '1: -4 @ 6 = -24', 'a shortage has a negative value, at the latest cost');
SELECT is(pg_temp.worth(4, 'fifo'), '1: -4 @ 6 = -24', 'and by fifo');
SELECT results_eq('SELECT quantity, unit_cost, value, costed_quantity, costed_value FROM stockflow.stock_valuation(1, product_id => 5)',
    'VALUES (10::numeric, 1.5::numeric, NULL::numeric, 6::numeric, 9::numeric)', 'unknown costs are no zero');
SELECT results_eq('SELECT received_at, quantity, unit_cost, value FROM stockflow.fifo_layers(1, product_id => 5)',
    $$VALUES ('2026-01-01T12:00Z'::timestamptz, 4::numeric, NULL::numeric, NULL::numeric), ('2026-01-02T12:00Z', 6, 1.5, 9)$$, 'and stay a layer of their own');
-- Parts of a cent: 1 / 3 each in two warehouses. What they are worth together stays 1.
DO $$ BEGIN
    PERFORM pg_temp.move(6, 2, 'receipt', '2026-01-01T12:00Z', 0), pg_temp.move(6, 1, 'receipt', '2026-01-01T13:00Z', 1);
    PERFORM stockflow.transfer_stock(1, 6, 1, 2, 1, '2026-01-02T12:00Z');
END $$;
SELECT is(pg_temp.worth(6, 'moving_average'), '1: 2 @ 0.333333 = 0.666667, 2: 1 @ 0.333333 = 0.333333', 'rounded parts add up');
SELECT is((SELECT sum(value) FROM stockflow.stock_valuation(1, product_id => 6)), 1::numeric, 'to the whole');

-- Days. 10 there until 23:30 on the last of January in New York, which is February in UTC; clocks go on on 8 March.
DO $$ BEGIN
    PERFORM pg_temp.move(7, 10, 'receipt', '2026-01-20T12:00Z', 1), pg_temp.move(7, -10, 'sale', '2026-02-01T04:30Z'),
            pg_temp.move(7, 5, 'receipt', '2026-03-09T03:59:59.999999Z', 1);
END $$;
SELECT is((SELECT quantity FROM stockflow.stock_on_hand(1, '2026-01-30', product_id => 7)), 10::numeric, 'the day before');
SELECT is((SELECT quantity FROM stockflow.stock_on_hand(1, '2026-01-31', product_id => 7)), 0::numeric, 'a sale at 23:30 belongs to that day');
SELECT is((SELECT quantity FROM stockflow.stock_on_hand(1, '2026-03-07', product_id => 7)), 0::numeric, 'the day before the clocks change');
SELECT is((SELECT quantity FROM stockflow.stock_on_hand(1, '2026-03-08', product_id => 7)), 5::numeric, 'a day of 23 hours ends an hour earlier');
SELECT is_empty($$SELECT * FROM stockflow.stock_on_hand(1, '2026-01-19', product_id => 7)$$, 'nothing was recorded by then');
SELECT results_eq($$SELECT day, delta, balance FROM stockflow.movement_history(1, '2026-01-31', '2026-03-08', product_id => 7)$$,
    $$VALUES ('2026-01-31'::date, -10::numeric, 0::numeric), ('2026-03-08', 5, 5)$$, 'movements are on the days of the company');
SELECT is_empty($$SELECT * FROM stockflow.movement_history(1, '2026-02-01', '2026-03-07', product_id => 7)$$, 'and on no others');
SELECT results_eq($$SELECT days_known, days_in_stock, days_out_of_stock, stockouts, longest_stockout, out_since, demand, lost_demand FROM stockflow.stockout_days(1, '2026-01-21', '2026-03-07', product_id => 7)$$,
    $$VALUES (46, 11, 35, 1, 35, '2026-02-01'::date, 10::numeric, 31.818182::numeric)$$, 'stockout_days: 11 in stock with 10 sold, 35 without: 35 * 10 / 11');
SELECT results_eq($$SELECT opening, closing, average_stock, demand, turnover, annual_turnover, days_held, cover_days FROM stockflow.stock_turnover(1, '2026-01-21', '2026-02-09', product_id => 7)$$,
    $$VALUES (10::numeric, 0::numeric, 5::numeric, 10::numeric, 2::numeric, 36.5::numeric, 10::numeric, 0::numeric)$$, 'stock_turnover: 10 of 20 days with 10');
SELECT results_eq($$SELECT average_stock, demand, turnover, annual_turnover, days_held, cover_days FROM stockflow.stock_turnover(1, '2026-02-10', '2026-02-20', product_id => 7)$$,
    $$VALUES (0::numeric, 0::numeric, NULL::numeric, NULL::numeric, NULL::numeric, 0::numeric)$$, 'nothing is divided by no stock');
SELECT results_eq($$SELECT turnover, days_held, cover_days FROM stockflow.stock_turnover(1, '2026-01-21', '2026-01-30', product_id => 7)$$,
    'VALUES (0::numeric, NULL::numeric, NULL::numeric)', 'nor by no demand');
SELECT is(stockflow.end_of_day(1, '2026-03-08'), '2026-03-09T03:59:59.999999Z'::timestamptz, 'the end of a day');
-- The last moment of each day, found by trying every minute: where clocks change at midnight, and where a day is left out.
INSERT INTO stockflow.companies (company_id, name, timezone)
SELECT 100 + n, z, z FROM unnest(ARRAY['America/Havana', 'America/Sao_Paulo', 'Asia/Beirut', 'Pacific/Apia', 'Atlantic/Azores', 'Africa/Cairo', 'Europe/Berlin', 'Pacific/Kiritimati', 'America/St_Johns']) WITH ORDINALITY AS z(z, n);
SELECT is_empty($$
    WITH days AS (SELECT d::date AS day FROM unnest(ARRAY['2025-03-08', '2025-03-29', '2025-04-24', '2025-10-25', '2025-10-30', '2025-11-01', '2018-02-17', '2018-11-03', '2011-12-29', '2006-10-28']::date[]) AS x(day),
                                              generate_series(x.day - 1, x.day + 1, interval '1 day') AS d)
    SELECT c.timezone, d.day, stockflow.end_of_day(c.company_id, d.day), m.last
      FROM stockflow.companies c CROSS JOIN days d
     CROSS JOIN LATERAL (SELECT max(t) + interval '1 minute' AS last FROM generate_series((d.day + 1)::timestamp AT TIME ZONE 'UTC' - interval '15 hours', (d.day + 1)::timestamp AT TIME ZONE 'UTC' + interval '13 hours', interval '1 minute') AS t
                          WHERE (t AT TIME ZONE c.timezone)::date <= d.day) AS m
     WHERE c.company_id > 100 AND stockflow.end_of_day(c.company_id, d.day) IS DISTINCT FROM m.last - interval '1 microsecond'$$, 'end_of_day is the last moment of the day');

-- Slow, dead and surplus stock. 8: never sold; 9: 5 of 100 sold in 20 days; company 1 covers 10 days.
DO $$ BEGIN
    PERFORM pg_temp.move(8, 50, 'receipt', '2026-02-01T12:00Z', 1), pg_temp.move(8, 7, 'receipt', '2026-02-10T12:00Z', 1, 2);
    PERFORM pg_temp.move(9, 100, 'receipt', '2026-02-01T12:00Z', 1), pg_temp.move(9, -6, 'sale', '2026-02-05T12:00Z'), pg_temp.move(9, 1, 'return', '2026-02-06T12:00Z'),
            pg_temp.move(9, -40, 'damage', '2026-02-25T12:00Z');
END $$;
SELECT results_eq($$SELECT product_id, warehouse_id, status, on_hand, demand, cover_days FROM stockflow.slow_stock(1, '2026-02-02', '2026-02-21', 100) WHERE product_id IN (8, 9)$$,
    $$VALUES (8::bigint, 1::bigint, 'dead', 50::numeric, 0::numeric, NULL::numeric), (8, 2, 'idle', 7, 0, NULL), (9, 1, 'slow', 95, 5, 380)$$, 'slow_stock: never sold, just arrived, and 95 left at 5 in 20 days');
SELECT is_empty($$SELECT * FROM stockflow.slow_stock(1, '2026-02-02', '2026-02-21', 380, product_id => 9)$$, 'a stock that lasts just so long is not slow');
SELECT isnt_empty($$SELECT * FROM stockflow.slow_stock(1, '2026-02-02', '2026-02-21', 379, product_id => 9)$$, 'one day longer is');
UPDATE stockflow.inventory SET reorder_point = 20 WHERE company_id = 1 AND product_id = 9;
SELECT results_eq($$SELECT on_hand, demand, daily_demand, cover_days, reorder_point, target, excess FROM stockflow.overstock(1, '2026-02-02', '2026-02-21', product_id => 9)$$,
    'VALUES (95::numeric, 5::numeric, 0.25::numeric, 380::numeric, 20::numeric, 23::numeric, 72::numeric)', 'overstock: 20 and the 2.5 of 10 days, in whole units');
SELECT is((SELECT excess FROM stockflow.overstock(1, '2026-02-02', '2026-02-21', 0, product_id => 9)), 75::numeric, 'above the reorder point alone');
SELECT is_empty($$SELECT * FROM stockflow.overstock(1, '2026-02-02', '2026-02-21', 300, product_id => 9)$$, 'exactly the target is no surplus');
UPDATE stockflow.products SET order_up_to = 80 WHERE company_id = 1 AND product_id = 9;
SELECT is((SELECT excess FROM stockflow.overstock(1, '2026-02-02', '2026-02-21', product_id => 9)), 15::numeric, 'order_up_to is no surplus');

-- ABC: company 2 sells 80, 15 and 5 %, then 90 % of one product; equal ones by id; nothing sold is N, not A.
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 2, 30 + n, 'A' || n, 'A', n FROM generate_series(1, 4) AS n;
DO $$ BEGIN PERFORM pg_temp.move(30 + n, 1000, 'receipt', '2026-02-01T12:00Z', 1, 21, 2) FROM generate_series(1, 4) AS n; END $$;
SELECT is((SELECT string_agg(abc || xyz, ' ') FROM stockflow.abc_xyz(2, '2026-02-02', '2026-03-01')), 'NN NN NN NN', 'nothing is sold');
DO $$ BEGIN
    PERFORM pg_temp.move(31, -80, 'sale', '2026-02-02T12:00Z', NULL, 21, 2), pg_temp.move(32, -15, 'sale', '2026-02-09T12:00Z', NULL, 21, 2),
            pg_temp.move(33, -5, 'sale', '2026-02-16T12:00Z', NULL, 21, 2);
END $$;
SELECT is((SELECT string_agg(format('%s %s %s', product_id, share_before, abc), ', ' ORDER BY rank) FROM stockflow.abc_xyz(2, '2026-02-02', '2026-03-01', 'units')),
    '31 0 A, 32 0.8 B, 33 0.95 C, 34 1 N', 'the limits belong to the next class');
SELECT is((SELECT string_agg(format('%s %s %s', product_id, amount, abc), ', ' ORDER BY rank) FROM stockflow.abc_xyz(2, '2026-02-02', '2026-03-01')),
    '31 80 A, 32 30 A, 33 15 B, 34 0 N', 'by value: 80 of 125 before the second');
DO $$ BEGIN PERFORM pg_temp.move(34, -100, 'sale', '2026-02-02T12:00Z', NULL, 21, 2), pg_temp.move(34, 45, 'return', '2026-02-03T12:00Z', NULL, 21, 2),
            pg_temp.move(34, -100, 'sale', '2026-02-10T12:00Z', NULL, 21, 2), pg_temp.move(34, -100, 'sale', '2026-02-17T12:00Z', NULL, 21, 2), pg_temp.move(34, -100, 'sale', '2026-02-24T12:00Z', NULL, 21, 2); END $$;
SELECT is((SELECT string_agg(format('%s %s %s', product_id, share, abc), ', ' ORDER BY rank) FROM stockflow.abc_xyz(2, '2026-02-02', '2026-03-01')),
    '34 0.919094 A, 31 0.05178 B, 32 0.019417 C, 33 0.009709 C', 'a product with nine tenths is A');
SELECT results_eq($$SELECT buckets, mean_demand, variation, xyz FROM stockflow.abc_xyz(2, '2026-02-02', '2026-03-01') WHERE product_id = 34$$,
    $$VALUES (4, 88.75::numeric, 0.219556::numeric, 'X')$$, '55, 100, 100 and 100 a week');
SELECT results_eq($$SELECT buckets, mean_demand, variation, xyz FROM stockflow.abc_xyz(2, '2026-02-02', '2026-03-01') WHERE product_id = 31$$,
    $$VALUES (4, 20::numeric, 1.732051::numeric, 'Z')$$, '80, 0, 0 and 0 a week');
SELECT is((SELECT string_agg(format('%s %s', buckets, xyz), ', ') FROM stockflow.abc_xyz(2, '2026-02-03', '2026-03-01', bucket => 'month') WHERE product_id = 34), '0 N', 'a part of a month is none');

DO $$ BEGIN UPDATE stockflow.products SET price = 0 WHERE company_id = 2; END $$;
SELECT is((SELECT string_agg(format('%s %s', product_id, abc), ', ' ORDER BY rank) FROM stockflow.abc_xyz(2, '2026-02-02', '2026-03-01')),
    '31 C, 32 C, 33 C, 34 C', 'what sells for nothing is C, whatever the whole is');

-- What is deleted is history, and still there.
SELECT is((SELECT count(*) FROM stockflow.stock_valuation(1) WHERE product_id IN (10, 11)) + (SELECT count(*) FROM stockflow.stock_on_hand(1) WHERE product_id IN (10, 11)), 0::bigint, 'services and bundles have no stock');
DO $$ BEGIN UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 1 AND product_id = 8; UPDATE stockflow.warehouses SET deleted_at = now() WHERE company_id = 1 AND warehouse_id = 2; END $$;
SELECT is(pg_temp.worth(8, 'fifo'), '1: 50 @ 1 = 50, 2: 7 @ 1 = 7', 'stock of a deleted product is worth what it is worth');
SELECT is((SELECT string_agg(format('%s %s', warehouse_id, status), ', ') FROM stockflow.slow_stock(1, '2026-02-02', '2026-02-21', product_id => 8)), '1 dead, 2 idle', 'and is dead stock');
SELECT is_empty($$SELECT * FROM stockflow.stockout_days(1, '2026-02-02', '2026-02-21', product_id => 8) UNION ALL SELECT * FROM stockflow.stockout_days(1, '2026-02-02', '2026-02-21', 2)$$, 'nobody waits for it');

-- The same from the archive; nothing for a company without stock, and for the future.
CREATE FUNCTION pg_temp.everything(company bigint, since date, until date) RETURNS TABLE(line text) LANGUAGE sql AS $$
    SELECT r::text FROM stockflow.stock_on_hand($1, $3) AS r UNION ALL SELECT r::text FROM stockflow.stock_valuation($1, coalesce(stockflow.end_of_day($1, $3), 'infinity')) AS r
    UNION ALL SELECT r::text FROM stockflow.stock_valuation($1, coalesce(stockflow.end_of_day($1, $3), 'infinity'), 'fifo') AS r
    UNION ALL SELECT r::text FROM stockflow.fifo_layers($1, coalesce(stockflow.end_of_day($1, $3), 'infinity')) AS r
    UNION ALL SELECT r::text FROM stockflow.movement_history($1, $2, $3) AS r UNION ALL SELECT r::text FROM stockflow.stock_turnover($1, $2, $3) AS r
    UNION ALL SELECT r::text FROM stockflow.stockout_days($1, $2, $3) AS r UNION ALL SELECT r::text FROM stockflow.slow_stock($1, $2, $3) AS r
    UNION ALL SELECT r::text FROM stockflow.overstock($1, $2, $3) AS r UNION ALL SELECT r::text FROM stockflow.abc_xyz($1, $2, $3) AS r $$;
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'Farm');
DO $$ DECLARE
    sheet bigint := stockflow.create_stock_count(1, 1, ARRAY[9]);
    purchase bigint := stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 9, "quantity": 5}]');
BEGIN
    PERFORM stockflow.record_counts(1, sheet, '[{"product_id": 9, "counted_quantity": 50}]');
    PERFORM stockflow.post_stock_count(1, sheet);
    PERFORM stockflow.place_purchase_order(1, purchase);
    PERFORM stockflow.receive_purchase_order(1, purchase, '[{"line_id": 1, "quantity": 2}]');
    PERFORM stockflow.record_sale(1, 1, 9, 1);  -- the newest entry is not archived
END $$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.everything(1, '2026-01-15', '2026-02-21');
SELECT cmp_ok(stockflow.archive_log(clock_timestamp(), 1), '>', 10::bigint, 'most of it is archived');
SELECT is((SELECT count(DISTINCT reason) FROM stockflow.inventory_log_archive WHERE reason IN ('count', 'receipt', 'transfer_out', 'transit_loss') AND split_part(reference, ':', 1) IN ('stock_count', 'purchase_order', 'transfer')), 4::bigint,
    'also of counts, purchases and transfers');
SELECT bag_eq($$SELECT * FROM pg_temp.everything(1, '2026-01-15', '2026-02-21')$$, 'SELECT * FROM before', 'reports read the archive');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'and so do the proofs');
SELECT is_empty($$SELECT * FROM pg_temp.everything(3, '2026-01-01', '2026-02-21') UNION ALL SELECT * FROM pg_temp.everything(999999, '2026-01-01', '2026-02-21')$$, 'no stock, no rows');
SELECT is_empty($$SELECT 1 FROM stockflow.stock_turnover(1, '9999-01-01', '9999-12-31') UNION ALL SELECT 1 FROM stockflow.abc_xyz(1, '9999-01-01', '9999-12-31')
    UNION ALL SELECT 1 FROM stockflow.movement_history(1, '9999-01-01', '9999-12-31') UNION ALL SELECT 1 FROM stockflow.slow_stock(1, '9999-01-01', '9999-12-31')$$, 'nothing has happened in the future');

-- A reporting role reads its tenant, and no other.
CREATE TEMP TABLE own AS SELECT * FROM pg_temp.everything(2, '2026-01-15', '2026-03-01');
CREATE ROLE stockflow_test_reporter;
DO $$ BEGIN PERFORM stockflow.grant_access('stockflow_test_reporter', 'report'); PERFORM stockflow.set_company(2); END $$;
GRANT SELECT ON own TO stockflow_test_reporter;
SET LOCAL ROLE stockflow_test_reporter;
SELECT bag_eq($$SELECT * FROM pg_temp.everything(2, '2026-01-15', '2026-03-01')$$, 'SELECT * FROM own', 'grant_access report is enough');
SELECT is_empty($$SELECT * FROM pg_temp.everything(1, '2026-01-15', '2026-02-21')$$, 'other tenants have no rows');
RESET ROLE;
SELECT is_empty($$SELECT proname FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace AND (provolatile = 'v' OR proparallel = 'u') AND proname = ANY
    ('{stock_on_hand,movement_history,stock_valuation,fifo_layers,stock_turnover,stockout_days,slow_stock,overstock,abc_xyz,end_of_day}')$$, 'reports change nothing');
SELECT * FROM finish();
ROLLBACK;
