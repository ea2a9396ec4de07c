#include "ledger.hpp"
#include "ledger_batch.hpp"

#include <cstring>

#include "core/recent_days.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// Postings in force, and the subtransaction that opened them. A failed call leaves its scope open;
// its subtransaction takes it along, so that nothing here may live on the stack.
struct Scope {
    Posting *postings;
    int count;
    SubTransactionId owner;
};

constexpr int kMaxScopes = 32;

// State of the running transaction; plain data, forgotten at its end.
Scope scopes[kMaxScopes];
int scope_count = 0;
HTAB *pending = nullptr;
uint64 statement_number = 0;
int allowed_statements = 0;
int derived_depth = 0;  // of the triggers of a derived update; 0: none is under way
SubTransactionId derived_owner = InvalidSubTransactionId;

void forget_transaction() {
    scope_count = 0;
    pending = nullptr;  // its memory goes with the transaction
    allowed_statements = 0;
    statement_number++;  // what was read for a statement that failed is stale
    derived_depth = 0;
    forget_all_entries();
    forget_writer();
}

void at_transaction_end(XactEvent event, void *) {
    const bool commits = event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE;
    if (commits && entries_wait(0)) {
        ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                        errmsg("stock was changed without a ledger entry"),
                        errdetail("A trigger of stockflow.inventory is disabled.")));
    }
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
        forget_transaction();
    }
}

void at_subtransaction_end(SubXactEvent event, SubTransactionId ended, SubTransactionId, void *) {
    if (event != SUBXACT_EVENT_ABORT_SUB) return;
    while (scope_count > 0 && scopes[scope_count - 1].owner >= ended) scope_count--;
    forget_entries(ended);
    allowed_statements = 0;
    statement_number++;
    if (derived_owner >= ended) derived_depth = 0;
}

}  // namespace

bool operator==(const StockKey &a, const StockKey &b) {
    return a.company_id == b.company_id && a.product_id == b.product_id &&
           a.warehouse_id == b.warehouse_id;
}

void open_scope(Posting *postings, int count) {
    if (scope_count == kMaxScopes) {
        ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
                        errmsg("triggers on inventory call each other too deeply")));
    }
    scopes[scope_count++] = {postings, count, GetCurrentSubTransactionId()};
}

void close_scope() { scope_count--; }

Posting *find_posting(const StockKey &key) {
    if (scope_count == 0) return nullptr;
    const Scope &scope = scopes[scope_count - 1];
    int low = 0, high = scope.count;
    while (low < high) {
        const int middle = (low + high) / 2;
        const StockKey &at = scope.postings[middle].key;
        const bool before = at.product_id < key.product_id ||
                            (at.product_id == key.product_id && at.warehouse_id < key.warehouse_id);
        if (before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == scope.count) return nullptr;
    Posting *posting = &scope.postings[low];
    return posting->key == key && !posting->taken ? posting : nullptr;
}

PendingEntry *pending_entry(const StockKey &key, int64 version, bool create) {
    if (pending == nullptr) {
        if (!create) return nullptr;
        HASHCTL control = {};
        control.keysize = sizeof(PendingKey);
        control.entrysize = sizeof(PendingEntry);
        control.hcxt = TopTransactionContext;
        pending = hash_create("stockflow pending entries", 32, &control,
                              HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
    }
    const PendingKey wanted = {key, version};
    return static_cast<PendingEntry *>(
        hash_search(pending, &wanted, create ? HASH_ENTER : HASH_FIND, nullptr));
}

void forget_pending_entry(const PendingEntry *entry) {
    const PendingKey done = entry->key;
    hash_search(pending, &done, HASH_REMOVE, nullptr);
}

uint64 current_statement() { return statement_number; }
void end_statement() { statement_number++; }
void allow_ledger_statements(int count) { allowed_statements = count; }
bool take_ledger_statement() { return allowed_statements > 0 && allowed_statements-- > 0; }
bool derived_update_is_open() { return derived_depth != 0 && derived_depth == trigger_depth(); }
void open_derived_update() {
    derived_depth = trigger_depth() + 1;
    derived_owner = GetCurrentSubTransactionId();
}
void close_derived_update() { derived_depth = 0; }

DayTotals totals_of(const Movement &movement) {
    return movement_totals(movement_kind(movement.reason), movement.delta,
                           movement.is_bundle ? &movement.bundle_units : nullptr);
}

void register_ledger_callbacks() {
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
}

}  // namespace stockflow
