// The triggers on products and warehouses: SKU, price, what kind of product it is, and history.
#include "company_lock.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "products.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement currency_query = {
    "SELECT c.currency FROM stockflow.companies c WHERE c.company_id = $1", 1, {INT8OID}, nullptr};

// The rows of a product; locked, so that movements under way are seen.
// Goods in transit are stock, too: they could not be received any more.
spi::Statement stock_rows = {
    "SELECT i.quantity <> 0 OR i.in_transit <> 0,"
    "       i.quantity <> trunc(i.quantity) OR i.in_transit <> trunc(i.in_transit)"
    "  FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.product_id = $2 ORDER BY i.warehouse_id FOR NO KEY UPDATE",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement lots_in_stock = {
    "SELECT FROM stockflow.lot_stock s WHERE s.company_id = $1 AND s.product_id = $2 LIMIT 1",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement has_components = {
    "SELECT FROM stockflow.product_bundles b WHERE b.company_id = $1 AND b.bundle_id = $2 LIMIT 1",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement product_history = {
    "SELECT FROM stockflow.inventory_log l WHERE l.company_id = $1 AND l.product_id = $2 LIMIT 1",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement warehouse_history = {
    "SELECT FROM stockflow.inventory_log l WHERE l.company_id = $1 AND l.warehouse_id = $2 LIMIT 1",
    2,
    {INT8OID, INT8OID},
    nullptr};

// The columns of products that the trigger looks at.
struct ProductRow {
    int64 company_id, product_id;
    const char *sku;
    bool live, is_bundle, is_stocked, whole_units, tracks_lots;
};

// Normalises and checks the SKU; returns the row to store.
HeapTuple with_checked_sku(Relation relation, HeapTuple row) {
    const TupleDesc desc = RelationGetDescr(relation);
    const int column = column_number(relation, "sku");
    const NullableDatum stored = column_value(row, desc, column);
    if (stored.isnull) return row;  // NOT NULL says so
    const char *given = TextDatumGetCString(stored.value);
    const char *sku = trimmed(given);
    const char *fault =
        sku_fault(sku == nullptr ? "" : sku, sku == nullptr ? 0 : strlen(sku), database_is_utf8());
    if (fault != nullptr) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION), errmsg("SKU %s", fault),
                        errdetail("The SKU is \"%s\".", clipped(given, 80))));
    }
    if (strcmp(sku, given) == 0) return row;
    int columns[] = {column};
    Datum values[] = {CStringGetTextDatum(sku)};
    bool nulls[] = {false};
    return heap_modify_tuple_by_cols(row, desc, 1, columns, values, nulls);
}

ProductRow read_product(Relation relation, HeapTuple row) {
    const TupleDesc desc = RelationGetDescr(relation);
    const auto value = [&](const char *name) {
        return column_value(row, desc, column_number(relation, name));
    };
    ProductRow product = {};
    product.company_id = DatumGetInt64(value("company_id").value);
    product.product_id = DatumGetInt64(value("product_id").value);
    const NullableDatum sku = value("sku");
    product.sku = sku.isnull ? nullptr : TextDatumGetCString(sku.value);
    product.live = value("deleted_at").isnull;
    product.is_bundle = DatumGetBool(value("is_bundle").value);
    product.is_stocked = DatumGetBool(value("is_stocked").value);
    product.whole_units = DatumGetBool(value("whole_units").value);
    product.tracks_lots = DatumGetBool(value("tracks_lots").value);
    return product;
}

void check_price(const ProductRow &product, NullableDatum price) {
    if (price.isnull) return;
    spi::Parameters company;
    company.bigint(product.company_id);
    if (spi::run(currency_query, company, spi::Mode::write) == 0) return;  // the key will say so
    const char *currency = spi::Row(0).string(1);
    const char *amount = numeric_text(price.value);
    if (significant_decimals(amount) <= currency_decimals(currency)) return;
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("price %.40s has more decimals than %s allows", amount, currency),
                    errdetail("%s has %d decimals.", currency, currency_decimals(currency))));
}

void check_no_lots(const ProductRow &product) {
    spi::Parameters lots;
    lots.bigint(product.company_id).bigint(product.product_id);
    if (spi::run_latest(lots_in_stock, lots) == 0) return;
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("lots of product \"%s\" are in stock", product.sku),
                    errhint("Its lots have to be used up before it stops tracking them.")));
}

