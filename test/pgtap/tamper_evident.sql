-- Sealed ledgers: their hashes are those of the description, and whatever is changed behind them is found.
BEGIN;
SELECT plan(75);
SET client_min_messages = warning;
INSERT INTO stockflow.companies (company_id, name, tamper_evident) VALUES (1, 'Later', false), (2, 'Always', true), (3, 'Never', false);
INSERT INTO stockflow.warehouses (company_id, warehouse_id, name) SELECT c, w, 'W' || w FROM generate_series(1, 3) c, generate_series(1, 2) w;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, whole_units) SELECT c, p, 'P' || p, 'P', 1, false FROM generate_series(1, 3) c, generate_series(1, 4) p;

-- The description in doc/reference.md, in plain SQL.
CREATE FUNCTION pg_temp.put(value text) RETURNS bytea LANGUAGE sql AS $$
    SELECT coalesce('\x01'::bytea || int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8'), '\x00') $$;
CREATE FUNCTION pg_temp.put(value bigint) RETURNS bytea LANGUAGE sql AS $$ SELECT coalesce('\x01'::bytea || int8send(value), '\x00') $$;
CREATE FUNCTION pg_temp.millionths(value numeric) RETURNS bigint LANGUAGE sql AS $$ SELECT (value * 1000000)::bigint $$;
CREATE FUNCTION pg_temp.moment(value timestamptz) RETURNS bytea LANGUAGE sql AS $$ SELECT int8send((extract(epoch FROM value) * 1000000)::bigint) $$;
CREATE FUNCTION pg_temp.chain(company bigint) RETURNS TABLE (product_id bigint, warehouse_id bigint, version bigint, hash bytea, chain_hash bytea) LANGUAGE plpgsql AS $$
DECLARE l record;
BEGIN
    FOR l IN SELECT * FROM stockflow.ledger g WHERE g.company_id = company ORDER BY g.product_id, g.warehouse_id, g.version LOOP
        IF l.version = 1 THEN
            hash := sha256('stockflow ledger 1'::bytea || int8send(l.company_id) || int8send(l.product_id) || int8send(l.warehouse_id));
        END IF;
        hash := sha256('\x01'::bytea || hash || int8send(l.company_id) || int8send(l.product_id) || int8send(l.warehouse_id) || int8send(l.version)
            || int8send(pg_temp.millionths(l.delta)) || int8send(pg_temp.millionths(l.quantity_after)) || pg_temp.put(l.reason) || pg_temp.put(l.reference)
            || pg_temp.moment(l.occurred_at) || pg_temp.moment(l.recorded_at) || pg_temp.put(l.actor) || pg_temp.put(trim_scale(l.unit_cost)::text)
            || pg_temp.put(l.bundle_id) || pg_temp.put(pg_temp.millionths(l.bundle_quantity)) || pg_temp.put(l.counterpart_warehouse_id));
        product_id := l.product_id; warehouse_id := l.warehouse_id; version := l.version; chain_hash := l.chain_hash;
        RETURN NEXT;
    END LOOP;
END $$;
-- Hashes in ledger or inventory that are not those of the description; and how many there are.
CREATE FUNCTION pg_temp.wrong(company bigint) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s/%s/%s', product_id, warehouse_id, version) FROM pg_temp.chain(company) WHERE chain_hash <> hash
    UNION ALL
    SELECT format('row %s/%s', i.product_id, i.warehouse_id) FROM stockflow.inventory i
      LEFT JOIN pg_temp.chain(company) c USING (product_id, warehouse_id, version)
     WHERE i.company_id = company AND i.version > 0 AND i.chain_hash IS DISTINCT FROM c.hash
    UNION ALL SELECT 'verify: ' || problem FROM stockflow.verify_ledger(company) $$;
CREATE FUNCTION pg_temp.carry(company bigint) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s of %s', count(chain_hash), count(*)) FROM stockflow.ledger WHERE company_id = company $$;

-- Everything that moves stock, in a company that becomes tamper-evident in between, and in one that always was.
CREATE FUNCTION pg_temp.move(c bigint) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    PERFORM stockflow.receive_stock(c, 1, p, 100, 2.50, reference => 'Lieferung Ä') FROM generate_series(1, 3) p;
    PERFORM stockflow.record_sale(c, 1, 1, 1.5, now() - interval '40 days', 'late');
    PERFORM set_config('stockflow.actor', 'till 4', true);
    PERFORM stockflow.record_return(c, 1, 1, 0.000001);
    PERFORM set_config('stockflow.actor', '', true);
    PERFORM stockflow.transfer_stock(c, 1, 1, 2, 5);
    PERFORM stockflow.record_movements(c, '[{"product_id": 2, "warehouse_id": 1, "delta": -1, "reason": "sale"}, {"product_id": 2, "warehouse_id": 1, "delta": 7, "reason": "receipt", "unit_cost": 1.25},
        {"product_id": 3, "warehouse_id": 2, "delta": 4, "reason": "found", "reference": ""}, {"product_id": 2, "warehouse_id": 1, "delta": -2, "reason": "sale"}]');
    UPDATE stockflow.inventory i SET quantity = i.quantity - 1 WHERE i.company_id = c AND i.quantity > 1;
    PERFORM stockflow.count_stock(c, 1, 3, 50, reference => 'count');
    DELETE FROM stockflow.inventory i WHERE i.company_id = c AND i.product_id = 3 AND i.warehouse_id = 2;
    INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, quantity) VALUES (c, 3, 2, 9), (c, 2, 2, 0) ON CONFLICT DO NOTHING;
    PERFORM stockflow.record_sale(c, 2, 3, 2);
