#include "direct_posting.hpp"

#include "core/quantity.hpp"
#include "direct_rights.hpp"
#include "key_scan.hpp"
#include "ledger_batch.hpp"
#include "ledger_checks.hpp"
#include "lots.hpp"
#include "row_change.hpp"
#include "row_writer.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// What is open while rows are changed.
struct Access {
    Relation table;
    Columns columns;
    KeyScan found;
    TupleTableSlot *locked, *changed;
    TupleTableSlot *row;  // the version to change: the one found, or the one locked
    MemoryContext row_memory;
    IndexWriter indexes;  // opened when a change is not HOT
    Oid caller;           // who computes users' indexes, as in a statement
    int caller_context;
};

// Makes what is committed by now, and what this transaction did, the active snapshot.
void take_snapshot() { PushActiveSnapshot(GetTransactionSnapshot()); }

void renew_snapshot(Access &access) {
    PopActiveSnapshot();
    take_snapshot();
    access.found.scan->xs_snapshot = GetActiveSnapshot();
}

// As the caller, not yet as the owner.
Access begin_access(Relation table, Relation index, const Columns &columns) {
    Access access = {};
    GetUserIdAndSecContext(&access.caller, &access.caller_context);
    access.table = table;
    access.columns = columns;
    take_snapshot();
    access.found = begin_key_scan(table, index, GetActiveSnapshot());
    access.locked = table_slot_create(table, nullptr);
    access.changed = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsHeapTuple);
    access.row_memory =
        AllocSetContextCreate(CurrentMemoryContext, "stockflow row", ALLOCSET_DEFAULT_SIZES);
    return access;
}

void end_access(Access &access) {
    end_key_scan(access.found);
    ExecDropSingleTupleTableSlot(access.locked);
    ExecDropSingleTupleTableSlot(access.changed);
    if (access.indexes.target != nullptr) close_indexes(access.indexes);
    MemoryContextDelete(access.row_memory);
    PopActiveSnapshot();
}

// Finds the version of a row that the snapshot sees.
bool find(Access &access, const StockKey &key) {
    access.row = access.found.row;
    return find_first_row(access.found, key);
}

// The same where it was found before.
bool find_at(Access &access, ItemPointerData place) {
    access.row = access.found.row;
    return table_tuple_fetch_row_version(access.table, &place, GetActiveSnapshot(), access.row);
}

HeapTuple current_row(Access &access) {
    bool must_free;
    return ExecFetchSlotHeapTuple(access.row, false, &must_free);
}

// A version that nobody has changed or locked, or begun to.
bool is_settled(HeapTupleHeader row) {
    return (row->t_infomask & HEAP_XMAX_INVALID) != 0 ||
           !TransactionIdIsValid(HeapTupleHeaderGetRawXmax(row));
}

// A row that this transaction has inserted and not changed since. Its foreign keys may still have
// to be checked, which only a statement knows.
bool is_new(HeapTupleHeader row) {
    return (row->t_infomask & HEAP_UPDATED) == 0 &&
           TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmin(row));
}

[[noreturn]] void report_concurrent_update() {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent update")));
    pg_unreachable();
}

// Waits for whoever holds the row, and has its newest version then. False: it is gone.
bool lock(Access &access) {
    TM_FailureData failure;
    ItemPointerData place = access.found.row->tts_tid;
    const uint8 flags = IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
    const TM_Result result = table_tuple_lock(
        access.table, &place, GetActiveSnapshot(), access.locked, GetCurrentCommandId(false),
        LockTupleNoKeyExclusive, LockWaitBlock, flags, &failure);
    access.row = access.locked;
    if (result == TM_Ok) return true;
    if (IsolationUsesXactSnapshot()) report_concurrent_update();
    return false;
}

// Makes of a row what the movements of a posting make of it.
Moved move_row(Access &access, RowValues &row, const Posting &posting) {
    const Columns &columns = access.columns;
    const Balance before = read_balance(row, columns);
    if (!(before.key == posting.key)) report_concurrent_change();  // where triggers do not fire
    const Datum quantity = DirectFunctionCall2(numeric_add, row.at(columns.quantity).value,
                                               from_quantity(posting.total));
    Balance after = before;
    after.quantity = to_quantity(quantity, "quantity");
    check_balance(posting.rules, before, after, posting.needs_available);
    row.set(columns.quantity, present(quantity));
    return move_row(row, columns, before, after,
                    {posting.movements, posting.count, posting.rules.zone},
                    row.at(columns.effective));
}

