// Replaying the ledger of one product in one warehouse: what the row of inventory must say.
#pragma once

#include <cstdint>

#include "recent_days.hpp"

namespace stockflow {

struct ChainEntry {
    std::int64_t version;
    std::int64_t delta, quantity_after;
    std::int32_t day;          // in the company's time zone
    std::int64_t occurred_at;  // any scale that orders
    DayTotals totals;
};

struct Chain {
    std::int64_t length;   // entries so far
    std::int64_t balance;  // sum of their deltas
    bool has_gap;          // versions are not 1, 2, 3, …
    bool is_broken;        // a quantity_after is not the sum so far
    bool sold;
    std::int64_t sold_at;  // latest sale, where sold
    RecentDays recent;
};

Chain empty_chain();

// Adds the next entry, in order of version. Days that recent leaves behind go to leaving as in
// add_movement; returns how many.
int extend(Chain &chain, const ChainEntry &entry, DayRecord *leaving);

// True when two windows hold the same days.
bool same_days(const RecentDays &a, const RecentDays &b);

}  // namespace stockflow
