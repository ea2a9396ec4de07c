-- The life of alerts: one event per crossing, hysteresis, states, outbox, other tenants.
BEGIN;
SELECT plan(73);

INSERT INTO stockflow.companies (company_id, name, reorder_point) VALUES (1, 'A', NULL), (2, 'B', 5), (3, 'C', NULL);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'Main'), (1, 2, 'Second'), (2, 3, 'Far');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, reorder_point) VALUES
    (1, 1, 'A', 'Apple', 1, 10), (1, 2, 'B', 'Banana', 1, 0), (2, 3, 'C', 'Cherry', 1, NULL);
CREATE FUNCTION pg_temp.move(product bigint, delta numeric, warehouse bigint DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    SELECT stockflow.adjust_stock(1, warehouse, product, delta, CASE WHEN delta < 0 THEN 'sale' ELSE 'receipt' END) $$;
-- Refreshes, and says which events came of it.
CREATE FUNCTION pg_temp.refreshed() RETURNS text LANGUAGE plpgsql AS $$
DECLARE last bigint := coalesce((SELECT max(event_id) FROM stockflow.alert_outbox), 0);
        n bigint := stockflow.refresh_alerts(1);
BEGIN
    RETURN n || ':' || coalesce((SELECT string_agg(format(' %s %s', event, payload ->> 'sku'), ',' ORDER BY event_id)
                                   FROM stockflow.alert_outbox WHERE event_id > last), '');
END $$;
CREATE FUNCTION pg_temp.state(product bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(state || coalesce(' ' || resolution, ''), ', ' ORDER BY alert_id)
      FROM stockflow.alerts WHERE company_id = 1 AND product_id = product $$;

-- Crossing, hysteresis, crossing again
DO $$ BEGIN PERFORM pg_temp.move(1, 100), pg_temp.move(2, 100); END $$;
SELECT is(pg_temp.refreshed(), '0:', 'nothing is low');
DO $$ BEGIN PERFORM pg_temp.move(1, -89); END $$;
SELECT is(pg_temp.refreshed(), '0:', '11 is above 10');
DO $$ BEGIN PERFORM pg_temp.move(1, -1); END $$;
SELECT is((SELECT count(*) FROM stockflow.alert_outbox), 0::bigint, 'a sale writes no event');
SELECT is(pg_temp.refreshed(), '1: opened A', '10 is at the reorder point');
SELECT is(pg_temp.refreshed(), '0:', 'it fires once');
DO $$ BEGIN PERFORM pg_temp.move(1, -5); END $$;
SELECT is(pg_temp.refreshed(), '0:', 'lower still is no crossing');
DO $$ BEGIN PERFORM pg_temp.move(1, 6); END $$;
SELECT is(pg_temp.refreshed(), '0:', '11 is not above 10 + 10 %');
SELECT is((SELECT is_low FROM stockflow.open_alerts(1)), false, 'though it is not low');
DO $$ BEGIN PERFORM pg_temp.move(1, -1); END $$;
SELECT is(pg_temp.refreshed(), '0:', 'back to 10: the same episode');
DO $$ BEGIN PERFORM pg_temp.move(1, 2); END $$;
SELECT is(pg_temp.refreshed(), '1: resolved A', '12 is above 11');
SELECT is(pg_temp.refreshed(), '0:', 'that fires once as well');
DO $$ BEGIN PERFORM pg_temp.move(1, -2); END $$;
SELECT is(pg_temp.refreshed(), '1: opened A', 'the next crossing fires again');
SELECT is(pg_temp.state(1), 'resolved recovered, open', 'as an episode of its own');
DO $$ BEGIN PERFORM pg_temp.move(1, 50), pg_temp.move(1, -50); END $$;
SELECT is(pg_temp.refreshed(), '0:', 'recovery and crossing between two refreshes are one episode');
UPDATE stockflow.companies SET alert_recovery_percent = 0 WHERE company_id = 1;
DO $$ BEGIN PERFORM pg_temp.move(1, 1); END $$;
SELECT is(pg_temp.refreshed(), '1: resolved A', 'without hysteresis 11 suffices');
UPDATE stockflow.companies SET alert_recovery_percent = 10 WHERE company_id = 1;
DO $$ BEGIN PERFORM pg_temp.move(2, -100); END $$;
SELECT is(pg_temp.refreshed(), '1: opened B', 'a reorder point of 0 is one');
DO $$ BEGIN PERFORM pg_temp.move(2, 1); END $$;
SELECT is(pg_temp.refreshed(), '1: resolved B', 'and 1 is above it');
UPDATE stockflow.products SET reorder_point = 20 WHERE product_id = 1;
SELECT is(pg_temp.refreshed(), '1: opened A', 'a changed reorder point can cross as well');
SELECT is(opened_available || ' ' || opened_threshold, '11 20', 'the figures at the opening are kept')
  FROM stockflow.alerts WHERE product_id = 1 AND state = 'open';
UPDATE stockflow.products SET reorder_point = NULL WHERE product_id = 1;
SELECT is(pg_temp.refreshed(), '1: resolved A', 'no reorder point, no alert');
UPDATE stockflow.products SET reorder_point = 20 WHERE product_id = 1;
SELECT is(pg_temp.refreshed(), '1: opened A', 'with it again');

-- Acknowledge, snooze, resolve
CREATE FUNCTION pg_temp.current() RETURNS bigint LANGUAGE sql AS $$
    SELECT alert_id FROM stockflow.alerts WHERE company_id = 1 AND product_id = 1 AND recovered_at IS NULL $$;
SELECT is(stockflow.acknowledge_alert(1, pg_temp.current(), ' ordered '), true, 'acknowledged');
SELECT is(stockflow.acknowledge_alert(1, pg_temp.current()), false, 'twice is once');
SELECT is(stockflow.acknowledge_alert(1, pg_temp.current(), 'ordered'), false, 'also with the same note');
SELECT is(state || ' ' || note || ' ' || acknowledged_by, 'acknowledged ordered ' || current_user, 'by whom')
  FROM stockflow.open_alerts(1);
SELECT is(pg_temp.refreshed(), '0:', 'an acknowledged alert stays');
SELECT is(stockflow.snooze_alert(1, pg_temp.current(), now() + interval '1 hour'), true, 'snoozed');
SELECT is(stockflow.snooze_alert(1, pg_temp.current(), now() + interval '1 hour'), false, 'until then already');
SELECT is((SELECT count(*) FROM stockflow.open_alerts(1)), 0::bigint, 'snoozed ones are not listed');
SELECT is((SELECT count(*) FROM stockflow.open_alerts(1, include_snoozed => true)), 1::bigint, 'unless asked for');
SELECT is(pg_temp.refreshed(), '0:', 'nor woken before their time');
UPDATE stockflow.alerts SET snoozed_until = now() WHERE state = 'snoozed';
SELECT is((SELECT count(*) FROM stockflow.open_alerts(1)), 1::bigint, 'when it is over, they are listed at once');
SELECT is(pg_temp.refreshed(), '1: woken A', 'and woken by the next refresh');
SELECT is(pg_temp.refreshed(), '0:', 'once');
SELECT is((SELECT state FROM stockflow.open_alerts(1)), 'open', 'it is open again');
DO $$ BEGIN PERFORM stockflow.snooze_alert(1, pg_temp.current(), now() + interval '1 hour'), pg_temp.move(1, 50); END $$;
SELECT is(pg_temp.refreshed(), '1: resolved A', 'a snoozed alert that recovers is resolved');
DO $$ BEGIN PERFORM pg_temp.move(1, -50); END $$;
SELECT is(pg_temp.refreshed(), '1: opened A', 'and its snooze is forgotten');
SELECT is(stockflow.resolve_alert(1, pg_temp.current(), 'discontinued'), true, 'resolved by hand');
SELECT is(stockflow.resolve_alert(1, pg_temp.current(), 'once more'), false, 'once');
SELECT is(pg_temp.refreshed(), '0:', 'it does not open while it is low');
SELECT throws_ok('SELECT stockflow.acknowledge_alert(1, pg_temp.current())', '55000', NULL, 'nor can it be acknowledged');
SELECT throws_ok($$SELECT stockflow.snooze_alert(1, pg_temp.current(), now() + interval '1 day')$$, '55000', NULL, 'or snoozed');
DO $$ BEGIN PERFORM pg_temp.move(1, 50); END $$;
SELECT is(pg_temp.refreshed(), '0:', 'its recovery is no event');
DO $$ BEGIN PERFORM pg_temp.move(1, -50); END $$;
SELECT is(pg_temp.refreshed(), '1: opened A', 'but arms it again');

-- What falls silent
UPDATE stockflow.products SET deleted_at = now() WHERE product_id = 1;
SELECT is((SELECT count(*) FROM stockflow.open_alerts(1)), 0::bigint, 'a deleted product is not listed, refreshed or not');
SELECT is(pg_temp.refreshed(), '1: resolved A', 'and resolved');
UPDATE stockflow.products SET deleted_at = NULL WHERE product_id = 1;
SELECT is(pg_temp.refreshed(), '1: opened A', 'taken back');
UPDATE stockflow.warehouses SET deleted_at = now() WHERE warehouse_id = 1;
SELECT is(pg_temp.refreshed(), '1: resolved A', 'a closed warehouse');
UPDATE stockflow.warehouses SET deleted_at = NULL WHERE warehouse_id = 1;
SELECT is(pg_temp.refreshed(), '1: opened A', 'opened again');
DO $$ BEGIN
    PERFORM stockflow.adjust_stock(1, 1, 1, 1000, 'sale'), stockflow.adjust_stock(1, 1, 1, -1000, 'lost'); END $$;
SELECT is(pg_temp.refreshed(), '1: resolved A', 'no recent sales any more');
DO $$ BEGIN PERFORM stockflow.adjust_stock(1, 1, 1, 1000, 'found'), stockflow.adjust_stock(1, 1, 1, -1000, 'sale'); END $$;
SELECT is(pg_temp.refreshed(), '1: opened A', 'and again');
UPDATE stockflow.companies SET deleted_at = now() WHERE company_id = 1;
SELECT is(stockflow.refresh_alerts(), 1::bigint, 'a deleted company');
SELECT is((SELECT string_agg(resolution, ' ' ORDER BY alert_id) FROM stockflow.alerts WHERE product_id = 1),
    'recovered recovered no_reorder_point recovered by_hand product_deleted warehouse_closed no_recent_sales company_deleted',
    'each with its reason');
SELECT is(stockflow.refresh_alerts(), 0::bigint, 'then silence');
UPDATE stockflow.companies SET deleted_at = NULL WHERE company_id = 1;

-- Several companies; events; the outbox
DO $$ BEGIN PERFORM stockflow.receive_stock(2, 3, 3, 6), stockflow.record_sale(2, 3, 3, 2); END $$;
SELECT is(stockflow.refresh_alerts(), 2::bigint, 'all companies');
SELECT is(payload - 'opened_at' - 'actor', format('{"company_id": 2, "alert_id": %s, "event": "opened", "state": "open", "product_id": 3,
    "sku": "C", "product_name": "Cherry", "warehouse_id": 3, "warehouse_name": "Far", "available": 4, "threshold": 5,
    "days_until_stockout": 60, "suggested_quantity": 10, "supplier_id": null}', alert_id)::jsonb, 'what an event tells')
  FROM stockflow.alert_outbox WHERE company_id = 2;
SELECT is((SELECT count(*) FROM stockflow.alert_outbox WHERE event = 'opened'), (SELECT count(*) FROM stockflow.alerts), 'one opening per episode');
SELECT results_eq('SELECT event, attempts FROM stockflow.take_alert_events(1, 2)', $$VALUES ('opened', 1), ('resolved', 1)$$, 'the oldest first');
SELECT is((SELECT count(*) FROM stockflow.take_alert_events(2)), 1::bigint, 'of one company');
SELECT is((SELECT count(*) FROM stockflow.take_alert_events(2)), 0::bigint, 'nobody else''s while the lease runs');
UPDATE stockflow.alert_outbox SET leased_until = now() - interval '1 second' WHERE company_id = 2;
SELECT is((SELECT attempts FROM stockflow.take_alert_events(2)), 2, 'taken again when it was not confirmed');
SELECT is(stockflow.confirm_alert_events(2, ARRAY(SELECT event_id FROM stockflow.alert_outbox)), 1::bigint, 'confirmed, of this company only');
SELECT is(stockflow.confirm_alert_events(2, ARRAY(SELECT event_id FROM stockflow.alert_outbox)), 0::bigint, 'once');
UPDATE stockflow.alert_outbox SET leased_until = NULL;
SELECT is((SELECT count(*) FROM stockflow.take_alert_events(2)), 0::bigint, 'what is delivered is not taken');

-- What is not there
SELECT is_empty('SELECT * FROM stockflow.open_alerts(9)', 'open_alerts of an unknown company');
SELECT is_empty('SELECT * FROM stockflow.explain_alert(9, 1, 1) UNION ALL SELECT * FROM stockflow.explain_alert(1, 3, 1) UNION ALL SELECT * FROM stockflow.explain_alert(1, 1, 3)',
    'explain_alert of unknown keys');
SELECT is_empty($$SELECT * FROM stockflow.alert_status(1, '{NULL,1}', '{1}')$$, 'alert_status of keys that are not whole');
SELECT throws_ok($$INSERT INTO stockflow.alerts (company_id, product_id, warehouse_id) VALUES (2, 3, 3)$$, '23505', NULL, 'one episode per key at a time');

-- Other tenants
CREATE ROLE alert_app;
SELECT stockflow.grant_access('alert_app', 'app') IS NULL AS granted \gset
UPDATE stockflow.alert_outbox SET delivered_at = NULL;
SET LOCAL stockflow.company_id = 2;
SET LOCAL ROLE alert_app;
SELECT results_eq('SELECT DISTINCT company_id FROM stockflow.take_alert_events()', 'VALUES (2::bigint)', 'a tenant drains its own');
SELECT throws_ok('SELECT stockflow.confirm_alert_events(1, ''{1}'')', '23503', NULL, 'and confirms no other''s');
SELECT is_empty('SELECT * FROM stockflow.open_alerts(1) UNION ALL SELECT * FROM stockflow.open_alerts(1, include_snoozed => true)', 'and sees no other''s alerts');
SELECT is_empty('SELECT * FROM stockflow.explain_alert(1, 1, 1)', 'or explanations');
SELECT throws_ok('SELECT stockflow.refresh_alerts(1)', '23503', NULL, 'or refreshes them');
SELECT * FROM finish();
ROLLBACK;
