-- A ledger of years: :entries entries of ten companies, written behind the triggers in the order of
-- time, and what its size costs. Indexes are made afterwards, so they are as dense as they can be.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
SET maintenance_work_mem = '2GB';
CREATE EXTENSION stockflow;
\set steps (:entries / 200000)
INSERT INTO stockflow.companies (company_id, name) SELECT c, 'Company ' || c FROM generate_series(1, 10) AS c;
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 10) AS c, generate_series(1, 5) AS w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, reorder_point)
    SELECT c, p, 'P-' || p, 'Product ' || p, 1, 50 FROM generate_series(1, 10) AS c, generate_series(1, 4000) AS p;
SET session_replication_role = replica;
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity, version, effective_reorder_point, last_sold_at)
    SELECT c, p, w, 1000000 - :steps, :steps, 50, now() FROM generate_series(1, 10) AS c, generate_series(1, 4000) AS p, generate_series(1, 5) AS w;
ALTER TABLE stockflow.inventory_log DROP CONSTRAINT inventory_log_pkey;
DROP INDEX stockflow.inventory_log_occurred_idx;
-- About eight hours between two sales of a key.
INSERT INTO stockflow.inventory_log (company_id, product_id, warehouse_id, version, delta, quantity_after, reason, occurred_at, recorded_at, actor)
    SELECT c, p, w, s, -1, 1000000 - s, 'sale', at, at, 'app'
      FROM generate_series(1, :steps) AS s, generate_series(1, 10) AS c, generate_series(1, 4000) AS p, generate_series(1, 5) AS w,
           LATERAL (SELECT now() - (:steps - s) * interval '8 hours' - (p * 5 + w) * interval '1.3 seconds' AS at) AS moment;
ALTER TABLE stockflow.inventory_log ADD CONSTRAINT inventory_log_pkey PRIMARY KEY (company_id, product_id, warehouse_id, version);
CREATE INDEX inventory_log_occurred_idx ON stockflow.inventory_log (company_id, occurred_at);
SET session_replication_role = origin;
VACUUM (FREEZE, ANALYZE) stockflow.inventory_log;
VACUUM ANALYZE;

\echo
\echo Size of the ledger, in bytes per entry
SELECT count(*) AS entries, pg_size_pretty(pg_table_size('stockflow.inventory_log')) AS "table",
       round(pg_table_size('stockflow.inventory_log')::numeric / count(*), 1) AS "table, each",
       round(pg_relation_size('stockflow.inventory_log_pkey')::numeric / count(*), 1) AS "primary key, each",
       round(pg_relation_size('stockflow.inventory_log_occurred_idx')::numeric / count(*), 1) AS "index by time, each"
  FROM stockflow.inventory_log;

\echo One day of one company: the index by company and time, and in its place BRIN on the time
\timing on
SELECT count(*), sum(delta) FROM stockflow.inventory_log WHERE company_id = 3 AND occurred_at >= now() - interval '10 days' AND occurred_at < now() - interval '9 days';
SELECT count(*), sum(delta) FROM stockflow.inventory_log WHERE company_id = 3 AND occurred_at >= now() - interval '10 days' AND occurred_at < now() - interval '9 days';
\timing off
CREATE INDEX ledger_brin ON stockflow.inventory_log USING brin (occurred_at);
SELECT pg_size_pretty(pg_relation_size('stockflow.ledger_brin')) AS "size of BRIN";
BEGIN;
DROP INDEX stockflow.inventory_log_occurred_idx;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_indexscan = off;  -- BRIN by bitmap, not the primary key
\timing on
SELECT count(*), sum(delta) FROM stockflow.inventory_log WHERE company_id = 3 AND occurred_at >= now() - interval '10 days' AND occurred_at < now() - interval '9 days';
SELECT count(*), sum(delta) FROM stockflow.inventory_log WHERE company_id = 3 AND occurred_at >= now() - interval '10 days' AND occurred_at < now() - interval '9 days';
\timing off
ROLLBACK;
DROP INDEX stockflow.ledger_brin;
