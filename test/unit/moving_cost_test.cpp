// The moving average of a product's cost.
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/moving_cost.hpp"
#include "core/quantity.hpp"

using namespace stockflow;

namespace {

std::string text(UnitCost cost) {
    char out[kMaxCostText];
    format_cost(cost, out);
    return out;
}

CostedMovement receipt(double units, const char *cost) {
    return {static_cast<std::int64_t>(units * kUnit), true, true, parse_cost(cost)};
}
CostedMovement uncosted_receipt(double units) {
    return {static_cast<std::int64_t>(units * kUnit), true, false, 0};
}
CostedMovement other(double units) {
    return {static_cast<std::int64_t>(units * kUnit), false, false, 0};
}

// "on hand, of which costed, @ average"
std::string after(const std::vector<CostedMovement> &movements) {
    MovingCost stock = {};
    for (const CostedMovement &movement : movements) apply(stock, movement);
    const auto units = [](std::int64_t quantity) {
        return text(static_cast<UnitCost>(quantity) * 1'000'000'000'000);
    };
    return units(stock.quantity) + ", " + units(stock.costed()) + " @ " +
           (stock.known ? text(stock.average) : "?");
}

}  // namespace

TEST(UnitCost, IsReadAndWritten) {
    for (const char *same : {"0", "1", "-1", "12.5", "0.000001", "999999999999999.999999",
                             "0.000000000000000001", "-999999999999999.999999999999999999"}) {
        EXPECT_EQ(text(parse_cost(same)), same);
    }
    EXPECT_EQ(text(parse_cost("1.500000000000000000000")), "1.5");
    EXPECT_EQ(text(parse_cost("100")), "100");
    for (const char *bad : {"", "-", "NaN", "Infinity", "1e3", "1.2.3", " 1", "1000000000000000",
                            "0.0000000000000000001"}) {
        EXPECT_THROW(parse_cost(bad), Error) << bad;
    }
}

TEST(MovingCost, MixesReceiptsAndKeepsTheAverageOtherwise) {
    EXPECT_EQ(after({}), "0, 0 @ ?");
    EXPECT_EQ(after({receipt(10, "1"), receipt(10, "3")}), "20, 20 @ 2");
    EXPECT_EQ(after({receipt(10, "1"), receipt(10, "3"), other(-15)}), "5, 5 @ 2");
    EXPECT_EQ(after({receipt(10, "1"), receipt(10, "3"), other(-15), receipt(5, "4")}),
              "10, 10 @ 3");
    EXPECT_EQ(after({receipt(10, "1"), receipt(10, "3"), other(-15), other(3)}), "8, 8 @ 2");
    // An empty shelf starts anew with a receipt, and goes on at the last average with a return.
    EXPECT_EQ(after({receipt(10, "1"), other(-10), receipt(4, "7")}), "4, 4 @ 7");
    EXPECT_EQ(after({receipt(10, "1"), other(-10), other(4)}), "4, 4 @ 1");
    // 5/3, and 5/3 mixed with 1: (5 + 1) / 4
    EXPECT_EQ(after({receipt(1, "1"), receipt(2, "2")}), "3, 3 @ 1.666666666666666667");
    EXPECT_EQ(after({receipt(1, "1"), receipt(2, "2"), receipt(1, "1")}), "4, 4 @ 1.5");
    EXPECT_EQ(after({receipt(2, "2"), receipt(1, "1")}), "3, 3 @ 1.666666666666666667");
    // A cost of 0 is a cost.
    EXPECT_EQ(after({receipt(1, "5"), receipt(4, "0")}), "5, 5 @ 1");
}

TEST(MovingCost, KeepsUnknownCostsApart) {
    EXPECT_EQ(after({uncosted_receipt(4)}), "4, 0 @ ?");
    EXPECT_EQ(after({uncosted_receipt(4), receipt(6, "2")}), "10, 6 @ 2");
    EXPECT_EQ(after({uncosted_receipt(4), receipt(6, "2"), other(-3)}), "7, 6 @ 2");
    EXPECT_EQ(after({uncosted_receipt(4), receipt(6, "2"), other(-5)}), "5, 5 @ 2");
    EXPECT_EQ(after({receipt(6, "2"), uncosted_receipt(4), receipt(6, "4")}), "16, 12 @ 3");
    // Found before anything had a cost, and after.
    EXPECT_EQ(after({other(5)}), "5, 0 @ ?");
    EXPECT_EQ(after({other(5), receipt(5, "2"), other(5)}), "15, 10 @ 2");
}

