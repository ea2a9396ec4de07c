// When a product alerts, and how urgently.
#include <limits>

#include <gtest/gtest.h>

#include "core/alert.hpp"
#include "core/quantity.hpp"

using namespace stockflow;

namespace {

constexpr OptionalQuantity kUnset{false, 0};

OptionalQuantity set(std::int64_t value) { return {true, value}; }

constexpr Threshold kTen{ThresholdSource::product, 10};

}  // namespace

// The nearest that is set wins; 0 is set, unset is not 0.
TEST(ReorderPoint, IsTheFirstThatIsSet) {
    const struct {
        OptionalQuantity warehouse, product, category, company;
        ThresholdSource source;
        std::int64_t value;
    } cases[] = {
        {set(1), set(2), set(3), set(4), ThresholdSource::warehouse, 1},
        {kUnset, set(2), set(3), set(4), ThresholdSource::product, 2},
        {kUnset, kUnset, set(3), set(4), ThresholdSource::category, 3},
        {kUnset, kUnset, kUnset, set(4), ThresholdSource::company, 4},
        {kUnset, kUnset, kUnset, kUnset, ThresholdSource::none, 0},
        {set(0), set(2), set(3), set(4), ThresholdSource::warehouse, 0},
        {kUnset, set(0), set(3), set(4), ThresholdSource::product, 0},
        {kUnset, kUnset, set(0), set(4), ThresholdSource::category, 0},
        {kUnset, kUnset, kUnset, set(0), ThresholdSource::company, 0},
        {set(1), kUnset, set(3), kUnset, ThresholdSource::warehouse, 1},
    };
    for (const auto &c : cases) {
        const Threshold got = reorder_point(c.warehouse, c.product, c.category, c.company);
        EXPECT_STREQ(source_name(got.source), source_name(c.source));
        EXPECT_EQ(got.value, c.value) << source_name(c.source);
    }
}

// Every source has the name that the column threshold_source shows.
TEST(ReorderPoint, NamesItsSource) {
    EXPECT_STREQ(source_name(ThresholdSource::warehouse), "warehouse");
    EXPECT_STREQ(source_name(ThresholdSource::product), "product");
    EXPECT_STREQ(source_name(ThresholdSource::category), "category");
    EXPECT_STREQ(source_name(ThresholdSource::company), "company");
    EXPECT_STREQ(source_name(ThresholdSource::none), "none");
}

// available <= reorder point, and recent sales, or a stock-out of the whole window.
TEST(IsAlert, AtEveryBoundary) {
    const Threshold zero{ThresholdSource::company, 0}, none{ThresholdSource::none, 0};
    const struct {
        const char *what;
        AlertInput input;  // available, threshold, net demand, days in stock, sold before,
                           // recent sales only, include stock-outs
        bool alert;
    } cases[] = {
        {"below", {9, kTen, 1, 30, true, true, true}, true},
        {"equal", {10, kTen, 1, 30, true, true, true}, true},
        {"above by a millionth", {11, kTen, 1, 30, true, true, true}, false},
        {"no reorder point", {-5, none, 1, 30, true, true, true}, false},
        {"no reorder point, all wanted", {-5, none, 1, 30, true, false, true}, false},
        {"reorder point 0, empty", {0, zero, 1, 30, true, true, true}, true},
        {"reorder point 0, one left", {1, zero, 1, 30, true, true, true}, false},
        {"negative stock", {-1, zero, 1, 30, true, true, true}, true},
        {"no demand", {5, kTen, 0, 30, true, true, true}, false},
        {"more returned than sold", {5, kTen, -1, 30, true, true, true}, false},
        {"no demand, all wanted", {5, kTen, 0, 30, true, false, true}, true},
        {"never sold, all wanted", {5, kTen, 0, 30, false, false, true}, true},
        {"above, all wanted", {11, kTen, 0, 30, true, false, true}, false},
        {"out all the window", {0, kTen, 0, 0, true, true, true}, true},
        {"out all the window, negative", {-3, kTen, 0, 0, true, true, true}, true},
        {"out all the window, switched off", {0, kTen, 0, 0, true, true, false}, false},
        {"out, but for one day", {0, kTen, 0, 1, true, true, true}, false},
        {"out all the window, never sold", {0, kTen, 0, 0, false, true, true}, false},
        {"all is reserved", {1, kTen, 0, 0, true, true, true}, false},
    };
    for (const auto &c : cases) EXPECT_EQ(is_alert(c.input), c.alert) << c.what;
}

TEST(Judge, NamesTheReasonOfSilence) {
    const Threshold none{ThresholdSource::none, 0};
    EXPECT_STREQ(verdict_name(judge({5, kTen, 1, 30, true, true, true})), "alert");
    EXPECT_STREQ(verdict_name(judge({-5, none, 0, 0, false, true, true})), "no_reorder_point");
    EXPECT_STREQ(verdict_name(judge({11, kTen, 0, 0, false, true, true})), "above_reorder_point");
    EXPECT_STREQ(verdict_name(judge({5, kTen, 0, 30, true, true, true})), "no_recent_sales");
}

// floor(available / (demand / days)): 0 with nothing available, none without demand, capped.
TEST(DaysUntilStockout, AtEveryBoundary) {
    const std::int64_t most = kQuantityLimit - 1;
    const struct {
        std::int64_t available, demand;
        int lookback, days;
    } cases[] = {
        {10 * kUnit, 30 * kUnit, 30, 10},
        {10 * kUnit + 1, 30 * kUnit, 30, 10},
        {10 * kUnit - 1, 30 * kUnit, 30, 9},
        {10, 300, 30, 1},
        {9, 300, 30, 0},
        {7, 100, 30, 2},  // 2.1
        {1, 1, 3650, 3650},
        {0, 300, 30, 0},
        {-1, 300, 30, 0},
        {0, 0, 30, 0},
        {-1, -1, 30, 0},
        {5, 0, 30, kNoStockoutDate},
        {5, -1, 30, kNoStockoutDate},
        {most, 1, 3650, std::numeric_limits<int>::max()},
        {most, most, 30, 30},
        {2147483647, 1, 1, 2147483647},
        {2147483648, 1, 1, 2147483647},
        {2147483646, 1, 1, 2147483646},
    };
    for (const auto &c : cases) {
        EXPECT_EQ(days_until_stockout(c.available, c.demand, c.lookback), c.days)
            << c.available << " / " << c.demand;
    }
}
