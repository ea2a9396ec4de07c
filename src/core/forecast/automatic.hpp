// Choosing methods for a series by their errors at earlier origins.
#pragma once

#include <vector>

#include "methods.hpp"

namespace stockflow::forecasting {

// A forecast made from the first `length` values, of which `steps` periods are known by now.
struct Origin {
    int length, steps;
};

// Demand is dense up to this share of zeros: models come into question.
inline constexpr double kDenseZeros = 0.1;

enum class Family { alone, levels, models };

// One method's part in a forecast, and its errors at the origins.
struct Part {
    Choice choice;
    Family family = Family::alone;
    double prior = 1;  // how much it counts before its errors are known
    Ran ran = {};
    double weight = 1;                      // in the forecast; 0: considered, but not taken
    double mild_weight = 1;                 // in what is uncertain about it
    double squared_error = 0;               // mean over all origins and steps
    double loss = 0;                        // that, and for levels also the error of the sums
    double recent = 0;                      // the loss at the latest origins
    std::vector<double> path = {};          // the forecast, per step
    std::vector<double> origin_paths = {};  // a horizon for each origin
};

struct Plan {
    std::vector<Origin> origins;  // the latest first
    // Where the history shows what the time of the year does: factors of the steps, and of those
    // after each origin, and the history divided by what the year did to it; else empty.
    std::vector<double> year, origin_years, evened;
    std::vector<Part> parts;  // by falling weight; all that were considered
    const char *note = "";    // why there was nothing to choose, or what was put on all parts
};

// Plans a forecast: a method alone, or for `auto` the weighted mean of the methods that did best.
// Without backtests, a method alone is not tried at earlier origins, which only quantiles and
// reports need; auto always is.
Plan make_plan(const Choice &choice, const Job &job, bool backtests = true);
// What auto does for demand with zeros, whether or not this has any.
Plan make_level_plan(const Job &job);

// The history as methods see it: without the year.
Series evened_history(const Plan &plan, const Job &job);

// The mean forecast of a plan: finite, not negative, within sane bounds.
std::vector<double> plan_path(const Plan &plan, const Job &job);
// The same as it would have been at an origin.
std::vector<double> plan_path_at(const Plan &plan, const Job &job, std::size_t origin);

// The entry of the registry: what plan_path gives for `auto`.
void run_automatic(const Job &job, const Parameters &given, Ran &ran, double *out);

}  // namespace stockflow::forecasting
