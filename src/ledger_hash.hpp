// Hashing the ledger of a company that wants to see when somebody tampers with it
// (companies.tamper_evident). Whether a key takes part says its row of inventory: chain_hash, the
// hash of its newest entry, is written in the same row version as the balance, so that a change
// need not read the ledger.
#pragma once

#include "core/ledger_hash.hpp"
#include "ledger.hpp"
#include "spi.hpp"

namespace stockflow {

// The hash before the first entry of a key.
LedgerHash genesis_of(const StockKey &key);

// The hash of an entry that follows previous.
LedgerHash hash_movement(const LedgerHash &previous, const StockKey &key, int64 version,
                         std::int64_t quantity_after, const Movement &movement,
                         const Writer &writer);
LedgerHash hash_of(const LedgerHash &previous, const HashedEntry &entry);

// What the hashes of a change's entries follow from; not sealed where before, the chain_hash of the
// row so far, is NULL.
Seal seal_change(NullableDatum before, const StockKey &key, int64 last_version,
                 std::int64_t last_quantity, const Movement *movements, int count);

// Of the entries that seal_change has sealed, in order, each one's own.
LedgerHash next_hash(const Seal &seal, LedgerHash *previous, const StockKey &key, int64 version,
                     std::int64_t quantity_after, const Movement &movement, int count);

// The chain_hash of a row that is inserted, whose ledger may go on; NULL for most companies.
struct LastEntry;
NullableDatum first_hash(const StockKey &key, const LastEntry &last);

// bytea and back; false for bytes that are no hash.
Datum hash_datum(const LedgerHash &hash);
bool read_hash(NullableDatum bytes, LedgerHash *hash);

// The columns of an entry that a hash covers, in this order; "l" is the ledger.
#define STOCKFLOW_HASHED_COLUMNS                                                        \
    "l.version, l.delta, l.quantity_after, l.reason, l.occurred_at, l.bundle_quantity," \
    " l.reference, l.recorded_at, l.actor, l.unit_cost, l.bundle_id,"                   \
    " l.counterpart_warehouse_id, l.chain_hash"
constexpr int kHashedColumns = 13;

// The entry in a row whose hashed columns start at this column, and the hash it carries.
HashedEntry read_hashed_entry(const spi::Row &row, int first_column, const StockKey &key);
NullableDatum carried_hash(const spi::Row &row, int first_column);

// Takes the next entry of a chain that is being checked.
void check_row(HashCheck &check, const spi::Row &row, int first_column, const StockKey &key);

}  // namespace stockflow
