#include "reorder.hpp"

#include "company_lock.hpp"
#include "entry.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement product_point = {
    "SELECT p.reorder_point, p.category_id FROM stockflow.products p"
    " WHERE p.company_id = $1 AND p.product_id = $2 FOR SHARE",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement category_point = {
    "SELECT g.reorder_point FROM stockflow.categories g"
    " WHERE g.company_id = $1 AND g.category_id = $2 FOR SHARE",
    2,
    {INT8OID, INT8OID},
    nullptr};

// Rows that inherit are updated in key order; rows with a point of their own are left alone.
#define STOCKFLOW_PROPAGATE(condition)                                                \
    "WITH stale AS MATERIALIZED ("                                                    \
    "  SELECT i.product_id, i.warehouse_id,"                                          \
    "         coalesce(p.reorder_point, g.reorder_point, c.reorder_point) AS point"   \
    "    FROM stockflow.inventory i"                                                  \
    "    JOIN stockflow.products p"                                                   \
    "      ON p.company_id = i.company_id AND p.product_id = i.product_id"            \
    "    JOIN stockflow.companies c ON c.company_id = i.company_id"                   \
    "    LEFT JOIN stockflow.categories g"                                            \
    "      ON g.company_id = p.company_id AND g.category_id = p.category_id"          \
    "   WHERE i.company_id = $1 AND i.reorder_point IS NULL"                          \
    "     AND i.dynamic_reorder_point IS NULL" condition                              \
    "     AND i.effective_reorder_point IS DISTINCT FROM"                             \
    "         coalesce(p.reorder_point, g.reorder_point, c.reorder_point)"            \
    "   ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE OF i)"                \
    "UPDATE stockflow.inventory i SET effective_reorder_point = s.point FROM stale s" \
    " WHERE i.company_id = $1 AND i.product_id = s.product_id"                        \
    "   AND i.warehouse_id = s.warehouse_id"

spi::Statement propagate_company = {STOCKFLOW_PROPAGATE(""), 1, {INT8OID}, nullptr};
spi::Statement propagate_category = {
    STOCKFLOW_PROPAGATE(" AND p.category_id = $2"), 2, {INT8OID, INT8OID}, nullptr};
spi::Statement propagate_product = {
    STOCKFLOW_PROPAGATE(" AND p.product_id = $2"), 2, {INT8OID, INT8OID}, nullptr};

// Runs a statement that returns at most one row with a reorder point first.
NullableDatum first_point(spi::Statement &statement, spi::Parameters &parameters) {
    if (spi::run(statement, parameters, spi::Mode::write) == 0) return null_datum();
    return spi::Row(0).get(1);
}

}  // namespace

NullableDatum inherited_reorder_point(const StockKey &key) {
    MemoryContext caller = CurrentMemoryContext;
    return spi::connected([&] {
        // The point of a company changes only when nobody holds its rules, the other two when
        // nobody holds their rows.
        hold_rules(key.company_id);
        spi::Parameters product;
        NullableDatum point =
            first_point(product_point, product.bigint(key.company_id).bigint(key.product_id));
        if (point.isnull && SPI_processed > 0 && !spi::Row(0).is_null(2)) {
            spi::Parameters category;
            category.bigint(key.company_id).bigint(spi::Row(0).bigint(2));
            point = first_point(category_point, category);
        }
        MemoryContext own = MemoryContextSwitchTo(caller);
        point = point.isnull ? company_reorder_point(key.company_id)
                             : present(datumCopy(point.value, false, -1));
        MemoryContextSwitchTo(own);
        return point;
    });
}

namespace {

// Planning may be giving rows back to what they inherit; this waits for it, and it for us.
spi::Statement hold_planning = {
    "SELECT FROM stockflow.forecast_refreshes r WHERE r.company_id = $1 FOR NO KEY UPDATE",
    1,
    {INT8OID},
    nullptr};

// Brings the rows that inherit up to date. What they may inherit from further up is held first, so
// that two changes at different levels cannot miss each other.
void propagate(spi::Statement &statement, int64 company_id, const int64 *id) {
    spi::connected([&] {
        spi::Parameters parameters, company;
        spi::run_latest(hold_planning, company.bigint(company_id));
        parameters.bigint(company_id);
        if (id != nullptr) parameters.bigint(*id);
        open_derived_update();
        spi::run_latest(statement, parameters);
        close_derived_update();
    });
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// AFTER UPDATE ON companies, categories, products FOR EACH ROW; the argument names the level.
STOCKFLOW_FUNCTION(stockflow_reorder_point_after) {
    TriggerData *trigger = check_trigger(fcinfo, "reorder_point_after", Timing::after_row);
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const char *level = trigger->tg_trigger->tgnargs == 1 ? trigger->tg_trigger->tgargs[0] : "";
    const bool is_product = strcmp(level, "product") == 0;
    bool changed = column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc,
                                  column_number(trigger->tg_relation, "reorder_point"));
    if (is_product) {
        changed |= column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc,
                                  column_number(trigger->tg_relation, "category_id"));
    }
    if (!changed) return PointerGetDatum(nullptr);

    const auto id = [&](const char *column) {
        return DatumGetInt64(
            column_value(trigger->tg_newtuple, desc, column_number(trigger->tg_relation, column))
                .value);
    };
    const int64 company_id = id("company_id");
    as_owner(trigger->tg_relation, [&] {
        if (is_product) {
            const int64 product_id = id("product_id");
            inherited_reorder_point({company_id, product_id, 0});
            propagate(propagate_product, company_id, &product_id);
        } else if (strcmp(level, "category") == 0) {
            const int64 category_id = id("category_id");
            hold_rules(company_id);
            propagate(propagate_category, company_id, &category_id);
        } else {
            stop_writers(company_id);
            propagate(propagate_company, company_id, nullptr);
        }
    });
    return PointerGetDatum(nullptr);
}
