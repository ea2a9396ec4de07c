#include "forecast.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "distribution.hpp"

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
    // A method alone has less to go by than several.
    const double rough = 1 - (family == Family::alone ? 0.7 : 0.9) * std::sqrt(sales);
    return {1.9 * rough, 0.4 * rough};
}

// Levels: of a sum over one period more than this, half of the tails.
constexpr double kSteadyPeriods = 30;

bool all_whole(Series y) {
    for (int i = 0; i < y.count; i++) {
        if (y[i] != std::floor(y[i])) return false;
    }
    return true;
}

// The levels that are wanted, rising.
std::vector<int> order_of(const Wanted &wanted) {
    std::vector<int> order(wanted.level_count);
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](int a, int b) { return wanted.levels[a] < wanted.levels[b]; });
    return order;
}

// Writes the quantiles of the periods one after another.
struct QuantileWriter {
    const Wanted &wanted;
    std::vector<int> order;
    const Outlook &outlook;
    int horizon;
    double sales;  // share of the periods that had any
    Measure measure;
    bool models;
    Tails tails;

    // The sum over one period is that period; the further, the more a sum has of its own.
    double share(int h) const { return horizon > 1 ? static_cast<double>(h) / (horizon - 1) : 0; }

    Distribution of_period(int h) const {
        // Further ahead, a trend is less certain.
        const double growth = models ? 0.5 + (h + 0.5) / horizon : 1;
        const double mean = outlook.path[h];
        return {measure, mean, growth * outlook.dispersion.step * mean, sales};
    }

    Distribution of_sum(int h, double sum) const {
        const Dispersion &scale = outlook.dispersion;
        const double by = scale.step + share(h) * (scale.sum - scale.step);
        const double doubt = (models ? 2 : 1) * outlook.level_variance * (h + 1) * (h + 1);
        return {measure, sum, by * sum + share(h) * doubt, 1 - std::pow(1 - sales, h + 1)};
    }

    // The share of the tails in the sum up to a period: the level of many periods is less certain
    // than that of a few.
    double reach(int h) const { return models ? share(h) : h / (h + kSteadyPeriods); }

    // Rising with the level whatever rounding does. stretched: the share of the tails.
    void write(const Distribution &distribution, double stretched, double *out) const {
        double least = 0;
        for (const int i : order) {
            const double level = wanted.levels[i], mean = distribution.mean;
            double value = quantile(distribution, level);
            if (!std::isfinite(value)) value = mean;
            if (stretched > 0 && level > 0.5 && value > mean) {
                value = mean + (value - mean) * (1 + stretched * (tails.stretch(level) - 1));
                if (measure == Measure::counts) value = std::round(value);
            }
            least = std::max(least, value);
            out[i] = least;
        }
    }
};

void write_quantiles(const QuantileWriter &writer, const Stop &stop, double *out) {
    const int count = writer.wanted.level_count;
    double sum = 0;
    Distribution last{writer.measure, -1, -1, 0};
    for (int h = 0; h < writer.horizon; h++, out += count) {
        check(stop);
        sum += writer.outlook.path[h];
        if (writer.wanted.cumulative) {
            writer.write(writer.of_sum(h, sum), writer.reach(h), out);
            continue;
        }
        const Distribution d = writer.of_period(h);
        if (d.mean == last.mean && d.variance == last.variance) {
            std::copy(out - count, out, out);
        } else {
            writer.write(d, 0, out);
        }
        last = d;
    }
}

}  // namespace

Forecast::Forecast(const Choice &choice, const Job &job, bool backtests)
    : choice_(choice), job_(job), plan_(make_plan(choice, job, backtests)) {}

const Outlook &Forecast::outlook() {
    if (!outlook_) outlook_ = look_ahead(choice_, plan_, job_);
    return *outlook_;
}

Prediction Forecast::predict(const Wanted &wanted) {
    std::vector<double> quantiles(job_.horizon * wanted.level_count, 0.0);
    if (wanted.level_count > 0) {
        const double sales = static_cast<double>(nonzero_count(job_.y)) / job_.y.count;
        const Family family = plan_.parts[0].family;
        write_quantiles({wanted, order_of(wanted), outlook(), job_.horizon, sales,
                         all_whole(job_.y) ? Measure::counts : Measure::amounts,
                         family == Family::models, tails_of(family, sales)},
                        job_.stop, quantiles.data());
    }
    Prediction result{plan_path(plan_, job_), std::move(quantiles)};
    if (wanted.cumulative)
        std::partial_sum(result.mean.begin(), result.mean.end(), result.mean.begin());
    return result;
}

Prediction predict(const Request &request) {
    Forecast forecast(request.choice, request.job, request.level_count > 0);
    return forecast.predict({request.levels, request.level_count, request.cumulative});
}

}  // namespace stockflow::forecasting
