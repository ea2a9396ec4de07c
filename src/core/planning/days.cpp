#include "days.hpp"

#include "../quantity.hpp"

namespace stockflow::planning {

int read_days(const DayTotals *days, int count, std::int64_t on_hand, std::int64_t later_change,
              bool always_available, DailyDemand *out) {
    __int128 closing = static_cast<__int128>(on_hand) - later_change;
    for (int day = count - 1; day >= 0; day--) {
        const __int128 opening = closing - days[day].net_change();
        const std::int64_t net = days[day].net_demand();
        out->units[day] = net > 0 ? static_cast<double>(net) / kUnit : 0;
        out->available[day] = opening > 0 || closing > 0 || days[day].demand > 0;
        closing = opening;
    }
    int first = 0;
    while (first < count && !out->available[first]) first++;
    out->units += first;
    out->available += first;
    out->count = count - first;
    for (int day = 0; always_available && day < out->count; day++) out->available[day] = true;
    return first;
}

namespace {

constexpr int kWeek = 7;

// The nth day of the same weekday that could be sold, going from a day in steps of a week; going on
// from the beginning once there are no more. -1: none.
int similar_day(const DailyDemand &demand, const bool *sold, int from, int step, int nth) {
    int found = 0;
    for (int round = 0; round < 2; round++) {
        for (int day = from + step; day >= 0 && day < demand.count; day += step) {
            if (sold[day] && found++ == nth) return day;
        }
        if (found == 0) return -1;
        nth %= found;
        found = 0;
    }
    return -1;
}

}  // namespace

int fill_missing(DailyDemand &demand) {
    int known = 0, last_known = -1;
    for (int day = 0; day < demand.count; day++) {
        if (!demand.available[day]) continue;
        known++;
        last_known = day;
    }
    if (known == 0 || known == demand.count) return known;
    int gap[kWeek] = {};  // weeks since the product could last be sold on this weekday
    double latest = 0;
    for (int day = 0; day < demand.count; day++) {
        const int weekday = day % kWeek;
        if (demand.available[day]) {
            gap[weekday] = 0;
            latest = demand.units[day];
            continue;
        }
        // From the first day of the gap, so that a long one takes one week after the other.
        const int start = day - kWeek * gap[weekday];
        int similar = similar_day(demand, demand.available, start, -kWeek, gap[weekday]);
        if (similar < 0) similar = similar_day(demand, demand.available, day, kWeek, 0);
        demand.units[day] = similar >= 0       ? demand.units[similar]
                            : last_known < day ? latest
                                               : demand.units[day];
        gap[weekday]++;
    }
    return known;
}

}  // namespace stockflow::planning
