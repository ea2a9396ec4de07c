-- Idempotency keys for functions that are written in SQL.
CREATE FUNCTION stockflow.claim_request(company_id bigint, idempotency_key text, operation text, request jsonb)
    RETURNS jsonb
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_claim_request';
COMMENT ON FUNCTION stockflow.claim_request(bigint, text, text, jsonb) IS
'Internal. Opens a call that writes: takes the idempotency key for this request and returns NULL when it is to be carried out (also when the key is NULL), else the result of the first call. Errors: 23503 unknown or deleted company; 23505 the key was used for another request; 22004 NULL for any other argument; 22023 a key that is blank or too long.';

CREATE FUNCTION stockflow.keep_request(company_id bigint, idempotency_key text, result jsonb)
    RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS 'MODULE_PATHNAME', 'stockflow_keep_request';
COMMENT ON FUNCTION stockflow.keep_request(bigint, text, jsonb) IS
'Internal. Keeps the result of the call that claimed the key; nothing when the key is NULL. Errors: 22004 NULL for another argument.';
