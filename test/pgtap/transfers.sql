-- Transfers that take time: what moves where, in which state, and what is refused.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT plan(67);

INSERT INTO stockflow.companies (company_id, name, timezone) VALUES (1, 'Acme', 'America/New_York'), (2, 'Other', 'UTC');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name, deleted_at) VALUES
    (1, 1, 'Main', NULL), (1, 2, 'North', NULL), (1, 3, 'Shut', now()), (2, 20, 'Far', NULL), (2, 21, 'Farther', NULL);
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, whole_units, is_stocked) VALUES
    (1, 1, 'A', 'Apple', 1, true, true), (1, 2, 'B', 'Bran', 1, false, true), (1, 3, 'K', 'Kit', 1, true, true),
    (1, 4, 'S', 'Service', 1, true, false), (2, 20, 'F', 'Far', 1, true, true);
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) VALUES (1, 3, 1, 1);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity, reorder_point) VALUES (1, 1, 1, 100, 20), (1, 2, 1, 10, NULL);

-- on hand and in transit of a product: source, destination
CREATE FUNCTION pg_temp.position(product bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s:%s+%s', warehouse_id, trim_scale(quantity), trim_scale(in_transit)), ' ' ORDER BY warehouse_id)
      FROM stockflow.inventory WHERE company_id = 1 AND product_id = product $$;
CREATE FUNCTION pg_temp.ledger(line text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s %s/%s', reason, trim_scale(delta), warehouse_id, counterpart_warehouse_id), ', ' ORDER BY recorded_at, product_id, warehouse_id, version)
      FROM stockflow.inventory_log WHERE company_id = 1 AND reference = line $$;
CREATE FUNCTION pg_temp.line(transfer bigint, line bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s: %s = %s received + %s lost + %s returned + %s open', t.state, trim_scale(l.quantity), trim_scale(l.received), trim_scale(l.lost),
                  trim_scale(l.returned), trim_scale(l.open_quantity))
      FROM stockflow.transfers t JOIN stockflow.transfer_lines l USING (company_id, transfer_id)
     WHERE company_id = 1 AND transfer_id = transfer AND line_id = line $$;

-- A draft moves nothing.
SELECT is(stockflow.create_transfer(1, 1, 2, '[{"product_id": 1, "quantity": 30, "unit_cost": 0.5}, {"product_id": 2, "quantity": 2.5}, {"product_id": 1, "quantity": 10}]',
    expected_on => '2020-01-05', reference => ' T ', idempotency_key => 'new'), 1::bigint, 'a draft is made');
SELECT is(stockflow.create_transfer(1, 1, 2, '[{"product_id": 1, "unit_cost": 0.50, "quantity": 30.0}, {"product_id": 2, "quantity": 2.5}, {"product_id": 1, "quantity": 10}]',
    expected_on => '2020-01-05', reference => 'T', idempotency_key => 'new'), 1::bigint, 'and only once per key');
SELECT throws_ok($$SELECT stockflow.create_transfer(1, 1, 2, '[{"product_id": 1, "quantity": 31}]', idempotency_key => 'new')$$, '23505', NULL, 'other content');
SELECT is(pg_temp.position(1), '1:100+0', 'nothing has moved');
SELECT is_empty('SELECT * FROM stockflow.transfers_in_transit(1)', 'nothing is in transit');
SELECT throws_ok('SELECT stockflow.receive_transfer(1, 1)', '55000', 'transfer 1 is draft', 'a draft cannot be received');
SELECT throws_ok('SELECT stockflow.write_off_transfer(1, 1)', '55000', 'transfer 1 is draft', 'nor written off');

-- Shipping: lines of one product are summed before they are checked.
UPDATE stockflow.inventory SET quantity = 39 WHERE product_id = 1;
SELECT throws_ok('SELECT stockflow.ship_transfer(1, 1)', '23514', 'insufficient stock for product "A" in warehouse "Main"', 'two lines, each available, together not');
SELECT is(pg_temp.line(1, 1), 'draft: 30 = 0 received + 0 lost + 0 returned + 0 open', 'a refused shipment changes nothing');
UPDATE stockflow.inventory SET quantity = 40 WHERE product_id = 1;
SELECT is(stockflow.ship_transfer(1, 1, '2020-01-02 12:00Z', 'ship'), 'shipped', 'exactly what is available can be sent');
SELECT is(stockflow.ship_transfer(1, 1, '2020-01-02 12:00Z', 'ship'), 'shipped', 'once per key');
UPDATE stockflow.inventory SET quantity = 60 WHERE product_id = 1 AND warehouse_id = 1;
SELECT is(pg_temp.position(1), '1:60+0 2:0+40', 'out of the source, in transit to the destination');
SELECT is(pg_temp.position(2), '1:7.5+0 2:0+2.5', 'the other product as well');
SELECT is(pg_temp.ledger('transfer:1/1'), 'transfer_out -30 1/2', 'the ledger of a line');
SELECT is((SELECT unit_cost FROM stockflow.inventory_log WHERE reference = 'transfer:1/1'), 0.5, 'with the cost of its line');
SELECT is((SELECT quantity FROM stockflow.stock_as_of(1, '2020-01-02 12:00Z') WHERE product_id = 1), -40::numeric, 'when it happened');
SELECT is((SELECT sum(demand) FROM stockflow.inventory i, stockflow.recent_days(i.recent_days)), 0::numeric, 'a transfer is no demand');
SELECT throws_ok('SELECT stockflow.ship_transfer(1, 1)', '55000', 'transfer 1 is shipped', 'not twice');
SELECT results_eq('SELECT line_id, in_transit, sent FROM stockflow.transfers_in_transit(1, 2)',
    'VALUES (1::bigint, 30::numeric, 30::numeric), (2, 2.5, 2.5), (3, 10, 10)', 'what is on its way');
SELECT is((SELECT DISTINCT days_late FROM stockflow.transfers_in_transit(1)),
    (now() AT TIME ZONE 'America/New_York')::date - date '2020-01-05', 'late by calendar days there');
SELECT is_empty('SELECT * FROM stockflow.transfers_in_transit(1, 1)', 'nothing comes to the source');
SELECT is_empty('SELECT * FROM stockflow.verify_transfers()', 'shipped: sound');

-- Receiving, in several receipts and never more than was sent.
SELECT throws_ok($$SELECT stockflow.receive_transfer(1, 1, occurred_at => '2020-01-02 11:59Z')$$, '22023', 'occurred_at lies before the shipment', 'not before it left');
SELECT throws_ok($$SELECT stockflow.receive_transfer(1, 1, '[{"line_id": 2, "quantity": 1}, {"line_id": 1, "quantity": 20}, {"line_id": 1, "quantity": 11}]')$$,
    '23514', 'line 2: more of product "A" than is in transit', 'lines are summed before they are checked');
SELECT throws_ok($$SELECT stockflow.receive_transfer(1, 1, '[{"line_id": 1, "quantity": 1}, {"line_id": 9, "quantity": 1}]')$$,
    '23503', 'line 2: transfer 1 has no line 9', 'unknown line');
SELECT throws_ok($$SELECT stockflow.receive_transfer(1, 1, '[{"line_id": 1, "quantity": 0.5}]')$$, '23514', 'line 1: product "A" comes in whole units only', 'fractions');
SELECT throws_ok($$SELECT stockflow.receive_transfer(1, 1, '[]')$$, '22023', 'lines must be a JSON array with at least one line', 'no lines');
SELECT throws_ok($$SELECT stockflow.receive_transfer(1, 1, '[{"line_id": 1, "quantity": 1, "product_id": 1}]')$$, '22023', 'line 1: unknown key "product_id"', 'unknown key');
SELECT is(stockflow.receive_transfer(1, 1, '[{"line_id": 1, "quantity": 20}, {"line_id": 3, "quantity": 4}, {"line_id": 1, "quantity": 5}]', '2020-01-03 12:00Z', 'in'),
    'partly_received', 'a part');
SELECT is(stockflow.receive_transfer(1, 1, '[{"line_id": 1, "quantity": 20}, {"line_id": 3, "quantity": 4}, {"line_id": 1, "quantity": 5}]', '2020-01-03 12:00Z', 'in'),
    'partly_received', 'once per key');
SELECT is(pg_temp.line(1, 1), 'partly_received: 30 = 25 received + 0 lost + 0 returned + 5 open', 'what is missing is still in transit');
SELECT is(pg_temp.position(1), '1:60+0 2:29+11', 'received at the destination');
SELECT is(stockflow.receive_transfer(1, 1, '[{"line_id": 1, "quantity": 2}, {"line_id": 2, "quantity": 2.5}, {"line_id": 3, "quantity": 6}]'),
    'partly_received', 'another part');
SELECT is_empty('SELECT * FROM stockflow.verify_transfers(1)', 'partly received: sound');

-- Short: 3 of the first line never came. The loss is in the ledger of the destination, which stays as it is.
SELECT is(stockflow.write_off_transfer(1, 1, '[{"line_id": 1, "quantity": 1}]'), 'partly_received', 'a part is given up');
SELECT is(stockflow.write_off_transfer(1, 1), 'closed', 'and the rest');
SELECT is(pg_temp.line(1, 1), 'closed: 30 = 27 received + 3 lost + 0 returned + 0 open', 'what became of it');
SELECT is(pg_temp.position(1), '1:60+0 2:37+0', 'stock is what arrived');
SELECT is((SELECT sum(delta) FROM stockflow.inventory_log WHERE reason = 'transit_loss'), -3::numeric, 'the loss can be seen');
SELECT is(pg_temp.ledger('transfer:1/1'), 'transfer_out -30 1/2, transfer_in 25 2/1, transfer_in 2 2/1, transfer_in 1 2/1, transit_loss -1 2/1, transfer_in 2 2/1, transit_loss -2 2/1',
    'the whole story of a line');
SELECT throws_ok('SELECT stockflow.receive_transfer(1, 1)', '55000', 'transfer 1 is closed', 'closed is closed');
SELECT throws_ok('SELECT stockflow.cancel_transfer(1, 1)', '55000', 'transfer 1 is closed', 'also for cancelling');

-- Cancelling: a draft is dropped, goods under way go back.
SELECT is(stockflow.cancel_transfer(1, stockflow.create_transfer(1, 1, 2, '[{"product_id": 1, "quantity": 5}]')), 'cancelled', 'a draft is dropped');
SELECT is(pg_temp.position(1), '1:60+0 2:37+0', 'without a movement');
SELECT is(stockflow.ship_transfer(1, stockflow.create_transfer(1, 2, 1, '[{"product_id": 1, "quantity": 7}]')), 'shipped', 'back again');
SELECT is(pg_temp.position(1), '1:60+7 2:30+0', 'on its way to the first warehouse');
SELECT is(stockflow.cancel_transfer(1, 3), 'cancelled', 'cancelled under way');
SELECT is(pg_temp.position(1), '1:60+0 2:37+0', 'it came back to where it left');
SELECT is(pg_temp.ledger('transfer:3/1'), 'transfer_out -7 2/1, transfer_in 7 2/1', 'with both in the ledger');

-- Who may not take part.
SELECT throws_ok($$SELECT stockflow.create_transfer(1, 1, 3, '[{"product_id": 1, "quantity": 1}]')$$, '23503', 'warehouse "Shut" is closed', 'closed destination');
SELECT throws_ok($$SELECT stockflow.create_transfer(1, 1, 20, '[{"product_id": 1, "quantity": 1}]')$$, '23503', 'warehouse 20 does not exist', 'another company''s warehouse');
SELECT throws_ok($$SELECT stockflow.create_transfer(1, 1, 2, '[{"product_id": 1, "quantity": 1}, {"product_id": 20, "quantity": 1}]')$$, '23503', 'line 2: product 20 does not exist', 'its product');
SELECT throws_ok($$SELECT stockflow.create_transfer(1, 1, 2, '[{"product_id": 3, "quantity": 1}]')$$, '23514', 'line 1: product "K" holds no stock of its own', 'bundles');
SELECT throws_ok('SELECT stockflow.receive_transfer(2, 1)', '23503', 'transfer 1 does not exist', 'another company''s transfer');

-- The destination closes under way: the goods go back, or wait until it opens again.
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 4, 'Shop');
DO $$ BEGIN
    PERFORM setval('stockflow.transfers_transfer_id_seq', 9);  -- refused ones have taken numbers
    PERFORM stockflow.ship_transfer(1, stockflow.create_transfer(1, 1, 4, '[{"product_id": 1, "quantity": 9}]'));
    PERFORM stockflow.create_transfer(1, 1, 4, '[{"product_id": 1, "quantity": 9}]');
    PERFORM stockflow.receive_transfer(1, 10, '[{"line_id": 1, "quantity": 4}]');
END $$;
UPDATE stockflow.warehouses SET deleted_at = now() WHERE warehouse_id = 4;
SELECT throws_ok('SELECT stockflow.ship_transfer(1, 11)', '23503', 'warehouse "Shop" is closed', 'nothing is sent to a closed warehouse');
SELECT throws_ok('SELECT stockflow.receive_transfer(1, 10)', '23503', 'warehouse "Shop" is closed', 'nor received there');
SELECT is(stockflow.cancel_transfer(1, 10), 'closed', 'what is under way can be sent back');
SELECT is(pg_temp.position(1), '1:56+0 2:37+0 4:4+0', 'what had arrived stays');
SELECT is(pg_temp.line(10, 1), 'closed: 9 = 4 received + 0 lost + 5 returned + 0 open', 'and the line says so');
-- All of a product is in transit: it cannot become a bundle, or it could not be received.
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) VALUES (1, 6, 'M', 'Moved', 1);
DO $$ BEGIN
    PERFORM setval('stockflow.transfers_transfer_id_seq', 20);
    PERFORM stockflow.receive_stock(1, 1, 6, 3);
    PERFORM stockflow.ship_transfer(1, stockflow.create_transfer(1, 1, 2, '[{"product_id": 6, "quantity": 3}]'));
    PERFORM setval('stockflow.transfers_transfer_id_seq', 11);
