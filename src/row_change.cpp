#include "row_change.hpp"

#include "core/urgency.hpp"
#include "ledger_checks.hpp"
#include "ledger_hash.hpp"
#include "ledger_log.hpp"
#include "recent.hpp"
#include "values.hpp"

namespace stockflow {

Derived no_derived() {
    Derived derived = {no_recent_days(), null_datum(), begin_days()};
    // The AFTER trigger needs them, in a call of its own.
    derived.leaving.memory = TopTransactionContext;
    return derived;
}

void apply(Derived &derived, const Movement &movement, pg_tz *zone) {
    const DayTotals totals = totals_of(movement);
    DayRecord leaving[kRecentDays];
    const int left =
        add_movement(derived.recent, day_in(zone, movement.occurred_at), totals, leaving);
    add_days(derived.leaving, leaving, left);
    const bool later =
        derived.sold.isnull || DatumGetTimestampTz(derived.sold.value) < movement.occurred_at;
    if (totals.demand > 0 && later) {
        derived.sold = present(TimestampTzGetDatum(movement.occurred_at));
    }
}

namespace {

// The class that a row carries while it is low.
NullableDatum urgency_of(const Balance &balance, bool low, const RecentDays &recent) {
    if (!low) return null_datum();
    const int urgency = urgency_class(balance.quantity - balance.reserved, recent);
    return present(Int16GetDatum(static_cast<int16>(urgency)));
}

// Where the demand cannot be read.
NullableDatum most_urgent(bool low) { return low ? present(Int16GetDatum(0)) : null_datum(); }

bool same(NullableDatum a, NullableDatum b) {
    return a.isnull == b.isnull && (a.isnull || a.value == b.value);
}

}  // namespace

HeapTuple with_derived(HeapTuple row, TupleDesc desc, const Columns &columns, const Balance &after,
                       const Derived &derived, NullableDatum effective, NullableDatum hash) {
    int numbers[] = {columns.version, columns.sold,    columns.recent, columns.effective,
                     columns.low,     columns.urgency, columns.hash};
    const NullableDatum recent = pack_recent_days(derived.recent);
    const bool low = is_low(after, effective);
    const NullableDatum urgency = urgency_of(after, low, derived.recent);
    Datum values[] = {Int64GetDatum(after.version),
                      derived.sold.value,
                      recent.value,
                      effective.value,
                      BoolGetDatum(low),
                      urgency.value,
                      hash.value};
    bool nulls[] = {false, derived.sold.isnull, recent.isnull, effective.isnull,
                    false, urgency.isnull,      hash.isnull};
    return heap_modify_tuple_by_cols(row, desc, 7, numbers, values, nulls);
}

HeapTuple with_flag(HeapTuple row, TupleDesc desc, const Columns &columns, const Balance &after) {
    const bool low = is_low(after, column_value(row, desc, columns.effective));
    RecentDays recent;
    const bool known = unpack_recent_days(column_value(row, desc, columns.recent), &recent);
    const NullableDatum urgency = known ? urgency_of(after, low, recent) : most_urgent(low);
    const NullableDatum stored = column_value(row, desc, columns.low);
    if (same(stored, present(BoolGetDatum(low))) &&
        same(column_value(row, desc, columns.urgency), urgency)) {
        return row;
    }
    int numbers[] = {columns.low, columns.urgency};
    Datum values[] = {BoolGetDatum(low), urgency.value};
    bool nulls[] = {false, urgency.isnull};
    return heap_modify_tuple_by_cols(row, desc, 2, numbers, values, nulls);
}

Derived continued(const StockKey &key, int64 last_version, pg_tz *zone) {
    Derived derived = no_derived();
    if (last_version == 0) return derived;
    const Chain chain = replay(key, zone, nullptr);
    if (chain.length != last_version) report_concurrent_change();
    derived.recent = chain.recent;
    if (chain.sold) derived.sold = present(TimestampTzGetDatum(chain.sold_at));
    return derived;
}

Derived derived_of(HeapTuple row, TupleDesc desc, const Columns &columns, const Balance &before,
                   pg_tz *zone) {
    Derived derived = no_derived();
    derived.sold = column_value(row, desc, columns.sold);
    if (unpack_recent_days(column_value(row, desc, columns.recent), &derived.recent)) {
        return derived;
    }
    return continued(before.key, before.version, zone);
}

MovedRow with_movements(HeapTuple row, TupleDesc desc, const Columns &columns,
                        const Balance &before, Balance after, const Movements &movements,
                        NullableDatum effective) {
    Derived derived = derived_of(row, desc, columns, before, movements.zone);
    for (int i = 0; i < movements.count; i++) apply(derived, movements.first[i], movements.zone);
    after.version = before.version + movements.count;
    NullableDatum hash = column_value(row, desc, columns.hash);
    const Seal seal = seal_change(hash, after.key, before.version, before.quantity, movements.first,
                                  movements.count);
    if (seal.is_on) hash = present(hash_datum(seal.after));
    return {with_derived(row, desc, columns, after, derived, effective, hash), after,
            derived.leaving, seal};
}

}  // namespace stockflow
