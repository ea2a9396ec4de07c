-- Buying suggestions: what to order where, and making the orders.
CREATE FUNCTION stockflow.order_quantity(
    needed numeric, min_order_quantity numeric DEFAULT NULL, pack_size numeric DEFAULT NULL, whole_units boolean DEFAULT true)
    RETURNS numeric
    LANGUAGE c IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'stockflow_order_quantity';
COMMENT ON FUNCTION stockflow.order_quantity(numeric, numeric, numeric, boolean) IS
'Units to order when so many are needed: raised to the minimum, then rounded up to whole packs (and to whole units), so at least the minimum afterwards, too; 0 when nothing is needed. Errors: 22004 NULL, 22023 negative terms, 22003 number too large.';

-- The number of alerts is a guess to the planner. Hence the settings, and OFFSET 0 where rows are to be
-- read by key: steps are joined by hashing, tables are not read as a whole, and nothing is compiled.
CREATE FUNCTION stockflow.reorder_plan(
    company_id bigint, supplier_id bigint DEFAULT NULL, lookback_days integer DEFAULT 30,
    recent_sales_only boolean DEFAULT false)
    RETURNS TABLE(
        kind text, supplier_id bigint, supplier_name text, from_warehouse_id bigint, from_warehouse_name text,
        product_id bigint, sku text, product_name text, warehouse_id bigint, warehouse_name text,
        on_hand numeric, reserved numeric, available numeric, on_order_in_time numeric, on_order_later numeric,
        on_order_late numeric, in_transit numeric, in_draft numeric, inventory_position numeric,
        threshold numeric, threshold_source text, order_target numeric, average_daily_demand numeric,
        adjusted_daily_demand numeric, days_until_stockout integer, needed numeric, quantity numeric,
        min_order_quantity numeric, pack_size numeric, price_break numeric, unit_cost numeric, total_cost numeric,
        lead_time_days integer, lead_time_source text, arrives_on date, next_expected_on date)
    LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    SET jit = off SET enable_nestloop = off
    AS $$
        WITH alerts AS MATERIALIZED (
            SELECT a.*, row_number() OVER () AS urgency
              FROM stockflow.low_stock_alerts($1, lookback_days => $3, recent_sales_only => $4) AS a),
        led AS MATERIALIZED (
            SELECT a.*, w.today, p.whole_units, t.days, t.source, w.today + t.days AS arrives, w.today + t.days + w.cover_days AS horizon
              FROM alerts a
             CROSS JOIN (SELECT stockflow.company_today($1) AS today, c.cover_days
                           FROM stockflow.companies c WHERE c.company_id = $1) AS w
             CROSS JOIN LATERAL (SELECT q.whole_units FROM stockflow.products q
                                  WHERE q.company_id = $1 AND q.product_id = a.product_id OFFSET 0) AS p
              LEFT JOIN stockflow.lead_time($1) AS t ON t.product_id = a.product_id AND t.supplier_id = a.supplier_id),
        ordered AS (
            -- In time is what comes before an order of today would be used up; an unknown day is.
            SELECT a.urgency,
                   sum(l.open_quantity) FILTER (WHERE l.expected_on IS NULL
                       OR l.expected_on >= a.today AND (l.expected_on <= a.horizon OR a.horizon IS NULL)) AS in_time,
                   sum(l.open_quantity) FILTER (WHERE l.expected_on >= a.today AND l.expected_on > a.horizon) AS later,
                   sum(l.open_quantity) FILTER (WHERE l.expected_on < a.today) AS late,
                   min(l.expected_on) FILTER (WHERE l.expected_on >= a.today) AS next_on
              FROM led a
              JOIN stockflow.purchase_order_lines l
                ON l.company_id = $1 AND l.is_open AND l.open_quantity > 0
               AND l.product_id = a.product_id AND l.warehouse_id = a.warehouse_id
             GROUP BY a.urgency),
        moving AS MATERIALIZED (
            SELECT l.product_id, h.from_warehouse_id, h.to_warehouse_id, l.quantity
              FROM stockflow.transfers h
             CROSS JOIN LATERAL (SELECT * FROM stockflow.transfer_lines k
                                  WHERE k.company_id = $1 AND k.transfer_id = h.transfer_id OFFSET 0) AS l
             WHERE h.company_id = $1 AND h.state = 'draft'),
        drafted AS (
            SELECT d.product_id, d.warehouse_id, sum(d.quantity) AS units
              FROM (SELECT l.product_id, l.warehouse_id, l.quantity
                      FROM stockflow.purchase_orders h
                     CROSS JOIN LATERAL (SELECT * FROM stockflow.purchase_order_lines k
                                          WHERE k.company_id = $1 AND k.order_id = h.order_id OFFSET 0) AS l
                     WHERE h.company_id = $1 AND h.state = 'draft'
                    UNION ALL
                    SELECT m.product_id, m.to_warehouse_id, m.quantity FROM moving m) AS d
             GROUP BY d.product_id, d.warehouse_id),
        given AS (
            SELECT m.product_id, m.from_warehouse_id, sum(m.quantity) AS units
              FROM moving m GROUP BY m.product_id, m.from_warehouse_id),
        supplied AS MATERIALIZED (
            SELECT a.*, coalesce(o.in_time, 0) AS in_time, coalesce(o.later, 0) AS later, coalesce(o.late, 0) AS late, o.next_on,
                   coalesce(d.units, 0) AS draft, a.available + coalesce(o.in_time, 0) + a.in_transit AS total
              FROM led a
              LEFT JOIN ordered o ON o.urgency = a.urgency
              LEFT JOIN drafted d ON d.product_id = a.product_id AND d.warehouse_id = a.warehouse_id),
        wanted AS MATERIALIZED (
            -- At or below the reorder point with all that is under way, as an interval of the product's needs.
            SELECT s.*, n.need, sum(n.need) OVER up_to - n.need AS need_from, sum(n.need) OVER up_to AS need_to
              FROM supplied s
             CROSS JOIN LATERAL (SELECT least(s.order_target, 999999999999) - s.total - s.draft AS exact) AS x
             CROSS JOIN LATERAL (SELECT CASE WHEN s.whole_units THEN ceil(x.exact) ELSE x.exact END AS need) AS n
             WHERE s.total + s.draft <= s.threshold AND s.order_target IS NOT NULL
            WINDOW up_to AS (PARTITION BY s.product_id ORDER BY s.urgency)),
        spare AS (
            -- What siblings can give and stay above their reorder point, also after the transfers in drafts,
            -- as an interval of the product's offers.
            SELECT g.*, sum(g.spare) OVER up_to - g.spare AS spare_from, sum(g.spare) OVER up_to AS spare_to
              FROM (SELECT i.product_id, i.warehouse_id, w.name,
                           CASE WHEN p.whole_units THEN floor(x.above) ELSE x.above END AS spare
                      FROM (SELECT DISTINCT n.product_id, n.whole_units FROM wanted n) AS p
                     CROSS JOIN LATERAL (SELECT * FROM stockflow.inventory k
                                          WHERE k.company_id = $1 AND k.product_id = p.product_id OFFSET 0) AS i
                      JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = i.warehouse_id AND w.deleted_at IS NULL
                      LEFT JOIN given t ON t.product_id = i.product_id AND t.from_warehouse_id = i.warehouse_id
                      LEFT JOIN stockflow.expired_stock($1) AS e ON e.product_id = i.product_id AND e.warehouse_id = i.warehouse_id
                     CROSS JOIN LATERAL (SELECT i.quantity - i.reserved - coalesce(e.quantity, 0) - coalesce(t.units, 0)
                                                - i.effective_reorder_point - 1 AS above) AS x) AS g
             WHERE g.spare > 0
            WINDOW up_to AS (PARTITION BY g.product_id ORDER BY g.spare DESC, g.warehouse_id)),
        moves AS (
            SELECT n.urgency, g.warehouse_id, g.name, least(n.need_to, g.spare_to) - greatest(n.need_from, g.spare_from) AS units
              FROM wanted n
              JOIN spare g ON g.product_id = n.product_id AND g.spare_from < n.need_to AND n.need_from < g.spare_to),
        bought AS (
            SELECT n.urgency, stockflow.order_quantity(n.need - coalesce(m.units, 0), n.min_order_quantity, n.pack_size, n.whole_units) AS units
              FROM wanted n
              LEFT JOIN (SELECT v.urgency, sum(v.units) AS units FROM moves v GROUP BY v.urgency) AS m ON m.urgency = n.urgency
             WHERE n.need > coalesce(m.units, 0)),
        priced AS (
            -- The price goes by all that the order will have of the product.
            SELECT b.urgency, b.units, f.min_quantity, coalesce(f.unit_cost, b.supplier_unit_cost) AS unit_cost
              FROM (SELECT q.urgency, q.units, n.product_id, n.supplier_id, n.supplier_unit_cost, n.today,
                           sum(q.units) OVER (PARTITION BY n.supplier_id, n.product_id) AS ordered
                      FROM bought q JOIN wanted n ON n.urgency = q.urgency) AS b
              LEFT JOIN LATERAL (SELECT v.min_quantity, v.unit_cost  -- as supplier_offer
                                   FROM stockflow.supplier_prices v
                                  WHERE v.company_id = $1 AND v.product_id = b.product_id AND v.supplier_id = b.supplier_id
                                    AND v.min_quantity <= b.ordered AND v.valid_from <= b.today
                                    AND (v.valid_to > b.today OR v.valid_to IS NULL)
                                  ORDER BY v.min_quantity DESC LIMIT 1) AS f ON true),
        rows AS (
            SELECT 'transfer' AS kind, v.urgency, v.warehouse_id AS giver, v.name AS giver_name, v.units,
                   NULL::numeric AS price_break, NULL::numeric AS unit_cost
              FROM moves v
            UNION ALL
            SELECT 'purchase', c.urgency, NULL, NULL, c.units, c.min_quantity, c.unit_cost FROM priced c)
        SELECT r.kind, b.supplier_id, b.supplier_name, r.giver, r.giver_name,
               n.product_id, n.sku, n.product_name, n.warehouse_id, n.warehouse_name,
               n.current_stock, n.reserved, n.available, n.in_time, n.later, n.late, n.in_transit, n.draft, n.total,
               n.threshold, n.threshold_source, n.order_target, n.average_daily_demand, n.adjusted_daily_demand,
               n.days_until_stockout, n.need, r.units, b.min_order_quantity, b.pack_size, r.price_break, trim_scale(r.unit_cost),
               trim_scale(r.units * r.unit_cost), b.days, b.source, b.arrives, n.next_on
          FROM rows r
          JOIN wanted n ON n.urgency = r.urgency
          LEFT JOIN wanted b ON b.urgency = r.urgency AND r.kind = 'purchase'
         WHERE $2 IS NULL OR b.supplier_id = $2
         ORDER BY r.kind DESC, b.supplier_id NULLS LAST, n.urgency, r.giver
    $$;
