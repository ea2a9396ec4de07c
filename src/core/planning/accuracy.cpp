#include "accuracy.hpp"

#include <cmath>

namespace stockflow::planning {

using namespace forecasting;

namespace {

constexpr int kLeastHistory = 14;

// Errors of "as yesterday", from the first sale on.
struct NaiveError {
    double absolute = 0, squared = 0;
};

NaiveError naive_error(Series y) {
    int first = 0;
    while (first < y.count && y[first] == 0) first++;
    NaiveError error;
    const int count = y.count - first - 1;
    if (count < 1) return error;
    for (int i = first + 1; i < y.count; i++) {
        const double change = y[i] - y[i - 1];
        error.absolute += std::fabs(change);
        error.squared += change * change;
    }
    error.absolute /= count;
    error.squared /= count;
    return error;
}

double pinball(double actual, double quantile, double level) {
    return actual >= quantile ? level * (actual - quantile) : (1 - level) * (quantile - actual);
}

// The scores of one origin: forecasts of the values behind the head of y.
void score_origin(const ScoreRequest &request, int length, Scores &scores) {
    const Job job{request.y.head(length), request.season, request.horizon, request.stop};
    Forecast forecast(parse_choice(request.method), job);
    const Prediction steps = forecast.predict({request.levels, request.level_count, false});
    const Prediction sums = forecast.predict({request.levels, request.level_count, true});
    const int horizon = request.horizon, levels = request.level_count;
    double absolute = 0, squared = 0, loss = 0, total = 0;
    for (int h = 0; h < horizon; h++) {
        const double actual = request.y[length + h], error = actual - steps.mean[h];
        absolute += std::fabs(error);
        squared += error * error;
        total += actual;
        scores.forecast += steps.mean[h];
        for (int l = 0; l < levels; l++) {
            const double quantile = steps.quantiles[h * levels + l];
            loss += pinball(actual, quantile, request.levels[l]) / levels;
            scores.covered[l] += actual <= quantile;
        }
    }
    double sum_loss = 0;
    for (int l = 0; l < levels; l++) {
        const double quantile = sums.quantiles[(horizon - 1) * levels + l];
        sum_loss += pinball(total, quantile, request.levels[l]) / levels;
        scores.sum_covered[l] += total <= quantile;
    }
    scores.origins++;
    scores.steps += horizon;
    scores.demand += total;
    const NaiveError naive = naive_error(job.y);
    if (!(naive.absolute > 0)) return;
    scores.scaled_origins++;
    scores.absolute_scaled += absolute / horizon / naive.absolute;
    scores.squared_scaled += std::sqrt(squared / horizon / naive.squared);
    scores.pinball_scaled += loss / horizon / naive.absolute;
    scores.sum_pinball_scaled += sum_loss / horizon / naive.absolute;
}

}  // namespace

void Scores::add(const Scores &other, int level_count) {
    pairs += other.pairs;
    origins += other.origins;
    steps += other.steps;
    demand += other.demand;
    forecast += other.forecast;
    absolute_scaled += other.absolute_scaled;
    squared_scaled += other.squared_scaled;
    pinball_scaled += other.pinball_scaled;
    sum_pinball_scaled += other.sum_pinball_scaled;
    scaled_origins += other.scaled_origins;
    for (int l = 0; l < level_count; l++) {
        covered[l] += other.covered[l];
        sum_covered[l] += other.sum_covered[l];
    }
}

Scores score(const ScoreRequest &request) {
    Scores scores;
    scores.pairs = 1;
    for (int origin = 1; origin <= request.origins; origin++) {
        const int length = request.y.count - origin * request.horizon;
        if (length < kLeastHistory || length < request.season) break;
        check(request.stop);
        score_origin(request, length, scores);
    }
    return scores;
}

}  // namespace stockflow::planning
