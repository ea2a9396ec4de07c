// From the days of a product in a warehouse to the demand that a forecast is made from.
#pragma once

#include <cstdint>

#include "../recent_days.hpp"

namespace stockflow::planning {

// One value per day, oldest first.
struct DailyDemand {
    double *units;
    bool *available;  // the product could be sold that day
    int count;
};

// Reads a window of days (oldest first; what happened after it is later_change) back from the stock
// on hand today, and leaves out the days before it was first stocked or sold. The arrays have room
// for count values. always_available: stock may go below zero, so a sale never fails.
// Returns how many days at the beginning were left out.
int read_days(const DayTotals *days, int count, std::int64_t on_hand, std::int64_t later_change,
              bool always_available, DailyDemand *out);

// Replaces days on which the product could not be sold by days of the same weekday on which it
// could, going back from the gap and, for one at the beginning, forward. Returns how many days
// could be sold; with none nothing is changed.
int fill_missing(DailyDemand &demand);

}  // namespace stockflow::planning
