// The triggers on inventory: BEFORE accepts a change and prepares the row, AFTER takes its ledger
// entries, which are written when the statement ends (ledger_batch.cpp).
#include "core/quantity.hpp"
#include "core/recent_days.hpp"
#include "entry.hpp"
#include "ledger.hpp"
#include "ledger_batch.hpp"
#include "ledger_log.hpp"
#include "recent.hpp"
#include "reorder.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

struct Columns {
    int company, product, warehouse, quantity, reserved, on_order, reorder_point;
    int version, effective, sold, recent;  // kept by this trigger
};

// The columns of inventory, looked up once per statement.
const Columns &columns_of(FunctionCallInfo fcinfo, Relation relation) {
    auto *columns = static_cast<Columns *>(fcinfo->flinfo->fn_extra);
    if (columns == nullptr) {
        columns =
            static_cast<Columns *>(MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(Columns)));
        columns->company = column_number(relation, "company_id");
        columns->product = column_number(relation, "product_id");
        columns->warehouse = column_number(relation, "warehouse_id");
        columns->quantity = column_number(relation, "quantity");
        columns->reserved = column_number(relation, "reserved");
        columns->on_order = column_number(relation, "on_order");
        columns->reorder_point = column_number(relation, "reorder_point");
        columns->version = column_number(relation, "version");
        columns->effective = column_number(relation, "effective_reorder_point");
        columns->sold = column_number(relation, "last_sold_at");
        columns->recent = column_number(relation, "recent_days");
        fcinfo->flinfo->fn_extra = columns;
    }
    return *columns;
}

// A row of inventory as the triggers see it.
struct Balance {
    bool complete;  // key and quantity are there; if not, NOT NULL will say so
    StockKey key;
    std::int64_t quantity, reserved;
    int64 version;
};

Balance read_balance(HeapTuple row, TupleDesc desc, const Columns &columns) {
    Balance balance = {};
    const NullableDatum company = column_value(row, desc, columns.company);
    const NullableDatum product = column_value(row, desc, columns.product);
    const NullableDatum warehouse = column_value(row, desc, columns.warehouse);
    const NullableDatum quantity = column_value(row, desc, columns.quantity);
    if (company.isnull || product.isnull || warehouse.isnull || quantity.isnull) return balance;
    balance.complete = true;
    balance.key = {DatumGetInt64(company.value), DatumGetInt64(product.value),
                   DatumGetInt64(warehouse.value)};
    balance.quantity = to_quantity(quantity.value, "quantity");
    const NullableDatum reserved = column_value(row, desc, columns.reserved);
    balance.reserved = reserved.isnull ? 0 : to_quantity(reserved.value, "reserved");
    const NullableDatum version = column_value(row, desc, columns.version);
    balance.version = version.isnull ? 0 : DatumGetInt64(version.value);
    return balance;
}

[[noreturn]] void insufficient(const StockRules &rules, std::int64_t had, std::int64_t change,
                               const char *measure) {
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("insufficient stock for product \"%s\" in warehouse \"%s\"", rules.sku,
                           rules.warehouse),
                    errdetail("%s is %s, requested %s.", measure, numeric_text(from_quantity(had)),
                              numeric_text(from_quantity(-change))),
                    errhint("Receive stock first, or let the company go negative with "
                            "companies.allow_negative_stock.")));
    pg_unreachable();
}

