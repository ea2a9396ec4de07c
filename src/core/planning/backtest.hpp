// The end of a series played again under several rules, each of which knows only what was before.
#pragma once

#include "../forecast/series.hpp"
#include "replay.hpp"

namespace stockflow::planning {

inline constexpr int kLeastTraining = 28;  // days before the test

struct BacktestRequest {
    forecasting::Series y;
    int test_days, refit_days, lead_days;
    int cover_days;        // of demand in an order, under every rule
    double own_point;      // the reorder point in force today
    const double *covers;  // days of demand before the test that are a fixed reorder point
    int cover_count;
    const double *levels;  // service levels of dynamic ones
    int level_count;
    const char *method;
    forecasting::Stop stop;
};

// Demand per day before the test.
double training_mean(const BacktestRequest &request);

// Results of: the own point, the covers, the levels. Dynamic points and quantities follow from a
// forecast that is made anew every refit_days from the days until then; fixed points stay, and
// their quantities follow the demand of the last four weeks. Whole units where all of demand is.
void backtest(const BacktestRequest &request, ReplayResult *results);

}  // namespace stockflow::planning
