-- Bad input of every kind for every argument of every function: the right SQLSTATE, and not a trace
-- in the data.
BEGIN;

INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'Acme'), (2, 'Other');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (1, 1, 'Main'), (1, 2, 'Second'), (2, 20, 'Far');
INSERT INTO stockflow.categories (company_id, category_id, name) VALUES (1, 1, 'Fruit'), (2, 20, 'Far');
INSERT INTO stockflow.suppliers (company_id, supplier_id, name) VALUES (1, 1, 'Farm'), (2, 20, 'Far');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, reorder_point) VALUES
    (1, 1, 'A-1', 'Apple', 1, 5), (2, 20, 'F-1', 'Far', 1, NULL);
UPDATE stockflow.products SET tracks_lots = true;
INSERT INTO stockflow.lots (company_id, product_id, lot) VALUES (1, 1, 'L'), (2, 20, 'F');
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (1, 1, 1, 10), (2, 20, 20, 10);
DO $$ BEGIN
    PERFORM setval('stockflow.products_product_id_seq', 100);
    PERFORM stockflow.record_sale(1, 1, 1, 6);
    PERFORM stockflow.reserve_stock(1, '[{"product_id": 1, "warehouse_id": 1, "quantity": 1}]');
    PERFORM stockflow.refresh_alerts(1);
    PERFORM setval('stockflow.purchase_orders_order_id_seq', 1, false);
    PERFORM stockflow.create_purchase_order(1, 1, 1, '[{"product_id": 1, "quantity": 5}]') FROM generate_series(1, 3);
    PERFORM stockflow.place_purchase_order(1, 2, now() - interval '2 days');
    PERFORM stockflow.receive_purchase_order(1, 2, '[{"line_id": 1, "quantity": 2}]');
    PERFORM stockflow.cancel_purchase_order(1, 3);
    PERFORM stockflow.adjust_stock(1, 1, 1, -2);
END $$;

-- A draft, a transfer under way and a count sheet, counted: 1, 2 and 1; those of company 2 are 20.
DO $$ BEGIN
    PERFORM stockflow.create_transfer(1, 1, 2, '[{"product_id": 1, "quantity": 1}]');
    PERFORM stockflow.ship_transfer(1, stockflow.create_transfer(1, 2, 1, '[{"product_id": 1, "quantity": 2}]'), now() - interval '2 hours')
       FROM stockflow.receive_stock(1, 2, 1, 2, occurred_at => now() - interval '3 hours');
    PERFORM stockflow.create_stock_count(1, 1);
    PERFORM stockflow.record_counts(1, 1, '[{"product_id": 1, "counted_quantity": 3}]');