// Refuses a balance that the product, the company or a reservation does not allow.
void check_balance(const StockRules &rules, const Balance &before, const Balance &after,
                   bool needs_available) {
    if (!rules.found) return;  // the foreign keys will say so
    if (after.quantity != 0 && (rules.is_bundle || !rules.is_stocked)) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" holds no stock of its own", rules.sku),
                        errdetail("It is a %s.", rules.is_bundle ? "bundle" : "service"),
                        rules.is_bundle ? errhint("Move its components instead.") : 0));
    }
    if (rules.whole_units && !is_whole(after.quantity)) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" comes in whole units only", rules.sku),
                        errdetail("The quantity would be %s.",
                                  numeric_text(from_quantity(after.quantity))),
                        errhint("Set products.whole_units to false to allow fractions.")));
    }
    const std::int64_t change = after.quantity - before.quantity;
    if (rules.allow_negative || change >= 0) return;
    if (needs_available && after.quantity < after.reserved) {
        insufficient(rules, before.quantity - before.reserved, change, "Available");
    }
    if (after.quantity < 0) insufficient(rules, before.quantity, change, "On hand");
}

// Notes what the AFTER trigger has to record.
void expect_entry(const Balance &before, const Balance &after, const Posting *posting,
                  bool is_delete) {
    PendingEntry *entry = pending_entry(after.key, true);
    entry->open = true;
    entry->is_delete = is_delete;
    entry->subtransaction = GetCurrentSubTransactionId();
    entry->statement = current_statement();
    entry->version = after.version;
    entry->quantity = after.quantity;
    entry->delta = after.quantity - before.quantity;
    entry->movements = posting == nullptr ? nullptr : posting->movements;
    entry->count = posting == nullptr ? 1 : posting->count;
}

// Refuses amounts that no quantity can hold; before is null for a new row.
void check_amounts(HeapTuple before, HeapTuple after, TupleDesc desc, const Columns &columns) {
    const int amounts[] = {columns.reserved, columns.on_order, columns.reorder_point};
    for (const int column : amounts) {
        if (before != nullptr && !column_changed(before, after, desc, column)) continue;
        to_optional_quantity(column_value(after, desc, column),
                             NameStr(TupleDescAttr(desc, column - 1)->attname));
    }
}

// A change that no function explains.
Movement plain_movement(std::int64_t delta) {
    Movement movement = {};
    movement.delta = delta;
    movement.reason = "adjustment";
    movement.occurred_at = GetCurrentTransactionStartTimestamp();
    movement.unit_cost = null_datum();
    return movement;
}

// The derived part of a row, before and after a change.
struct Derived {
    RecentDays recent;
    NullableDatum sold;
};

void apply(Derived &derived, const Movement &movement, pg_tz *zone) {
    const DayTotals totals = totals_of(movement);
    add_movement(derived.recent, day_in(zone, movement.occurred_at), totals);
    const bool later =
        derived.sold.isnull || DatumGetTimestampTz(derived.sold.value) < movement.occurred_at;
    if (totals.demand > 0 && later) {
        derived.sold = present(TimestampTzGetDatum(movement.occurred_at));
    }
}

// Replaces the columns that the ledger keeps.
HeapTuple with_derived(HeapTuple row, TupleDesc desc, const Columns &columns, int64 version,
                       const Derived &derived, NullableDatum effective) {
    int numbers[] = {columns.version, columns.sold, columns.recent, columns.effective};
    const NullableDatum recent = pack_recent_days(derived.recent);
    Datum values[] = {Int64GetDatum(version), derived.sold.value, recent.value, effective.value};
    bool nulls[] = {false, derived.sold.isnull, recent.isnull, effective.isnull};
    return heap_modify_tuple_by_cols(row, desc, 4, numbers, values, nulls);
}

// Whether this statement has changed the key already; an entry may also be left behind by an
// earlier statement whose change did not happen.
bool is_expected_now(const StockKey &key) {
    const PendingEntry *entry = pending_entry(key, false);
    return entry != nullptr && entry->open &&
           entry->subtransaction == GetCurrentSubTransactionId() &&
           entry->statement == current_statement();
}

// One statement that deletes and inserts a key leaves no moment to log the deletion in between.
void refuse_reinsertion(const StockKey &key) {
    if (!is_expected_now(key) || !pending_entry(key, false)->is_delete) return;
    ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                    errmsg("cannot delete and insert the same inventory row in one statement"),
                    errhint("Use UPDATE, or two statements.")));
}

