#include "planning.hpp"

#include <cmath>

#include "core/planning/curve.hpp"

#include "arguments.hpp"
#include "entry.hpp"
#include "ledger.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// Whoever waits here sees in the statements after it what the one before has done (under REPEATABLE
// READ it fails with 40001 instead).
spi::Statement hold_company = {
    "INSERT INTO stockflow.forecast_refreshes AS r (company_id, applied_at) VALUES ($1, now())"
    " ON CONFLICT (company_id) DO UPDATE"
    "  SET applied_at = greatest(r.applied_at, excluded.applied_at)",
    1,
    {INT8OID},
    nullptr};

spi::Statement has_policies = {
    "SELECT FROM stockflow.replenishment_policies p WHERE p.company_id = $1 LIMIT 1",
    1,
    {INT8OID},
    nullptr};

// Classes follow from all forecasts together; only policies that ask for them need them.
spi::Statement classify_products = {
    "UPDATE stockflow.forecasts f SET abc_class = c.abc"
    "  FROM stockflow.product_classes($1) AS c"
    " WHERE f.company_id = $1 AND f.product_id = c.product_id"
    "   AND f.abc_class IS DISTINCT FROM c.abc AND EXISTS ("
    "       SELECT FROM stockflow.replenishment_policies p WHERE p.company_id = $1"
    "          AND num_nonnulls(p.service_level_a, p.service_level_b, p.service_level_c) > 0)",
    1,
    {INT8OID},
    nullptr};

// What a row inherits cannot change meanwhile: such changes wait for hold_company, too.
spi::Statement apply_points = {
    "WITH wanted AS MATERIALIZED ("
    "  SELECT w.product_id, w.warehouse_id, w.dynamic_reorder_point AS point,"
    "         w.dynamic_order_quantity AS quantity, w.inherited_reorder_point AS inherited"
    "    FROM stockflow.planned_reorder_points($1, $2) AS w),"
    " stale AS MATERIALIZED ("
    "  SELECT i.product_id, i.warehouse_id, w.point, w.quantity, w.inherited"
    "    FROM stockflow.inventory i"
    "    JOIN wanted w ON w.product_id = i.product_id AND w.warehouse_id = i.warehouse_id"
    "   WHERE i.company_id = $1"
    "     AND (i.dynamic_reorder_point IS DISTINCT FROM w.point"
    "          OR i.dynamic_order_quantity IS DISTINCT FROM w.quantity)"
    "   ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE OF i)"
    "UPDATE stockflow.inventory i"
    "   SET dynamic_reorder_point = s.point, dynamic_order_quantity = s.quantity,"
    "       effective_reorder_point = coalesce(s.point, i.reorder_point, s.inherited)"
    "  FROM stale s"
    " WHERE i.company_id = $1 AND i.product_id = s.product_id"
    "   AND i.warehouse_id = s.warehouse_id",
    2,
    {INT8OID, INT8ARRAYOID},
    nullptr};

// The companies whose policies a statement has changed, by its transition tables, and their
// products where nothing else is concerned (classes follow from all products).
#define STOCKFLOW_CHANGED_POLICIES(rows)                                                     \
    "SELECT c.company_id,"                                                                   \
    "       CASE WHEN bool_and(c.product_id IS NOT NULL AND num_nonnulls(c.service_level_a," \
    "                               c.service_level_b, c.service_level_c) = 0)"              \
    "            THEN array_agg(c.product_id) END"                                           \
    "  FROM (" rows ") AS c GROUP BY c.company_id ORDER BY c.company_id"

const char *changed_policies(TriggerEvent event) {
    return TRIGGER_FIRED_BY_UPDATE(event)
               ? STOCKFLOW_CHANGED_POLICIES("SELECT * FROM changed UNION ALL SELECT * FROM removed")
               : STOCKFLOW_CHANGED_POLICIES("SELECT * FROM changed");
}

// A double array argument that rises, with the wanted number of elements (0: any).
const double *rising(FunctionCallInfo fcinfo, int position, const char *name, int *count) {
    ArrayType *array = DatumGetArrayTypeP(Arguments(fcinfo).required(position, name));
    const int found = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    if (ARR_NDIM(array) > 1 || array_contains_nulls(array) || found < 2 ||
        (*count != 0 && found != *count)) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("%s must be an array of at least two numbers, as many as levels", name)));
    }
    const auto *values = reinterpret_cast<const double *>(ARR_DATA_PTR(array));
    for (int i = 0; i < found; i++) {
        if (std::isfinite(values[i]) && values[i] >= 0 && (i == 0 || values[i] >= values[i - 1])) {
            continue;
        }
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be finite, at least 0, and rise", name)));
    }
    *count = found;
    return values;
}

