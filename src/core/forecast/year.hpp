// The time of the year, for demand per day: what demand did after this date in earlier years.
#pragma once

#include <vector>

#include "series.hpp"

namespace stockflow::forecasting {

// Factors that make a forecast for the coming weeks follow the year. Of each earlier year, the four
// weeks around a day are compared with the three weeks before the date of the forecast. The ratio
// is drawn towards 1 by its noise, and to that power to which, as far as the history shows, changes
// of one year are repeated in the next.
class YearShape {
  public:
    explicit YearShape(Series y);

    // Of the steps after the first `length` values, one factor each; returns how many earlier years
    // they come from. 0: all are 1.
    int factors(int length, int steps, double *out) const;

  private:
    double sum(int from, int to) const { return sums_[to] - sums_[from]; }
    double noise(int length) const;
    double repeated(int length, double steady) const;

    std::vector<double> sums_, squares_;  // of the values before each
};

}  // namespace stockflow::forecasting
