#include "forecast.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "distribution.hpp"
#include "outlook.hpp"

namespace stockflow::forecasting {

namespace {

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
    const double rough = 1 - 0.7 * std::sqrt(sales);
    return {0.5 * rough, 0.38 * rough};
}

// Levels: of a sum over one period more than this, half of the tails.
constexpr double kSteadyPeriods = 8;

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
        const Outlook outlook = look_ahead(request.choice, plan, job);
        const Dispersion &scale = outlook.dispersion;
        const bool models = plan.parts[0].family == Family::models;
        const double doubt = models ? 2 : 1;
        const double sales = static_cast<double>(nonzero_count(job.y)) / job.y.count;
        const Tails tails = tails_of(plan.parts[0].family, sales);
        Distribution d{all_whole(job.y) ? Measure::counts : Measure::amounts, 0, 0, sales};
        Distribution last{d.measure, -1, -1, 0};
        double sum = 0, no_sale = 1;
        for (int h = 0; h < horizon; h++) {
            check(job.stop);
            const double mean = outlook.path[h];
            double *out = result.quantiles.data() + h * count;
            sum += mean;
            no_sale *= 1 - sales;
            // The sum over one period is that period; the further, the more a sum has of its own.
            const double share =
                request.cumulative && horizon > 1 ? static_cast<double>(h) / (horizon - 1) : 0;
            if (request.cumulative) {
                const double by = scale.step + share * (scale.sum - scale.step);
                d.mean = sum;
                d.variance = by * sum + share * doubt * outlook.level_variance * (h + 1) * (h + 1);
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
