#include "spikes.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace stockflow::forecasting {

namespace {

// A sale of more than kSpike times the size that four in five do not exceed is seen as one of that
// size: when the next big order comes, the last one does not tell.
constexpr double kUsualShare = 0.8, kSpike = 1.5;
constexpr int kSpikeSales = 12;  // what is usual shows in this number of sales
constexpr double kMostLift = 2;

// The size that kUsualShare of the sales do not exceed.
double usual_size(std::vector<double> sizes) {
    const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(kUsualShare * sizes.size());
    std::nth_element(sizes.begin(), at, sizes.end());
    return *at;
}

}  // namespace

Damped damp(Series y) {
    Damped damped{{y.values, y.values + y.count}};
    std::vector<double> sizes;
    for (const double value : damped.values) {
        if (value > 0) sizes.push_back(value);
    }
    if (sizes.size() < kSpikeSales) return damped;
    // Where demand has risen, the latest sales say what is usual now.
    const double now = usual_size({sizes.end() - kSpikeSales, sizes.end()});
    const double most = kSpike * std::max(usual_size(std::move(sizes)), now);
    double kept = 0, lost = 0, largest = 0;
    for (double &value : damped.values) {
        const double excess = std::max(value - most, 0.0);
        value -= excess;
        kept += value;
        lost += excess;
        largest = std::max(largest, excess);
    }
    damped.lift = std::min(1 + (lost - largest) / kept, kMostLift);
    return damped;
}

}  // namespace stockflow::forecasting
