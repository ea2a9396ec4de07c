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

// Days of 20 with some noise; in the eight weeks from `peak` on, each year, three times as many.
Values days(int count, int peak = -1) {
    std::mt19937 random(11);
    Values values;
    for (int day = 0; day < count; day++) {
        const bool high = peak >= 0 && (day % kYear - peak + kYear) % kYear < 56;
        values.push_back(std::poisson_distribution<int>(high ? 60 : 20)(random));
    }
    return values;
}

Values factors(const Values &values, int *years = nullptr) {
    Values out(kSteps);
    const int found =
        YearShape(view(values)).factors(static_cast<int>(values.size()), kSteps, out.data());
    if (years != nullptr) *years = found;
    return out;
}

}  // namespace

TEST(YearShape, NeedsAYearAndFourWeeks) {
    int years = -1;
    EXPECT_EQ(factors(days(kYear + 27, 40), &years), Values(kSteps, 1.0));
    EXPECT_EQ(years, 0);
    factors(days(kYear + 28, 40), &years);
    EXPECT_EQ(years, 1);
    factors(days(3 * kYear + 27, 40), &years);
    EXPECT_EQ(years, 2);
    factors(Values(800, 5.0), &years);
    EXPECT_EQ(years, 0) << "constant demand has no year";
}

// Before last year's peak demand rises, after it it falls; the more, the more often it has.
TEST(YearShape, FollowsPeaks) {
    const Values once = factors(days(kYear + 100, 100)),
                 thrice = factors(days(3 * kYear + 100, 100));
    EXPECT_GT(once[20], 1.4);
    EXPECT_LT(once[20], 2.2);
    EXPECT_GT(thrice[20], once[20]);
    EXPECT_GT(thrice[20], 2.3);
    EXPECT_LE(thrice[20], 3.2);
    EXPECT_LT(once[0], once[20]) << "half of the four weeks around the first day lie before it";
    EXPECT_LT(factors(days(3 * kYear + 156, 100))[20], 0.5);
    EXPECT_NEAR(factors(days(3 * kYear + 300, 100))[20], 1, 0.05) << "far from the peak";
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
        const Values values = days(count, 5);
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
