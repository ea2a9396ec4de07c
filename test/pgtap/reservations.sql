-- Reservations: states, what counts as available, bundles, and the faults that such systems have.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(77);
INSERT INTO stockflow.companies (company_id, name, allow_negative_stock) VALUES (1, 'One', false), (2, 'Two', true), (3, 'Three', false);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 3) AS c, generate_series(1, 2) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, whole_units, is_stocked)
    SELECT c, p, 'P' || p, 'P', 1, p <> 2, p <> 9 FROM generate_series(1, 3) AS c, generate_series(1, 9) AS p;
-- 8 = 2 × 7 + 3; 7 = 4 + 1.5 × 2 + a service; 4 also in a bundle of its own
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES
    (1, 8, 7, 2), (1, 8, 3, 1), (1, 7, 4, 1), (1, 7, 2, 1.5), (1, 7, 9, 1);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT c, p, w, 10 FROM generate_series(1, 3) AS c, generate_series(1, 6) AS p, generate_series(1, 2) AS w;

CREATE FUNCTION pg_temp.lines(VARIADIC amounts numeric[]) RETURNS jsonb LANGUAGE sql AS $$
    -- product, warehouse, quantity, product, …
    SELECT jsonb_agg(jsonb_build_object('product_id', amounts[i], 'warehouse_id', amounts[i + 1], 'quantity', amounts[i + 2]))
      FROM generate_series(1, cardinality(amounts), 3) AS i $$;
CREATE FUNCTION pg_temp.made(id bigint) RETURNS text LANGUAGE sql AS $$ SELECT set_config('test.made', $1::text, true) $$;
CREATE FUNCTION pg_temp.last() RETURNS bigint LANGUAGE sql AS $$ SELECT current_setting('test.made')::bigint $$;
CREATE FUNCTION pg_temp.state(id bigint DEFAULT pg_temp.last()) RETURNS text LANGUAGE sql AS
    $$ SELECT string_agg(DISTINCT state, ' and ') FROM stockflow.reservation_status(1, $1) $$;
CREATE FUNCTION pg_temp.stock(product bigint) RETURNS text LANGUAGE sql AS
    $$ SELECT quantity || ' − ' || reserved FROM stockflow.inventory WHERE company_id = 1 AND warehouse_id = 1 AND product_id = product $$;
CREATE FUNCTION pg_temp.expire(id bigint DEFAULT pg_temp.last(), seconds integer DEFAULT 1) RETURNS void LANGUAGE sql AS
    $$ UPDATE stockflow.reservations SET expires_at = now() - make_interval(secs => seconds) WHERE company_id = 1 AND reservation_id = id $$;

-- A reservation and its states.
SELECT pg_temp.made(stockflow.reserve_stock(1, pg_temp.lines(1, 1, 3, 3, 1, 2, 1, 1, 3), now() + interval '1 hour', ' order 7 '));
SELECT is(pg_temp.state(), 'active', 'made: active');
SELECT is(pg_temp.stock(1), '10 − 6', 'lines of one product are summed');
SELECT results_eq('SELECT product_id, quantity, reserved, committed, reference, expires_at FROM stockflow.reservation_status(1, pg_temp.last())',
    $$VALUES (1::bigint, 6::numeric, 6::numeric, 0::numeric, 'order 7', now() + interval '1 hour'), (3, 2, 2, 0, 'order 7', now() + interval '1 hour')$$, 'what it holds');
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 1, 5)', '23514', 'insufficient stock for product "P1" in warehouse "W1"', 'what is reserved is not sold');
SELECT throws_ok('SELECT stockflow.transfer_stock(1, 1, 1, 2, 5)', '23514', NULL, 'nor moved away');
SELECT lives_ok('SELECT stockflow.record_sale(1, 1, 1, 4)', 'the rest is');
SELECT is(stockflow.commit_reservation(1, pg_temp.last(), pg_temp.lines(1, 1, 1, 1, 1, 1), true),
    jsonb_build_object('reservation_id', pg_temp.last(), 'state', 'active', 'lines',
        '[{"product_id": 1, "warehouse_id": 1, "committed": 2, "released": 0, "reserved": 4}, {"product_id": 3, "warehouse_id": 1, "committed": 0, "released": 0, "reserved": 2}]'::jsonb),
    'committed in part, the rest kept; lines are summed here, too');
SELECT is(pg_temp.stock(1), '4 − 4', 'sold, and no longer reserved');
SELECT is(stockflow.commit_reservation(1, pg_temp.last(), pg_temp.lines(1, 1, 3)),
    jsonb_build_object('reservation_id', pg_temp.last(), 'state', 'committed', 'lines',
        '[{"product_id": 1, "warehouse_id": 1, "committed": 3, "released": 1, "reserved": 0}, {"product_id": 3, "warehouse_id": 1, "committed": 0, "released": 2, "reserved": 0}]'::jsonb),
    'committed in part, the rest released');
