// What auto's methods count in the forecast.
#include <vector>

#include <gtest/gtest.h>

#include "core/forecast/automatic.hpp"

using namespace stockflow::forecasting;
using Values = std::vector<double>;

namespace {

// 44 weeks around 20 that fall by a quarter in the last eight; `closed`: every that many weeks,
// nothing is sold.
Values weeks(int closed) {
    Values values;
    unsigned state = 11;
    for (int i = 0; i < 44; i++) {
        state = state * 1664525u + 1013904223u;
        const double sold = (i < 36 ? 20 : 15) + static_cast<double>((state >> 16) % 9);
        values.push_back(i % closed == closed - 1 ? 0 : sold);
    }
    return values;
}

double weight_of(const Plan &plan, const char *method) {
    for (const Part &part : plan.parts) {
        if (choice_text(part.choice) == method) return part.weight;
    }
    ADD_FAILURE() << method << " is not considered";
    return 0;
}

// How much a level counts for one of the steadiest.
double to_steady(const Values &values, const char *method) {
    const Job job{{values.data(), static_cast<int>(values.size())}, 1, 8, {}};
    const Plan plan = make_plan(parse_choice("auto"), job);
    return weight_of(plan, method) /
           weight_of(plan, "tsb(alpha=0.1,alpha_probability=0.05,start=mean)");
}

constexpr const char *kQuick = "tsb(alpha=0.2,alpha_probability=0.1,start=mean)";

TEST(Weights, LevelsOfAShortDenseHistoryCountByWhatIsKnownBefore) {
    EXPECT_NEAR(to_steady(weeks(100), kQuick), 3.0 / 5, 1e-9);
    EXPECT_NEAR(to_steady(weeks(100), "adida"), 4.0 / 5, 1e-9);
    EXPECT_NEAR(to_steady(weeks(100), "imapa"), 4.0 / 5, 1e-9);
}

TEST(Weights, WhereProductsMayDieTheErrorsDecide) { EXPECT_GT(to_steady(weeks(4), kQuick), 0.7); }

}  // namespace
