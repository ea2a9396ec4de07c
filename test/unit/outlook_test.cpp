// What quantiles are taken from: expected demand, and how uncertain it is.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "core/forecast/distribution.hpp"
#include "core/forecast/forecast.hpp"
#include "core/forecast/outlook.hpp"

using namespace stockflow::forecasting;
using Values = std::vector<double>;

namespace {

Job job_of(const Values &values, int horizon) {
    return {{values.data(), static_cast<int>(values.size())}, 1, horizon, {}};
}

Outlook outlook_of(const Values &values, const char *method, int horizon = 4) {
    const Job job = job_of(values, horizon);
    const Choice choice = parse_choice(method);
    return look_ahead(choice, make_plan(choice, job), job);
}

Values run_path(const Values &values, const char *method, int horizon) {
    const Job job = job_of(values, horizon);
    return plan_path(make_plan(parse_choice(method), job), job);
}

// The first period by a method alone.
double forecast_of(const Values &values, const char *method) {
    return run_path(values, method, 4)[0];
}

double mean(const Values &values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Zeros, then what was sold.
Values after_zeros(int zeros, const Values &sold) {
    Values values(zeros, 0.0);
    values.insert(values.end(), sold.begin(), sold.end());
    return values;
}

// A sale of 1 to 3 in two of three periods.
Values steady(int count) {
    Values values;
    for (int i = 0; i < count; i++) values.push_back(i % 3 == 2 ? 0 : 1 + i % 5 % 3);
    return values;
}

// The largest demand of the sum over the horizon at a level.
double most(const Values &values, int horizon, double level, const char *method = "auto") {
    const Prediction sums =
        predict({job_of(values, horizon), parse_choice(method), &level, 1, true});
    return sums.quantiles.back();
}

}  // namespace

// One sale: tsb alone, a tenth of the mean of all, and half a sale that was not seen.
TEST(Outlook, OneSaleIsOneAndAHalf) {
    Values values(20, 0.0);
    values[0] = 6;
    const double level = forecast_of(values, "tsb(alpha=0.1,alpha_probability=0.05,start=mean)");
    const Outlook outlook = outlook_of(values, "auto");
    for (const double value : outlook.path) {
        EXPECT_NEAR(value, 1.5 * (0.9 * level + 0.1 * 0.3), 1e-12);
    }
    // The two opinions, a tenth and nine tenths, and their distance.
    const double apart = level - 0.3;
    EXPECT_NEAR(outlook.level_variance, 1.5 * 1.5 * 0.09 * apart * apart, 1e-12);
}

TEST(Outlook, ProductsThatLookDeadSellAgain) {
    Values values = steady(60);
    values.resize(360, 0.0);
    const Prediction result = predict({job_of(values, 28), parse_choice("auto"), nullptr, 0, true});
    EXPECT_LT(result.mean.back(), 0.05);           // the forecast itself forgets it
    EXPECT_GT(most(values, 28, 0.95, "auto"), 0);  // what may be sold does not
    EXPECT_EQ(most(values, 28, 0.95, "moving_average(window=28)"), 0);
}

// What was before the first sale may have been demand or not: half way between the two.
TEST(Outlook, ZerosBeforeTheFirstSaleAreReadBothWays) {
    const Values sold = steady(40), since = after_zeros(3, sold), all = after_zeros(60, sold);
    const double unseen = 1 + 0.5 / 27;  // 27 sales, and half a one
    // Undoes what both have in common, so that the level is left.
    const auto level = [&](const Values &values) {
        return (mean(outlook_of(values, "auto").path) / unseen - 0.1 * mean(values)) / 0.9;
    };
    const auto weighed = [](const Values &values) {  // of all methods considered, one reading
        const Job job = job_of(values, 4);
        double sum = 0, weights = 0;
        for (const Part &part : make_plan(parse_choice("auto"), job).parts) {
            sum += part.mild_weight * mean(part.path);
            weights += part.mild_weight;
        }
        return sum / weights;
    };
    EXPECT_NEAR(level(since), weighed(since), 1e-9);
    EXPECT_NEAR(level(all), (weighed(all) + weighed(since)) / 2, 1e-9);
    EXPECT_LT(weighed(all), weighed(since));
    const Outlook both = outlook_of(all, "auto"), one = outlook_of(since, "auto");
    EXPECT_GT(both.level_variance, one.level_variance);
}

// Read from the first sale, this would have models, which say nothing of the zeros before.
TEST(Outlook, DenseDemandAfterZerosIsReadAsLevelsTwice) {
    Values sold;
    for (int i = 0; i < 70; i++) sold.push_back(5 + i * i % 7);
    const Values since = after_zeros(3, sold), all = after_zeros(40, sold);
    EXPECT_EQ(make_plan(parse_choice("auto"), job_of(since, 4)).parts[0].family, Family::models);
    const auto weighed = [](const Values &values) {
        double sum = 0, weights = 0;
        for (const Part &part : make_level_plan(job_of(values, 4)).parts) {
            sum += part.mild_weight * mean(part.path);
            weights += part.mild_weight;
        }
        return sum / weights;
    };
    const double level = (weighed(all) + weighed(since)) / 2;
    EXPECT_GT(weighed(since), 1.02 * weighed(all));
    EXPECT_NEAR(mean(outlook_of(all, "auto").path),
                (1 + 0.5 / 70) * (0.9 * level + 0.1 * mean(all)), 1e-9);
}

TEST(Outlook, FewValuesSinceTheFirstSaleAreNotAloneEither) {
    // Two values since then: at least six are read, which is one sale in six.
    const Values values = after_zeros(30, {4, 0});
    const char *method = "tsb(alpha=0.1,alpha_probability=0.05,start=mean)";
    const double level =
        (forecast_of(values, method) + forecast_of(after_zeros(4, {4, 0}), method)) / 2;
    EXPECT_NEAR(outlook_of(values, "auto").path[0], 1.5 * (0.9 * level + 0.1 * 4 / 32), 1e-12);
}

TEST(Outlook, IsTheForecastWhereNothingIsUnknown) {
    for (const double value : Values{0, 7, 2.5}) {
        const Outlook outlook = outlook_of(Values(30, value), "auto");
        for (const double path : outlook.path) EXPECT_EQ(path, value);
        EXPECT_EQ(outlook.level_variance, 0);
    }
}

// A level that shifts from 10 to 20 for the last 6 of 30 periods: ses follows at once, and so erred
// less than the means of all, 12, and of the latest 12, 15, so that these count less than a
// quarter.
TEST(Outlook, AMethodAloneHearsTwoMeans) {
    Values values(30, 10.0);
    for (int i = 24; i < 30; i++) values[i] = 20;
    const char *method = "ses(alpha=1)";
    const Job job = job_of(values, 4);
    const Plan plan = make_plan(parse_choice(method), job);
    const auto share = [&](int periods) {
        double squares = 0, own = 0;
        for (const Origin &origin : plan.origins) {
            const Series known = job.y.head(origin.length);
            const double level = mean_of(known.tail(std::min(periods, known.count)));
            for (int i = origin.length; i < origin.length + origin.steps; i++) {
                squares += std::pow(values[i] - level, 2);
                own += std::pow(values[i] - known.last(), 2);
            }
        }
        return 0.25 * std::pow(own / squares, 2);
    };
    const double all = share(30), latest = share(12);
    EXPECT_LT(all, latest);
    EXPECT_LT(latest, 0.25);
    const double level = 20 - 8 * all - 5 * latest;
    const Outlook outlook = outlook_of(values, method);
    for (const double value : outlook.path) EXPECT_NEAR(value, level, 1e-9);
    EXPECT_NEAR(outlook.level_variance, 64 * all + 25 * latest - std::pow(20 - level, 2), 1e-9);
}

// Where it says nothing and there was demand, quantiles still have some.
TEST(Outlook, NaiveMethodsKnowOfDemandToo) {
    const Values values =
        after_zeros(0, {3, 0, 2, 4, 1, 0, 3, 2, 0, 1, 4, 2, 0, 3, 1, 2, 2, 0, 3, 0});
    EXPECT_EQ(forecast_of(values, "naive"), 0);
    EXPECT_GE(most(values, 4, 0.95, "naive"), 4);
}

// One that erred more than a mean does not give it more than a quarter; what is latest is whole
// seasons.
TEST(Outlook, OthersHaveAQuarterAtTheMost) {
    Values values;
    for (int i = 0; i < 70; i++) values.push_back(i % 7 < 2 ? 5 : 0);
    for (int shift = 0; shift < 7; shift++) {
        const Series y{values.data() + shift, 63};
        const Job job{y, 7, 7, {}};
        const Choice choice = parse_choice("naive");
        const Outlook outlook = look_ahead(choice, make_plan(choice, job), job);
        const double level = 0.5 * y.last() + 0.5 * 10.0 / 7;
        EXPECT_NEAR(mean(outlook.path), level, 1e-9) << shift;
    }
}

// A path that falls to nothing is not blown up by what others say: that is spread over all periods.
TEST(Outlook, AFallingPathStaysWithinBounds) {
    Values values;
    for (int i = 0; i < 40; i++) values.push_back(std::fmax(22 - 0.55 * i, 0) + i % 2);
    const Outlook outlook = outlook_of(values, "holt(alpha=0.3,beta=0.1)", 14);
    EXPECT_EQ(run_path(values, "holt(alpha=0.3,beta=0.1)", 14).back(), 0);
    for (const double value : outlook.path) {
        EXPECT_GT(value, 0.1);
        EXPECT_LT(value, 8);
    }
}

// The variance of dense demand is what the backtests saw, not what a trend did to its history.
TEST(Outlook, ATrendIsNoVariance) {
    Values values;
    for (int i = 0; i < 80; i++) values.push_back(100 + 10 * i + i * i % 5);
    const Dispersion found = outlook_of(values, "holt").dispersion;
    const double history = variance_of({values.data(), 80}) / mean(values);
    EXPECT_LT(found.step, 0.0015 * history);
    EXPECT_LT(found.sum, 0.0015 * history);
    for (double &value : values) value = 5 + std::fmod(value, 3) * 4;  // no trend
    EXPECT_GT(outlook_of(values, "mean").dispersion.step,
              0.7 * variance_of({values.data(), 80}) / mean(values));
}

// That of sparse demand is what the history saw, and to a fifth the backtests.
TEST(Outlook, HistoryAndBacktestsSayHowDispersedDemandIs) {
    const Values values = steady(60);
    const Job job = job_of(values, 4);
    const Choice choice = parse_choice("ses(alpha=0.3)");
    const Plan plan = make_plan(choice, job);
    double squares = 0, expected = 0;
    for (std::size_t o = 0; o < plan.origins.size(); o++) {
        for (int h = 0; h < plan.origins[o].steps; h++) {
            const double forecast = plan.parts[0].origin_paths[o * 4 + h];
            squares += std::pow(values[plan.origins[o].length + h] - forecast, 2);
            expected += forecast;
        }
    }
    const double history = variance_of(job.y) / mean(values);
    EXPECT_NEAR(look_ahead(choice, plan, job).dispersion.step,
                std::pow(history, 0.8) * std::pow(squares / expected, 0.2), 1e-9);
}

// Half of the tails is reached by a sum over 31 periods; a method alone has longer ones.
TEST(Outlook, TailsOfSumsGrowWithTheirPeriods) {
    const Values values = steady(300);
    for (const char *method : {"auto", "ses(alpha=0.3)"}) {
        const Outlook outlook = outlook_of(values, method, 31);
        const double sum = mean(outlook.path) * 31;
        const double sure = method[0] == 'a' ? 0.9 : 0.7;
        const double variance = outlook.dispersion.sum * sum + outlook.level_variance * 31 * 31;
        for (const double level : {0.95, 0.999}) {
            const double inner = quantile({Measure::counts, sum, variance, 1}, level);
            const double z = normal_quantile(level), rough = 1 - sure * std::sqrt(200.0 / 300);
            const double stretch = 1 + 0.5 * rough * (1.9 + 0.4 * (z * z - 1));
            EXPECT_NEAR(most(values, 31, level, method), sum + (inner - sum) * stretch, 0.5);
        }
    }
}

// Half way between what the two say, in logarithms.
TEST(Outlook, DemandIsAsDispersedAsBothReadingsSay) {
    const char *method = "tsb(alpha=0.1,alpha_probability=0.05,start=mean)";  // as auto has it
    const Values sold = {9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const Values all = after_zeros(40, sold), since = after_zeros(3, sold);
    const Dispersion first = outlook_of(all, method).dispersion;
    const Dispersion second = outlook_of(since, method).dispersion;
    const Dispersion both = outlook_of(all, "auto").dispersion;
    EXPECT_GT(first.step, 1.1 * second.step);
    EXPECT_NEAR(both.step, std::sqrt(first.step * second.step), 1e-9);
    EXPECT_NEAR(both.sum, std::sqrt(first.sum * second.sum), 1e-9);
}
