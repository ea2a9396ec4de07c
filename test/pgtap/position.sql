-- inventory.reserved, on_order and in_transit are the sums of open lines elsewhere.
BEGIN;
SELECT plan(9);
INSERT INTO stockflow.companies (company_id, name) VALUES (1, 'One'), (2, 'Two');
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 2) AS c, generate_series(1, 2) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT c, p, 'P' || p, 'P', 1 FROM generate_series(1, 2) AS c, generate_series(1, 3) AS p;
CREATE TABLE public.lines (note text, company_id bigint, warehouse_id bigint, product_id bigint, open_quantity numeric);
CREATE TRIGGER position_inserted AFTER INSERT ON public.lines REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('on_order');
CREATE TRIGGER position_updated AFTER UPDATE ON public.lines REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('on_order');
CREATE TRIGGER position_deleted AFTER DELETE ON public.lines REFERENCING OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION stockflow.position_after('on_order');
CREATE FUNCTION pg_temp.wrong() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (SELECT company_id, product_id, warehouse_id, sum(open_quantity) AS total FROM public.lines GROUP BY 1, 2, 3) AS l
      FULL JOIN stockflow.inventory i USING (company_id, product_id, warehouse_id)
     WHERE coalesce(l.total, 0) IS DISTINCT FROM i.on_order AND coalesce(l.total, 0) <> coalesce(i.on_order, 0) $$;

INSERT INTO public.lines SELECT 'n', 2 - n % 2, 1 + n % 2, 1 + n % 3, n FROM generate_series(1, 50) AS n;
SELECT is(pg_temp.wrong(), 0::bigint, 'many lines of several companies in one statement');
SELECT is((SELECT sum(on_order) FROM stockflow.inventory), 1275::numeric, 'nothing is lost');
UPDATE public.lines SET open_quantity = open_quantity - 0.5, product_id = 1 + product_id % 3 WHERE open_quantity > 10;
SELECT is(pg_temp.wrong(), 0::bigint, 'changed quantities and keys');
UPDATE public.lines SET note = 'm';
SELECT is(pg_temp.wrong(), 0::bigint, 'nothing that counts has changed');
DELETE FROM public.lines WHERE open_quantity < 30;
SELECT is(pg_temp.wrong(), 0::bigint, 'deleted lines');
SELECT throws_ok($$INSERT INTO public.lines VALUES ('', 1, 1, 9, 1)$$, '23503', NULL, 'unknown product');
SELECT throws_ok($$INSERT INTO public.lines SELECT '', 1, 1, 1, 999999999999 FROM generate_series(1, 2)$$, '22003', NULL, 'more than a quantity can be');
SELECT throws_ok($$INSERT INTO public.lines VALUES ('', 1, 1, 1, -1e6)$$, '23514', NULL, 'never below zero');
SELECT is((SELECT count(*) FROM stockflow.verify_ledger() WHERE problem NOT LIKE 'on_order %'), 0::bigint, 'the ledger is sound, but for lines that are of no purchase order');
SELECT * FROM finish();
ROLLBACK;
