// Accuracy and speed of the forecasting core: bench DIRECTORY SET...
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <thread>

#include "core/forecast/forecast.hpp"
#include "data.hpp"
#include "ranking.hpp"

using namespace stockflow::forecasting;

namespace {

Series view(const std::vector<double> &values) {
    return {values.data(), static_cast<int>(values.size())};
}

struct Score {
    double mase = 0, rmsse = 0, sum_mase = 0, squares = 0, bias = 0, demand = 0;
    double spl[2] = {}, covered[2][4] = {}, below[2][4] = {};
    int series = 0, steps = 0;

    void add_points(const Entry &entry, const std::vector<double> &mean, double absolute,
                    double square) {
        double error = 0, errors = 0, difference = 0;
        for (std::size_t h = 0; h < mean.size(); h++) {
            const double e = mean[h] - entry.test[h];
            error += std::fabs(e);
            errors += e * e;
            difference += e;
            demand += entry.test[h];
        }
        const double horizon = static_cast<double>(mean.size());
        mase += error / horizon / absolute;
        rmsse += std::sqrt(errors / horizon / square);
        sum_mase += std::fabs(difference) / horizon / absolute;
        squares += errors;
        bias += difference;
        series++;
        steps += static_cast<int>(mean.size());
    }

    // kind 0: quantiles per step; 1: of the sum over the horizon.
    void add_quantiles(const Entry &entry, const Prediction &prediction, int kind,
                       double absolute) {
        const std::size_t horizon = entry.test.size();
        double sum = 0;
        for (const double value : entry.test) sum += value;
        for (std::size_t h = kind == 0 ? 0 : horizon - 1; h < horizon; h++) {
            const double actual = kind == 0 ? entry.test[h] : sum;
            const double share = kind == 0 ? 1.0 / horizon : 1;
            const double *quantiles = prediction.quantiles.data() + h * kLevelCount;
            spl[kind] += pinball(actual, quantiles) / horizon / absolute;
            for (int i = 0; i < kLevelCount; i++) {
                const double q = quantiles[i];
                covered[kind][i] += share * (actual <= q);
                below[kind][i] += share * (actual < q);
            }
        }
    }
};

void measure_accuracy(const Set &set, const char *method) {
    Score score;
    const Choice choice = parse_choice(method);
    for (const Entry &entry : set.entries) {
        double absolute, square;
        if (!scales(entry, set.lag, &absolute, &square)) continue;
        const Job job{view(entry.train), set.season, set.horizon, {}};
        Forecast forecast(choice, job);
        const Prediction steps = forecast.predict({kLevels, 4, false});
        const Prediction sums = forecast.predict({kLevels, 4, true});
        score.add_points(entry, steps.mean, absolute, square);
        score.add_quantiles(entry, steps, 0, absolute);
        score.add_quantiles(entry, sums, 1, absolute);
    }
    const double n = score.series;
    std::printf("%-12s %-16s %7.4f %7.4f %9.4f %8.4f %6.1f %8.4f %8.4f ", set.name.c_str(), method,
                score.mase / n, score.rmsse / n, std::sqrt(score.squares / score.steps),
                score.sum_mase / n, 100 * score.bias / score.demand, score.spl[0] / n,
                score.spl[1] / n);
    for (int i = 1; i < 4; i++) {
        std::printf(" %.3f/%.3f", score.below[1][i] / n, score.covered[1][i] / n);
    }
    std::printf("\n");
    std::fflush(stdout);
}

void print_best(const Set &set) {
    const auto best = [&](const char *score) {
        const auto found = set.best.find(score);
        return found == set.best.end() ? NAN : found->second;
    };
    std::printf("%-12s %-16s %7.4f %7.4f %9.4f %8.4f %6s %8.4f %8.4f\n", set.name.c_str(),
                "(best of others)", best("MASE"), best("RMSSE"), best("RMSE"), best("LT_MASE"), "",
                best("per"), best("cum"));
}

// One thread is timed by the processor time it takes, several by the clock.
class Timer {
  public:
    explicit Timer(bool processor) : processor_(processor), start_(now()) {}
    double seconds() const { return now() - start_; }

