// buildable_bundles and bundle_components: what bundles need, and how many can be built.
#include "arguments.hpp"
#include "bundles.hpp"
#include "core/quantity.hpp"
#include "core/search.hpp"
#include "entry.hpp"
#include "expired.hpp"
#include "lots.hpp"
#include "rows.hpp"
#include "spi.hpp"
#include "values.hpp"
#include "warehouses.hpp"

namespace stockflow {

namespace {

spi::Statement bundle_query = {
    "SELECT p.product_id, p.sku, p.name FROM stockflow.products p"
    "  JOIN stockflow.companies c ON c.company_id = p.company_id AND c.deleted_at IS NULL"
    " WHERE p.company_id = $1 AND p.is_bundle AND p.deleted_at IS NULL"
    "   AND ($2 IS NULL OR p.product_id = $2)"
    " ORDER BY p.product_id",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement component_query = {
    "SELECT p.product_id, p.sku, p.name, p.deleted_at IS NOT NULL FROM stockflow.products p"
    " WHERE p.company_id = $1 AND p.product_id = ANY ($2) ORDER BY p.product_id",
    2,
    {INT8OID, INT8ARRAYOID},
    nullptr};

spi::Statement stock_query = {
    "SELECT i.product_id, i.warehouse_id, i.quantity - i.reserved FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.product_id = ANY ($2)",
    2,
    {INT8OID, INT8ARRAYOID},
    nullptr};

struct Bundle {
    int64 company_id, bundle_id;
    Datum sku, name;
    Needs needs;
    Datum *component_skus;  // parallel to needs
};

Datum need_ids(const Needs &needs) {
    auto *ids = allocate<std::int64_t>(needs.count);
    for (int i = 0; i < needs.count; i++) ids[i] = needs.needs[i].product_id;
    return bigint_array(ids, needs.count);
}

// What is available of each component in each warehouse: a row of needs.count per warehouse.
std::int64_t *load_available(Bundle &bundle, const Warehouses &warehouses, const Expired &expired,
                             const Expired &spoiled) {
    const int need_count = bundle.needs.count;
    auto *available = static_cast<std::int64_t *>(MemoryContextAllocExtended(
        CurrentMemoryContext, sizeof(std::int64_t) * Max(need_count * warehouses.count, 1),
        MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
    const Datum ids = need_ids(bundle.needs);
    spi::Parameters stock, components;
    stock.bigint(bundle.company_id).datum(ids);
    const uint64 rows = spi::run(stock_query, stock, spi::Mode::read);
    for (uint64 i = 0; i < rows; i++) {
        const spi::Row row(i);
        const int warehouse = warehouses.find(row.bigint(2));
        if (warehouse < 0) continue;
        const int need = lower_bound(need_count, row.bigint(1),
                                     [&](int at) { return bundle.needs.needs[at].product_id; });
        available[warehouse * need_count + need] =
            to_quantity(row.get(3).value, "available") +
            expired_of(expired, row.bigint(1), row.bigint(2)) -
            expired_of(spoiled, row.bigint(1), row.bigint(2));
    }
    components.bigint(bundle.company_id).datum(ids);
    spi::run(component_query, components, spi::Mode::read);
    bundle.component_skus = allocate<Datum>(need_count);
    for (int need = 0; need < need_count; need++) {
        const spi::Row row(need);
        bundle.component_skus[need] = row.get(2).value;
        for (int i = 0; i < warehouses.count; i++) {
            std::int64_t &at = available[i * need_count + need];
            at = usable(at, row.boolean(4));
        }
    }
    return available;
}

// One row: available is parallel to needs; no warehouse is all of them together.
void emit(const Bundle &bundle, const std::int64_t *available, NullableDatum warehouse_id,
          NullableDatum warehouse_name, const Rows &rows) {
    const Buildable built = buildable(bundle.needs.needs, bundle.needs.count, available);
    const bool unlimited = built.limiting < 0;
    const int at = Max(built.limiting, 0);
    const NullableDatum none = null_datum();
    rows.put({present(Int64GetDatum(bundle.bundle_id)), present(bundle.sku), present(bundle.name),
              warehouse_id, warehouse_name,
              unlimited ? none : present(from_quantity(built.quantity)),
              unlimited ? none : present(Int64GetDatum(bundle.needs.needs[at].product_id)),
              unlimited ? none : present(bundle.component_skus[at]),
              unlimited ? none : present(from_quantity(available[at])),
              unlimited ? none : present(from_quantity(bundle.needs.needs[at].quantity))});
}

// The rows of one bundle: per warehouse, and pooled where all warehouses are asked for.
void emit_bundle(Bundle &bundle, const Warehouses &warehouses, const Expired &expired,
                 const Expired &spoiled, bool pooled, const Rows &rows) {
    const int need_count = bundle.needs.count;
    const std::int64_t *available = load_available(bundle, warehouses, expired, spoiled);
    auto *pool = allocate<std::int64_t>(need_count);
    for (int need = 0; need < need_count; need++) pool[need] = 0;
    for (int i = 0; i < warehouses.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const std::int64_t *here = &available[i * need_count];
        for (int need = 0; need < need_count; need++) pool[need] = add(pool[need], here[need]);
        emit(bundle, here, present(Int64GetDatum(warehouses.ids[i])), present(warehouses.names[i]),
             rows);
    }
    if (pooled) emit(bundle, pool, null_datum(), null_datum(), rows);
}

void emit_all(int64 company_id, NullableDatum bundle_id, NullableDatum warehouse_id,
              const Rows &rows) {
    const Warehouses warehouses = open_warehouses(company_id, warehouse_id);
    const Expired expired = load_expired(company_id);
    const Expired spoiled = load_spoiled(company_id);
    spi::Parameters parameters;
    parameters.bigint(company_id).optional(bundle_id);
    const uint64 count = spi::run(bundle_query, parameters, spi::Mode::read);
    SPITupleTable *bundles = SPI_tuptable;
    MemoryContext each =
        AllocSetContextCreate(CurrentMemoryContext, "stockflow bundle", ALLOCSET_DEFAULT_SIZES);
    for (uint64 i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        SPI_tuptable = bundles;
        const spi::Row row(i);
        MemoryContext caller = MemoryContextSwitchTo(each);
        Bundle bundle = {};
        bundle.company_id = company_id;
        bundle.bundle_id = row.bigint(1);
        bundle.sku = row.get(2).value;
        bundle.name = row.get(3).value;
        bundle.needs = load_needs(company_id, bundle.bundle_id, spi::Mode::read);
        emit_bundle(bundle, warehouses, expired, spoiled, warehouse_id.isnull, rows);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(each);
    }
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// buildable_bundles(company, bundle, warehouse) RETURNS TABLE(…), per warehouse and pooled
STOCKFLOW_FUNCTION(stockflow_buildable_bundles) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const Rows rows(fcinfo);
    spi::connected([&] { emit_all(company_id, arguments.get(1), arguments.get(2), rows); });
    return 0;
}

// bundle_components(company, bundle) RETURNS TABLE(component_id, sku, name, quantity)
STOCKFLOW_FUNCTION(stockflow_bundle_components) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const int64 bundle_id = arguments.bigint(1, "bundle_id");
    const Rows rows(fcinfo);
    spi::connected([&] {
        const Needs needs = load_needs(company_id, bundle_id, spi::Mode::read);
        spi::Parameters parameters;
        parameters.bigint(company_id).datum(need_ids(needs));
        spi::run(component_query, parameters, spi::Mode::read);
        for (int i = 0; i < needs.count; i++) {
            const spi::Row row(i);
            rows.put({row.get(1), row.get(2), row.get(3),
                      present(from_quantity(needs.needs[i].quantity))});
        }
    });
    return 0;
}
