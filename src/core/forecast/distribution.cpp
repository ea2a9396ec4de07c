#include "distribution.hpp"

#include <algorithm>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/negative_binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <cmath>

namespace stockflow::forecasting {

namespace {

namespace bm = boost::math;

// Errors come as NaN or infinity, not as exceptions, and everything stays in double.
using Policy =
    bm::policies::policy<bm::policies::domain_error<bm::policies::ignore_error>,
                         bm::policies::pole_error<bm::policies::ignore_error>,
                         bm::policies::overflow_error<bm::policies::ignore_error>,
                         bm::policies::underflow_error<bm::policies::ignore_error>,
                         bm::policies::denorm_error<bm::policies::ignore_error>,
                         bm::policies::rounding_error<bm::policies::ignore_error>,
                         bm::policies::evaluation_error<bm::policies::ignore_error>,
                         bm::policies::promote_double<false>,
                         bm::policies::discrete_quantile<bm::policies::integer_round_up>>;

using Normal = bm::normal_distribution<double, Policy>;

constexpr double kSmallMean = 300;  // below, counts are added up one by one
constexpr double kLargeCount = 1e6;
constexpr double kDispersed = 1.0001;  // variance / mean above which counts are not Poisson

double gaussian(const Distribution &d, double level) {
    return d.mean + std::sqrt(d.variance) * normal_quantile(level);
}

// Adds up probabilities from 0 on. ratio(k) is P(k + 1) / P(k). Negative: they vanish too early.
template <typename Ratio>
double add_up(double first, double level, Ratio ratio) {
    constexpr int kMost = 20000;
    if (!(first > 1e-280)) return -1;
    double probability = first, sum = first;
    int k = 0;
    for (; sum < level && k < kMost; k++) {
        probability *= ratio(k);
        sum += probability;
        // The rest of the tail adds nothing any more, though rounding keeps the sum below the
        // level.
        if (probability < 1e-17 * sum && ratio(k) < 1) break;
    }
    return k == kMost ? -1 : k;
}

double gamma_quantile(double mean, double variance, double level) {
    const double shape = mean * mean / variance, scale = variance / mean;
    if (shape < 1e6) {
        const bm::gamma_distribution<double, Policy> distribution(shape, scale);
        const double found = bm::quantile(distribution, level);
        if (std::isfinite(found)) return found;
    }
    return std::max(mean + std::sqrt(variance) * normal_quantile(level), 0.0);
}

double count_quantile(const Distribution &d, double level) {
    const double dispersion = d.variance / d.mean;
    // As in a Poisson distribution, or with less variation, which counts of sales hardly have.
    if (dispersion <= kDispersed) {
        if (d.mean > kSmallMean) return std::ceil(std::max(gaussian(d, level), 0.0));
        return add_up(std::exp(-d.mean), level, [&](int k) { return d.mean / (k + 1); });
    }
    const double size = d.mean / (dispersion - 1), failure = 1 - 1 / dispersion;
    if (d.mean < kSmallMean) {
        const double first = std::exp(-size * std::log(dispersion));
        const double found =
            add_up(first, level, [&](int k) { return (k + size) / (k + 1) * failure; });
        if (found >= 0) return found;
    }
    // Far from zero, counts are as good as continuous (and the search for a whole number is slow).
    if (d.mean + 20 * std::sqrt(d.variance) > kLargeCount) {
        return std::ceil(gamma_quantile(d.mean, d.variance, level));
    }
    const bm::negative_binomial_distribution<double, Policy> distribution(size, 1 / dispersion);
    const double found = bm::quantile(distribution, level);
    return std::isfinite(found) ? found : std::ceil(gamma_quantile(d.mean, d.variance, level));
}

double amount_quantile(const Distribution &d, double level) {
    const double p = std::min(std::max(d.sale_probability, 1e-9), 1.0);
    if (level <= 1 - p) return 0;
    const double within = (level - (1 - p)) / p;
    // Mean and variance of a sale, from those of a period.
    const double mean = d.mean / p;
    const double variance = std::max(d.variance / p - (1 - p) * mean * mean, 1e-6 * mean * mean);
    return gamma_quantile(mean, variance, within);
}

}  // namespace

double normal_quantile(double level) { return bm::quantile(Normal(), level); }
double normal_density(double z) { return bm::pdf(Normal(), z); }
double normal_probability(double z) { return bm::cdf(Normal(), z); }

double quantile(const Distribution &d, double level) {
    if (!(d.mean > 1e-12)) return 0;
    if (!(d.variance > 1e-12 * d.mean * d.mean)) return d.mean;
    return d.measure == Measure::counts ? count_quantile(d, level) : amount_quantile(d, level);
}

}  // namespace stockflow::forecasting
