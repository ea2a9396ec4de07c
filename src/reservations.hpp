// Reservations: stock set aside in the lines of a request, until it is committed or released.
#pragma once

#include "ledger.hpp"

namespace stockflow {

// Units of one product in one warehouse that a caller asks for; line is where it first does.
struct Wanted {
    int64 product_id, warehouse_id;
    std::int64_t quantity;
    int line;
};

// Reads [{"product_id", "warehouse_id", "quantity"}, …] and sums the lines of a key. Returns the
// keys in order and their number; a line that is wrong is 22023 or 22003.
Wanted *read_wanted(Jsonb *lines, int *count);

// The end of a reservation: NULL is never; a moment that is not in the future is 22023.
TimestampTz check_expiry(NullableDatum expires_at);

}  // namespace stockflow
