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

void set_derived(RowValues &row, const Columns &columns, const Balance &after,
                 const Derived &derived, NullableDatum effective, NullableDatum hash) {
    const bool low = is_low(after, effective);
    row.set(columns.version, present(Int64GetDatum(after.version)));
    row.set(columns.sold, derived.sold);
    row.set(columns.recent, pack_recent_days(derived.recent));
    row.set(columns.effective, effective);
    row.set(columns.low, present(BoolGetDatum(low)));
    row.set(columns.urgency, urgency_of(after, low, derived.recent));
    row.set(columns.hash, hash);
}

bool set_flag(RowValues &row, const Columns &columns, const Balance &after) {
    const bool low = is_low(after, row.at(columns.effective));
    RecentDays recent;
    const bool known = unpack_recent_days(row.at(columns.recent), &recent);
    const NullableDatum urgency = known ? urgency_of(after, low, recent) : most_urgent(low);
    if (same(row.at(columns.low), present(BoolGetDatum(low))) &&
        same(row.at(columns.urgency), urgency)) {
        return false;
    }
    row.set(columns.low, present(BoolGetDatum(low)));
    row.set(columns.urgency, urgency);
    return true;
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

Derived derived_of(const RowValues &row, const Columns &columns, const Balance &before,
                   pg_tz *zone) {
    Derived derived = no_derived();
    derived.sold = row.at(columns.sold);
    if (unpack_recent_days(row.at(columns.recent), &derived.recent)) return derived;
    return continued(before.key, before.version, zone);
}

Moved move_row(RowValues &row, const Columns &columns, const Balance &before, Balance after,
               const Movements &movements, NullableDatum effective) {
    Derived derived = derived_of(row, columns, before, movements.zone);
    for (int i = 0; i < movements.count; i++) apply(derived, movements.first[i], movements.zone);
    after.version = before.version + movements.count;
    NullableDatum hash = row.at(columns.hash);
    const Seal seal = seal_change(hash, after.key, before.version, before.quantity, movements.first,
                                  movements.count);
    if (seal.is_on) hash = present(hash_datum(seal.after));
    set_derived(row, columns, after, derived, effective, hash);
    return {after, derived.leaving, seal};
}

}  // namespace stockflow
