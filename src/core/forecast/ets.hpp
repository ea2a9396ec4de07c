// Exponential smoothing state space models (Hyndman, Koehler, Ord and Snyder 2008).
#pragma once

#include "series.hpp"

namespace stockflow::forecasting {

inline constexpr int kMaxEtsSeason = 24;

// The form of a model: error A or M, trend N or A (damped or not), season N, A or M.
struct EtsForm {
    char error, trend, season;
    bool damped;
    int period;  // 1 without a season

    bool is_product() const { return error == 'M' || season == 'M'; }
    int smoothing_count() const { return 1 + (trend == 'A') + damped + (season != 'N'); }
    int state_count() const { return 1 + (trend == 'A') + (season != 'N' ? period - 1 : 0); }
};

// The parameters and the states, seasonal[0] first, that belong to one moment.
struct EtsStates {
    double level, trend;
    double seasonal[kMaxEtsSeason];
};
struct EtsParameters {
    double alpha, beta, gamma, phi;
};

struct EtsModel {
    EtsForm form;
    EtsParameters parameters;
    EtsStates initial, last;  // before the first value, after the last value
    double likelihood;        // -2 log likelihood, up to a constant
    double aicc;
    double error;  // mean of the squared one-step errors
    char name[16];
};

// Runs the recursions over y from the initial states; returns -2 log likelihood.
double ets_likelihood(const EtsForm &form, const EtsParameters &parameters, Series y,
                      EtsStates &states, double *mean_squared_error);

// Runs a model over y and fills what follows from it: likelihood, aicc, last states, name.
void ets_finish(EtsModel &model, Series y);

// What an estimate may cost.
struct Effort {
    Stop stop;
    bool quick = false;      // long histories: near the best is good enough
    double best = HUGE_VAL;  // -2 log likelihood of another form: one far from it may be given up
};

// Estimates the parameters and states of one form. False if the series is too short or the form
// does not suit it (multiplicative on a zero), or is far from the best.
bool ets_fit(const EtsForm &form, Series y, const Effort &effort, EtsModel *model);

// The states for the form and parameters that a model has. False as above.
bool ets_states(Series y, EtsModel *model);

// The form with the lowest corrected Akaike criterion.
EtsModel ets_automatic(Series y, int season, Effort effort);

void ets_forecast(const EtsModel &model, int horizon, double *out);

}  // namespace stockflow::forecasting