SELECT is(pg_temp.state(), 'committed', 'closed: committed');
SELECT is(pg_temp.stock(1) || ', ' || pg_temp.stock(3), '1 − 0, 10 − 0', 'nothing is held any more');
SELECT results_eq($$SELECT product_id, version, delta, reason, reference, bundle_id FROM stockflow.inventory_log WHERE company_id = 1 AND reason = 'sale' ORDER BY 1, 2$$,
    $$VALUES (1::bigint, 2::bigint, -4::numeric, 'sale', NULL, NULL::bigint), (1, 3, -2, 'sale', 'order 7', NULL), (1, 4, -3, 'sale', 'order 7', NULL)$$,
    'commits are sales, with the reference of the reservation');
SELECT throws_ok('SELECT stockflow.commit_reservation(1, pg_temp.last())', '55000', 'reservation ' || pg_temp.last() || ' is committed', 'committed once');
SELECT throws_ok('SELECT stockflow.release_reservation(1, pg_temp.last())', '55000', NULL, 'not released afterwards');
SELECT throws_ok('SELECT stockflow.extend_reservation(1, pg_temp.last(), NULL)', '55000', NULL, 'nor extended');
SELECT pg_temp.made(stockflow.reserve_stock(1, pg_temp.lines(3, 1, 10)));
SELECT lives_ok('SELECT stockflow.release_reservation(1, pg_temp.last())', 'released');
SELECT is(pg_temp.state() || ' ' || pg_temp.stock(3), 'released 10 − 0', 'closed: released');
SELECT throws_ok('SELECT stockflow.release_reservation(1, pg_temp.last())', '55000', 'reservation ' || pg_temp.last() || ' is released', 'released once');
SELECT throws_ok('SELECT stockflow.commit_reservation(1, pg_temp.last())', '55000', NULL, 'not committed afterwards');

-- All or nothing.
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 1, 4, 5, 1, 11, 6, 1, 1))', '23514',
    'insufficient stock for product "P5" in warehouse "W1"', 'one line too many');
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 1, 6, 3, 1, 6))', '23514', NULL, 'two lines, each within stock, together above it');
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 1, 1, 9, 1, 1))', '23514', 'product "P9" is not stocked', 'a service');
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 1, 0.5))', '23514', 'product "P3" comes in whole units only', 'half a unit');
SELECT lives_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 2, 0.5, 3, 2, 0.5, 2, 2, 0.000001))', 'two halves, and a millionth of what may be divided');
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 1, 1, 3, 1, -1))', '22023', 'line 2: quantity must be above 0, not -1', 'the line that is wrong is named');
SELECT is((SELECT sum(reserved) FROM stockflow.inventory WHERE company_id = 1 AND warehouse_id = 1), 0::numeric, 'nothing of these is reserved');
SELECT pg_temp.made(stockflow.reserve_stock(1, pg_temp.lines(3, 1, 4)));
SELECT throws_ok('SELECT stockflow.commit_reservation(1, pg_temp.last(), pg_temp.lines(3, 1, 3, 3, 1, 2))', '23514', 'line 1: more than is reserved', 'more than is reserved');
SELECT throws_ok('SELECT stockflow.commit_reservation(1, pg_temp.last(), pg_temp.lines(3, 1, 1, 3, 2, 1))', '23503', 'line 2: product 3 in warehouse 2 is not reserved', 'another warehouse');
SELECT is(pg_temp.stock(3), '10 − 4', 'as it was');

-- Expiry: by the clock, whether or not anybody sweeps up.
SELECT throws_ok($$SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 1, 1), now())$$, '22023', NULL, 'not in the future');
SELECT pg_temp.expire();
SELECT is(pg_temp.state() || ' ' || pg_temp.stock(3), 'expired 10 − 4', 'expired, and not released');
SELECT is((SELECT (quantity, reserved, committed, released, expired)::text FROM stockflow.reservation_status(1, pg_temp.last())), '(4,0,0,0,4)', 'it holds nothing');
SELECT results_eq('SELECT * FROM stockflow.expired_reservations(1)', 'VALUES (3::bigint, 1::bigint, 4::numeric)', 'what available leaves out');
SELECT throws_ok('SELECT stockflow.commit_reservation(1, pg_temp.last())', '55000', 'reservation ' || pg_temp.last() || ' is expired', 'too late to commit');
SELECT throws_ok('SELECT stockflow.extend_reservation(1, pg_temp.last(), NULL)', '55000', NULL, 'too late to extend');
SELECT pg_temp.made(stockflow.reserve_stock(1, pg_temp.lines(3, 1, 5)));
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 3, 6)', '23514', NULL, 'one expired, one not: the sale leaves the one that is not');
SELECT lives_ok('SELECT stockflow.record_sale(1, 1, 3, 5)', 'and takes what has expired');
SELECT is(pg_temp.stock(3), '5 − 9', 'more is reserved than there is, but only in name');
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(3, 1, 1))', '23514', NULL, 'nothing is available');
SELECT throws_ok('UPDATE stockflow.reservations SET expires_at = ''infinity'' WHERE company_id = 1', '23514',
    'insufficient stock for product "P3" in warehouse "W1"', 'plain SQL cannot bring it back');
