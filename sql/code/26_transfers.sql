-- Transfers that take time. Whoever changes one locks its row first, then the rows of inventory of
-- both warehouses in key order. Ledger entries refer to 'transfer:ID/LINE'; verify_transfers goes by that.
CREATE FUNCTION stockflow.lock_transfer(company_id bigint, transfer_id bigint, states text[])
    RETURNS TABLE(from_warehouse_id bigint, to_warehouse_id bigint, state text, shipped_at timestamptz)
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        own record;
    BEGIN
        SELECT t.from_warehouse_id, t.to_warehouse_id, t.state, t.shipped_at INTO own
          FROM stockflow.transfers t
         WHERE t.company_id = $1 AND t.transfer_id = $2 FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'transfer % does not exist', $2 USING ERRCODE = 'foreign_key_violation',
                DETAIL = format('Company %s has no such transfer.', $1);
        ELSIF own.state <> ALL ($3) THEN
            RAISE EXCEPTION 'transfer % is %', $2, replace(own.state, '_', ' ')
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = format('It must be %s.', replace(array_to_string($3, ' or '), '_', ' '));
        END IF;
        RETURN QUERY VALUES (own.from_warehouse_id, own.to_warehouse_id, own.state, own.shipped_at);
    END
    $$;
COMMENT ON FUNCTION stockflow.lock_transfer(bigint, bigint, text[]) IS
'Internal. Locks a transfer for a change that these states allow. Errors: 23503 unknown transfer, 55000 another state.';

CREATE FUNCTION stockflow.create_transfer(
    company_id bigint, from_warehouse_id bigint, to_warehouse_id bigint, lines jsonb,
    expected_on date DEFAULT NULL, reference text DEFAULT NULL, idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        own_reference CONSTANT text := stockflow.checked_reference($6);
        given jsonb;
        kept jsonb;
        made bigint;
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'from_warehouse_id'),
                stockflow.checked_id($3, 'to_warehouse_id');
        SELECT jsonb_agg(jsonb_strip_nulls(to_jsonb(l))) INTO given
          FROM stockflow.request_lines($4, '{product_id,quantity}', '{unit_cost}') AS l;
        IF $2 = $3 THEN
            RAISE EXCEPTION 'from_warehouse_id and to_warehouse_id must differ' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        PERFORM stockflow.check_day($5, 'expected_on');
        kept := stockflow.claim_request($1, $7, 'create_transfer',
            jsonb_build_array($2, $3, $4, $5 - date '2000-01-01', own_reference));
        IF kept IS NOT NULL THEN
            RETURN kept::bigint;
        END IF;
        PERFORM stockflow.require_warehouse($1, $2, false), stockflow.require_warehouse($1, $3, true);
        PERFORM stockflow.check_line_products($1, given, false);
        INSERT INTO stockflow.transfers AS t (company_id, from_warehouse_id, to_warehouse_id, expected_on, reference)
        VALUES ($1, $2, $3, $5, own_reference) RETURNING t.transfer_id INTO made;
        INSERT INTO stockflow.transfer_lines (company_id, transfer_id, line_id, product_id, warehouse_id, quantity, unit_cost)
        SELECT $1, made, l.n, l.product_id, $3, l.quantity, l.unit_cost
          FROM jsonb_to_recordset(given) AS l(n bigint, product_id bigint, quantity numeric, unit_cost numeric);
        PERFORM stockflow.keep_request($1, $7, to_jsonb(made));
        RETURN made;
    END
    $$;
COMMENT ON FUNCTION stockflow.create_transfer(bigint, bigint, bigint, jsonb, date, text, text) IS
'Makes a draft of a transfer from [{"product_id", "quantity", "unit_cost"?}, …] and returns its transfer_id. Nothing moves before ship_transfer. Errors: 23503 unknown or deleted company, unknown warehouse or product, closed destination; 23514 bundles, services, fractions of whole-unit products; 22004, 22023, 22003 bad input, with the line that is wrong; 23505 idempotency key.';