COMMENT ON FUNCTION stockflow.reorder_plan(bigint, bigint, integer, boolean) IS
'What to do about products whose position (available + on order in time + in transit, and what is in drafts) is at or below their reorder point: rows of kind transfer from sibling warehouses that stay above their own reorder point (also after drafts of transfers), then rows of kind purchase for the rest, ordered by supplier (NULL: none known) and urgency. needed: up to order_target; quantity: that raised to the minimum and rounded up to packs, with the price that holds for it. on_order_in_time is expected today or later, at most cover_days after arrives_on; on_order_later after that; on_order_late before today: the latter two do not count. lead_time_days: see lead_time. supplier_id: only its purchases. Quantities in units, costs in the company''s currency. No rows for an unknown company. Errors: 22004, 22023 as low_stock_alerts.';

CREATE FUNCTION stockflow.accept_reorder_plan(
    company_id bigint, supplier_id bigint DEFAULT NULL, place boolean DEFAULT true,
    lookback_days integer DEFAULT 30, recent_sales_only boolean DEFAULT false, idempotency_key text DEFAULT NULL)
    RETURNS TABLE(kind text, document_id bigint)
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        made jsonb;
        plan jsonb;
        proposal record;
        document bigint;
    BEGIN
        PERFORM stockflow.check_given(jsonb_build_object('company_id', $1, 'place', $3, 'lookback_days', $4,
                                                         'recent_sales_only', $5));
        IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
            RAISE EXCEPTION 'a plan cannot be accepted in a % transaction', current_setting('transaction_isolation')
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = 'Its snapshot may miss orders that another session has made.',
                      HINT = 'Use READ COMMITTED.';
        END IF;
        made := stockflow.claim_request($1, $6, 'accept_reorder_plan', jsonb_build_array($2, $3, $4, $5));
        IF made IS NULL THEN
            IF $2 IS NOT NULL THEN
                PERFORM stockflow.check_supplier($1, $2);
            END IF;
            -- One at a time: whoever waits here sees the orders of the one before, and proposes nothing.
            PERFORM pg_advisory_xact_lock(hashtextextended('stockflow.accept_reorder_plan', $1));
            SELECT jsonb_agg(to_jsonb(p)) INTO plan
              FROM (SELECT r.kind, r.supplier_id, r.from_warehouse_id, r.product_id, r.warehouse_id, r.quantity,
                           r.unit_cost, r.arrives_on AS expected_on
                      FROM stockflow.reorder_plan($1, $2, $4, $5) AS r
                     WHERE r.kind = 'transfer' OR r.supplier_id IS NOT NULL) AS p;
            -- The rows of all orders in key order, before the first order changes some of them.
            PERFORM FROM stockflow.inventory i
              JOIN jsonb_to_recordset(plan) AS k(product_id bigint, warehouse_id bigint)
                ON k.product_id = i.product_id AND k.warehouse_id = i.warehouse_id
             WHERE i.company_id = $1
             ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE OF i;
            made := '[]';
            FOR proposal IN
                SELECT e.line ->> 'kind' AS kind, (e.line ->> 'from_warehouse_id')::bigint AS giver,
                       (e.line ->> 'supplier_id')::bigint AS supplier,
                       CASE WHEN count(DISTINCT e.line -> 'warehouse_id') = 1 THEN min((e.line ->> 'warehouse_id')::bigint) END AS warehouse,
                       jsonb_agg(e.line - '{kind,from_warehouse_id,supplier_id}'::text[] ORDER BY e.n) AS lines
                  FROM jsonb_array_elements(plan) WITH ORDINALITY AS e(line, n)
                 GROUP BY 1, 2, 3, CASE WHEN e.line ->> 'kind' = 'transfer' THEN e.line -> 'warehouse_id' END
                 ORDER BY 1 DESC, 2, 3, 4
            LOOP
                IF proposal.kind = 'transfer' THEN
                    document := stockflow.create_transfer($1, proposal.giver, proposal.warehouse, (
                        SELECT jsonb_agg(l.line - '{warehouse_id,unit_cost,expected_on}'::text[] ORDER BY l.n)
                          FROM jsonb_array_elements(proposal.lines) WITH ORDINALITY AS l(line, n)));
                ELSE
                    document := stockflow.create_purchase_order($1, proposal.supplier, proposal.warehouse, proposal.lines);
                    IF $3 THEN
                        PERFORM stockflow.place_purchase_order($1, document);
                    END IF;
                END IF;
                made := made || jsonb_build_object('kind', proposal.kind, 'id', document);
            END LOOP;
            PERFORM stockflow.keep_request($1, $6, made);
        END IF;
        RETURN QUERY SELECT e.made ->> 'kind', (e.made ->> 'id')::bigint
                       FROM jsonb_array_elements(made) WITH ORDINALITY AS e(made, n) ORDER BY e.n;
    END
    $$;
COMMENT ON FUNCTION stockflow.accept_reorder_plan(bigint, bigint, boolean, integer, boolean, text) IS
'Makes the documents of reorder_plan and returns them: of kind transfer (document_id: transfer_id), a draft per pair of warehouses, for ship_transfer once the goods leave; of kind purchase (document_id: order_id), one order per supplier, placed (place => false leaves drafts). supplier_id: only the order to this supplier. What has no supplier stays a proposal. A second call finds all of it on order or in drafts and makes nothing. Errors: 23503 unknown or deleted company or supplier; 22004, 22023 as reorder_plan; 23505 idempotency key; 55000 outside READ COMMITTED.';
