#include "smoothing.hpp"

#include <algorithm>
#include <cmath>

namespace stockflow::forecasting {

double moving_average(Series y, int window) { return mean_of(y.tail(std::min(window, y.count))); }

namespace {

// The level after `count` values, of what value(i) is above `start`: four steps at a time, as each
// step waits for the one before. A level that starts at what all values are stays exactly there.
template <typename Value>
double smooth(int count, double alpha, double start, Value value) {
    const double k = 1 - alpha, k2 = k * k, a1 = alpha * k, a2 = alpha * k2, a3 = a2 * k;
    double level = 0;
    int i = 0;
    for (; i + 4 <= count; i += 4) {
        const double x0 = value(i) - start, x1 = value(i + 1) - start;
        const double x2 = value(i + 2) - start, x3 = value(i + 3) - start;
        level = k2 * k2 * level + ((a3 * x0 + a2 * x1) + (a1 * x2 + alpha * x3));
    }
    for (; i < count; i++) level += alpha * (value(i) - start - level);
    return start + level;
}

// Calls visit(i) for the periods with a sale. They are collected first, without a branch that a
// processor would have to guess for each period.
template <typename Visit>
void each_sale(Series y, Visit visit) {
    constexpr int kChunk = 256;
    int sales[kChunk];
    for (int from = 0; from < y.count; from += kChunk) {
        const int to = std::min(from + kChunk, y.count);
        int count = 0;
        for (int i = from; i < to; i++) {
            sales[count] = i;
            count += y[i] != 0;
        }
        for (int k = 0; k < count; k++) visit(sales[k]);
    }
}

}  // namespace

double ses(Series y, double alpha, Start start) {
    const int first = start == Start::mean ? 0 : 1;
    const double from = start == Start::first ? y[0] : mean_of(y);
    return smooth(y.count - first, alpha, from, [&](int i) { return y[first + i]; });
}

IntervalLevels croston_levels(Series y, double alpha, Start start) {
    IntervalLevels levels;
    int last = -1, first = -1;
    each_sale(y, [&](int i) {
        if (first < 0) {
            first = i;
            levels.size = y[i];
            levels.interval = i + 1;
        } else {
            levels.size += alpha * (y[i] - levels.size);
            levels.interval += alpha * (i - last - levels.interval);
        }
        levels.sales++;
        last = i;
    });
    if (levels.sales == 0 || start == Start::first) return levels;
    // The mean interval runs from the start of the history to the last sale; the first is no
    // update.
    const double keep = std::pow(1 - alpha, levels.sales - 1);
    levels.interval += keep * (static_cast<double>(last + 1) / levels.sales - (first + 1));
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
    levels.probability = smooth(y.count - 1, alpha_probability, levels.probability,
                                [&](int i) { return y[i + 1] != 0 ? 1.0 : 0.0; });
    bool sold = false;
    each_sale(y, [&](int i) {
        levels.size = sold ? levels.size + alpha_size * (y[i] - levels.size) : y[i];
        sold = true;
    });
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