// Drops what an earlier statement expected and never did (ON CONFLICT DO NOTHING, for one).
void forget_entry(const StockKey &key) {
    PendingEntry *entry = pending_entry(key, false);
    if (entry != nullptr) entry->open = false;
}

HeapTuple before_insert(TriggerData *trigger, const Columns &columns) {
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    Balance after = read_balance(trigger->tg_trigtuple, desc, columns);
    if (!after.complete) return trigger->tg_trigtuple;
    check_amounts(nullptr, trigger->tg_trigtuple, desc, columns);
    refuse_reinsertion(after.key);
    if (is_expected_now(after.key)) return trigger->tg_trigtuple;  // a second row of the same key
    forget_entry(after.key);
    if (keep_inventory_row(after.key)) return trigger->tg_trigtuple;  // conflicts for certain

    const StockRules rules = load_rules(after.key);
    Balance before = after;
    before.quantity = 0;
    Derived derived = {no_recent_days(), null_datum()};
    const int64 last_version = last_ledger_version(after.key);
    if (last_version > 0 && rules.found) {
        derived.recent = rebuild_recent_days(after.key, rules.zone, &derived.sold);
    }
    after.version = last_version + (after.quantity != 0 ? 1 : 0);
    if (after.quantity != 0) {
        if (rules.found) apply(derived, plain_movement(after.quantity), rules.zone);
        expect_entry(before, after, nullptr, false);
    }
    const NullableDatum own = column_value(trigger->tg_trigtuple, desc, columns.reorder_point);
    return with_derived(trigger->tg_trigtuple, desc, columns, after.version, derived,
                        own.isnull ? inherited_reorder_point(after.key) : own);
}

// Columns that the ledger keeps cannot be set from outside, and a row keeps its key.
void check_columns(TriggerData *trigger, const Columns &columns) {
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const int kept[] = {columns.version, columns.effective, columns.sold, columns.recent};
    for (const int column : kept) {
        if (!column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc, column)) continue;
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("column \"%s\" of inventory is kept by the ledger",
                               NameStr(TupleDescAttr(desc, column - 1)->attname)),
                        errhint("Change quantity or reorder_point; the rest follows.")));
    }
    const int key[] = {columns.company, columns.product, columns.warehouse};
    for (const int column : key) {
        if (!column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc, column)) continue;
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("the key of an inventory row cannot change"),
                        errhint("Use stockflow.transfer_stock to move stock.")));
    }
}

HeapTuple before_update(TriggerData *trigger, const Columns &columns) {
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const Balance before = read_balance(trigger->tg_trigtuple, desc, columns);
    forget_entry(before.key);
    if (derived_update_is_open()) return trigger->tg_newtuple;
    check_columns(trigger, columns);
    check_amounts(trigger->tg_trigtuple, trigger->tg_newtuple, desc, columns);
    Balance after = read_balance(trigger->tg_newtuple, desc, columns);
    if (!after.complete) return trigger->tg_newtuple;

    Posting *posting = find_posting(after.key);
    const bool moves = posting != nullptr || after.quantity != before.quantity;
    const bool own_changed =
        column_changed(trigger->tg_trigtuple, trigger->tg_newtuple, desc, columns.reorder_point);
    if (!moves && !own_changed) return trigger->tg_newtuple;

    NullableDatum effective = column_value(trigger->tg_newtuple, desc, columns.effective);
    if (own_changed) {
        const NullableDatum own = column_value(trigger->tg_newtuple, desc, columns.reorder_point);
        effective = own.isnull ? inherited_reorder_point(after.key) : own;
    }
    const NullableDatum packed = column_value(trigger->tg_newtuple, desc, columns.recent);
    Derived derived = {no_recent_days(), column_value(trigger->tg_newtuple, desc, columns.sold)};
    const StockRules rules = posting != nullptr ? posting->rules : load_rules(after.key);
    if (!unpack_recent_days(packed, &derived.recent)) {
        derived.recent = rebuild_recent_days(after.key, rules.zone, &derived.sold);
    }
    if (moves) {
        if (posting != nullptr && posting->total != after.quantity - before.quantity) {
            ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                            errmsg("another trigger changed the quantity of a movement"),
                            errhint("Triggers on inventory must leave quantity alone.")));
        }
        check_balance(rules, before, after, posting != nullptr && posting->needs_available);
        const Movement plain = plain_movement(after.quantity - before.quantity);
        const Movement *movements = posting != nullptr ? posting->movements : &plain;
        const int count = posting != nullptr ? posting->count : 1;
        for (int i = 0; i < count; i++) apply(derived, movements[i], rules.zone);
        after.version = before.version + count;
        expect_entry(before, after, posting, false);
        if (posting != nullptr) posting->taken = true;
    }
    return with_derived(trigger->tg_newtuple, desc, columns, after.version, derived, effective);
}

