#include "forecast.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>

#include "distribution.hpp"

namespace stockflow::forecasting {

namespace {

// Variance divided by mean: of a period, and of the sum over the horizon.
struct Dispersion {
    double step, sum;
};

double ratio(double variance, double mean) { return mean > 0 ? variance / mean : 1; }

// Of the sums over all stretches as long as the horizon.
double block_dispersion(Series y, int length) {
    const int count = y.count - length + 1;
    if (count < 2) return 0;
    double sum = sum_of(y.head(length)), total = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        total += sum;
        squares += sum * sum;
        if (i + 1 < count) sum += y[i + length] - y[i];
    }
    const double mean = total / count;
    return ratio(std::max(squares - count * mean * mean, 0.0) / (count - 1), mean);
}

// What the forecasts from earlier origins were off by, in the same terms.
Dispersion origin_dispersion(const Plan &plan, const Job &job) {
    double squares = 0, expected = 0, sum_squares = 0, sum_expected = 0;
    for (std::size_t o = 0; o < plan.origins.size(); o++) {
        const std::vector<double> path = plan_path_at(plan, job, o);
        const Origin &origin = plan.origins[o];
        double sum = 0, difference = 0;
        for (int h = 0; h < origin.steps; h++) {
            const double error = job.y[origin.length + h] - path[h];
            squares += error * error;
            sum += path[h];
            difference += error;
        }
        expected += sum;
        if (origin.steps < job.horizon) continue;
        sum_squares += difference * difference;
        sum_expected += sum;
    }
    return {expected > 0 ? squares / expected : 0,
            sum_expected > 0 ? sum_squares / sum_expected : 0};
}

// Of several estimates of the same, half way (in logarithms) from their mean to the largest: each
// is rough, so the largest is too large, but too small costs more. Those that are 0 could not be
// made.
double pooled(std::initializer_list<double> estimates) {
    double most = 0, logs = 0;
    int count = 0;
    for (const double estimate : estimates) {
        if (!(estimate > 0)) continue;
        most = std::max(most, estimate);
        logs += std::log(estimate);
        count++;
    }
    return count > 0 ? std::sqrt(most * std::exp(logs / count)) : 0;
}

// Demand that follows a trend or season varies much more in its history than around its forecast;
// there only the backtests count. Elsewhere the history has seen more than a few origins.
Dispersion dispersion(const Plan &plan, const Job &job) {
    const double history = ratio(variance_of(job.y), mean_of(job.y));
    const Dispersion origins = origin_dispersion(plan, job);
    const double sums = pooled({history, origins.sum, block_dispersion(job.y, job.horizon)});
    if (!(origins.step > 0)) return {history, sums};
    if (plan.parts[0].family == Family::models) {
        return {origins.step, std::max(origins.step, origins.sum)};
    }
    return {std::sqrt(history * origins.step), sums};
}

// How much further out than its distribution says a quantile of a sum lies, as its own variance is
// only an estimate: more so in the tails, where demand is heavier than any of the distributions,
// and the fewer periods with sales there were to estimate from.
struct Tails {
    double all, outer;

