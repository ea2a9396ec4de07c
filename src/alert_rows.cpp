#include "alert_rows.hpp"

#include "core/quantity.hpp"
#include "core/search.hpp"
#include "core/urgency.hpp"
#include "recent.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement company_query = {
    "SELECT c.timezone, c.reorder_point, c.cover_days FROM stockflow.companies c"
    " WHERE c.company_id = $1 AND c.deleted_at IS NULL",
    1,
    {INT8OID},
    nullptr};

// Reads the partial index inventory_low_idx, and the products of its rows by key: the function's
// settings leave the planner no other way, so that the cost grows with the low rows alone.
spi::Statement candidate_query = {
    "SELECT i.product_id, i.warehouse_id, p.name, p.sku, i.quantity, i.reserved, i.on_order,"
    "       i.effective_reorder_point, i.reorder_point IS NOT NULL, p.reorder_point IS NOT NULL,"
    "       p.category_id, i.recent_days, i.last_sold_at, p.order_up_to, p.whole_units, "
    "i.in_transit"
    "  FROM stockflow.inventory i"
    "  JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id"
    " WHERE i.company_id = $1 AND i.is_low AND ($2 IS NULL OR i.warehouse_id = $2)"
    "   AND p.deleted_at IS NULL AND p.is_stocked AND NOT p.is_bundle",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement warehouse_query = {
    "SELECT w.warehouse_id, w.name FROM stockflow.warehouses w"
    " WHERE w.company_id = $1 AND w.deleted_at IS NULL AND ($2 IS NULL OR w.warehouse_id = $2)"
    " ORDER BY w.warehouse_id",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement category_query = {
    "SELECT g.category_id FROM stockflow.categories g"
    " WHERE g.company_id = $1 AND g.reorder_point IS NOT NULL ORDER BY g.category_id",
    1,
    {INT8OID},
    nullptr};

// The few rows that many candidates share, ordered by id.
struct SharedRows {
    int64 *warehouses;
    Datum *warehouse_names;
    int warehouse_count;
    int64 *categories;  // those with a reorder point
    int category_count;
};

int64 *read_ids(int count) {
    auto *ids = allocate<int64>(count);
    for (int i = 0; i < count; i++) ids[i] = spi::Row(i).bigint(1);
    return ids;
}

SharedRows load_shared_rows(const AlertOptions &options) {
    SharedRows shared;
    spi::Parameters warehouses, categories;
    warehouses.bigint(options.company_id).optional(options.warehouse_id);
    shared.warehouse_count =
        static_cast<int>(spi::run(warehouse_query, warehouses, spi::Mode::read));
    shared.warehouses = read_ids(shared.warehouse_count);
    shared.warehouse_names = allocate<Datum>(shared.warehouse_count);
    for (int i = 0; i < shared.warehouse_count; i++) {
        shared.warehouse_names[i] = spi::Row(i).get(2).value;
    }
    categories.bigint(options.company_id);
    shared.category_count = static_cast<int>(spi::run(category_query, categories, spi::Mode::read));
    shared.categories = read_ids(shared.category_count);
    return shared;
}

bool load_company(const AlertOptions &options, AlertCompany *company) {
    spi::Parameters parameters;
    parameters.bigint(options.company_id);
    if (spi::run(company_query, parameters, spi::Mode::read) == 0) return false;
    const spi::Row row(0);
    company->zone = find_time_zone(row.string(1));
    company->today = day_in(company->zone, GetCurrentTransactionStartTimestamp());
    company->from = company->today - options.lookback_days + 1;
    company->reorder_point = to_optional_quantity(row.get(2), "reorder_point");
    company->cover_days = row.integer(3);
    return true;
}

// The nearest level that sets a reorder point; its value is the one stored in the row.
Threshold stored_threshold(const spi::Row &row, const SharedRows &shared) {
    const std::int64_t value = to_quantity(row.get(8).value, "reorder point");
    const bool category_sets =
        !row.is_null(11) && find_id(shared.categories, shared.category_count, row.bigint(11)) >= 0;
    return reorder_point({row.boolean(9), value}, {row.boolean(10), value}, {category_sets, value},
                         {true, value});
}

void read_candidate(const spi::Row &row, const AlertCompany &company, const SharedRows &shared,
                    Candidate &candidate) {
    candidate.product_id = row.bigint(1);
    candidate.warehouse_id = row.bigint(2);
    candidate.product_name = row.get(3).value;
    candidate.sku = row.get(4).value;
    candidate.current_stock = to_quantity(row.get(5).value, "quantity");
    candidate.reserved = to_quantity(row.get(6).value, "reserved");
    candidate.on_order = to_quantity(row.get(7).value, "on_order");
    candidate.available = candidate.current_stock - candidate.reserved;
    candidate.threshold = stored_threshold(row, shared);
    candidate.last_sold_at = row.get(13);
    candidate.order_up_to = to_optional_quantity(row.get(14), "order_up_to");
    candidate.whole_units = row.boolean(15);
    candidate.in_transit = to_quantity(row.get(16).value, "in_transit");
    read_recent_demand(company, row.get(12), candidate.current_stock, candidate);
}

void load_candidates(const AlertOptions &options, const AlertCompany &company,
                     CandidateList &list) {
    const SharedRows shared = load_shared_rows(options);
    spi::Parameters parameters;
    parameters.bigint(options.company_id).optional(options.warehouse_id);
    const uint64 count = spi::run(candidate_query, parameters, spi::Mode::read);
    for (uint64 i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        const spi::Row row(i);
        const int warehouse = find_id(shared.warehouses, shared.warehouse_count, row.bigint(2));
        if (warehouse < 0) continue;  // closed
        Candidate &candidate = append(list);
        candidate.warehouse_name = shared.warehouse_names[warehouse];
        read_candidate(row, company, shared, candidate);
    }
}

// The rules of semantics applied to each candidate.
Alert *decide(const AlertOptions &options, const CandidateList &list, int *count) {
    auto *alerts = allocate<Alert>(list.count);
    *count = 0;
    for (int i = 0; i < list.count; i++) {
        const Candidate &candidate = list.rows[i];
        AlertInput input = {};
        input.available = candidate.available;
        input.threshold = candidate.threshold;
        input.net_demand = candidate.demand.net_demand;
        input.days_in_stock = candidate.demand.days_in_stock;
        input.sold_before = !candidate.last_sold_at.isnull;
        input.recent_sales_only = options.recent_sales_only;
        input.include_stockouts = options.include_stockouts;
        if (!is_alert(input)) continue;
        Alert &alert = alerts[(*count)++];
        alert = {};
        alert.candidate = &candidate;
        alert.days_until_stockout = days_until_stockout(
            candidate.available, candidate.demand.net_demand, options.lookback_days);
    }
    return alerts;
}

// The most urgent first, and no more than asked for.
void order(const AlertOptions &options, Alerts &alerts) {
    auto *urgency = allocate<Urgency>(alerts.count);
    for (int i = 0; i < alerts.count; i++) {
        const Candidate &candidate = *alerts.rows[i].candidate;
        urgency[i] = {alerts.rows[i].days_until_stockout,
                      candidate.demand.net_demand,
                      candidate.available,
                      candidate.product_id,
                      candidate.warehouse_id,
                      i};
    }
    order_by_urgency(urgency, alerts.count);
    const int kept = Min(alerts.count, options.max_alerts);
    auto *ordered = allocate<Alert>(kept);
    for (int i = 0; i < kept; i++) ordered[i] = alerts.rows[urgency[i].index];
    alerts = {ordered, kept, alerts.count};
}

// How much to order, and up to what.
void suggest(Alert &alert, const AlertCompany &company) {
    const Candidate &candidate = *alert.candidate;
    alert.suggested_quantity = alert.order_target = null_datum();
    if (candidate.is_bundle) return;  // its components are ordered instead
    OrderInput input = {};
    input.available = candidate.available;
    input.incoming = candidate.on_order + candidate.in_transit;
    input.threshold = candidate.threshold.value;
    input.net_demand = candidate.demand.net_demand;
    input.days_in_stock = candidate.demand.days_in_stock;
    input.cover_days = company.cover_days;
    input.order_up_to = candidate.order_up_to;
    if (alert.supplier != nullptr) {
        input.minimum =
            to_optional_quantity(alert.supplier->min_order_quantity, "min_order_quantity");
        input.pack = to_optional_quantity(alert.supplier->pack_size, "pack_size");
    }
    input.whole_units = candidate.whole_units;
    alert.suggested_quantity = present(from_quantity(suggested_quantity(input)));
    alert.order_target = present(from_quantity(order_target(input)));
}

void add_suppliers(const AlertOptions &options, const AlertCompany &company, Alerts &alerts) {
    int supplier_count = 0;
    const Supplier *suppliers =
        load_suppliers(options.company_id, alerts.rows, alerts.count, &supplier_count);
    int capacity = 16;
    auto *offers = allocate<SupplierOffer>(capacity);
    for (int i = 0; i < alerts.count; i++) {
        CHECK_FOR_INTERRUPTS();
        Alert &alert = alerts.rows[i];
        const int64 product_id = alert.candidate->product_id;
        const int first = lower_bound(supplier_count, product_id,
                                      [&](int at) { return suppliers[at].product_id; });
        int count = 0;
        while (first + count < supplier_count &&
               suppliers[first + count].product_id == product_id) {
            if (count == capacity) {
                capacity *= 2;
                offers = static_cast<SupplierOffer *>(
                    repalloc(offers, sizeof(SupplierOffer) * capacity));
            }
            offers[count] = suppliers[first + count].offer;
            count++;
        }
        const int chosen = choose_supplier(offers, count, alert.days_until_stockout);
        if (chosen >= 0) alert.supplier = &suppliers[first + chosen];
        suggest(alert, company);
    }
}

}  // namespace

Candidate &append(CandidateList &list) {
    if (list.count == list.capacity) {
        list.capacity = list.capacity == 0 ? 256 : list.capacity * 2;
        const Size size = sizeof(Candidate) * list.capacity;
        list.rows = static_cast<Candidate *>(
            list.rows == nullptr ? MemoryContextAllocHuge(CurrentMemoryContext, size)
                                 : repalloc_huge(list.rows, size));
    }
    Candidate &candidate = list.rows[list.count++];
    candidate = {};
    candidate.limiting_id = candidate.limiting_sku = null_datum();
    return candidate;
}

void read_recent_demand(const AlertCompany &company, NullableDatum packed, std::int64_t on_hand,
                        Candidate &candidate) {
    RecentDays recent;
    candidate.demand_known = unpack_recent_days(packed, &recent) && covers(recent, company.from);
    if (!candidate.demand_known) return;
    candidate.demand =
        summarise(recent.days, kRecentDays, recent.empty ? company.today : recent.last_day, on_hand,
                  company.from, company.today);
}

Alerts gather_alerts(const AlertOptions &options) {
    AlertCompany company = {};
    if (!load_company(options, &company)) return {nullptr, 0, 0};
    CandidateList list = {};
    load_candidates(options, company, list);
    if (options.include_bundles) add_bundles(options, company, list);
    read_demand_from_ledger(options, company, list);
    Alerts alerts = {};
    alerts.rows = decide(options, list, &alerts.count);
    order(options, alerts);
    add_suppliers(options, company, alerts);
    return alerts;
}

}  // namespace stockflow
