-- Sales stay HOT: no index of inventory is written unless a product becomes low, or stops being low.
SET client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name, reorder_point) VALUES (106, 'Hot', 10);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (106, 1, 'Main');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 106, p, 'P' || p, 'P' || p, 1 FROM generate_series(1, 40) AS p;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 106, p, 1, 1000 FROM generate_series(1, 40) AS p;
SELECT pg_stat_force_next_flush(), pg_stat_reset_single_table_counters('stockflow.inventory'::regclass);
DO $$ BEGIN
    FOR n IN 0..599 LOOP
        PERFORM stockflow.record_sale(106, 1, 1 + n % 40, 1);
        COMMIT;
    END LOOP;
END $$;
SELECT pg_stat_force_next_flush();
SELECT n_tup_upd AS sales, n_tup_hot_upd > 0.95 * n_tup_upd AS hot, (SELECT count(*) FROM stockflow.inventory_log WHERE company_id = 106) AS entries
  FROM pg_stat_user_tables WHERE relid = 'stockflow.inventory'::regclass;
-- Also where each writes a hash.
INSERT INTO stockflow.companies (company_id, name, reorder_point, tamper_evident) VALUES (107, 'Sealed', 10, true);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) VALUES (107, 1, 'Main');
INSERT INTO stockflow.products (company_id, product_id, sku, name, price) SELECT 107, p, 'P' || p, 'P' || p, 1 FROM generate_series(1, 40) AS p;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) SELECT 107, p, 1, 1000 FROM generate_series(1, 40) AS p;
SELECT pg_stat_force_next_flush(), pg_stat_reset_single_table_counters('stockflow.inventory'::regclass);
DO $$ BEGIN
    FOR n IN 0..599 LOOP
        PERFORM stockflow.record_sale(107, 1, 1 + n % 40, 1);
        COMMIT;
    END LOOP;
END $$;
SELECT pg_stat_force_next_flush();
SELECT n_tup_upd AS sales, n_tup_hot_upd > 0.95 * n_tup_upd AS hot, (SELECT count(chain_hash) FROM stockflow.inventory_log WHERE company_id = 107) AS hashes
  FROM pg_stat_user_tables WHERE relid = 'stockflow.inventory'::regclass;
