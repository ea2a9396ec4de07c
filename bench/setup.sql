-- Data for the benchmarks, of a size given by :pairs (products times warehouses), and what plain SQL
-- would keep in place of StockFlow's own structures. Company 1 has :pairs rows of inventory and 36
-- ledger entries for each, over 60 days; company 2 has ten times the rows and the same alerts.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE EXTENSION stockflow;
CREATE SCHEMA bench;

INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'Bench'), (2, 'Ten times');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name)
    SELECT c, w, 'Warehouse ' || w FROM generate_series(1, 2) AS c, generate_series(1, 5) AS w;
INSERT INTO stockflow.suppliers (company_id, supplier_id, name)
    SELECT c, s, 'Supplier ' || s FROM generate_series(1, 2) AS c, generate_series(1, 20) AS s;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, reorder_point)
    SELECT 1, p, 'P-' || p, 'Product ' || p, 1, 50 FROM generate_series(1, :pairs / 5) AS p
    UNION ALL
    SELECT 2, p, 'P-' || p, 'Product ' || p, 1, 50 FROM generate_series(1, :pairs * 2) AS p;
INSERT INTO stockflow.product_suppliers (company_id, product_id, supplier_id, unit_cost, lead_time_days, is_preferred)
    SELECT company_id, product_id, 1 + (product_id + n) % 20, n, 7 * n, n = 1
      FROM stockflow.products, generate_series(1, 2) AS n;
SELECT setval('stockflow.products_product_id_seq', :pairs * 2);
ANALYZE;

-- Opening stock, then 35 sales per pair. One pair in twenty ends below its reorder point, with 1 to 50.
CREATE FUNCTION bench.movements(company bigint, first bigint, last bigint, delta numeric, reason text, at timestamptz)
    RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_agg(jsonb_build_object('product_id', 1 + n / 5, 'warehouse_id', 1 + n % 5, 'delta', delta, 'reason', reason, 'occurred_at', at))
      FROM generate_series(first, last) AS n $$;
CREATE PROCEDURE bench.load(pairs bigint) LANGUAGE plpgsql AS $$
DECLARE low bigint := pairs / 20; step integer;
BEGIN
    FOR part IN 0..9 LOOP -- company 2, ten times the pairs
        PERFORM stockflow.record_movements(2, bench.movements(2, greatest(part * pairs, low), (part + 1) * pairs - 1, 1000, 'receipt', now() - interval '61 days'));
        COMMIT;
    END LOOP;
    PERFORM stockflow.record_movements(c, jsonb_agg(jsonb_build_object('product_id', 1 + n / 5, 'warehouse_id', 1 + n % 5, 'delta', 36 + n * 7 % 50, 'reason', 'receipt', 'occurred_at', now() - interval '61 days')))
       FROM generate_series(1, 2) AS c, generate_series(0, low - 1) AS n GROUP BY c;
    PERFORM stockflow.record_movements(1, bench.movements(1, low, pairs - 1, 1000, 'receipt', now() - interval '61 days'));
    COMMIT;
    FOR step IN REVERSE 34..0 LOOP
        PERFORM stockflow.record_movements(1, bench.movements(1, 0, pairs - 1, -1, 'sale', now() - step * interval '1.7 days'));
        PERFORM stockflow.record_movements(2, bench.movements(2, 0, low - 1, -1, 'sale', now() - step * interval '1.7 days'));
        COMMIT;
    END LOOP;
END $$;
CALL bench.load(:pairs);

-- What hand-written SQL keeps: a daily rollup, and a balance with a log.
CREATE TABLE bench.daily AS
    SELECT company_id, product_id, warehouse_id, occurred_at::date AS day, -sum(delta) AS units
      FROM stockflow.inventory_log WHERE reason = 'sale' GROUP BY 1, 2, 3, 4;
ALTER TABLE bench.daily ADD PRIMARY KEY (company_id, product_id, warehouse_id, day);
CREATE TABLE bench.stock (
    company_id bigint, product_id bigint, warehouse_id bigint, quantity numeric NOT NULL, version bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, product_id, warehouse_id)) WITH (fillfactor = 50);
CREATE TABLE bench.stock_log (
    company_id bigint, product_id bigint, warehouse_id bigint, version bigint, delta numeric NOT NULL, quantity_after numeric NOT NULL,
    reason text NOT NULL, reference text, occurred_at timestamptz NOT NULL DEFAULT now(), recorded_at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL DEFAULT current_user, PRIMARY KEY (company_id, product_id, warehouse_id, version));
