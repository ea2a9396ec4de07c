// Ledger entries between the row that changed and the end of its statement: they are written
// together, by one INSERT.
#pragma once

#include "ledger.hpp"

namespace stockflow {

// Takes the entries of one change; the last one has this version and balance. What the movements
// point to must live until the statement ends.
void add_entries(const StockKey &key, int64 last_version, std::int64_t last_quantity,
                 const Movement *movements, int count);

// Writes what add_entries has taken.
void flush_entries();

// Whether entries wait to be written.
bool entries_wait();

// Forgets the entries of a subtransaction that failed, or of a transaction that ended.
void forget_entries(SubTransactionId failed);
void forget_all_entries();

}  // namespace stockflow
