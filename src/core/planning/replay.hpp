// History played again under a rule of replenishment.
#pragma once

#include "../forecast/series.hpp"

namespace stockflow::planning {

// What came of a rule; sums over all pairs that are added to it.
struct ReplayResult {
    double demanded = 0, sold = 0;
    double stock_days = 0;  // the sum of the stock at the end of each day
    long days = 0, stockout_days = 0, orders = 0;

    void add(const ReplayResult &other);
    double fill_rate() const { return demanded > 0 ? sold / demanded : 1; }
    double average_stock() const { return days > 0 ? stock_days / days : 0; }
};

// Each morning what was ordered comes, during the day what there is is sold (the rest is lost), and
// in the evening, where stock and orders are at or below points[day], as much is ordered as brings
// them to points[day] + quantities[day]; it comes on the morning after lead_days more. The first
// day begins with points[0] + quantities[0].
ReplayResult replay(forecasting::Series demand, int lead_days, const double *points,
                    const double *quantities);

}  // namespace stockflow::planning
