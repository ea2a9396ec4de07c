// Ledger entries between the row that changed and the end of its statement: they are written
// together, by one INSERT.
#pragma once

#include "core/chain.hpp"
#include "history.hpp"
#include "ledger.hpp"

namespace stockflow {

// Takes the entries of one change, and the days that it moves into demand_history; the last entry
// has this version and balance. What the movements point to must live until the statement ends.
// seal says what their hashes follow from. rules: null where a plain statement has not read them.
void add_entries(int64 last_version, std::int64_t last_quantity, const Movement *movements,
                 int count, const LeavingDays &leaving, const StockRules *rules, const Seal &seal);

// Writes the entries and days of the statement whose triggers are under way; those of statements
// around it wait for their own end, since this one may yet be rolled back alone.
void flush_entries();

// Whether entries wait that triggers deeper than this have taken.
bool entries_wait(int depth);

// The newest version of a key among the entries that wait, 0 without any; and their replay.
int64 waiting_version(const StockKey &key);
bool waiting_hash(const StockKey &key, int64 version, LedgerHash *hash);
void extend_with_waiting(Chain &chain, const StockKey &key, pg_tz *zone);

// Forgets the entries of a subtransaction that failed, or of a transaction that ended.
void forget_entries(SubTransactionId failed);
void forget_all_entries();

}  // namespace stockflow
