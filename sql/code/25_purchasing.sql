-- Purchase orders. Whoever changes one locks its row first, then the rows of inventory in key order.
CREATE FUNCTION stockflow.lock_purchase_order(company_id bigint, order_id bigint, states text[])
    RETURNS TABLE(supplier_id bigint, state text, expected_on date, ordered_at timestamptz)
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        SELECT o.supplier_id, o.state, o.expected_on, o.ordered_at
          INTO lock_purchase_order.supplier_id, lock_purchase_order.state,
               lock_purchase_order.expected_on, lock_purchase_order.ordered_at
          FROM stockflow.purchase_orders o
         WHERE o.company_id = $1 AND o.order_id = $2 FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'purchase order % does not exist', $2
                USING ERRCODE = 'foreign_key_violation',
                      DETAIL = format('Company %s has no such purchase order.', $1);
        ELSIF lock_purchase_order.state <> ALL ($3) THEN
            RAISE EXCEPTION 'purchase order % is %', $2, replace(lock_purchase_order.state, '_', ' ')
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = format('It must be %s.', replace(array_to_string($3, ' or '), '_', ' '));
        END IF;
        RETURN NEXT;
    END
    $$;
COMMENT ON FUNCTION stockflow.lock_purchase_order(bigint, bigint, text[]) IS
'Internal. Locks a purchase order for a change that these states allow. Errors: 23503 unknown order, 55000 another state.';

CREATE FUNCTION stockflow.check_purchase_lines(company_id bigint, lines jsonb) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        fault record;
    BEGIN
        SELECT l.line_id, f.code, f.message INTO fault
          FROM jsonb_to_recordset($2) AS l(line_id bigint, product_id bigint, warehouse_id bigint, quantity numeric)
          LEFT JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = l.product_id
          LEFT JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = l.warehouse_id
         CROSS JOIN LATERAL (VALUES
               (1, p.product_id IS NULL, '23503', format('product %s does not exist', l.product_id)),
               (2, p.deleted_at IS NOT NULL, '23503', format('product "%s" is deleted', p.sku)),
               (3, p.is_bundle OR NOT p.is_stocked, '23514', format('product "%s" holds no stock of its own', p.sku)),
               (4, p.whole_units AND l.quantity <> trunc(l.quantity), '23514', format('product "%s" comes in whole units only', p.sku)),
               (5, l.warehouse_id IS NULL, '22023', 'warehouse_id is missing'),
               (6, w.warehouse_id IS NULL, '23503', format('warehouse %s does not exist', l.warehouse_id)),
               (7, w.deleted_at IS NOT NULL, '23503', format('warehouse "%s" is closed', w.name))
               ) AS f(rank, applies, code, message)
         WHERE f.applies
         ORDER BY l.line_id, f.rank LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'line %: %', fault.line_id, fault.message USING ERRCODE = fault.code;
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.check_purchase_lines(bigint, jsonb) IS
'Internal. Refuses lines whose product or warehouse cannot take a receipt. Errors: 23503 unknown, deleted or closed; 23514 bundles, services, fractions of whole-unit products; 22023 no warehouse.';

CREATE FUNCTION stockflow.check_supplier(company_id bigint, supplier_id bigint) RETURNS void
    LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        supplier record;
    BEGIN
        SELECT s.name, s.deleted_at INTO supplier
          FROM stockflow.suppliers s WHERE s.company_id = $1 AND s.supplier_id = $2;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'supplier % does not exist', $2 USING ERRCODE = 'foreign_key_violation',
                DETAIL = format('Company %s has no such supplier.', $1);
        ELSIF supplier.deleted_at IS NOT NULL THEN
            RAISE EXCEPTION 'supplier "%" is deleted', supplier.name USING ERRCODE = 'foreign_key_violation';
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.check_supplier(bigint, bigint) IS
'Internal. Refuses (23503) an unknown or deleted supplier.';

