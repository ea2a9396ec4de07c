// Forecasting: hand-made series, properties, quantiles, the automatic choice.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/forecast/aggregation.hpp"
#include "core/forecast/distribution.hpp"
#include "core/forecast/forecast.hpp"
#include "core/forecast/search.hpp"
#include "core/forecast/stock_rules.hpp"

using namespace stockflow::forecasting;
using Values = std::vector<double>;

namespace {

Series view(const Values &values) { return {values.data(), static_cast<int>(values.size())}; }

// The first step of a method's own forecast.
double first_step(const Values &values, const char *method, int season = 1) {
    double out;
    run_method(parse_choice(method), {view(values), season, 1, {}}, &out);
    return out;
}

Prediction predicted(const Values &values, int horizon, const char *method, int season,
                     const Values &levels, bool cumulative = false) {
    return predict({{view(values), season, horizon, {}},
                    parse_choice(method),
                    levels.data(),
                    static_cast<int>(levels.size()),
                    cumulative});
}

// Series that break methods, and some that do not.
std::vector<Values> awkward() {
    std::vector<Values> all = {
        {0},
        {7},
        {4, 0},
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5},
        {0, 0, 3, 2, 0, 0, 0, 0},
        {7, 7, 7, 0, 7, 7, 7, 7},
        {0, 0.5, 0, 0, 1.25, 0, 0.75, 0, 0, 2.5},
        {0, 1e-9, 0, 0, 3e-9, 0},
        Values(40, 3),
        Values(40, 1e99),
        Values(40, 0),
    };
    Values dense, sparse, shift, trend, spike, dead;
    unsigned state = 1;
    const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 16; };
    for (int i = 0; i < 90; i++) {
        dense.push_back(20 + i % 7 * 3 + random() % 5);
        sparse.push_back(random() % 5 == 0 ? 1 + random() % 4 : 0);
        shift.push_back(i < 70 ? 50 + random() % 9 : random() % 4);
        trend.push_back(5 + i * 2);
        spike.push_back(i == 50 ? 1e9 : random() % 3);
        dead.push_back(i < 40 ? random() % 6 : 0);
    }
    for (const Values &values : {dense, sparse, shift, trend, spike, dead}) all.push_back(values);
    return all;
}

}  // namespace

