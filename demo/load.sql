-- Loads the demonstration: half a year of real sales, played through the public functions.
--
--   psql -v demo_dir=/path/to/demo -f load.sql         (into a database without StockFlow)
--
-- Real (sales.csv.gz, see README.md): what was sold when, in which country, at what price. Made up:
-- suppliers, deliveries, reorder points, and that each country is served by a warehouse. The days
-- are shifted so that the last one is yesterday.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\if :{?demo_dir}
\else
    \set demo_dir .
\endif

CREATE EXTENSION stockflow;

-- The file, as it is. (\copy replaces no psql variables, but its program sees the environment.)
\setenv DEMO_DIR :demo_dir
CREATE TEMP TABLE sales_file (product_code text, warehouse text, day date, units integer, unit_price numeric);
\copy sales_file FROM PROGRAM 'gzip -dc "$DEMO_DIR/sales.csv.gz"' WITH (FORMAT csv, HEADER)

BEGIN;

INSERT INTO stockflow.companies (name, timezone, currency, reorder_point)
VALUES ('Online Retail Ltd', 'Europe/London', 'GBP', 5)
RETURNING company_id AS company \gset

INSERT INTO stockflow.warehouses (company_id, name)
VALUES (:company, 'United Kingdom'), (:company, 'Germany'), (:company, 'France'), (:company, 'EIRE');

INSERT INTO stockflow.categories (company_id, name, reorder_point)
VALUES (:company, 'Fast movers', 24), (:company, 'Steady sellers', 12), (:company, 'Slow movers', 6);

INSERT INTO stockflow.suppliers (company_id, name, contact_email)
VALUES (:company, 'Northgate Trading', 'orders@northgate.example'),
       (:company, 'Harbour Imports', 'sales@harbour.example'),
       (:company, 'Willow & Sons', 'office@willow.example'),
       (:company, 'Parcel Lane', 'hello@parcel-lane.example');

-- Days are numbered from 1; number days.last is yesterday.
CREATE TEMP TABLE days AS
SELECT max(day) - min(day) + 1 AS last,
       (now() AT TIME ZONE 'Europe/London')::date - 2 - (max(day) - min(day)) AS before_first
  FROM sales_file;
CREATE TEMP TABLE sold AS
SELECT f.product_code AS sku, w.warehouse_id, f.day - min(f.day) OVER () + 1 AS day, f.units, f.unit_price
  FROM sales_file f
  JOIN stockflow.warehouses w ON w.company_id = :company AND w.name = f.warehouse;

-- Products are fast, steady or slow by what they sold per day. Every fifteenth has no category, so
-- that the company's reorder point counts, and every ninth has a reorder point of its own.
INSERT INTO stockflow.products (company_id, sku, name, price, category_id, reorder_point)
SELECT :company, s.sku, 'Gift item ' || s.sku, s.price, c.category_id,
       CASE WHEN s.number % 9 = 0 THEN 15 END
  FROM (SELECT sku, min(unit_price) AS price, sum(units) / 182.0 AS per_day,
               row_number() OVER (ORDER BY sku) AS number
          FROM sold GROUP BY sku) s
  LEFT JOIN stockflow.categories c
    ON c.company_id = :company AND s.number % 15 <> 0
   AND c.name = CASE WHEN s.per_day >= 20 THEN 'Fast movers'
                     WHEN s.per_day >= 6 THEN 'Steady sellers' ELSE 'Slow movers' END
 ORDER BY s.sku;

-- Suppliers take turns, one product in 25 has none, and one in five has a second, dearer one.
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, supplier_sku, unit_cost,
                                         lead_time_days, min_order_quantity, pack_size, is_preferred)
