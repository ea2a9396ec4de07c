-- explain_alert agrees with low_stock_alerts: on whether there is an alert, and on every figure.
BEGIN;
SELECT plan(24);

-- Three companies of random data, made by the public functions; the third is deleted.
SELECT setseed(0.4) IS NULL AS seeded \gset
INSERT INTO stockflow.companies (company_id, name, timezone, reorder_point, cover_days) VALUES
    (1, 'A', 'America/New_York', 6, 30), (2, 'B', 'Asia/Kolkata', NULL, 10), (3, 'C', 'UTC', 4, 30);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 3) c, generate_series(1, 3) w;
INSERT INTO stockflow.categories (company_id, category_id, name, reorder_point)
    SELECT c, g, 'G' || g, CASE g WHEN 1 THEN 8 END FROM generate_series(1, 3) c, generate_series(1, 2) g;
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) SELECT c, s, 'S' || s FROM generate_series(1, 3) c, generate_series(1, 4) s;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, category_id, reorder_point, order_up_to, whole_units, is_stocked)
    SELECT c, p, 'P' || p, 'P' || p, 1, CASE WHEN random() < 0.6 THEN 1 + floor(random() * 2) END,
           CASE WHEN random() < 0.3 THEN floor(random() * 12) END, CASE WHEN random() < 0.2 THEN 40 END,
           random() < 0.7, p <> 30
      FROM generate_series(1, 3) c, generate_series(1, 30) p;
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days, min_order_quantity, pack_size, is_preferred)
    SELECT c, p, s, CASE WHEN random() < 0.8 THEN round((random() * 5)::numeric, 1) END,
           CASE WHEN random() < 0.7 THEN floor(random() * 15) END, CASE WHEN random() < 0.4 THEN 15 END,
           CASE WHEN random() < 0.4 THEN 1 + floor(random() * 8) END, random() < 0.1
      FROM generate_series(1, 3) c, generate_series(1, 30) p, generate_series(1, 4) s WHERE random() < 0.5;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity)
    SELECT c, b, 1 + floor(random() * 20), 1 + floor(random() * 3) FROM generate_series(1, 3) c, generate_series(25, 28) b, generate_series(1, 2);
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, reorder_point)
    SELECT c, p, w, CASE WHEN random() < 0.2 THEN floor(random() * 10) END
      FROM generate_series(1, 3) c, generate_series(1, 28) p, generate_series(1, 3) w WHERE random() < 0.8;
DO $$ BEGIN
    UPDATE stockflow.products SET is_bundle = true WHERE product_id = 29;  -- without components
    PERFORM stockflow.record_movements(c, (
        SELECT jsonb_agg(jsonb_build_object('product_id', i.product_id, 'warehouse_id', i.warehouse_id, 'delta', 60, 'reason', 'receipt',
                                            'occurred_at', now() - interval '100 days'))
          FROM stockflow.inventory i JOIN stockflow.products p USING (company_id, product_id) WHERE company_id = c AND NOT is_bundle))
       FROM generate_series(1, 3) c;
    PERFORM stockflow.record_sale(i.company_id, i.warehouse_id, i.product_id, floor(random() * 14)::numeric + 1,
                                  now() - age * interval '1 day')
       FROM stockflow.inventory i, unnest(ARRAY[1, 20, 45, 80]) AS age
      WHERE i.quantity > 0 AND random() < 0.5 AND i.product_id < 22;
    PERFORM stockflow.adjust_stock(i.company_id, i.warehouse_id, i.product_id, -i.quantity, 'lost', now() - interval '50 days')
       FROM stockflow.inventory i WHERE i.quantity > 0 AND i.product_id IN (3, 4, 5);
    PERFORM stockflow.adjust_stock(i.company_id, i.warehouse_id, i.product_id, floor(random() * 12)::numeric - i.quantity)
       FROM stockflow.inventory i WHERE i.quantity > 12 AND random() < 0.6 AND i.product_id < 25;
END $$;
-- Totals of open lines, kept as those of reservations, orders and transfers are.
DO $$ DECLARE kind text; BEGIN
    FOREACH kind IN ARRAY ARRAY['on_order', 'in_transit'] LOOP
        EXECUTE format('CREATE TABLE public.%I (company_id bigint, product_id bigint, warehouse_id bigint, open_quantity numeric);
            CREATE TRIGGER position_inserted AFTER INSERT ON public.%I REFERENCING NEW TABLE AS added
                FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after(%L);
            INSERT INTO public.%I SELECT company_id, product_id, warehouse_id, floor(random() * 5)
              FROM stockflow.inventory WHERE random() < 0.3 AND product_id < 25', kind, kind, kind, kind);
    END LOOP;
    PERFORM stockflow.reserve_stock(i.company_id, jsonb_build_array(jsonb_build_object(
            'product_id', i.product_id, 'warehouse_id', i.warehouse_id, 'quantity', least(floor(i.quantity), 1 + floor(random() * 4)))),
            clock_timestamp() + CASE WHEN random() < 0.5 THEN interval '1 second' ELSE interval '1 day' END)
       FROM stockflow.inventory i WHERE random() < 0.4 AND i.quantity >= 1 AND i.product_id < 25;
END $$;
UPDATE stockflow.products SET deleted_at = now() WHERE product_id = 2;
UPDATE stockflow.suppliers SET deleted_at = now() WHERE supplier_id = 4;
UPDATE stockflow.warehouses SET deleted_at = now() WHERE company_id = 2 AND warehouse_id = 3;
UPDATE stockflow.companies SET deleted_at = now() WHERE company_id = 3;

-- All pairs, explained, next to the row of low_stock_alerts if there is one.
CREATE FUNCTION pg_temp.compared(days integer, bundles boolean, stockouts boolean, recent boolean)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, explained jsonb, reported jsonb) LANGUAGE sql AS $$
    SELECT p.company_id, p.product_id, w.warehouse_id, e.terms, to_jsonb(l)
      FROM stockflow.products p JOIN stockflow.warehouses w USING (company_id)
     CROSS JOIN LATERAL (SELECT jsonb_object_agg(term, CASE WHEN amount IS NULL THEN to_jsonb(value) ELSE to_jsonb(amount) END) AS terms
                           FROM stockflow.explain_alert(p.company_id, p.product_id, w.warehouse_id, days, bundles, stockouts, recent)) e
      LEFT JOIN (SELECT c.company_id AS of, a.* FROM stockflow.companies c, stockflow.low_stock_alerts(c.company_id, NULL, days, bundles, stockouts, recent) a) l
        ON l.of = p.company_id AND l.product_id = p.product_id AND l.warehouse_id = w.warehouse_id $$;