// Refuses a change of kind that would strand stock, lots or components.
void check_kind(const ProductRow &before, const ProductRow &after) {
    spi::Parameters stock, components;
    stock.bigint(after.company_id).bigint(after.product_id);
    components.bigint(after.company_id).bigint(after.product_id);
    stop_writers(after.company_id);  // they have read of which kind it is
    const uint64 rows = spi::run(stock_rows, stock, spi::Mode::write);
    bool has_stock = false, has_fraction = false;
    for (uint64 i = 0; i < rows; i++) {
        has_stock |= spi::Row(i).boolean(1);
        has_fraction |= spi::Row(i).boolean(2);
    }
    if (has_stock &&
        ((after.is_bundle && !before.is_bundle) || (!after.is_stocked && before.is_stocked))) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" has stock of its own", after.sku),
                        errhint("Adjust its stock to 0 before it becomes a bundle or a service.")));
    }
    if (has_fraction && after.whole_units && !before.whole_units) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" has a fraction of a unit in stock", after.sku),
                        errhint("Adjust its stock to whole units first.")));
    }
    if (before.tracks_lots && !after.tracks_lots) check_no_lots(after);
    if (before.is_bundle && !after.is_bundle &&
        spi::run(has_components, components, spi::Mode::write) > 0) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" has components", after.sku),
                        errhint("Delete its rows of product_bundles first.")));
    }
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// BEFORE INSERT OR UPDATE ON products FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_product_before) {
    TriggerData *trigger = check_trigger(fcinfo, "product_before", Timing::before_row);
    const Relation relation = trigger->tg_relation;
    const TupleDesc desc = RelationGetDescr(relation);
    const bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
    const auto changed = [&](const char *name) {
        return !is_update || column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc,
                                            column_number(relation, name));
    };
    HeapTuple row = changed_row(trigger);
    if (changed("sku")) row = with_checked_sku(relation, row);
    const ProductRow after = read_product(relation, row);
    spi::connected([&] {
        if (changed("price")) {
            check_price(after, column_value(row, desc, column_number(relation, "price")));
        }
        SkuHolder holder;
        if (after.live && after.sku != nullptr && (changed("sku") || changed("deleted_at")) &&
            find_sku_holder(after.company_id, after.sku, after.product_id, &holder)) {
            report_duplicate_sku(after.sku, holder);
        }
        if (is_update && (changed("is_bundle") || changed("is_stocked") || changed("whole_units") ||
                          changed("tracks_lots"))) {
            check_kind(read_product(relation, trigger->tg_trigtuple), after);
        }
    });
    return PointerGetDatum(row);
}

// BEFORE DELETE OR UPDATE of the key ON products, warehouses FOR EACH ROW; the argument names the
// table.
STOCKFLOW_FUNCTION(stockflow_history_guard) {
    TriggerData *trigger = check_trigger(fcinfo, "history_guard", Timing::before_row);
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const char *kind = trigger->tg_trigger->tgnargs == 1 ? trigger->tg_trigger->tgargs[0] : "";
    const bool is_product = strcmp(kind, "product") == 0;
    const auto id = [&](const char *column) {
        return column_value(trigger->tg_trigtuple, desc,
                            column_number(trigger->tg_relation, column))
            .value;
    };
    const char *own_column = is_product ? "product_id" : "warehouse_id";
    const Datum company_id = id("company_id");
    const Datum own_id = id(own_column);
    if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
        !column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc,
                        column_number(trigger->tg_relation, "company_id")) &&
        !column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc,
                        column_number(trigger->tg_relation, own_column))) {
        return PointerGetDatum(trigger->tg_newtuple);
    }
    const auto find_history = [&] {
        spi::Parameters parameters;
        parameters.datum(company_id).datum(own_id);
        return spi::run(is_product ? product_history : warehouse_history, parameters,
                        spi::Mode::write) > 0;
    };
    const bool has_history =
        as_owner(trigger->tg_relation, [&] { return spi::connected(find_history); });
    if (has_history) {
        ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                        errmsg("%s %lld has ledger entries", is_product ? "product" : "warehouse",
                               static_cast<long long>(DatumGetInt64(own_id))),
                        errhint("Set deleted_at instead of deleting it; its key stays.")));
    }
    return PointerGetDatum(changed_row(trigger));
}