CREATE FUNCTION stockflow.ship_transfer(
    company_id bigint, transfer_id bigint, occurred_at timestamptz DEFAULT now(), idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        kept jsonb;
        own record;
        products bigint[];
        movements jsonb;
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'transfer_id'),
                stockflow.checked_moment($3, 'occurred_at');
        kept := stockflow.claim_request($1, $4, 'ship_transfer',
            jsonb_build_array($2, CASE WHEN $3 <> now() THEN extract(epoch FROM $3) END));
        IF kept IS NOT NULL THEN
            RETURN kept #>> '{}';
        END IF;
        SELECT t.* INTO own FROM stockflow.lock_transfer($1, $2, '{draft}') AS t;
        PERFORM stockflow.require_warehouse($1, own.to_warehouse_id, true);
        SELECT array_agg(DISTINCT l.product_id),
               jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                   'product_id', l.product_id, 'warehouse_id', own.from_warehouse_id, 'delta', -l.quantity,
                   'reason', 'transfer_out', 'counterpart_warehouse_id', own.to_warehouse_id, 'unit_cost', l.unit_cost,
                   'occurred_at', $3, 'reference', format('transfer:%s/%s', $2, l.line_id))) ORDER BY l.line_id)
          INTO products, movements
          FROM stockflow.transfer_lines l WHERE l.company_id = $1 AND l.transfer_id = $2;
        IF products IS NULL THEN
            RAISE EXCEPTION 'transfer % has no lines', $2 USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        PERFORM stockflow.lock_stock($1, products || products,
            array_fill(own.from_warehouse_id, ARRAY[cardinality(products)])
            || array_fill(own.to_warehouse_id, ARRAY[cardinality(products)]));
        PERFORM stockflow.record_movements($1, movements);
        PERFORM stockflow.keep_shipped_lots($1, $2, own.from_warehouse_id);
        UPDATE stockflow.transfer_lines l SET is_open = true WHERE l.company_id = $1 AND l.transfer_id = $2;
        UPDATE stockflow.transfers t SET state = 'shipped', shipped_at = $3 WHERE t.company_id = $1 AND t.transfer_id = $2;
        PERFORM stockflow.keep_request($1, $4, '"shipped"');
        RETURN 'shipped';
    END
    $$;
COMMENT ON FUNCTION stockflow.ship_transfer(bigint, bigint, timestamptz, text) IS
'Sends a draft on its way: takes its lines out of the source (reason transfer_out; no demand), from where they are in transit to the destination. Returns the state, shipped. Errors: 55000 not a draft, or without lines; 23514 less available than is to be sent; 23503 unknown transfer, or a destination that is closed by now; 22023 occurred_at more than a day ahead.';