SELECT is(stockflow.release_expired(1, 0), 0::bigint, 'swept up: none');
SELECT is(stockflow.release_expired(2), 0::bigint, 'swept up: none of another company');
SELECT is(stockflow.release_expired(1), 1::bigint, 'swept up');
SELECT is(stockflow.release_expired(), 0::bigint, 'nothing is left to sweep');
SELECT is(pg_temp.stock(3), '5 − 5', 'released');
SELECT is((SELECT count(*) FROM stockflow.reservation_status(1, state => 'expired')), 1::bigint, 'still known as expired');
SELECT lives_ok($$SELECT stockflow.release_reservation(1, reservation_id) FROM stockflow.reservation_status(1, state => 'expired')$$, 'to release it is right before and after');
SELECT lives_ok('SELECT stockflow.commit_reservation(1, pg_temp.last())', 'the other one is sold');
SELECT pg_temp.made(stockflow.reserve_stock(1, pg_temp.lines(5, 1, 10), now() + interval '1 hour'));
SELECT lives_ok($$SELECT stockflow.extend_reservation(1, pg_temp.last(), now() + interval '1 day')$$, 'extended');
SELECT is((SELECT expires_at FROM stockflow.reservation_status(1, pg_temp.last())), now() + interval '1 day', 'by a day');
SELECT pg_temp.expire(pg_temp.last(), 0);
SELECT is(pg_temp.state(), 'expired', 'it has expired at that very moment');
SELECT is((SELECT sum(expires_at - now()) FROM stockflow.reservation_lines WHERE company_id = 1 AND reservation_id = pg_temp.last()), interval '0', 'its lines follow');

-- Stock that is counted away under a reservation: whoever comes first gets what is there.
SELECT pg_temp.made(stockflow.reserve_stock(1, pg_temp.lines(6, 1, 6)));
SELECT stockflow.reserve_stock(1, pg_temp.lines(6, 1, 4));
SELECT stockflow.count_stock(1, 1, 6, 6);
SELECT throws_ok('SELECT stockflow.record_sale(1, 1, 6, 1)', '23514', NULL, 'nothing for others');
SELECT lives_ok('SELECT stockflow.commit_reservation(1, pg_temp.last())', 'its own reservation does not stand in the way, nor does another');
SELECT throws_ok('SELECT stockflow.commit_reservation(1, pg_temp.last() + 1)', '23514', NULL, 'what is not there is not sold');
SELECT lives_ok('SELECT stockflow.release_reservation(1, pg_temp.last() + 1)', 'but released');

-- Bundles reserve their components: 8 is 2 of 4, 3 of 2 and 1 of 3.
SELECT stockflow.receive_stock(1, 1, 3, 10);
SELECT pg_temp.made(stockflow.reserve_stock(1, pg_temp.lines(8, 1, 2, 4, 1, 1)));
SELECT is(pg_temp.stock(4) || ', ' || pg_temp.stock(2) || ', ' || pg_temp.stock(3), '10 − 5, 10 − 6, 10 − 2', 'components, and what is asked for besides');
SELECT is((SELECT count(*) FROM stockflow.inventory WHERE company_id = 1 AND product_id IN (7, 8)), 0::bigint, 'the bundles themselves hold nothing');
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(8, 1, 2))', '23514', 'insufficient stock for product "P2" in warehouse "W1"', 'a component is missing');
SELECT throws_ok('SELECT stockflow.reserve_stock(1, pg_temp.lines(8, 1, 0.5))', '23514', 'product "P8" comes in whole units only', 'half a bundle');
SELECT throws_ok('SELECT stockflow.commit_reservation(1, pg_temp.last(), pg_temp.lines(8, 1, 0.5))', '23514', 'product "P8" comes in whole units only', 'half a bundle is not sold');
UPDATE stockflow.product_bundles SET quantity = 3 WHERE company_id = 1 AND bundle_id = 8 AND component_id = 3;
SELECT is(stockflow.commit_reservation(1, pg_temp.last(), pg_temp.lines(8, 1, 1), true) -> 'lines',
    '[{"product_id": 4, "warehouse_id": 1, "committed": 0, "released": 0, "reserved": 1}, {"product_id": 8, "warehouse_id": 1, "committed": 1, "released": 0, "reserved": 1}]'::jsonb,
    'one bundle of two is sold');
