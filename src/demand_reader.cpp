#include "demand_reader.hpp"

#include "core/quantity.hpp"
#include "ledger_log.hpp"
#include "recent.hpp"

namespace stockflow {

namespace {

spi::Statement company_query = {
    "SELECT c.timezone, c.allow_negative_stock FROM stockflow.companies c WHERE c.company_id = $1",
    1,
    {INT8OID},
    nullptr};

spi::Statement key_query = {
    "SELECT i.product_id, i.warehouse_id"
    "  FROM stockflow.inventory i"
    "  JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id"
    "  JOIN stockflow.warehouses w"
    "    ON w.company_id = i.company_id AND w.warehouse_id = i.warehouse_id"
    " WHERE i.company_id = $1 AND ($2 IS NULL OR i.product_id = $2)"
    "   AND ($3 IS NULL OR i.warehouse_id = $3)"
    "   AND i.last_sold_at IS NOT NULL AND p.deleted_at IS NULL AND w.deleted_at IS NULL"
    " ORDER BY i.product_id, i.warehouse_id",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

// One lookup per key; the days of a key come as arrays, so that one row has all of it.
spi::Statement demand_query = {
    "SELECT i.product_id, i.warehouse_id, i.version, i.quantity, i.recent_days,"
    "       d.days, d.demand, d.returned, d.other, p.is_bundle"
    "  FROM unnest($2, $3) AS k(product_id, warehouse_id)"
    " CROSS JOIN LATERAL (SELECT * FROM stockflow.inventory x WHERE x.company_id = $1"
    "      AND x.product_id = k.product_id AND x.warehouse_id = k.warehouse_id OFFSET 0) AS i"
    " CROSS JOIN LATERAL (SELECT * FROM stockflow.products x WHERE x.company_id = $1"
    "      AND x.product_id = k.product_id OFFSET 0) AS p"
    " CROSS JOIN LATERAL (SELECT array_agg(h.day) AS days, array_agg(h.demand) AS demand,"
    "             array_agg(h.returned) AS returned, array_agg(h.other) AS other"
    "        FROM stockflow.demand_history h WHERE h.company_id = $1"
    "         AND h.product_id = k.product_id AND h.warehouse_id = k.warehouse_id"
    "         AND h.day >= $4) AS d"
    " ORDER BY i.product_id, i.warehouse_id",
    4,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID, DATEOID},
    nullptr};

// Columns of demand_query.
enum { kProduct = 1, kWarehouse, kVersion, kQuantity, kRecent, kDays, kDemand, kBundle = 10 };

// The elements of an array column.
int elements(const spi::Row &row, int column, Oid type, int16 length, bool by_value, char align,
             Datum **out) {
    int count = 0;
    bool *nulls;
    deconstruct_array(DatumGetArrayTypeP(row.get(column).value), type, length, by_value, align, out,
                      &nulls, &count);
    return count;
}

// Adds a day to the window, or to what happened after it.
void add_day(const DemandWindow &window, const PairBuffer &buffer, DateADT day,
             const DayTotals &totals, std::int64_t *later) {
    const int index = day - window.first_day();
    if (index >= window.history_days) {
        *later = add(*later, totals.net_change());
    } else if (index >= 0) {
        accumulate(buffer.days[index], totals);
    }
}

void add_history(const DemandWindow &window, const PairBuffer &buffer, const spi::Row &row,
                 std::int64_t *later) {
    if (row.is_null(kDays)) return;
    Datum *days, *parts[3];
    const int count = elements(row, kDays, DATEOID, sizeof(DateADT), true, 'i', &days);
    for (int part = 0; part < 3; part++) {
        elements(row, kDemand + part, NUMERICOID, -1, false, 'i', &parts[part]);
    }
    for (int i = 0; i < count; i++) {
        add_day(window, buffer, DatumGetDateADT(days[i]),
                {to_quantity(parts[0][i], "demand"), to_quantity(parts[1][i], "returned"),
                 to_quantity(parts[2][i], "other")},
                later);
    }
}

void add_recent(const DemandWindow &window, const PairBuffer &buffer, const RecentDays &recent,
                std::int64_t *later) {
    if (recent.empty) return;
    for (int age = 0; age < kRecentDays; age++) {
        add_day(window, buffer, recent.last_day - age, recent.days[age], later);
    }
}

RecentDays recent_of(const DemandWindow &window, const StockKey &key, NullableDatum packed) {
    RecentDays recent;
    if (unpack_recent_days(packed, &recent)) return recent;
    return spi::connected([&] { return replay(key, window.company->zone, nullptr).recent; });
}

}  // namespace

bool load_demand_company(int64 company_id, DemandCompany *company) {
    spi::Parameters parameters;
    parameters.bigint(company_id);
    if (spi::run(company_query, parameters, spi::Mode::read) == 0) return false;
    const spi::Row row(0);
    company->company_id = company_id;
    company->zone = find_time_zone(row.string(1));
    company->today = day_in(company->zone, GetCurrentTransactionStartTimestamp());
    company->always_available = row.boolean(2);
    return true;
}

PairKeys read_keys(uint64 rows) {
    const int count = static_cast<int>(rows);
    PairKeys keys = {allocate<std::int64_t>(count), allocate<std::int64_t>(count), count};
    for (int i = 0; i < count; i++) {
        const spi::Row row(i);
        keys.products[i] = row.bigint(1);
        keys.warehouses[i] = row.bigint(2);
    }
    return keys;
}

PairKeys load_keys(int64 company_id, NullableDatum product_id, NullableDatum warehouse_id) {
    spi::Parameters parameters;
    parameters.bigint(company_id).optional(product_id).optional(warehouse_id);
    return read_keys(spi::run(key_query, parameters, spi::Mode::read));
}

PairBuffer make_pair_buffer(const DemandWindow &window) {
    return {allocate<DayTotals>(window.history_days), allocate<double>(window.history_days),
            allocate<bool>(window.history_days)};
}

PairDemand read_pair(const DemandWindow &window, const PairBuffer &buffer, const spi::Row &row) {
    PairDemand pair = {};
    pair.key = {window.company->company_id, row.bigint(kProduct), row.bigint(kWarehouse)};
    pair.version = row.bigint(kVersion);
    pair.on_hand = to_quantity(row.get(kQuantity).value, "quantity");
    MemSet(buffer.days, 0, sizeof(DayTotals) * window.history_days);
    std::int64_t later = 0;
    add_history(window, buffer, row, &later);
    add_recent(window, buffer, recent_of(window, pair.key, row.get(kRecent)), &later);
    pair.yesterday = add(pair.on_hand, -later);
    pair.days = buffer.days;
    pair.demand = {buffer.units, buffer.available, window.history_days};
    // A bundle has no stock of its own that could run out.
    const bool always = window.company->always_available || row.boolean(kBundle);
    pair.first_day =
        window.first_day() + planning::read_days(buffer.days, window.history_days, pair.on_hand,
                                                 later, always, &pair.demand);
    for (int i = 0; i < pair.demand.count; i++) pair.days_in_stock += pair.demand.available[i];
    if (window.mask_stockouts) planning::fill_missing(pair.demand);
    return pair;
}

spi::Statement &pair_statement() { return demand_query; }

}  // namespace stockflow
