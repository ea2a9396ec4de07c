// What quantiles are taken from: how much demand is expected, and how uncertain that is.
#pragma once

#include <vector>

#include "automatic.hpp"

namespace stockflow::forecasting {

// Variance divided by mean: of a period, and of the sum over the horizon.
struct Dispersion {
    double step, sum;
};

struct Outlook {
    std::vector<double> path;  // expected demand per period
    double level_variance;     // of the mean per period: how far the opinions on it differ
    Dispersion dispersion;     // of demand around it
};

// The outlook of a plan for a job; choice is what the plan was made from. For `auto` it also allows
// for what the history cannot tell: what zeros before the first sale mean, whether products that
// look dead sell again, and how rough a rate is that few sales were seen of.
Outlook look_ahead(const Choice &choice, const Plan &plan, const Job &job);

}  // namespace stockflow::forecasting
