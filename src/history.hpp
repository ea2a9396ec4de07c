// demand_history: the days that inventory.recent_days has left behind.
#pragma once

#include "core/recent_days.hpp"
#include "ledger.hpp"

namespace stockflow {

// Days of one key, each once and in order, in the memory context in which the list was begun.
struct DayList {
    MemoryContext memory;
    DayRecord *days;
    int count, capacity;
};

DayList begin_days();
void add_days(DayList &list, const DayRecord *records, int count);

// Days of a key on their way into the table.
struct LeavingDays {
    StockKey key;
    const DayRecord *days;
    int count;
};

// Adds days to those of the table, in one statement.
void write_history(const LeavingDays *leaving, int count);

// Takes all days of a company out of the table.
void clear_history(int64 company_id);

}  // namespace stockflow
