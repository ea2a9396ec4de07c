// Single large sales, which levels must not take for a new level.
#pragma once

#include <vector>

#include "series.hpp"

namespace stockflow::forecasting {

// A history without its spikes. As they do come back, their share of all demand is spread over the
// time: levels are lifted by what the history lost, but for the largest, which may never come
// again.
struct Damped {
    std::vector<double> values;
    double lift = 1;
};

Damped damp(Series y);

}  // namespace stockflow::forecasting