END $$;
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (2, 21, 'Farther');
INSERT INTO stockflow.transfers (company_id, transfer_id, from_warehouse_id, to_warehouse_id) VALUES (2, 20, 20, 21);
INSERT INTO stockflow.stock_counts (company_id, count_id, warehouse_id) VALUES (2, 20, 20);

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
    ('reserve_stock', 'company_id:company lines:lines expires_at:expiry reference:text idempotency_key:key'),
    ('commit_reservation', 'company_id:company reservation_id:id lines:held keep_rest:flag occurred_at:moment idempotency_key:key'),
    ('release_reservation', 'company_id:company reservation_id:id idempotency_key:key'),
    ('extend_reservation', 'company_id:company reservation_id:id expires_at:expiry idempotency_key:key'),
    ('release_expired', 'company_id:filter max_reservations:sweep'),
    ('reservation_status', 'company_id:filter reservation_id:filter state:any_text'),
    ('expired_reservations', 'company_id:filter'),
    ('verify_reservations', 'company_id:filter'),
    ('buildable_bundles', 'company_id:reader bundle_id:filter warehouse_id:filter'),
    ('bundle_components', 'company_id:reader bundle_id:reader'),
    ('create_transfer', 'company_id:company from_warehouse_id:id to_warehouse_id:target lines:transfer_lines expected_on:wh_day reference:text idempotency_key:key'),
    ('ship_transfer', 'company_id:company transfer_id:wh_draft occurred_at:moment idempotency_key:key'),
    ('receive_transfer', 'company_id:company transfer_id:shipped lines:parts occurred_at:later idempotency_key:key'),
    ('write_off_transfer', 'company_id:company transfer_id:shipped lines:parts occurred_at:later idempotency_key:key'),
    ('cancel_transfer', 'company_id:company transfer_id:shipped occurred_at:later idempotency_key:key'),
    ('transfers_in_transit', 'company_id:filter warehouse_id:filter'),
    ('verify_transfers', 'company_id:filter'),
    ('create_stock_count', 'company_id:company warehouse_id:id product_ids:products category_id:optional_category reference:text idempotency_key:key'),
    ('record_counts', 'company_id:company count_id:sheet lines:counts counted_at:moment idempotency_key:key'),
    ('stock_count_sheet', 'company_id:filter count_id:filter blind:any_flag'),
    ('post_stock_count', 'company_id:company count_id:sheet idempotency_key:key'),
    ('cancel_stock_count', 'company_id:company count_id:sheet idempotency_key:key'),
    ('cycle_count_candidates', 'company_id:reader warehouse_id:reader max_candidates:least days_a:lookback days_b:lookback days_c:lookback lookback_days:lookback'),
    ('verify_stock_counts', 'company_id:filter'),
    ('receive_lot', 'company_id:company warehouse_id:id product_id:id quantity:lot_quantity lot:lot expires_on:lot_day unit_cost:cost occurred_at:moment reference:text idempotency_key:key'),
    ('pick_lots', 'company_id:filter warehouse_id:filter product_id:filter quantity:loose_number on_day:loose_day'),
    ('expired_stock', 'company_id:filter'),
    ('expiring_stock', 'company_id:filter within_days:ahead warehouse_id:filter'),
    ('lot_history', 'company_id:filter product_id:filter lot:any_text'),
    ('write_off_expired', 'company_id:company warehouse_id:optional_id reference:text idempotency_key:key'),
    ('verify_lots', 'company_id:filter'),
    ('checked_lot', 'lot:lot'),
    ('checked_within_days', 'days:ahead'),
    ('keep_lot', 'company_id:own_company product_id:lot_product lot:raw_lot expires_on:lot_day'),
    ('keep_shipped_lots', 'company_id:filter transfer_id:filter from_warehouse_id:filter'),
    ('settle_lots', 'company_id:filter transfer_id:filter line_id:filter quantity:loose_number'),
    -- Internal ones
    ('request_lines', 'lines:parts_given required:wh_fields optional:wh_fields'),
    ('checked_id', 'id:wh_any_id name:label'),
    ('checked_moment', 'moment:moment name:label'),
    ('checked_reference', 'reference:text'),
    ('require_warehouse', 'company_id:own_company warehouse_id:known_warehouse must_be_open:any_flag'),
    ('check_line_products', 'company_id:own_company lines:product_lines new_business:any_flag'),
    ('lock_stock', 'company_id:own_company product_ids:wh_ids warehouse_ids:wh_ids'),
    ('lock_transfer', 'company_id:own_company transfer_id:found_draft states:states'),
    ('open_transfer_lines', 'company_id:own_company transfer_id:found_shipped lines:parts'),
    ('settle_transfer', 'company_id:own_company transfer_id:found_shipped lines:parts occurred_at:settled outcome:outcome'),
    ('end_transit', 'company_id:company transfer_id:shipped lines:parts occurred_at:later idempotency_key:key operation:name outcome:outcome'),
    ('lock_stock_count', 'company_id:own_company count_id:found_sheet'),
    ('variance_unit_cost', 'company_id:filter product_id:filter warehouse_id:filter'),
    ('low_stock_alerts', 'company_id:reader warehouse_id:filter lookback_days:lookback include_bundles:flag include_stockouts:flag recent_sales_only:flag max_alerts:most'),
    ('low_stock_alerts_json', 'company_id:reader warehouse_id:filter lookback_days:lookback include_bundles:flag include_stockouts:flag recent_sales_only:flag max_alerts:most'),
    ('explain_alert', 'company_id:reader product_id:any_id warehouse_id:any_id lookback_days:lookback include_bundles:flag include_stockouts:flag recent_sales_only:flag'),
    ('alert_status', 'company_id:reader product_ids:ids warehouse_ids:ids'),
    ('open_alerts', 'company_id:reader warehouse_id:filter include_snoozed:flag max_alerts:most'),
    ('refresh_alerts', 'company_id:all_or_one'),
    ('acknowledge_alert', 'company_id:company alert_id:alert note:note'),
    ('snooze_alert', 'company_id:company alert_id:alert until:future note:note'),
    ('resolve_alert', 'company_id:company alert_id:alert note:note'),
    ('take_alert_events', 'company_id:filter max_events:batch lease:lease'),
    ('confirm_alert_events', 'company_id:tenant_id event_ids:event_ids'),
    ('change_alert', 'company_id:company alert_id:alert state:state until:no_moment note:note'),
    ('check_alert_company', 'company_id:tenant_id'),
    ('refresh_company_alerts', 'company_id:raw_company'),
    ('write_alert_events', 'company_id:filter event:event details:details'),
    ('notify_alert_events', 'company_id:filter event_ids:any_event_ids'),
    ('open_limit', 'company_id:reader include_snoozed:flag max_alerts:most'),
    ('take_limit', 'max_events:batch lease:lease'),
    ('create_purchase_order', 'company_id:company supplier_id:id warehouse_id:default_warehouse lines:order_lines expected_on:day reference:text note:order_note idempotency_key:key'),
    ('place_purchase_order', 'company_id:company order_id:draft ordered_at:moment idempotency_key:key'),
    ('receive_purchase_order', 'company_id:company order_id:open_order lines:receipt_lines occurred_at:after_order idempotency_key:key'),
    ('cancel_purchase_order', 'company_id:company order_id:open_order idempotency_key:key'),
    ('reschedule_purchase_order', 'company_id:company order_id:open_order expected_on:given_day line_id:one_line idempotency_key:key'),
    ('accept_reorder_plan', 'company_id:company supplier_id:optional_id place:flag lookback_days:lookback recent_sales_only:flag idempotency_key:key'),
    ('reorder_plan', 'company_id:filter supplier_id:filter lookback_days:lookback recent_sales_only:flag'),
    ('order_quantity', 'needed:needed min_order_quantity:terms pack_size:pack whole_units:flag'),
    ('open_purchase_lines', 'company_id:filter supplier_id:filter late_only:loose_flag'),
    ('lead_times', 'company_id:filter supplier_id:filter product_id:filter from_day:loose_day'),
    ('lead_time', 'company_id:filter product_id:filter supplier_id:filter'),
    ('supplier_price', 'company_id:filter product_id:filter supplier_id:filter quantity:loose_number on_day:loose_day'),
    ('supplier_offer', 'company_id:filter product_id:filter supplier_id:filter quantity:loose_number on_day:loose_day'),
    ('company_today', 'company_id:filter'),
    ('verify_purchasing', 'company_id:filter'),
    ('claim_request', 'company_id:claiming idempotency_key:key operation:name request:json'),
    ('keep_request', 'company_id:filter_or_null_error idempotency_key:key result:json'),
    ('checked_text', 'value:text name:name most:least_one'),
    ('check_given', 'arguments:json_or_null'),
    ('check_day', 'day:day name:name_or_null'),
    ('check_supplier', 'company_id:loose_id supplier_id:supplier'),
    ('check_purchase_lines', 'company_id:loose_id lines:purchase_lines'),
    ('lock_purchase_order', 'company_id:loose_id order_id:loose_draft states:draft_states'),
    ('end_purchase_order', 'company_id:loose_id order_id:loose_id new_state:order_state'),
    ('verify_ledger', 'company_id:filter'),
    ('ledger_heads', 'company_id:filter'),
    ('ledger_digest', 'company_id:filter'),
    ('digest_heads', 'heads:any_heads'),
    ('verify_heads', 'company_id:reader heads:heads'),
    ('spot_check_ledger', 'max_keys:max_keys'),
    ('demand_days', 'company_id:filter product_id:filter warehouse_id:filter'),
    ('demand_series', 'company_id:filter product_id:filter warehouse_id:filter from_day:any_day to_day:any_day'),
    ('archive_log', 'before:past company_id:filter max_entries:most_entries'),
    ('stock_as_of', 'company_id:filter at:any_moment'),
    ('stock_on_hand', 'company_id:reader day:report_day warehouse_id:filter product_id:filter category_id:filter'),
    ('movement_history', 'company_id:reader from_day:since to_day:until warehouse_id:filter product_id:filter category_id:filter reasons:reasons'),
    ('stock_valuation', 'company_id:reader at:report_moment method:valuation warehouse_id:filter product_id:filter category_id:filter'),
    ('fifo_layers', 'company_id:reader at:report_moment product_id:filter category_id:filter'),
    ('stock_turnover', 'company_id:reader from_day:since to_day:until warehouse_id:filter product_id:filter category_id:filter'),
    ('stockout_days', 'company_id:reader from_day:since to_day:until warehouse_id:filter product_id:filter category_id:filter'),
    ('slow_stock', 'company_id:reader from_day:since to_day:until slow_cover_days:report_cover warehouse_id:filter product_id:filter category_id:filter'),
    ('overstock', 'company_id:reader from_day:since to_day:until target_cover_days:target_cover warehouse_id:filter product_id:filter category_id:filter'),
    ('abc_xyz', 'company_id:reader from_day:since to_day:until measure:measure a_share:a_share b_share:b_share bucket:bucket x_variation:x_variation y_variation:y_variation warehouse_id:filter category_id:filter'),
    ('end_of_day', 'company_id:filter day:any_report_day'),
    ('report_period', 'company_id:reader from_day:since to_day:until'),
    ('report_products', 'company_id:filter product_id:filter category_id:filter'),
    ('report_choice', 'name:label_or_null given:measure choices:choices'),
    ('report_number', 'name:label_or_null given:a_share lowest:lowest highest:highest'),
    ('daily_totals', 'company_id:filter timezone:report_zone from_day:loose_report_day to_day:loose_report_day only_warehouse:filter product_ids:any_event_ids'),
    ('balances_at', 'company_id:filter at:any_moment only_warehouse:filter product_ids:any_event_ids'),
    ('ledger_history', 'company_id:reader from_day:since to_day:until only_warehouse:filter only_product:filter only_category:filter reasons:reasons'),
    ('average_costs', 'company_id:reader at:report_moment product_ids:any_event_ids'),
    ('receipt_layers', 'company_id:reader at:report_moment product_ids:any_event_ids'),
    ('valued_stock', 'company_id:reader at:report_moment method:valuation only_product:filter only_category:filter'),
    ('stock_summary', 'company_id:reader from_day:since to_day:until only_warehouse:filter only_product:filter only_category:filter target_days:loose_report_number'),
    ('recent_days', 'recent_days:packed'),
    ('forecast', 'demand:demand horizon:lookback method:method season_length:season levels:levels cumulative:flag'),
    ('forecast_model', 'demand:demand horizon:lookback method:method season_length:season'),
    ('classify_demand', 'demand:demand'),
    ('safety_stock', 'service_level:share demand_mean:real demand_sd:real lead_time_mean:real lead_time_sd:real'),
    ('reorder_point', 'service_level:share demand_mean:real demand_sd:real lead_time_mean:real lead_time_sd:real'),
    ('fill_rate', 'service_level:share demand_mean:real demand_sd:real lead_time_mean:real lead_time_sd:real order_quantity:positive'),
    ('economic_order_quantity', 'demand:real order_cost:real holding_cost:positive'),
    ('newsvendor_quantity', 'demand_mean:real demand_sd:real holding_cost:positive shortage_cost:positive'),
    ('demand_buckets', 'company_id:reader product_id:reader warehouse_id:filter bucket:days_bucket from_day:any_day to_day:any_day'),
    ('forecast_demand', 'company_id:reader product_id:reader warehouse_id:filter horizon_days:lookback method:method levels:levels mask_stockouts:flag history_days:lookback cumulative:flag'),
    ('forecast_company', 'company_id:reader warehouse_id:filter horizon_days:lookback method:method levels:levels mask_stockouts:flag history_days:lookback cumulative:flag by_warehouse:flag'),
    ('refresh_forecasts', 'company_id:planned max_age_days:age history_days:lookback max_pairs:pairs computed_before:any_moment part:one_part parts:of_parts'),
    ('refresh_reorder_points', 'company_id:planned'),
    ('planned_reorder_points', 'company_id:filter product_ids:any_event_ids'),
    ('product_classes', 'company_id:filter'),
    ('verify_forecasts', 'company_id:filter'),
    ('level_quantile', 'levels:curve_levels quantiles:curve level:curve_level'),
    ('project_stock', 'available:finite daily_means:amounts steps:steps levels:curve_levels_given step_quantiles:curve_given age:loose_age supply_days:supply_days supply_units:supply_units lead_days:loose_age wait_days:loose_age'),
    ('alert_risk', 'company_id:reader warehouse_id:filter lookback_days:lookback recent_sales_only:flag max_alerts:most wait_days:any_wait'),
    ('forecast_accuracy', 'company_id:reader product_id:filter warehouse_id:filter horizon_days:year origins:hundred method:method levels:score_levels mask_stockouts:flag history_days:lookback by_pair:flag'),
    ('policy_backtest', 'company_id:reader warehouse_id:filter test_days:test_days refit_days:year lead_time_days:year_or_null cover_days:year fixed_days:fixed_days service_levels:levels method:method mask_stockouts:flag history_days:lookback'),
    ('sparkline', 'values:demand split_after:split'),
    ('demand_sparkline', 'company_id:filter product_id:filter warehouse_id:filter history_days:any_days horizon_days:any_days'),
    ('forecast_chart_svg', 'company_id:reader product_id:reader warehouse_id:reader history_days:chart_days horizon_days:chart_days method:method'),
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
    ('any_day', '00000', $$'2026-01-31' ; NULL$$),
    ('past', '00000', 'now() - interval ''1 day'' ; ''-infinity'''),
    ('past', '22004', 'NULL'),
    ('past', '22023', 'now() + interval ''2 days'' ; ''infinity'''),
    ('most_entries', '00000', '1 ; NULL ; 0 ; 9223372036854775807'),
    ('most_entries', '22023', '-1'),
    ('max_keys', '00000', '20 ; 1 ; 1000'), ('max_keys', '22023', 'NULL ; 0 ; -1 ; 1001'),
    ('heads', '22004', 'NULL'),
    ('planned', '00000', '1 ; 2'),
    ('planned', '22004', 'NULL'),
    ('planned', '23503', '0 ; -1 ; 999999 ; 9223372036854775807'),
    ('days_bucket', '00000', $$'week' ; 'day' ; 'month'$$),
    ('days_bucket', '22023', $$NULL ; '' ; 'year' ; 'WEEK' ; repeat('x', 100000)$$),
    ('age', '00000', '7 ; 0 ; 3650'),
    ('age', '22004', 'NULL'),
    ('age', '22023', '-1 ; 2147483647'),
    ('loose_age', '00000', '7 ; 0 ; 3650 ; NULL'),
    ('loose_age', '22023', '-1 ; 2147483647'),
    ('pairs', '00000', '1 ; NULL ; 2147483647'),
    ('pairs', '22023', '0 ; -1'),
    ('one_part', '00000', '1'),
    ('one_part', '22004', 'NULL'),
    ('one_part', '22023', '0 ; -1 ; 3'),
    ('of_parts', '00000', '2 ; 1000'),
    ('of_parts', '22004', 'NULL'),
    ('of_parts', '22023', '0 ; -1 ; 1001'),
    ('curve_levels', '00000', $$'{0.5,0.9}' ; NULL$$),
    ('curve_levels', '22023', $$'{0.5}' ; '{}' ; '{0.5,0.9,0.99}' ; '{0.9,0.5}' ; '{0,0.5}' ; '{0.5,1}' ; '{0.5,NULL}' ; '{NaN,0.5}' ; '{{0.5,0.9}}'$$),
    ('curve', '00000', $$'{1,2}' ; NULL ; '{2,2}' ; '{0,0}'$$),
    ('curve', '22023', $$'{1}' ; '{1,2,3}' ; '{2,1}' ; '{-1,2}' ; '{1,NaN}' ; '{1,Infinity}' ; '{1,NULL}'$$),
    ('curve_level', '00000', '0.7 ; 0 ; 0.999999 ; NULL'),
    ('curve_level', '22023', $$1 ; -0.1 ; 'NaN' ; 'Infinity'$$),
    ('curve_levels_given', '00000', $$'{0.5,0.9}' ; NULL$$),
    ('curve_levels_given', '22004', $$'{0.5,NULL}'$$),
    ('curve_levels_given', '22023', $$'{0.5}' ; '{}' ; '{0.9,0.5}' ; '{0,0.5}' ; '{0.5,1}'$$),
    ('curve_levels_given', '2202E', $$'{{0.5,0.9}}'$$),
    ('curve_given', '00000', $$'{1,2}' ; '{0,0}' ; NULL$$),
    ('curve_given', '22023', $$'{1}' ; '{1,2,3}' ; '{-1,2}' ; '{1,NaN}' ; '{1,Infinity}' ; '{1,NULL}' ; '{{1,2}}'$$),
    ('finite', '00000', '5 ; 0 ; -5 ; NULL'),
    ('finite', '22023', $$'NaN' ; 'Infinity'$$),
    ('amounts', '00000', $$'{1}' ; '{0,0}' ; NULL$$),
    ('amounts', '22023', $$'{}' ; '{-1}' ; '{NaN}' ; '{NULL}' ; '{{1}}'$$),
    ('steps', '00000', $$'{1}' ; '{28}' ; NULL$$),
    ('steps', '22023', $$'{}' ; '{0}' ; '{-1}' ; '{1,2}' ; '{NULL}'$$),
    ('supply_days', '00000', $$'{3}' ; '{-3}' ; NULL$$),
    ('supply_days', '22023', $$'{}' ; '{1,2}' ; '{NULL}'$$),
    ('supply_units', '00000', $$'{3}' ; '{0}' ; NULL$$),
    ('supply_units', '22023', $$'{}' ; '{1,2}' ; '{NULL}' ; '{-1}' ; '{NaN}'$$),
    ('any_wait', '00000', '7 ; 0'),
    ('year', '00000', '7 ; 1 ; 365'),
    ('year', '22004', 'NULL'),
    ('year', '22023', '0 ; -1 ; 366'),
    ('year_or_null', '00000', '7 ; NULL ; 0 ; 365'),
    ('year_or_null', '22023', '-1 ; 366'),
    ('hundred', '00000', '3 ; 1 ; 100'),
    ('hundred', '22004', 'NULL'),
    ('hundred', '22023', '0 ; -1 ; 101'),
    ('score_levels', '00000', $$'{0.5,0.9}'$$),
    ('score_levels', '22004', $$NULL ; '{0.5,NULL}'$$),
    ('score_levels', '22023', $$'{}' ; '{0}' ; '{1}' ; '{NaN}' ; array_fill(0.5::float8, '{17}')$$),
    ('test_days', '00000', '90 ; 7 ; 3650'),
    ('test_days', '22004', 'NULL'),
    ('test_days', '22023', '6 ; 0 ; -1 ; 3651'),
    ('fixed_days', '00000', $$'{7}' ; '{}' ; '{0,3650}'$$),
    ('fixed_days', '22004', 'NULL'),
    ('fixed_days', '22023', $$'{-1}' ; '{NaN}' ; '{3651}' ; '{NULL}' ; '{{7}}' ; array_fill(7::float8, '{101}')$$),
    ('split', '00000', '2 ; 0 ; 100000'),
    ('split', '22004', 'NULL'),
    ('split', '22023', '-1 ; 100001'),
    ('any_days', '00000', '28 ; 0 ; -1 ; NULL ; 400'),
    ('chart_days', '00000', '30 ; 7 ; 365'),
    ('chart_days', '22004', 'NULL'),
    ('chart_days', '22023', '6 ; 0 ; -1 ; 731'),
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
    ('lot_quantity', '00000', '1 ; 1.000 ; 1e0'),
    ('lot_quantity', '22004', 'NULL'),
    ('lot_quantity', '22023', $$0 ; -0.0 ; -1 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('lot_quantity', '22003', '1e12 ; 1e30 ; 1e-9 ; 1.0000001 ; 1e131071'),
    ('lot_quantity', '23514', '0.5 ; 0.000001'),
    ('lot', '00000', $$'L' ; ' L ' ; 'new' ; repeat('é', 100)$$),
    ('lot', '22004', 'NULL'),
    ('lot', '22023', $$'' ; '  ' ; E'\t\n' ; repeat('x', 101) ; repeat('x', 100000) ; E'a\nb' ; E'\x01'$$),
    ('lot', '22021', $$convert_from('\xff', 'UTF8')$$),
    ('raw_lot', '00000', $$'L' ; 'new'$$),
    ('raw_lot', '23502', 'NULL'),
    ('raw_lot', '23514', $$'' ; ' L' ; 'L ' ; repeat('x', 101)$$),
    ('lot_day', '00000', $$NULL ; 'infinity'$$),
    ('lot_day', '23514', $$current_date ; '9999-12-31'$$),
    ('lot_day', '22023', $$'1899-12-31' ; '10000-01-01' ; '-infinity'$$),
    ('lot_product', '00000', '1'),
    ('lot_product', '23503', 'NULL ; 0 ; -1 ; 999999 ; 20'),
    ('ahead', '00000', '30 ; 0 ; 3650'),
    ('ahead', '22004', 'NULL'),
    ('ahead', '22023', '-1 ; 3651 ; 2147483647'),
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
    ('expiry', '00000', $$now() + interval '1 day' ; NULL ; 'infinity' ; '294276-12-31'$$),
    ('expiry', '22023', $$now() ; clock_timestamp() ; '-infinity' ; '1970-01-01' ; now() - interval '1 microsecond'$$),
    ('sweep', '00000', '1000 ; 0 ; 2147483647'),
    ('sweep', '22004', 'NULL'),
    ('sweep', '22023', '-1 ; -2147483648'),
    ('any_text', '00000', $$'active' ; NULL ; '' ; 'x' ; repeat('x', 100000)$$),
    ('any_id', '00000', '1 ; 0 ; -1 ; 20 ; 999999 ; 9223372036854775807'),
    ('any_id', '22004', 'NULL'),
    ('ids', '00000', $$'{1}' ; '{}' ; '{NULL}' ; '{1,2,3}' ; '{{1},{2}}' ; '{-1}'$$),
    ('ids', '22004', 'NULL'),
    ('all_or_one', '00000', '1 ; NULL ; 2'),
    ('all_or_one', '23503', '0 ; -1 ; 999999'),
    ('tenant_id', '00000', '1 ; 2'),
    ('tenant_id', '22004', 'NULL'),
    ('tenant_id', '23503', '0 ; -1 ; 999999 ; 9223372036854775807'),
    ('raw_company', '00000', '1 ; 2'),
    ('raw_company', '23502', 'NULL'),
    ('raw_company', '23503', '0 ; 999999'),
    ('alert', '00000', '1'),
    ('alert', '22004', 'NULL'),
    ('alert', '23503', '0 ; -1 ; 999999 ; 9223372036854775807'),
    ('note', '00000', $$'x' ; NULL ; '' ; ' ' ; E'a\nb' ; repeat('é', 1000)$$),
    ('note', '22023', $$repeat('é', 1001) ; repeat('x', 100000)$$),
    ('future', '00000', $$now() + interval '1 hour' ; '294276-12-31'$$),
    ('future', '22004', 'NULL'),
    ('future', '22023', $$now() ; now() - interval '1 year' ; 'infinity' ; '-infinity'$$),
    ('no_moment', '00000', 'NULL'),
    ('no_moment', '23514', 'now()'),
    ('state', '00000', $$'acknowledged' ; 'resolved'$$),
    ('state', '23502', 'NULL'),
    ('state', '23514', $$'closed' ; '' ; 'snoozed'$$),
    ('batch', '00000', '1 ; 10000'),
    ('batch', '22004', 'NULL'),
    ('batch', '22023', '0 ; -1 ; 10001 ; 2147483647'),
    ('lease', '00000', $$'1 minute' ; '1 second' ; '1 day'$$),
    ('lease', '22004', 'NULL'),
    ('lease', '22023', $$'0' ; '-1 minute' ; '25 hours' ; '1 month' ; '999 milliseconds'$$),
    ('event_ids', '00000', $$'{1}' ; '{}' ; '{999999,-1}' ; '{{1},{2}}'$$),
    ('event_ids', '22004', $$NULL ; '{NULL}' ; '{1,NULL}'$$),
    ('any_event_ids', '00000', $$'{1}' ; '{}' ; NULL ; '{NULL}'$$),
    ('event', '00000', $$'opened' ; 'x' ; NULL$$),
    ('details', '00000', $$'[]' ; NULL ; '[{}]' ; '[{"alert_id": 999999}]'$$),
    ('details', '22023', $$'{}' ; '1'$$),
    ('packed', '00000', $$'\x0100000000020000' ; NULL ; ''$$),
    ('packed', '22023', $$'\x00' ; '\x01' ; '\x0100000000ff' ; '\x010000000002' ; '\xff00000000' ; decode(repeat('00', 100000), 'hex')$$),
    ('wh_draft', '00000', '1'),
    ('wh_draft', '22004', 'NULL'),
    ('wh_draft', '23503', '0 ; -1 ; 999999 ; 20 ; 9223372036854775807'),
    ('wh_draft', '55000', '2'),
    ('shipped', '00000', '2'),
    ('shipped', '22004', 'NULL'),
    ('shipped', '23503', '0 ; -1 ; 999999 ; 20 ; 9223372036854775807'),
    ('sheet', '00000', '1'),
    ('sheet', '22004', 'NULL'),
    ('sheet', '23503', '0 ; -1 ; 999999 ; 20 ; 9223372036854775807'),
    ('found_draft', '00000', '1'),
    ('found_draft', '23503', 'NULL ; 0 ; -1 ; 999999 ; 20'),
    ('found_shipped', '00000', '2'),
    ('found_shipped', '23503', '0 ; -1 ; 999999 ; 20'),
    ('found_sheet', '00000', '1'),
    ('found_sheet', '23503', 'NULL ; 0 ; -1 ; 999999 ; 20'),
    ('own_company', '00000', '1'),
    ('any_company', '00000', '1 ; 2'),
    ('any_company', '22004', 'NULL'),
    ('any_company', '23503', '0 ; -1 ; 999999'),
    ('later', '00000', $$now() ; now() - interval '1 hour' ; now() + interval '23 hours'$$),
    ('later', '22004', 'NULL'),
    ('later', '22023', $$now() + interval '2 days' ; 'infinity' ; '-infinity' ; '1970-01-01' ; now() - interval '3 hours'$$),
    ('settled', '00000', 'now()'),
    ('outcome', '00000', $$'received' ; 'lost' ; 'returned'$$),
    ('wh_day', '00000', $$current_date ; NULL ; '1900-01-01' ; '9999-12-31'$$),
    ('wh_day', '22023', $$'infinity' ; '-infinity' ; '1899-12-31' ; '10000-01-01' ; '0044-03-15 BC'$$),
    ('least', '00000', '5 ; 0 ; 2147483647'),
    ('least', '22004', 'NULL'),
    ('least', '22023', '-1 ; -2147483648'),
    ('any_flag', '00000', 'true ; false ; NULL'),
    ('products', '00000', $$ARRAY[1]::bigint[] ; '{1,1}' ; '{{1},{1}}' ; NULL$$),
    ('products', '22004', $$'{NULL}'::bigint[]$$),
    ('products', '22023', $$'{}'::bigint[]$$),
    ('products', '23503', $$'{1,0}'::bigint[] ; '{-1}'::bigint[] ; '{999999}'::bigint[] ; '{20}'::bigint[]$$),
    ('optional_category', '00000', 'NULL'),
    ('optional_category', '22023', '1'),
    ('wh_any_id', '00000', '1 ; 0 ; -1 ; 9223372036854775807'),
    ('wh_any_id', '22004', 'NULL'),
    ('label', '00000', $$'x' ; ''$$),
    ('label', '22004', 'NULL'),
    ('known_warehouse', '00000', '1'),
    ('known_warehouse', '23503', 'NULL ; 0 ; 999999 ; 20'),
    ('wh_ids', '00000', $$ARRAY[1]::bigint[]$$),
    ('states', '00000', $$'{draft}'::text[] ; '{shipped,draft}' ; NULL$$),
    ('states', '55000', $$'{shipped}'::text[] ; '{}'::text[]$$),
    ('wh_fields', '00000', $$'{line_id,quantity}'::text[]$$),
    ('wh_fields', '22004', $$NULL ; '{NULL}'::text[]$$),
    ('request', '00000', $$'{}' ; '[1, null]' ; 'null' ; '"x"'$$),
    ('request', '22004', 'NULL'),
    ('product_lines', '00000', $$'[{"n": 1, "product_id": 1}]' ; '[]' ; NULL$$),
    ('product_lines', '23503', $$'[{"n": 1, "product_id": 999999}]' ; '[{"n": 1}]'$$),
    ('role', '00000', $$current_user::regrole$$),
    ('role', '22023', 'NULL'),
    ('access', '00000', $$'report' ; 'app' ; 'admin'$$),
    ('access', '22023', $$NULL ; '' ; 'all' ; 'APP' ; repeat('x', 100000)$$)
) AS list(kind, sqlstate, list);

