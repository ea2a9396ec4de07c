// A row of inventory as the ledger's triggers see it, and the rules that it must keep.
#pragma once

#include "ledger.hpp"
#include "row_values.hpp"
#include "triggers.hpp"

namespace stockflow {

struct Columns {
    int company, product, warehouse, quantity, reserved, on_order, in_transit, reorder_point;
    int version, effective, sold, recent, low, urgency, hash;  // kept by this trigger
    int dynamic_point, dynamic_quantity;                       // kept by planning
};

// The columns of inventory.
Columns columns_of(Relation relation);

struct Balance {
    bool complete;  // key and quantity are there; if not, NOT NULL will say so
    StockKey key;
    std::int64_t quantity, reserved;
    int64 version;
};

Balance read_balance(const RowValues &row, const Columns &columns);

// Whether what is on hand and not reserved is at or below a reorder point.
bool is_low(const Balance &balance, NullableDatum reorder_point);

// Refuses a balance that the product, the company or a reservation does not allow (23514).
void check_balance(const StockRules &rules, const Balance &before, const Balance &after,
                   bool needs_available);

// Raises 23514: there is less than a (negative) change needs, by the measure named.
[[noreturn]] void insufficient(const StockRules &rules, std::int64_t had, std::int64_t change,
                               const char *measure);

// Raises 23514: a fraction of a product that comes in whole units.
[[noreturn]] void broken_unit(const StockRules &rules, std::int64_t quantity);

// An amount below 0 that a row is to have; name is null where there is none.
struct NegativeAmount {
    const char *name;
    std::int64_t value;
};

// Refuses amounts that no quantity can hold, of an update those that it changes (before is null for
// a new row), and returns the first that is negative: that is 23514 unless something else is wrong.
NegativeAmount check_amounts(const RowValues *before, const RowValues &after,
                             const Columns &columns);
void refuse_negative(const NegativeAmount &amount);

// A hash of the columns that the ledger keeps.
uint32 fingerprint(const RowValues &row, const Columns &columns);

// A change that no function explains.
Movement plain_movement(std::int64_t delta);

}  // namespace stockflow
