// The order of alerts, most urgent first, and the class of urgency that a low row of inventory
// carries, so that the first alerts cost no reading of the others.
#pragma once

#include <cstdint>

#include "recent_days.hpp"

namespace stockflow {

struct Urgency {
    int days_until_stockout;  // kNoStockoutDate comes last
    std::int64_t net_demand, available;
    std::int64_t product_id, warehouse_id;
    int index;  // of the alert
};

// By days until stock-out, then the faster seller, then the emptier shelf, then by key. Only the
// first ones are put in order, the rest stays behind them.
void order_by_urgency(Urgency *alerts, int count, int first);

// Classes of days until stock-out: none, 1, 2 to 3, 4 to 7, ... 64 and more, and without demand.
inline constexpr int kUrgencyClasses = 9;
inline constexpr int kWithoutDemand = kUrgencyClasses - 1;

// The class of what is available, at the demand of all recent days, of which returns take nothing
// off. So the demand of a window of up to kUrgencyWindow days, which recent_days has whole, is no
// larger, and the stock lasts no shorter than the class says for as long as the row stays the same.
inline constexpr int kUrgencyWindow = 30;
int urgency_class(std::int64_t available, const RecentDays &recent);

// The least days until stock-out of a class and those behind it, measured with a window of
// lookback_days.
int earliest_stockout(int urgency_class, int lookback_days);

}  // namespace stockflow
