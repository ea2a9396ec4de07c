// create_product, and the trigger on products: SKU, price, and what kind of product it is.
#include "products.hpp"

#include "arguments.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "idempotency.hpp"
#include "posting.hpp"
#include "reasons.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement sku_holder = {
    "SELECT p.product_id, p.name FROM stockflow.products p"
    " WHERE p.company_id = $1 AND lower(p.sku) = lower($2) AND p.deleted_at IS NULL"
    "   AND p.product_id <> $3",
    3,
    {INT8OID, TEXTOID, INT8OID},
    nullptr};

spi::Statement insert_row = {
    "INSERT INTO stockflow.products (company_id, sku, name, price, category_id, reorder_point,"
    " order_up_to, unit, whole_units, is_bundle, is_stocked, attributes)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, 'each'), $9, $10, $11, coalesce($12, '{}'))"
    " ON CONFLICT (company_id, lower(sku)) WHERE deleted_at IS NULL DO NOTHING"
    " RETURNING product_id, created_at",
    12,
    {INT8OID, TEXTOID, TEXTOID, NUMERICOID, INT8OID, NUMERICOID, NUMERICOID, TEXTOID, BOOLOID,
     BOOLOID, BOOLOID, JSONBOID},
    nullptr};

spi::Statement insert_supplier = {
    "INSERT INTO stockflow.product_suppliers"
    " (company_id, product_id, supplier_id, unit_cost, is_preferred) VALUES ($1, $2, $3, $4, true)",
    4,
    {INT8OID, INT8OID, INT8OID, NUMERICOID},
    nullptr};

spi::Statement insert_inventory = {
    "INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES ($1, $2, $3)",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement currency_query = {
    "SELECT c.currency FROM stockflow.companies c WHERE c.company_id = $1", 1, {INT8OID}, nullptr};

// The rows of a product; locked, so that movements under way are seen.
spi::Statement stock_rows = {
    "SELECT i.quantity <> 0, i.quantity <> trunc(i.quantity) FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.product_id = $2 ORDER BY i.warehouse_id FOR NO KEY UPDATE",
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

spi::Statement live_reference = {
    "SELECT $2 IS NULL OR EXISTS (SELECT FROM stockflow.categories g"
    "                              WHERE g.company_id = $1 AND g.category_id = $2),"
    "       $3 IS NULL OR EXISTS (SELECT FROM stockflow.suppliers s"
    "              WHERE s.company_id = $1 AND s.supplier_id = $3 AND s.deleted_at IS NULL)",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

[[noreturn]] void unknown_reference(const char *what, Datum id, int64 company_id) {
    ereport(ERROR,
            (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
             errmsg("%s %lld does not exist", what, static_cast<long long>(DatumGetInt64(id))),
             errdetail("Company %lld has no such %s.", static_cast<long long>(company_id), what)));
    pg_unreachable();
}

void check_references(const NewProduct &product) {
    spi::Parameters parameters;
    parameters.bigint(product.company_id)
        .optional(product.category_id)
        .optional(product.supplier_id);
    spi::run(live_reference, parameters, spi::Mode::write);
    if (!spi::Row(0).boolean(1)) {
        unknown_reference("category", product.category_id.value, product.company_id);
    }
    if (!spi::Row(0).boolean(2)) {
        unknown_reference("supplier", product.supplier_id.value, product.company_id);
    }
}

// The first stock, or an empty row that says that the product is stocked there.
void stock_product(const NewProduct &product, int64 product_id) {
    if (product.warehouse_id.isnull) return;
    const int64 warehouse_id = DatumGetInt64(product.warehouse_id.value);
    const StockRules rules = require_rules({product.company_id, product_id, warehouse_id});
    if (rules.warehouse_deleted) {
        ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                        errmsg("warehouse \"%s\" is closed", rules.warehouse)));
    }
    if (!product.initial_quantity.set || product.initial_quantity.value == 0) {
        spi::Parameters parameters;
        parameters.bigint(product.company_id).bigint(product_id).bigint(warehouse_id);
        spi::run(insert_inventory, parameters, spi::Mode::write);
        return;
    }
    Movement movement = simple_movement(product.initial_quantity.value, kReasonInitial, nullptr,
                                        GetCurrentTransactionStartTimestamp());
    movement.unit_cost = product.unit_cost;
    Line line = make_line(product_id, warehouse_id, movement);
    line.rules = &rules;
    int posted_count = 0;
    post(product.company_id, &line, 1, &posted_count);
}

}  // namespace

NewProduct new_product(int64 company_id) {
    NewProduct product = {};
    product.company_id = company_id;
    product.category_id = product.warehouse_id = product.supplier_id = null_datum();
    product.unit_cost = null_datum();
    product.whole_units = product.is_stocked = true;
    return product;
}