SELECT :company, p.product_id, s.supplier_id, t.prefix || p.sku,
       round(p.price * CASE WHEN o.preferred THEN 0.5 ELSE 0.6 END, 2),
       t.lead_time_days, t.min_order_quantity, t.pack_size, o.preferred
  FROM (SELECT *, row_number() OVER (ORDER BY sku) AS number
          FROM stockflow.products WHERE company_id = :company) p
 CROSS JOIN (VALUES (true), (false)) o(preferred)
  JOIN (VALUES (0, 'Northgate Trading', 'NG-', 5, 24, 12), (1, 'Harbour Imports', 'HI-', 21, 96, 24),
               (2, 'Willow & Sons', 'W', 10, 12, 6), (3, 'Parcel Lane', 'PL/', 3, NULL, NULL))
       t(turn, name, prefix, lead_time_days, min_order_quantity, pack_size)
    ON t.turn = (p.number + CASE WHEN o.preferred THEN 0 ELSE 1 END) % 4
  JOIN stockflow.suppliers s ON s.company_id = :company AND s.name = t.name
 WHERE CASE WHEN o.preferred THEN p.number % 25 <> 0 ELSE p.number % 5 = 1 END;

-- The plan for every product that a warehouse sells. Where it sells fast, the warehouse has a reorder
-- point of its own: ten days of what it sold lately. A buffer above the reorder point makes most
-- products end well; for some (one in 14 or 24) the deliveries stop early, so as to end with final_stock.
CREATE TEMP TABLE plan AS
SELECT r.*, coalesce(r.own_point, p.reorder_point, c.reorder_point, 5) AS reorder_point,
       coalesce(r.pack, 1) AS pack_size, 1 + (r.number % 14)::integer AS delivery_day,
       CASE WHEN r.rank % r.every = 3
            THEN ceil(coalesce(r.own_point, p.reorder_point, c.reorder_point, 5)
                      * (ARRAY[0.6, 0.3, 0.9, 0, 0.5, 0.2])[1 + r.rank / r.every % 6]) END AS final_stock
  FROM (SELECT s.*, x.pack, x.unit_cost,
               CASE WHEN s.lately >= 150 THEN round(s.lately / 3.0) END AS own_point,
               row_number() OVER (PARTITION BY s.warehouse_id ORDER BY s.lately DESC, s.sku) AS rank,
               CASE w.name WHEN 'United Kingdom' THEN 14 ELSE 24 END AS every,
               row_number() OVER (ORDER BY s.sku, s.warehouse_id) AS number
          FROM (SELECT s.sku, s.warehouse_id, sum(s.units) AS total,
                       coalesce(sum(s.units) FILTER (WHERE s.day > d.last - 30), 0) AS lately
                  FROM sold s CROSS JOIN days d GROUP BY s.sku, s.warehouse_id) s
          JOIN stockflow.warehouses w ON w.company_id = :company AND w.warehouse_id = s.warehouse_id
          JOIN LATERAL (SELECT max(ps.pack_size) FILTER (WHERE ps.is_preferred) AS pack,
                               max(ps.unit_cost) FILTER (WHERE ps.is_preferred) AS unit_cost
                          FROM stockflow.products p
                          LEFT JOIN stockflow.product_suppliers ps USING (company_id, product_id)
                         WHERE p.company_id = :company AND p.sku = s.sku) x ON true) r
  JOIN stockflow.products p ON p.company_id = :company AND p.sku = r.sku
  LEFT JOIN stockflow.categories c USING (company_id, category_id);

