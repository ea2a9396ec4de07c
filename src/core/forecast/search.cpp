#include "search.hpp"

#include <algorithm>

#include "smoothing.hpp"

namespace stockflow::forecasting {

namespace {

// A recursion waits for its last value; several of them side by side wait at the same time.
constexpr int kLanes = 8;

// Two numbers in one register of any x86-64 or ARM processor.
using Pair = double __attribute__((vector_size(2 * sizeof(double))));

// Squared one-step errors of simple exponential smoothing for several alphas at once.
void squared_errors(Series y, const double *alphas, double *errors) {
    static_assert(kLanes == 8, "four pairs below");
    const auto pair = [&](int k) { return Pair{alphas[k], alphas[k + 1]}; };
    const Pair a0 = pair(0), a1 = pair(2), a2 = pair(4), a3 = pair(6);
    Pair l0 = {y[0], y[0]}, l1 = l0, l2 = l0, l3 = l0, s0 = {}, s1 = {}, s2 = {}, s3 = {};
    for (int i = 1; i < y.count; i++) {
        const Pair e0 = y[i] - l0, e1 = y[i] - l1, e2 = y[i] - l2, e3 = y[i] - l3;
        s0 += e0 * e0, s1 += e1 * e1, s2 += e2 * e2, s3 += e3 * e3;
        l0 += a0 * e0, l1 += a1 * e1, l2 += a2 * e2, l3 += a3 * e3;
    }
    const Pair sums[] = {s0, s1, s2, s3};
    for (int k = 0; k < kLanes; k++) errors[k] = sums[k / 2][k % 2];
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

Smoothed smoothed(Series y, double alpha, double error) {
    return {alpha, error, ses(y, alpha, Start::first)};
}

}  // namespace

Smoothed golden_ses(Series y, double low, double high) {
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
    return smoothed(y, (section.low + section.high) / 2,
                    std::min(section.at_left, section.at_right));
}

Smoothed best_ses(Series y, double low, double high) {
    constexpr int kRounds = 10;
    constexpr int kFirst = 4 * kLanes;
    double points[kFirst], errors[kFirst];
    double step = (high - low) / (kFirst - 1);
    for (int k = 0; k < kFirst; k++) points[k] = low + k * step;
    for (int k = 0; k < kFirst; k += kLanes) squared_errors(y, points + k, errors + k);
    int best = static_cast<int>(std::min_element(errors, errors + kFirst) - errors);
    double alpha = points[best], error = errors[best];
    for (int round = 0; round < kRounds; round++) {
        const double from = std::max(low, alpha - step), to = std::min(high, alpha + step);
        step = (to - from) / (kLanes + 1);
        for (int k = 0; k < kLanes; k++) points[k] = from + (k + 1) * step;
        squared_errors(y, points, errors);
        best = static_cast<int>(std::min_element(errors, errors + kLanes) - errors);
        if (errors[best] < error) {
            alpha = points[best];
            error = errors[best];
        }
    }
    return smoothed(y, alpha, error);
}

}  // namespace stockflow::forecasting
