// The time of the year in daily demand.
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/forecast/forecast.hpp"
#include "core/forecast/year.hpp"

using namespace stockflow::forecasting;
using Values = std::vector<double>;

namespace {

constexpr int kYear = 364, kSteps = 28;

Series view(const Values &values) { return {values.data(), static_cast<int>(values.size())}; }

// Days of 20, or of `usual`, with some noise; in the eight weeks from `peak` on, each year, so many
// times as many.
Values days(int count, int peak = -1, double usual = 20, double times = 3) {
    std::mt19937 random(11);
    Values values;
    for (int day = 0; day < count; day++) {
        const bool high = peak >= 0 && (day % kYear - peak + kYear) % kYear < 56;
        values.push_back(std::poisson_distribution<int>((high ? times : 1) * usual)(random));
    }
    return values;
}

Values factors(const Values &values) {
    Values out(kSteps);
    YearShape(view(values)).factors(static_cast<int>(values.size()), kSteps, out.data());
    return out;
}

}  // namespace

TEST(YearShape, NeedsAYearAndFourWeeks) {
    EXPECT_FALSE(YearShape(view(days(kYear + 27, 40))).seen());
    EXPECT_TRUE(YearShape(view(days(kYear + 28, 40))).seen());
    EXPECT_FALSE(YearShape(view(Values(800, 5.0))).seen()) << "constant demand has no year";
}

// Peaks are 60 of 26 on the mean day, the rest of the year is 20: the more often, the surer.
TEST(YearShape, FollowsPeaks) {
    const Values once = factors(days(kYear + 100, 100)),
                 thrice = factors(days(3 * kYear + 100, 100));
    EXPECT_GT(once[20], 1.4);
    EXPECT_LT(once[20], 2);
    EXPECT_GT(thrice[20], 2.1);
    EXPECT_LT(thrice[20], 2.35);
    EXPECT_LT(thrice[0], thrice[10]) << "half of the four weeks around the first day are before it";
    EXPECT_NEAR(factors(days(3 * kYear + 156, 100))[20], 0.77, 0.05) << "after the peak";
    EXPECT_NEAR(factors(days(3 * kYear + 300, 100))[20], 0.77, 0.05) << "far from it";
}

TEST(YearShape, EvensTheHistoryOut) {
    const Values values = days(3 * kYear + 200, 100);
    const Values evened = YearShape(view(values)).evened(view(values));
    const auto mean = [](const Values &of, int from, int count) {
        return mean_of({of.data() + from, count});
    };
    for (int i = 0; i < kYear; i++) EXPECT_EQ(evened[i], values[i]) << "the first year: " << i;
    for (const int year : {1, 2, 3}) {
        const int peak = year * kYear + 100;
        EXPECT_GT(mean(values, peak, 56) / mean(values, peak - 84, 56), 2.5);
        const double left = mean(evened, peak, 56) / mean(evened, peak - 84, 56);
        EXPECT_LT(left, year == 1 ? 2 : 1.4) << year;
        EXPECT_GT(left, 0.9) << year;
    }
}

// What does not come again is not trusted, and noise is none.
TEST(YearShape, DistrustsWhatIsNotRepeated) {
    Values erratic = days(3 * kYear + 100);
    for (int i = 0; i < 3; i++) {  // a peak, each year at another time
        for (int day = 0; day < 56; day++) erratic[kYear * i + 40 + 90 * i + day] += 40;
    }
    for (int day = 0; day < 56; day++) erratic[2 * kYear + 100 + day] += 40;
    EXPECT_LT(factors(erratic)[20], 0.6 * factors(days(3 * kYear + 100, 100))[20]);
    for (const double factor : factors(days(3 * kYear))) EXPECT_NEAR(factor, 1, 0.06);
    for (const double factor : factors(days(kYear + 50, -1, 0.1))) EXPECT_NEAR(factor, 1, 0.15);
}