END $$;
INSERT INTO stockflow.products (company_id, product_id, sku, name, price, is_bundle) SELECT c, 5, 'B', 'Bundle', 1, true FROM generate_series(1, 3) c;
INSERT INTO stockflow.product_bundles (company_id, bundle_id, component_id, quantity) SELECT c, 5, 1, 2 FROM generate_series(1, 3) c;
SELECT pg_temp.move(c) FROM generate_series(1, 3) c;
DELETE FROM stockflow.inventory WHERE company_id = 1 AND product_id = 3 AND warehouse_id = 2;
SELECT is(pg_temp.carry(1) || ', ' || pg_temp.carry(2) || ', ' || pg_temp.carry(3), '0 of 21, 20 of 20, 0 of 20', 'who is tamper-evident has hashes');
SELECT is((SELECT count(chain_hash) FROM stockflow.inventory WHERE company_id <> 2), 0::bigint, 'who is not has none in inventory');
SELECT is_empty('SELECT pg_temp.wrong(2)', 'every hash is that of the description');
UPDATE stockflow.companies SET tamper_evident = true WHERE company_id = 1;
SELECT is((SELECT count(*) - count(chain_hash) FROM stockflow.inventory WHERE company_id = 1), 0::bigint, 'switched on: every row is sealed');
SELECT is_empty('SELECT pg_temp.wrong(1)', 'over all entries so far');
SELECT stockflow.record_sale(c, 1, 5, 2), pg_temp.move(c) FROM generate_series(1, 2) c;
SELECT is(pg_temp.carry(1), '22 of 43', 'the entries since carry hashes');
SELECT is_empty('SELECT pg_temp.wrong(1)', 'that are right, also where a row came back whose ledger had none');
SELECT is_empty('SELECT pg_temp.wrong(2)', 'always on: right');
SELECT is((SELECT chain_hash FROM stockflow.inventory WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 2),
    sha256('stockflow ledger 1'::bytea || int8send(2) || int8send(2) || int8send(2)), 'a row without entries has the start of a chain');

