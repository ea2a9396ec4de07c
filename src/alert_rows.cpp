#include "alert_rows.hpp"

#include "core/grouping.hpp"
#include "core/quantity.hpp"
#include "core/search.hpp"
#include "core/urgency.hpp"
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
spi::Statement candidate_query = {
    STOCKFLOW_CANDIDATE_COLUMNS
    "  FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.is_low AND ($2 IS NULL OR i.warehouse_id = $2)",
    2,
    {INT8OID, INT8OID},
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

spi::Statement product_query = {
    "SELECT p.product_id, p.name, p.sku, p.reorder_point IS NOT NULL, p.category_id,"
    "       p.order_up_to, p.whole_units"
    "  FROM unnest($2::bigint[]) AS k(product_id)"
    "  JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = k.product_id"
    " WHERE p.deleted_at IS NULL AND p.is_stocked AND NOT p.is_bundle"
    " ORDER BY p.product_id",
    2,
    {INT8OID, INT8ARRAYOID},
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

// Whether the row is in inventory_low_idx, by the columns of a candidate.
bool is_marked_low(const spi::Row &row) {
    return !row.is_null(7) &&
           to_quantity(row.get(3).value, "quantity") - to_quantity(row.get(4).value, "reserved") <=
               to_quantity(row.get(7).value, "reorder point");
}

enum class Rows { all, unmarked };

void load_candidates(const AlertCompany &company, const SharedRows &shared, spi::Statement &query,
                     spi::Parameters &parameters, CandidateList &list, Rows rows = Rows::all) {
    MemoryContext caller = CurrentMemoryContext;
    spi::for_each(query, parameters, spi::Mode::read, [&](const spi::Row &row) {
        if (rows == Rows::unmarked && is_marked_low(row)) return;
        const int warehouse = find_id(shared.warehouses, shared.warehouse_count, row.bigint(2));
        if (warehouse < 0) return;  // closed
        MemoryContext own = MemoryContextSwitchTo(caller);
        Candidate &candidate = append(list);
        candidate.warehouse_name = shared.warehouse_names[warehouse];
        read_candidate(row, company, candidate);
        MemoryContextSwitchTo(own);
    });
}

// Expired lots are on hand and not available, so their rows can be low without being marked.
void load_spoiled_candidates(const AlertOptions &options, const AlertCompany &company,
                             const SharedRows &shared, CandidateList &list) {
    const Expired &spoiled = company.spoiled;
    if (spoiled.count == 0) return;
    spi::Parameters parameters;
    parameters.bigint(options.company_id)
        .datum(bigint_array(spoiled.products, spoiled.count))
        .datum(bigint_array(spoiled.warehouses, spoiled.count));
    load_candidates(company, shared, key_query, parameters, list, Rows::unmarked);
}

AlertInput alert_input(const AlertOptions &options, const Candidate &candidate) {
    AlertInput input = {};
    input.available = candidate.available;
    input.threshold = candidate.threshold;
    input.net_demand = candidate.demand.net_demand;
    input.days_in_stock = candidate.demand.days_in_stock;
    input.sold_before = !candidate.last_sold_at.isnull;
    input.recent_sales_only = options.recent_sales_only;
    input.include_stockouts = options.include_stockouts;
    return input;
}

Alert alert_of(const AlertOptions &options, Candidate &candidate) {
    Alert alert = {};
    alert.candidate = &candidate;
    alert.days_until_stockout = days_until_stockout(
        candidate.available, candidate.demand.net_demand, options.lookback_days);
    return alert;
}

// The rules of semantics applied to each candidate.
Alert *decide(const AlertOptions &options, CandidateList &list, int *count) {
    auto *alerts = allocate<Alert>(list.count);
    *count = 0;
    for (int i = 0; i < list.count; i++) {
        Candidate &candidate = list.rows[i];
        if (!is_alert(alert_input(options, candidate))) continue;
        alerts[(*count)++] = alert_of(options, candidate);
    }
    return alerts;
}

// The most urgent first.
void order(Alerts &alerts) {
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
    auto *ordered = allocate<Alert>(alerts.count);
    for (int i = 0; i < alerts.count; i++) ordered[i] = alerts.rows[urgency[i].index];
    alerts.rows = ordered;
}

// The products of some alerts, each once; afterwards SPI_tuptable has those that may alert, by id.
int load_products(int64 company_id, const Alert *alerts, int count) {
    auto *lines = allocate<GroupedLine>(count);
    auto *ids = allocate<std::int64_t>(count);
    for (int i = 0; i < count; i++) lines[i] = {alerts[i].candidate->product_id, 0, 0, i};
    order_lines(lines, count);
    int distinct = 0;
    for (int i = 0; i < count; i++) {
        if (i == 0 || lines[i].product_id != lines[i - 1].product_id) {
            ids[distinct++] = lines[i].product_id;
        }
    }
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(bigint_array(ids, distinct));
    return static_cast<int>(spi::run(product_query, parameters, spi::Mode::read));
}

void add_product(const spi::Row &row, const SharedRows &shared, Candidate &candidate) {
    candidate.product_name = row.get(2).value;
    candidate.sku = row.get(3).value;
    const bool category_sets =
        !row.is_null(5) && find_id(shared.categories, shared.category_count, row.bigint(5)) >= 0;
    const std::int64_t value = candidate.threshold.value;
    const bool warehouse_sets = candidate.threshold.source == ThresholdSource::warehouse;
    if (candidate.threshold.source != ThresholdSource::none &&
        candidate.threshold.source != ThresholdSource::dynamic) {
        candidate.threshold = reorder_point({warehouse_sets, value}, {row.boolean(4), value},
                                            {category_sets, value}, {true, value});
    }
    candidate.order_up_to = to_optional_quantity(row.get(6), "order_up_to");
    candidate.whole_units = row.boolean(7);
}

// Adds their products to some alerts, and keeps those whose product may alert (bundles have
// theirs).
void add_products(const AlertOptions &options, const SharedRows &shared, const Alert *alerts,
                  int count, Alerts &kept) {
    const int product_count = load_products(options.company_id, alerts, count);
    const int64 *products = read_ids(product_count);
    for (int i = 0; i < count; i++) {
        Candidate &candidate = *alerts[i].candidate;
        if (!candidate.is_bundle) {
            const int product = find_id(products, product_count, candidate.product_id);
            if (product < 0) continue;
            add_product(spi::Row(product), shared, candidate);
        }
        kept.total++;
        if (kept.count < options.max_alerts) kept.rows[kept.count++] = alerts[i];
    }
}

// In portions, so that the first alerts cost no more than they have to; all when they are counted.
void add_all_products(const AlertOptions &options, const SharedRows &shared, Alerts &alerts) {
    constexpr int kLeastPortion = 64;
    Alerts kept = {allocate<Alert>(Min(alerts.count, options.max_alerts)), 0, 0};
    for (int next = 0; next < alerts.count;) {
        CHECK_FOR_INTERRUPTS();
        const int wanted = options.max_alerts - kept.count;
        if (wanted == 0 && !options.count_all) break;
        const int rest = alerts.count - next;
        const int portion = options.count_all ? rest : Min(rest, Max(wanted, kLeastPortion));
        add_products(options, shared, alerts.rows + next, portion, kept);
        next += portion;
    }
    alerts = kept;
}

// How much to order, and up to what.
void suggest(Alert &alert, const AlertCompany &company) {
    alert.suggested_quantity = alert.order_target = null_datum();
    if (alert.candidate->is_bundle) return;  // its components are ordered instead
    const OrderInput input = order_input(alert, company);
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

OrderInput order_input(const Alert &alert, const AlertCompany &company) {
    const Candidate &candidate = *alert.candidate;
    OrderInput input = {};
    input.available = candidate.available;
    input.incoming = candidate.on_order + candidate.in_transit;
    input.threshold = candidate.threshold.value;
    input.net_demand = candidate.demand.net_demand;
    input.days_in_stock = candidate.demand.days_in_stock;
    input.cover_days = company.cover_days;
    input.order_up_to = candidate.order_up_to;
    input.order_quantity = candidate.order_quantity;
    if (alert.supplier != nullptr) {
        input.minimum =
            to_optional_quantity(alert.supplier->min_order_quantity, "min_order_quantity");
        input.pack = to_optional_quantity(alert.supplier->pack_size, "pack_size");
    }
    input.whole_units = candidate.whole_units;
    return input;
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

Alerts gather_alerts(const AlertOptions &options) {
    AlertCompany company = {};
    if (!load_company(options, &company)) return {nullptr, 0, 0};
    const SharedRows shared = load_shared_rows(options);
    CandidateList list = {};
    spi::Parameters parameters;
    parameters.bigint(options.company_id).optional(options.warehouse_id);
    load_candidates(company, shared, candidate_query, parameters, list);
    load_spoiled_candidates(options, company, shared, list);
    if (options.include_bundles) add_bundles(options, company, list);
    read_demand_history(options, company, list);
    Alerts alerts = {};
    alerts.rows = decide(options, list, &alerts.count);
    order(alerts);
    add_all_products(options, shared, alerts);
    add_suppliers(options, company, alerts);
    return alerts;
}

bool judge_keys(const AlertOptions &options, Datum products, Datum warehouses, JudgedList *list) {
    *list = {};
    if (!load_company(options, &list->company)) return false;
    const SharedRows shared = load_shared_rows(options);
    CandidateList candidates = {};
    spi::Parameters parameters;
    parameters.bigint(options.company_id).datum(products).datum(warehouses);
    load_candidates(list->company, shared, key_query, parameters, candidates);
    if (options.include_bundles) add_bundles(options, list->company, candidates);
    read_demand_history(options, list->company, candidates);

    auto *all = allocate<Alert>(candidates.count);
    for (int i = 0; i < candidates.count; i++) all[i] = alert_of(options, candidates.rows[i]);
    Alerts live = {allocate<Alert>(candidates.count), 0, 0};
    AlertOptions unlimited = options;
    unlimited.max_alerts = PG_INT32_MAX;
    add_products(unlimited, shared, all, candidates.count, live);
    list->count = live.count;
    list->rows = allocate<Judged>(live.count);
    for (int i = 0; i < live.count; i++) {
        Candidate *candidate = live.rows[i].candidate;
        list->rows[i] = {candidate, alert_input(options, *candidate)};
    }
    return true;
}

Alert complete_alert(const AlertOptions &options, const AlertCompany &company,
                     Candidate &candidate) {
    Alerts alerts = {allocate<Alert>(1), 1, 1};
    alerts.rows[0] = alert_of(options, candidate);
    add_suppliers(options, company, alerts);
    return alerts.rows[0];
}

}  // namespace stockflow
