// The triggers on inventory: BEFORE accepts a change and prepares the row, AFTER takes its ledger
// entries, which are written when the statement ends (ledger_batch.cpp).
#include "company_lock.hpp"
#include "core/quantity.hpp"
#include "core/recent_days.hpp"
#include "entry.hpp"
#include "inventory_row.hpp"
#include "ledger_batch.hpp"
#include "ledger_checks.hpp"
#include "ledger_hash.hpp"
#include "ledger_log.hpp"
#include "recent.hpp"
#include "reorder.hpp"
#include "row_change.hpp"
#include "rules.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// Notes what the AFTER trigger has to record; print is the new row's fingerprint, 0 for a deletion.
void expect_entry(const Balance &before, const Balance &after, Posting *posting,
                  const DayList &leaving, const Seal &seal, uint32 print, bool is_delete) {
    PendingEntry *entry = pending_entry(after.key, after.version, true);
    entry->is_delete = is_delete;
    entry->subtransaction = GetCurrentSubTransactionId();
    entry->statement = current_statement();
    entry->quantity = after.quantity;
    entry->delta = after.quantity - before.quantity;
    entry->posting = posting;
    entry->fingerprint = print;
    entry->leaving = leaving.days;
    entry->leaving_count = leaving.count;
    entry->seal = seal;
}

// The entry that this statement has already noted for the next version of a key, or null. (An
// earlier statement may have left one behind, where its change did not happen.)
const PendingEntry *noted_now(const StockKey &key, int64 next_version) {
    const PendingEntry *entry = pending_entry(key, next_version, false);
    const bool ours = entry != nullptr && entry->subtransaction == GetCurrentSubTransactionId() &&
                      entry->statement == current_statement();
    return ours ? entry : nullptr;
}

[[noreturn]] void refuse_total(TupleDesc desc, int column) {
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("column \"%s\" of inventory is the sum of open lines",
                    NameStr(TupleDescAttr(desc, column - 1)->attname)),
             errhint("Change the reservations, purchase orders or transfers that have these "
                     "lines. To load a dump of data alone, use pg_restore --disable-triggers.")));
    pg_unreachable();
}

[[noreturn]] void refuse_planned(TupleDesc desc, int column) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("column \"%s\" of inventory is kept by planning",
                           NameStr(TupleDescAttr(desc, column - 1)->attname)),
                    errhint("Set reorder_point, or a policy in replenishment_policies.")));
    pg_unreachable();
}

HeapTuple before_insert(TriggerData *trigger, const Columns &columns) {
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    RowValues row = take_apart(trigger->tg_trigtuple, desc);
    Balance after = read_balance(row, columns);
    if (!after.complete) return trigger->tg_trigtuple;
    const NegativeAmount negative = check_amounts(nullptr, row, columns);
    const int totals[] = {columns.reserved, columns.on_order, columns.in_transit};
    for (const int column : totals) {
        const NullableDatum total = row.at(column);
        if (!total.isnull && to_quantity(total.value, "total") != 0) refuse_total(desc, column);
    }
    for (const int column : {columns.dynamic_point, columns.dynamic_quantity}) {
        if (!row.at(column).isnull) refuse_planned(desc, column);
    }
    refuse_negative(negative);
    if (keep_inventory_row(trigger->tg_relation, after.key)) {
        return trigger->tg_trigtuple;  // conflicts for certain
    }
    hold_rules(after.key.company_id);
    const LastEntry last = last_ledger_entry(after.key);
    const int64 last_version = last.version;
    // A row that is gone while its deletion is not recorded yet: this statement deletes it, or one
    // around it. (Not by noted_now: a function in the statement may have run others since.)
    const PendingEntry *next = pending_entry(after.key, last_version + 1, false);
    if (next != nullptr && next->is_delete) {
        // It would leave no moment to log the deletion in between.
        ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                        errmsg("cannot delete and insert the same inventory row in one statement"),
                        errhint("Use UPDATE, or two statements.")));
    }
    // A second row of one key conflicts, too.
    if (noted_now(after.key, last_version + 1) != nullptr) return trigger->tg_trigtuple;

    Balance before = after;
    before.quantity = 0;
    pg_tz *zone = zone_of_company(after.key.company_id);
    Derived derived = continued(after.key, last_version, zone);
    const bool moves = after.quantity != 0;
    after.version = last_version + (moves ? 1 : 0);
    // Without a company the foreign key will say so.
    const Movement movement = plain_movement(after.quantity);
    if (moves && zone != nullptr) apply(derived, movement, zone);
    NullableDatum hash = first_hash(after.key, last);
    const Seal seal = seal_change(hash, after.key, last_version, 0, &movement, moves ? 1 : 0);
    if (seal.is_on) hash = present(hash_datum(seal.after));
    const NullableDatum own = row.at(columns.reorder_point);
    set_derived(row, columns, after, derived, own.isnull ? inherited_reorder_point(after.key) : own,
                hash);
    if (moves) {
        expect_entry(before, after, nullptr, derived.leaving, seal, fingerprint(row, columns),
                     false);
    }
    return put_together(row);
}