HeapTuple before_delete(TriggerData *trigger, const Columns &columns) {
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    const Balance before = read_balance(trigger->tg_trigtuple, desc, columns);
    Balance after = before;
    after.quantity = 0;
    after.version = before.version + (before.quantity != 0 ? 1 : 0);
    expect_entry(before, after, nullptr, true);
    return trigger->tg_trigtuple;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// BEFORE INSERT OR UPDATE OR DELETE ON inventory FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_inventory_before) {
    TriggerData *trigger = check_trigger(fcinfo, "inventory_before", Timing::before_row);
    const Columns &columns = columns_of(fcinfo, trigger->tg_relation);
    HeapTuple row = TRIGGER_FIRED_BY_INSERT(trigger->tg_event)   ? before_insert(trigger, columns)
                    : TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? before_update(trigger, columns)
                                                                 : before_delete(trigger, columns);
    return PointerGetDatum(row);
}

// AFTER INSERT OR UPDATE OR DELETE ON inventory FOR EACH ROW
STOCKFLOW_FUNCTION(stockflow_inventory_after) {
    TriggerData *trigger = check_trigger(fcinfo, "inventory_after", Timing::after_row);
    const Columns &columns = columns_of(fcinfo, trigger->tg_relation);
    const TupleDesc desc = RelationGetDescr(trigger->tg_relation);
    Balance before = read_balance(trigger->tg_trigtuple, desc, columns);
    Balance after = read_balance(changed_row(trigger), desc, columns);
    if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event)) {
        before.quantity = 0;
        // Not in BEFORE: row level security has passed the row by now, so that the message cannot
        // tell a tenant about a product of another.
        if (after.quantity != 0) check_balance(load_rules(after.key), before, after, false);
    } else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event)) {
        after.quantity = 0;
    }
    PendingEntry *entry = pending_entry(after.key, false);
    const bool expected = entry != nullptr && entry->open;
    if (!expected && after.quantity == before.quantity) return PointerGetDatum(nullptr);
    const bool same_version =
        TRIGGER_FIRED_BY_DELETE(trigger->tg_event) || (expected && entry->version == after.version);
    if (!expected || entry->quantity != after.quantity || !same_version) {
        ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                        errmsg("quantity was changed behind the ledger"),
                        errdetail("A trigger that fires after the ledger's changed the row again."),
                        errhint("BEFORE triggers must sort by name before \"zz_ledger_accept\".")));
    }
    entry->open = false;
    if (entry->movements != nullptr) {
        add_entries(entry->key, entry->version, entry->quantity, entry->movements, entry->count);
    } else if (entry->delta != 0) {
        const Movement plain = plain_movement(entry->delta);
        add_entries(entry->key, entry->version, entry->quantity, &plain, 1);
    }
    return PointerGetDatum(nullptr);
}
