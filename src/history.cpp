#include "history.hpp"

#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// The key's row of inventory is locked, so nobody else writes its days.
spi::Statement add_to_history = {
    "INSERT INTO stockflow.demand_history AS h"
    " (company_id, product_id, warehouse_id, day, demand, returned, other)"
    " SELECT k.company_id, k.product_id, k.warehouse_id, k.day,"
    "        sum(k.demand), sum(k.returned), sum(k.other)"
    "   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::date[], $5::numeric[],"
    "               $6::numeric[], $7::numeric[])"
    "        AS k(company_id, product_id, warehouse_id, day, demand, returned, other)"
    "  GROUP BY k.company_id, k.product_id, k.warehouse_id, k.day"
    "  ORDER BY k.company_id, k.product_id, k.warehouse_id, k.day"
    " ON CONFLICT (company_id, product_id, warehouse_id, day) DO UPDATE"
    "  SET demand = h.demand + excluded.demand, returned = h.returned + excluded.returned,"
    "      other = h.other + excluded.other",
    7,
    {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, DATEARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID,
     NUMERICARRAYOID},
    nullptr};

spi::Statement clear_company = {
    "DELETE FROM stockflow.demand_history h WHERE h.company_id = $1", 1, {INT8OID}, nullptr};

// One array per column of the table.
struct HistoryColumns {
    std::int64_t *ids[3];
    Datum *days;
    std::int64_t *totals[3];
};

HistoryColumns make_columns(int count) {
    HistoryColumns columns;
    for (int i = 0; i < 3; i++) {
        columns.ids[i] = allocate<std::int64_t>(count);
        columns.totals[i] = allocate<std::int64_t>(count);
    }
    columns.days = allocate<Datum>(count);
    return columns;
}

}  // namespace

DayList begin_days() { return {CurrentMemoryContext, nullptr, 0, 0}; }

void add_days(DayList &list, const DayRecord *records, int count) {
    for (int i = 0; i < count; i++) {
        if (list.count == list.capacity) {
            list.capacity = list.capacity == 0 ? 4 : list.capacity * 2;
            const Size size = sizeof(DayRecord) * list.capacity;
            list.days = static_cast<DayRecord *>(list.days == nullptr
                                                     ? MemoryContextAlloc(list.memory, size)
                                                     : repalloc_huge(list.days, size));
        }
        list.count = merge_day(list.days, list.count, records[i]);
    }
}

void write_history(const LeavingDays *leaving, int count) {
    int total = 0;
    for (int i = 0; i < count; i++) total += leaving[i].count;
    if (total == 0) return;
    const HistoryColumns columns = make_columns(total);
    int row = 0;
    for (int i = 0; i < count; i++) {
        for (int day = 0; day < leaving[i].count; day++, row++) {
            const DayRecord &record = leaving[i].days[day];
            columns.ids[0][row] = leaving[i].key.company_id;
            columns.ids[1][row] = leaving[i].key.product_id;
            columns.ids[2][row] = leaving[i].key.warehouse_id;
            columns.days[row] = DateADTGetDatum(record.day);
            columns.totals[0][row] = record.totals.demand;
            columns.totals[1][row] = record.totals.returned;
            columns.totals[2][row] = record.totals.other;
        }
    }
    spi::Parameters parameters;
    for (const std::int64_t *ids : columns.ids) parameters.datum(bigint_array(ids, total));
    parameters.datum(array_of(DATEOID, columns.days, nullptr, total));
    for (const std::int64_t *sums : columns.totals) parameters.datum(quantity_array(sums, total));
    // Its guard fires twice, for the INSERT and for the UPDATE that the INSERT may become.
    allow_ledger_statements(2);
    spi::run_latest(add_to_history, parameters);
    allow_ledger_statements(0);
}

void clear_history(int64 company_id) {
    spi::Parameters parameters;
    allow_ledger_statements(1);
    spi::run_latest(clear_company, parameters.bigint(company_id));
    allow_ledger_statements(0);
}

}  // namespace stockflow
