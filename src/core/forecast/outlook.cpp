#include "outlook.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>

#include "smoothing.hpp"

namespace stockflow::forecasting {

namespace {

// Zeros before the first sale may be demand, or the time before the product was on sale. This
// number of them is kept in the second reading, and of all values at least so many. Where there are
// few of them, both readings say the same.
constexpr int kZerosBefore = 3, kLeastValues = 6;
constexpr double kSameHistory = 0.9;
// The share of the second reading, and that of the plain mean: products that look dead sell again.
constexpr double kSinceFirst = 0.5, kRevived = 0.1;
// The rate of what was seen n times is estimated as n + kUnseen: half, as with Jeffreys' prior.
constexpr double kUnseen = 0.5;
// The share of the backtests in the variance of a period: of sparse demand the history has seen
// more than a few origins, dense demand may have a trend or season that its history's variance is
// of.
constexpr double kBacktests = 0.2, kDenseBacktests = 0.8;
// Of dense demand, sums of blocks are at most so much more dispersed than the errors of sums.
constexpr double kMostBlocks = 3;
// The share of another opinion on the level of a method alone, what is recent for it, and by how
// much the method's shape is stretched at the most.
constexpr double kOpinion = 0.25, kMostStretch = 2;
constexpr int kRecentPeriods = 12;
constexpr double kModelsTrust = 0.5;  // of models, so much of the path is the forecast itself

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

// Gives another estimate a share of the whole, in logarithms; one that could not be made gets none.
double mix(double a, double b, double share) {
    return a > 0 && b > 0 ? std::pow(a, 1 - share) * std::pow(b, share) : a;
}

bool of_models(const Plan &plan) { return plan.parts[0].family == Family::models; }

// Demand that follows a trend or season varies much more in its history than around its forecast;
// around the mean of models only the backtests count.
Dispersion dispersion(const Plan &plan, const Job &job) {
    const Series evened = evened_history(plan, job);
    const double history = ratio(variance_of(evened), mean_of(evened));
    const Dispersion origins = origin_dispersion(plan, job);
    if (of_models(plan) && origins.step > 0) {
        return {origins.step, std::max(origins.step, origins.sum)};
    }
    const bool dense = zero_share(job.y) <= kDenseZeros;
    const double step = mix(history, origins.step, dense ? kDenseBacktests : kBacktests);
    double blocks = block_dispersion(evened, job.horizon);
    if (dense && origins.sum > 0) blocks = std::min(blocks, kMostBlocks * origins.sum);
    return {step, pooled({dense ? step : history, origins.sum, blocks})};
}

double level_of(const std::vector<double> &path) {
    return std::accumulate(path.begin(), path.end(), 0.0) / static_cast<double>(path.size());
}

// Brings a path to another level, in the shape of `shape`; flat where that is nothing.
void set_level(std::vector<double> &path, const std::vector<double> &shape, double level) {
    const double from = level_of(shape);
    for (std::size_t h = 0; h < path.size(); h++) {
        path[h] = from > 0 ? shape[h] * (level / from) : level;
    }
}

// The mean of the methods considered where each counts by what is known before, and how far apart
// their levels are. Which of them is right is as uncertain as demand itself; a season is not, so
// levels get the shape that the forecast has.
Outlook one_reading(const Plan &plan, const Job &job) {
    Outlook outlook{std::vector<double>(job.horizon, 0.0), 0, dispersion(plan, job)};
    double weights = 0, mean = 0, squares = 0;
    for (const Part &part : plan.parts) {
        const double level = level_of(part.path);
        weights += part.mild_weight;
        mean += part.mild_weight * level;
        squares += part.mild_weight * level * level;
        for (int h = 0; h < job.horizon; h++) outlook.path[h] += part.mild_weight * part.path[h];
    }
    for (double &value : outlook.path) value /= weights;
    mean /= weights;
    outlook.level_variance = std::max(squares / weights - mean * mean, 0.0);
    const std::vector<double> forecast = plan_path(plan, job);
    if (of_models(plan)) {
        for (int h = 0; h < job.horizon; h++) {
            outlook.path[h] += kModelsTrust * (forecast[h] - outlook.path[h]);
        }
    } else if (level_of(forecast) > 0) {
        set_level(outlook.path, forecast, mean);
    }
    return outlook;
}

// Gives another opinion on the level a share of the whole.
void mix_variance(Outlook &outlook, double variance, double level, double share) {
    const double apart = level - level_of(outlook.path);
    outlook.level_variance += share * (variance - outlook.level_variance);
    outlook.level_variance += share * (1 - share) * apart * apart;
}

// Takes in what the history says if it began with the first sale.
void add_later_start(Outlook &outlook, const Job &job) {
    int first = 0;
    while (first < job.y.count && job.y[first] == 0) first++;
    const int kept = std::max(job.y.count - first + kZerosBefore, kLeastValues);
    if (kept >= kSameHistory * job.y.count) return;
    Job later = job;
    later.y = job.y.tail(kept);
    const Outlook other = one_reading(make_level_plan(later), later);
    mix_variance(outlook, other.level_variance, level_of(other.path), kSinceFirst);
    for (int h = 0; h < job.horizon; h++) {
        outlook.path[h] += kSinceFirst * (other.path[h] - outlook.path[h]);
    }
    outlook.dispersion = {mix(outlook.dispersion.step, other.dispersion.step, kSinceFirst),
                          mix(outlook.dispersion.sum, other.dispersion.sum, kSinceFirst)};
}

struct Opinion {
    double level, share;
};

// The mean of so many periods as another opinion on the level: it counts less where it erred more
// at the origins than the method did.
Opinion mean_opinion(const Plan &plan, const Job &job, int periods) {
    double squares = 0, steps = 0;
    for (const Origin &origin : plan.origins) {
        const double level = moving_average(job.y.head(origin.length), periods);
        for (int h = 0; h < origin.steps; h++) {
            const double error = job.y[origin.length + h] - level;
            squares += error * error;
        }
        steps += origin.steps;
    }
    const double own = plan.parts[0].squared_error * steps;
    const double trust = squares > own ? own / squares : 1;
    return {moving_average(job.y, periods), kOpinion * trust * trust};
}

// A method alone is too sure of its level; the mean of all and that of the latest whole seasons are
// heard too. What a shape that is nearly nothing cannot bear is spread over all periods.
void hear_others(Outlook &outlook, const Plan &plan, const Job &job) {
    const int seasons = (kRecentPeriods + job.season - 1) / job.season;
    const Opinion others[] = {mean_opinion(plan, job, job.y.count),
                              mean_opinion(plan, job, seasons * job.season)};
    const double own = level_of(outlook.path);
    double mean = own, squares = 0;
    for (const Opinion &other : others) {
        mean += other.share * (other.level - own);
        squares += other.share * (other.level - own) * (other.level - own);
    }
    outlook.level_variance = std::max(squares - (mean - own) * (mean - own), 0.0);
    const double stretch = own > 0 ? std::min(mean / own, kMostStretch) : 1;
    const double rest = std::max(mean - own * stretch, 0.0);
    for (double &value : outlook.path) value = value * stretch + rest;
}

}  // namespace

Outlook look_ahead(const Choice &choice, const Plan &plan, const Job &job) {
    Outlook outlook = one_reading(plan, job);
    const bool constant = smallest_of(job.y) == largest_of(job.y);
    if (constant || of_models(plan)) return outlook;
    if (choice.method != &kMethods[0]) {
        hear_others(outlook, plan, job);
        return outlook;
    }
    add_later_start(outlook, job);
    const double year = plan.year.empty() ? 1 : level_of(plan.year);
    const double mean = mean_of(evened_history(plan, job)) * year, level = level_of(outlook.path);
    const double unseen = 1 + kUnseen / nonzero_count(job.y);
    mix_variance(outlook, 0, mean, kRevived);
    outlook.level_variance *= unseen * unseen;
    set_level(outlook.path, outlook.path, unseen * (level + kRevived * (mean - level)));
    return outlook;
}

}  // namespace stockflow::forecasting