-- Heads and digests.
CREATE TEMP TABLE kept AS SELECT c, (SELECT jsonb_agg(to_jsonb(h)) FROM stockflow.ledger_heads(c) AS h) AS heads FROM generate_series(1, 3) c;
SELECT set_eq('SELECT * FROM stockflow.ledger_heads(1)', 'SELECT product_id, warehouse_id, version, hash FROM pg_temp.chain(1) c
    WHERE version = (SELECT max(version) FROM stockflow.ledger l WHERE l.company_id = 1 AND l.product_id = c.product_id AND l.warehouse_id = c.warehouse_id)', 'heads of all keys');
SELECT is((SELECT digest FROM stockflow.ledger_digest(1)), (SELECT stockflow.digest_heads(heads) FROM kept WHERE c = 1), 'the digest is that of the heads');
SELECT is((SELECT digest FROM stockflow.ledger_digest(1)),
    (SELECT sha256(string_agg(int8send(product_id) || int8send(warehouse_id) || int8send(version) || '\x01' || chain_hash, ''::bytea ORDER BY product_id, warehouse_id)) FROM stockflow.ledger_heads(1)),
    'as it is described');
SELECT results_eq('SELECT keys, entries FROM stockflow.ledger_digest(1)', 'SELECT count(DISTINCT (product_id, warehouse_id)), count(*)::numeric FROM stockflow.ledger WHERE company_id = 1', 'with keys and entries');
SELECT is_empty('SELECT * FROM stockflow.ledger_digest(99)', 'no digest of an unknown company');
SELECT is((SELECT digest FROM stockflow.ledger_digest(3)), (SELECT stockflow.digest_heads(heads) FROM kept WHERE c = 3), 'one without hashes has a digest of its versions');
SELECT is_empty('SELECT * FROM kept, stockflow.verify_heads(c, heads)', 'heads just taken are those of the ledger');
SELECT stockflow.record_sale(c, 1, 1, 1), stockflow.record_sale(c, 1, 2, 1) FROM generate_series(1, 3) c;
DELETE FROM stockflow.inventory WHERE company_id = 1 AND product_id = 1;
SELECT isnt((SELECT digest FROM stockflow.ledger_digest(1)), (SELECT stockflow.digest_heads(heads) FROM kept WHERE c = 1), 'a sale makes another digest');
SELECT is_empty('SELECT * FROM kept, stockflow.verify_heads(c, heads)', 'but the kept heads are still on the way');
SELECT is((SELECT count(*) FROM stockflow.verify_heads(2, (SELECT heads FROM kept WHERE c = 1))), (SELECT jsonb_array_length(heads)::bigint FROM kept WHERE c = 1), 'heads of another company are not');
SELECT is((SELECT string_agg(problem, ', ') FROM stockflow.verify_heads(2, '[{"product_id": 1, "warehouse_id": 1, "version": 99, "chain_hash": null}, {"product_id": 1, "warehouse_id": 1, "version": 1, "chain_hash": "\\x00"}]')),
    'the kept chain_hash is not a hash, entries that were kept are missing', 'odd heads are found');
SELECT is_empty($$SELECT * FROM stockflow.verify_heads(2, '[]')$$, 'no heads, no problem');
SELECT throws_ok($$SELECT * FROM stockflow.verify_heads(2, '{}')$$, '22023', NULL, 'heads are an array');
SELECT throws_ok($$SELECT * FROM stockflow.verify_heads(2, '[{"product_id": 1}]')$$, '22023', 'heads must have product_id, warehouse_id and version', 'of objects with keys');
SELECT throws_ok('SELECT * FROM stockflow.verify_heads(NULL, NULL)', '22004', NULL, 'and not NULL');
SELECT throws_ok($$SELECT stockflow.digest_heads('7')$$, '22023', NULL, 'a digest of anything else');

-- What is found after a statement that runs without triggers. Entry 4 of the key carries a hash in both companies.
CREATE FUNCTION pg_temp.found(statement text, company bigint DEFAULT 2) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text; touched bigint;
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE statement;
    GET DIAGNOSTICS touched = ROW_COUNT;
    SET LOCAL session_replication_role = origin;
    SELECT string_agg(format('%s/%s: %s', v.product_id, v.warehouse_id, v.problem), '; ' ORDER BY v.problem) INTO answer
      FROM stockflow.verify_ledger(company) AS v WHERE v.problem ~ 'hash';
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = CASE WHEN touched = 0 THEN 'touched nothing' ELSE coalesce(answer, 'nothing') END;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM;
END $$;
-- Each column, changed, emptied or filled.
SELECT is(pg_temp.found(format('UPDATE stockflow.inventory_log SET %s WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1 AND version = 2', change)),
          '2/1: the hashes break: entry 2 was changed, added or removed', change)
  FROM unnest(ARRAY['delta = 6', 'quantity_after = quantity_after + 1', 'delta = delta + 0.000001', 'reason = ''Receipt''', 'reference = ''''', 'reference = ''x''',
      'occurred_at = occurred_at + interval ''1 microsecond''', 'recorded_at = recorded_at - interval ''1 microsecond''', 'actor = actor || '' ''', 'unit_cost = 1.250001',
      'unit_cost = NULL', 'bundle_id = 0', 'bundle_id = 5', 'bundle_quantity = 0', 'counterpart_warehouse_id = 2', 'chain_hash = sha256(chain_hash)', 'chain_hash = ''\x00''']) AS change;
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET unit_cost = 1.250000 WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1 AND version = 2'), 'nothing', 'another way to write the same number');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET counterpart_warehouse_id = NULL WHERE company_id = 2 AND counterpart_warehouse_id IS NOT NULL AND product_id = 1 AND warehouse_id = 2'),
    '1/2: the hashes break: entry 1 was changed, added or removed', 'the first entry');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET bundle_id = NULL WHERE company_id = 2 AND bundle_id IS NOT NULL'), '1/1: the hashes break: entry 6 was changed, added or removed', 'a bundle');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET bundle_quantity = NULL WHERE company_id = 2 AND bundle_quantity IS NOT NULL'), '5/1: the hashes break: entry 1 was changed, added or removed', 'its units');