bool find_sku_holder(int64 company_id, const char *sku, int64 except_product_id,
                     SkuHolder *holder) {
    spi::Parameters parameters;
    parameters.bigint(company_id).string(sku).bigint(except_product_id);
    if (spi::run(sku_holder, parameters, spi::Mode::write) == 0) return false;
    *holder = {spi::Row(0).bigint(1), spi::Row(0).string(2)};
    return true;
}

void report_duplicate_sku(const char *sku, const SkuHolder &holder) {
    ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
                    errmsg("SKU \"%s\" is already used by product %lld \"%s\"", sku,
                           static_cast<long long>(holder.product_id), holder.name),
                    errdetail("SKUs are compared without regard to case and outer blanks."),
                    errhint("Choose another SKU, or delete that product (set deleted_at) first."),
                    err_generic_string(PG_DIAG_CONSTRAINT_NAME, "products_sku_key")));
    pg_unreachable();
}

CreatedProduct insert_product(const NewProduct &product) {
    check_references(product);
    spi::Parameters row;
    row.bigint(product.company_id)
        .string(product.sku)
        .string(product.name)
        .datum(product.price)
        .optional(product.category_id)
        .optional(from_optional_quantity(product.reorder_point))
        .optional(from_optional_quantity(product.order_up_to))
        .string(product.unit)
        .boolean(product.whole_units)
        .boolean(product.is_bundle)
        .boolean(product.is_stocked);
    product.attributes == nullptr ? row.null() : row.datum(JsonbPGetDatum(product.attributes));
    if (spi::run(insert_row, row, spi::Mode::write) == 0) {
        // Somebody else inserted the SKU between the trigger's look and the index's.
        SkuHolder holder = {0, "of a transaction that is not yet visible"};
        find_sku_holder(product.company_id, product.sku, 0, &holder);
        report_duplicate_sku(product.sku, holder);
    }
    const CreatedProduct created = {spi::Row(0).bigint(1), spi::Row(0).time(2)};
    if (!product.supplier_id.isnull) {
        spi::Parameters supplier;
        supplier.bigint(product.company_id)
            .bigint(created.product_id)
            .optional(product.supplier_id)
            .optional(product.unit_cost);
        spi::run(insert_supplier, supplier, spi::Mode::write);
    }
    stock_product(product, created.product_id);
    return created;
}

namespace {

// The columns of products that the trigger looks at.
struct ProductRow {
    int64 company_id, product_id;
    const char *sku;
    bool live, is_bundle, is_stocked, whole_units;
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

// Refuses a change of kind that would strand stock or components.
void check_kind(const ProductRow &before, const ProductRow &after) {
    spi::Parameters stock, components;
    stock.bigint(after.company_id).bigint(after.product_id);
    components.bigint(after.company_id).bigint(after.product_id);
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

// create_product(company, sku, name, price, warehouse, initial_quantity, category, reorder_point,
//                supplier, key) RETURNS bigint
STOCKFLOW_FUNCTION(stockflow_create_product) {
    const Arguments arguments(fcinfo);
    NewProduct product = new_product(arguments.bigint(0, "company_id"));
    product.sku = arguments.string(1, "sku", kMaxSkuLength);
    product.name = arguments.string(2, "name", kMaxNameLength);
    product.price = check_money(arguments.required(3, "price"), "price");
    product.warehouse_id = arguments.get(4);
    product.initial_quantity = arguments.optional_quantity(5, "initial_quantity");
    product.category_id = arguments.get(6);
    product.reorder_point = arguments.optional_quantity(7, "reorder_point");
    product.supplier_id = arguments.get(8);
    const char *key = arguments.key(9);
    if (product.initial_quantity.set && product.warehouse_id.isnull) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("initial_quantity needs a warehouse_id"),
                        errhint("Stock is held per warehouse.")));
    }
    Request request("create_product");
    request.string(product.sku)
        .string(product.name)
        .numeric(present(product.price))
        .optional_bigint(product.warehouse_id)
        .numeric(from_optional_quantity(product.initial_quantity))
        .optional_bigint(product.category_id)
        .numeric(from_optional_quantity(product.reorder_point))
        .optional_bigint(product.supplier_id);
    const int64 product_id = spi::connected([&]() -> int64 {
        announce_writer();
        require_company(product.company_id);
        const char *earlier = claim_key(product.company_id, key, request);
        if (earlier != nullptr) return strtoll(earlier, nullptr, 10);
        const CreatedProduct created = insert_product(product);
        keep_result(product.company_id, key,
                    psprintf("%lld", static_cast<long long>(created.product_id)));
        return created.product_id;
    });
    PG_RETURN_INT64(product_id);
}

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
        if (is_update &&
            (changed("is_bundle") || changed("is_stocked") || changed("whole_units"))) {
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
