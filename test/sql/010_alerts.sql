-- Low-stock alerts at every boundary of their rules. One transaction, so that now() stands still.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION stockflow;
BEGIN;
INSERT INTO stockflow.companies (company_id, name, timezone) VALUES (101, 'Alerts', 'America/Bogota');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (101, 1, 'Main'), (101, 2, 'East'), (101, 3, 'Closed');

-- A moment in the company's zone: so many days ago, at a time of day.
CREATE FUNCTION pg_temp.ago(days integer, clock time DEFAULT '12:00') RETURNS timestamptz LANGUAGE sql AS
$$ SELECT ((now() AT TIME ZONE 'America/Bogota')::date - days + clock) AT TIME ZONE 'America/Bogota' $$;
-- A product with stock received 40 days ago and one sale.
CREATE FUNCTION pg_temp.product(sku text, point numeric, received numeric, sold numeric, days integer DEFAULT 5,
                                clock time DEFAULT '12:00', category bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE id bigint := stockflow.create_product(101, sku, sku, 1, category_id => category, reorder_point => point);
BEGIN
    IF received > 0 THEN PERFORM stockflow.receive_stock(101, 1, id, received, occurred_at => pg_temp.ago(40)); END IF;
    IF sold > 0 THEN PERFORM stockflow.record_sale(101, 1, id, sold, pg_temp.ago(days, clock)); END IF;
    RETURN id;
END $$;
CREATE FUNCTION pg_temp.id(wanted text) RETURNS bigint LANGUAGE sql AS
$$ SELECT product_id FROM stockflow.products WHERE company_id = 101 AND sku = wanted $$;
CREATE VIEW pg_temp.alerts AS
    SELECT sku, warehouse_name AS wh, current_stock AS stock, threshold AS point, threshold_source AS source,
           days_until_stockout AS days, demand, days_in_stock AS in_stock, suggested_quantity AS suggest
      FROM stockflow.low_stock_alerts(101) ORDER BY sku, wh;

-- The threshold: equal alerts, above does not; 0 is a threshold, unset is none.
SELECT count(pg_temp.product(sku, point, received, sold)) FROM (VALUES
    ('T1 below', 10::numeric, 12, 3), ('T2 equal', 10, 13, 3), ('T3 above', 10, 14, 3),
    ('T4 zero, left', 0, 4, 3), ('T5 zero, empty', 0, 3, 3), ('T6 unset', NULL, 3, 3)) AS t(sku, point, received, sold);
SELECT * FROM pg_temp.alerts;

-- Recent sales: the window is today and the 29 days before, in the company's zone.
SELECT count(pg_temp.product(sku, 50, 20, 3, days, clock)) FROM (VALUES
    ('W1 first moment', 29, '00:00'::time), ('W2 just before', 30, '23:59:59'),
    ('W3 today', 0, '00:00'), ('W4 23:30 here, tomorrow in UTC', 29, '23:30'), ('W5 never sold', 5, '12:00')) AS t(sku, days, clock)
 WHERE sku <> 'W5 never sold';
SELECT count(pg_temp.product('W5 never sold', 50, 20, 0));
SELECT sku, demand, days, in_stock FROM pg_temp.alerts WHERE sku LIKE 'W%';

-- Returns take demand back on their day; what is left decides. Transfers, counts and write-offs are no demand.
SELECT count(pg_temp.product(sku, 50, 20, 6)) FROM (VALUES ('R1 half back'), ('R2 all back'), ('R3 old sale back')) AS t(sku);
SELECT stockflow.record_return(101, 1, pg_temp.id('R1 half back'), 3, pg_temp.ago(1)),
       stockflow.record_return(101, 1, pg_temp.id('R2 all back'), 6, pg_temp.ago(1));
SELECT count(pg_temp.product('R4 no demand', 50, 20, 0));
SELECT stockflow.adjust_stock(101, 1, pg_temp.id('R4 no demand'), -2, 'damage'),
       stockflow.count_stock(101, 1, pg_temp.id('R4 no demand'), 15),
       stockflow.transfer_stock(101, pg_temp.id('R4 no demand'), 1, 2, 5);
SELECT count(pg_temp.product('R5 consumption', 50, 20, 0));
SELECT stockflow.adjust_stock(101, 1, pg_temp.id('R5 consumption'), -2, ' Consumption ');
SELECT sku, wh, stock, demand, days FROM pg_temp.alerts WHERE sku LIKE 'R%';

-- Days until stock-out: rounded down; 0 when nothing is available; null without demand.
SELECT count(pg_temp.product(sku, 50, received, sold)) FROM (VALUES
    ('D1 9 / (7/30) = 38.6', 16::numeric, 7), ('D2 1 / (30/30) = 1', 31, 30), ('D3 nothing left', 5, 5)) AS t(sku, received, sold);
SELECT sku, stock, days FROM pg_temp.alerts WHERE sku LIKE 'D%';
SELECT sku, days_until_stockout, demand, average_daily_demand, adjusted_daily_demand
  FROM stockflow.low_stock_alerts(101, recent_sales_only => false) WHERE days_until_stockout IS NULL ORDER BY sku;

-- Out of stock for so long that nothing could be sold in the window: shown, unless switched off or never sold.
SELECT count(pg_temp.product(sku, 5, received, sold, 35)) FROM (VALUES
    ('O1 sold out long ago', 4::numeric, 4), ('O2 sold out, never alerts without a sale', 0, 0)) AS t(sku, received, sold);
SELECT count(pg_temp.product('O3 was back for a day', 5, 4, 4, 35));
SELECT stockflow.receive_stock(101, 1, pg_temp.id('O3 was back for a day'), 2, occurred_at => pg_temp.ago(10)),
       stockflow.adjust_stock(101, 1, pg_temp.id('O3 was back for a day'), -2, 'damage', pg_temp.ago(9));
SELECT sku, days, demand, in_stock FROM pg_temp.alerts WHERE sku LIKE 'O%';
SELECT count(*) FROM stockflow.low_stock_alerts(101, include_stockouts => false) WHERE sku LIKE 'O%';

-- Days in stock: opened or closed above zero, or sold; the divisor of the adjusted average.
SELECT count(pg_temp.product('S1 out for 10 days', 50, 0, 0));
SELECT stockflow.receive_stock(101, 1, pg_temp.id('S1 out for 10 days'), 6, occurred_at => pg_temp.ago(20)),
       stockflow.record_sale(101, 1, pg_temp.id('S1 out for 10 days'), 6, pg_temp.ago(15)),
       stockflow.receive_stock(101, 1, pg_temp.id('S1 out for 10 days'), 4, occurred_at => pg_temp.ago(4));
SELECT sku, demand, days_in_stock, round(adjusted_daily_demand, 4) AS adjusted, average_daily_demand AS average
  FROM stockflow.low_stock_alerts(101) WHERE sku LIKE 'S1%';

-- The cascade: warehouse, product, category, company; each change reaches the rows that inherit.
INSERT INTO stockflow.categories (company_id, category_id, name, reorder_point) VALUES (101, 9, 'Nine', 30);
SELECT count(pg_temp.product(sku, point, 20, 1, category => category)) FROM (VALUES
    ('C1 warehouse', 25::numeric, 9), ('C2 product', 25, 9), ('C3 category', NULL, 9), ('C4 company', NULL, NULL)) AS t(sku, point, category);
UPDATE stockflow.inventory SET reorder_point = 19 WHERE company_id = 101 AND product_id = pg_temp.id('C1 warehouse');
SELECT sku, point, source FROM pg_temp.alerts WHERE sku LIKE 'C%';
UPDATE stockflow.companies SET reorder_point = 40 WHERE company_id = 101;
SELECT sku, point, source FROM pg_temp.alerts WHERE sku LIKE 'C%' OR sku LIKE 'T6%';
UPDATE stockflow.inventory SET reorder_point = NULL WHERE company_id = 101 AND product_id = pg_temp.id('C1 warehouse');
UPDATE stockflow.products SET reorder_point = NULL WHERE company_id = 101 AND sku = 'C2 product';
UPDATE stockflow.categories SET reorder_point = 0 WHERE company_id = 101;
UPDATE stockflow.products SET category_id = NULL WHERE company_id = 101 AND sku = 'C3 category';
SELECT sku, point, source FROM pg_temp.alerts WHERE sku LIKE 'C%';
UPDATE stockflow.companies SET reorder_point = NULL WHERE company_id = 101;

-- Reserved units are not available.
SELECT count(pg_temp.product('A1 reserved', 5, 20, 1));
SELECT stockflow.reserve_stock(101, jsonb_build_array(jsonb_build_object('product_id', pg_temp.id('A1 reserved'), 'warehouse_id', 1, 'quantity', 14))) IS NOT NULL AS reserved;
SELECT sku, current_stock, available, reserved FROM stockflow.low_stock_alerts(101) WHERE sku LIKE 'A1%';
SELECT stockflow.record_sale(101, 1, pg_temp.id('A1 reserved'), 6);
ROLLBACK;
