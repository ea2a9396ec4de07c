#include "aggregation.hpp"

#include <cmath>
#include <vector>

#include "search.hpp"

namespace stockflow::forecasting {

namespace {

constexpr double kLowAlpha = 0.1, kHighAlpha = 0.3;

int last_sale(Series y) {
    int i = y.count - 1;
    while (i >= 0 && y[i] == 0) i--;
    return i;
}

// The smoothed sum of blocks of `level` periods, per period. The oldest periods that fill no block
// are left out.
double smoothed_blocks(Series y, int level, double *blocks) {
    const int count = y.count / level;
    if (count == 0) return y.last() / level;
    const Series recent = y.tail(count * level);
    for (int i = 0; i < count; i++) blocks[i] = sum_of({recent.values + i * level, level});
    if (count == 1) return blocks[0] / level;
    return golden_ses({blocks, count}, kLowAlpha, kHighAlpha).level / level;
}

}  // namespace

int mean_interval(Series y) {
    const int sales = nonzero_count(y);
    if (sales == 0) return 1;
    const double mean = static_cast<double>(last_sale(y) + 1) / sales;
    return static_cast<int>(std::nearbyint(mean));
}

OptimisedCroston croston_optimised(Series y, const Stop &stop) {
    check(stop);
    const int sales = nonzero_count(y);
    if (sales == 0) return {0, kLowAlpha, kLowAlpha};
    std::vector<double> sizes, intervals;
    sizes.reserve(sales);
    intervals.reserve(sales);
    int last = -1;
    for (int i = 0; i < y.count; i++) {
        if (y[i] == 0) continue;
        sizes.push_back(y[i]);
        intervals.push_back(i - last);
        last = i;
    }
    const Smoothed size = golden_ses({sizes.data(), sales}, kLowAlpha, kHighAlpha);
    const Smoothed interval = golden_ses({intervals.data(), sales}, kLowAlpha, kHighAlpha);
    return {size.level / interval.level, size.alpha, interval.alpha};
}

Aggregated adida(Series y, const Stop &stop) {
    check(stop);
    const int level = mean_interval(y);
    std::vector<double> blocks(y.count / level + 1);
    return {smoothed_blocks(y, level, blocks.data()), level};
}

Aggregated imapa(Series y, const Stop &stop) {
    const int levels = mean_interval(y);
    std::vector<double> blocks(y.count + 1);
    double sum = 0;
    for (int level = 1; level <= levels; level++) {
        check(stop);
        sum += smoothed_blocks(y, level, blocks.data());
    }
    return {sum / levels, levels};
}

DemandClass classify(Series y) {
    constexpr double kIntermittent = 1.32, kErratic = 0.49;
    const int sales = nonzero_count(y);
    if (sales == 0) return {kNotGiven, kNotGiven, "none"};
    const double adi = static_cast<double>(last_sale(y) + 1) / sales;
    double mean = sum_of(y) / sales, squares = 0;
    for (int i = 0; i < y.count; i++) {
        if (y[i] != 0) squares += (y[i] - mean) * (y[i] - mean);
    }
    const bool gaps = adi >= kIntermittent;
    // One sale says nothing about variation.
    if (sales == 1) return {adi, kNotGiven, "single"};
    const double cv2 = squares / (sales - 1) / (mean * mean);
    if (cv2 >= kErratic) return {adi, cv2, gaps ? "lumpy" : "erratic"};
    return {adi, cv2, gaps ? "intermittent" : "smooth"};
}

}  // namespace stockflow::forecasting
