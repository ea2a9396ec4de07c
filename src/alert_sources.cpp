// Where alerts get more than the row of inventory has: long windows from demand_history, bundles.
#include "alert_rows.hpp"
#include "bundles.hpp"
#include "core/grouping.hpp"
#include "core/quantity.hpp"
#include "recent.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement history_query = {
    "SELECT h.product_id, h.warehouse_id, h.day, h.demand, h.returned, h.other"
    "  FROM unnest($2::bigint[], $3::bigint[]) AS k(product_id, warehouse_id)"
    "  JOIN stockflow.demand_history h"
    "    ON h.company_id = $1 AND h.product_id = k.product_id AND h.warehouse_id = k.warehouse_id"
    " WHERE h.day >= $4"
    " ORDER BY h.product_id, h.warehouse_id",
    4,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID, DATEOID},
    nullptr};

spi::Statement bundle_query = {
    "SELECT i.product_id, i.warehouse_id, p.name, p.sku, w.name, i.effective_reorder_point,"
    "       i.reorder_point IS NOT NULL, p.reorder_point IS NOT NULL, g.reorder_point IS NOT NULL,"
    "       i.recent_days, i.last_sold_at"
    "  FROM stockflow.products p"
    "  JOIN stockflow.inventory i ON i.company_id = p.company_id AND i.product_id = p.product_id"
    "  JOIN stockflow.warehouses w"
    "    ON w.company_id = i.company_id AND w.warehouse_id = i.warehouse_id"
    "  LEFT JOIN stockflow.categories g"
    "    ON g.company_id = p.company_id AND g.category_id = p.category_id"
    " WHERE p.company_id = $1 AND p.is_bundle AND p.deleted_at IS NULL AND w.deleted_at IS NULL"
    "   AND i.effective_reorder_point IS NOT NULL AND ($2 IS NULL OR i.warehouse_id = $2)"
    "   AND ($3 IS NULL OR i.product_id = $3)"
    " ORDER BY i.product_id, i.warehouse_id",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement component_query = {
    "SELECT k.n, p.sku, coalesce(i.quantity - i.reserved, 0), p.deleted_at IS NOT NULL"
    "  FROM unnest($3::bigint[]) WITH ORDINALITY AS k(product_id, n)"
    "  JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = k.product_id"
    "  LEFT JOIN stockflow.inventory i ON i.company_id = $1 AND i.product_id = k.product_id"
    "                                 AND i.warehouse_id = $2"
    " ORDER BY k.n",
    3,
    {INT8OID, INT8OID, INT8ARRAYOID},
    nullptr};

// A bundle has no shelf of its own: it could be sold on every day, unless it cannot be built and
// nothing was sold.
int bundle_days(const AlertOptions &options, const Candidate &candidate) {
    const bool hidden = candidate.available <= 0 && candidate.demand.net_demand <= 0;
    return hidden ? 0 : options.lookback_days;
}

// Demand of one candidate, day by day.
struct Window {
    DayTotals *days;  // days[0] is the day after tomorrow: a movement may lie 24 hours ahead
    int count;
    DateADT last_day;
};

void add_day(Window &window, DateADT day, const DayTotals &totals) {
    const int age = window.last_day - day;
    if (age >= 0 && age < window.count) accumulate(window.days[age], totals);
}

// Takes what was read of the history, adds the recent days, and leaves the window empty.
void finish(const AlertOptions &options, const AlertCompany &company, Window &window,
            Candidate &candidate) {
    const RecentDays recent = recent_of(company, candidate);
    for (int age = 0; !recent.empty && age < kRecentDays; age++) {
        add_day(window, recent.last_day - age, recent.days[age]);
    }
    candidate.demand_known = true;
    candidate.demand =
        summarise(window.days, window.count, window.last_day,
                  candidate.is_bundle ? 0 : candidate.current_stock, company.from, company.today);
    if (candidate.is_bundle) candidate.demand.days_in_stock = bundle_days(options, candidate);
    MemSet(window.days, 0, sizeof(DayTotals) * window.count);
}

DayTotals read_totals(const spi::Row &row, int first_column) {
    return {to_quantity(row.get(first_column).value, "demand"),
            to_quantity(row.get(first_column + 1).value, "returned"),
            to_quantity(row.get(first_column + 2).value, "other")};
}

// Reads the history once, in the order of the keys, and finishes each candidate in turn.
void read_windows(const AlertOptions &options, const AlertCompany &company,
                  spi::Parameters &parameters, const GroupedLine *keys, int key_count,
                  CandidateList &list) {
    Window window;
    window.count = options.lookback_days + 2;
    window.last_day = company.today + 2;
    window.days = static_cast<DayTotals *>(palloc0(sizeof(DayTotals) * window.count));
    int at = 0;
    const auto next_key = [&] { finish(options, company, window, list.rows[keys[at++].index]); };
    spi::for_each(history_query, parameters, spi::Mode::read, [&](const spi::Row &row) {
        while (keys[at].product_id != row.bigint(1) || keys[at].warehouse_id != row.bigint(2)) {
            next_key();
        }
        add_day(window, DatumGetDateADT(row.get(3).value), read_totals(row, 4));
    });
    while (at < key_count) next_key();
}

// Leaves out keys that are there twice; returns how many stay. The row of inventory of a bundle may
// be low itself; it is dropped later, and the bundle is what the history is for.
int keep_one_of_each(const CandidateList &list, GroupedLine *keys, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const bool again = kept > 0 && keys[kept - 1].product_id == keys[i].product_id &&
                           keys[kept - 1].warehouse_id == keys[i].warehouse_id;
        if (!again) {
            keys[kept++] = keys[i];
        } else if (list.rows[keys[i].index].is_bundle) {
            keys[kept - 1] = keys[i];
        }
    }
    return kept;
}