CREATE TEMP TABLE compared AS
    SELECT o.*, c.* FROM (VALUES (30, false, true, true), (7, false, true, true), (30, true, true, true), (60, true, false, true), (30, true, true, false))
        AS o(days, bundles, stockouts, recent), pg_temp.compared(o.days, o.bundles, o.stockouts, o.recent) AS c;

SELECT is_empty($$ SELECT * FROM compared WHERE (explained ->> 'verdict' = 'alert') IS DISTINCT FROM (reported IS NOT NULL) $$,
    'the verdict is membership in low_stock_alerts');
SELECT is_empty(format($$ SELECT days, company_id, product_id, warehouse_id, explained -> %L, reported -> %L FROM compared
     WHERE reported IS NOT NULL AND explained -> %1$L IS DISTINCT FROM reported -> %1$L AND NOT (%1$L = 'suggested_quantity' AND reported -> 'limiting_component_id' <> 'null') $$,
       term, term), 'the same ' || term)
  FROM unnest(ARRAY['current_stock', 'reserved', 'available', 'threshold', 'threshold_source', 'demand', 'lookback_days',
                    'average_daily_demand', 'days_in_stock', 'adjusted_daily_demand', 'days_until_stockout', 'supplier_id',
                    'supplier_name', 'suggested_quantity', 'sku']) AS term;
SELECT is_empty($$ SELECT * FROM compared WHERE reported IS NOT NULL AND reported -> 'limiting_component_id' = 'null'
     AND (explained -> 'on_order', explained -> 'in_transit', explained -> 'min_order_quantity', explained -> 'pack_size')
         IS DISTINCT FROM (reported -> 'on_order', reported -> 'in_transit', reported -> 'min_order_quantity', reported -> 'pack_size') $$,
    'the same terms of the order');
SELECT is_empty($$ SELECT * FROM compared WHERE explained -> 'available' <> 'null' AND explained -> 'threshold' <> 'null'
     AND explained ->> 'verdict' IN ('alert', 'above_reorder_point', 'no_recent_sales')
     AND ((explained -> 'available')::numeric > (explained -> 'threshold')::numeric) <> (explained ->> 'verdict' = 'above_reorder_point') $$,
    'above or not, by the figures that are shown');
SELECT is_empty($$ SELECT c.company_id, c.product_id, c.warehouse_id, explained ->> 'verdict', s.verdict, s.available
      FROM compared c LEFT JOIN LATERAL stockflow.alert_status(c.company_id, ARRAY[c.product_id], ARRAY[c.warehouse_id]) s ON true
     WHERE c.days = 30 AND NOT bundles AND (s.verdict IS DISTINCT FROM explained ->> 'verdict'
           OR to_jsonb(s.available) IS DISTINCT FROM nullif(explained -> 'available', 'null')) $$,
    'alert_status agrees');
SELECT results_eq($$ SELECT DISTINCT explained ->> 'verdict' FROM compared ORDER BY 1 $$,
    $$ VALUES ('above_reorder_point'), ('alert'), ('bundle'), ('company_deleted'), ('no_inventory_row'), ('no_recent_sales'),
              ('no_reorder_point'), ('not_stocked'), ('product_deleted'), ('warehouse_closed') $$,
    'the data holds every verdict but one');
SELECT cmp_ok((SELECT count(*) FROM compared WHERE reported IS NOT NULL), '>', 100::bigint, 'and many alerts');
SELECT cmp_ok((SELECT count(*) FROM compared WHERE reported -> 'limiting_component_id' <> 'null'), '>', 0::bigint, 'also of bundles');
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES (1, 29, 1);
SELECT is((SELECT value FROM stockflow.explain_alert(1, 29, 1, include_bundles => true) WHERE term = 'verdict'), 'unlimited_bundle',
    'a bundle that nothing limits');
SELECT is((SELECT count(*) FROM stockflow.low_stock_alerts(1, include_bundles => true, recent_sales_only => false) WHERE product_id = 29), 0::bigint,
    'and is not reported');
SELECT * FROM finish();
ROLLBACK;
