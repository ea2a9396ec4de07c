// The whole of a forecast: mean and quantiles per period, or of the sum up to each period.
#pragma once

#include <optional>
#include <vector>

#include "automatic.hpp"
#include "outlook.hpp"

namespace stockflow::forecasting {

struct Wanted {
    const double *levels;  // of the quantiles, each above 0 and below 1
    int level_count;
    bool cumulative;
};

struct Prediction {
    std::vector<double> mean;       // horizon
    std::vector<double> quantiles;  // horizon rows of level_count
};

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

inline constexpr int kMaxModelRows = 32;

// A forecast planned once, to answer whatever is asked of it. All throw Stopped when the job's Stop
// says so.
class Forecast {
  public:
    // backtests: as make_plan; needed for quantiles and for what describe tells of errors.
    Forecast(const Choice &choice, const Job &job, bool backtests = true);

    Prediction predict(const Wanted &wanted);
    // Fills at most kMaxModelRows rows and returns how many.
    int describe(ModelRow *rows) const;

  private:
    const Outlook &outlook();

    Choice choice_;
    Job job_;
    Plan plan_;
    std::optional<Outlook> outlook_;  // once quantiles were asked for
};

// A forecast that is asked for once.
struct Request {
    Job job;
    Choice choice;
    const double *levels;
    int level_count;
    bool cumulative;
};
Prediction predict(const Request &request);
int describe(const Choice &choice, const Job &job, ModelRow *rows);

}  // namespace stockflow::forecasting