TEST(MovingCost, LetsReceiptsMakeUpForShortagesFirst) {
    EXPECT_EQ(after({other(-5)}), "-5, 0 @ ?");
    EXPECT_EQ(after({receipt(1, "2"), other(-5)}), "-4, -4 @ 2");
    EXPECT_EQ(after({receipt(1, "2"), other(-5), receipt(3, "9")}), "-1, -1 @ 9");
    EXPECT_EQ(after({receipt(1, "2"), other(-5), receipt(4, "9")}), "0, 0 @ 9");
    EXPECT_EQ(after({receipt(1, "2"), other(-5), receipt(6, "9")}), "2, 2 @ 9");
    EXPECT_EQ(after({receipt(1, "2"), other(-5), receipt(6, "9"), receipt(2, "1")}), "4, 4 @ 5");
    EXPECT_EQ(after({other(-5), uncosted_receipt(3)}), "-2, 0 @ ?");
    EXPECT_EQ(after({other(-5), uncosted_receipt(7)}), "2, 0 @ ?");
    EXPECT_EQ(after({receipt(1, "2"), other(-3), other(5)}), "3, 3 @ 2");
}

TEST(MovingCost, StaysExactAtTheLimits) {
    const auto received = [](std::int64_t millionths, const char *cost) {
        return CostedMovement{millionths, true, true, parse_cost(cost)};
    };
    const std::int64_t most = 999'999'999'999 * kUnit;
    EXPECT_EQ(after({received(most, "999999999999999.999999"), received(most, "0")}),
              "1999999999998, 1999999999998 @ 499999999999999.9999995");
    // 999999999.999999 / 999999999999.000001
    EXPECT_EQ(after({received(most, "0"), received(1, "999999999999999")}),
              "999999999999.000001, 999999999999.000001 @ 0.001000000000000999");
    EXPECT_THROW(after(std::vector<CostedMovement>(10, received(most, "1"))), Error);
}

TEST(MovingCost, TakesReceiptsBackAtTheirCost) {
    const auto taken_back = [](double units, const char *cost) { return receipt(-units, cost); };
    EXPECT_EQ(after({receipt(10, "2"), receipt(10, "200"), taken_back(10, "200")}), "10, 10 @ 2");
    EXPECT_EQ(after({receipt(10, "200"), receipt(10, "2"), taken_back(10, "2")}), "10, 10 @ 200");
    // 10 at 3, of which 5 at 4 go back: 10 / 5. 8 at 4 are worth more than there is.
    EXPECT_EQ(after({receipt(10, "2"), receipt(10, "4"), other(-10), taken_back(5, "4")}),
              "5, 5 @ 2");
    EXPECT_EQ(after({receipt(10, "2"), receipt(10, "4"), other(-10), taken_back(8, "4")}),
              "2, 2 @ 3");
    // Units of unknown cost stay; all of the others, or more than there are, leave as usual.
    EXPECT_EQ(after({uncosted_receipt(4), receipt(4, "1"), receipt(4, "3"), taken_back(4, "3")}),
              "8, 4 @ 1");
    EXPECT_EQ(after({receipt(4, "3"), taken_back(4, "3")}), "0, 0 @ 3");
    EXPECT_EQ(after({receipt(4, "3"), taken_back(6, "3")}), "-2, -2 @ 3");
    EXPECT_EQ(after({other(-2), taken_back(2, "3")}), "-4, 0 @ ?");
    EXPECT_EQ(after({receipt(1, "1"), taken_back(1, "5"), other(1)}), "1, 1 @ 1");
    // What would be left of it is beyond all costs.
    const std::int64_t most = 999'999'999'999 * kUnit;
    EXPECT_EQ(after({{most, true, true, parse_cost("999999999999999")},
                     {1 - most, true, true, parse_cost("0")}}),
              "0.000001, 0.000001 @ 999999999999999");
}

// Against a plain calculation: mixed = (stock value + added value) / units.
TEST(MovingCost, AgreesWithValuesOverUnits) {
    std::mt19937 random(5);
    const auto any = [&](int most) { return static_cast<int>(random() % most); };
    MovingCost stock = {};
    long double quantity = 0, value = 0;
    for (int i = 0; i < 20'000; i++) {
        if (any(3) == 0) {
            const int units = 1 + any(50), cost = 1 + any(1000);
            apply(stock, {units * kUnit, true, true,
                          static_cast<UnitCost>(cost) * 10'000'000'000'000'000});
            quantity += units;
            value += units * cost / 100.0L;
        } else {
            const int units = static_cast<int>(any(30) % (static_cast<int>(quantity) + 1));
            apply(stock, {-units * kUnit, false, false, 0});
            if (quantity > 0) value -= value / quantity * units;
            quantity -= units;
        }
        ASSERT_EQ(stock.quantity, static_cast<std::int64_t>(quantity) * kUnit);
        if (quantity > 0) {
            ASSERT_NEAR(static_cast<double>(stock.average) / 1e18,
                        static_cast<double>(value / quantity), 1e-6);
        }
    }
}
