// create_product: a product with its supplier and its first stock.
#include "products.hpp"

#include "arguments.hpp"
#include "company_lock.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "idempotency.hpp"
#include "posting.hpp"
#include "reasons.hpp"
#include "spi.hpp"
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

spi::Statement live_reference = {
    "SELECT $2 IS NULL OR EXISTS (SELECT FROM stockflow.categories g"
    "                              WHERE g.company_id = $1 AND g.category_id = $2),"
    "       $3 IS NULL OR EXISTS (SELECT FROM stockflow.suppliers s"
    "              WHERE s.company_id = $1 AND s.supplier_id = $3 AND s.deleted_at IS NULL)",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

void check_references(const NewProduct &product) {
    spi::Parameters parameters;
    parameters.bigint(product.company_id)
        .optional(product.category_id)
        .optional(product.supplier_id);
    spi::run(live_reference, parameters, spi::Mode::write);
    if (!spi::Row(0).boolean(1)) {
        report_unknown("category", DatumGetInt64(product.category_id.value), product.company_id);
    }
    if (!spi::Row(0).boolean(2)) {
        report_unknown("supplier", DatumGetInt64(product.supplier_id.value), product.company_id);
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
        announce_writer(product.company_id);
        require_company(product.company_id);
        const char *earlier = claim_key(product.company_id, key, request);
        if (earlier != nullptr) return kept_id(earlier);
        const CreatedProduct created = insert_product(product);
        keep_result(product.company_id, key,
                    psprintf("%lld", static_cast<long long>(created.product_id)));
        return created.product_id;
    });
    PG_RETURN_INT64(product_id);
}
