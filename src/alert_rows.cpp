#include "alert_rows.hpp"

#include "core/grouping.hpp"
#include "core/quantity.hpp"
#include "core/search.hpp"
#include "core/urgency.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

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
Alerts decide(const AlertOptions &options, CandidateList &list) {
    Alerts alerts = {allocate<Alert>(list.count), 0, 0};
    for (int i = 0; i < list.count; i++) {
        Candidate &candidate = list.rows[i];
        if (!is_alert(alert_input(options, candidate))) continue;
        alerts.rows[alerts.count++] = alert_of(options, candidate);
    }
    return alerts;
}

// What orders the alerts.
Urgency *urgencies(const Alerts &alerts) {
    auto *urgencies = allocate<Urgency>(alerts.count);
    for (int i = 0; i < alerts.count; i++) {
        const Candidate &candidate = *alerts.rows[i].candidate;
        urgencies[i] = {alerts.rows[i].days_until_stockout,
                        candidate.demand.net_demand,
                        candidate.available,
                        candidate.product_id,
                        candidate.warehouse_id,
                        i};
    }
    return urgencies;
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

// The first alerts in their order, with their products. In portions, so that they cost no more than
// they have to; all when they are counted.
Alerts first_alerts(const AlertOptions &options, const SharedRows &shared, const Alerts &alerts) {
    constexpr int kLeastPortion = 64;
    Urgency *order = urgencies(alerts);
    Alerts kept = {allocate<Alert>(Min(alerts.count, options.max_alerts)), 0, 0};
    for (int next = 0; next < alerts.count;) {
        CHECK_FOR_INTERRUPTS();
        const int wanted = options.max_alerts - kept.count;
        if (wanted == 0 && !options.count_all) break;
        const int rest = alerts.count - next;
        const int count = options.count_all ? rest : Min(rest, Max(wanted, kLeastPortion));
        order_by_urgency(order + next, rest, count);
        auto *portion = allocate<Alert>(count);
        for (int i = 0; i < count; i++) portion[i] = alerts.rows[order[next + i].index];
        add_products(options, shared, portion, count, kept);
        next += count;
    }
    return kept;
}

// Whether the class of a row bounds its demand in the window. (A row may be newer than the
// beginning of this transaction.)
bool has_bounds(const AlertOptions &options) {
    return options.lookback_days <= kUrgencyWindow &&
           GetCurrentTimestamp() - GetCurrentTransactionStartTimestamp() < USECS_PER_DAY;
}

// How many are more urgent than a row that runs out after so many days.
int count_before(const Alerts &alerts, int days) {
    int count = 0;
    for (int i = 0; i < alerts.count; i++) {
        const int own = alerts.rows[i].days_until_stockout;
        if (own != kNoStockoutDate && own < days) count++;
    }
    return count;
}

// Reads one class after the other, until no row of the next could be among the first alerts.
Alerts find_alerts(const AlertOptions &options, const AlertCompany &company,
                   const SharedRows &shared, CandidateList &list) {
    const bool bounded = has_bounds(options);
    const int end = bounded && options.recent_sales_only ? kWithoutDemand : kUrgencyClasses;
    const bool all_at_once = !bounded || options.count_all || options.max_alerts == PG_INT32_MAX;
    for (int first = 0;;) {
        const int next = all_at_once ? end : first + 1;
        load_low_candidates(options, company, shared, first, next - 1, list);
        read_demand_history(options, company, list);
        const Alerts alerts = decide(options, list);
        const int bound = earliest_stockout(next, options.lookback_days);
        if (next == end || count_before(alerts, bound) >= options.max_alerts) {
            const Alerts found = first_alerts(options, shared, alerts);
            if (next == end || count_before(found, bound) >= options.max_alerts) return found;
        }
        first = next;
    }
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

Alerts gather_alerts(const AlertOptions &options) {
    AlertCompany company = {};
    if (!load_company(options, &company)) return {nullptr, 0, 0};
    const SharedRows shared = load_shared_rows(options);
    CandidateList list = {};
    load_spoiled_candidates(company, shared, list);
    if (options.include_bundles) add_bundles(options, company, list);
    Alerts alerts = find_alerts(options, company, shared, list);
    add_suppliers(options, company, alerts);
    return alerts;
}

bool judge_keys(const AlertOptions &options, Datum products, Datum warehouses, JudgedList *list) {
    *list = {};
    if (!load_company(options, &list->company)) return false;
    const SharedRows shared = load_shared_rows(options);
    CandidateList candidates = {};
    load_key_candidates(list->company, shared, products, warehouses, candidates);
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
