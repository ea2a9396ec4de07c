// What alerts are made from: the company, and its rows of inventory that are low, or are asked for.
#include "alert_rows.hpp"
#include "ledger_log.hpp"
#include "lots.hpp"
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

// What a candidate is read from; the columns of both queries below.
#define STOCKFLOW_CANDIDATE_COLUMNS                                                          \
    "SELECT i.product_id, i.warehouse_id, i.quantity, i.reserved, i.on_order, i.in_transit," \
    "       i.effective_reorder_point, i.reorder_point IS NOT NULL, i.recent_days,"          \
    "       i.last_sold_at, i.dynamic_reorder_point IS NOT NULL, i.dynamic_order_quantity"

// Reads the partial index inventory_low_idx: the function's settings leave the planner no other
// way, so that the cost grows with the low rows alone.
spi::Statement low_query = {STOCKFLOW_CANDIDATE_COLUMNS
                            "  FROM stockflow.inventory i"
                            " WHERE i.company_id = $1 AND i.is_low AND i.urgency BETWEEN $3 AND $4"
                            "   AND ($2 IS NULL OR i.warehouse_id = $2)",
                            4,
                            {INT8OID, INT8OID, INT2OID, INT2OID},
                            nullptr};

// The same of given keys, low or not. OFFSET 0 keeps each key's row a lookup of its own: with old
// statistics the planner would join all keys with all rows.
spi::Statement key_query = {
    STOCKFLOW_CANDIDATE_COLUMNS
    "  FROM unnest($2, $3) AS k(product_id, warehouse_id)"
    " CROSS JOIN LATERAL (SELECT * FROM stockflow.inventory x WHERE x.company_id = $1"
    "      AND x.product_id = k.product_id AND x.warehouse_id = k.warehouse_id OFFSET 0) AS i"
    " ORDER BY i.product_id, i.warehouse_id",
    3,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID},
    nullptr};

spi::Statement category_query = {
    "SELECT g.category_id FROM stockflow.categories g"
    " WHERE g.company_id = $1 AND g.reorder_point IS NOT NULL ORDER BY g.category_id",
    1,
    {INT8OID},
    nullptr};

void read_candidate(const spi::Row &row, const AlertCompany &company, Candidate &candidate) {
    candidate.product_id = row.bigint(1);
    candidate.warehouse_id = row.bigint(2);
    candidate.current_stock = to_quantity(row.get(3).value, "quantity");
    candidate.reserved = to_quantity(row.get(4).value, "reserved") -
                         expired_of(company.expired, candidate.product_id, candidate.warehouse_id);
    candidate.on_order = to_quantity(row.get(5).value, "on_order");
    candidate.in_transit = to_quantity(row.get(6).value, "in_transit");
    candidate.available = candidate.current_stock - candidate.reserved -
                          expired_of(company.spoiled, candidate.product_id, candidate.warehouse_id);
    if (!row.is_null(7)) {
        // Who sets it below the warehouse is known with the product.
        candidate.threshold.value = to_quantity(row.get(7).value, "reorder point");
        candidate.threshold.source = row.boolean(11)  ? ThresholdSource::dynamic
                                     : row.boolean(8) ? ThresholdSource::warehouse
                                                      : ThresholdSource::company;
    }
    candidate.last_sold_at = row.get(10);
    candidate.order_quantity = to_optional_quantity(row.get(12), "order quantity");
    read_recent_demand(company, row.get(9), candidate.current_stock, candidate);
}

void load_candidates(const AlertCompany &company, const SharedRows &shared, spi::Statement &query,
                     spi::Parameters &parameters, CandidateList &list) {
    const bool by_key = &query == &key_query;
    MemoryContext caller = CurrentMemoryContext;
    spi::for_each(query, parameters, spi::Mode::read, [&](const spi::Row &row) {
        const int64 product_id = row.bigint(1), warehouse_id = row.bigint(2);
        const int warehouse = shared.warehouses.find(warehouse_id);
        if (warehouse < 0) return;  // closed
        // Read by their keys.
        if (!by_key && expired_of(company.spoiled, product_id, warehouse_id) != 0) return;
        MemoryContext own = MemoryContextSwitchTo(caller);
        Candidate &candidate = append(list);
        candidate.warehouse_name = shared.warehouses.names[warehouse];
        read_candidate(row, company, candidate);
        MemoryContextSwitchTo(own);
    });
}

}  // namespace

int64 *read_ids(int count) {
    auto *ids = allocate<int64>(count);
    for (int i = 0; i < count; i++) ids[i] = spi::Row(i).bigint(1);
    return ids;
}

SharedRows load_shared_rows(const AlertOptions &options) {
    SharedRows shared;
    spi::Parameters categories;
    shared.warehouses = open_warehouses(options.company_id, options.warehouse_id);
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
    company->company_id = options.company_id;
    company->zone = find_time_zone(row.string(1));
    company->today = day_in(company->zone, GetCurrentTransactionStartTimestamp());
    company->from = company->today - options.lookback_days + 1;
    company->reorder_point = to_optional_quantity(row.get(2), "reorder_point");
    company->cover_days = row.integer(3);
    company->expired = load_expired(options.company_id);
    company->spoiled = load_spoiled(options.company_id);
    return true;
}

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

RecentDays recent_of(const AlertCompany &company, const Candidate &candidate) {
    RecentDays recent;
    if (unpack_recent_days(candidate.recent, &recent)) return recent;
    const StockKey key = {company.company_id, candidate.product_id, candidate.warehouse_id};
    return replay(key, company.zone, nullptr).recent;
}

void read_recent_demand(const AlertCompany &company, NullableDatum packed, std::int64_t on_hand,
                        Candidate &candidate) {
    candidate.recent = packed;
    const RecentDays recent = recent_of(company, candidate);
    candidate.demand_known = covers(recent, company.from);
    if (!candidate.demand_known) {
        if (!packed.isnull) candidate.recent.value = datumCopy(packed.value, false, -1);
        return;
    }
    candidate.demand =
        summarise(recent.days, kRecentDays, recent.empty ? company.today : recent.last_day, on_hand,
                  company.from, company.today);
}

void load_key_candidates(const AlertCompany &company, const SharedRows &shared, Datum products,
                         Datum warehouses, CandidateList &list) {
    spi::Parameters parameters;
    parameters.bigint(company.company_id).datum(products).datum(warehouses);
    load_candidates(company, shared, key_query, parameters, list);
}

void load_spoiled_candidates(const AlertCompany &company, const SharedRows &shared,
                             CandidateList &list) {
    const Expired &spoiled = company.spoiled;
    if (spoiled.count == 0) return;
    load_key_candidates(company, shared, bigint_array(spoiled.products, spoiled.count),
                        bigint_array(spoiled.warehouses, spoiled.count), list);
}

void load_low_candidates(const AlertOptions &options, const AlertCompany &company,
                         const SharedRows &shared, int first_class, int last_class,
                         CandidateList &list) {
    spi::Parameters parameters;
    parameters.bigint(options.company_id)
        .optional(options.warehouse_id)
        .datum(Int16GetDatum(static_cast<int16>(first_class)))
        .datum(Int16GetDatum(static_cast<int16>(last_class)));
    load_candidates(company, shared, low_query, parameters, list);
}

}  // namespace stockflow
