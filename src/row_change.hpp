// What a change makes of the columns of inventory that the ledger keeps.
#pragma once

#include "core/recent_days.hpp"
#include "history.hpp"
#include "inventory_row.hpp"

namespace stockflow {

// They follow from the movements of the key.
struct Derived {
    RecentDays recent;
    NullableDatum sold;
    DayList leaving;  // what recent has left behind; lives as long as the transaction
};

Derived no_derived();

// Of a row; where it does not say, of its ledger.
Derived derived_of(const RowValues &row, const Columns &columns, const Balance &before,
                   pg_tz *zone);

// Of a ledger that goes on after the row's deletion.
Derived continued(const StockKey &key, int64 last_version, pg_tz *zone);

void apply(Derived &derived, const Movement &movement, pg_tz *zone);

// Replaces these columns of a row; hash: chain_hash.
void set_derived(RowValues &row, const Columns &columns, const Balance &after,
                 const Derived &derived, NullableDatum effective, NullableDatum hash);

// What changes a row, and where its days begin.
struct Movements {
    const Movement *first;
    int count;
    pg_tz *zone;
};

struct Moved {
    Balance after;
    DayList leaving;
    Seal seal;
};

// Makes of a row, which has its new quantity already, what the movements between before and after
// make of the rest.
Moved move_row(RowValues &row, const Columns &columns, const Balance &before, Balance after,
               const Movements &movements, NullableDatum effective);

// Sets the flag of a row, where nothing else changes that the ledger keeps; false: it was right.
bool set_flag(RowValues &row, const Columns &columns, const Balance &after);

}  // namespace stockflow