    double stretch(double level) const {
        const double z = normal_quantile(level);
        return 1 + all + outer * std::max(z * z - 1, 0.0);
    }
};

Tails tails_of(Family family, double sales) {
    if (family == Family::models) return {0, 0.07};
    const double rough = 1 - 0.6 * std::sqrt(sales);
    return {0.4 * rough, 0.38 * rough};
}

// Levels: of a sum over one period more than this, half of the tails.
constexpr double kSteadyPeriods = 8;

double level_of(const std::vector<double> &path) {
    return std::accumulate(path.begin(), path.end(), 0.0) / static_cast<double>(path.size());
}

// How the methods considered differ: the mean of their forecasts where all count alike, and how far
// apart their levels are. Which of them is right is as uncertain as demand itself; a season is not,
// so levels get the shape that the forecast has.
struct Opinions {
    std::vector<double> path;
    double variance;  // of the mean per period
};

Opinions opinions(const Plan &plan, const Job &job) {
    Opinions result{std::vector<double>(job.horizon, 0.0), 0};
    double weights = 0, mean = 0, squares = 0;
    for (const Part &part : plan.parts) {
        const double level = level_of(part.path);
        weights += part.mild_weight;
        mean += part.mild_weight * level;
        squares += part.mild_weight * level * level;
        for (int h = 0; h < job.horizon; h++) result.path[h] += part.mild_weight * part.path[h];
    }
    for (double &value : result.path) value /= weights;
    mean /= weights;
    result.variance = std::max(squares / weights - mean * mean, 0.0);
    const std::vector<double> shape = plan_path(plan, job);
    const double level = level_of(shape);
    if (plan.parts[0].family == Family::levels && level > 0) {
        for (int h = 0; h < job.horizon; h++) result.path[h] = shape[h] * (mean / level);
    }
    return result;
}

bool all_whole(Series y) {
    for (int i = 0; i < y.count; i++) {
        if (y[i] != std::floor(y[i])) return false;
    }
    return true;
}

// Writes the quantiles of one distribution, rising with the level whatever rounding does. share: of
// the stretch.
void write_quantiles(const Request &request, const Distribution &distribution, const Tails &tails,
                     double share, const std::vector<int> &order, double *out) {
    double least = 0;
    for (const int i : order) {
        const double level = request.levels[i], mean = distribution.mean;
        double value = quantile(distribution, level);
        if (!std::isfinite(value)) value = mean;
        if (share > 0 && level > 0.5 && value > mean) {
            value = mean + (value - mean) * (1 + share * (tails.stretch(level) - 1));
            if (distribution.measure == Measure::counts) value = std::round(value);
        }
        least = std::max(least, value);
        out[i] = least;
    }
}

}  // namespace

Prediction predict(const Request &request) {
    const Job &job = request.job;
    const int horizon = job.horizon, count = request.level_count;
    const Plan plan = make_plan(request.choice, job, count > 0);
    Prediction result{plan_path(plan, job), std::vector<double>(horizon * count, 0.0)};
    if (count > 0) {
        std::vector<int> order(count);
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(),
                  [&](int a, int b) { return request.levels[a] < request.levels[b]; });
        const Dispersion scale = dispersion(plan, job);
        const Opinions opinion = opinions(plan, job);
        const bool models = plan.parts[0].family == Family::models;
        // Which level is best is hardly ever certain enough to leave the others out.
        const double trust = models ? 0.5 : 0;
        const double doubt = models ? 2 : 1;
        const double sales = static_cast<double>(nonzero_count(job.y)) / job.y.count;
        const Tails tails = tails_of(plan.parts[0].family, sales);
        Distribution d{all_whole(job.y) ? Measure::counts : Measure::amounts, 0, 0, sales};
        Distribution last{d.measure, -1, -1, 0};
        double sum = 0, no_sale = 1;
        for (int h = 0; h < horizon; h++) {
            check(job.stop);
            const double mean = trust * result.mean[h] + (1 - trust) * opinion.path[h];
            double *out = result.quantiles.data() + h * count;
            sum += mean;
            no_sale *= 1 - sales;
            // The sum over one period is that period; the further, the more a sum has of its own.
            const double share =
                request.cumulative && horizon > 1 ? static_cast<double>(h) / (horizon - 1) : 0;
            if (request.cumulative) {
                const double by = scale.step + share * (scale.sum - scale.step);
                d.mean = sum;
                d.variance = by * sum + share * doubt * opinion.variance * (h + 1) * (h + 1);
                d.sale_probability = 1 - no_sale;
            } else {
                // Further ahead, a trend is less certain.
                const double growth = models ? 0.5 + (h + 0.5) / horizon : 1;
                d.mean = mean;
                d.variance = growth * scale.step * mean;
            }
            if (!request.cumulative && d.mean == last.mean && d.variance == last.variance) {
                std::copy(out - count, out, out);
            } else {
                // The level of many days is less certain than that of a few.
                const double reach = models ? share : h / (h + kSteadyPeriods);
                write_quantiles(request, d, tails, request.cumulative ? reach : 0, order, out);
            }
            last = d;
        }
    }
    if (request.cumulative)
        std::partial_sum(result.mean.begin(), result.mean.end(), result.mean.begin());
    return result;
}

}  // namespace stockflow::forecasting