-- Entries that carry no hash, since they are older than the seal.
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET reason = ''gift'' WHERE company_id = 1 AND product_id = 2 AND warehouse_id = 1 AND version = 1', 1),
    '2/1: the hashes break: one of the entries 1 to 6 was changed, added or removed', 'an entry of before the seal');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET chain_hash = NULL WHERE company_id = 2 AND product_id = 2', 2), 'nothing', 'hashes alone that are gone hide nothing');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET chain_hash = NULL, actor = ''me'' WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1', 2),
    '2/1: the hashes break: an entry from 1 on was changed, added or removed', 'as the row has the newest');
-- Entries removed, added, swapped; rows.
SELECT is(pg_temp.found($$WITH gone AS (DELETE FROM stockflow.inventory_log WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1 AND version = 11 RETURNING delta)
    UPDATE stockflow.inventory SET quantity = quantity - gone.delta, version = 10 FROM gone WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1$$),
    '2/1: the hashes break: an entry from 11 on was changed, added or removed', 'the newest entry removed, the balance mended');
SELECT is(pg_temp.found($$WITH added AS (INSERT INTO stockflow.inventory_log SELECT company_id, product_id, warehouse_id, 12, -1, quantity_after - 1, reason, reference, occurred_at, recorded_at, actor
      FROM stockflow.inventory_log WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1 AND version = 11 RETURNING delta)
    UPDATE stockflow.inventory SET quantity = quantity - 1, version = 12 FROM added WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1$$),
    '2/1: the hashes break: an entry from 12 on was changed, added or removed', 'one added');
SELECT is(pg_temp.found($$UPDATE stockflow.inventory_log l SET delta = o.delta, quantity_after = o.quantity_after, recorded_at = o.recorded_at, chain_hash = o.chain_hash
      FROM stockflow.inventory_log o WHERE o.company_id = 2 AND o.product_id = 2 AND o.warehouse_id = 1 AND o.version = 7 - l.version AND l.version IN (3, 4)
       AND l.company_id = 2 AND l.product_id = 2 AND l.warehouse_id = 1$$), '2/1: the hashes break: entry 3 was changed, added or removed', 'two that have changed places');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET version = version - 1 WHERE company_id = 2 AND product_id = 1 AND warehouse_id = 2'), '1/2: the hashes break: entry 0 was changed, added or removed', 'all of them moved');
SELECT is(pg_temp.found('UPDATE stockflow.inventory SET chain_hash = NULL WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1'), '2/1: chain_hash is missing, though the ledger is tamper-evident', 'a row without its hash');
SELECT is(pg_temp.found('UPDATE stockflow.inventory SET chain_hash = sha256(''x'') WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1'), '2/1: the hashes break: an entry from 12 on was changed, added or removed', 'a row with another');
SELECT is(pg_temp.found('UPDATE stockflow.inventory SET chain_hash = sha256(''x'') WHERE company_id = 3 AND product_id = 2 AND warehouse_id = 1', 3), '2/1: chain_hash is set, though the ledger is not tamper-evident', 'a row with one too many');
-- Hashes made anew by whoever may do everything: heads that were kept elsewhere.
CREATE FUNCTION pg_temp.rewritten() RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    SET LOCAL session_replication_role = replica;
    UPDATE stockflow.inventory_log SET actor = 'nobody', chain_hash = NULL WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1 AND version >= 3;
    UPDATE stockflow.inventory_log l SET chain_hash = c.hash FROM pg_temp.chain(2) c WHERE l.company_id = 2 AND l.product_id = c.product_id AND l.warehouse_id = c.warehouse_id AND l.version = c.version;
    UPDATE stockflow.inventory i SET chain_hash = l.chain_hash FROM stockflow.inventory_log l
     WHERE i.company_id = 2 AND l.company_id = 2 AND l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id AND l.version = i.version;
    SET LOCAL session_replication_role = origin;
    SELECT count(*) || ' by verify_ledger, ' INTO answer FROM stockflow.verify_ledger(2);
    answer := answer || (SELECT string_agg(format('%s/%s: %s', v.product_id, v.warehouse_id, v.problem), '; ') FROM kept, stockflow.verify_heads(c, heads) v WHERE c = 2);
    RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = answer;