END $$;
SELECT throws_ok('UPDATE stockflow.products SET is_bundle = true WHERE product_id = 6', '23514', 'product "M" has stock of its own', 'goods in transit are stock');
-- A product that is deleted on the way still arrives; nothing at all arrives of the last one.
DO $$ BEGIN
    PERFORM stockflow.ship_transfer(1, stockflow.create_transfer(1, 1, 2, '[{"product_id": 2, "quantity": 1.5}]'));
    UPDATE stockflow.products SET deleted_at = now() WHERE company_id = 1 AND product_id = 2;
    PERFORM stockflow.ship_transfer(1, stockflow.create_transfer(1, 1, 2, '[{"product_id": 2, "quantity": 0.5}]'));
END $$;
SELECT throws_ok('UPDATE stockflow.products SET whole_units = true WHERE company_id = 1 AND product_id = 2', '23514', 'product "B" has a fraction of a unit in stock', 'fractions in transit');
SELECT is(stockflow.receive_transfer(1, 12), 'received', 'deleted products are received');
SELECT is(stockflow.write_off_transfer(1, 13), 'closed', 'all of it lost');
SELECT is(pg_temp.position(2), '1:5.5+0 2:4+0', 'what is left of them');
SELECT is_empty('SELECT * FROM stockflow.verify_transfers()', 'still sound');

-- What verify_transfers finds: a line changed behind the ledger.
UPDATE stockflow.transfer_lines SET received = 28, lost = 2 WHERE company_id = 1 AND transfer_id = 1 AND line_id = 1;
SELECT results_eq('SELECT product_id, warehouse_id, problem FROM stockflow.verify_transfers(1)',
    $$VALUES (1::bigint, 2::bigint, 'transit_loss of transfer:1/1 adds up to -3 in the ledger, the transfer says -2')$$, 'a changed line is found');
SELECT is((SELECT count(*) FROM stockflow.verify_ledger() WHERE problem NOT LIKE '%transfer:%'), 0::bigint, 'the ledger is sound');
SELECT * FROM finish();
ROLLBACK;