CREATE INDEX ON bench.stock_log (company_id, occurred_at);
-- Where first stock is put: a warehouse that has none, and a table with the same foreign keys.
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (2, 6, 'New');
CREATE TABLE bench.first_stock (LIKE bench.stock INCLUDING ALL, FOREIGN KEY (company_id, product_id) REFERENCES stockflow.products,
                                FOREIGN KEY (company_id, warehouse_id) REFERENCES stockflow.warehouses);
INSERT INTO bench.stock SELECT 1, 1 + n / 5, 1 + n % 5, 1000000 FROM generate_series(0, :pairs - 1) AS n;

-- What PL/pgSQL triggers would keep: the rules of company, product and warehouse, the day in
-- the company's time zone, the demand of the last 32 days in the row, the flag of the alerts.
CREATE TABLE bench.kept (
    company_id bigint, product_id bigint, warehouse_id bigint, quantity numeric NOT NULL, reserved numeric NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 0, reorder_point numeric, last_sold_at timestamptz, last_day date, demand numeric[] NOT NULL,
    is_low boolean GENERATED ALWAYS AS (coalesce(quantity - reserved <= reorder_point, false)) STORED,
    on_order numeric NOT NULL DEFAULT 0, in_transit numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, product_id, warehouse_id), CHECK (reserved >= 0 AND on_order >= 0 AND in_transit >= 0 AND reorder_point >= 0)) WITH (fillfactor = 50);
CREATE INDEX ON bench.kept (company_id, product_id, warehouse_id) WHERE is_low;
CREATE TABLE bench.kept_log (LIKE bench.stock_log INCLUDING ALL);
INSERT INTO bench.kept (company_id, product_id, warehouse_id, quantity, reorder_point, last_day, demand)
    SELECT company_id, product_id, warehouse_id, quantity, 50, current_date, array_fill(1::numeric, '{32}') FROM bench.stock;
CREATE FUNCTION bench.before_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE rules record; today date;
BEGIN
    SELECT c.timezone, c.allow_negative_stock, p.whole_units, p.is_bundle, p.is_stocked, p.sku, p.deleted_at AS product_deleted, w.deleted_at AS warehouse_closed
      INTO STRICT rules FROM stockflow.companies c JOIN stockflow.products p USING (company_id) JOIN stockflow.warehouses w USING (company_id)
     WHERE c.company_id = NEW.company_id AND p.product_id = NEW.product_id AND w.warehouse_id = NEW.warehouse_id;
    IF rules.product_deleted IS NOT NULL OR rules.warehouse_closed IS NOT NULL OR rules.is_bundle OR NOT rules.is_stocked THEN
        RAISE EXCEPTION 'product % cannot move', rules.sku USING ERRCODE = 'check_violation';
    END IF;
    IF rules.whole_units AND NEW.quantity <> trunc(NEW.quantity) THEN RAISE EXCEPTION 'whole units only' USING ERRCODE = 'check_violation'; END IF;
    IF NEW.quantity < NEW.reserved AND NOT rules.allow_negative_stock THEN RAISE EXCEPTION 'insufficient stock' USING ERRCODE = 'check_violation'; END IF;
    NEW.version := OLD.version + 1;
    today := (now() AT TIME ZONE rules.timezone)::date;
    IF today > NEW.last_day THEN
        NEW.demand := (array_fill(0::numeric, ARRAY[least(today - NEW.last_day, 32)]) || NEW.demand)[1:32];
        NEW.last_day := today;
    END IF;
    NEW.demand[1] := NEW.demand[1] + OLD.quantity - NEW.quantity;
    NEW.last_sold_at := greatest(NEW.last_sold_at, now());
    RETURN NEW;
END $$;
CREATE FUNCTION bench.after_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO bench.kept_log (company_id, product_id, warehouse_id, version, delta, quantity_after, reason)
        VALUES (NEW.company_id, NEW.product_id, NEW.warehouse_id, NEW.version, NEW.quantity - OLD.quantity, NEW.quantity, 'sale');
    RETURN NULL;
END $$;
CREATE TRIGGER before_row BEFORE UPDATE ON bench.kept FOR EACH ROW EXECUTE FUNCTION bench.before_kept();
CREATE TRIGGER after_row AFTER UPDATE ON bench.kept FOR EACH ROW EXECUTE FUNCTION bench.after_kept();
-- Append-only, and written by the trigger alone.
CREATE FUNCTION bench.guard_kept() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'kept_log is append-only' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON bench.kept_log FOR EACH STATEMENT EXECUTE FUNCTION bench.guard_kept();

-- Rows that are sold from in the single-sale benchmark never run out.
UPDATE stockflow.companies SET allow_negative_stock = true WHERE company_id = 1;
VACUUM ANALYZE;
CHECKPOINT;
