-- Events of alerts for workers: take with a lease, deliver, confirm.
CREATE FUNCTION stockflow.take_limit(max_events integer, lease interval) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        IF max_events IS NULL OR lease IS NULL THEN
            RAISE EXCEPTION '% must not be null', CASE WHEN lease IS NULL THEN 'lease' ELSE 'max_events' END
                USING ERRCODE = 'null_value_not_allowed';
        ELSIF max_events NOT BETWEEN 1 AND 10000 THEN
            RAISE EXCEPTION 'max_events must be between 1 and 10000: %', max_events USING ERRCODE = 'invalid_parameter_value';
        ELSIF lease < interval '1 second' OR lease > interval '1 day' THEN
            RAISE EXCEPTION 'lease must be between 1 second and 1 day: %', lease USING ERRCODE = 'invalid_parameter_value';
        END IF;
        RETURN max_events;
    END
    $$;
COMMENT ON FUNCTION stockflow.take_limit(integer, interval) IS
'Internal. Checks the arguments of take_alert_events and returns max_events.';

CREATE FUNCTION stockflow.take_alert_events(
    company_id bigint DEFAULT NULL, max_events integer DEFAULT 100, lease interval DEFAULT '1 minute')
    RETURNS TABLE(
        company_id bigint, event_id bigint, alert_id bigint, event text, payload jsonb, created_at timestamptz,
        attempts integer, leased_until timestamptz)
    LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
        WITH waiting AS MATERIALIZED (  -- materialized: the limit counts once
                SELECT o.company_id, o.event_id FROM stockflow.alert_outbox o
                 WHERE o.delivered_at IS NULL AND (o.leased_until IS NULL OR o.leased_until <= clock_timestamp())
                   AND ($1 IS NULL OR o.company_id = $1)
                 ORDER BY o.event_id
                 LIMIT stockflow.take_limit($2, $3)  -- here it is evaluated also when nothing waits
                   FOR UPDATE SKIP LOCKED),
            taken AS (
                UPDATE stockflow.alert_outbox o
                   SET leased_until = clock_timestamp() + $3, attempts = o.attempts + 1
                  FROM waiting w WHERE o.company_id = w.company_id AND o.event_id = w.event_id
                RETURNING o.*)
        SELECT t.company_id, t.event_id, t.alert_id, t.event, t.payload, t.created_at, t.attempts, t.leased_until
          FROM taken t ORDER BY t.event_id
    $$;
COMMENT ON FUNCTION stockflow.take_alert_events(bigint, integer, interval) IS
'Takes up to max_events (1 to 10000) undelivered events, oldest first, of a company or of all that the session sees (NULL), for a worker: they are its own for the lease (1 second to 1 day), and other workers skip them without waiting. After the delivery call confirm_alert_events; an event that is not confirmed in time is taken again, so each is delivered at least once. Errors: 22004 NULL, 22023 out of range.';

CREATE FUNCTION stockflow.confirm_alert_events(company_id bigint, event_ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        confirmed bigint;
    BEGIN
        PERFORM stockflow.check_alert_company(confirm_alert_events.company_id);
        IF event_ids IS NULL OR EXISTS (SELECT FROM unnest(event_ids) AS e WHERE e IS NULL) THEN
            RAISE EXCEPTION 'event_ids must not be null' USING ERRCODE = 'null_value_not_allowed';
        END IF;
        -- Two workers may confirm the same events, in any order.
        PERFORM FROM stockflow.alert_outbox o
          WHERE o.company_id = confirm_alert_events.company_id AND o.event_id = ANY (event_ids) AND o.delivered_at IS NULL
          ORDER BY o.event_id FOR UPDATE;
        UPDATE stockflow.alert_outbox o SET delivered_at = clock_timestamp(), leased_until = NULL
         WHERE o.company_id = confirm_alert_events.company_id AND o.event_id = ANY (event_ids) AND o.delivered_at IS NULL;
        GET DIAGNOSTICS confirmed = ROW_COUNT;
        RETURN confirmed;
    END
    $$;
COMMENT ON FUNCTION stockflow.confirm_alert_events(bigint, bigint[]) IS
'Marks events as delivered and returns how many were not before; unknown ids count nothing. Errors: 22004 NULL, 23503 unknown company.';
