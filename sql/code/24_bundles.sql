-- What bundles are made of, and how many can be built. The settings are those of alerts, with which
-- they share plans.
CREATE FUNCTION stockflow.bundle_components(company_id bigint, bundle_id bigint)
    RETURNS TABLE(component_id bigint, sku text, name text, quantity numeric)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
    AS 'MODULE_PATHNAME', 'stockflow_bundle_components';
COMMENT ON FUNCTION stockflow.bundle_components(bigint, bigint) IS
'The stocked products that one unit of a bundle takes, in units: nested bundles exploded, lines of the same product added up, services left out. A product that is no bundle has no rows. Errors: 22003 a quantity that needs a seventh decimal.';

CREATE FUNCTION stockflow.buildable_bundles(
    company_id bigint, bundle_id bigint DEFAULT NULL, warehouse_id bigint DEFAULT NULL)
    RETURNS TABLE(bundle_id bigint, sku text, name text, warehouse_id bigint, warehouse_name text, buildable numeric,
                  limiting_component_id bigint, limiting_component_sku text,
                  limiting_available numeric, limiting_quantity numeric)
    LANGUAGE c STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
    AS 'MODULE_PATHNAME', 'stockflow_buildable_bundles';
COMMENT ON FUNCTION stockflow.buildable_bundles(bigint, bigint, bigint) IS
'How many whole units of a bundle (NULL: of all) can be built from what is available, per open warehouse, and in a row without warehouse from what all of them have together; with warehouse_id that warehouse only. The smallest of floor(available / needed) over its exploded components; the component that limits it is named, with what is available of it and what one bundle needs (of several the lowest id). Services limit nothing, and a bundle of nothing else has NULL. A deleted component cannot be used. Below 0 where more is reserved than there is. An unknown company or bundle has no rows.';
