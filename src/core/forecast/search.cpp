// Simple exponential smoothing by least squares, at a few passes over the history: one over a grid
// of alphas side by side, then Newton's method, whose derivatives a pass yields with the error.
#include "search.hpp"

#include <algorithm>
#include <cmath>

#include "smoothing.hpp"

namespace stockflow::forecasting {

namespace {

// A recursion waits for its last value; several of them side by side wait at the same time.
constexpr int kLanes = 8;

// Two numbers in one register of any x86-64 or ARM processor.
using Pair = double __attribute__((vector_size(2 * sizeof(double))));

// Added to every value, it changes no sum that anybody could tell from another, but levels that
// fade over many zeros stay above the numbers that processors are slow with, and so do their
// squares.
constexpr double kTrace = 1e-140;

// Squared one-step errors of simple exponential smoothing for several alphas at once.
void squared_errors(Series y, const double *alphas, double *errors) {
    static_assert(kLanes == 8, "four pairs below");
    const auto pair = [&](int k) { return Pair{alphas[k], alphas[k + 1]}; };
    const Pair a0 = pair(0), a1 = pair(2), a2 = pair(4), a3 = pair(6);
    const double start = y[0] + kTrace;
    Pair l0 = {start, start}, l1 = l0, l2 = l0, l3 = l0, s0 = {}, s1 = {}, s2 = {}, s3 = {};
    for (int i = 1; i < y.count; i++) {
        const double value = y[i] + kTrace;
        const Pair e0 = value - l0, e1 = value - l1, e2 = value - l2, e3 = value - l3;
        s0 += e0 * e0, s1 += e1 * e1, s2 += e2 * e2, s3 += e3 * e3;
        l0 += a0 * e0, l1 += a1 * e1, l2 += a2 * e2, l3 += a3 * e3;
    }
    const Pair sums[] = {s0, s1, s2, s3};
    for (int k = 0; k < kLanes; k++) errors[k] = sums[k / 2][k % 2];
}

// Error and level at one alpha, with their derivatives by it: slope is half of the error's first,
// curve half of its second.
struct Expansion {
    double error, slope, curve, level, level_slope;
};

Expansion expand(Series y, double alpha) {
    const double keep = 1 - alpha;
    double level = y[0], first = 0, second = 0, error = 0, slope = 0, curve = 0;
    for (int i = 1; i < y.count; i++) {
        const double e = y[i] - level;
        error += e * e;
        slope -= e * first;
        curve += first * first - e * second;
        second = keep * second - 2 * first;
        first = keep * first + e;
        level = keep * level + alpha * y[i];  // as level += alpha * e, with less to wait for
    }
    return {error, slope, curve, level, first};
}

// Newton's method for the least error within [low, high], guarded by bisection.
Smoothed newton(Series y, double alpha, double low, double high) {
    constexpr int kMost = 60;
    constexpr double kNear = 1e-5, kWidth = 1e-9;
    const double from = low, to = high;
    Expansion at{};
    for (int round = 0; round < kMost; round++) {
        at = expand(y, alpha);
        const bool falling = at.slope < 0;
        // At an end of the range the error may go on falling beyond it.
        if (alpha == (falling ? to : from)) break;
        (falling ? low : high) = alpha;
        const double other = falling ? high : low;
        double step = at.curve > 0 ? -at.slope / at.curve : other - alpha;
        if (std::fabs(step) >= std::fabs(other - alpha)) {
            step = other == from || other == to ? other - alpha : (other - alpha) / 2;
        } else if (std::fabs(step) < kNear) {
            // What is left after so short a step is its square: the rest of the way on a tangent.
            return {alpha + step, at.error + step * at.slope, at.level + step * at.level_slope};
        }
        if (high - low < kWidth) break;
        alpha += step;
    }
    return {alpha, at.error, at.level};
}

// Where a parabola through three points is least; between the outer ones for the middle one lowest.
double vertex(const double *x, const double *f) {
    const double left = (x[1] - x[0]) * (f[1] - f[2]), right = (x[1] - x[2]) * (f[1] - f[0]);
    const double across = left - right;
    if (across == 0) return x[1];
    return x[1] - ((x[1] - x[0]) * left - (x[1] - x[2]) * right) / (2 * across);
}

// The least error near the best of `count` rising alphas.
Smoothed refine(Series y, const double *alphas, const double *errors, int best, int count) {
    const double low = alphas[std::max(best - 1, 0)], high = alphas[std::min(best + 1, count - 1)];
    const bool inside = best > 0 && best < count - 1;
    const double start = inside ? vertex(alphas + best - 1, errors + best - 1) : alphas[best];
    return newton(y, start > low && start < high ? start : alphas[best], low, high);
}

// Whether the errors fall, then rise, and never stay the same.
bool one_valley(const double *errors, int count) {
    int k = 1;
    while (k < count && errors[k] < errors[k - 1]) k++;
    while (k < count && errors[k] > errors[k - 1]) k++;
    return k == count;
}

constexpr double kGolden = 0.61803398874989484820;  // (sqrt(5) - 1) / 2

// The state of a golden section: the minimum lies in [low, high], left and right divide it.
struct Section {
    double low, high, left, right, at_left, at_right;

