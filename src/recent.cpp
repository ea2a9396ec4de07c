#include "recent.hpp"

#include "entry.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kBatch = 1000;  // rows written by one statement

// Writers read the time zone before they lock their rows; this waits for those under way.
spi::Statement stop_writers = {
    "LOCK TABLE stockflow.inventory IN SHARE ROW EXCLUSIVE MODE", 0, {}, nullptr};

spi::Statement keys_of_company = {
    "SELECT i.product_id, i.warehouse_id FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.recent_days IS NOT NULL"
    " ORDER BY i.product_id, i.warehouse_id",
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
        spi::Parameters nothing, company;
        spi::run(stop_writers, nothing, spi::Mode::write);
        company.bigint(company_id);
        const uint64 count = spi::run_latest(keys_of_company, company);
        SPITupleTable *keys = SPI_tuptable;
        auto *products = allocate<std::int64_t>(kBatch);
        auto *warehouses = allocate<std::int64_t>(kBatch);
        auto *packed = allocate<Datum>(kBatch);
        auto *empty = allocate<bool>(kBatch);
        int batch = 0;
        for (uint64 i = 0; i < count; i++) {
            CHECK_FOR_INTERRUPTS();
            SPI_tuptable = keys;
            const spi::Row row(i);
            products[batch] = row.bigint(1);
            warehouses[batch] = row.bigint(2);
            const Chain chain = replay({company_id, products[batch], warehouses[batch]}, zone);
            const NullableDatum recent = pack_recent_days(chain.recent);
            packed[batch] = recent.value;
            empty[batch++] = recent.isnull;
            if (batch < kBatch && i + 1 < count) continue;
            spi::Parameters parameters;
            parameters.bigint(company_id)
                .datum(bigint_array(products, batch))
                .datum(bigint_array(warehouses, batch))
                .datum(array_of(BYTEAOID, packed, empty, batch));
            open_derived_update();
            spi::run_latest(write_recent_days, parameters);
            close_derived_update();
            batch = 0;
        }
    });
}

}  // namespace stockflow

using namespace stockflow;

// recent_days(bytea) RETURNS TABLE(day date, demand numeric, returned numeric, other numeric)
STOCKFLOW_FUNCTION(stockflow_recent_days) {
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    RecentDays recent;
    if (!unpack_recent_days(fcinfo->args[0], &recent)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("these bytes are not a value of inventory.recent_days")));
    }
    for (int age = 0; !recent.empty && age < kRecentDays; age++) {
        const DayTotals &totals = recent.days[age];
        if (totals.demand == 0 && totals.returned == 0 && totals.other == 0) continue;
        Datum values[] = {DateADTGetDatum(recent.last_day - age), from_quantity(totals.demand),
                          from_quantity(totals.returned), from_quantity(totals.other)};
        bool nulls[] = {false, false, false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return 0;
}
