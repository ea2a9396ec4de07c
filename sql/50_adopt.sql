-- Data that is there already, from before DROP EXTENSION: it is brought up to date and checked. It has
-- none of our triggers and policies, since they went with the functions they need.
DECLARE
    data_owner oid;
    missing text;
    made record;
BEGIN
    SELECT n.nspowner INTO data_owner FROM pg_namespace n WHERE n.nspname = 'stockflow';
    IF NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = data_owner) THEN
        RAISE WARNING 'adopting data that belongs to role "%"', pg_get_userbyid(data_owner)
            USING HINT = 'Its owner can put triggers on it that run with the rights of whoever changes stock.';
    END IF;
    PERFORM stockflow.migrate();
    -- What steps of the migration made of these is made by what follows.
    FOR made IN SELECT 'TRIGGER' AS kind, t.tgname AS name, t.tgrelid::regclass AS relation
                  FROM pg_trigger t
                  JOIN pg_class c ON c.oid = t.tgrelid AND c.relnamespace = 'stockflow'::regnamespace
                  JOIN pg_proc p ON p.oid = t.tgfoid AND p.pronamespace = 'stockflow'::regnamespace
                 WHERE NOT t.tgisinternal
                UNION ALL
                SELECT 'POLICY', p.polname, p.polrelid::regclass
                  FROM pg_policy p
                  JOIN pg_class c ON c.oid = p.polrelid AND c.relnamespace = 'stockflow'::regnamespace
                 WHERE EXISTS (SELECT FROM pg_depend d
                                 JOIN pg_proc f ON f.oid = d.refobjid AND f.pronamespace = 'stockflow'::regnamespace
                                WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                                  AND d.refclassid = 'pg_proc'::regclass)
    LOOP
        EXECUTE format('DROP %s %I ON %s', made.kind, made.name, made.relation);
    END LOOP;
    -- Columns that are not there as they should be: in a table, of this type, of the schema's owner.
    SELECT string_agg(format('%s.%s', expected.relation, split_part(expected.part, ' ', 1)), ', ') INTO missing
      FROM (SELECT t.key AS relation, unnest(string_to_array(t.value, ', ')) AS part
              FROM jsonb_each_text(current_setting('stockflow_install.layout')::jsonb) AS t) AS expected
     WHERE NOT EXISTS (
           SELECT FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
            WHERE c.relnamespace = 'stockflow'::regnamespace AND c.relname = expected.relation AND c.relkind IN ('r', 'p')
              AND c.relowner = data_owner
              AND format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)) = expected.part);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'schema "stockflow" does not hold the data that its mark promises'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('Not there, of another type, or of another owner than the schema: %s.', missing),
                  HINT = 'Restore what is missing from a backup, or remove the schema.';
    END IF;
END;