// Before the first sale it may not have been on sale: no zeros of a year.
TEST(YearShape, BeginsWithTheFirstSale) {
    const auto late = [](const Values &sold) {
        Values values(400, 0.0);
        values.insert(values.end(), sold.begin(), sold.end());
        return values;
    };
    EXPECT_FALSE(YearShape(view(late(days(kYear)))).seen());
    EXPECT_FALSE(YearShape(view(late({}))).seen());
    const Values sold = days(2 * kYear + 100, 100), all = late(sold);
    EXPECT_EQ(factors(all), factors(sold));
    const Values evened = YearShape(view(all)).evened(view(all));
    EXPECT_EQ(evened, late(YearShape(view(sold)).evened(view(sold))));
    Values before(kSteps);
    YearShape(view(all)).factors(300, kSteps, before.data());
    EXPECT_EQ(before, Values(kSteps, 1.0));
}

// A level that changed for good is no year, not even a year later.
TEST(YearShape, DistrustsWhatStayed) {
    for (const double before : {2.0, 50.0}) {
        for (const int since : {340, 350, 360, 370}) {
            Values values = days(400, -1, before);
            const Values after = days(since, -1, 10);
            values.insert(values.end(), after.begin(), after.end());
            const auto mean = [&](int season) {
                const Job job{view(values), season, kSteps, {}};
                return mean_of(view(plan_path(make_plan(parse_choice("auto"), job), job)));
            };
            EXPECT_NEAR(mean(7) / mean(5), 1, 0.15) << before << ", " << since;
        }
    }
}

// Changes too small to tell whether they are repeated: half of one, three quarters of the mean of
// three.
TEST(YearShape, TrustsTheMeanOfSeveralYearsMore) {
    const auto trust = [](int years) {
        const Values values = days(years * kYear + 100, 100, 2000, 1.1);
        return std::log(factors(values)[20]) / std::log(1.1 * kYear / (kYear + 5.6));
    };
    EXPECT_NEAR(trust(1), 0.5, 0.06);
    EXPECT_NEAR(trust(3), 0.75, 0.06);
}

TEST(YearShape, IsAboutSharesNotUnits) {
    Values values = days(2 * kYear + 100, 100);
    const Values units = factors(values);
    for (double &value : values) value *= 1000;
    const Values thousands = factors(values);
    for (int h = 0; h < kSteps; h++) EXPECT_NEAR(units[h], thousands[h], 1e-12);
}

// However few values and however many steps: finite and within the bounds.
TEST(YearShape, IsBounded) {
    for (const int count : {1, 392, 393, 755, 756, 757, 1200}) {
        const Values values = days(count, 5, 1, 100);
        Values out(1000);
        YearShape(view(values)).factors(count, 1000, out.data());
        for (const double factor : out) EXPECT_TRUE(factor >= 0.25 && factor <= 4) << count;
    }
}

TEST(YearShape, IsPutOnWhatAutoForecasts) {
    const Values values = days(2 * kYear + 100, 100);
    const auto plan_of = [&](const char *method, int season) {
        return make_plan(parse_choice(method), {view(values), season, kSteps, {}});
    };
    const Plan weekly = plan_of("auto", 7), other = plan_of("auto", 5);
    EXPECT_EQ(std::string(weekly.note), "with the time of the year");
    EXPECT_EQ(std::string(other.note), "");
    EXPECT_EQ(std::string(plan_of("tsb", 7).note), "")
        << "a method that was asked for stays itself";
    const Job job{view(values), 7, kSteps, {}};
    EXPECT_GT(plan_path(weekly, job)[20], 1.4 * plan_path(other, job)[20]);
}

// In the middle of a peak the latest demand has it already.
TEST(YearShape, IsNotPutOnTwice) {
    for (const double usual : {0.5, 20.0}) {
        const Values values = days(3 * kYear + 128, 100, usual);
        const Job job{view(values), 7, kSteps, {}};
        const double mean = mean_of(view(plan_path(make_plan(parse_choice("auto"), job), job)));
        EXPECT_GT(mean, 2.2 * usual);
        EXPECT_LT(mean, 3.8 * usual);
    }
}

// What the year explains is not uncertain.
TEST(YearShape, NarrowsQuantiles) {
    const Values values = days(3 * kYear + 330, 100, 0.5);
    const double level = 0.95;
    const auto spread = [&](int season) {
        const Prediction sums =
            predict({{view(values), season, kSteps, {}}, parse_choice("auto"), &level, 1, true});
        return sums.quantiles.back() - sums.mean.back();
    };
    EXPECT_LT(spread(7), 0.7 * spread(5));
}
