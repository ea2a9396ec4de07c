-- The life of an alert: opened by refresh_alerts, acknowledged, snoozed, resolved.
CREATE FUNCTION stockflow.current_actor() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT current_user || coalesce('/' || nullif(current_setting('stockflow.actor', true), ''), '') $$;
COMMENT ON FUNCTION stockflow.current_actor() IS
'Who acts, as in inventory_log.actor: the role, and behind / the setting stockflow.actor where it is set.';

CREATE FUNCTION stockflow.check_alert_company(company_id bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF check_alert_company.company_id IS NULL THEN
            RAISE EXCEPTION 'company_id must not be null' USING ERRCODE = 'null_value_not_allowed';
        END IF;
        PERFORM stockflow.current_company();  -- loads the library, which checks stockflow.actor
        IF NOT EXISTS (SELECT FROM stockflow.companies c WHERE c.company_id = check_alert_company.company_id) THEN
            RAISE EXCEPTION 'company % does not exist', check_alert_company.company_id
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    END
    $$;
COMMENT ON FUNCTION stockflow.check_alert_company(bigint) IS
'Internal. Raises 22004 for NULL and 23503 for a company that is unknown or another tenant''s. Deleted ones pass: their alerts can still be resolved and delivered.';

CREATE FUNCTION stockflow.write_alert_events(company_id bigint, event text, details jsonb) RETURNS bigint[]
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        events bigint[];
    BEGIN
        WITH written AS (
            INSERT INTO stockflow.alert_outbox (company_id, alert_id, event, payload)
            SELECT a.company_id, a.alert_id, write_alert_events.event,
                   jsonb_build_object(
                       'company_id', a.company_id, 'alert_id', a.alert_id, 'event', write_alert_events.event,
                       'state', a.state, 'product_id', a.product_id, 'sku', p.sku, 'product_name', p.name,
                       'warehouse_id', a.warehouse_id, 'warehouse_name', w.name, 'opened_at', a.opened_at,
                       'actor', stockflow.current_actor()) || (d.detail - 'alert_id')
              FROM jsonb_array_elements(write_alert_events.details) AS d(detail)
              JOIN stockflow.alerts a
                ON a.company_id = write_alert_events.company_id AND a.alert_id = (d.detail ->> 'alert_id')::bigint
              JOIN stockflow.products p ON p.company_id = a.company_id AND p.product_id = a.product_id
              JOIN stockflow.warehouses w ON w.company_id = a.company_id AND w.warehouse_id = a.warehouse_id
             ORDER BY a.product_id, a.warehouse_id
            RETURNING event_id)
        SELECT coalesce(array_agg(w.event_id ORDER BY w.event_id), '{}') INTO events FROM written w;
        RETURN events;
    END
    $$;
COMMENT ON FUNCTION stockflow.write_alert_events(bigint, text, jsonb) IS
'Internal. Writes one event per object of the array details ({"alert_id", ...}) to alert_outbox and returns their ids.';

CREATE FUNCTION stockflow.notify_alert_events(company_id bigint, event_ids bigint[]) RETURNS void
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    BEGIN
        IF coalesce(cardinality(event_ids), 0) = 0 THEN
            RETURN;
        END IF;
        -- Everybody on the database may listen: ids and counts only. 100 ids stay far below the
        -- 8000 bytes that a payload may have.
        PERFORM pg_notify('stockflow_alerts', (
            SELECT jsonb_build_object(
                       'company_id', notify_alert_events.company_id, 'events', count(*),
                       'opened', count(*) FILTER (WHERE o.event = 'opened'),
                       'acknowledged', count(*) FILTER (WHERE o.event = 'acknowledged'),
                       'snoozed', count(*) FILTER (WHERE o.event = 'snoozed'),
                       'woken', count(*) FILTER (WHERE o.event = 'woken'),
                       'resolved', count(*) FILTER (WHERE o.event = 'resolved'),
                       'event_ids', to_jsonb(event_ids[:100]))::text
              FROM stockflow.alert_outbox o
             WHERE o.company_id = notify_alert_events.company_id AND o.event_id = ANY (event_ids)));
    END
    $$;
COMMENT ON FUNCTION stockflow.notify_alert_events(bigint, bigint[]) IS
'Internal. Tells the listeners of stockflow_alerts of these events in one notification: {"company_id", "events", "opened", "acknowledged", "snoozed", "woken", "resolved", "event_ids": the first 100}.';

CREATE FUNCTION stockflow.refresh_company_alerts(company_id bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        company CONSTANT bigint := refresh_company_alerts.company_id;
        opening jsonb;
        waking jsonb;
        ending jsonb;
        events bigint[] := ARRAY[]::bigint[];
    BEGIN
        -- One refresh of a company at a time: a second waits here, and the statements below see what
        -- the first has done (under REPEATABLE READ it fails with 40001 instead).
        INSERT INTO stockflow.alert_refreshes AS r (company_id, refreshed_at) VALUES (company, now())
            ON CONFLICT (company_id) DO UPDATE SET refreshed_at = greatest(r.refreshed_at, excluded.refreshed_at);
        -- One statement, so that all of it looks at the same moment.
        WITH held AS MATERIALIZED (
                SELECT a.alert_id, a.product_id, a.warehouse_id, a.state, a.snoozed_until
                  FROM stockflow.alerts a WHERE a.company_id = company AND a.recovered_at IS NULL),
            low AS MATERIALIZED (
                SELECT l.product_id, l.warehouse_id, l.available, l.threshold, l.days_until_stockout,
                       l.suggested_quantity, l.supplier_id
                  FROM stockflow.low_stock_alerts(company) AS l),
            status AS MATERIALIZED (
                SELECT s.* FROM stockflow.alert_status(
                    company, ARRAY(SELECT x.product_id FROM held x ORDER BY x.alert_id),
                    ARRAY(SELECT x.warehouse_id FROM held x ORDER BY x.alert_id)) AS s),
            -- Full joins behind a fence: the planner, which cannot know how many rows these have, is left
            -- no nested loop.
            known AS MATERIALIZED (
                SELECT h.alert_id, h.state, h.snoozed_until, to_jsonb(l) AS low, s.available, s.threshold, s.verdict
                  FROM held h
                  FULL JOIN low l USING (product_id, warehouse_id)
                  FULL JOIN status s USING (product_id, warehouse_id)),
            ended AS (
                SELECT k.alert_id, k.available, k.threshold,
                       CASE k.verdict WHEN 'above_reorder_point' THEN 'recovered' ELSE k.verdict END AS resolution
                  FROM known k JOIN stockflow.companies c ON c.company_id = company
                 WHERE k.alert_id IS NOT NULL AND k.verdict <> 'alert'
                   AND (k.verdict <> 'above_reorder_point'
                        OR k.available > k.threshold * (1 + c.alert_recovery_percent / 100)))
        SELECT (SELECT jsonb_agg(k.low) FROM known k WHERE k.alert_id IS NULL),
               (SELECT jsonb_agg(k.low || jsonb_build_object('alert_id', k.alert_id))
                  FROM known k WHERE k.state = 'snoozed' AND k.snoozed_until <= now() AND k.low IS NOT NULL),
               (SELECT jsonb_agg(to_jsonb(e)) FROM ended e)
          INTO opening, waking, ending;

        -- Those who acknowledge or snooze lock the same rows; in key order nobody waits in a circle.
        PERFORM FROM stockflow.alerts a
          WHERE a.company_id = company
            AND a.alert_id IN (SELECT (d ->> 'alert_id')::bigint
                                 FROM jsonb_array_elements(coalesce(waking, '[]') || coalesce(ending, '[]')) AS d)
          ORDER BY a.product_id, a.warehouse_id FOR NO KEY UPDATE;
        IF ending IS NOT NULL THEN
            WITH changed AS (
                UPDATE stockflow.alerts a
                   SET state = 'resolved', snoozed_until = NULL, recovered_at = now(),
                       resolved_at = coalesce(a.resolved_at, now()),
                       resolved_by = coalesce(a.resolved_by, stockflow.current_actor()),
                       resolution = coalesce(a.resolution, e ->> 'resolution')
                  FROM jsonb_array_elements(ending) AS e
                 WHERE a.company_id = company AND a.alert_id = (e ->> 'alert_id')::bigint AND a.recovered_at IS NULL
                RETURNING a.resolution, e AS detail)
            -- What was resolved by hand has been told of; now it is armed again.
            SELECT jsonb_agg(c.detail) INTO ending FROM changed c WHERE c.resolution <> 'by_hand';
            events := events || stockflow.write_alert_events(company, 'resolved', coalesce(ending, '[]'));
        END IF;
        IF waking IS NOT NULL THEN
            WITH changed AS (
                UPDATE stockflow.alerts a SET state = 'open', snoozed_until = NULL
                  FROM jsonb_array_elements(waking) AS w
                 WHERE a.company_id = company AND a.alert_id = (w ->> 'alert_id')::bigint
                   AND a.state = 'snoozed' AND a.snoozed_until <= now()
                RETURNING w AS detail)
            SELECT jsonb_agg(c.detail - '{product_id,warehouse_id}'::text[]) INTO waking FROM changed c;
            events := events || stockflow.write_alert_events(company, 'woken', coalesce(waking, '[]'));
        END IF;
        IF opening IS NOT NULL THEN
            WITH opened AS (
                INSERT INTO stockflow.alerts AS a (company_id, product_id, warehouse_id, opened_available, opened_threshold)
                SELECT company, o.product_id, o.warehouse_id, o.available, o.threshold
                  FROM jsonb_to_recordset(opening)
                       AS o(product_id bigint, warehouse_id bigint, available numeric, threshold numeric)
                 ORDER BY o.product_id, o.warehouse_id
                ON CONFLICT (company_id, product_id, warehouse_id) WHERE recovered_at IS NULL DO NOTHING
                RETURNING a.alert_id, a.product_id, a.warehouse_id)
            SELECT jsonb_agg((d - '{product_id,warehouse_id}'::text[]) || jsonb_build_object('alert_id', o.alert_id))
              INTO opening
              FROM opened o
              JOIN jsonb_array_elements(opening) AS d
                ON (d ->> 'product_id')::bigint = o.product_id AND (d ->> 'warehouse_id')::bigint = o.warehouse_id;
            events := events || stockflow.write_alert_events(company, 'opened', coalesce(opening, '[]'));
        END IF;
        PERFORM stockflow.notify_alert_events(company, events);
        RETURN cardinality(events)::bigint;
    END
    $$;
COMMENT ON FUNCTION stockflow.refresh_company_alerts(bigint) IS
'Internal. refresh_alerts for one company.';

CREATE FUNCTION stockflow.refresh_alerts(company_id bigint DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
    #variable_conflict use_column
    DECLARE
        company bigint;
        events bigint := 0::bigint;
    BEGIN
        IF refresh_alerts.company_id IS NOT NULL THEN
            PERFORM stockflow.check_alert_company(refresh_alerts.company_id);
            RETURN stockflow.refresh_company_alerts(refresh_alerts.company_id);
        END IF;
        -- In the order of their ids, so that two of these cannot wait for each other.
        FOR company IN
            SELECT c.company_id FROM stockflow.companies c
             WHERE c.deleted_at IS NULL
                OR EXISTS (SELECT FROM stockflow.alerts a WHERE a.company_id = c.company_id AND a.recovered_at IS NULL)
             ORDER BY c.company_id LOOP
            events := events + stockflow.refresh_company_alerts(company);
        END LOOP;
        RETURN events;
    END
    $$;
COMMENT ON FUNCTION stockflow.refresh_alerts(bigint) IS
'Brings the episodes in alerts up to date with low_stock_alerts (with its defaults), for a company or for all that the session sees (NULL), and returns the number of events: opens what has become low, once per crossing; resolves what has recovered above the threshold by companies.alert_recovery_percent, or has fallen silent; wakes snoozed alerts whose time is over and that are low. Each event is a row in alert_outbox; NOTIFY stockflow_alerts tells of them once per company. Run it every minute, and after large changes. Errors: 23503 unknown company.';

CREATE FUNCTION stockflow.change_alert(company_id bigint, alert_id bigint, state text, until timestamptz, note text)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        target CONSTANT text := change_alert.state;
        remark CONSTANT text := nullif(btrim(change_alert.note, E' \t\r\n'), '');
        held stockflow.alerts;
    BEGIN
        PERFORM stockflow.check_alert_company(change_alert.company_id);
        IF change_alert.alert_id IS NULL THEN
            RAISE EXCEPTION 'alert_id must not be null' USING ERRCODE = 'null_value_not_allowed';
        END IF;
        IF char_length(remark) > 1000 THEN
            RAISE EXCEPTION 'note is longer than 1000 characters' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        SELECT a.* INTO held FROM stockflow.alerts a
         WHERE a.company_id = change_alert.company_id AND a.alert_id = change_alert.alert_id FOR NO KEY UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'alert % does not exist', change_alert.alert_id USING ERRCODE = 'foreign_key_violation';
        END IF;
        -- Asked for twice: nothing to do. What is resolved already is as it should be, whoever did it.
        IF held.state = target AND (target = 'resolved' OR
               held.snoozed_until IS NOT DISTINCT FROM until AND (remark IS NULL OR remark IS NOT DISTINCT FROM held.note)) THEN
            RETURN false;
        END IF;
        IF held.state = 'resolved' THEN
            RAISE EXCEPTION 'alert % is resolved', held.alert_id
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      DETAIL = format('It was resolved at %s: %s.', held.resolved_at, held.resolution),
                      HINT = 'When the stock has recovered and runs low again, there is a new alert.';
        END IF;
        UPDATE stockflow.alerts a
           SET state = target, snoozed_until = until, note = coalesce(remark, a.note),
               acknowledged_at = CASE target WHEN 'acknowledged' THEN now() ELSE a.acknowledged_at END,
               acknowledged_by = CASE target WHEN 'acknowledged' THEN stockflow.current_actor() ELSE a.acknowledged_by END,
               snoozed_by = CASE target WHEN 'snoozed' THEN stockflow.current_actor() ELSE a.snoozed_by END,
               resolved_at = CASE target WHEN 'resolved' THEN now() END,
               resolved_by = CASE target WHEN 'resolved' THEN stockflow.current_actor() END,
               resolution = CASE target WHEN 'resolved' THEN 'by_hand' END
         WHERE a.company_id = held.company_id AND a.alert_id = held.alert_id;
        PERFORM stockflow.notify_alert_events(held.company_id, stockflow.write_alert_events(held.company_id, target,
            jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('alert_id', held.alert_id, 'note', remark,
                'until', until, 'resolution', CASE target WHEN 'resolved' THEN 'by_hand' END)))));
        RETURN true;
    END
    $$;
COMMENT ON FUNCTION stockflow.change_alert(bigint, bigint, text, timestamptz, text) IS
'Internal. What acknowledge_alert, snooze_alert and resolve_alert have in common.';

CREATE FUNCTION stockflow.acknowledge_alert(company_id bigint, alert_id bigint, note text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT stockflow.change_alert($1, $2, 'acknowledged', NULL, $3) $$;
COMMENT ON FUNCTION stockflow.acknowledge_alert(bigint, bigint, text) IS
'Says that somebody takes care of an alert; ends a snooze. False: it was acknowledged already, with the same note or none given, and nothing is written, so that a retry is harmless. Errors: 23503 unknown alert, 55000 resolved.';

CREATE FUNCTION stockflow.snooze_alert(company_id bigint, alert_id bigint, until timestamptz, note text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF until IS NULL THEN
            RAISE EXCEPTION 'until must not be null' USING ERRCODE = 'null_value_not_allowed';
        END IF;
        IF until <= now() OR NOT isfinite(until) THEN
            RAISE EXCEPTION 'until must be a moment to come: %', until
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'To hear no more of an alert until the stock recovers, resolve it.';
        END IF;
        RETURN stockflow.change_alert(company_id, alert_id, 'snoozed', until, note);
    END
    $$;
COMMENT ON FUNCTION stockflow.snooze_alert(bigint, bigint, timestamptz, text) IS
'Silences an alert until a moment to come; the first refresh_alerts after it that finds it low opens the alert again. False: it was snoozed until then already. Errors: 22023 until in the past or infinite, 23503 unknown alert, 55000 resolved.';

CREATE FUNCTION stockflow.resolve_alert(company_id bigint, alert_id bigint, note text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$ SELECT stockflow.change_alert($1, $2, 'resolved', NULL, $3) $$;
COMMENT ON FUNCTION stockflow.resolve_alert(bigint, bigint, text) IS
'Resolves an alert by hand. The product alerts anew in this warehouse only after it has recovered (refresh_alerts says when) and run low again. False: it was resolved already. Errors: 23503 unknown alert.';

CREATE FUNCTION stockflow.open_limit(company_id bigint, include_snoozed boolean, max_alerts integer) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF company_id IS NULL OR include_snoozed IS NULL THEN
            RAISE EXCEPTION '% must not be null', CASE WHEN company_id IS NULL THEN 'company_id' ELSE 'include_snoozed' END
                USING ERRCODE = 'null_value_not_allowed';
        ELSIF max_alerts < 0 THEN
            RAISE EXCEPTION 'max_alerts must not be negative: %', max_alerts USING ERRCODE = 'invalid_parameter_value';
        END IF;
        RETURN max_alerts;
    END
    $$;
COMMENT ON FUNCTION stockflow.open_limit(bigint, boolean, integer) IS
'Internal. Checks the arguments of open_alerts and returns max_alerts.';

CREATE FUNCTION stockflow.open_alerts(
    company_id bigint, warehouse_id bigint DEFAULT NULL, include_snoozed boolean DEFAULT false,
    max_alerts integer DEFAULT NULL)
    RETURNS TABLE(
        alert_id bigint, state text, product_id bigint, sku text, product_name text, warehouse_id bigint,
        warehouse_name text, opened_at timestamptz, opened_available numeric, is_low boolean, available numeric,
        threshold numeric, days_until_stockout integer, suggested_quantity numeric, supplier_id bigint,
        supplier_name text, acknowledged_at timestamptz, acknowledged_by text, snoozed_until timestamptz,
        snoozed_by text, note text)
    LANGUAGE sql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off
    AS $$
        WITH held AS MATERIALIZED (
                SELECT a.* FROM stockflow.alerts a
                 WHERE a.company_id = $1 AND a.recovered_at IS NULL AND a.state <> 'resolved'
                   AND ($2 IS NULL OR a.warehouse_id = $2)
                   AND ($3 OR a.state <> 'snoozed' OR a.snoozed_until <= now())),
            now_low AS MATERIALIZED (
                SELECT l.*, row_number() OVER () AS urgency
                  FROM stockflow.low_stock_alerts($1, $2) AS l),
            status AS MATERIALIZED (
                SELECT s.* FROM stockflow.alert_status(
                    $1, ARRAY(SELECT x.product_id FROM held x ORDER BY x.alert_id),
                    ARRAY(SELECT x.warehouse_id FROM held x ORDER BY x.alert_id)) AS s),
            known AS MATERIALIZED (  -- as in refresh_company_alerts
                SELECT h.*, l.urgency, l.days_until_stockout, l.suggested_quantity, l.supplier_id, l.supplier_name,
                       s.available, s.threshold, s.verdict
                  FROM held h
                  FULL JOIN now_low l ON l.product_id = h.product_id AND l.warehouse_id = h.warehouse_id
                  FULL JOIN status s ON s.product_id = h.product_id AND s.warehouse_id = h.warehouse_id)
        SELECT k.alert_id, k.state, k.product_id, p.sku, p.name, k.warehouse_id, w.name, k.opened_at,
               k.opened_available, k.verdict = 'alert', k.available, k.threshold, k.days_until_stockout,
               k.suggested_quantity, k.supplier_id, k.supplier_name, k.acknowledged_at, k.acknowledged_by,
               k.snoozed_until, k.snoozed_by, k.note
          FROM known k
          JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = k.product_id
          JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = k.warehouse_id
         WHERE k.alert_id IS NOT NULL AND k.available IS NOT NULL
         ORDER BY k.urgency NULLS LAST, k.product_id, k.warehouse_id
         LIMIT stockflow.open_limit($1, $3, $4)  -- here it is evaluated also when nothing is open
    $$;
COMMENT ON FUNCTION stockflow.open_alerts(bigint, bigint, boolean, integer) IS
'Alerts that are not resolved, with current figures, most urgent first; those that are snoozed only when asked for, or when their time is over. is_low false: no longer low, but not yet above the recovery level, or not yet refreshed; then the columns from low_stock_alerts are NULL. What has been deleted or closed is left out. An unknown company has no rows. max_alerts: only so many. Errors: 22004 NULL, 22023 max_alerts negative.';