TEST(Forecast, HandMadeSeries) {
    const Values single = {5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    EXPECT_NEAR(first_step(single, "croston(alpha=0.1)"), 5, 1e-12);
    EXPECT_NEAR(first_step(single, "sba(alpha=0.1)"), 4.75, 1e-12);
    EXPECT_NEAR(first_step(single, "ses(alpha=0.1)"), 1.56905298045, 1e-11);
    EXPECT_NEAR(first_step(single, "tsb(alpha=0.1,alpha_probability=0.1,start=first)"),
                1.56905298045, 1e-11);
    EXPECT_NEAR(first_step(single, "tsb(alpha=0.1,alpha_probability=0.1,start=mean_from_second)"),
                0.1307544150375, 1e-12);
    EXPECT_NEAR(first_step(single, "adida"), 0.0988663371504977, 1e-7);
    const Values adjacent = {0, 0, 3, 2, 0, 0, 0, 0};
    EXPECT_NEAR(first_step(adjacent, "croston(alpha=0.1)"), 1.03571428571429, 1e-12);
    EXPECT_NEAR(first_step(adjacent, "tsb(alpha=0.1,alpha_probability=0.1,start=first)"), 0.3615111,
                1e-12);
    EXPECT_NEAR(first_step(adjacent, "imapa"), 0.2554335, 1e-8);
    const Values fractional = {0, 0.5, 0, 0, 1.25, 0, 0.75, 0, 0, 2.5};
    EXPECT_NEAR(first_step(fractional, "croston(alpha=0.1)"), 0.359124254928932, 1e-12);
    EXPECT_NEAR(first_step(fractional, "ses(alpha=0.1)"), 0.4000096105, 1e-12);
    EXPECT_NEAR(first_step(fractional, "adida"), 0.60565, 1e-8);
    const Values alternating = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    EXPECT_NEAR(first_step(alternating, "croston_optimised"), 0.5, 1e-9);
    EXPECT_NEAR(first_step(alternating, "imapa"), 0.5084006543951629, 1e-7);
    EXPECT_NEAR(first_step({4, 0}, "ses(alpha=0.1)"), 3.6, 1e-12);
    for (const char *method : {"croston", "sba", "sbj", "tsb", "adida", "imapa", "ses", "ets",
                               "croston_optimised", "theta", "dynamic_theta", "auto"}) {
        EXPECT_EQ(first_step(Values(12, 0.0), method), 0) << method;
    }
}

// A forecast that may be shown: finite, not negative, quantiles in order (levels 0.5, 0.01, 0.9…).
void expect_sane(const Prediction &result, int horizon, const char *method) {
    for (int h = 0; h < horizon; h++) {
        EXPECT_TRUE(std::isfinite(result.mean[h]) && result.mean[h] >= 0) << method;
        const double *q = &result.quantiles[h * 5];
        EXPECT_TRUE(0 <= q[1] && q[1] <= q[0] && q[0] <= q[2] && q[2] <= q[3] && q[3] <= q[4] &&
                    std::isfinite(q[4]))
            << method;
    }
}

TEST(Forecast, EveryMethodAnswersEverySeries) {
    for (const Values &values : awkward()) {
        for (const Method &method : kMethods) {
            for (const int horizon : {1, 3, 9}) {
                for (const int season : {1, 7}) {
                    for (const bool cumulative : {false, true}) {
                        expect_sane(predicted(values, horizon, method.name, season,
                                              {0.5, 0.01, 0.9, 0.99, 0.9999}, cumulative),
                                    horizon, method.name);
                    }
                }
            }
        }
    }
}

TEST(Forecast, ScalesWithDemand) {
    for (const Values &values : awkward()) {
        Values scaled = values;
        for (double &value : scaled) value *= 4;  // a power of two: rounding is the same
        for (const Method &method : kMethods) {
            const double once = first_step(values, method.name),
                         more = first_step(scaled, method.name);
            // A search may stop elsewhere in a flat valley.
            const bool searched = std::string(method.name) == "ets" ||
                                  std::string(method.name) == "auto" ||
                                  std::string(method.name).find("holt") == 0 ||
                                  std::string(method.name).find("theta") != std::string::npos;
            EXPECT_NEAR(more, 4 * once, (searched ? 0.02 : 1e-9) * std::fabs(4 * once) + 1e-12)
                << method.name << " " << values.size();
        }
    }
}

// The squared error of simple smoothing, by its definition.
double squared_error(const Values &values, double alpha) {
    double level = values[0], sum = 0;
    for (std::size_t i = 1; i < values.size(); i++) {
        const double error = values[i] - level;
        sum += error * error;
        level += alpha * error;
    }
    return sum;
}

TEST(Forecast, SearchesEndAtTheLeastError) {
    for (const Values &values : awkward()) {
        const Smoothed best = best_ses(view(values), 0.01, 0.99);
        double least = HUGE_VAL;
        for (int k = 0; k <= 980; k++)
            least = std::min(least, squared_error(values, 0.01 + k * 0.001));
        EXPECT_GE(best.alpha, 0.01);
        EXPECT_LE(best.alpha, 0.99);
        EXPECT_LE(squared_error(values, best.alpha), least * (1 + 1e-9));
        EXPECT_NEAR(best.error, squared_error(values, best.alpha), 1e-9 * best.error);
        EXPECT_NEAR(best.level, ses(view(values), best.alpha, Start::first),
                    1e-9 * std::fabs(best.level) + 1e-12);
        const Smoothed golden = golden_ses(view(values), 0.1, 0.3);
        EXPECT_GE(golden.alpha, 0.1);
        EXPECT_LE(golden.alpha, 0.3);
        EXPECT_NEAR(golden.level, ses(view(values), golden.alpha, Start::first),
                    1e-7 * std::fabs(golden.level) + 1e-12);
    }
}

TEST(Forecast, SmoothsAsDefined) {
    for (const Values &values : awkward()) {
        double level = values[0], size = 0, interval = 1, probability = values[0] != 0;
        int last = -1;
        for (int i = 0; i < static_cast<int>(values.size()); i++) {
            if (i > 0) level += 0.3 * (values[i] - level);
            if (i > 0) probability += 0.05 * ((values[i] != 0) - probability);
            if (values[i] == 0) continue;
            const bool first = last < 0 && size == 0;
            size = first ? values[i] : size + 0.1 * (values[i] - size);
            interval = first ? i + 1 : interval + 0.1 * (i - last - interval);
            last = i;
        }
        const auto close = [](double value) { return 1e-12 * std::fabs(value); };
        EXPECT_NEAR(ses(view(values), 0.3, Start::first), level, close(values[0] + level));
        EXPECT_NEAR(croston(view(values), 0.1, Start::first, Correction::none), size / interval,
                    close(size));
        EXPECT_NEAR(tsb(view(values), 0.1, 0.05, Start::first), probability * size, close(size));
    }
    EXPECT_EQ(ses(view(Values(45, 0.1)), 0.1, Start::first), 0.1);  // a constant stays what it is
}

TEST(Forecast, SeesASeasonInAShortHistory) {
    Values values;
    for (int i = 0; i < 30; i++) values.push_back(100 + 50 * (i % 12 == 11) + i % 3);
    const Prediction result = predicted(values, 12, "auto", 12, {});
    EXPECT_GT(result.mean[5], 1.2 * result.mean[4]);  // period 35 is the last of a year
}

TEST(Forecast, SumsAreAsUncertainAsTheirPeriodsAndMore) {
    Values values = awkward()[14];
    const Prediction steps = predicted(values, 8, "auto", 1, {0.5, 0.9, 0.99});
    const Prediction sums = predicted(values, 8, "auto", 1, {0.5, 0.9, 0.99}, true);
    for (int k = 0; k < 3; k++) {
        EXPECT_EQ(predicted(values, 1, "auto", 1, {0.5, 0.9, 0.99}, true).quantiles[k],
                  predicted(values, 1, "auto", 1, {0.5, 0.9, 0.99}).quantiles[k]);
        for (int h = 1; h < 8; h++) {
            EXPECT_GE(sums.quantiles[h * 3 + k], sums.quantiles[(h - 1) * 3 + k]);
        }
    }
    EXPECT_GT(sums.quantiles[7 * 3 + 2], steps.quantiles[7 * 3 + 2]);
}

TEST(Forecast, TrailingZerosNeverRaiseTsb) {
    for (Values values : awkward()) {
        double last = HUGE_VAL;
        for (int i = 0; i < 20; i++) {
            const double now = first_step(values, "tsb(start=first)");
            EXPECT_LE(now, last * (1 + 1e-12));
            last = now;
            values.push_back(0);
        }
    }
}

TEST(Forecast, IsDeterministic) {
    for (const Values &values : awkward()) {
        const Prediction a = predicted(values, 5, "auto", 7, {0.9}),
                         b = predicted(values, 5, "auto", 7, {0.9});
        EXPECT_EQ(a.mean, b.mean);
        EXPECT_EQ(a.quantiles, b.quantiles);
    }
}

TEST(Forecast, MeansAreTheSameWithoutQuantiles) {
    for (const Values &values : awkward()) {
        for (const char *method : {"auto", "tsb", "ets", "imapa"}) {
            EXPECT_EQ(predicted(values, 5, method, 7, {}).mean,
                      predicted(values, 5, method, 7, {0.9}).mean);
        }
    }
}

TEST(Forecast, CumulativeMeansAddUp) {
    const Values values = awkward().back();
    const Prediction steps = predicted(values, 6, "tsb", 1, {0.9});
    const Prediction sums = predicted(values, 6, "tsb", 1, {0.9}, true);
    double sum = 0;
    for (int h = 0; h < 6; h++) {
        sum += steps.mean[h];
        EXPECT_NEAR(sums.mean[h], sum, 1e-12);
    }
    EXPECT_EQ(steps.quantiles[0], sums.quantiles[0]);
}

TEST(Forecast, FollowsALevelShiftAndForgetsDeadProducts) {
    const std::vector<Values> all = awkward();
    const Values &shift = all[all.size() - 4], &dead = all[all.size() - 1];
    EXPECT_LT(predicted(shift, 7, "auto", 1, {}).mean[0], 10);  // 54 before, 1.5 since
    EXPECT_LT(predicted(dead, 7, "auto", 1, {}).mean[0], 0.2);  // 2.5 before, 0 since
}

// A horizon after demand fell from 4 to a third, no method has forgotten what was before; those
// that were right lately count more.
TEST(Forecast, ADeclineIsSeenWithinAHorizon) {
    Values values;
    unsigned state = 5;
    const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 16; };
    for (int i = 0; i < 300; i++) values.push_back(random() % 3 != 0 ? 2 + state / 1048576 % 9 : 0);
    for (int i = 0; i < 28; i++) values.push_back(random() % 3 != 0 ? 0 : 1);
    EXPECT_LT(predicted(values, 28, "auto", 1, {}).mean[0], 1);
}