CREATE FUNCTION stockflow.create_purchase_order(
    company_id bigint, supplier_id bigint, warehouse_id bigint, lines jsonb,
    expected_on date DEFAULT NULL, reference text DEFAULT NULL, note text DEFAULT NULL,
    idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        own_reference CONSTANT text := stockflow.checked_text($6, 'reference', 200);
        own_note CONSTANT text := stockflow.checked_text($7, 'note', 2000);
        given jsonb;
        kept jsonb;
        made bigint;
    BEGIN
        PERFORM stockflow.check_given(jsonb_build_object('company_id', $1, 'supplier_id', $2));
        SELECT jsonb_agg(jsonb_build_object('line_id', l.n, 'product_id', l.product_id, 'warehouse_id', coalesce(l.warehouse_id, $3),
                   'quantity', l.quantity, 'unit_cost', l.unit_cost, 'expected_on', l.expected_on))
          INTO given
          FROM stockflow.request_lines($4, '{product_id,quantity}', '{warehouse_id,unit_cost,expected_on}') AS l;
        PERFORM stockflow.check_day($5, 'expected_on');
        kept := stockflow.claim_request($1, $8, 'create_purchase_order',
            jsonb_build_array($2, $3, $4, $5 - date '2000-01-01', own_reference, own_note));
        IF kept IS NOT NULL THEN
            RETURN kept::bigint;
        END IF;
        PERFORM stockflow.check_supplier($1, $2);
        IF $3 IS NOT NULL THEN
            PERFORM stockflow.require_warehouse($1, $3, false);
        END IF;
        PERFORM stockflow.check_purchase_lines($1, given);
        INSERT INTO stockflow.purchase_orders AS o (company_id, supplier_id, warehouse_id, expected_on, reference, note)
        VALUES ($1, $2, $3, $5, own_reference, own_note) RETURNING o.order_id INTO made;
        -- Without a cost of its own a line has the supplier's for all that is ordered of its product.
        INSERT INTO stockflow.purchase_order_lines (company_id, order_id, line_id, product_id, warehouse_id, quantity, unit_cost, expected_on)
        SELECT $1, made, l.line_id, l.product_id, l.warehouse_id, l.quantity,
               coalesce(l.unit_cost, stockflow.supplier_price($1, l.product_id, $2, sum(l.quantity) OVER (PARTITION BY l.product_id))),
               l.expected_on
          FROM jsonb_to_recordset(given) AS l(line_id bigint, product_id bigint, warehouse_id bigint, quantity numeric,
                                              unit_cost numeric, expected_on date);
        PERFORM stockflow.keep_request($1, $8, to_jsonb(made));
        RETURN made;
    END
    $$;
COMMENT ON FUNCTION stockflow.create_purchase_order(bigint, bigint, bigint, jsonb, date, text, text, text) IS
'Makes a draft of a purchase order from [{"product_id", "quantity", "warehouse_id"?, "unit_cost"?, "expected_on"?}, …] and returns its order_id. A line without a warehouse goes to the order''s, one without a cost has supplier_price. Nothing is on order before place_purchase_order. Errors: 23503 unknown or deleted company, supplier, product or warehouse; 23514 bundles, services, fractions of whole-unit products; 22004, 22023, 22003 bad input, with the line that is wrong; 23505 idempotency key.';

CREATE FUNCTION stockflow.place_purchase_order(
    company_id bigint, order_id bigint, ordered_at timestamptz DEFAULT now(), idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        kept jsonb;
        own record;
        ordered_on date;
        lead_days jsonb;
    BEGIN
        PERFORM stockflow.check_given(jsonb_build_object('company_id', $1, 'order_id', $2));
        PERFORM stockflow.checked_moment($3, 'ordered_at');
        kept := stockflow.claim_request($1, $4, 'place_purchase_order',
            jsonb_build_array($2, CASE WHEN $3 <> now() THEN extract(epoch FROM $3) END));
        IF kept IS NOT NULL THEN
            RETURN kept #>> '{}';
        END IF;
        SELECT o.* INTO own FROM stockflow.lock_purchase_order($1, $2, '{draft}') AS o;
        PERFORM stockflow.check_supplier($1, own.supplier_id);
        PERFORM stockflow.check_purchase_lines($1, (SELECT jsonb_agg(to_jsonb(l)) FROM stockflow.purchase_order_lines l
                                                     WHERE l.company_id = $1 AND l.order_id = $2));
        SELECT ($3 AT TIME ZONE c.timezone)::date INTO ordered_on FROM stockflow.companies c WHERE c.company_id = $1;
        -- Looked up and not joined: the planner takes an order for a few lines, and would join each with all.
        SELECT coalesce(jsonb_object_agg(t.product_id, t.days), '{}') INTO lead_days
          FROM stockflow.lead_time($1, supplier_id => own.supplier_id) AS t;
        UPDATE stockflow.purchase_order_lines l
           SET is_open = true,
               expected_on = coalesce(l.expected_on, own.expected_on,
                                      ordered_on + (lead_days ->> l.product_id::text)::integer)
         WHERE l.company_id = $1 AND l.order_id = $2;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'purchase order % has no lines', $2 USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        UPDATE stockflow.purchase_orders o SET state = 'ordered', ordered_at = $3
         WHERE o.company_id = $1 AND o.order_id = $2;
        PERFORM stockflow.keep_request($1, $4, '"ordered"');
        RETURN 'ordered';
    END
    $$;
COMMENT ON FUNCTION stockflow.place_purchase_order(bigint, bigint, timestamptz, text) IS
'Orders a draft: its lines are on order from now on, and lead times count from ordered_at. Lines without an expected day get the order''s, else the day of the order plus lead_time. Returns the state, ordered. Errors: 55000 not a draft; 23503 unknown order, or a supplier, product or warehouse that is deleted or closed by now; 22023 ordered_at more than a day ahead.';

CREATE FUNCTION stockflow.receive_purchase_order(
    company_id bigint, order_id bigint, lines jsonb, occurred_at timestamptz DEFAULT now(),
    idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        kept jsonb;
        own record;
        given jsonb;
        fault record;
        new_state text;
    BEGIN
        PERFORM stockflow.check_given(jsonb_build_object('company_id', $1, 'order_id', $2));
        SELECT jsonb_agg(to_jsonb(l)) INTO given
          FROM stockflow.request_lines($3, '{line_id,quantity}', '{unit_cost,lot,expires_on}') AS l;
        PERFORM stockflow.checked_moment($4, 'occurred_at');
        kept := stockflow.claim_request($1, $5, 'receive_purchase_order',
            jsonb_build_array($2, $3, CASE WHEN $4 <> now() THEN extract(epoch FROM $4) END));
        IF kept IS NOT NULL THEN
            RETURN kept #>> '{}';
        END IF;
        SELECT o.* INTO own FROM stockflow.lock_purchase_order($1, $2, '{ordered,partly_received}') AS o;
        IF $4 < own.ordered_at THEN
            RAISE EXCEPTION 'occurred_at lies before the order' USING ERRCODE = 'invalid_parameter_value',
                DETAIL = format('Purchase order %s was placed at %s.', $2, own.ordered_at);
        END IF;

        -- Each line of the request with its line of the order, and all that is received of the latter.
        SELECT jsonb_agg(jsonb_build_object('n', g.n, 'line_id', g.line_id, 'quantity', g.quantity, 'total', g.total,
                   'unit_cost', coalesce(g.unit_cost, l.unit_cost), 'product_id', l.product_id, 'warehouse_id', l.warehouse_id,
                   'ordered', l.quantity, 'before', l.received, 'lot', g.lot, 'expires_on', g.expires_on) ORDER BY g.n)
          INTO given
          FROM (SELECT r.*, sum(r.quantity) OVER (PARTITION BY r.line_id) AS total
                  FROM jsonb_to_recordset(given) AS r(n bigint, line_id bigint, quantity numeric, unit_cost numeric, lot text, expires_on date)) AS g
          LEFT JOIN stockflow.purchase_order_lines l
            ON l.company_id = $1 AND l.order_id = $2 AND l.line_id = g.line_id;
        SELECT g.*, c.over_receipt_percent INTO fault
          FROM jsonb_to_recordset(given) AS g(n bigint, line_id bigint, total numeric, product_id bigint, ordered numeric, before numeric)
         CROSS JOIN stockflow.companies c
         WHERE c.company_id = $1
           AND (g.product_id IS NULL OR (g.before + g.total) * 100 > g.ordered * (100 + c.over_receipt_percent))
         ORDER BY g.n LIMIT 1;
        IF fault.product_id IS NULL AND fault.n IS NOT NULL THEN
            RAISE EXCEPTION 'line %: purchase order % has no line %', fault.n, $2, fault.line_id
                USING ERRCODE = 'foreign_key_violation';
        ELSIF fault.n IS NOT NULL THEN
            RAISE EXCEPTION 'line %: more than ordered of line % of purchase order %', fault.n, fault.line_id, $2
                USING ERRCODE = 'check_violation',
                      DETAIL = format('Ordered are %s, received %s, now %s more; %s %% too many are allowed.',
                                      fault.ordered, fault.before, fault.total, trim_scale(fault.over_receipt_percent)),
                      HINT = 'Set companies.over_receipt_percent, or book the rest with stockflow.receive_stock.';
        END IF;

        PERFORM stockflow.keep_lot($1, g.product_id, g.lot, g.expires_on)
           FROM jsonb_to_recordset(given) AS g(n bigint, product_id bigint, lot text, expires_on date)
          WHERE g.lot IS NOT NULL ORDER BY g.n;
        -- Stock first: it locks the rows of inventory in key order; what on_order changes is among them.
        PERFORM stockflow.record_movements($1,
            (SELECT jsonb_agg(jsonb_build_object('product_id', g.product_id, 'warehouse_id', g.warehouse_id,
                        'delta', g.quantity, 'reason', 'receipt', 'unit_cost', g.unit_cost, 'occurred_at', $4, 'lot', g.lot,
                        'reference', format('purchase_order:%s/%s', $2, g.line_id)) ORDER BY g.n)
               FROM jsonb_to_recordset(given) AS g(n bigint, line_id bigint, quantity numeric, unit_cost numeric,
                                                   product_id bigint, warehouse_id bigint, lot text)));
        INSERT INTO stockflow.purchase_receipts (company_id, order_id, line_id, quantity, unit_cost, occurred_at)
        SELECT $1, $2, g.line_id, g.quantity, g.unit_cost, $4
          FROM jsonb_to_recordset(given) AS g(n bigint, line_id bigint, quantity numeric, unit_cost numeric) ORDER BY g.n;
        UPDATE stockflow.purchase_order_lines l SET received = l.received + g.total
          FROM (SELECT DISTINCT d.line_id, d.total FROM jsonb_to_recordset(given) AS d(line_id bigint, total numeric)) AS g
         WHERE l.company_id = $1 AND l.order_id = $2 AND l.line_id = g.line_id;
        SELECT CASE WHEN bool_and(l.received >= l.quantity) THEN 'received' ELSE 'partly_received' END INTO new_state
          FROM stockflow.purchase_order_lines l WHERE l.company_id = $1 AND l.order_id = $2;
        PERFORM stockflow.end_purchase_order($1, $2, new_state);
        PERFORM stockflow.keep_request($1, $5, to_jsonb(new_state));
        RETURN new_state;
    END
    $$;
COMMENT ON FUNCTION stockflow.receive_purchase_order(bigint, bigint, jsonb, timestamptz, text) IS
'Books what has come in of an order, [{"line_id", "quantity", "unit_cost"?, "lot"?, "expires_on"?}, …], into stock at the line''s cost (or the one given), under the reference purchase_order:ORDER/LINE, and returns the state: partly_received, or received when nothing is left. All or nothing; lines of one line_id are summed before they are checked. Errors: 55000 not ordered, or ended; 23514 more than ordered and companies.over_receipt_percent allows, or what receive_stock refuses; 23503 unknown order or line, product deleted or warehouse closed; 22023 occurred_at before the order; 22004, 22023, 22003 bad input; 23505 idempotency key.';

CREATE FUNCTION stockflow.end_purchase_order(company_id bigint, order_id bigint, new_state text) RETURNS void
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF $3 IN ('received', 'cancelled') THEN
            UPDATE stockflow.purchase_order_lines l SET is_open = false
             WHERE l.company_id = $1 AND l.order_id = $2 AND l.is_open;
        END IF;
        UPDATE stockflow.purchase_orders o
           SET state = $3, closed_at = CASE WHEN $3 IN ('received', 'cancelled') THEN now() END
         WHERE o.company_id = $1 AND o.order_id = $2;
    END
    $$;
COMMENT ON FUNCTION stockflow.end_purchase_order(bigint, bigint, text) IS
'Internal. Sets the state of a purchase order that is locked; when it ends, nothing of it is on order any more.';

CREATE FUNCTION stockflow.cancel_purchase_order(company_id bigint, order_id bigint, idempotency_key text DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        kept jsonb;
        own record;
        new_state text;
    BEGIN
        PERFORM stockflow.check_given(jsonb_build_object('company_id', $1, 'order_id', $2));
        kept := stockflow.claim_request($1, $3, 'cancel_purchase_order', jsonb_build_array($2));
        IF kept IS NOT NULL THEN
            RETURN kept #>> '{}';
        END IF;
        SELECT o.* INTO own FROM stockflow.lock_purchase_order($1, $2, '{draft,ordered,partly_received}') AS o;
        new_state := CASE own.state WHEN 'partly_received' THEN 'received' ELSE 'cancelled' END;
        PERFORM stockflow.end_purchase_order($1, $2, new_state);
        PERFORM stockflow.keep_request($1, $3, to_jsonb(new_state));
        RETURN new_state;
    END
    $$;
COMMENT ON FUNCTION stockflow.cancel_purchase_order(bigint, bigint, text) IS
'Gives up what has not come in of an order and returns the state: cancelled when nothing came, received when a part did, which stays. Errors: 55000 it has ended already; 23503 unknown order; 23505 idempotency key.';

CREATE FUNCTION stockflow.reschedule_purchase_order(
    company_id bigint, order_id bigint, expected_on date, line_id bigint DEFAULT NULL, idempotency_key text DEFAULT NULL)
    RETURNS bigint
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        kept jsonb;
        changed bigint;
    BEGIN
        PERFORM stockflow.check_given(jsonb_build_object('company_id', $1, 'order_id', $2, 'expected_on', $3));
        PERFORM stockflow.check_day($3, 'expected_on');
        kept := stockflow.claim_request($1, $5, 'reschedule_purchase_order',
            jsonb_build_array($2, $3 - date '2000-01-01', $4));
        IF kept IS NOT NULL THEN
            RETURN kept::bigint;
        END IF;
        PERFORM stockflow.lock_purchase_order($1, $2, '{draft,ordered,partly_received}');
        UPDATE stockflow.purchase_order_lines l SET expected_on = $3
         WHERE l.company_id = $1 AND l.order_id = $2 AND ($4 IS NULL OR l.line_id = $4) AND l.received < l.quantity;
        GET DIAGNOSTICS changed = ROW_COUNT;
        IF changed = 0 THEN
            RAISE EXCEPTION 'purchase order % has no line % with something to come', $2, $4
                USING ERRCODE = 'foreign_key_violation';
        END IF;
        PERFORM stockflow.keep_request($1, $5, to_jsonb(changed));
        RETURN changed;
    END
    $$;
COMMENT ON FUNCTION stockflow.reschedule_purchase_order(bigint, bigint, date, bigint, text) IS
'Sets the day on which the lines of an order (line_id: one of them) that still wait for something are expected, and returns how many they are. Errors: 55000 the order has ended; 23503 unknown order, or no such line; 22004, 22023 bad input; 23505 idempotency key.';

CREATE FUNCTION stockflow.open_purchase_lines(
    company_id bigint, supplier_id bigint DEFAULT NULL, late_only boolean DEFAULT false)
    RETURNS TABLE(order_id bigint, line_id bigint, supplier_id bigint, supplier_name text, product_id bigint, sku text,
                  warehouse_id bigint, ordered_at timestamptz, expected_on date, quantity numeric, received numeric,
                  open_quantity numeric, unit_cost numeric, days_late integer)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT l.order_id, l.line_id, o.supplier_id, s.name, l.product_id, p.sku, l.warehouse_id, o.ordered_at,
               l.expected_on, l.quantity, l.received, l.open_quantity, l.unit_cost,
               greatest(stockflow.company_today($1) - l.expected_on, 0)
          FROM stockflow.purchase_order_lines l
          JOIN stockflow.purchase_orders o ON o.company_id = l.company_id AND o.order_id = l.order_id
          JOIN stockflow.suppliers s ON s.company_id = o.company_id AND s.supplier_id = o.supplier_id
          JOIN stockflow.products p ON p.company_id = l.company_id AND p.product_id = l.product_id
         WHERE l.company_id = $1 AND l.is_open AND l.open_quantity > 0 AND ($2 IS NULL OR o.supplier_id = $2)
           AND (NOT coalesce($3, false) OR l.expected_on < stockflow.company_today($1))
         ORDER BY l.expected_on NULLS LAST, l.order_id, l.line_id
    $$;
COMMENT ON FUNCTION stockflow.open_purchase_lines(bigint, bigint, boolean) IS
'Lines of purchase orders that wait for something, those expected first on top. days_late: days since expected_on, 0 while it is not past (it is late from the day after), NULL where no day is expected.';

CREATE FUNCTION stockflow.verify_purchasing(company_id bigint DEFAULT NULL)
    RETURNS TABLE(company_id bigint, product_id bigint, warehouse_id bigint, problem text)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        WITH lines AS (
            SELECT l.*, o.state, r.units
              FROM stockflow.purchase_order_lines l
              JOIN stockflow.purchase_orders o ON o.company_id = l.company_id AND o.order_id = l.order_id
              LEFT JOIN (SELECT p.company_id, p.order_id, p.line_id, sum(p.quantity) AS units
                           FROM stockflow.purchase_receipts p WHERE $1 IS NULL OR p.company_id = $1
                          GROUP BY p.company_id, p.order_id, p.line_id) AS r
                ON r.company_id = l.company_id AND r.order_id = l.order_id AND r.line_id = l.line_id
             WHERE $1 IS NULL OR l.company_id = $1),
        booked AS (
            SELECT g.company_id, g.product_id, g.warehouse_id, g.reference, sum(g.delta) AS units
              FROM stockflow.ledger g
             WHERE ($1 IS NULL OR g.company_id = $1) AND g.reason = 'receipt' AND starts_with(g.reference, 'purchase_order:')
             GROUP BY g.company_id, g.product_id, g.warehouse_id, g.reference),
        totals AS (
            SELECT l.company_id, l.product_id, l.warehouse_id, sum(l.open_quantity) AS units
              FROM lines l GROUP BY l.company_id, l.product_id, l.warehouse_id)
        SELECT coalesce(i.company_id, t.company_id), coalesce(i.product_id, t.product_id), coalesce(i.warehouse_id, t.warehouse_id),
               format('on_order is %s, but open lines of purchase orders add up to %s',
                      trim_scale(coalesce(i.on_order, 0)), trim_scale(coalesce(t.units, 0)))
          FROM (SELECT * FROM stockflow.inventory n WHERE $1 IS NULL OR n.company_id = $1) AS i
          FULL JOIN totals t ON t.company_id = i.company_id AND t.product_id = i.product_id AND t.warehouse_id = i.warehouse_id
         WHERE coalesce(i.on_order, 0) <> coalesce(t.units, 0)
        UNION ALL
        SELECT l.company_id, l.product_id, l.warehouse_id, format('line %s of purchase order %s: %s', l.line_id, l.order_id, f.problem)
          FROM lines l
          LEFT JOIN booked b ON b.company_id = l.company_id AND b.product_id = l.product_id AND b.warehouse_id = l.warehouse_id
                            AND b.reference = format('purchase_order:%s/%s', l.order_id, l.line_id)
         CROSS JOIN LATERAL (VALUES
               (l.received <> coalesce(l.units, 0),
                format('received is %s, but its receipts add up to %s', trim_scale(l.received), trim_scale(coalesce(l.units, 0)))),
               (coalesce(l.units, 0) > coalesce(b.units, 0),
                format('receipts add up to %s, but the ledger has %s', trim_scale(l.units), trim_scale(coalesce(b.units, 0)))),
               (l.is_open <> (l.state IN ('ordered', 'partly_received')),
                format('is_open is %s, but the order is %s', l.is_open, l.state))) AS f(applies, problem)
         WHERE f.applies
        UNION ALL
        SELECT o.company_id, NULL, NULL, format('purchase order %s is %s, but %s', o.order_id, o.state,
                   CASE WHEN t.lines IS NULL THEN 'has no lines' WHEN t.all_in THEN 'all of it is received'
                        WHEN t.any_in THEN 'a part is received' ELSE 'nothing is received' END)
          FROM stockflow.purchase_orders o
          LEFT JOIN (SELECT l.company_id, l.order_id, count(*) AS lines, bool_or(l.received > 0) AS any_in,
                            bool_and(l.received >= l.quantity) AS all_in
                       FROM lines l GROUP BY l.company_id, l.order_id) AS t
            ON t.company_id = o.company_id AND t.order_id = o.order_id
         WHERE ($1 IS NULL OR o.company_id = $1)
           AND CASE WHEN o.state IN ('draft', 'ordered', 'cancelled') THEN t.any_in OR o.state = 'ordered' AND t.lines IS NULL
                    WHEN o.state = 'partly_received' THEN t.any_in IS NOT TRUE OR t.all_in
                    ELSE t.any_in IS NOT TRUE END
    $$;
COMMENT ON FUNCTION stockflow.verify_purchasing(bigint) IS
'Proves the figures of purchasing, of a company (NULL: of all): on_order is the sum of open lines, what lines have received that of their receipts, these are in the ledger, and states fit. No row: sound. product_id and warehouse_id are NULL where an order as a whole is wrong.';
