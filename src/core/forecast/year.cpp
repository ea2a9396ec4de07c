#include "year.hpp"

#include <algorithm>
#include <cmath>

namespace stockflow::forecasting {

namespace {

constexpr int kYear = 364;      // whole weeks, so that weekdays are compared with themselves
constexpr int kAround = 28;     // days around a date
constexpr double kMost = 4;     // no year is trusted to more than this factor, either way
constexpr double kShrink = 10;  // units per unit of variance over mean, added to both sums

// Before the history has said how much of a year's changes, from one eight weeks to the next, the
// next year repeats: half, as sure as three changes by a third would make it.
constexpr int kSpan = 56;
constexpr double kRepeated = 0.5, kSureness = 0.3;

}  // namespace

YearShape::YearShape(Series y) {
    while (first_ < y.count && y[first_] == 0) first_++;
    y = y.tail(y.count - first_);
    sums_.assign(y.count + 1, 0.0);
    for (int i = 0; i < y.count; i++) sums_[i + 1] = sums_[i] + y[i];
    if (y.count < kYear + kAround) return;
    const double noise = variance_of(y);
    seen_ = noise > 0;
    if (!seen_) return;
    steady_ = kShrink * noise / mean_of(y);
    repeated_ = repeated();
}

// From the `span` days before one day to those before another, in logarithms.
double YearShape::change(int span, int from, int to) const {
    const double steady = steady_ * span / kAround;
    return std::log((sum(to - span, to) + steady) / (sum(from - span, from) + steady));
}

// How much of the change from one span to the next was repeated a year later. By what the level is
// not what it was a year ago, it has changed once: there is no telling when, nor a reason to repeat
// it.
double YearShape::repeated() const {
    const int length = static_cast<int>(sums_.size()) - 1;
    const double once = change(std::min(kSpan, length - kYear), length - kYear, length);
    double both = kRepeated * kSureness, earlier = kSureness + once * once;
    for (int end = length; end - 2 * kSpan - kYear >= 0; end -= kAround) {
        const double before = change(kSpan, end - kYear - kSpan, end - kYear);
        both += before * change(kSpan, end - kSpan, end);
        earlier += before * before;
    }
    return std::min(std::max(both / earlier, 0.0), 1.0);
}

// What is known of a day from the first `length` values.
double YearShape::factor(int day, int length) const {
    double around = steady_, whole = steady_;
    int years = 0;
    for (int date = day - kYear; date >= kAround / 2; date -= kYear) {
        if (date >= length) continue;
        const int from = date - kAround / 2, to = std::min(date + kAround / 2, length);
        const int end = std::min(date + kYear, length), start = std::max(end - kYear, 0);
        around += sum(from, to) * kAround / (to - from);
        whole += sum(start, end) * kAround / (end - start);
        years++;
    }
    if (years == 0) return 1;
    const double ratio = std::min(std::max(around / whole, 1 / kMost), kMost);
    const double trust = years * repeated_ / (1 + (years - 1) * repeated_);  // Spearman-Brown
    return std::pow(ratio, trust);
}

std::vector<double> YearShape::evened(Series y) const {
    std::vector<double> values(y.values, y.values + y.count);
    for (int day = first_; day < y.count; day++) values[day] /= factor(day - first_, day - first_);
    return values;
}

void YearShape::factors(int length, int steps, double *out) const {
    const int known = std::max(length - first_, 0);
    for (int h = 0; h < steps; h++) out[h] = factor(length - first_ + h, known);
}

}  // namespace stockflow::forecasting