CREATE FUNCTION stockflow.open_transfer_lines(company_id bigint, transfer_id bigint, lines jsonb)
    RETURNS TABLE(line_id bigint, product_id bigint, quantity numeric, unit_cost numeric)
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        fault record;
    BEGIN
        IF $3 IS NULL THEN
            RETURN QUERY SELECT l.line_id, l.product_id, l.open_quantity, l.unit_cost
                           FROM stockflow.transfer_lines l
                          WHERE l.company_id = $1 AND l.transfer_id = $2 AND l.is_open;
            RETURN;
        END IF;
        SELECT r.n, r.line_id, r.total, l.line_id IS NULL AS unknown, l.open_quantity, l.quantity, p.sku,
               p.whole_units AND r.quantity <> trunc(r.quantity) AS fraction
          INTO fault
          FROM (SELECT r.*, sum(r.quantity) OVER (PARTITION BY r.line_id) AS total
                  FROM stockflow.request_lines($3, '{line_id,quantity}', '{}') AS r) AS r
          LEFT JOIN stockflow.transfer_lines l ON l.company_id = $1 AND l.transfer_id = $2 AND l.line_id = r.line_id
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = l.product_id
         WHERE l.line_id IS NULL OR r.total > l.open_quantity OR p.whole_units AND r.quantity <> trunc(r.quantity)
         ORDER BY r.n LIMIT 1;
        IF NOT FOUND THEN
            RETURN QUERY SELECT l.line_id, l.product_id, sum(r.quantity), l.unit_cost
                           FROM stockflow.request_lines($3, '{line_id,quantity}', '{}') AS r
                           JOIN stockflow.transfer_lines l
                             ON l.company_id = $1 AND l.transfer_id = $2 AND l.line_id = r.line_id
                          GROUP BY l.line_id, l.product_id, l.unit_cost;
        ELSIF fault.unknown THEN
            RAISE EXCEPTION 'line %: transfer % has no line %', fault.n, $2, fault.line_id USING ERRCODE = 'foreign_key_violation';
        ELSIF fault.fraction THEN
            RAISE EXCEPTION 'line %: product "%" comes in whole units only', fault.n, fault.sku USING ERRCODE = 'check_violation';
        ELSE
            RAISE EXCEPTION 'line %: more of product "%" than is in transit', fault.n, fault.sku
                USING ERRCODE = 'check_violation',
                      DETAIL = format('In transit are %s of %s sent, requested %s.',
                                      trim_scale(fault.open_quantity), trim_scale(fault.quantity), trim_scale(fault.total)),
                      HINT = 'What arrived beyond what was sent is an adjustment (adjust_stock), or was not counted when it left.';
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.open_transfer_lines(bigint, bigint, jsonb) IS
'Internal. The lines of a transfer that [{"line_id", "quantity"}, …] names (NULL: all that is in transit), summed by line. Errors: 23503 unknown line; 23514 more than is in transit, fraction of a whole-unit product; 22023, 22003 bad input.';

CREATE FUNCTION stockflow.settle_transfer(
    company_id bigint, transfer_id bigint, lines jsonb, occurred_at timestamptz, outcome text)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        own record;
        taken jsonb;
        products bigint[];
        place bigint;
        new_state text;
    BEGIN
        -- An application's role can call it as well.
        IF $5 IS NULL OR $5 NOT IN ('received', 'lost', 'returned') THEN
            RAISE EXCEPTION 'units in transit do not end as "%"', $5 USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Use receive_transfer, write_off_transfer or cancel_transfer.';
        END IF;
        SELECT t.* INTO own FROM stockflow.lock_transfer($1, $2, '{shipped,partly_received}') AS t;
        IF $4 < own.shipped_at THEN
            RAISE EXCEPTION 'occurred_at lies before the shipment' USING ERRCODE = 'invalid_parameter_value',
                DETAIL = format('Transfer %s was shipped at %s.', $2, own.shipped_at);
        END IF;
        SELECT jsonb_agg(to_jsonb(l)), array_agg(DISTINCT l.product_id) INTO taken, products
          FROM stockflow.open_transfer_lines($1, $2, $3) AS l;
        place := CASE WHEN $5 = 'returned' THEN own.from_warehouse_id ELSE own.to_warehouse_id END;
        -- The destination too when the goods go back: its in_transit changes.
        PERFORM stockflow.lock_stock($1, products || products,
            array_fill(place, ARRAY[cardinality(products)])
            || array_fill(own.to_warehouse_id, ARRAY[cardinality(products)]));
        -- What is lost arrives in the ledger and is written off, so that the loss can be seen there. Lots are settled once
        -- per line: joined directly, a plan might do so for the arrival and again for the loss.
        PERFORM stockflow.record_movements($1, (
            WITH settled AS MATERIALIZED (
                SELECT l.line_id, l.product_id, l.unit_cost, t.lot, t.quantity
                  FROM jsonb_to_recordset(taken) AS l(line_id bigint, product_id bigint, quantity numeric, unit_cost numeric)
                 CROSS JOIN LATERAL stockflow.settle_lots($1, $2, l.line_id, l.quantity) AS t)
            SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                       'product_id', s.product_id, 'warehouse_id', place, 'delta', m.sign * s.quantity, 'reason', m.reason, 'lot', s.lot,
                       'counterpart_warehouse_id',
                       CASE WHEN $5 = 'returned' THEN own.to_warehouse_id ELSE own.from_warehouse_id END,
                       'unit_cost', s.unit_cost, 'occurred_at', $4,
                       'reference', format('transfer:%s/%s', $2, s.line_id))) ORDER BY s.line_id, m.sign DESC)
              FROM settled s
              JOIN (VALUES (1, 'transfer_in'), (-1, 'transit_loss')) AS m(sign, reason) ON m.sign = 1 OR $5 = 'lost'));
        UPDATE stockflow.transfer_lines l
           SET received = l.received + CASE $5 WHEN 'received' THEN t.quantity ELSE 0 END,
               lost = l.lost + CASE $5 WHEN 'lost' THEN t.quantity ELSE 0 END,
               returned = l.returned + CASE $5 WHEN 'returned' THEN t.quantity ELSE 0 END,
               is_open = l.open_quantity > t.quantity
          FROM jsonb_to_recordset(taken) AS t(line_id bigint, quantity numeric)
         WHERE l.company_id = $1 AND l.transfer_id = $2 AND l.line_id = t.line_id;
        SELECT CASE WHEN bool_or(l.is_open) THEN 'partly_received'
                    WHEN sum(l.received) = sum(l.quantity) THEN 'received'
                    WHEN sum(l.returned) = sum(l.quantity) THEN 'cancelled'
                    ELSE 'closed' END
          INTO new_state
          FROM stockflow.transfer_lines l WHERE l.company_id = $1 AND l.transfer_id = $2;
        UPDATE stockflow.transfers t
           SET state = new_state, closed_at = CASE WHEN new_state <> 'partly_received' THEN $4 END
         WHERE t.company_id = $1 AND t.transfer_id = $2;
        RETURN new_state;
    END
    $$;
