#include "ranking.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "core/forecast/forecast.hpp"
#include "data.hpp"

using namespace stockflow::forecasting;

namespace {

constexpr int kCutoffs = 4, kErrors = 4;

const char *const kRanked[] = {"auto",
                               "naive",
                               "seasonal_naive",
                               "mean",
                               "moving_average(window=7)",
                               "moving_average(window=12)",
                               "moving_average(window=28)",
                               "ses(alpha=0.05,start=mean)",
                               "ses(alpha=0.1)",
                               "ses(alpha=0.1,start=mean)",
                               "ses(alpha=0.2)",
                               "ses(alpha=0.3)",
                               "ses",
                               "croston(alpha=0.1)",
                               "croston_optimised",
                               "sba(alpha=0.05)",
                               "sba(alpha=0.1)",
                               "sbj(alpha=0.1)",
                               "tsb(alpha=0.1,alpha_probability=0.05,start=mean)",
                               "tsb(alpha=0.1,alpha_probability=0.1,start=mean)",
                               "tsb(alpha=0.2,alpha_probability=0.1,start=mean)",
                               "adida",
                               "imapa",
                               "combination",
                               "holt",
                               "holt_damped",
                               "holt_winters",
                               "holt_winters(alpha=0.2,beta=0.1,gamma=0.1)",
                               "holt_winters_multiplicative",
                               "ets",
                               "theta",
                               "dynamic_theta"};

struct Result {
    const char *method;
    double errors[kCutoffs][kErrors] =
        {};  // pooled RMSE, error of the sum, SPL per step, of the sum
    double covered[kLevelCount] = {};
    int series = 0;

    double relative(const Result &to, int error) const {
        double logs = 0;
        for (int i = 0; i < kCutoffs; i++) logs += std::log(errors[i][error] / to.errors[i][error]);
        return 100 * (std::exp(logs / kCutoffs) - 1);
    }
};

void measure(const Set &set, int cutoff, Result &result) {
    const Choice choice = parse_choice(result.method);
    const int horizon = set.horizon;
    double squares = 0, losses[kErrors] = {};
    int series = 0;
    for (const Entry &entry : set.entries) {
        double scale, square;
        if (!scales(entry, set.lag, &scale, &square)) continue;
        const int count = static_cast<int>(entry.train.size());
        Forecast forecast(choice,
                          {{entry.train.data(), count}, std::min(set.season, count), horizon, {}});
        const Prediction steps = forecast.predict({kLevels, kLevelCount, false});
        const Prediction sums = forecast.predict({kLevels, kLevelCount, true});
        const double *of_sum = sums.quantiles.data() + (horizon - 1) * kLevelCount;
        double sum = 0, loss = 0;
        for (int h = 0; h < horizon; h++) {
            sum += entry.test[h];
            squares += std::pow(steps.mean[h] - entry.test[h], 2);
            loss += pinball(entry.test[h], steps.quantiles.data() + h * kLevelCount);
        }
        losses[1] += std::fabs(sums.mean.back() - sum) / scale;
        losses[2] += loss / scale;
        losses[3] += pinball(sum, of_sum) / scale;
        for (int i = 0; i < kLevelCount; i++) result.covered[i] += sum <= of_sum[i];
        series++;
    }
    result.errors[cutoff][0] = std::sqrt(squares / (static_cast<double>(series) * horizon));
    for (int i = 1; i < kErrors; i++) result.errors[cutoff][i] = losses[i] / series / horizon;
    result.series += series;
}

}  // namespace

void rank_methods(const std::string &directory, const std::string &name) {
    std::vector<Result> results;
    for (const char *method : kRanked) results.push_back({method});
    for (int cutoff = 0; cutoff < kCutoffs; cutoff++) {
        const Set set = load(directory, name, cutoff);
        for (Result &result : results) measure(set, cutoff, result);
    }
    const Result self = results[0];
    std::sort(results.begin(), results.end(), [&](const Result &a, const Result &b) {
        return a.relative(self, 0) < b.relative(self, 0);
    });
    std::printf("%-12s %-48s %8s %8s %8s %8s  %s\n", "set", "against auto, four cutoffs", "RMSE %",
                "sum %", "SPL %", "SPL sum", "covered 0.9, 0.95, 0.99");
    for (const Result &result : results) {
        std::printf("%-12s %-48s", name.c_str(), result.method);
        for (int i = 0; i < kErrors; i++) std::printf(" %8.1f", result.relative(self, i));
        for (int i = 1; i < kLevelCount; i++)
            std::printf(" %.3f", result.covered[i] / result.series);
        std::printf("\n");
    }
    std::fflush(stdout);
}
