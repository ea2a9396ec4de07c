-- Nothing for PUBLIC; and data leaves the extension, so that it is dumped, restored and kept like
-- any other data. Code stays.
DO $stockflow_end$
DECLARE
    self CONSTANT oid := (SELECT e.oid FROM pg_catalog.pg_extension e WHERE e.extname = 'stockflow');
    member record;
BEGIN
    FOR member IN
        SELECT d.classid, d.objid, c.relkind, p.prokind
          FROM pg_catalog.pg_depend d
          LEFT JOIN pg_catalog.pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
          LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
         WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = self AND d.deptype = 'e'
    LOOP
        IF member.relkind = 'r' THEN
            EXECUTE format('ALTER EXTENSION stockflow DROP TABLE %s', member.objid::regclass);
        ELSIF member.relkind = 'v' THEN
            EXECUTE format('ALTER EXTENSION stockflow DROP VIEW %s', member.objid::regclass);
        ELSIF member.relkind = 'S' THEN
            EXECUTE format('ALTER EXTENSION stockflow DROP SEQUENCE %s', member.objid::regclass);
        ELSIF member.classid = 'pg_namespace'::regclass THEN
            EXECUTE format('ALTER EXTENSION stockflow DROP SCHEMA %s', member.objid::regnamespace);
        ELSIF member.prokind IS NOT NULL THEN
            EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', member.objid::regprocedure);
        END IF;
    END LOOP;
END;
$stockflow_end$;
