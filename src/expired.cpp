#include "expired.hpp"

#include "core/search.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement key_query = {
    "SELECT coalesce(sum(l.open_quantity), 0) FROM stockflow.reservation_lines l"
    " WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3"
    "   AND l.open_quantity > 0 AND l.expires_at <= $4",
    4,
    {INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID},
    nullptr};

spi::Statement company_query = {
    "SELECT l.product_id, l.warehouse_id, sum(l.open_quantity) FROM stockflow.reservation_lines l"
    " WHERE l.company_id = $1 AND l.open_quantity > 0 AND l.expires_at <= $2"
    " GROUP BY l.product_id, l.warehouse_id ORDER BY l.product_id, l.warehouse_id",
    2,
    {INT8OID, TIMESTAMPTZOID},
    nullptr};

}  // namespace

std::int64_t expired_now(const StockKey &key) { return expired_at(key, GetCurrentTimestamp()); }

std::int64_t expired_at(const StockKey &key, TimestampTz at) {
    return spi::connected([&] {
        spi::Parameters parameters;
        parameters.bigint(key.company_id).bigint(key.product_id).bigint(key.warehouse_id).time(at);
        spi::run_latest(key_query, parameters);
        return to_quantity(spi::Row(0).get(1).value, "sum of expired reservations");
    });
}

Expired read_key_sums(spi::Statement &query, spi::Parameters &parameters, const char *what) {
    const int count = static_cast<int>(spi::run(query, parameters, spi::Mode::read));
    Expired sums = {allocate<std::int64_t>(count), allocate<std::int64_t>(count),
                    allocate<std::int64_t>(count), count};
    for (int i = 0; i < count; i++) {
        const spi::Row row(i);
        sums.products[i] = row.bigint(1);
        sums.warehouses[i] = row.bigint(2);
        sums.quantities[i] = to_quantity(row.get(3).value, what);
    }
    return sums;
}

Expired load_expired(int64 company_id) {
    spi::Parameters parameters;
    parameters.bigint(company_id).time(GetCurrentTransactionStartTimestamp());
    return read_key_sums(company_query, parameters, "sum of expired reservations");
}

std::int64_t expired_of(const Expired &expired, int64 product_id, int64 warehouse_id) {
    int at = lower_bound(expired.count, product_id, [&](int i) { return expired.products[i]; });
    for (; at < expired.count && expired.products[at] == product_id; at++) {
        if (expired.warehouses[at] == warehouse_id) return expired.quantities[at];
    }
    return 0;
}

}  // namespace stockflow
