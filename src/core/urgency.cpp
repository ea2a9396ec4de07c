#include "urgency.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "alert.hpp"

namespace stockflow {

namespace {

auto rank(const Urgency &alert) {
    return std::make_tuple(alert.days_until_stockout == kNoStockoutDate, alert.days_until_stockout,
                           -alert.net_demand, alert.available, alert.product_id,
                           alert.warehouse_id);
}

// A class holds the days from 2^(class - 1) on; class 0 those before the first.
int first_day(int urgency_class) { return urgency_class == 0 ? 0 : 1 << (urgency_class - 1); }

}  // namespace

void order_by_urgency(Urgency *alerts, int count, int first) {
    const auto before = [](const Urgency &a, const Urgency &b) { return rank(a) < rank(b); };
    if (first < count) {
        std::partial_sort(alerts, alerts + first, alerts + count, before);
    } else {
        std::sort(alerts, alerts + count, before);
    }
}

int urgency_class(std::int64_t available, const RecentDays &recent) {
    if (available <= 0) return 0;
    __int128 demand = 0;
    for (const DayTotals &day : recent.days) demand += day.demand;
    if (demand <= 0) return kWithoutDemand;
    const __int128 days = static_cast<__int128>(available) * kUrgencyWindow / demand;
    int result = 0;
    while (result + 1 < kWithoutDemand && days >= first_day(result + 1)) result++;
    return result;
}

int earliest_stockout(int urgency_class, int lookback_days) {
    if (urgency_class >= kWithoutDemand) return std::numeric_limits<int>::max();
    return first_day(urgency_class) * lookback_days / kUrgencyWindow;
}

}  // namespace stockflow
