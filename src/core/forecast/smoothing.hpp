// Exponential smoothing with given parameters: the loops that everything else calls.
#pragma once

#include "series.hpp"

namespace stockflow::forecasting {

// Where a recursion starts.
enum class Start {
    first,             // at the first value, which is then no update
    mean,              // at the mean of all values, and every value updates
    mean_from_second,  // at the mean; the first value does not update (TSB's probability only)
};

double moving_average(Series y, int window);

// The level after the last value (simple exponential smoothing; Brown 1956).
double ses(Series y, double alpha, Start start);

// Croston's two levels, and the forecast with its corrections.
enum class Correction { none, sba, sbj };
struct IntervalLevels {
    double size = 0, interval = 1;
    int sales = 0;
};
IntervalLevels croston_levels(Series y, double alpha, Start start);
double croston(Series y, double alpha, Start start, Correction correction);

// Teunter, Syntetos and Babai (2011): probability of a sale times its size.
struct ProbabilityLevels {
    double size = 0, probability = 0;
};
ProbabilityLevels tsb_levels(Series y, double alpha_size, double alpha_probability, Start start);
double tsb(Series y, double alpha_size, double alpha_probability, Start start);

// Holt (1957): level y1 and trend y2 - y1 before the first value.
void holt(Series y, double alpha, double beta, double phi, int horizon, double *out);

// Winters (1960): starts from the first two seasons (at least two are needed). The multiplicative
// form needs values above zero.
void holt_winters(Series y, double alpha, double beta, double gamma, int season,
                  bool multiplicative, int horizon, double *out);

// The mean by position in the season, divided by the overall mean, over the last `seasons` seasons;
// out[0] belongs to the period after the last. False when there is nothing to tell apart.
bool seasonal_profile(Series y, int season, int seasons, double *out);

inline constexpr int kMaxSeason = 400;  // a year of days and to spare

}  // namespace stockflow::forecasting