// A sale every third day, of which the sizes are given.
Values every_third(const Values &sizes) {
    Values values;
    for (const double size : sizes) values.insert(values.end(), {0, 0, size});
    return values;
}

TEST(Forecast, OneBigOrderIsNoLevelButManyAre) {
    Values sizes;
    for (int i = 0; i < 100; i++) sizes.push_back(2 + i % 3);
    const auto forecast = [&] { return predicted(every_third(sizes), 7, "auto", 1, {}).mean[0]; };
    const double before = forecast();
    EXPECT_NEAR(before, 1, 0.2);
    // An order a month ago is one of the usual size.
    sizes[90] = 1800;
    EXPECT_NEAR(forecast(), before, 0.15);
    // The third order is in the forecast with the others' share of all demand, a third more.
    sizes[30] = sizes[60] = sizes[90] = 60;
    EXPECT_NEAR(forecast(), before * 4 / 3, 0.2);
    // As the first of many it would not be a spike.
    for (int i = 88; i < 100; i++) sizes[i] = 30 + i % 3;
    EXPECT_NEAR(forecast(), 10, 4);
}

TEST(Forecast, FewSeasonsGetTheirMeanShape) {
    Values values;
    unsigned state = 3;
    for (int i = 0; i < 48; i++) {
        state = state * 1664525u + 1013904223u;
        values.push_back((i % 12 < 3 ? 60 : 20) + (state >> 16) % 15);
    }
    ModelRow rows[kMaxModelRows];
    const int count = describe(parse_choice("auto"), {view(values), 12, 12, {}}, rows);
    EXPECT_TRUE(std::any_of(rows, rows + count, [](const ModelRow &row) {
        return std::string(row.method) == "ses(alpha=0.2,start=first,profile=26)";
    }));
    const Prediction result = predicted(values, 12, "auto", 12, {});
    for (int h = 0; h < 12; h++) EXPECT_NEAR(result.mean[h], h < 3 ? 67 : 27, 8) << h;
}