-- Kinds of reports.
INSERT INTO inputs (kind, sqlstate, value)
SELECT kind, sqlstate, unnest(string_to_array(list, ' ; ')) FROM (VALUES
    ('since', '00000', $$'2026-01-01' ; '1900-01-01' ; '2026-02-01'$$), ('since', '22004', 'NULL'),
    ('since', '22023', $$'2026-02-02' ; '1899-12-31' ; 'infinity' ; '-infinity' ; '4713-01-01 BC' ; '5874897-12-31'$$),
    ('until', '00000', $$'2026-02-01' ; '2026-01-01' ; '9999-12-31'$$), ('until', '22004', 'NULL'),
    ('until', '22023', $$'2025-12-31' ; '10000-01-01' ; 'infinity' ; '-infinity' ; '5874897-12-31'$$),
    ('report_day', '00000', $$'2026-02-01' ; NULL ; '1900-01-01' ; '9999-12-31'$$), ('report_day', '22023', $$'1899-12-31' ; 'infinity' ; '-infinity' ; '5874897-12-31'$$),
    ('report_moment', '00000', $$now() ; 'infinity' ; '-infinity' ; '294276-12-31' ; '4714-11-24 00:00+00 BC'$$), ('report_moment', '22004', 'NULL'),
    ('valuation', '00000', $$'moving_average' ; 'fifo'$$), ('valuation', '22004', 'NULL'), ('valuation', '22023', $$'' ; 'FIFO' ; 'lifo' ; repeat('x', 100000)$$),
    ('measure', '00000', $$'units' ; 'value'$$), ('measure', '22004', 'NULL'), ('measure', '22023', $$'' ; 'Units' ; repeat('x', 100000)$$),
    ('bucket', '00000', $$'week' ; 'month'$$), ('bucket', '22004', 'NULL'), ('bucket', '22023', $$'' ; 'day' ; 'century' ; repeat('x', 100000)$$),
    ('a_share', '00000', '0.8 ; 0 ; 0.95'), ('a_share', '22004', 'NULL'), ('a_share', '22023', $$0.96 ; -0.01 ; 1e30 ; 'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('b_share', '00000', '0.95 ; 1 ; 0.8'), ('b_share', '22004', 'NULL'), ('b_share', '22023', $$0.79 ; 1.01 ; -1 ; 'NaN' ; 'Infinity'$$),
    ('x_variation', '00000', '0.5 ; 0 ; 1'), ('x_variation', '22004', 'NULL'), ('x_variation', '22023', $$1.01 ; -0.01 ; 'NaN' ; 'Infinity'$$),
    ('y_variation', '00000', '1 ; 1000 ; 0.5'), ('y_variation', '22004', 'NULL'), ('y_variation', '22023', $$0.49 ; 1000.1 ; -1 ; 'NaN' ; 'Infinity'$$),
    ('report_cover', '00000', '180 ; 0 ; 36500'), ('report_cover', '22004', 'NULL'), ('report_cover', '22023', '-1 ; 36501 ; 2147483647 ; -2147483648'),
    ('target_cover', '00000', '30 ; NULL ; 0 ; 36500'), ('target_cover', '22023', '-1 ; 36501 ; 2147483647'),
    ('reasons', '00000', $$'{sale}' ; NULL ; '{}' ; '{NULL}' ; '{{Sale},{x}}' ; ARRAY[repeat('x', 100000)]$$),
    ('label_or_null', '00000', $$'x' ; NULL$$), ('choices', '00000', $$'{value,units}'$$), ('choices', '22023', $$'{}'$$),
    ('lowest', '00000', '0'), ('lowest', '22023', '0.9'), ('highest', '00000', '0.95'), ('highest', '22023', '0.7'),
    ('report_zone', '00000', $$'UTC' ; NULL$$),
    ('loose_report_day', '00000', $$'2026-02-01' ; NULL ; 'infinity' ; '-infinity'$$), ('loose_report_number', '00000', $$NULL ; 0 ; 30 ; -1$$),
    ('any_report_day', '00000', $$'2026-02-01' ; NULL ; 'infinity' ; '-infinity'$$), ('any_report_day', '22008', $$'5874897-12-31'$$)
) AS list(kind, sqlstate, list);
-- Kinds of purchasing: order 1 is a draft, 2 is ordered (2 of 5 received), 3 is cancelled.
INSERT INTO inputs (kind, sqlstate, value)
SELECT kind, sqlstate, unnest(string_to_array(list, ' ; ')) FROM (VALUES
    ('order_note', '00000', $$'x' ; NULL ; ' ' ; repeat('é', 2000)$$), ('order_note', '22023', $$repeat('é', 2001) ; E'a\x01'$$),
    ('claiming', '00000', '1 ; 2'), ('claiming', '22004', 'NULL'), ('claiming', '23503', '0 ; -1 ; 999999'),
    ('loose_draft', '00000', '1'), ('loose_draft', '55000', '2 ; 3'), ('loose_draft', '23503', 'NULL ; 0 ; -1 ; 999999'),
    ('default_warehouse', '00000', '1 ; NULL'), ('default_warehouse', '23503', '0 ; -1 ; 999999 ; 20'),
    ('draft', '00000', '1'), ('draft', '22004', 'NULL'), ('draft', '55000', '2 ; 3'), ('draft', '23503', '0 ; -1 ; 999999 ; 20'),
    ('open_order', '00000', '2'), ('open_order', '22004', 'NULL'), ('open_order', '55000', '3'), ('open_order', '23503', '0 ; -1 ; 999999 ; 20'),
    ('one_line', '00000', '1 ; NULL'), ('one_line', '23503', '0 ; -1 ; 2 ; 9223372036854775807'),
    ('day', '00000', $$'2026-01-31' ; NULL ; '1900-01-01' ; '9999-12-31'$$),
    ('day', '22023', $$'infinity' ; '-infinity' ; '10000-01-01' ; '4713-01-01 BC' ; '1899-12-31'$$),
    ('given_day', '00000', $$'2026-01-31'$$), ('given_day', '22004', 'NULL'), ('given_day', '22023', $$'infinity' ; '10000-01-01'$$),
    ('after_order', '00000', $$now() ; now() - interval '1 day' ; now() + interval '23 hours'$$), ('after_order', '22004', 'NULL'),
    ('after_order', '22023', $$now() - interval '1 year' ; now() + interval '2 days' ; 'infinity' ; '-infinity'$$),
    ('needed', '00000', '1 ; 0 ; -1 ; 999999999999'), ('needed', '22004', 'NULL'), ('needed', '22023', $$'NaN' ; 'Infinity'$$), ('needed', '22003', '1e12 ; 1e-9'),
    ('terms', '00000', '15 ; 0 ; NULL'), ('terms', '22023', $$-1 ; 'NaN'$$), ('terms', '22003', '1e12'),
    ('pack', '00000', '3 ; 0.000001 ; NULL'), ('pack', '22023', $$0 ; -1 ; 'NaN'$$), ('pack', '22003', '1e12'),
    ('loose_flag', '00000', 'true ; false ; NULL'), ('loose_id', '00000', '1 ; 1'),
    ('loose_day', '00000', $$'2026-01-31' ; NULL ; 'infinity' ; '-infinity'$$),
    ('loose_number', '00000', $$1 ; 0 ; -1 ; NULL ; 'NaN' ; 'Infinity' ; 1e30$$),
    ('least_one', '00000', '200'), ('least_one', '22004', 'NULL'), ('least_one', '22023', '0 ; -1'),
    ('filter_or_null_error', '00000', '1 ; 999999'), ('filter_or_null_error', '22004', 'NULL'),
    ('json_or_null', '00000', $$'{"a": 1}' ; '{}' ; NULL$$), ('json_or_null', '22004', $$'{"a": null}'$$), ('json_or_null', '22023', $$'[]' ; '1'$$),
    ('name_or_null', '00000', $$'x' ; NULL$$),
    ('supplier', '00000', '1'), ('supplier', '23503', 'NULL ; 0 ; 20 ; 999999'),
    ('purchase_lines', '00000', $$'[{"line_id": 1, "product_id": 1, "warehouse_id": 1, "quantity": 1}]' ; NULL ; '[]'$$),
    ('purchase_lines', '23503', $$'[{"line_id": 1, "product_id": 20, "warehouse_id": 1, "quantity": 1}]'$$),
    ('draft_states', '00000', $$'{draft}'$$), ('draft_states', '55000', $$'{}' ; '{ordered}'$$),
    ('order_state', '00000', $$'cancelled'$$), ('order_state', '23514', $$'x' ; 'ordered'$$), ('order_state', '23502', 'NULL'),
    ('order_lines', '22004', 'NULL'), ('order_lines', '22P02', $$'[}'$$),
    ('order_lines', '22023', $$'{}' ; '[]' ; '1' ; '"x"' ; 'null' ; '[[]]' ; '[1]' ; '[null]' ; '[{}]'$$),
    ('receipt_lines', '22004', 'NULL'), ('receipt_lines', '22023', $$'{}' ; '[]' ; '1' ; 'null' ; '[[]]' ; '[1]' ; '[{}]'$$)
) AS list(kind, sqlstate, list);
CREATE FUNCTION pg_temp.line(base jsonb, field text, value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT quote_literal(jsonb_build_array(base - field || coalesce(jsonb_build_object(field, value), '{}'))) $$;
INSERT INTO inputs (kind, sqlstate, value)
SELECT 'order_lines', sqlstate, pg_temp.line('{"product_id": 1, "quantity": 2, "warehouse_id": 1}', field, value::jsonb) FROM (VALUES
    ('00000', 'unit_cost', '1.5'), ('00000', 'unit_cost', 'null'), ('00000', 'expected_on', '"2026-01-31"'), ('00000', 'product_id', '1.0'),
    ('22023', 'product_id', 'null'), ('22023', 'product_id', '"1"'), ('22023', 'product_id', '1.5'), ('22023', 'product_id', '1e30'),
    ('22023', 'quantity', 'null'), ('22023', 'quantity', '0'), ('22023', 'quantity', '-1'), ('22023', 'quantity', '"1"'), ('22023', 'quantity', '{}'),
    ('22003', 'quantity', '1e12'), ('22003', 'quantity', '1e30'), ('22003', 'quantity', '1e-9'),
    ('22023', 'warehouse_id', '"1"'), ('22023', 'warehouse_id', '[1]'),
    ('22023', 'unit_cost', '-1'), ('22023', 'unit_cost', '"1"'), ('22003', 'unit_cost', '1e15'), ('22003', 'unit_cost', '1e-9'),
    ('22023', 'expected_on', '5'), ('22023', 'expected_on', '"soon"'), ('22023', 'expected_on', '"2026-13-45"'), ('22023', 'expected_on', '"infinity"'),
    ('22023', 'expected_on', '"0001-01-01"'), ('22023', 'colour', '"red"'), ('22023', 'Quantity', '1'), ('22023', repeat('k', 100000), '1')
) AS l(sqlstate, field, value)
UNION ALL
SELECT 'receipt_lines', sqlstate, pg_temp.line('{"line_id": 1, "quantity": 2}', field, value::jsonb) FROM (VALUES
    ('00000', 'unit_cost', '1.5'), ('00000', 'line_id', '1.0'), ('00000', 'quantity', '3'),
    ('23503', 'line_id', '2'), ('23503', 'line_id', '0'), ('23503', 'line_id', '-1'), ('22023', 'line_id', '1.5'), ('22023', 'line_id', 'null'),
    ('22023', 'line_id', '1e30'), ('23514', 'quantity', '4'), ('23514', 'quantity', '0.5'), ('23514', 'quantity', '999999999999'),
    ('22023', 'quantity', '0'), ('22023', 'quantity', '-1'), ('22003', 'quantity', '1e12'), ('22003', 'quantity', '1e-9'),
    ('22023', 'unit_cost', '-1'), ('22003', 'unit_cost', '1e30'), ('22023', 'product_id', '1'), ('22023', 'colour', '"red"')
) AS l(sqlstate, field, value);

-- JSON of one movement with a field replaced, or added, or left out (NULL), and of one product.
CREATE FUNCTION pg_temp.movement(field text, value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT quote_literal(jsonb_build_array(
        '{"warehouse_id": 1, "product_id": 1, "delta": 1, "reason": "gift"}'::jsonb - field
        || coalesce(jsonb_build_object(field, value), '{}'))) $$;
CREATE FUNCTION pg_temp.product(field text, value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT quote_literal('{"sku": "N", "name": "New", "price": 1, "warehouse_id": 1}'::jsonb - field
        || coalesce(jsonb_build_object(field, value), '{}')) $$;
CREATE FUNCTION pg_temp.line(field text, value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT quote_literal(jsonb_build_array(
        '{"warehouse_id": 1, "product_id": 1, "quantity": 1}'::jsonb - field
        || coalesce(jsonb_build_object(field, value), '{}'))) $$;
INSERT INTO inputs (kind, sqlstate, value)
SELECT kind, sqlstate, pg_temp.line(field, value::jsonb) FROM unnest(ARRAY['lines', 'held']) AS kind, (VALUES
    ('00000', 'quantity', '1'), ('00000', 'quantity', '1.000'), ('00000', 'product_id', '1.0'),
    ('22023', 'warehouse_id', 'null'), ('22023', 'warehouse_id', '"1"'), ('22023', 'warehouse_id', '1.5'),
    ('22023', 'product_id', '1e30'), ('22023', 'product_id', '[1]'), ('22023', 'product_id', 'true'),
    ('23503', 'product_id', '999999'), ('23503', 'product_id', '20'), ('23503', 'product_id', '-1'),
    ('23503', 'warehouse_id', '20'), ('23503', 'warehouse_id', '0'),
    ('22023', 'quantity', 'null'), ('22023', 'quantity', '0'), ('22023', 'quantity', '-1'), ('22023', 'quantity', '"1"'), ('22023', 'quantity', '{}'),
    ('22003', 'quantity', '1e30'), ('22003', 'quantity', '1e-9'), ('22003', 'quantity', '1e12'),
    ('23514', 'quantity', '5'), ('23514', 'quantity', '0.5'), ('23514', 'quantity', '999999999998'),
    ('22023', 'colour', '"red"'), ('22023', 'Quantity', '1'), ('22023', repeat('k', 100000), '1'), ('22023', 'k' || repeat('é', 100), '1')
) AS l(sqlstate, field, value)
UNION ALL SELECT kind, '22023', quote_literal(value)
  FROM unnest(ARRAY['lines', 'held']) AS kind, unnest(ARRAY['[]', '{}', '1', '"x"', 'null', '[[]]', '[1]', '[null]', '[{}]']) AS value
UNION ALL SELECT kind, sqlstate, quote_literal(value) FROM unnest(ARRAY['lines', 'held']) AS kind, (VALUES
    ('22P02', '[}'), ('23514', '[{"warehouse_id": 1, "product_id": 1, "quantity": 2}, {"warehouse_id": 1, "product_id": 1, "quantity": 2}]'),
    ('22003', '[{"warehouse_id": 1, "product_id": 1, "quantity": 999999999999}, {"warehouse_id": 1, "product_id": 1, "quantity": 1}]')) AS v(sqlstate, value)
UNION ALL VALUES ('lines', '22004', 'NULL'), ('held', '00000', 'NULL');
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
    ('22023', 'counterpart_warehouse_id', '1'), ('22023', 'counterpart_warehouse_id', '0'), ('22023', 'counterpart_warehouse_id', '"2"'),
    ('23503', 'counterpart_warehouse_id', '20'), ('00000', 'counterpart_warehouse_id', '2'), ('00000', 'counterpart_warehouse_id', 'null'),
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
    ('any_heads', '00000', $$'[]'$$), ('any_heads', '00000', 'NULL'), ('any_heads', '00000', $$'[{}]'$$), ('any_heads', '22023', $$'{}'$$), ('any_heads', '22023', $$'[7]'$$), ('any_heads', '22P02', $$'[{"version": "x"}]'$$),
    ('heads', '00000', $$'[]'$$), ('heads', '00000', $$'[{"product_id": 1, "warehouse_id": -1, "version": 9223372036854775807, "chain_hash": ""}]'$$), ('heads', '22023', $$'{}'$$), ('heads', '22023', $$'null'$$),
    ('heads', '22023', $$'[[]]'$$), ('heads', '22023', $$'[{"product_id": 1, "warehouse_id": 1}]'$$), ('heads', '22003', $$'[{"version": 1e30}]'$$),
    ('json', '00000', $$'{}'$$), ('json', '00000', $$'[]'$$), ('json', '00000', $$'null'$$), ('json', '00000', $$'{"sku": 5, "price": "x"}'$$);

-- Lines of a request, with a field replaced, added or left out.
CREATE FUNCTION pg_temp.lines(line jsonb, field text, value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT quote_literal(jsonb_build_array(line - field || coalesce(jsonb_build_object(field, value), '{}'))) $$;
INSERT INTO inputs (kind, sqlstate, value)
SELECT kind, sqlstate, pg_temp.lines(line::jsonb, field, value::jsonb) FROM (VALUES
    ('transfer_lines', '{"product_id": 1, "quantity": 1}'), ('parts', '{"line_id": 1, "quantity": 1}'),
    ('parts_given', '{"line_id": 1, "quantity": 1}'), ('counts', '{"product_id": 1, "counted_quantity": 3}')) AS k(kind, line)
  JOIN LATERAL (VALUES
    ('transfer_lines', '00000', 'unit_cost', '0.000001'), ('transfer_lines', '22023', 'unit_cost', '-1'), ('transfer_lines', '22023', 'unit_cost', '"1"'),
    ('transfer_lines', '22003', 'unit_cost', '1e15'), ('transfer_lines', '22003', 'unit_cost', '1e-7'),
    ('transfer_lines', '23503', 'product_id', '999999'), ('transfer_lines', '23503', 'product_id', '20'),
    ('parts', '23503', 'line_id', '9'), ('parts', '23503', 'line_id', '-1'), ('parts', '23514', 'quantity', '3'),
    ('parts', '22023', 'line_id', 'null'), ('parts', '22023', 'line_id', '"1"'), ('parts', '22023', 'line_id', '1.5'), ('parts', '22023', 'line_id', '1e30'),
    ('counts', '00000', 'counted_quantity', '0'), ('counts', '00000', 'counted_at', '"2020-01-01T00:00:00Z"'), ('counts', '23503', 'product_id', '20'),
    ('counts', '22023', 'counted_quantity', 'null'), ('counts', '22023', 'counted_quantity', '-1'), ('counts', '22023', 'counted_quantity', '"1"'),
    ('counts', '22003', 'counted_quantity', '1e12'), ('counts', '22003', 'counted_quantity', '1e-9'), ('counts', '23514', 'counted_quantity', '0.5'),
    ('counts', '22023', 'counted_at', '5'), ('counts', '22023', 'counted_at', '" "'), ('counts', '22007', 'counted_at', '"soon"'),
    ('counts', '22008', 'counted_at', '"2020-13-45"'), ('counts', '22023', 'counted_at', '"infinity"'), ('counts', '22023', 'counted_at', '"2999-01-01"'),
    ('counts', '22023', 'counted_at', to_json(repeat('1', 1000))::text), ('counts', '22023', 'quantity', '1'),
    (NULL, '22023', 'colour', '"red"'), (NULL, '22023', repeat('k', 100000), '1'), (NULL, '22023', 'k' || repeat('é', 100), '1')
  ) AS m(of_kind, sqlstate, field, value) ON of_kind = kind OR of_kind IS NULL
UNION ALL SELECT kind, sqlstate, pg_temp.lines(line::jsonb, 'quantity', value::jsonb) FROM (VALUES
    ('transfer_lines', '{"product_id": 1}'), ('parts', '{"line_id": 1}')) AS k(kind, line), (VALUES
    ('00000', '1.0'), ('22023', 'null'), ('22023', '0'), ('22023', '-1'), ('22023', '"1"'), ('22023', '{}'), ('22003', '1e12'), ('22003', '1e-9'),
    ('22003', '-1e30'), ('23514', '0.5')) AS q(sqlstate, value)
UNION ALL SELECT kind, '22023', quote_literal(value)
  FROM unnest(ARRAY['transfer_lines', 'parts', 'parts_given', 'counts']) AS kind, unnest(ARRAY['{}', '[]', '1', '"x"', 'null', '[[]]', '[1]', '[null]', '[{}]']) AS value
UNION ALL VALUES ('transfer_lines', '22004', 'NULL'), ('parts', '00000', 'NULL'), ('parts_given', '22004', 'NULL'), ('counts', '22004', 'NULL'),
    ('parts_given', '00000', $$'[{"line_id": 1, "quantity": 1}]'$$),
    ('counts', '22023', $$'[{"product_id": 1, "counted_quantity": 1}, {"product_id": 1, "counted_quantity": 1}]'$$);

-- Each function with its good values, then with each other value for one of its arguments.
CREATE TEMP TABLE calls AS
WITH arguments AS MATERIALIZED (
    SELECT f.function, split_part(a.argument, ':', 1) AS argument, split_part(a.argument, ':', 2) AS kind, a.position,
           first_value(i.value) OVER (PARTITION BY f.function, a.position ORDER BY i.sqlstate, i.n) AS good,
           i.sqlstate, i.value
      FROM functions f, unnest(string_to_array(f.arguments, ' ')) WITH ORDINALITY AS a(argument, position)
      LEFT JOIN inputs i ON i.kind = split_part(a.argument, ':', 2)),
goods AS MATERIALIZED (SELECT DISTINCT function, argument, position, good FROM arguments)
SELECT a.function, a.sqlstate,
       format('SELECT stockflow.%I(%s)', a.function,
              (SELECT string_agg(format('%I => %s', argument, CASE WHEN position = a.position THEN a.value ELSE good END), ', ' ORDER BY position)
                 FROM goods AS other
                WHERE other.function = a.function)) AS call
  FROM arguments a;
-- Versions are tried in migrate.sql; tables are locked by name, which cannot be more than a name.
INSERT INTO calls VALUES ('require_data_version', '22004', 'SELECT stockflow.require_data_version(NULL)'),
    ('lock_tables', '00000', 'SELECT stockflow.lock_tables(''products'', ''inventory'')'),
    ('lock_tables', '42P01', 'SELECT stockflow.lock_tables(''products'', ''x; DROP TABLE stockflow.products'')'),
    ('lock_tables', '42601', 'SELECT stockflow.lock_tables('''')'), ('lock_tables', '22004', 'SELECT stockflow.lock_tables(NULL)');
INSERT INTO calls VALUES ('forecast_methods', '00000', 'SELECT stockflow.forecast_methods()');
-- A procedure, which commits and so refuses to run here.
INSERT INTO calls SELECT 'refresh_all_forecasts', sqlstate, format('CALL stockflow.refresh_all_forecasts(%s)', arguments)
  FROM (VALUES ('2D000', '1'), ('2D000', ''), ('22023', '1, 0'), ('22004', '1, NULL'), ('22023', '1, 1, -1'), ('22023', '1, 1, 1, 0'),
               ('22023', '1, part => 2'), ('22023', '1, parts => 0')) AS c(sqlstate, arguments);
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
    ('companies', 'alert_recovery_percent', '23514', $$-1 ; 1001 ; 'NaN'$$), ('companies', 'alert_recovery_percent', '23502', 'NULL'),
    ('alerts', 'state', '23514', $$'closed' ; 'resolved' ; 'snoozed'$$), ('alerts', 'resolution', '23514', $$'recovered'$$),
    ('products', 'sku', '23502', 'NULL'), ('products', 'sku', '23514', $$'' ; ' ' ; repeat('x', 65) ; repeat('x', 100000) ; E'a\x01'$$),
    ('products', 'price', '23502', 'NULL'), ('products', 'price', '23514', $$-1 ; 'NaN' ; 'Infinity' ; 1e15 ; 1e30 ; 1e-9 ; 1.001$$),
    ('products', 'category_id', '23503', '20 ; 0'), ('products', 'order_up_to', '23514', $$-1 ; 'NaN'$$),
    ('products', 'unit', '23514', $$'' ; repeat('x', 33)$$), ('suppliers', 'contact_email', '23514', $$'' ; 'x' ; 'a b@c' ; '@'$$),
    ('inventory', 'quantity', '23502', 'NULL'), ('inventory', 'quantity', '22023', $$'NaN' ; 'Infinity' ; '-Infinity'$$),
    ('inventory', 'quantity', '22003', '1e12 ; -1e30 ; 1e-9'), ('inventory', 'quantity', '23514', '-1 ; 0.5'),
    ('inventory', 'reserved', '55000', '-1 ; 0 ; 2 ; NULL'), ('inventory', 'reserved', '22003', '1e12 ; 1e-9'), ('inventory', 'reserved', '22023', $$'NaN'$$),
    ('reservation_lines', 'quantity', '23514', $$-1 ; 0 ; 5 ; 1.5 ; 1e12 ; 1e-9 ; 'NaN' ; 'Infinity'$$),
    ('reservation_lines', 'quantity', '23502', 'NULL'), ('reservation_lines', 'open_quantity', '428C9', '0'),
    ('reservation_lines', 'committed', '23514', $$-1 ; 2 ; 'NaN' ; 'Infinity'$$), ('reservation_lines', 'released', '22003', '1e-9'),
    ('reservation_lines', 'product_id', '23503', '20 ; 0'), ('reservation_lines', 'warehouse_id', '23503', '20 ; 0'),
    ('reservation_lines', 'company_id', '23503', '2'), ('reservation_lines', 'expires_at', '23503', 'now()'),
    ('reservation_lines', 'bundle_id', '23514', '1, is_bundle = true'),
    ('reservations', 'expires_at', '23502', 'NULL'), ('reservations', 'reference', '23514', $$'' ; repeat('x', 201)$$),
    ('inventory', 'on_order', '55000', '-1 ; 1'), ('inventory', 'in_transit', '55000', '-1 ; 1'), ('inventory', 'on_order', '22003', '1e12 ; 1e-9'), ('inventory', 'on_order', '22023', $$'NaN'$$),
    ('inventory', 'reorder_point', '23514', '-1'), ('inventory', 'reorder_point', '22003', '1e12 ; 1e-9'),
    ('inventory', 'reorder_point', '22023', $$'NaN'$$)
) AS bad(relation, field, sqlstate, list)
UNION ALL SELECT 'plain statements', sqlstate, format('INSERT INTO stockflow.%s', statement) FROM (VALUES
    ('23502', 'inventory VALUES (NULL, 1, 2)'), ('23502', 'inventory VALUES (1, 1, NULL, 5)'), ('23505', 'inventory VALUES (1, 1, 1, 5)'),
    ('23503', 'inventory VALUES (1, 20, 1, 5)'), ('23503', 'inventory VALUES (1, 1, 20, 5)'), ('23503', 'inventory VALUES (2, 1, 1, 5)'),
    ('23503', 'product_suppliers (company_id, product_id, supplier_id) VALUES (1, 1, 20)'),
    ('23514', 'product_suppliers (company_id, product_id, supplier_id, pack_size) VALUES (1, 1, 1, 0)'),
    ('23503', 'reservation_lines (company_id, reservation_id, product_id, warehouse_id, quantity) VALUES (1, 9, 1, 1, 1)'),
    ('55000', 'inventory (company_id, product_id, warehouse_id, reserved) VALUES (1, 1, 2, 1)'),
    ('23514', 'replenishment_policies (company_id, product_id, service_level) VALUES (1, 1, 1)'),
    ('23514', 'replenishment_policies (company_id, product_id, service_level_b) VALUES (1, 1, ''NaN'')'),
    ('23514', 'replenishment_policies (company_id, reorder_policy) VALUES (1, ''automatic'')'),
    ('23514', 'replenishment_policies (company_id, order_rule) VALUES (1, ''lot'')'),
    ('23514', 'replenishment_policies (company_id, order_cost) VALUES (1, ''NaN'')'),
    ('23514', 'replenishment_policies (company_id, holding_rate) VALUES (1, 0)'),
    ('23514', 'replenishment_policies (company_id, review_days) VALUES (1, -1)'),
    ('23514', 'replenishment_policies (company_id, category_id, product_id) VALUES (1, 1, 1)'),
    ('23503', 'replenishment_policies (company_id, product_id) VALUES (1, 20)'),
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

SELECT plan((SELECT count(DISTINCT function)::integer FROM calls) + 6);
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
SELECT is_empty('SELECT * FROM stockflow.verify_transfers() UNION ALL SELECT * FROM stockflow.verify_stock_counts()', 'so are transfers and counts');
SELECT is(stockflow.record_sale(1, 1, 1, 1), 3::numeric, 'the next sale works');
SELECT isnt(pg_temp.checksum(), checksum, 'the checksum sees a sale') FROM before;
-- Every function of the schema but those without input was called.
SELECT is_empty($$SELECT proname FROM pg_proc WHERE pronamespace = 'stockflow'::regnamespace
    AND proname NOT IN ('current_actor', 'current_company', 'uninstall', 'data_version', 'needed_data_version', 'migrate', 'advance_sequences', 'library_version', 'expected_objects', 'health', 'health_sequences') AND NOT EXISTS (SELECT FROM calls WHERE call ~ ('^(SELECT|CALL) stockflow.' || proname || '\('))$$,
    'every function was tried');

SELECT * FROM finish();
ROLLBACK;