// How many of a bundle can be built in a warehouse, and what limits that.
void measure_bundle(const AlertOptions &options, const AlertCompany &company, const Needs &needs,
                    Candidate &candidate) {
    auto *products = allocate<std::int64_t>(needs.count);
    auto *available = allocate<std::int64_t>(needs.count);
    for (int i = 0; i < needs.count; i++) products[i] = needs.needs[i].product_id;
    spi::Parameters parameters;
    parameters.bigint(options.company_id)
        .bigint(candidate.warehouse_id)
        .datum(bigint_array(products, needs.count));
    spi::run(component_query, parameters, spi::Mode::read);
    for (int i = 0; i < needs.count; i++) {
        const spi::Row row(i);
        available[i] = usable(to_quantity(row.get(3).value, "available") +
                                  expired_of(company.expired, products[i], candidate.warehouse_id) -
                                  expired_of(company.spoiled, products[i], candidate.warehouse_id),
                              row.boolean(4));
    }
    const Buildable result = buildable(needs.needs, needs.count, available);
    candidate.current_stock = candidate.available = result.quantity;
    candidate.limiting_id = present(Int64GetDatum(products[result.limiting]));
    candidate.limiting_sku = spi::Row(result.limiting).get(2);
}

}  // namespace

void read_demand_history(const AlertOptions &options, const AlertCompany &company,
                         CandidateList &list) {
    auto *keys = allocate<GroupedLine>(list.count);
    int count = 0;
    for (int i = 0; i < list.count; i++) {
        const Candidate &candidate = list.rows[i];
        if (candidate.demand_known) continue;
        keys[count++] = {candidate.product_id, candidate.warehouse_id, 0, i};
    }
    if (count == 0) return;
    order_lines(keys, count);
    count = keep_one_of_each(list, keys, count);
    auto *products = allocate<std::int64_t>(count);
    auto *warehouses = allocate<std::int64_t>(count);
    for (int i = 0; i < count; i++) {
        products[i] = keys[i].product_id;
        warehouses[i] = keys[i].warehouse_id;
    }
    spi::Parameters parameters;
    parameters.bigint(options.company_id)
        .datum(bigint_array(products, count))
        .datum(bigint_array(warehouses, count))
        .datum(DateADTGetDatum(company.from));
    read_windows(options, company, parameters, keys, count, list);
}

void add_bundles(const AlertOptions &options, const AlertCompany &company, CandidateList &list) {
    spi::Parameters parameters;
    parameters.bigint(options.company_id)
        .optional(options.warehouse_id)
        .optional(options.product_id);
    const uint64 count = spi::run(bundle_query, parameters, spi::Mode::read);
    SPITupleTable *bundles = SPI_tuptable;
    Needs needs = {};
    int64 exploded = 0;
    for (uint64 i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        SPI_tuptable = bundles;
        const spi::Row row(i);
        if (exploded != row.bigint(1)) {
            exploded = row.bigint(1);
            needs = load_needs(options.company_id, exploded, spi::Mode::read);
        }
        if (needs.count == 0) continue;
        Candidate &candidate = append(list);
        candidate.is_bundle = true;
        candidate.product_id = row.bigint(1);
        candidate.warehouse_id = row.bigint(2);
        candidate.product_name = row.get(3).value;
        candidate.sku = row.get(4).value;
        candidate.warehouse_name = row.get(5).value;
        const std::int64_t point = to_quantity(row.get(6).value, "reorder point");
        candidate.threshold = reorder_point({row.boolean(7), point}, {row.boolean(8), point},
                                            {row.boolean(9), point}, {true, point});
        candidate.last_sold_at = row.get(11);
        measure_bundle(options, company, needs, candidate);
        read_recent_demand(company, row.get(10), 0, candidate);
        candidate.demand.days_in_stock = bundle_days(options, candidate);
    }
}

}  // namespace stockflow