UPDATE stockflow.product_bundles SET quantity = 1 WHERE company_id = 1 AND bundle_id = 8 AND component_id = 3;
SELECT is(pg_temp.stock(4) || ', ' || pg_temp.stock(2) || ', ' || pg_temp.stock(3), '8 − 3, 7 − 3, 9 − 1', 'as its components were reserved, whatever it is made of by now');
-- the same sale by record_sale, in the other warehouse, is recorded alike
SELECT stockflow.record_sale(1, 2, 8, 1, reference => 'reservation:' || pg_temp.last());
SELECT results_eq($$SELECT product_id, delta, reason, reference, bundle_id, bundle_quantity FROM stockflow.inventory_log WHERE company_id = 1 AND warehouse_id = 1 AND reference = 'reservation:' || pg_temp.last() ORDER BY 1$$,
    $$SELECT product_id, delta, reason, reference, bundle_id, bundle_quantity FROM stockflow.inventory_log WHERE company_id = 1 AND warehouse_id = 2 AND reason = 'sale' ORDER BY 1$$,
    'the entries are those of record_sale');
SELECT lives_ok('SELECT stockflow.commit_reservation(1, pg_temp.last(), pg_temp.lines(4, 1, 1))', 'the rest of the bundle is released');
SELECT is(pg_temp.stock(4) || ', ' || pg_temp.stock(2) || ', ' || pg_temp.stock(3), '7 − 0, 7 − 0, 9 − 0', 'with its components');

-- Plain SQL, idempotency, a company that may go negative.
SELECT throws_ok('INSERT INTO stockflow.reservation_lines (company_id, reservation_id, product_id, warehouse_id, quantity) SELECT 1, pg_temp.last(), 5, 2, 11', '23514', NULL, 'plain SQL does not oversell');
SELECT throws_ok('DELETE FROM stockflow.reservations WHERE company_id = 1', '23503', NULL, 'a reservation stays while it has lines');
SELECT throws_ok('DELETE FROM stockflow.inventory WHERE company_id = 1 AND reserved > 0', '23514', NULL, 'a row that holds reserved stock stays');
SELECT is(stockflow.reserve_stock(1, pg_temp.lines(4, 1, 7), reference => 'r', idempotency_key => 'k'),
          stockflow.reserve_stock(1, pg_temp.lines(4, 1, 7.0), reference => 'r', idempotency_key => 'k'), 'the same request reserves once');
SELECT is(stockflow.commit_reservation(1, max(reservation_id), idempotency_key => 'c'),
          stockflow.commit_reservation(1, max(reservation_id), idempotency_key => 'c'), 'and commits once') FROM stockflow.reservations WHERE company_id = 1;
SELECT lives_ok('SELECT stockflow.reserve_stock(2, pg_temp.lines(1, 1, 20))', 'more than there is, where the company allows it');
SELECT is((SELECT quantity - reserved FROM stockflow.inventory WHERE company_id = 2 AND product_id = 1 AND warehouse_id = 1), -10::numeric, 'available is below 0');
SELECT is((SELECT count(*) FROM stockflow.reservation_status(3)), 0::bigint, 'a company without reservations');

SELECT is_empty('SELECT * FROM stockflow.verify_reservations()', 'reservations are sound');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'the ledger is sound');
ALTER TABLE stockflow.inventory DISABLE TRIGGER USER;
UPDATE stockflow.inventory SET reserved = reserved + 1 WHERE company_id = 2 AND product_id = 3 AND warehouse_id = 2;
ALTER TABLE stockflow.reservation_lines DISABLE TRIGGER USER;
UPDATE stockflow.reservation_lines SET committed = committed - 1 WHERE company_id = 1 AND is_bundle;
SELECT results_eq('SELECT company_id, product_id, warehouse_id, problem FROM stockflow.verify_reservations()', $$
    SELECT 1::bigint, p::bigint, 1::bigint, format('reservation %s: what it holds for bundle 8 is not what the bundle''s own line says', (SELECT max(reservation_id) FROM stockflow.reservation_lines WHERE is_bundle)) FROM generate_series(2, 4) AS p
    UNION ALL SELECT 2, 3, 2, 'reserved is 1, the open reservations add up to 0'$$, 'what is wrong is found');
SELECT * FROM finish();
ROLLBACK;