  private:
    double now() const {
        if (processor_) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
        const auto time = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration<double>(time).count();
    }
    bool processor_;
    double start_;
};

// Series per second of point forecasts; at least 0.3 seconds.
double speed(const Set &set, const Choice &choice, int threads) {
    const Timer timer(threads == 1);
    long done = 0;
    std::vector<double> sink(threads);
    do {
        std::vector<std::thread> workers;
        for (int t = 0; t < threads; t++) {
            workers.emplace_back([&, t] {
                std::vector<double> path(set.horizon);
                for (std::size_t i = t; i < set.entries.size(); i += threads) {
                    run_method(choice, {view(set.entries[i].train), set.season, set.horizon, {}},
                               path.data());
                    sink[t] += path[0];
                }
            });
        }
        for (std::thread &worker : workers) worker.join();
        done += static_cast<long>(set.entries.size());
    } while (timer.seconds() < 0.3);
    return done / timer.seconds();
}

}  // namespace

int main(int argc, char **argv) {
    try {
        if (const char *series = std::getenv("SERIES")) {
            const double rate = speed(two_years(std::atoi(series)), parse_choice("auto"), 2);
            std::printf("auto, %s series of two years of days, two threads: %.1f s\n", series,
                        std::atoi(series) / rate);
            return 0;
        }
        if (std::getenv("RANKING") != nullptr) {
            for (int i = 2; i < argc; i++) rank_methods(argv[1], argv[i]);
            return 0;
        }
        std::vector<Set> sets;
        for (int i = 2; i < argc; i++) sets.push_back(load(argv[1], argv[i]));
        std::printf(
            "Accuracy. SPL: scaled pinball loss, sum over 0.5, 0.9, 0.95, 0.99; below/covered: "
            "the sum over\nthe horizon below, and not above, its quantile (0.9, 0.95, 0.99).\n"
            "%-12s %-16s %7s %7s %9s %8s %6s %8s %8s  %s\n",
            "set", "method", "MASE", "RMSSE", "RMSE", "sum MASE", "bias %", "SPL step", "SPL sum",
            "below/covered");
        const bool accuracy_only = std::getenv("ACCURACY") != nullptr;
        const bool speed_only = std::getenv("SPEED") != nullptr;
        for (const Set &set : sets) {
            if (speed_only) break;
            print_best(set);
            if (accuracy_only) {
                measure_accuracy(set, "auto");
                continue;
            }
            for (const char *method :
                 {"auto", "ses", "tsb", "imapa", "croston", "ets", "dynamic_theta", "holt"}) {
                measure_accuracy(set, method);
            }
        }
        if (accuracy_only) return 0;
        std::printf("\nSpeed, series per second, point forecasts.\n%-12s %-50s %12s %12s\n", "set",
                    "method", "one thread", "two threads");
        sets.push_back(two_years(200));
        for (const Set &set : sets) {
            for (const char *method :
                 {"ses(alpha=0.1)", "ses", "croston(alpha=0.1)", "sba(alpha=0.1)",
                  "tsb(alpha=0.1,alpha_probability=0.1)", "moving_average(window=12)",
                  "holt(alpha=0.2,beta=0.1)", "holt_winters(alpha=0.2,beta=0.1,gamma=0.1)",
                  "croston_optimised", "adida", "imapa", "holt", "holt_winters", "ets", "theta",
                  "dynamic_theta", "auto"}) {
                const Choice choice = parse_choice(method);
                std::printf("%-12s %-50s %12.0f %12.0f\n", set.name.c_str(), method,
                            speed(set, choice, 1), speed(set, choice, 2));
                std::fflush(stdout);
            }
        }
    } catch (const std::exception &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
