// The time of the year, for demand per day: by it a history is evened out before a method sees it,
// and what the method forecasts is shaped.
#pragma once

#include <vector>

#include "series.hpp"

namespace stockflow::forecasting {

// What the time of the year does to a day's demand: of each earlier year, the four weeks around the
// same date against the year that followed. The ratio is drawn towards 1 by its noise, and to that
// power to which, as far as the history shows, changes of one year are repeated in the next.
class YearShape {
  public:
    explicit YearShape(Series y);

    // Whether there is a whole year and more to see it in, and demand that varies. It begins with
    // the first sale, as before that nothing might have been on sale.
    bool seen() const { return seen_; }
    // The history divided by what the year did to it. The first year stays as it is.
    std::vector<double> evened(Series y) const;
    // What the year does to the steps after the first `length` values, one factor each.
    void factors(int length, int steps, double *out) const;

  private:
    double sum(int from, int to) const { return sums_[to] - sums_[from]; }
    double change(int span, int from, int to) const;
    double repeated() const;
    double factor(int day, int length) const;

    int first_ = 0;             // sale; days count from there
    std::vector<double> sums_;  // of the values before each
    double steady_ = 0, repeated_ = 0;
    bool seen_ = false;
};

}  // namespace stockflow::forecasting
