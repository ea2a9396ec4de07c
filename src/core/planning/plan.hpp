// The forecast of a product in a warehouse, as planning keeps it: demand per day, its distribution
// after some days, and that of the time until a delivery can arrive.
#pragma once

#include "../forecast/forecast.hpp"
#include "curve.hpp"

namespace stockflow::planning {

inline constexpr int kKeptDays = 28;                                        // of daily means
inline constexpr int kSteps[] = {1, 3, 7, 14, 28, 56, 112, 224, 448, 896};  // days
inline constexpr int kMostSteps = sizeof kSteps / sizeof kSteps[0];
inline constexpr int kMostHorizon = 400;  // days that may pass until a delivery

// Days from order to delivery; a deviation of 0 is a fixed time.
struct LeadTime {
    double mean, deviation;
};

// Lead times that are equally likely, in whole days, for the distribution (gamma) of a lead time.
inline constexpr int kLeadPoints = 20;
void lead_time_days(const LeadTime &lead, int *days);

// The days until which the latest of these, plus the review, has arrived.
int horizon_of(const LeadTime &lead, int review_days);

struct PlanRequest {
    forecasting::Series y;
    const char *method;
    LeadTime lead;
    int review_days;  // until the next look at the stock
    forecasting::Stop stop;
};

struct DemandPlan {
    double daily_means[kKeptDays];
    double quantiles[kLevelCount];  // of the demand until a delivery
    double mean, variance;          // of the same
    int step_count;
    double step_quantiles[kMostSteps * kLevelCount];  // of the demand of the first kSteps[i] days
    forecasting::ModelRow rows[forecasting::kMaxModelRows];
    int row_count;
};

// The season of daily demand of this length: a week where there are enough of them.
int weekly_season(int count);

// Throws forecasting::Stopped when the request's Stop says so.
void plan_demand(const PlanRequest &request, DemandPlan *plan);

}  // namespace stockflow::planning
