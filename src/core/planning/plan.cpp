#include "plan.hpp"

#include <algorithm>
#include <cmath>

#include "../forecast/distribution.hpp"

namespace stockflow::planning {

using namespace forecasting;

void lead_time_days(const LeadTime &lead, int *days) {
    for (int i = 0; i < kLeadPoints; i++) {
        double value = std::ceil(lead.mean);
        if (lead.deviation > 0 && lead.mean > 0) {
            const double variance = lead.deviation * lead.deviation;
            value = std::round(
                quantile({Measure::amounts, lead.mean, variance, 1}, (i + 0.5) / kLeadPoints));
        }
        days[i] = static_cast<int>(std::min(std::max(value, 0.0), double(kMostHorizon)));
    }
}

namespace {

// What is sold on the day of the order, before anything can come, counts too.
int protected_days(int lead_days, int review_days) {
    return std::min(std::max(lead_days + review_days, 1), kMostHorizon);
}

}  // namespace

int horizon_of(const LeadTime &lead, int review_days) {
    int days[kLeadPoints];
    lead_time_days(lead, days);
    return protected_days(days[kLeadPoints - 1], review_days);
}

int weekly_season(int count) { return count >= 28 ? 7 : 1; }

namespace {

void mix_lead_times(const PlanRequest &request, const double *quantiles, DemandPlan *plan) {
    int days[kLeadPoints];
    lead_time_days(request.lead, days);
    const double *curves[kLeadPoints];
    for (int i = 0; i < kLeadPoints; i++) {
        curves[i] = quantiles + (protected_days(days[i], request.review_days) - 1) * kLevelCount;
    }
    // A fixed lead time is one curve.
    const bool fixed = days[0] == days[kLeadPoints - 1];
    if (fixed) {
        std::copy(curves[0], curves[0] + kLevelCount, plan->quantiles);
    } else {
        mix(curves, kLeadPoints, plan->quantiles);
    }
    const Curve curve{kLevels, plan->quantiles, kLevelCount};
    plan->mean = curve.mean();
    plan->variance = std::max(curve.variance(), 0.0);
}

}  // namespace

void plan_demand(const PlanRequest &request, DemandPlan *plan) {
    const int horizon = std::max(kKeptDays, horizon_of(request.lead, request.review_days));
    const Choice choice = parse_choice(request.method);
    const Job job{request.y, weekly_season(request.y.count), horizon, request.stop};
    Forecast forecast(choice, job);
    const Prediction prediction = forecast.predict({kLevels, kLevelCount, true});
    for (int day = 0; day < kKeptDays; day++) {
        plan->daily_means[day] = prediction.mean[day] - (day > 0 ? prediction.mean[day - 1] : 0);
        plan->daily_means[day] = std::max(plan->daily_means[day], 0.0);
    }
    mix_lead_times(request, prediction.quantiles.data(), plan);
    plan->step_count = 0;
    for (int i = 0; i < kMostSteps && kSteps[i] <= horizon; i++) {
        std::copy_n(prediction.quantiles.data() + (kSteps[i] - 1) * kLevelCount, kLevelCount,
                    plan->step_quantiles + i * kLevelCount);
        plan->step_count = i + 1;
    }
    plan->row_count = forecast.describe(plan->rows);
}

}  // namespace stockflow::planning