COMMENT ON FUNCTION stockflow.settle_transfer(bigint, bigint, jsonb, timestamptz, text) IS
'Internal. Ends units in transit as received, lost or returned and returns the new state. Errors: 55000 nothing in transit; 22023 another outcome; as open_transfer_lines and record_movements.';

CREATE FUNCTION stockflow.end_transit(
    company_id bigint, transfer_id bigint, lines jsonb, occurred_at timestamptz, idempotency_key text, operation text,
    outcome text)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        kept jsonb;
        new_state text;
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'transfer_id'),
                stockflow.checked_moment($4, 'occurred_at');
        kept := stockflow.claim_request($1, $5, $6,
            jsonb_build_array($2, $3, CASE WHEN $4 <> now() THEN extract(epoch FROM $4) END));
        IF kept IS NOT NULL THEN
            RETURN kept #>> '{}';
        END IF;
        new_state := stockflow.settle_transfer($1, $2, $3, $4, $7);
        PERFORM stockflow.keep_request($1, $5, to_jsonb(new_state));
        RETURN new_state;
    END
    $$;
COMMENT ON FUNCTION stockflow.end_transit(bigint, bigint, jsonb, timestamptz, text, text, text) IS
'Internal. receive_transfer and write_off_transfer: settle_transfer, once per idempotency key of the operation.';

