// Writing to and reading from inventory_log.
#pragma once

#include "core/chain.hpp"
#include "history.hpp"
#include "ledger.hpp"
#include "spi.hpp"

namespace stockflow {

// The newest entry of a key as it is now; version 0 without any.
struct LastEntry {
    int64 version;
    bool is_hashed;
    LedgerHash hash;  // where it is
};
LastEntry last_ledger_entry(const StockKey &key);

// The same without the entries of the running statement, which are not written yet.
LastEntry last_stored_entry(const StockKey &key);

// Whether inventory has a row of this key; if so, it cannot be deleted until the transaction ends.
bool keep_inventory_row(Relation inventory, const StockKey &key);

// The version of its row of inventory, as this transaction has left it; 0 without one.
int64 inventory_version(const StockKey &key);

// The columns that a replay reads, in this order; "l" is inventory_log.
#define STOCKFLOW_CHAIN_COLUMNS \
    "l.version, l.delta, l.quantity_after, l.reason, l.occurred_at, l.bundle_quantity"

// The entry in a row whose chain columns start at this column.
ChainEntry read_chain_entry(const spi::Row &row, int first_column, pg_tz *zone);

// Replays the whole ledger of a key; the days that leave recent_days go to leaving, unless null.
Chain replay(const StockKey &key, pg_tz *zone, DayList *leaving);

}  // namespace stockflow
