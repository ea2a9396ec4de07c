// The whole of a forecast: mean and quantiles per period, or of the sum up to each period.
#pragma once

#include <vector>

#include "automatic.hpp"

namespace stockflow::forecasting {

struct Request {
    Job job;
    Choice choice;
    const double *levels;  // each above 0 and below 1
    int level_count;
    bool cumulative;
};

struct Prediction {
    std::vector<double> mean;       // horizon
    std::vector<double> quantiles;  // horizon rows of level_count
};

// Throws Stopped when the job's Stop says so.
Prediction predict(const Request &request);

// The errors of a method, or of the forecast, over all origins; NaN where there were none.
struct Errors {
    int origins = 0;
    double mae = kNotGiven, rmse = kNotGiven, bias = kNotGiven;
    double sum_error = kNotGiven;  // mean absolute error of the sum over the horizon
};

// One row about a forecast: first the forecast as a whole, then the methods it is made of.
struct ModelRow {
    char method[160];  // as parse_choice reads it
    char model[32];    // what ran
    char note[32];
    double weight;
    double parameters[kParameterCount];  // in the order of kParameterNames; NaN: none
    Errors errors;
};

// Fills at most kMaxModelRows rows and returns how many.
inline constexpr int kMaxModelRows = 32;
int describe(const Choice &choice, const Job &job, ModelRow *rows);

}  // namespace stockflow::forecasting
