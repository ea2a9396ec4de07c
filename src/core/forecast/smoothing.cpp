#include "smoothing.hpp"

#include <algorithm>

namespace stockflow::forecasting {

double moving_average(Series y, int window) { return mean_of(y.tail(std::min(window, y.count))); }

double ses(Series y, double alpha, Start start) {
    double level = start == Start::first ? y[0] : mean_of(y);
    for (int i = start == Start::mean ? 0 : 1; i < y.count; i++) level += alpha * (y[i] - level);
    return level;
}

IntervalLevels croston_levels(Series y, double alpha, Start start) {
    IntervalLevels levels;
    int last = -1, i = 0;
    while (i < y.count && y[i] == 0) i++;
    if (i == y.count) return levels;
    levels.size = y[i];
    levels.interval = i + 1;
    levels.sales = 1;
    if (start != Start::first) {
        // The mean interval runs from the start of the history to the last sale.
        int end = y.count - 1;
        while (y[end] == 0) end--;
        levels.interval = static_cast<double>(end + 1) / nonzero_count(y);
    }
    last = i;
    for (i++; i < y.count; i++) {
        if (y[i] == 0) continue;
        levels.size += alpha * (y[i] - levels.size);
        levels.interval += alpha * (i - last - levels.interval);
        levels.sales++;
        last = i;
    }
    return levels;
}

double croston(Series y, double alpha, Start start, Correction correction) {
    const IntervalLevels levels = croston_levels(y, alpha, start);
    const double rate = levels.size / levels.interval;
    switch (correction) {
        case Correction::sba:
            return rate * (1 - alpha / 2);
        case Correction::sbj:
            return rate * (1 - alpha / (2 - alpha));
        default:
            return rate;
    }
}

ProbabilityLevels tsb_levels(Series y, double alpha_size, double alpha_probability, Start start) {
    ProbabilityLevels levels;
    const bool first = y[0] != 0;
    levels.probability = first;
    if (start != Start::first) {
        levels.probability = static_cast<double>(nonzero_count(y)) / y.count;
        if (start == Start::mean) {
            levels.probability += alpha_probability * (first - levels.probability);
        }
    }
    bool sold = first;
    levels.size = y[0];
    for (int i = 1; i < y.count; i++) {
        const bool sale = y[i] != 0;
        levels.probability += alpha_probability * (sale - levels.probability);
        if (sale) {
            levels.size = sold ? levels.size + alpha_size * (y[i] - levels.size) : y[i];
            sold = true;
        }
    }
    return levels;
}

double tsb(Series y, double alpha_size, double alpha_probability, Start start) {
    const ProbabilityLevels levels = tsb_levels(y, alpha_size, alpha_probability, start);
    return levels.size * levels.probability;
}

void holt(Series y, double alpha, double beta, double phi, int horizon, double *out) {
    double level = y[0], trend = y.count > 1 ? y[1] - y[0] : 0;
    for (int i = 0; i < y.count; i++) {
        const double before = level, expected = level + phi * trend;
        level = expected + alpha * (y[i] - expected);
        trend = phi * trend + beta * (level - before - phi * trend);
    }
    double reach = 0, weight = phi;
    for (int h = 0; h < horizon; h++, weight *= phi) {
        reach += weight;
        out[h] = level + reach * trend;
    }
}

void holt_winters(Series y, double alpha, double beta, double gamma, int season,
                  bool multiplicative, int horizon, double *out) {
    double seasonal[kMaxSeason];
    const double first = mean_of(y.head(season));
    double level = first;
    double trend = (mean_of({y.values + season, season}) - first) / season;
    for (int i = 0; i < season; i++) seasonal[i] = multiplicative ? y[i] / first : y[i] - first;
    int position = 0;
    for (int i = 0; i < y.count; i++) {
        double &index = seasonal[position];
        const double expected = level + trend, before = level;
        const double adjusted = multiplicative ? y[i] / index : y[i] - index;
        level = expected + alpha * (adjusted - expected);
        trend += beta * (level - before - trend);
        const double now = multiplicative ? y[i] / expected : y[i] - expected;
        index += gamma * (now - index);
        if (++position == season) position = 0;
    }
    for (int h = 0; h < horizon; h++) {
        const double expected = level + (h + 1) * trend;
        out[h] = multiplicative ? expected * seasonal[position] : expected + seasonal[position];
        if (++position == season) position = 0;
    }
}

bool seasonal_profile(Series y, int season, int seasons, double *out) {
    const int length = std::min(y.count / season, seasons) * season;
    if (season < 2 || length < 2 * season) return false;
    const Series recent = y.tail(length);
    const double mean = mean_of(recent);
    if (!(mean > 0)) return false;
    std::fill(out, out + season, 0.0);
    for (int i = 0; i < length; i++) out[i % season] += recent[i];
    for (int i = 0; i < season; i++) out[i] *= season / (length * mean);
    return true;
}

}  // namespace stockflow::forecasting
