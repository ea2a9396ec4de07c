// Who could deliver what alerts: the offers for their products, and the suppliers who make them.
#include <algorithm>

#include "alert_rows.hpp"
#include "core/grouping.hpp"
#include "core/search.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement offer_query = {
    "SELECT ps.product_id, ps.supplier_id, ps.is_preferred, ps.unit_cost, ps.lead_time_days,"
    "       ps.min_order_quantity, ps.pack_size"
    "  FROM stockflow.product_suppliers ps"
    " WHERE ps.company_id = $1 AND ps.product_id = ANY ($2)",
    2,
    {INT8OID, INT8ARRAYOID},
    nullptr};

spi::Statement supplier_query = {
    "SELECT s.supplier_id, s.name, s.contact_email FROM stockflow.suppliers s"
    " WHERE s.company_id = $1 AND s.supplier_id = ANY ($2) AND s.deleted_at IS NULL"
    " ORDER BY s.supplier_id",
    2,
    {INT8OID, INT8ARRAYOID},
    nullptr};

struct SupplierNames {
    std::int64_t *ids;  // ascending
    Datum *names;
    NullableDatum *emails;
    int count;
};

Supplier read_offer(const spi::Row &row) {
    Supplier supplier = {};
    supplier.product_id = row.bigint(1);
    supplier.unit_cost = row.get(4);
    supplier.lead_time_days = row.get(5);
    supplier.min_order_quantity = row.get(6);
    supplier.pack_size = row.get(7);
    supplier.offer = {row.bigint(2), row.boolean(3), kUnknownCost,
                      supplier.lead_time_days.isnull ? kUnknownLeadTime : row.integer(5)};
    return supplier;
}

// The suppliers of some offers that are not deleted; a few make most of the offers.
SupplierNames load_names(int64 company_id, const Supplier *offers, int offer_count) {
    SupplierNames found = {};
    auto *ids = allocate<std::int64_t>(offer_count);
    for (int i = 0; i < offer_count; i++) ids[i] = offers[i].offer.supplier_id;
    std::sort(ids, ids + offer_count);
    const int distinct = static_cast<int>(std::unique(ids, ids + offer_count) - ids);
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(bigint_array(ids, distinct));
    found.count = static_cast<int>(spi::run(supplier_query, parameters, spi::Mode::read));
    found.ids = allocate<std::int64_t>(found.count);
    found.names = allocate<Datum>(found.count);
    found.emails = allocate<NullableDatum>(found.count);
    for (int i = 0; i < found.count; i++) {
        const spi::Row row(i);
        found.ids[i] = row.bigint(1);
        found.names[i] = row.get(2).value;
        found.emails[i] = row.get(3);
    }
    return found;
}

// Ranks the offers for one product by cost; equal costs share a rank.
void rank_by_cost(Supplier *offers, int count) {
    auto **known = allocate<Supplier *>(count);
    int known_count = 0;
    for (int i = 0; i < count; i++) {
        if (!offers[i].unit_cost.isnull) known[known_count++] = &offers[i];
    }
    const auto compare = [](const Supplier *a, const Supplier *b) {
        return DatumGetInt32(
            DirectFunctionCall2(numeric_cmp, a->unit_cost.value, b->unit_cost.value));
    };
    if (known_count > 1) {
        std::sort(known, known + known_count,
                  [&](const Supplier *a, const Supplier *b) { return compare(a, b) < 0; });
    }
    for (int i = 0; i < known_count; i++) {
        const bool is_equal = i > 0 && compare(known[i - 1], known[i]) == 0;
        known[i]->offer.cost_rank = is_equal ? known[i - 1]->offer.cost_rank : i + 1;
    }
    pfree(known);
}

void rank_all(Supplier *offers, int count) {
    for (int first = 0, next = 0; first < count; first = next) {
        while (next < count && offers[next].product_id == offers[first].product_id) next++;
        rank_by_cost(offers + first, next - first);
    }
}

}  // namespace

Supplier *load_suppliers(int64 company_id, const Alert *alerts, int alert_count, int *count) {
    auto *products = allocate<std::int64_t>(alert_count);
    for (int i = 0; i < alert_count; i++) products[i] = alerts[i].candidate->product_id;
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(bigint_array(products, alert_count));
    const int offer_count = static_cast<int>(spi::run(offer_query, parameters, spi::Mode::read));
    auto *offers = allocate<Supplier>(offer_count);
    auto *order = allocate<GroupedLine>(offer_count);
    for (int i = 0; i < offer_count; i++) {
        offers[i] = read_offer(spi::Row(i));
        order[i] = {offers[i].product_id, offers[i].offer.supplier_id, 0, i};
    }
    order_lines(order, offer_count);

    const SupplierNames names = load_names(company_id, offers, offer_count);
    auto *suppliers = allocate<Supplier>(offer_count);
    *count = 0;
    for (int i = 0; i < offer_count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Supplier &offer = offers[order[i].index];
        const int at = find_id(names.ids, names.count, offer.offer.supplier_id);
        if (at < 0) continue;  // deleted
        Supplier &supplier = suppliers[(*count)++] = offer;
        supplier.name = names.names[at];
        supplier.contact_email = names.emails[at];
    }
    rank_all(suppliers, *count);
    return suppliers;
}

}  // namespace stockflow
