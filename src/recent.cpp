#include "recent.hpp"

#include "company_lock.hpp"
#include "entry.hpp"
#include "history.hpp"
#include "ledger_log.hpp"
#include "rows.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kBatch = 1000;  // keys written by one statement

spi::Statement keys_of_company = {
    "SELECT DISTINCT l.product_id, l.warehouse_id FROM stockflow.inventory_log l"
    " WHERE l.company_id = $1 ORDER BY l.product_id, l.warehouse_id",
    1,
    {INT8OID},
    nullptr};

spi::Statement write_recent_days = {
    "UPDATE stockflow.inventory i SET recent_days = k.recent_days"
    "  FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])"
    "       AS k(product_id, warehouse_id, recent_days)"
    " WHERE i.company_id = $1 AND i.product_id = k.product_id"
    "   AND i.warehouse_id = k.warehouse_id",
    4,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID},
    nullptr};

// Replays some keys and writes what follows from their ledgers; days go to demand_history, which
// has none of these keys.
void rebuild_keys(int64 company_id, const std::int64_t *products, const std::int64_t *warehouses,
                  int count, pg_tz *zone) {
    auto *packed = allocate<Datum>(count);
    auto *empty = allocate<bool>(count);
    auto *leaving = allocate<LeavingDays>(count);
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        const StockKey key = {company_id, products[i], warehouses[i]};
        DayList days = begin_days();
        const Chain chain = replay(key, zone, &days);
        const NullableDatum recent = pack_recent_days(chain.recent);
        packed[i] = recent.value;
        empty[i] = recent.isnull;
        leaving[i] = {key, days.days, days.count};
    }
    write_history(leaving, count);
    spi::Parameters parameters;
    parameters.bigint(company_id)
        .datum(bigint_array(products, count))
        .datum(bigint_array(warehouses, count))
        .datum(array_of(BYTEAOID, packed, empty, count));
    open_derived_update();
    spi::run_latest(write_recent_days, parameters);
    close_derived_update();
}

}  // namespace

NullableDatum pack_recent_days(const RecentDays &recent) {
    if (recent.empty) return null_datum();
    auto *packed = static_cast<bytea *>(palloc(VARHDRSZ + kMaxEncodedDays));
    const std::size_t size = encode(recent, reinterpret_cast<std::uint8_t *>(VARDATA(packed)));
    SET_VARSIZE(packed, VARHDRSZ + size);
    return present(PointerGetDatum(packed));
}

bool unpack_recent_days(NullableDatum packed, RecentDays *recent) {
    *recent = no_recent_days();
    if (packed.isnull) return true;
    const bytea *bytes = DatumGetByteaPP(packed.value);
    return decode(reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(bytes)),
                  VARSIZE_ANY_EXHDR(bytes), recent);
}

void rebuild_company(int64 company_id, pg_tz *zone) {
    spi::connected([&] {
        spi::Parameters company;
        stop_writers(company_id);
        lock_inventory(company_id);
        clear_history(company_id);
        const int count =
            static_cast<int>(spi::run_latest(keys_of_company, company.bigint(company_id)));
        auto *products = allocate<std::int64_t>(count);
        auto *warehouses = allocate<std::int64_t>(count);
        for (int i = 0; i < count; i++) {
            products[i] = spi::Row(i).bigint(1);
            warehouses[i] = spi::Row(i).bigint(2);
        }
        SPI_freetuptable(SPI_tuptable);
        MemoryContext batch = AllocSetContextCreate(CurrentMemoryContext, "stockflow rebuild",
                                                    ALLOCSET_DEFAULT_SIZES);
        for (int first = 0; first < count; first += kBatch) {
            MemoryContext caller = MemoryContextSwitchTo(batch);
            rebuild_keys(company_id, products + first, warehouses + first,
                         Min(kBatch, count - first), zone);
            MemoryContextSwitchTo(caller);
            MemoryContextReset(batch);
        }
    });
}

}  // namespace stockflow

using namespace stockflow;

// recent_days(bytea) RETURNS TABLE(day date, demand numeric, returned numeric, other numeric)
STOCKFLOW_FUNCTION(stockflow_recent_days) {
    const Rows rows(fcinfo);
    RecentDays recent;
    if (!unpack_recent_days(fcinfo->args[0], &recent)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("these bytes are not a value of inventory.recent_days")));
    }
    for (int age = 0; !recent.empty && age < kRecentDays; age++) {
        const DayTotals &totals = recent.days[age];
        if (totals.demand == 0 && totals.returned == 0 && totals.other == 0) continue;
        rows.put({present(DateADTGetDatum(recent.last_day - age)),
                  present(from_quantity(totals.demand)), present(from_quantity(totals.returned)),
                  present(from_quantity(totals.other))});
    }
    return 0;
}
