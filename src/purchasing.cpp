// Purchasing: what the functions in SQL need of the core, and the trigger on supplier_prices.
#include "arguments.hpp"
#include "core/alert.hpp"
#include "core/quantity.hpp"
#include "entry.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// Prices of one supplier and product change one at a time, so that two sessions cannot insert
// rows that overlap each other.
spi::Statement lock_terms = {
    "SELECT FROM stockflow.product_suppliers ps"
    " WHERE ps.company_id = $1 AND ps.product_id = $2 AND ps.supplier_id = $3 FOR NO KEY UPDATE",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

// Another price for the same break that holds on one of the same days; valid_to is not one of
// them.
spi::Statement overlapping = {
    "SELECT o.valid_from::text, coalesce(o.valid_to::text, 'open') FROM stockflow.supplier_prices o"
    " WHERE o.company_id = $1 AND o.product_id = $2 AND o.supplier_id = $3"
    "   AND o.min_quantity = $4 AND o.valid_from <> $5"
    "   AND daterange(o.valid_from, o.valid_to) && daterange($5, $6)"
    " ORDER BY o.valid_from LIMIT 1",
    6,
    {INT8OID, INT8OID, INT8OID, NUMERICOID, DATEOID, DATEOID},
    nullptr};

void check_overlap(NullableDatum minimum, spi::Parameters &key, spi::Parameters &price) {
    spi::run_latest(lock_terms, key);
    if (spi::run_latest(overlapping, price) == 0) return;
    const spi::Row row(0);
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("two prices from quantity %s on would hold on the same day",
                           numeric_text(minimum.value)),
                    errdetail("There is one from %s to %s.", row.string(1), row.string(2)),
                    errhint("Set valid_to of the earlier price to valid_from of the next.")));
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// order_quantity(needed, min_order_quantity, pack_size, whole_units) RETURNS numeric
STOCKFLOW_FUNCTION(stockflow_order_quantity) {
    const Arguments arguments(fcinfo);
    const std::int64_t needed = arguments.signed_quantity(0, "needed");
    const OptionalQuantity minimum = arguments.optional_quantity(1, "min_order_quantity");
    const OptionalQuantity pack = arguments.optional_quantity(2, "pack_size");
    if (pack.set && pack.value == 0) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("pack_size must be above 0")));
    }
    const bool whole_units = arguments.boolean(3, "whole_units");
    return from_quantity(needed <= 0 ? 0 : order_quantity(needed, minimum, pack, whole_units));
}

// checked_text(value, name, most) RETURNS text: an optional text argument of a function in SQL
STOCKFLOW_FUNCTION(stockflow_checked_text) {
    const Arguments arguments(fcinfo);
    const char *name = arguments.string(1, "name", 64);
    const int most = arguments.integer(2, "most", 1, PG_INT32_MAX);
    const char *text = arguments.optional_string(0, name, most);
    if (text == nullptr) PG_RETURN_NULL();
    return CStringGetTextDatum(text);
}

// AFTER INSERT OR UPDATE ON supplier_prices FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_supplier_price_after) {
    TriggerData *trigger = check_trigger(fcinfo, "supplier_price_after", Timing::after_row);
    const Relation relation = trigger->tg_relation;
    const HeapTuple row = changed_row(trigger);
    const auto value = [&](const char *name) {
        return column_value(row, RelationGetDescr(relation), column_number(relation, name));
    };
    const NullableDatum minimum = value("min_quantity");
    spi::Parameters key, price;
    for (spi::Parameters *parameters : {&key, &price}) {
        parameters->datum(value("company_id").value)
            .datum(value("product_id").value)
            .datum(value("supplier_id").value);
    }
    price.datum(minimum.value).datum(value("valid_from").value).optional(value("valid_to"));
    as_owner(relation, [&] { spi::connected([&] { check_overlap(minimum, key, price); }); });
    return PointerGetDatum(nullptr);
}
