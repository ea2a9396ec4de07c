-- Ids that came without their sequences: by logical replication, from another system, or given by hand.
CREATE FUNCTION stockflow.advance_sequences() RETURNS TABLE(sequence text, last_id bigint)
    LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        own record;
        last_value bigint;
    BEGIN
        FOR own IN
            SELECT s.oid::regclass AS name, d.refobjid::regclass AS relation, a.attname
              FROM pg_class s
              JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
               AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
              JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE s.relkind = 'S' AND s.relnamespace = 'stockflow'::regnamespace
             ORDER BY s.relname
        LOOP
            -- Nobody inserts, and takes an id, in between.
            EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', own.relation);
            EXECUTE format('SELECT max(%I) FROM %s', own.attname, own.relation) INTO last_id;
            -- One that was never used, or set to begin anew, gives out its value itself.
            EXECUTE format('SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM %s', own.name) INTO last_value;
            CONTINUE WHEN last_id IS NULL OR last_value >= last_id;
            PERFORM setval(own.name, last_id);
            sequence := own.name::text;
            RETURN NEXT;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION stockflow.advance_sequences() IS
'Sets every sequence of the schema whose column holds higher ids to the highest of them, and returns these sequences with it. For the owner of the tables: before a logical subscriber takes over, and after ids were given by hand. Writers wait meanwhile; no sequence is set back.';
