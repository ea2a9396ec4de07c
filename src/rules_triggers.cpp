// Triggers on companies and product_bundles.
#include "entry.hpp"
#include "recent.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement known_zone = {
    "SELECT FROM pg_catalog.pg_timezone_names n WHERE n.name = $1", 1, {TEXTOID}, nullptr};

// Bundles of a company change one at a time, so that two halves of a circle cannot pass.
spi::Statement lock_company = {
    "SELECT FROM stockflow.companies c WHERE c.company_id = $1 FOR NO KEY UPDATE",
    1,
    {INT8OID},
    nullptr};

// Names the way back from a component to its bundle, if there is one.
spi::Statement find_cycle = {
    "WITH RECURSIVE parts(product_id) AS ("
    "  SELECT $3"
    "  UNION"
    "  SELECT b.component_id FROM parts"
    "    JOIN stockflow.product_bundles b"
    "      ON b.company_id = $1 AND b.bundle_id = parts.product_id)"
    "SELECT bundle.sku, component.sku FROM parts"
    "  JOIN stockflow.products bundle ON bundle.company_id = $1 AND bundle.product_id = $2"
    "  JOIN stockflow.products component ON component.company_id = $1 AND component.product_id = $3"
    " WHERE parts.product_id = $2",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement mark_bundle = {
    "UPDATE stockflow.products p SET is_bundle = true"
    " WHERE p.company_id = $1 AND p.product_id = $2 AND NOT p.is_bundle",
    2,
    {INT8OID, INT8OID},
    nullptr};

// The zone that was last found in pg_timezone_names, which takes long to read.
char last_known_zone[TZ_STRLEN_MAX + 1] = "UTC";

void check_zone(const char *name) {
    if (strcmp(name, last_known_zone) == 0) return;
    const bool known = pg_tzset(name) != nullptr && spi::connected([&] {
                           spi::Parameters parameters;
                           parameters.string(name);
                           return spi::run(known_zone, parameters, spi::Mode::read) > 0;
                       });
    if (!known) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("time zone \"%.60s\" is not known", name),
                        errhint("Use a name of pg_timezone_names, such as Europe/Berlin.")));
    }
    strlcpy(last_known_zone, name, sizeof last_known_zone);
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// BEFORE INSERT OR UPDATE OF timezone ON companies FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_company_before) {
    TriggerData *trigger = check_trigger(fcinfo, "company_before", Timing::before_row);
    const NullableDatum zone =
        column_value(changed_row(trigger), RelationGetDescr(trigger->tg_relation),
                     column_number(trigger->tg_relation, "timezone"));
    if (!zone.isnull) check_zone(TextDatumGetCString(zone.value));
    return PointerGetDatum(changed_row(trigger));
}

// AFTER UPDATE OF timezone ON companies FOR EACH ROW: days begin at other moments now.
STOCKFLOW_FUNCTION(stockflow_timezone_after) {
    TriggerData *trigger = check_trigger(fcinfo, "timezone_after", Timing::after_row);
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const int column = column_number(trigger->tg_relation, "timezone");
    if (!column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc, column)) {
        return PointerGetDatum(nullptr);
    }
    const Datum zone = column_value(trigger->tg_newtuple, desc, column).value;
    const Datum company_id =
        column_value(trigger->tg_newtuple, desc, column_number(trigger->tg_relation, "company_id"))
            .value;
    rebuild_company(DatumGetInt64(company_id), find_time_zone(TextDatumGetCString(zone)));
    return PointerGetDatum(nullptr);
}

// AFTER INSERT OR UPDATE ON product_bundles FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_bundle_after) {
    TriggerData *trigger = check_trigger(fcinfo, "bundle_after", Timing::after_row);
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const auto value = [&](const char *name) {
        return column_value(changed_row(trigger), desc, column_number(trigger->tg_relation, name))
            .value;
    };
    const Datum company_id = value("company_id");
    const Datum bundle_id = value("bundle_id");
    const Datum component_id = value("component_id");
    to_quantity(value("quantity"), "quantity");  // at most six decimals
    spi::connected([&] {
        spi::Parameters company, edge, bundle;
        spi::run(lock_company, company.datum(company_id), spi::Mode::write);
        edge.datum(company_id).datum(bundle_id).datum(component_id);
        if (spi::run_latest(find_cycle, edge) > 0) {
            ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                            errmsg("bundle \"%s\" would contain itself", spi::Row(0).string(1)),
                            errdetail("Its component \"%s\" already contains it.",
                                      spi::Row(0).string(2))));
        }
        spi::run(mark_bundle, bundle.datum(company_id).datum(bundle_id), spi::Mode::write);
    });
    return PointerGetDatum(nullptr);
}
