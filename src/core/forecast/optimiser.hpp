// Bounded minimisation without derivatives (NLopt).
#pragma once

#include "series.hpp"

namespace stockflow::forecasting {

inline constexpr int kMaxUnknowns = 32;

// A function of several unknowns with what it needs to know.
struct Objective {
    double (*value)(const double *x, void *context);
    void *context;
};

struct Bounds {
    double low[kMaxUnknowns], high[kMaxUnknowns], step[kMaxUnknowns];
};

// Moves x to a minimum near where it starts and returns the value there. tolerance: of the value,
// relative. Throws Stopped.
double minimise(const Objective &objective, const Bounds &bounds, int unknowns, double tolerance,
                int most_evaluations, const Stop &stop, double *x);

}  // namespace stockflow::forecasting
