// Planning: distributions by quantiles, days without stock, projections, replays, pictures.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/planning/accuracy.hpp"
#include "core/planning/backtest.hpp"
#include "core/planning/chart.hpp"
#include "core/planning/days.hpp"
#include "core/planning/plan.hpp"
#include "core/planning/projection.hpp"
#include "core/quantity.hpp"

namespace stockflow::planning {
namespace {

// Evenly spread between 0 and 100, as far as lines between levels can say.
const double kUniformLevels[] = {0.25, 0.5, 0.75, 0.999999};
const double kUniformValues[] = {25, 50, 75, 99.9999};
const Curve kUniform = {kUniformLevels, kUniformValues, 4};

TEST(Curve, ReadsBetweenLevels) {
    EXPECT_DOUBLE_EQ(kUniform.quantile(0), 0);
    EXPECT_DOUBLE_EQ(kUniform.quantile(0.1), 10);
    EXPECT_DOUBLE_EQ(kUniform.quantile(0.6), 60);
    EXPECT_DOUBLE_EQ(kUniform.probability(10), 0.1);
    EXPECT_DOUBLE_EQ(kUniform.probability(-1), 0);
    EXPECT_NEAR(kUniform.probability(1000), 1, 1e-6);
}

TEST(Curve, MomentsOfAnEvenSpread) {
    EXPECT_NEAR(kUniform.mean(), 50, 1e-3);
    EXPECT_NEAR(kUniform.variance(), 10000.0 / 12, 0.1);
    // Integral of (x - 80) / 100 from 80 to 100.
    EXPECT_NEAR(kUniform.expected_above(80), 2, 1e-3);
    EXPECT_NEAR(kUniform.expected_above(-10), 60, 1e-3);
}

TEST(Curve, TailFallsExponentially) {
    // An exponential distribution of mean 10, from its quantiles.
    std::vector<double> values;
    for (const double level : kLevels) values.push_back(-10 * std::log(1 - level));
    const Curve curve{kLevels, values.data(), kLevelCount};
    EXPECT_NEAR(curve.quantile(0.9999), -10 * std::log(0.0001), 1e-6);
    EXPECT_NEAR(1 - curve.probability(80), std::exp(-8), 1e-6);
    EXPECT_NEAR(curve.expected_above(80), 10 * std::exp(-8), 1e-5);
    EXPECT_NEAR(curve.mean(), 10, 0.2);
}

TEST(Curve, StandsStillAtZero) {
    const double levels[] = {0.5, 0.9, 0.99}, values[] = {0, 0, 0};
    const Curve curve{levels, values, 3};
    EXPECT_DOUBLE_EQ(curve.probability(0), 1);
    EXPECT_DOUBLE_EQ(curve.mean(), 0);
    EXPECT_DOUBLE_EQ(curve.variance(), 0);
    EXPECT_DOUBLE_EQ(curve.quantile(0.9999), 0);
    const double sparse[] = {0, 0, 3};
    EXPECT_DOUBLE_EQ((Curve{levels, sparse, 3}).probability(0), 0.9);
}

TEST(Mix, LiesBetweenItsParts) {
    std::vector<double> low(kLevelCount), high(kLevelCount), out(kLevelCount);
    for (int i = 0; i < kLevelCount; i++) low[i] = 100 * kLevels[i], high[i] = 200 * kLevels[i];
    const double *parts[] = {low.data(), high.data()};
    mix(parts, 2, out.data());
    const Curve curve{kLevels, out.data(), kLevelCount};
    // P(X <= 60) is (0.6 + 0.3) / 2 and P(X <= 120) (1 + 0.6) / 2.
    EXPECT_NEAR(curve.probability(60), 0.45, 0.02);
    EXPECT_NEAR(curve.quantile(0.8), 120, 2);
}

TEST(LeadTime, FixedAndSpread) {
    int days[kLeadPoints];
    lead_time_days({6.2, 0}, days);
    EXPECT_EQ(days[0], 7);
    EXPECT_EQ(days[kLeadPoints - 1], 7);
    lead_time_days({10, 3}, days);
    double sum = 0;
    for (const int day : days) sum += day;
    EXPECT_NEAR(sum / kLeadPoints, 10, 0.3);
    EXPECT_LT(days[0], 7);
    EXPECT_GT(days[kLeadPoints - 1], 14);
    EXPECT_EQ(horizon_of({0, 0}, 0), 1);
    EXPECT_EQ(horizon_of({7, 0}, 3), 10);
    EXPECT_EQ(horizon_of({5000, 10}, 0), kMostHorizon);
}

DayTotals sold(int units) { return {units * kUnit, 0, 0}; }
DayTotals received(int units) { return {0, 0, units * kUnit}; }
const DayTotals kQuiet = {0, 0, 0};

TEST(Days, WalksBackFromTheStock) {
    // Nothing, 5 come, 3 sold, 2 sold (empty now), nothing, 4 come; 1 of these is sold today.
    const DayTotals days[] = {kQuiet, received(5), sold(3), sold(2), kQuiet, received(4)};
    double units[6];
    bool available[6];
    DailyDemand demand{units, available, 6};
    EXPECT_EQ(read_days(days, 6, 3 * kUnit, -1 * kUnit, false, &demand), 1);
    ASSERT_EQ(demand.count, 5);
    EXPECT_EQ(std::vector<double>(demand.units, demand.units + 5),
              (std::vector<double>{0, 3, 2, 0, 0}));
    EXPECT_EQ(std::vector<bool>(demand.available, demand.available + 5),
              (std::vector<bool>{true, true, true, false, true}));
}

TEST(Days, ReturnsNeverMakeDemandNegative) {
    const DayTotals days[] = {received(5), {1 * kUnit, 2 * kUnit, 0}};
    double units[2];
    bool available[2];
    DailyDemand demand{units, available, 2};
    read_days(days, 2, 6 * kUnit, 0, false, &demand);
    EXPECT_DOUBLE_EQ(demand.units[1], 0);
}

TEST(Days, MissingDaysAreThoseOfTheSameWeekday) {
    std::vector<double> units = {1,  2,  3,  4, 5, 6,  7,  11, 12, 13, 14,
                                 15, 16, 17, 0, 0, 23, 24, 25, 26, 27, 0};
    bool available[22];
    for (int i = 0; i < 22; i++) available[i] = i != 14 && i != 15 && i != 21;
    DailyDemand demand{units.data(), available, 22};
    EXPECT_EQ(fill_missing(demand), 19);
    EXPECT_DOUBLE_EQ(units[14], 11);
    EXPECT_DOUBLE_EQ(units[15], 12);
    EXPECT_DOUBLE_EQ(units[21], 1);  // the second week of the gap takes the week before
}

TEST(Days, AGapAtTheBeginningLooksAhead) {
    double units[] = {0, 0, 3, 4, 5, 6, 7, 8, 9};
    bool available[] = {false, false, true, true, true, true, true, true, true};
    DailyDemand demand{units, available, 9};
    EXPECT_EQ(fill_missing(demand), 7);
    EXPECT_DOUBLE_EQ(units[0], 8);
    EXPECT_DOUBLE_EQ(units[1], 9);
}

TEST(Days, NothingKnownStaysAsItIs) {
    double units[] = {0, 0};
    bool available[] = {false, false};
    DailyDemand demand{units, available, 2};
    EXPECT_EQ(fill_missing(demand), 0);
}

TEST(Plan, ConstantDemandNeedsItsSum) {
    const std::vector<double> history(60, 4.0);
    DemandPlan plan;
    plan_demand({{history.data(), 60}, "auto", {5, 0}, 1, {}}, &plan);
    EXPECT_NEAR(plan.daily_means[0], 4, 1e-9);
    EXPECT_NEAR(plan.quantiles[kLevelCount / 2], 24, 1e-6);
    EXPECT_EQ(plan.step_count, 5);
    EXPECT_GE(plan.row_count, 1);
}

TEST(Plan, NoDemandIsNothing) {
    const double nothing = 0;
    DemandPlan plan;
    plan_demand({{&nothing, 1}, "auto", {7, 2}, 1, {}}, &plan);
    EXPECT_DOUBLE_EQ(plan.mean, 0);
    EXPECT_DOUBLE_EQ(plan.quantiles[kLevelCount - 1], 0);
}

TEST(Plan, ALeadTimeThatVariesNeedsMore) {
    std::vector<double> history;
    for (int i = 0; i < 200; i++) history.push_back(i % 3 == 0 ? 9 : 3);
    DemandPlan fixed, spread;
    plan_demand({{history.data(), 200}, "tsb", {10, 0}, 0, {}}, &fixed);
    plan_demand({{history.data(), 200}, "tsb", {10, 4}, 0, {}}, &spread);
    EXPECT_GT(spread.variance, fixed.variance);
    EXPECT_GT(spread.quantiles[kLevelCount - 3], fixed.quantiles[kLevelCount - 3]);
    EXPECT_NEAR(spread.mean, fixed.mean, 0.06 * fixed.mean);
}

// Demand of exactly two a day, for projections.
struct Steady {
    double means[7] = {2, 2, 2, 2, 2, 2, 2};
    int steps[2] = {1, 28};
    double levels[3] = {0.5, 0.9, 0.99};
    double quantiles[6] = {2, 2, 2, 56, 56, 56};
    ProjectionInput input(double available, int lead_days) const {
        return {{means, 7, steps, 2, quantiles, levels, 3, 0}, available, nullptr, 0, lead_days, 7};
    }
};

TEST(Project, UsesUpWhatThereIs) {
    const Steady steady;
    const Projection found = project(steady.input(10, 7));
    EXPECT_EQ(found.stockout_day, 4);  // 2 on each of the days 0 to 4
    EXPECT_EQ(found.receipt_day, 7);
    EXPECT_GT(found.stockout_risk, 0.6);
}

TEST(Project, SupplyInTimeHelps) {
    const Steady steady;
    const Supply supplies[] = {{3, 20}};
    ProjectionInput input = steady.input(10, 7);
    input.supplies = supplies;
    input.supply_count = 1;
    const Projection found = project(input);
    EXPECT_EQ(found.stockout_day, 14);
    EXPECT_EQ(found.receipt_day, 3);
    EXPECT_LT(found.shortage, project(steady.input(10, 7)).shortage);
}

TEST(Project, NothingAvailable) {
    const Steady steady;
    const Projection found = project(steady.input(0, 5));
    EXPECT_EQ(found.stockout_day, 0);
    EXPECT_DOUBLE_EQ(found.stockout_risk, 1);
    EXPECT_GT(found.later_shortage, found.shortage);
    EXPECT_NEAR(found.later_shortage - found.shortage, 14, 4);  // a week of two a day
}

TEST(Project, NoDemandNeverRunsOut) {
    Steady steady;
    for (double &mean : steady.means) mean = 0;
    for (double &quantile : steady.quantiles) quantile = 0;
    const Projection found = project(steady.input(1, 5));
    EXPECT_EQ(found.stockout_day, kNever);
    EXPECT_DOUBLE_EQ(found.stockout_risk, 0);
    EXPECT_DOUBLE_EQ(found.shortage, 0);
}

TEST(Replay, CountsByHand) {
    const double demand[] = {4, 4, 4, 4, 4};
    const double points[] = {3, 3, 3, 3, 3}, quantities[] = {5, 5, 5, 5, 5};
    // 8; day 0: 4 left. Day 1: 0 left, 8 ordered for day 3. Day 2: all lost. Day 3: 4. Day 4: 0.
    const ReplayResult result = replay({demand, 5}, 1, points, quantities);
    EXPECT_DOUBLE_EQ(result.demanded, 20);
    EXPECT_DOUBLE_EQ(result.sold, 16);
    EXPECT_EQ(result.stockout_days, 1);
    EXPECT_EQ(result.orders, 2);
    EXPECT_DOUBLE_EQ(result.average_stock(), 8.0 / 5);
    EXPECT_DOUBLE_EQ(result.fill_rate(), 0.8);
}

TEST(Backtest, DynamicFollowsAChangeOfLevel) {
    std::vector<double> history;
    for (int i = 0; i < 200; i++) history.push_back(i < 100 ? 2 : 10);
    const double covers[] = {7}, levels[] = {0.95};
    BacktestRequest request = {
        {history.data(), 200}, 90, 7, 5, 14, 0, covers, 1, levels, 1, "tsb", {}};
    EXPECT_NEAR(training_mean(request), 300.0 / 110, 0.5);
    ReplayResult results[3];
    backtest(request, results);
    EXPECT_GT(results[2].fill_rate(), results[1].fill_rate());
    EXPECT_GT(results[2].fill_rate(), 0.97);
    EXPECT_EQ(results[0].days, 90);
}

TEST(Accuracy, AConstantIsForecastExactly) {
    const std::vector<double> history(100, 3.0);
    const double levels[] = {0.5, 0.9};
    const Scores scores = score({{history.data(), 100}, "auto", 7, 14, 3, levels, 2, {}});
    EXPECT_EQ(scores.origins, 3);
    EXPECT_EQ(scores.scaled_origins, 0);  // nothing to scale by
    EXPECT_DOUBLE_EQ(scores.forecast, scores.demand);
    EXPECT_EQ(scores.covered[1], scores.steps);
}

TEST(Accuracy, TooShortForAnOrigin) {
    const std::vector<double> history(20, 3.0);
    const double levels[] = {0.5};
    EXPECT_EQ(score({{history.data(), 20}, "auto", 1, 14, 3, levels, 1, {}}).origins, 0);
}

TEST(Sparkline, BarsAndStroke) {
    const double values[] = {0, 1, 4, 8};
    EXPECT_EQ(sparkline(values, 4, 2, true), "▁▂│▅█");
    EXPECT_EQ(sparkline(values, 4, 2, false), "_.|=#");
    EXPECT_EQ(sparkline(values, 4, 0, false), "_.=#");
    const double nothing[] = {0, 0};
    EXPECT_EQ(sparkline(nothing, 2, 2, false), "__");
}

TEST(Chart, EscapesText) {
    const double values[] = {1, 2};
    const bool available[] = {true, false};
    ChartInput input = {};
    input.title = "A < B & \"C\"\x01";
    input.history = input.horizon = 2;
    input.demand = input.stock = input.mean = input.low = input.high = values;
    input.projected = input.projected_low = input.projected_high = values;
    input.available = available;
    input.band = "band";
    const std::string svg = chart_svg(input);
    EXPECT_NE(svg.find("A &lt; B &amp; &quot;C&quot;<"), std::string::npos);
    EXPECT_NE(svg.find("class=\"gap\""), std::string::npos);
    EXPECT_EQ(svg.find("reorder point"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
}

}  // namespace
}  // namespace stockflow::planning