    bool goes_left() const { return at_left < at_right; }
    // The point that the next step needs, if it goes to that side.
    double next(bool to_left) const {
        return to_left ? right - kGolden * (right - low) : left + kGolden * (high - left);
    }
    void step(bool to_left, double point, double value) {
        if (to_left) {
            high = right, right = left, at_right = at_left, left = point, at_left = value;
        } else {
            low = left, left = right, at_left = at_right, right = point, at_right = value;
        }
    }
};

// Three steps for the price of one: the first point is known, the two that may follow it and the
// four that may follow those are computed with it.
void three_steps(Series y, Section &section) {
    double points[kLanes], errors[kLanes];
    const bool first = section.goes_left();
    points[0] = section.next(first);
    for (int second = 0; second < 2; second++) {
        Section after = section;
        after.step(first, points[0], 0);
        points[1 + second] = after.next(second == 0);
        after.step(second == 0, points[1 + second], 0);
        points[3 + 2 * second] = after.next(true);
        points[4 + 2 * second] = after.next(false);
    }
    points[7] = points[0];
    squared_errors(y, points, errors);
    section.step(first, points[0], errors[0]);
    const int second = section.goes_left() ? 0 : 1;
    section.step(second == 0, points[1 + second], errors[1 + second]);
    const int third = 3 + 2 * second + (section.goes_left() ? 0 : 1);
    section.step((third - 3) % 2 == 0, points[third], errors[third]);
}

// Golden section, step by step: with several minima it ends in the one that it ends in.
Smoothed by_sections(Series y, double low, double high) {
    constexpr double kWidth = 1e-8;
    Section section{low, high, high - kGolden * (high - low), low + kGolden * (high - low), 0, 0};
    if (y.count >= 2) {
        double points[kLanes], errors[kLanes];
        std::fill(points, points + kLanes, section.left);
        points[1] = section.right;
        squared_errors(y, points, errors);
        section.at_left = errors[0];
        section.at_right = errors[1];
        while (section.high - section.low > kWidth && section.at_left != section.at_right) {
            three_steps(y, section);
        }
    }
    const double alpha = (section.low + section.high) / 2;
    return {alpha, std::min(section.at_left, section.at_right), ses(y, alpha, Start::first)};
}

}  // namespace

Smoothed golden_ses(Series y, double low, double high) {
    double alphas[kLanes], errors[kLanes];
    for (int k = 0; k < kLanes; k++) alphas[k] = low + (high - low) * k / (kLanes - 1);
    alphas[kLanes - 1] = high;
    squared_errors(y, alphas, errors);
    // With one valley only, any search ends at its bottom.
    if (!one_valley(errors, kLanes)) return by_sections(y, low, high);
    const int best = static_cast<int>(std::min_element(errors, errors + kLanes) - errors);
    return refine(y, alphas, errors, best, kLanes);
}

Smoothed best_ses(Series y, double low, double high) {
    constexpr int kCount = 2 * kLanes;
    double alphas[kCount], errors[kCount];
    // Closer together where alpha is small: there a little more shortens the memory by much.
    for (int k = 0; k < kCount; k++) {
        const double share = static_cast<double>(k) / (kCount - 1);
        alphas[k] = low + (high - low) * share * (1 + share) / 2;
    }
    alphas[kCount - 1] = high;
    for (int k = 0; k < kCount; k += kLanes) squared_errors(y, alphas + k, errors + k);
    const int best = static_cast<int>(std::min_element(errors, errors + kCount) - errors);
    const Smoothed found = refine(y, alphas, errors, best, kCount);
    if (found.error <= errors[best]) return found;
    return {alphas[best], errors[best], ses(y, alphas[best], Start::first)};
}

}  // namespace stockflow::forecasting