EXCEPTION WHEN SQLSTATE 'ZZ000' THEN RETURN SQLERRM;
END $$;
SELECT is(pg_temp.rewritten(), '0 by verify_ledger, 2/1: the entries up to this version are not those that were kept', 'hashes made anew');

-- Archive, users' triggers on the log, and what is kept by the ledger.
SELECT ok(stockflow.archive_log(clock_timestamp()) > 20, 'archived');
SELECT stockflow.record_sale(c, 1, 2, 1) FROM generate_series(1, 3) c;
SELECT is_empty('SELECT pg_temp.wrong(1) UNION ALL SELECT pg_temp.wrong(2)', 'hashes go along to the archive, and the chain goes on');
SELECT is_empty('SELECT * FROM kept, stockflow.verify_heads(c, heads)', 'and kept heads are found there');
SELECT throws_ok($$UPDATE stockflow.inventory SET chain_hash = NULL WHERE company_id = 2$$, '55000', 'column "chain_hash" of inventory is kept by the ledger', 'not to be set by hand');
INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id, chain_hash) VALUES (2, 4, 1, 'x'), (3, 4, 1, 'x');
SELECT is((SELECT string_agg(coalesce(length(chain_hash), 0)::text, ' ' ORDER BY company_id) FROM stockflow.inventory WHERE product_id = 4), '32 0', 'nor in a new row');
ALTER TABLE stockflow.inventory_log ADD COLUMN note text;
CREATE FUNCTION pg_temp.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'n'; IF NEW.delta = -3 THEN NEW.reference := 'till'; END IF; RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT ON stockflow.inventory_log FOR EACH ROW EXECUTE FUNCTION pg_temp.touch();
SELECT lives_ok('SELECT stockflow.record_sale(2, 1, 2, 1, reference => ''r'')', 'a trigger with a column of its own');
SELECT throws_ok('SELECT stockflow.record_sale(2, 1, 2, 3)', '23000', 'a ledger entry was not stored as it was made', 'but no column that the hash covers');
SELECT lives_ok('SELECT stockflow.record_sale(3, 1, 2, 3)', 'where there is a hash');
SELECT is_empty('SELECT pg_temp.wrong(2)', 'sound');

-- Ending it is for the owner; and beginning again covers everything once more.
CREATE ROLE tamper_admin;
SELECT stockflow.grant_access('tamper_admin', 'admin');
SELECT set_config('stockflow.company_id', '2', true);
SET LOCAL ROLE tamper_admin;
SELECT throws_ok('UPDATE stockflow.companies SET tamper_evident = false', '42501', 'a tamper-evident ledger cannot be made an ordinary one', 'admin cannot end it');
RESET ROLE;
SELECT set_config('stockflow.company_id', '3', true);
SET LOCAL ROLE tamper_admin;
SELECT lives_ok('UPDATE stockflow.companies SET tamper_evident = true', 'but begin it');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'sound');
RESET ROLE;
SELECT set_config('stockflow.company_id', '', true);
UPDATE stockflow.companies SET tamper_evident = false;
SELECT is((SELECT count(chain_hash) FROM stockflow.inventory), 0::bigint, 'the owner ends it');
SELECT is_empty('SELECT * FROM stockflow.verify_ledger()', 'which is sound');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log_archive SET actor = ''me'' WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1 AND version = 3'),
    '2/1: the hashes break: entry 3 was changed, added or removed', 'entries that carry hashes are still checked');
SELECT stockflow.record_sale(2, 1, 2, 1);
UPDATE stockflow.companies SET tamper_evident = true WHERE company_id = 2;
SELECT stockflow.record_sale(2, 1, 2, 1);
SELECT is_empty('SELECT pg_temp.wrong(2)', 'on again: all is covered');
SELECT is(pg_temp.found('UPDATE stockflow.inventory_log SET actor = ''me'' WHERE company_id = 2 AND product_id = 2 AND warehouse_id = 1 AND chain_hash IS NULL'),
    '2/1: the hashes break: one of the entries 14 to 15 was changed, added or removed', 'also what was written in between');
SELECT is_empty('SELECT * FROM kept, stockflow.verify_heads(c, heads) WHERE c = 2', 'and what was kept before is still proven');
SELECT * FROM finish();
ROLLBACK;
