#include "projection.hpp"

#include <algorithm>
#include <cmath>

namespace stockflow::planning {

double KeptForecast::mean_of(int day) const {
    int index = age + day;
    if (index >= daily_count) {
        const int week = std::min(daily_count, 7);
        index = daily_count - week + (index - daily_count) % week;
    }
    return daily_means[index];
}

void KeptForecast::quantiles_of(int days, double *out) const {
    if (days <= 0) {
        std::fill(out, out + level_count, 0.0);
        return;
    }
    int after = 0;
    while (after < step_count && steps[after] < days) after++;
    if (after < step_count) {
        const int before_days = after == 0 ? 0 : steps[after - 1];
        const double part = double(days - before_days) / (steps[after] - before_days);
        for (int l = 0; l < level_count; l++) {
            const double before = after == 0 ? 0 : quantiles[(after - 1) * level_count + l];
            out[l] = before + part * (quantiles[after * level_count + l] - before);
        }
        return;
    }
    // Beyond the last: the mean grows with the time, what is around it with its root.
    const double *last = quantiles + (step_count - 1) * level_count;
    const double middle = Curve{levels, last, level_count}.mean();
    const double times = double(days) / steps[step_count - 1];
    double least = 0;
    for (int l = 0; l < level_count; l++) {
        least = std::max(least, middle * times + (last[l] - middle) * std::sqrt(times));
        out[l] = least;
    }
}

namespace {

constexpr int kMostLevels = 100;  // as forecasting allows

double supplied_before(const ProjectionInput &input, int day) {
    double units = 0;
    for (int i = 0; i < input.supply_count && input.supplies[i].day < day; i++) {
        units += input.supplies[i].units;
    }
    return units;
}

// The most that is expected to be short at the end of a day, up to that of a delivery.
double shortage_until(const ProjectionInput &input, int days) {
    double quantiles[kMostLevels], most = 0;
    const auto short_after = [&](int day) {
        input.forecast.quantiles_of(day, quantiles);
        const Curve curve{input.forecast.levels, quantiles, input.forecast.level_count};
        // What is missing already is no shortage to come.
        const double stock = std::max(input.available, 0.0) + supplied_before(input, day);
        most = std::max(most, curve.expected_above(stock));
    };
    // Between two supplies the shortage grows, so it is largest before each, and at the end.
    for (int i = 0; i < input.supply_count; i++) {
        const int day = input.supplies[i].day;
        if (day > 0 && day < days) short_after(day);
    }
    if (days > 0) short_after(days);
    return most;
}

int first_stockout(const ProjectionInput &input) {
    double stock = input.available;
    int next = 0;
    for (int day = 0; day < kWalkDays; day++) {
        for (; next < input.supply_count && input.supplies[next].day <= day; next++) {
            stock += input.supplies[next].units;
        }
        stock -= input.forecast.mean_of(day);
        if (stock <= 0) return day;
    }
    return kNever;
}

}  // namespace

Projection project(const ProjectionInput &input) {
    Projection result = {};
    result.stockout_day = first_stockout(input);
    result.receipt_day = input.lead_days;
    if (input.supply_count > 0) {
        result.receipt_day = std::min(result.receipt_day, input.supplies[0].day);
    }
    double quantiles[kMostLevels];
    input.forecast.quantiles_of(result.receipt_day, quantiles);
    const Curve curve{input.forecast.levels, quantiles, input.forecast.level_count};
    result.stockout_risk = input.available <= 0 ? 1 : 1 - curve.probability(input.available);
    result.shortage = shortage_until(input, input.lead_days);
    result.later_shortage = shortage_until(input, input.lead_days + input.wait_days);
    return result;
}

}  // namespace stockflow::planning
