// The data sets of the benchmark, and the best scores of other implementations on them.
#pragma once

#include <map>
#include <string>
#include <vector>

struct Entry {
    std::vector<double> train, test;
};

struct Set {
    std::string name;
    int season, horizon, lag;  // lag: of the naive error that scores are scaled by
    std::vector<Entry> entries;
    std::map<std::string, double> best;  // by score: the lowest of all single methods
};

// The last `cutoff` horizons are taken away (default: CUTOFF), so that others become the future.
Set load(const std::string &directory, const std::string &name, double cutoff);
Set load(const std::string &directory, const std::string &name);

// The mean absolute and mean squared naive error from the first sale on; false without one.
bool scales(const Entry &entry, int lag, double *absolute, double *square);

// The levels of all quantiles that are scored, and their pinball losses for what there was.
constexpr int kLevelCount = 4;
constexpr double kLevels[kLevelCount] = {0.5, 0.9, 0.95, 0.99};
double pinball(double actual, const double *quantiles);

// Two years of days, sold nearly every day, with the shape of a week and a level that wanders: the
// most expensive kind of history. For speed only.
Set two_years(int series);
