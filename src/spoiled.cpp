// Stock in lots that have expired.
#include "lots.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement any_query = {
    "SELECT EXISTS (SELECT FROM stockflow.products p WHERE p.company_id = $1 AND p.tracks_lots)",
    1,
    {INT8OID},
    nullptr};

spi::Statement key_query = {
    "SELECT coalesce(sum(s.quantity), 0) FROM stockflow.lot_stock s"
    " WHERE s.company_id = $1 AND s.product_id = $2 AND s.warehouse_id = $3 AND s.expires_on < $4",
    4,
    {INT8OID, INT8OID, INT8OID, DATEOID},
    nullptr};

spi::Statement company_query = {
    "SELECT s.product_id, s.warehouse_id, sum(s.quantity) FROM stockflow.lot_stock s"
    " WHERE s.company_id = $1 AND s.expires_on < (SELECT (now() AT TIME ZONE c.timezone)::date"
    "         FROM stockflow.companies c WHERE c.company_id = $1)"
    " GROUP BY s.product_id, s.warehouse_id ORDER BY s.product_id, s.warehouse_id",
    1,
    {INT8OID},
    nullptr};

// The answer for the running statement.
struct TracksLots {
    uint64 statement;
    int64 company_id;
    bool any;
} last = {PG_UINT64_MAX, 0, false};

}  // namespace

bool company_tracks_lots(int64 company_id) {
    if (last.statement == current_statement() && last.company_id == company_id) return last.any;
    const bool any = spi::connected([&] {
        spi::Parameters parameters;
        spi::run_latest(any_query, parameters.bigint(company_id));
        return spi::Row(0).boolean(1);
    });
    last = {current_statement(), company_id, any};
    return any;
}

std::int64_t spoiled_now(const StockRules &rules, const StockKey &key) {
    if (!rules.tracks_lots) return 0;
    return spi::connected([&] {
        spi::Parameters parameters;
        const DateADT today = day_in(rules.zone, GetCurrentTransactionStartTimestamp());
        parameters.bigint(key.company_id)
            .bigint(key.product_id)
            .bigint(key.warehouse_id)
            .datum(DateADTGetDatum(today));
        spi::run_latest(key_query, parameters);
        return to_quantity(spi::Row(0).get(1).value, "sum of expired lots");
    });
}

Expired load_spoiled(int64 company_id) {
    spi::Parameters parameters;
    return read_key_sums(company_query, parameters.bigint(company_id), "sum of expired lots");
}

}  // namespace stockflow
