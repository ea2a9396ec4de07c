// What happened to one product in one warehouse on each of the last days.
//
// The ledger's trigger keeps this next to the balance, in the same row version, so that an alert
// needs neither the ledger nor a second table. A day's totals do not depend on the order of its
// movements, so movements that arrive late are simply added to their day. Days that the window
// leaves behind go to demand_history.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stockflow {

inline constexpr int kRecentDays = 32;  // 30 days of window, one for the future, one to spare

// One day. The stock changed by other - demand + returned.
struct DayTotals {
    std::int64_t demand;    // sold or consumed, also as part of a bundle
    std::int64_t returned;  // taken back from customers
    std::int64_t other;     // receipts, transfers, counts, adjustments (signed)

    std::int64_t net_change() const { return other - demand + returned; }
    std::int64_t net_demand() const { return demand - returned; }
};

// A day with its date.
struct DayRecord {
    std::int32_t day;
    DayTotals totals;
};

// The last kRecentDays days up to last_day; days[0] is last_day, days[1] the day before.
struct RecentDays {
    std::int32_t last_day;
    bool empty;  // no movement yet
    DayTotals days[kRecentDays];
};

enum class MovementKind { demand, customer_return, other };

// Only sale, consumption (demand) and return (taken back) touch demand.
MovementKind movement_kind(const char *reason);

// Splits one movement into a day's totals. units is the number of units demanded or returned where
// it differs from the change of stock (a bundle), else null.
DayTotals movement_totals(MovementKind kind, std::int64_t delta, const std::int64_t *units);

void accumulate(DayTotals &day, const DayTotals &totals);

RecentDays no_recent_days();

// Adds a movement of a day; a later day moves the window. What does not stay in the window goes to
// leaving, which has room for kRecentDays records: days that it has left behind, or the movement
// itself where it is older. Returns how many.
int add_movement(RecentDays &recent, std::int32_t day, const DayTotals &totals, DayRecord *leaving);

// Adds a record to others, which are ordered by day and have room for one more; returns their
// count.
int merge_day(DayRecord *days, int count, const DayRecord &added);

struct DemandSummary {
    std::int64_t net_demand;
    int days_in_stock;  // days on which the product could be sold
};

// Sums the days from..to. on_hand is the balance after all movements known; days[0] is last_day.
// A day counts as in stock when it opened or closed above zero, or something was sold.
DemandSummary summarise(const DayTotals *days, int count, std::int32_t last_day,
                        std::int64_t on_hand, std::int32_t from, std::int32_t to);

// True when the window reaches back to from.
bool covers(const RecentDays &recent, std::int32_t from);

// The stored form: a version byte, the last day, and per day three variable-length integers;
// trailing days without movement are left out.
inline constexpr std::size_t kMaxEncodedDays = 1 + 4 + kRecentDays * 3 * 10;
std::size_t encode(const RecentDays &recent, std::uint8_t *out);
bool decode(const std::uint8_t *data, std::size_t size, RecentDays *out);  // false: not ours

}  // namespace stockflow
