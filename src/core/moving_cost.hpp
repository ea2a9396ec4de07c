// The moving average: what a unit of a product cost, kept up from movement to movement.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stockflow {

// The cost of one unit, in 10^-18 of the currency. Averages are carried on from receipt to receipt,
// so they keep twelve decimals more than a cost has.
using UnitCost = __int128;
inline constexpr int kCostDecimals = 18;

// Reads the decimal text of a numeric; raises 22003 for what is not finite, needs more decimals, or
// has more than 15 digits before the point.
UnitCost parse_cost(const char *text);

// Writes it as decimal text, without needless zeros, and ends it with '\0'.
inline constexpr std::size_t kMaxCostText = 44;
void format_cost(UnitCost cost, char *out);

// One movement that changes what a company owns; transfers do not.
struct CostedMovement {
    std::int64_t delta;
    bool is_receipt;  // from outside: without a cost its own is unknown
    bool has_cost;
    UnitCost cost;
};

// The stock of a product over all warehouses after some movements, in the order of time.
//   - What comes in with a cost is mixed into the average.
//   - A receipt without one is of unknown cost; it is kept apart and leaves first.
//   - A receipt with a cost that is taken back takes it out of the average.
//   - What else comes in without one (returned, found) has the average cost, and changes nothing.
//   - Below zero, what comes in makes up for the shortage first; the average starts anew.
struct MovingCost {
    std::int64_t quantity;
    std::int64_t unknown;  // units of it whose cost is unknown
    bool known;            // whether there is an average: also when all it was made of has left
    UnitCost average;

    // Units whose cost is the average; all of a shortage is.
    std::int64_t costed() const {
        if (quantity < 0) return known ? quantity : 0;
        return quantity - unknown;
    }
};

void apply(MovingCost &stock, const CostedMovement &movement);

}  // namespace stockflow
