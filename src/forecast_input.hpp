// Arguments of the forecasting functions: checked arrays of numbers, and calls of the core that a
// cancelled query ends.
#pragma once

#include "core/forecast/forecast.hpp"
#include "pg.hpp"

namespace stockflow {

inline constexpr int kMaxDemand = 100000;  // values
inline constexpr int kMaxHorizon = 3650;   // periods
inline constexpr int kMaxLevels = 100;

struct Numbers {
    double *values;
    int count;
};

// demand: one dimension, 1 to kMaxDemand finite values of at least 0.
Numbers demand_argument(FunctionCallInfo fcinfo, int position);
// levels: one dimension, each above 0 and below 1.
Numbers levels_argument(FunctionCallInfo fcinfo, int position);

// The demand, horizon, method and season of a call; positions of the arguments in this order.
struct ForecastCall {
    Numbers demand;
    int horizon, season;
    const char *method;
};
ForecastCall forecast_call(FunctionCallInfo fcinfo);

// Runs the core, which stops when the query is cancelled; the cancellation is then reported here.
// Body: void(const forecasting::Stop &), throwing forecasting::Stopped.
void run_interruptible(void (*body)(const forecasting::Stop &, void *), void *context);

}  // namespace stockflow