// An update that was not HOT has to be found by all indexes.
void write_indexes(Access &access) {
    if (access.indexes.target == nullptr) access.indexes = open_indexes(access.table);
    Oid owner;
    int owner_context;
    GetUserIdAndSecContext(&owner, &owner_context);
    SetUserIdAndSecContext(access.caller, access.caller_context);
    write_indexes(access.indexes, access.changed, true);
    SetUserIdAndSecContext(owner, owner_context);
}

// Stores a row in place of the one found; false when somebody was faster.
bool store(Access &access, HeapTuple row) {
    ExecForceStoreHeapTuple(row, access.changed, false);
    TM_FailureData failure;
    LockTupleMode mode;
    bool writes_indexes = false;
    const TM_Result result = table_tuple_update(
        access.table, &access.row->tts_tid, access.changed, GetCurrentCommandId(true),
        GetActiveSnapshot(), InvalidSnapshot, true, &failure, &mode, &writes_indexes);
    if (result == TM_SelfModified) elog(ERROR, "a row of inventory was changed twice by one call");
    if (result != TM_Ok) {
        if (IsolationUsesXactSnapshot()) report_concurrent_update();
        return false;
    }
    if (writes_indexes) write_indexes(access);
    ExecClearTuple(access.changed);
    return true;
}

// Whether all rows are there and none is new; notes where they are.
bool find_all(Access &access, const Posting *postings, int count, ItemPointerData *places) {
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        if (!find(access, postings[i].key) || is_new(current_row(access)->t_data)) return false;
        places[i] = access.found.row->tts_tid;
    }
    return true;
}

enum class Outcome { moved, overtaken, gone };

// Moves the row that was found. A version that is settled needs no lock: storing finds out whether
// it still is the newest one.
Outcome move(Access &access, Posting &posting) {
    if (!is_settled(current_row(access)->t_data) && !lock(access)) return Outcome::gone;
    // Only what is computed is forgotten after each row: scans keep things of their own.
    MemoryContext caller = MemoryContextSwitchTo(access.row_memory);
    RowValues row = take_apart(current_row(access), RelationGetDescr(access.table));
    const Moved moved = move_row(access, row, posting);
    HeapTuple changed = put_together(row);
    MemoryContextSwitchTo(caller);
    const bool stored = store(access, changed);
    MemoryContextReset(access.row_memory);
    if (!stored) return Outcome::overtaken;
    const Balance &after = moved.after;
    add_entries(after.version, after.quantity, posting.movements, posting.count,
                {after.key, moved.leaving.days, moved.leaving.count}, &posting.rules, moved.seal);
    posting.taken = posting.recorded = true;
    posting.quantity = after.quantity;
    posting.reserved = after.reserved;
    return Outcome::moved;
}

bool move_at(Access &access, Posting &posting, ItemPointerData place) {
    // A newer snapshot sees another version, elsewhere.
    bool here = find_at(access, place) || find(access, posting.key);
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        const Outcome outcome = here ? move(access, posting) : Outcome::gone;
        ExecClearTuple(access.found.row);
        ExecClearTuple(access.locked);
        if (outcome != Outcome::overtaken) return outcome == Outcome::moved;
        renew_snapshot(access);
        here = find(access, posting.key);
    }
}

// False when the first row has been deleted meanwhile.
bool move_all(Access &access, Posting *postings, int count, const ItemPointerData *places) {
    for (int i = 0; i < count; i++) {
        if (move_at(access, postings[i], places[i])) continue;
        if (i == 0) return false;
        report_concurrent_change();
    }
    return true;
}

bool post_all(Access &access, Posting *postings, int count) {
    auto *places = allocate<ItemPointerData>(count);
    const bool done =
        find_all(access, postings, count, places) && move_all(access, postings, count, places);
    end_access(access);
    if (!done) return false;
    CommandCounterIncrement();
    flush_entries();
    write_lots();
    end_statement();
    return true;
}

}  // namespace

bool post_directly(int64 company_id, Posting *postings, int count) {
    // Within a trigger, entries of the statement around it may wait.
    if (trigger_depth() > 0) return false;
    Relation table = table_open(lock_table("inventory", RowExclusiveLock), NoLock);
    const Columns columns = columns_of(table);
    bool done = false;
    if (may_update_directly(table, columns, company_id)) {
        const int key[] = {columns.company, columns.product, columns.warehouse};
        Relation index = open_key_index(table, key, 3, RowExclusiveLock);
        if (index != nullptr) {
            CheckCmdReplicaIdentity(table, CMD_UPDATE);
            CommandCounterIncrement();
            Access access = begin_access(table, index, columns);
            done = as_owner(table, [&] { return post_all(access, postings, count); });
        }
    }
    table_close(table, NoLock);
    return done;
}

}  // namespace stockflow
