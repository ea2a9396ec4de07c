// Triggers on companies and product_bundles.
#include "company_lock.hpp"
#include "core/bundle.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "recent.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement known_zone = {
    "SELECT FROM pg_catalog.pg_timezone_names n WHERE n.name = $1", 1, {TEXTOID}, nullptr};

spi::Statement finest_price = {
    "SELECT max(scale(trim_scale(p.price))) FROM stockflow.products p WHERE p.company_id = $1",
    1,
    {INT8OID},
    nullptr};

// The longest way down from a component and up from its bundle, and whether they meet.
spi::Statement nesting = {
    "WITH RECURSIVE down(product_id, depth) AS ("
    "  SELECT $3, 1"
    "  UNION"
    "  SELECT b.component_id, down.depth + 1 FROM down"
    "    JOIN stockflow.product_bundles b"
    "      ON b.company_id = $1 AND b.bundle_id = down.product_id"
    "   WHERE down.depth <= $4),"
    " up(product_id, depth) AS ("
    "  SELECT $2, 1"
    "  UNION"
    "  SELECT b.bundle_id, up.depth + 1 FROM up"
    "    JOIN stockflow.product_bundles b"
    "      ON b.company_id = $1 AND b.component_id = up.product_id"
    "   WHERE up.depth <= $4)"
    "SELECT bundle.sku, component.sku, EXISTS (SELECT FROM down WHERE down.product_id = $2),"
    "       (SELECT max(down.depth) FROM down) + (SELECT max(up.depth) FROM up) - 1"
    "  FROM stockflow.products bundle, stockflow.products component"
    " WHERE bundle.company_id = $1 AND bundle.product_id = $2"
    "   AND component.company_id = $1 AND component.product_id = $3",
    4,
    {INT8OID, INT8OID, INT8OID, INT4OID},
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
                        errmsg("time zone \"%s\" is not known", clipped(name, 60)),
                        errhint("Use a name of pg_timezone_names, such as Europe/Berlin.")));
    }
    strlcpy(last_known_zone, name, sizeof last_known_zone);
}

// Refuses a currency for which the prices have too many decimals.
void check_currency(int64 company_id, const char *currency) {
    const int decimals = spi::connected([&] {
        spi::Parameters parameters;
        spi::run(finest_price, parameters.bigint(company_id), spi::Mode::write);
        return spi::Row(0).is_null(1) ? 0 : spi::Row(0).integer(1);
    });
    if (decimals <= currency_decimals(currency)) return;
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("prices have more decimals than %s allows", currency),
                    errdetail("There are prices with %d decimals.", decimals),
                    errhint("Change the prices first.")));
}

void check_nesting(const spi::Row &row) {
    if (row.boolean(3)) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("bundle \"%s\" would contain itself", row.string(1)),
                        errdetail("Its component \"%s\" already contains it.", row.string(2))));
    }
    if (row.integer(4) > kMaxBundleDepth) {
        ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
                        errmsg("bundle \"%s\" would be nested too deeply", row.string(1)),
                        errdetail("Bundles are nested at most %d levels deep.", kMaxBundleDepth)));
    }
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// BEFORE INSERT OR UPDATE OF timezone, currency ON companies FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_company_before) {
    TriggerData *trigger = check_trigger(fcinfo, "company_before", Timing::before_row);
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const int currency_column = column_number(trigger->tg_relation, "currency");
    const HeapTuple row = changed_row(trigger);
    const auto value = [&](const char *name) {
        return column_value(row, desc, column_number(trigger->tg_relation, name));
    };
    const NullableDatum zone = value("timezone");
    if (!zone.isnull) check_zone(TextDatumGetCString(zone.value));
    const NullableDatum currency = value("currency");
    if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) && !currency.isnull &&
        column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc, currency_column)) {
        check_currency(DatumGetInt64(value("company_id").value),
                       TextDatumGetCString(currency.value));
    }
    return PointerGetDatum(row);
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
    as_owner(trigger->tg_relation, [&] {
        rebuild_company(DatumGetInt64(company_id), find_time_zone(TextDatumGetCString(zone)));
    });
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
    const auto check = [&] {
        spi::Parameters edge, bundle;
        lock_bundles(DatumGetInt64(company_id));
        edge.datum(company_id).datum(bundle_id).datum(component_id).integer(kMaxBundleDepth);
        if (spi::run_latest(nesting, edge) > 0) check_nesting(spi::Row(0));
        spi::run(mark_bundle, bundle.datum(company_id).datum(bundle_id), spi::Mode::write);
    };
    as_owner(trigger->tg_relation, [&] { spi::connected(check); });
    return PointerGetDatum(nullptr);
}