// A row keeps its key.
void check_key(const RowValues &before, const RowValues &after, const Columns &columns) {
    const int key[] = {columns.company, columns.product, columns.warehouse};
    for (const int column : key) {
        if (!column_changed(before, after, column)) continue;
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("the key of an inventory row cannot change"),
                        errhint("Use stockflow.transfer_stock to move stock.")));
    }
}

// Columns that the ledger keeps cannot be set from outside.
void check_kept(const RowValues &before, const RowValues &after, const Columns &columns) {
    const int kept[] = {columns.version, columns.effective, columns.sold, columns.recent,
                        columns.low,     columns.urgency,   columns.hash};
    for (const int column : kept) {
        if (!column_changed(before, after, column)) continue;
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("column \"%s\" of inventory is kept by the ledger",
                               NameStr(TupleDescAttr(after.desc, column - 1)->attname)),
                        errhint("Change quantity or reorder_point; the rest follows.")));
    }
    const int totals[] = {columns.reserved, columns.on_order, columns.in_transit};
    for (const int column : totals) {
        if (column_changed(before, after, column)) {
            refuse_total(after.desc, column);
        }
    }
    for (const int column : {columns.dynamic_point, columns.dynamic_quantity}) {
        if (column_changed(before, after, column)) {
            refuse_planned(after.desc, column);
        }
    }
}

// The movements of an update: those of the function that runs it, or the plain change.
struct Change {
    Posting *posting;  // null: a plain statement
    Movement plain;
    const Movement *movements() const { return posting ? posting->movements : &plain; }
    int count() const { return posting ? posting->count : 1; }
};

// The posting that explains a change of a row, or null. A statement of a user's trigger may touch
// the row of a posting without moving it.
Posting *explaining_posting(const Balance &before, const Balance &after) {
    Posting *posting = find_posting(after.key);
    const std::int64_t delta = after.quantity - before.quantity;
    if (posting == nullptr || posting->total == delta) return posting;
    if (delta == 0) return nullptr;
    ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                    errmsg("another trigger changed the quantity of a movement"),
                    errhint("Triggers on inventory must leave quantity alone.")));
}

// The reorder point in force of a row whose own has changed.
NullableDatum effective_point(const RowValues &row, const Columns &columns, const StockKey &key) {
    // A dynamic point stays in force.
    if (!row.at(columns.dynamic_point).isnull) return row.at(columns.effective);
    const NullableDatum own = row.at(columns.reorder_point);
    return own.isnull ? inherited_reorder_point(key) : own;
}

HeapTuple before_update(TriggerData *trigger, const Columns &columns) {
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const RowValues old = take_apart(trigger->tg_trigtuple, desc);
    RowValues row = take_apart(trigger->tg_newtuple, desc);
    check_key(old, row, columns);
    const Balance before = read_balance(old, columns);
    const Balance after = read_balance(row, columns);
    if (!after.complete) return trigger->tg_newtuple;
    const bool is_derived = derived_update_is_open() && after.quantity == before.quantity &&
                            after.version == before.version;
    const NegativeAmount negative = check_amounts(&old, row, columns);
    if (!is_derived) check_kept(old, row, columns);
    refuse_negative(negative);
    if (is_derived) {
        return set_flag(row, columns, after) ? put_together(row) : trigger->tg_newtuple;
    }

    Change change = {explaining_posting(before, after),
                     plain_movement(after.quantity - before.quantity)};
    const bool moves = change.posting != nullptr || after.quantity != before.quantity;
    const bool own_changed = column_changed(old, row, columns.reorder_point);
    if (!moves && !own_changed) return trigger->tg_newtuple;

    const NullableDatum effective =
        own_changed ? effective_point(row, columns, after.key) : row.at(columns.effective);
    pg_tz *zone =
        change.posting ? change.posting->rules.zone : zone_of_company(after.key.company_id);
    if (!moves) {
        const Derived derived = derived_of(row, columns, before, zone);
        set_derived(row, columns, after, derived, effective, row.at(columns.hash));
        return put_together(row);
    }
    if (change.posting != nullptr) {
        check_balance(change.posting->rules, before, after, change.posting->needs_available);
    }
    const Moved moved = move_row(row, columns, before, after,
                                 {change.movements(), change.count(), zone}, effective);
    expect_entry(before, moved.after, change.posting, moved.leaving, moved.seal,
                 fingerprint(row, columns), false);
    if (change.posting != nullptr) change.posting->taken = true;
    return put_together(row);
}

