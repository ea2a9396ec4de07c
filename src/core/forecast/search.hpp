// Bounded searches for one smoothing parameter of simple exponential smoothing.
#pragma once

#include "series.hpp"

namespace stockflow::forecasting {

struct Smoothed {
    double alpha, error, level;  // error: sum of squared one-step errors
};

// Golden section for the alpha with the least squared error, start at the first value. Where the
// error has several minima it ends in the one that golden section ends in.
Smoothed golden_ses(Series y, double low, double high);

// The least squared error anywhere in [low, high]: a grid, then ever finer ones around its best.
Smoothed best_ses(Series y, double low, double high);

}  // namespace stockflow::forecasting
