-- The members of the extension, exactly: what DROP EXTENSION removes and a dump leaves out. Nothing that
-- holds data is among them. A C function's symbol follows its name.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
SET search_path = pg_catalog;
SELECT pg_describe_object(d.classid, d.objid, 0)
       || coalesce(' = ' || (SELECT p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang AND l.lanname = 'c'
                              WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid), '') AS member
  FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
 WHERE e.extname = 'stockflow' AND d.deptype = 'e'
 ORDER BY pg_describe_object(d.classid, d.objid, 0) COLLATE "C";
