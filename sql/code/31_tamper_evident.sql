-- Ledgers that show when somebody tampers with them. Reading all entries of a company once: without
-- nested loops, as verify_ledger.
CREATE FUNCTION stockflow.tamper_evident_after() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_tamper_evident_after';
COMMENT ON FUNCTION stockflow.tamper_evident_after() IS
'AFTER ROW trigger of companies: seals the ledgers of a company that becomes tamper-evident, all entries so far included, or ends that, which is for the owner of the table (42501). Waits for those who move stock of the company and holds them up.';

CREATE FUNCTION stockflow.ledger_heads(company_id bigint)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, version bigint, chain_hash bytea)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT h.product_id, h.warehouse_id, h.version, h.chain_hash
          FROM (SELECT i.product_id, i.warehouse_id, i.version, i.chain_hash
                  FROM stockflow.inventory i WHERE i.company_id = $1 AND i.version > 0
                UNION ALL
                -- Of a row that is gone the newest entry has the hash; it never leaves inventory_log.
                SELECT k.product_id, k.warehouse_id, k.version, l.chain_hash
                  FROM (SELECT g.product_id, g.warehouse_id, max(g.version) AS version
                          FROM stockflow.inventory_log g WHERE g.company_id = $1
                         GROUP BY g.product_id, g.warehouse_id) k
                  JOIN stockflow.inventory_log l
                    ON l.company_id = $1 AND l.product_id = k.product_id
                   AND l.warehouse_id = k.warehouse_id AND l.version = k.version
                 WHERE NOT EXISTS (SELECT FROM stockflow.inventory i
                                    WHERE i.company_id = $1 AND i.product_id = k.product_id
                                      AND i.warehouse_id = k.warehouse_id)) h
         ORDER BY h.product_id, h.warehouse_id
    $$;
COMMENT ON FUNCTION stockflow.ledger_heads(bigint) IS
'The end of every ledger of a company: its newest version, and the hash that stands for all entries up to there (NULL: not sealed). For an auditor to keep outside of the database: whoever can rewrite all of it can make new hashes, but none that go on from these. As JSON: SELECT jsonb_agg(to_jsonb(h)) FROM stockflow.ledger_heads(1) AS h.';

CREATE FUNCTION stockflow.digest_heads(heads jsonb) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT sha256(coalesce(string_agg(int8send(h.product_id) || int8send(h.warehouse_id) || int8send(h.version)
                                          || coalesce('\x01'::bytea || h.chain_hash, '\x00'), ''::bytea
                                          ORDER BY h.product_id, h.warehouse_id, h.version, h.chain_hash), ''))
          FROM jsonb_to_recordset($1) AS h(product_id bigint, warehouse_id bigint, version bigint, chain_hash bytea)
    $$;
COMMENT ON FUNCTION stockflow.digest_heads(jsonb) IS
'One SHA-256 over heads as ledger_heads returns them: of each, in the order of its key, product_id, warehouse_id and version (64 bits each, highest byte first), a byte 1 and the hash, or a byte 0 without one. Shows that a kept list of heads is the one whose digest was written down. Errors: 22023 for JSON that is no array of objects.';

CREATE FUNCTION stockflow.ledger_digest(company_id bigint)
    RETURNS TABLE(keys bigint, entries numeric, digest bytea)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        SELECT count(h.version), coalesce(sum(h.version), 0),
               stockflow.digest_heads(coalesce(jsonb_agg(to_jsonb(h)) FILTER (WHERE h.version IS NOT NULL), '[]'))
          FROM stockflow.companies c
          LEFT JOIN LATERAL stockflow.ledger_heads(c.company_id) AS h ON true
         WHERE c.company_id = $1
         GROUP BY c.company_id
    $$;
COMMENT ON FUNCTION stockflow.ledger_digest(bigint) IS
'The whole ledger of a company in one SHA-256 (digest_heads of ledger_heads), with the number of keys and of entries that it covers. Short enough for paper. An unknown company has no row.';

CREATE FUNCTION stockflow.verify_heads(company_id bigint, heads jsonb)
    RETURNS TABLE(product_id bigint, warehouse_id bigint, version bigint, problem text)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_verify_heads';
COMMENT ON FUNCTION stockflow.verify_heads(bigint, jsonb) IS
'Compares heads that were kept (a JSON array of what ledger_heads returned) with the ledger of today, whose hashes it works out anew: one row per head up to which the ledger is not what it was. No row: what was kept is the beginning of every ledger. Errors: 22004 NULL, 22023 for JSON that is no array of objects with product_id, warehouse_id and version.';
