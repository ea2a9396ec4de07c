#include "year.hpp"

#include <algorithm>
#include <cmath>

namespace stockflow::forecasting {

namespace {

constexpr int kYear = 364;      // whole weeks, so that weekdays are compared with themselves
constexpr int kAround = 28;     // days around a date,
constexpr int kBefore = 21;     // and before it: about those that a level remembers
constexpr double kMost = 4;     // no year is trusted to more than this factor, either way
constexpr double kShrink = 10;  // units per unit of variance over mean, added to both sums

// Before the history has said how much of a year's changes the next one repeats: half, as sure as
// three changes by a third would make it.
constexpr double kRepeated = 0.5, kSureness = 0.3;

}  // namespace

YearShape::YearShape(Series y) : sums_(y.count + 1, 0.0), squares_(y.count + 1, 0.0) {
    for (int i = 0; i < y.count; i++) {
        sums_[i + 1] = sums_[i] + y[i];
        squares_[i + 1] = squares_[i] + y[i] * y[i];
    }
}

// The variance of a day divided by its mean, of the first values.
double YearShape::noise(int length) const {
    const double mean = sums_[length] / length;
    return mean > 0 ? std::max(squares_[length] / length - mean * mean, 0.0) / mean : 0;
}

// How much of the change from one four weeks to the next (in logarithms) was repeated a year later.
double YearShape::repeated(int length, double steady) const {
    double both = kRepeated * kSureness, earlier = kSureness;
    for (int end = length; end - 2 * kAround - kYear >= 0; end -= kAround) {
        const auto change = [&](int at) {
            return std::log((sum(at - kAround, at) + steady) /
                            (sum(at - 2 * kAround, at - kAround) + steady));
        };
        const double before = change(end - kYear);
        both += before * change(end);
        earlier += before * before;
    }
    return std::min(std::max(both / earlier, 0.0), 1.0);
}

int YearShape::factors(int length, int steps, double *out) const {
    std::fill(out, out + steps, 1.0);
    int years = 0;
    while (length - (years + 1) * kYear >= kAround) years++;
    const double steady = kShrink * noise(length);
    if (years == 0 || steady == 0) return 0;
    double before = steady;
    for (int year = 1; year <= years; year++) {
        const int date = length - year * kYear;
        before += sum(date - kBefore, date) * kAround / kBefore;
    }
    const double one = repeated(length, steady);
    const double trust = years * one / (1 + (years - 1) * one);  // Spearman-Brown: of their mean
    for (int h = 0; h < steps; h++) {
        double around = steady;
        for (int year = 1; year <= years; year++) {
            const int day = length - year * kYear + h % kYear;
            const int from = day - kAround / 2, to = std::min(day + kAround / 2, length);
            around += sum(from, to) * kAround / (to - from);
        }
        const double ratio = std::min(std::max(around / before, 1 / kMost), kMost);
        out[h] = std::pow(ratio, trust);
    }
    return years;
}

}  // namespace stockflow::forecasting
