// The ledger: what a movement of stock is, and how it reaches the triggers that record it.
//
// The triggers on inventory log every change by themselves (as an adjustment). A function that
// knows more opens a scope with postings first; the BEFORE trigger takes the posting of its row,
// the AFTER triggers its entries. Both run in this backend, also on a Citus worker.
#pragma once

#include <cstdint>

#include "core/ledger_hash.hpp"
#include "pg.hpp"
#include "writer.hpp"

namespace stockflow {

struct DayRecord;
struct DayTotals;

struct StockKey {
    int64 company_id, product_id, warehouse_id;
};

bool operator==(const StockKey &a, const StockKey &b);

// What applies to one product in one warehouse.
struct StockRules {
    bool found;  // company, product and warehouse exist
    pg_tz *zone;
    bool allow_negative, whole_units, is_bundle, is_stocked, tracks_lots;
    bool company_deleted, product_deleted, warehouse_deleted;
    const char *sku, *warehouse;
};

// One ledger entry to be written.
struct Movement {
    std::int64_t delta;
    const char *reason;
    const char *reference;  // may be null
    TimestampTz occurred_at;
    NullableDatum unit_cost;
    std::int64_t bundle_id;                 // 0: none
    std::int64_t counterpart_warehouse_id;  // 0: none
    bool is_bundle;                         // the entry of a bundle itself: delta is 0,
    std::int64_t bundle_units;              // and these are the units sold or returned
    const char *lot;                        // null: which one follows from what is in stock
    bool was_reserved;  // its stock was set aside for it, so that it takes nothing from others
};

// All movements of one key in one call; their sum is applied in one version of the row.
struct Posting {
    StockKey key;
    Movement *movements;
    int count;
    std::int64_t total;
    bool needs_available;  // must leave what is reserved
    bool is_business;      // a sale or a receipt: refused for deleted products
    bool enters;           // or a transfer: refused for closed warehouses
    StockRules rules;
    bool taken;                       // the BEFORE trigger has accepted it
    bool recorded;                    // the AFTER trigger has its entries
    std::int64_t quantity, reserved;  // then, of the row
};

// Puts postings in force, in key order, until the end of the call or of a failed subtransaction.
// Scopes nest when a user's trigger calls another function.
void open_scope(Posting *postings, int count);
void close_scope();

// The open posting of a key, or null.
Posting *find_posting(const StockKey &key);

// What the hashes of a change's entries follow from, where its ledger is sealed (ledger_hash.hpp).
struct Seal {
    bool is_on;
    LedgerHash before, after;  // the change
    Writer writer;             // of its entries, decided before they are written
};

// A change that the BEFORE trigger has accepted and the AFTER trigger has to record.
struct PendingKey {
    StockKey stock;
    int64 version;  // after the change
};

struct PendingEntry {
    PendingKey key;  // hash key, first
    bool is_delete;
    SubTransactionId subtransaction;
    uint64 statement;
    std::int64_t quantity;  // after the change
    std::int64_t delta;
    Posting *posting;          // null: a plain statement
    uint32 fingerprint;        // of the columns that the ledger keeps
    const DayRecord *leaving;  // days that the change moves out of recent_days
    int leaving_count;
    Seal seal;
};

PendingEntry *pending_entry(const StockKey &key, int64 version, bool create);
void forget_pending_entry(const PendingEntry *entry);

// Numbers the statements that change inventory; the AFTER STATEMENT trigger ends one.
uint64 current_statement();
void end_statement();

// How many statements on the ledger's own tables are of the ledger itself. Their guards take one
// each time they fire, so that statements of users' triggers find none.
void allow_ledger_statements(int count);
bool take_ledger_statement();

// While open, one statement of this library may write columns that are kept by triggers; the
// statements of users' triggers that it fires may not.
bool derived_update_is_open();
void open_derived_update();
void close_derived_update();

// The units that a movement demanded or took back, for recent_days.
DayTotals totals_of(const Movement &movement);

// Forgets the state of this backend when a transaction ends; called once, at load.
void register_ledger_callbacks();

}  // namespace stockflow