planning::Curve curve_argument(FunctionCallInfo fcinfo) {
    int count = 0;
    const double *levels = rising(fcinfo, 0, "levels", &count);
    for (int i = 0; i < count; i++) {
        if (levels[i] > 0 && levels[i] < 1 && (i == 0 || levels[i] > levels[i - 1])) continue;
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("levels must rise and lie above 0 and below 1")));
    }
    return {levels, rising(fcinfo, 1, "quantiles", &count), count};
}

double finite(FunctionCallInfo fcinfo, int position, const char *name) {
    const double value = DatumGetFloat8(Arguments(fcinfo).required(position, name));
    if (!std::isfinite(value)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be finite, not %g", name, value)));
    }
    return value;
}

spi::Statement remove_forecast = {
    "DELETE FROM stockflow.forecasts f"
    " WHERE f.company_id = $1 AND f.product_id = $2 AND f.warehouse_id = $3",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

// The bigint in a column of the row that a trigger is about.
std::int64_t bigint_of(const TriggerData *trigger, const char *column) {
    return DatumGetInt64(column_value(changed_row(trigger), RelationGetDescr(trigger->tg_relation),
                                      column_number(trigger->tg_relation, column))
                             .value);
}

bool has_policy(int64 company_id) {
    spi::Parameters parameters;
    return spi::run(has_policies, parameters.bigint(company_id), spi::Mode::write) > 0;
}

}  // namespace

int64 apply_reorder_points(int64 company_id, NullableDatum product_ids) {
    spi::Parameters company, parameters;
    spi::run(hold_company, company.bigint(company_id), spi::Mode::write);
    if (product_ids.isnull) {
        spi::Parameters all;
        spi::run(classify_products, all.bigint(company_id), spi::Mode::write);
    }
    parameters.bigint(company_id).optional(product_ids);
    open_derived_update();
    const uint64 changed = spi::run(apply_points, parameters, spi::Mode::write);
    close_derived_update();
    return static_cast<int64>(changed);
}

}  // namespace stockflow

using namespace stockflow;

// refresh_reorder_points(company) RETURNS bigint
STOCKFLOW_FUNCTION(stockflow_refresh_reorder_points) {
    const int64 company_id = Arguments(fcinfo).bigint(0, "company_id");
    return Int64GetDatum(
        spi::connected([&] { return apply_reorder_points(company_id, null_datum()); }));
}

// level_quantile(levels, quantiles, level) RETURNS float8
STOCKFLOW_FUNCTION(stockflow_level_quantile) {
    const planning::Curve curve = curve_argument(fcinfo);
    const double level = finite(fcinfo, 2, "level");
    if (!(level >= 0 && level < 1)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("level must be at least 0 and below 1, not %g", level)));
    }
    return Float8GetDatum(curve.quantile(level));
}

// AFTER INSERT, UPDATE or DELETE ON replenishment_policies FOR EACH STATEMENT, the rows as
// "changed"
STOCKFLOW_FUNCTION(stockflow_policy_after) {
    TriggerData *trigger = check_trigger(fcinfo, "policy_after", Timing::after_statement);
    as_owner(trigger->tg_relation, [&] {
        spi::connected([&] {
            if (SPI_register_trigger_data(trigger) != SPI_OK_TD_REGISTER) {
                elog(ERROR, "could not register the transition table");
            }
            // The plan belongs to this trigger's transition table, so it is not kept.
            if (SPI_execute(changed_policies(trigger->tg_event), false, 0) != SPI_OK_SELECT) {
                elog(ERROR, "could not read the transition table");
            }
            const uint64 count = SPI_processed;
            SPITupleTable *companies = SPI_tuptable;
            for (uint64 i = 0; i < count; i++) {
                SPI_tuptable = companies;
                const spi::Row row(i);
                apply_reorder_points(row.bigint(1), row.get(2));
            }
        });
    });
    return PointerGetDatum(nullptr);
}

// AFTER UPDATE ON products FOR EACH ROW, where what planning reads of it has changed
STOCKFLOW_FUNCTION(stockflow_planned_product_after) {
    TriggerData *trigger = check_trigger(fcinfo, "planned_product_after", Timing::after_row);
    const std::int64_t company_id = bigint_of(trigger, "company_id");
    const std::int64_t product_id = bigint_of(trigger, "product_id");
    as_owner(trigger->tg_relation, [&] {
        spi::connected([&] {
            // Without a policy nothing is dynamic.
            if (!has_policy(company_id)) return;
            apply_reorder_points(company_id, present(bigint_array(&product_id, 1)));
        });
    });
    return PointerGetDatum(nullptr);
}

// AFTER DELETE ON inventory FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_forecast_removed_after) {
    TriggerData *trigger = check_trigger(fcinfo, "forecast_removed_after", Timing::after_row);
    spi::Parameters key;
    for (const char *column : {"company_id", "product_id", "warehouse_id"}) {
        key.bigint(bigint_of(trigger, column));
    }
    as_owner(trigger->tg_relation,
             [&] { spi::connected([&] { spi::run_latest(remove_forecast, key); }); });
    return PointerGetDatum(nullptr);
}