CREATE FUNCTION stockflow.receive_transfer(
    company_id bigint, transfer_id bigint, lines jsonb DEFAULT NULL, occurred_at timestamptz DEFAULT now(),
    idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT stockflow.end_transit($1, $2, $3, $4, $5, 'receive_transfer', 'received') $$;
COMMENT ON FUNCTION stockflow.receive_transfer(bigint, bigint, jsonb, timestamptz, text) IS
'Puts what arrived, [{"line_id", "quantity"}, …] or all that is in transit (NULL), into stock at the destination (reason transfer_in) and returns the state: partly_received while something is in transit, else received or closed. What is missing stays in transit until it is received, written off or cancelled. Errors: 55000 nothing in transit; 23514 more than is in transit; 23503 unknown transfer or line, closed destination; 22023 occurred_at before the shipment or more than a day ahead; 22023, 22003 bad lines.';

CREATE FUNCTION stockflow.write_off_transfer(
    company_id bigint, transfer_id bigint, lines jsonb DEFAULT NULL, occurred_at timestamptz DEFAULT now(),
    idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE sql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT stockflow.end_transit($1, $2, $3, $4, $5, 'write_off_transfer', 'lost') $$;
COMMENT ON FUNCTION stockflow.write_off_transfer(bigint, bigint, jsonb, timestamptz, text) IS
'Gives up what is missing, [{"line_id", "quantity"}, …] or all that is in transit (NULL), and returns the state. The ledger of the destination shows the loss: a transfer_in and a transit_loss of the same size, no demand. Errors as receive_transfer.';

CREATE FUNCTION stockflow.cancel_transfer(
    company_id bigint, transfer_id bigint, occurred_at timestamptz DEFAULT now(), idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    AS $$
    DECLARE
        kept jsonb;
        own record;
        new_state text := 'cancelled';
    BEGIN
        PERFORM stockflow.checked_id($1, 'company_id'), stockflow.checked_id($2, 'transfer_id'),
                stockflow.checked_moment($3, 'occurred_at');
        kept := stockflow.claim_request($1, $4, 'cancel_transfer',
            jsonb_build_array($2, CASE WHEN $3 <> now() THEN extract(epoch FROM $3) END));
        IF kept IS NOT NULL THEN
            RETURN kept #>> '{}';
        END IF;
        SELECT t.* INTO own FROM stockflow.lock_transfer($1, $2, '{draft,shipped,partly_received}') AS t;
        IF own.state = 'draft' THEN
            UPDATE stockflow.transfers t SET state = new_state, closed_at = $3
             WHERE t.company_id = $1 AND t.transfer_id = $2;
        ELSE
            new_state := stockflow.settle_transfer($1, $2, NULL, $3, 'returned');
        END IF;
        PERFORM stockflow.keep_request($1, $4, to_jsonb(new_state));
        RETURN new_state;
    END
    $$;
COMMENT ON FUNCTION stockflow.cancel_transfer(bigint, bigint, timestamptz, text) IS
'Drops a draft, or takes all that is in transit back into stock at the source (reason transfer_in), and returns the state: cancelled, or closed where something was received or lost before. Errors: 55000 already ended; 23503 unknown transfer, closed source; 22023 occurred_at before the shipment or more than a day ahead.';

CREATE FUNCTION stockflow.transfers_in_transit(company_id bigint, warehouse_id bigint DEFAULT NULL)
    RETURNS TABLE(transfer_id bigint, line_id bigint, product_id bigint, sku text, product_name text,
                  from_warehouse_id bigint, to_warehouse_id bigint, sent numeric, in_transit numeric,
                  shipped_at timestamptz, expected_on date, days_late integer)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS $$
        SELECT t.transfer_id, l.line_id, l.product_id, p.sku, p.name, t.from_warehouse_id, t.to_warehouse_id,
               l.quantity, l.open_quantity, t.shipped_at, t.expected_on,
               greatest((now() AT TIME ZONE c.timezone)::date - t.expected_on, 0)
          FROM stockflow.transfer_lines l
          JOIN stockflow.transfers t ON t.company_id = l.company_id AND t.transfer_id = l.transfer_id
          JOIN stockflow.products p ON p.company_id = l.company_id AND p.product_id = l.product_id
          JOIN stockflow.companies c ON c.company_id = l.company_id
         WHERE l.company_id = $1 AND l.is_open AND ($2 IS NULL OR l.warehouse_id = $2)
         ORDER BY t.expected_on NULLS LAST, t.transfer_id, l.line_id
    $$;
COMMENT ON FUNCTION stockflow.transfers_in_transit(bigint, bigint) IS
'What is on its way to a warehouse (NULL: to any), in units per line, soonest expected first; days_late counts from expected_on in the company''s time zone, 0 when it is not late, NULL without a date.';

CREATE FUNCTION stockflow.verify_transfers(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        WITH totals AS (
            SELECT l.company_id, l.product_id, l.warehouse_id, sum(l.open_quantity) AS open_quantity
              FROM stockflow.transfer_lines l WHERE $1 IS NULL OR l.company_id = $1
             GROUP BY 1, 2, 3),
        -- The whole ledger of each line, by where it stands and why.
        booked AS (
            SELECT g.company_id, g.product_id, g.warehouse_id, g.counterpart_warehouse_id AS other, g.reference, g.reason,
                   sum(g.delta) AS delta
              FROM stockflow.ledger g
             WHERE ($1 IS NULL OR g.company_id = $1) AND g.reference LIKE 'transfer:%'
               AND g.reason IN ('transfer_out', 'transfer_in', 'transit_loss')
             GROUP BY 1, 2, 3, 4, 5, 6),
        claimed AS (
            SELECT t.company_id, l.product_id, m.warehouse_id, m.other,
                   format('transfer:%s/%s', t.transfer_id, l.line_id) AS reference, m.reason, m.delta
              FROM stockflow.transfers t
              JOIN stockflow.transfer_lines l ON l.company_id = t.company_id AND l.transfer_id = t.transfer_id
             CROSS JOIN LATERAL (VALUES
                   (t.from_warehouse_id, t.to_warehouse_id, 'transfer_out', CASE WHEN t.shipped_at IS NULL THEN 0 ELSE -l.quantity END),
                   (t.from_warehouse_id, t.to_warehouse_id, 'transfer_in', l.returned),
                   (t.to_warehouse_id, t.from_warehouse_id, 'transfer_in', l.received + l.lost),
                   (t.to_warehouse_id, t.from_warehouse_id, 'transit_loss', -l.lost)) AS m(warehouse_id, other, reason, delta)
             WHERE ($1 IS NULL OR t.company_id = $1) AND m.delta <> 0)
        SELECT coalesce(i.company_id, l.company_id), coalesce(i.product_id, l.product_id),
               coalesce(i.warehouse_id, l.warehouse_id),
               format('in_transit is %s, open lines of transfers add up to %s',
                      coalesce(i.in_transit, 0), coalesce(l.open_quantity, 0))
          FROM (SELECT * FROM stockflow.inventory v WHERE $1 IS NULL OR v.company_id = $1) AS i
          FULL JOIN totals l
            ON l.company_id = i.company_id AND l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id
         WHERE coalesce(i.in_transit, 0) <> coalesce(l.open_quantity, 0)
        UNION ALL
        SELECT coalesce(b.company_id, k.company_id), coalesce(b.product_id, k.product_id),
               coalesce(b.warehouse_id, k.warehouse_id),
               format('%s of %s adds up to %s in the ledger, the transfer says %s', coalesce(b.reason, k.reason),
                      coalesce(b.reference, k.reference), coalesce(b.delta, 0), coalesce(k.delta, 0))
          FROM booked b
          FULL JOIN claimed k
            ON k.company_id = b.company_id AND k.product_id = b.product_id AND k.warehouse_id = b.warehouse_id
           AND k.other = b.other AND k.reference = b.reference AND k.reason = b.reason
         WHERE coalesce(b.delta, 0) <> coalesce(k.delta, 0)
        UNION ALL
        SELECT t.company_id, l.product_id, l.warehouse_id,
               format('transfer %s is %s, its line %s is %s', t.transfer_id, t.state, l.line_id,
                      CASE WHEN l.is_open THEN 'in transit' ELSE 'not in transit' END)
          FROM stockflow.transfers t
          JOIN stockflow.transfer_lines l ON l.company_id = t.company_id AND l.transfer_id = t.transfer_id
         WHERE ($1 IS NULL OR t.company_id = $1)
           AND (l.is_open AND t.state NOT IN ('shipped', 'partly_received')
                OR t.state = 'shipped' AND NOT l.is_open)
        ORDER BY 1, 2, 3, 4
    $$;
COMMENT ON FUNCTION stockflow.verify_transfers(bigint) IS
'Proves of a company (NULL: of all) that in_transit is the sum of open lines, and that what transfers say was sent, received, lost and returned is what the ledger says. No row: sound.';
