// Pictures of demand and stock: a line of bars, and a chart as SVG.
#pragma once

#include <string>

namespace stockflow::planning {

// One bar per value, from the lowest for 0 to the highest for the largest; a stroke after the first
// `split` values where both sides have some. utf8: block characters, else ASCII.
std::string sparkline(const double *values, int count, int split, bool utf8);

// All values per day, oldest first; the days before today, then those from today on.
struct ChartInput {
    std::string title, subtitle;                          // any text
    std::string first_day, today, last_day, stockout_on;  // dates as text
    int history, horizon;
    const double *demand;             // history
    const bool *available;            // history
    const double *stock;              // history, at the end of the day
    const double *mean, *low, *high;  // horizon: expected demand per day, and its band
    const double *projected, *projected_low,
        *projected_high;  // horizon: stock at the end of the day
    double on_hand;
    bool has_point;
    double reorder_point;
    int stockout_day;  // from today on; negative: none within the horizon
    const char *band;  // what the band is, such as "9 days of 10"
};

// Two panels one above the other, 960 by 560: demand per day and stock.
std::string chart_svg(const ChartInput &input);

}  // namespace stockflow::planning
