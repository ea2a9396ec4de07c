// Reservations that have expired and that nobody has released: inventory.reserved still counts
// them, but they set nothing aside any more.
#pragma once

#include "ledger.hpp"
#include "spi.hpp"

namespace stockflow {

// Units of a key in such reservations by the clock, for writers that hold its row locked.
std::int64_t expired_now(const StockKey &key);
std::int64_t expired_at(const StockKey &key, TimestampTz at);

// Those of a company, in key order, for readers: as of the transaction, like the rest they read.
struct Expired {
    std::int64_t *products, *warehouses, *quantities;
    int count;
};

// The rows of a query for product_id, warehouse_id and a sum, in key order; what names the sum in
// errors. Runs inside SPI, as the next one does.
Expired read_key_sums(spi::Statement &query, spi::Parameters &parameters, const char *what);
Expired load_expired(int64 company_id);
std::int64_t expired_of(const Expired &expired, int64 product_id, int64 warehouse_id);

}  // namespace stockflow
