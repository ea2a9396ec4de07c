// How wrong forecasts of a series would have been, from rolling origins.
#pragma once

#include "../forecast/forecast.hpp"

namespace stockflow::planning {

inline constexpr int kMostScoreLevels = 16;

struct ScoreRequest {
    forecasting::Series y;
    const char *method;
    int season, horizon;
    int origins;  // at most; a horizon apart, the last one before the latest values
    const double *levels;
    int level_count;
    forecasting::Stop stop;
};

// Sums over origins (and pairs, where scores are added); NaN where nothing is defined.
struct Scores {
    long pairs = 0, origins = 0, steps = 0;
    double demand = 0, forecast = 0;
    // Relative to the error of "as yesterday" in the history; sums over scaled_origins.
    double absolute_scaled = 0, squared_scaled = 0, pinball_scaled = 0;
    long scaled_origins = 0;
    // Of the sum over the horizon.
    double sum_pinball_scaled = 0;
    long covered[kMostScoreLevels] = {}, sum_covered[kMostScoreLevels] = {};

    void add(const Scores &other, int level_count);
};

// No origin where fewer than 14 values would be left before it.
Scores score(const ScoreRequest &request);

}  // namespace stockflow::planning