-- Deliveries every 14 days: what will be sold until the next one, in whole packs. (A plan that knows
-- the future is no model of a shop, but stock never runs below zero, and the sales are the real ones.)
CREATE TEMP TABLE movements AS
WITH period AS (
    SELECT n.sku, n.warehouse_id, k.number AS k, coalesce(sum(s.units), 0) AS units
      FROM plan n
     CROSS JOIN days d
     CROSS JOIN generate_series(0, (d.last + 13) / 14) k(number)
      LEFT JOIN sold s ON s.sku = n.sku AND s.warehouse_id = n.warehouse_id
                      AND (s.day - n.delivery_day + 14) / 14 = k.number
     GROUP BY n.sku, n.warehouse_id, k.number
), supply AS (
    SELECT n.*, t.k,
           least(ceil(sum(t.units) OVER upto / n.pack_size) * n.pack_size
                 + ceil(n.reorder_point * (1.3 + n.number % 7 * 0.2)),
                 n.total + n.final_stock) AS until_now
      FROM plan n JOIN period t USING (sku, warehouse_id)
    WINDOW upto AS (PARTITION BY sku, warehouse_id ORDER BY t.k)
), delivery AS (
    SELECT *, until_now - lag(until_now, 1, 0.0)
                          OVER (PARTITION BY sku, warehouse_id ORDER BY k) AS units
      FROM supply
)
SELECT CASE k WHEN 0 THEN 1 ELSE delivery_day + 14 * (k - 1) END AS day, time '08:00' AS at,
       sku, warehouse_id, units AS delta, CASE k WHEN 0 THEN 'initial' ELSE 'receipt' END AS reason,
       'delivery ' || k AS reference, unit_cost
  FROM delivery, days WHERE units > 0 AND delivery_day + 14 * (k - 1) <= last
UNION ALL
SELECT day, time '12:00', sku, warehouse_id, -units, 'sale', NULL, NULL FROM sold;

COMMIT;

-- One call per day, each with all that happened on it, and each a transaction of its own.
DO $$
DECLARE
    company bigint := (SELECT company_id FROM stockflow.companies WHERE name = 'Online Retail Ltd');
    today record;
BEGIN
    FOR today IN
        SELECT m.day, jsonb_agg(jsonb_build_object(
                   'product_id', p.product_id, 'warehouse_id', m.warehouse_id,
                   'delta', m.delta, 'reason', m.reason, 'reference', m.reference, 'unit_cost', m.unit_cost,
                   'occurred_at', (d.before_first + m.day + m.at) AT TIME ZONE 'Europe/London')
                   ORDER BY m.at, p.product_id) AS movements
          FROM movements m
         CROSS JOIN days d
          JOIN stockflow.products p ON p.company_id = company AND p.sku = m.sku
         GROUP BY m.day ORDER BY m.day
    LOOP
        PERFORM stockflow.record_movements(company, today.movements, 'demo day ' || today.day);
        COMMIT;
    END LOOP;
END
$$;

BEGIN;

UPDATE stockflow.inventory i SET reorder_point = n.own_point
  FROM plan n JOIN stockflow.products p ON p.company_id = :company AND p.sku = n.sku
 WHERE i.company_id = :company AND i.product_id = p.product_id AND i.warehouse_id = n.warehouse_id
   AND n.own_point IS NOT NULL;

-- What else happens in a shop. First, a few customers send something back, two days after.
SELECT count(stockflow.record_return(:company, s.warehouse_id, p.product_id, 2,
           (d.before_first + s.day + 2 + time '10:00') AT TIME ZONE 'Europe/London', 'changed their mind'))
  FROM sold s CROSS JOIN days d
  JOIN stockflow.products p ON p.company_id = :company AND p.sku = s.sku
 WHERE s.day BETWEEN d.last - 20 AND d.last - 3 AND s.units >= 300 AND s.day % 3 = 0 \g /dev/null

-- The best seller of the United Kingdom goes to Germany, three days ago.
SELECT stockflow.transfer_stock(:company, p.product_id, u.warehouse_id, g.warehouse_id, 24,
           (d.before_first + d.last - 3 + time '16:00') AT TIME ZONE 'Europe/London', 'van to Germany')
  FROM plan n CROSS JOIN days d
  JOIN stockflow.products p ON p.company_id = :company AND p.sku = n.sku
  JOIN stockflow.warehouses u ON u.company_id = :company AND u.name = 'United Kingdom'
  JOIN stockflow.warehouses g ON g.company_id = :company AND g.name = 'Germany'
 WHERE n.warehouse_id = u.warehouse_id AND n.rank = 1 \g /dev/null