// The fewer sales there were, the less is known about the next ones.
TEST(Forecast, SumsOfFewSalesHaveWiderTails) {
    const auto reach = [](const Values &values) {
        const Prediction sums = predicted(values, 28, "auto", 1, {0.5, 0.99}, true);
        return (sums.quantiles[55] - sums.mean[27]) / std::sqrt(sums.mean[27]);
    };
    Values often, seldom;
    for (int i = 0; i < 320; i++) {
        often.push_back(i % 2);
        seldom.push_back(i % 20 == 7);
    }
    EXPECT_GT(reach(seldom), 1.2 * reach(often));
}

// Two years of days with a weekly season, around 100, from a fixed sequence.
Values two_years(bool closed_once_a_week) {
    Values values;
    unsigned state = 7;
    for (int i = 0; i < 730; i++) {
        state = state * 1664525u + 1013904223u;
        const bool closed = closed_once_a_week && i % 7 == 6;
        values.push_back(closed ? 0 : 80 + i % 7 * 8 + (state >> 16) % 20);
    }
    return values;
}

TEST(Forecast, LongDenseHistoriesKeepTheirSeason) {
    Values values = two_years(false);
    const Prediction result = predicted(values, 28, "auto", 7, {0.5, 0.95});
    for (int h = 0; h < 28; h++) EXPECT_NEAR(result.mean[h], 89.5 + (730 + h) % 7 * 8, 4) << h;
    // A change of level three weeks ago is followed, and the season with it.
    for (std::size_t i = values.size() - 21; i < values.size(); i++) values[i] *= 2;
    const Prediction shifted = predicted(values, 7, "auto", 7, {});
    for (int h = 0; h < 7; h++) EXPECT_NEAR(shifted.mean[h], 179 + (730 + h) % 7 * 16, 40) << h;
}

