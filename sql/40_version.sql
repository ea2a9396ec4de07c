-- What 00_begin.sql found must be of a version that this code knows: its own, or one it can migrate.
DO $stockflow_version$
BEGIN
    IF current_setting('stockflow_install.state') IN ('restore', 'adopt')
       AND stockflow.data_version() <> stockflow.needed_data_version()
       AND to_regprocedure(format('stockflow.migrate_from_%s()', replace(stockflow.data_version(), '.', '_'))) IS NULL THEN
        RAISE EXCEPTION 'cannot use data marked "stockflow data %"', stockflow.data_version()
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Install the version of StockFlow that wrote this data.';
    END IF;
END;
$stockflow_version$;
