#include "backtest.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../forecast/forecast.hpp"
#include "plan.hpp"

namespace stockflow::planning {

using namespace forecasting;

namespace {

bool all_whole(Series y) {
    for (int i = 0; i < y.count; i++) {
        if (y[i] != std::floor(y[i])) return false;
    }
    return true;
}

constexpr int kLately =
    28;  // days that a fixed rule's order quantity goes by, at most kLeastTraining

// A rule's reorder point and quantity on each day of the test.
struct Course {
    std::vector<double> points, quantities;

    explicit Course(int days) : points(days), quantities(days) {}
    void set(int from, int to, double point, double quantity, bool whole) {
        const auto rounded = [=](double value) { return whole ? std::ceil(value - 1e-6) : value; };
        std::fill(points.begin() + from, points.begin() + to, rounded(point));
        std::fill(quantities.begin() + from, quantities.begin() + to,
                  whole ? std::max(rounded(quantity), 1.0) : quantity);
    }
};

}  // namespace

double training_mean(const BacktestRequest &request) {
    return mean_of(request.y.head(request.y.count - request.test_days));
}

void backtest(const BacktestRequest &request, ReplayResult *results) {
    const int days = request.test_days, start = request.y.count - days;
    const Series test = request.y.tail(days);
    const bool whole = all_whole(request.y);
    const double mean = training_mean(request);
    Course fixed(days);
    const auto play_fixed = [&](double point, ReplayResult *result) {
        for (int day = 0; day < days; day += request.refit_days) {
            const double lately = mean_of(request.y.head(start + day).tail(kLately));
            fixed.set(day, std::min(day + request.refit_days, days), point,
                      request.cover_days * lately, whole);
        }
        *result = replay(test, request.lead_days, fixed.points.data(), fixed.quantities.data());
    };
    play_fixed(request.own_point, results++);
    for (int i = 0; i < request.cover_count; i++) {
        play_fixed(request.covers[i] * mean, results++);
    }

    std::vector<Course> courses(request.level_count, Course(days));
    // The order is placed in the evening, and comes on a morning.
    const int horizon = request.lead_days + 1;
    for (int day = 0; day < days && request.level_count > 0; day += request.refit_days) {
        check(request.stop);
        const Series known = request.y.head(start + day);
        const Prediction prediction =
            predict({{known, weekly_season(known.count), std::max(horizon, 7), request.stop},
                     parse_choice(request.method),
                     request.levels,
                     request.level_count,
                     true});
        const int steps = std::max(horizon, 7);
        const double daily = prediction.mean[steps - 1] / steps;
        for (int l = 0; l < request.level_count; l++) {
            const double point = prediction.quantiles[(horizon - 1) * request.level_count + l];
            courses[l].set(day, std::min(day + request.refit_days, days), point,
                           request.cover_days * daily, whole);
        }
    }
    for (const Course &course : courses) {
        *results++ =
            replay(test, request.lead_days, course.points.data(), course.quantities.data());
    }
}

}  // namespace stockflow::planning