TEST(Forecast, ModelsByTurnsAreNearTheBest) {
    for (const bool shifted : {false, true}) {
        Values values = two_years(false);
        for (int i = 400; shifted && i < 730; i++) values[i] += 30;
        for (const EtsForm &form :
             {EtsForm{'A', 'N', 'N', false, 1}, EtsForm{'A', 'A', 'N', true, 1},
              EtsForm{'A', 'N', 'A', false, 7}, EtsForm{'A', 'A', 'A', true, 7},
              EtsForm{'M', 'N', 'M', false, 7}}) {
            EtsModel quick, thorough;
            ASSERT_TRUE(ets_fit(form, view(values), {{}, true}, &quick));
            ASSERT_TRUE(ets_fit(form, view(values), {}, &thorough));
            EXPECT_LE(thorough.likelihood, quick.likelihood + 1e-6) << quick.name;
            // In units of its standard error, the one-step error differs by nothing.
            EXPECT_LE(quick.error, thorough.error * 1.02) << quick.name;
        }
    }
}

// With the parameters of the whole history, the errors at its origins are what they are with those
// that were found there.
TEST(Forecast, ParametersServeEarlierOrigins) {
    const Values values = two_years(false);
    const Job job{view(values), 7, 14, {}};
    for (const char *method :
         {"ses", "ets", "holt_damped", "holt_winters", "theta", "dynamic_theta"}) {
        const Choice choice = parse_choice(method);
        const Plan plan = make_plan(choice, job);
        ASSERT_GT(plan.origins.size(), 4u);
        for (std::size_t o = 0; o < plan.origins.size(); o++) {
            const Origin &origin = plan.origins[o];
            Values path(origin.steps);
            run_method(choice, {job.y.head(origin.length), 7, origin.steps, {}}, path.data());
            for (int h = 0; h < origin.steps; h++) {
                EXPECT_NEAR(plan.parts[0].origin_paths[o * 14 + h], path[h], 8) << method;
            }
        }
    }
}

TEST(Forecast, QuantilesHaveTheShapeOfTheWeek) {
    const Prediction result = predicted(two_years(true), 14, "auto", 7, {0.5, 0.95});
    for (int h = 0; h < 14; h++) {
        const bool closed = (730 + h) % 7 == 6;
        EXPECT_EQ(result.quantiles[h * 2 + 1] < 20, closed) << h;
    }
}

TEST(Forecast, ModelsWithoutZerosOnlyAndNoWildTrends) {
    const Values trend = awkward()[awkward().size() - 3];
    const Prediction far = predicted(trend, 3650, "holt", 1, {0.99});
    for (const double value : far.mean) ASSERT_LE(value, 10 * trend.back());
    ModelRow rows[kMaxModelRows];
    const Values zeros = {3, 0, 2, 5, 1, 4, 2, 0, 3, 1, 4, 2, 5, 1, 0, 2};
    ASSERT_EQ(describe(parse_choice("holt_winters_multiplicative"), {view(zeros), 4, 4, {}}, rows),
              1);
    EXPECT_STREQ(rows[0].model, "ETS(A,A,A)");
}

TEST(Forecast, SaysWhatItDid) {
    ModelRow rows[kMaxModelRows];
    ASSERT_EQ(describe(parse_choice("auto"), {view(Values(12, 0.0)), 1, 3, {}}, rows), 2);
    EXPECT_STREQ(rows[0].note, "no demand");
    const Values values = awkward()[14];
    const int count = describe(parse_choice("auto"), {view(values), 1, 7, {}}, rows);
    ASSERT_GT(count, 2);
    double weights = 0;
    for (int i = 1; i < count; i++) {
        weights += rows[i].weight;
        EXPECT_TRUE(i == 1 || rows[i].weight <= rows[i - 1].weight);
        EXPECT_NO_THROW(parse_choice(rows[i].method));
        EXPECT_GE(rows[i].errors.rmse, rows[i].errors.mae);
    }
    EXPECT_NEAR(weights, 1, 1e-12);
    EXPECT_GT(rows[0].errors.origins, 0);
}

// Periods after sums, means without quantiles, or a description between them: nothing is left over.
TEST(Forecast, AnswersEachQuestionAsIfItWereTheOnlyOne) {
    const double levels[] = {0.9, 0.5};
    for (const Values &values : awkward()) {
        const Job job{view(values), 7, 9, {}};
        const Choice choice = parse_choice("auto");
        Forecast forecast(choice, job);
        ModelRow rows[kMaxModelRows];
        for (const bool cumulative : {true, false, true}) {
            const Prediction apart = predict({job, choice, levels, 2, cumulative});
            EXPECT_EQ(forecast.predict({nullptr, 0, cumulative}).mean, apart.mean);
            const Prediction again = forecast.predict({levels, 2, cumulative});
            EXPECT_EQ(again.mean, apart.mean);
            EXPECT_EQ(again.quantiles, apart.quantiles);
            EXPECT_GT(forecast.describe(rows), 0);
        }
    }
}