// A row that open reservations, orders or transfers count on stays.
void check_unused(const RowValues &row, const Columns &columns) {
    const int totals[] = {columns.reserved, columns.on_order, columns.in_transit};
    for (const int column : totals) {
        const NullableDatum value = row.at(column);
        if (value.isnull || to_quantity(value.value, "total") == 0) continue;
        const char *name = NameStr(TupleDescAttr(row.desc, column - 1)->attname);
        ereport(ERROR,
                (errcode(ERRCODE_CHECK_VIOLATION),
                 errmsg("cannot delete a row of inventory whose %s is %s", name,
                        numeric_text(value.value)),
                 errhint("Close what is open first, or set quantity to 0 and keep the row.")));
    }
}

HeapTuple before_delete(TriggerData *trigger, const Columns &columns) {
    const RowValues row = take_apart(trigger->tg_trigtuple, RelationGetDescr(trigger->tg_relation));
    check_unused(row, columns);
    const Balance before = read_balance(row, columns);
    if (before.quantity == 0) return trigger->tg_trigtuple;
    Balance after = before;
    after.quantity = 0;
    after.version = before.version + 1;
    Derived derived = no_derived();
    pg_tz *zone = zone_of_company(before.key.company_id);
    if (unpack_recent_days(row.at(columns.recent), &derived.recent)) {
        apply(derived, plain_movement(-before.quantity), zone);
    }
    const Movement movement = plain_movement(-before.quantity);
    const Seal seal = seal_change(row.at(columns.hash), before.key, before.version, before.quantity,
                                  &movement, 1);
    expect_entry(before, after, nullptr, derived.leaving, seal, 0, true);
    return trigger->tg_trigtuple;
}

// Takes the entries that BEFORE has noted for a change that really happened; true when a function
// explains it.
bool record(const Balance &after, uint32 print) {
    PendingEntry *entry = pending_entry(after.key, after.version, false);
    if (entry == nullptr || entry->quantity != after.quantity || entry->fingerprint != print) {
        ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                        errmsg("quantity was changed behind the ledger"),
                        errdetail("Another trigger changed the row after the ledger's."),
                        errhint("BEFORE triggers must sort by name before \"zz_ledger_accept\".")));
    }
    const LeavingDays leaving = {after.key, entry->leaving, entry->leaving_count};
    const bool explained = entry->posting != nullptr;
    if (explained) {
        add_entries(after.version, after.quantity, entry->posting->movements, entry->posting->count,
                    leaving, &entry->posting->rules, entry->seal);
        entry->posting->recorded = true;
        entry->posting->quantity = after.quantity;
        entry->posting->reserved = after.reserved;
    } else {
        const Movement plain = plain_movement(entry->delta);
        add_entries(after.version, after.quantity, &plain, 1, leaving, nullptr, entry->seal);
    }
    forget_pending_entry(entry);
    return explained;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// BEFORE INSERT OR UPDATE OR DELETE ON inventory FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_inventory_before) {
    TriggerData *trigger = check_trigger(fcinfo, "inventory_before", Timing::before_row);
    const Columns columns = columns_of(trigger->tg_relation);
    HeapTuple row = as_owner(trigger->tg_relation, [&] {
        if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event)) return before_insert(trigger, columns);
        if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)) return before_update(trigger, columns);
        return before_delete(trigger, columns);
    });
    return PointerGetDatum(row);
}

// AFTER INSERT OR UPDATE OR DELETE ON inventory FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_inventory_after) {
    TriggerData *trigger = check_trigger(fcinfo, "inventory_after", Timing::after_row);
    const Columns columns = columns_of(trigger->tg_relation);
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const bool is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
    const bool is_delete = TRIGGER_FIRED_BY_DELETE(trigger->tg_event);
    const RowValues row = take_apart(changed_row(trigger), desc);
    Balance after = read_balance(row, columns);
    Balance before = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)
                         ? read_balance(take_apart(trigger->tg_trigtuple, desc), columns)
                         : after;
    if (is_insert) {
        before.quantity = 0;
        before.version = after.version - (after.quantity != 0 ? 1 : 0);
    } else if (is_delete) {
        after.quantity = 0;
        after.version = before.version + (before.quantity != 0 ? 1 : 0);
    }
    const bool moved = after.quantity != before.quantity || after.version != before.version;
    const uint32 print = is_delete ? 0 : fingerprint(row, columns);
    as_owner(trigger->tg_relation, [&] {
        // What a function explains was checked in BEFORE.
        const bool explained = moved && record(after, print);
        if (is_insert || (moved && !explained && !is_delete)) {
            add_check({before, after, is_insert});
        }
    });
    return PointerGetDatum(nullptr);
}