-- A stock count in EIRE finds two units less than the books say, five days ago.
SELECT stockflow.count_stock(:company, q.warehouse_id, q.product_id, q.quantity - 2, t.at, 'yearly count')
  FROM plan n
 CROSS JOIN LATERAL (SELECT (before_first + last - 5 + time '19:00') AT TIME ZONE 'Europe/London' AS at
                       FROM days) t
  JOIN stockflow.warehouses w ON w.company_id = :company AND w.warehouse_id = n.warehouse_id
  JOIN stockflow.products p ON p.company_id = :company AND p.sku = n.sku
  JOIN stockflow.stock_as_of(:company, t.at) q
    ON q.product_id = p.product_id AND q.warehouse_id = n.warehouse_id
 WHERE w.name = 'EIRE' AND n.rank = 1 \g /dev/null

-- A gift set of three products, one of which is running out; two were sold yesterday.
INSERT INTO stockflow.products (company_id, sku, name, price, reorder_point, is_bundle)
VALUES (:company, 'SET-3', 'Gift set of three', 19.95, 20, true)
RETURNING product_id AS gift_set \gset
SELECT n.warehouse_id AS home, p.product_id AS scarce
  FROM plan n JOIN stockflow.products p ON p.company_id = :company AND p.sku = n.sku
  JOIN stockflow.warehouses w ON w.company_id = :company AND w.warehouse_id = n.warehouse_id
 WHERE w.name = 'United Kingdom' AND n.final_stock BETWEEN 6 AND 40 ORDER BY n.rank LIMIT 1 \gset
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity)
SELECT :company, :gift_set, :scarce, 2
UNION ALL
(SELECT :company, :gift_set, i.product_id, 1 FROM stockflow.inventory i
  WHERE i.company_id = :company AND i.warehouse_id = :home AND i.product_id <> :scarce
  ORDER BY i.quantity DESC, i.product_id LIMIT 2);
SELECT stockflow.record_sale(:company, :home, :gift_set, 2,
           (before_first + last + time '15:00') AT TIME ZONE 'Europe/London', 'web shop')
  FROM days \g /dev/null

-- From 480 units on everything costs a tenth less.
INSERT INTO stockflow.supplier_prices (company_id, product_id, supplier_id, min_quantity, unit_cost)
SELECT t.company_id, t.product_id, t.supplier_id, 480, round(t.unit_cost * 0.9, 4)
  FROM stockflow.product_suppliers t WHERE t.company_id = :company AND t.is_preferred;

-- Orders that are under way, one per supplier and warehouse, placed eight days ago; some are late.
SELECT stockflow.place_purchase_order(:company, stockflow.create_purchase_order(:company, o.supplier_id, o.warehouse_id, o.lines),
           now() - interval '8 days')
  FROM (SELECT t.supplier_id, i.warehouse_id, jsonb_agg(jsonb_build_object('product_id', i.product_id, 'quantity', 48)) AS lines
          FROM stockflow.inventory i
          JOIN stockflow.product_suppliers t
            ON t.company_id = i.company_id AND t.product_id = i.product_id AND t.is_preferred
         WHERE i.company_id = :company AND i.is_low AND i.product_id % 7 = 0
         GROUP BY t.supplier_id, i.warehouse_id) o \g /dev/null

COMMIT;

-- The books must balance, or the load has failed.
DO $$
DECLARE
    problems bigint := (SELECT count(*) FROM stockflow.verify_ledger());
BEGIN
    IF problems <> 0 THEN
        RAISE EXCEPTION 'verify_ledger() found % problems', problems;
    END IF;
END
$$;
DROP TABLE sales_file, days, sold, plan, movements;
ANALYZE stockflow.inventory, stockflow.inventory_log, stockflow.products, stockflow.product_suppliers;