TEST(Forecast, StopsWhenTold) {
    const Stop stop{[](void *) { return true; }, nullptr};
    const Values values = awkward()[13];
    for (const char *method : {"auto", "ets", "imapa"}) {
        const Request request{{view(values), 7, 7, stop}, parse_choice(method), nullptr, 0, false};
        EXPECT_THROW(predict(request), Stopped) << method;
    }
}

TEST(Forecast, ReadsAndWritesChoices) {
    for (const char *text :
         {"auto", "ses(alpha=0.3,start=mean)", "moving_average(window=12,profile=26)",
          "tsb(alpha=0.1,alpha_probability=0.05,start=mean_from_second)"}) {
        EXPECT_EQ(choice_text(parse_choice(text)), text);
    }
    EXPECT_EQ(choice_text(parse_choice("  ses ( alpha = 0.3 , start = mean ) ")),
              "ses(alpha=0.3,start=mean)");
    for (const char *text :
         {"", "foo", "ses(", "ses(alpha)", "ses(alpha=)", "ses(alpha=2)", "ses(beta=0.1)",
          "ses(alpha=nan)", "ses(alpha=0.1", "ses(start=last)", "ses(start=mean_from_second)",
          "moving_average(window=0)", "ses(,)", "(", "AUTO"}) {
        EXPECT_THROW(parse_choice(text), stockflow::Error) << text;
    }
}

TEST(Forecast, ClassifiesDemand) {
    const auto name = [](const Values &values) { return std::string(classify(view(values)).name); };
    EXPECT_EQ(name({1, 1, 1, 1}), "smooth");
    EXPECT_EQ(name({1, 9, 1, 1, 12, 1}), "erratic");
    EXPECT_EQ(name({0, 2, 0, 0, 2, 0, 2}), "intermittent");
    EXPECT_EQ(name({0, 1, 0, 0, 20, 0, 1}), "lumpy");
    EXPECT_EQ(name({0, 0, 3}), "single");
    EXPECT_EQ(name({0, 0}), "none");
    const Values single = {0, 0, 3};
    EXPECT_TRUE(std::isnan(classify(view(single)).cv2));
    EXPECT_EQ(classify(view(single)).adi, 3);
}

TEST(Distribution, CountQuantiles) {
    const auto poisson = [](double mean, double level) {
        return quantile({Measure::counts, mean, mean, 1}, level);
    };
    EXPECT_EQ(poisson(2, 0.5), 2);
    EXPECT_EQ(poisson(2, 0.95), 5);
    EXPECT_EQ(poisson(0.01, 0.99), 0);
    // Negative binomial with mean 2 and variance 6: size 1, so geometric with p = 1 / 3.
    const auto geometric = [](double level) { return quantile({Measure::counts, 2, 6, 1}, level); };
    EXPECT_EQ(geometric(0.33), 0);
    EXPECT_EQ(geometric(0.5), 1);
    EXPECT_EQ(geometric(0.95), 7);
    // The two ways of computing it agree where they meet.
    for (const double level : {0.1, 0.5, 0.9, 0.99}) {
        const double below = quantile({Measure::counts, 299.99, 900, 1}, level);
        const double above = quantile({Measure::counts, 300.01, 900, 1}, level);
        EXPECT_NEAR(below, above, 1);
    }
}

TEST(StockRules, TextbookNumbers) {
    const LeadTimeDemand demand{10, 4, 7, 2};
    EXPECT_NEAR(safety_stock(0.95, demand), 37.21878891765355, 1e-12);
    EXPECT_NEAR(reorder_point(0.95, demand), 107.21878891765354, 1e-12);
    EXPECT_NEAR(fill_rate(0.95, demand, 100), 0.9952724630375653, 1e-14);
    EXPECT_NEAR(economic_order_quantity(1300, 8, 0.225), 304.0467800264368, 1e-11);
    EXPECT_NEAR(newsvendor_quantity(50, 8, 0.18, 0.70), 56.60395592743389, 1e-12);
    EXPECT_EQ(safety_stock(0.95, {10, 0, 7, 0}), 0);
    EXPECT_EQ(fill_rate(0.95, {10, 0, 7, 0}, 1), 1);
}
