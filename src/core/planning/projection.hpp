// What becomes of the stock of a product in a warehouse: a walk over its days.
#pragma once

#include "curve.hpp"

namespace stockflow::planning {

// A kept forecast, read from some days after its beginning.
struct KeptForecast {
    const double *daily_means;  // of the days after its history
    int daily_count;            // at least 1
    const int *steps;           // rising numbers of days ...
    int step_count;             // (at least 1)
    const double *quantiles;    // ... and the demand of so many days, level_count for each
    const double *levels;
    int level_count;
    int age;  // days of it that are over

    // Expected demand of a day, counted from today; the last week repeats.
    double mean_of(int day) const;
    // Quantiles of the demand of the next days (0: none).
    void quantiles_of(int days, double *out) const;
};

struct Supply {
    int day;  // 0 is today; it is there when the day begins
    double units;
};

struct ProjectionInput {
    KeptForecast forecast;
    double available;
    const Supply *supplies;  // by day
    int supply_count;
    int lead_days;  // until an order of today arrives
    int wait_days;  // by which an order may be put off
};

inline constexpr int kNever = -1;
inline constexpr int kWalkDays = 366;

struct Projection {
    int stockout_day;       // on which expected demand uses up the last; kNever: not within a year
    int receipt_day;        // the next supply, or an order of today if that is earlier
    double stockout_risk;   // the probability that demand exceeds what there is before that
    double shortage;        // expected units short until an order of today arrives
    double later_shortage;  // the same for an order after the wait
};

Projection project(const ProjectionInput &input);

}  // namespace stockflow::planning
