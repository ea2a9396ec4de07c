// From whom to order, and how much.
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/alert.hpp"
#include "core/quantity.hpp"

using namespace stockflow;

namespace {

constexpr OptionalQuantity kUnset{false, 0};

OptionalQuantity units(double value) {
    return {true, static_cast<std::int64_t>(value * static_cast<double>(kUnit))};
}

// An order for a product of whole units without cover, minimum and pack.
OrderInput simple_order(std::int64_t available, std::int64_t threshold) {
    return {available * kUnit, 0, threshold * kUnit, 0, 0, 0, kUnset, kUnset, kUnset, true};
}

}  // namespace

// The preferred one; else the cheapest that arrives in time; else the fastest; ties by id.
TEST(ChooseSupplier, InEveryBranch) {
    const struct {
        const char *what;
        std::vector<SupplierOffer> offers;  // id, preferred, cost rank, lead time
        int days;
        std::int64_t chosen;  // id, 0 for none
    } cases[] = {
        {"none", {}, 5, 0},
        {"preferred, though dear and late", {{1, false, 1, 1}, {2, true, 9, 99}}, 5, 2},
        {"preferred without terms", {{1, false, 1, 1}, {2, true, -1, -1}}, 5, 2},
        {"two preferred: lower id", {{7, true, 1, 1}, {3, true, 9, 9}, {5, true, 1, 1}}, 5, 3},
        {"cheapest in time", {{1, false, 2, 1}, {2, false, 1, 5}, {3, false, 3, 0}}, 5, 2},
        {"cheapest is a day late", {{1, false, 2, 5}, {2, false, 1, 6}}, 5, 1},
        {"arrives on the very day", {{1, false, 2, 0}, {2, false, 1, 5}}, 5, 2},
        {"same cost in time: lower id, not faster", {{4, false, 1, 1}, {2, false, 1, 5}}, 5, 2},
        {"no stock-out date: cheapest", {{1, false, 2, 1}, {2, false, 1, 999}}, kNoStockoutDate, 2},
        {"cost unknown: not cheapest", {{1, false, -1, 1}, {2, false, 3, 5}}, 5, 2},
        {"lead time unknown: not in time", {{1, false, 1, -1}, {2, false, 2, 5}}, 5, 2},
        {"nobody in time: fastest", {{1, false, 1, 9}, {2, false, 2, 7}}, 5, 2},
        {"nobody in time, same lead: lower id", {{8, false, 1, 7}, {6, false, 2, 7}}, 5, 6},
        {"known lead time before unknown", {{1, false, 1, -1}, {2, false, 9, 900}}, 5, 2},
        {"in time, but nobody names a cost: fastest", {{1, false, -1, 3}, {2, false, -1, 2}}, 5, 2},
        {"stock-out today, one delivers today", {{1, false, 1, 1}, {2, false, 2, 0}}, 0, 2},
        {"no lead times: lowest cost", {{1, false, 2, -1}, {2, false, 1, -1}}, 5, 2},
        {"no lead times, a cost unknown", {{1, false, -1, -1}, {2, false, 7, -1}}, 5, 2},
        {"nothing known: lower id", {{9, false, -1, -1}, {4, false, -1, -1}}, 5, 4},
    };
    for (const auto &c : cases) {
        const int count = static_cast<int>(c.offers.size());
        const int index = choose_supplier(c.offers.data(), count, c.days);
        EXPECT_EQ(index < 0 ? 0 : c.offers[index].supplier_id, c.chosen) << c.what;
        EXPECT_GE(index, -1) << c.what;
    }
}

// Golden numbers of semantics.md: minimum 15, pack of 3.
TEST(ChooseSupplier, SaysByWhichRule) {
    const struct {
        std::vector<SupplierOffer> offers;  // id, preferred, cost rank, lead time
        SupplierRule rule;
    } cases[] = {
        {{}, SupplierRule::none},
        {{{1, false, 1, 1}, {2, true, 9, 99}}, SupplierRule::preferred},
        {{{1, false, 2, 1}, {2, false, 1, 5}}, SupplierRule::lowest_cost_in_time},
        {{{1, false, 1, 9}, {2, false, 2, 7}}, SupplierRule::shortest_lead_time},
        {{{1, false, 2, -1}, {2, false, 1, -1}}, SupplierRule::lowest_cost},
        {{{1, false, -1, -1}}, SupplierRule::lowest_id},
    };
    for (const auto &c : cases) {
        SupplierRule rule = SupplierRule::none;
        choose_supplier(c.offers.data(), static_cast<int>(c.offers.size()), 5, &rule);
        EXPECT_STREQ(rule_text(rule), rule_text(c.rule));
    }
}

TEST(OrderQuantity, GoldenNumbers) {
    const struct {
        int asked, ordered;
    } cases[] = {{1, 15}, {6, 15}, {12, 15}, {13, 15}, {15, 15}, {16, 18}, {18, 18}};
    for (const auto &c : cases) {
        EXPECT_EQ(order_quantity(c.asked * kUnit, units(15), units(3), true), c.ordered * kUnit)
            << c.asked;
    }
}

// Minimum, pack and whole units, each alone and together.
TEST(OrderQuantity, RespectsEveryTerm) {
    const struct {
        const char *what;
        double asked;
        OptionalQuantity minimum, pack;
        bool whole;
        double ordered;
    } cases[] = {
        {"no terms", 1.5, kUnset, kUnset, false, 1.5},
        {"whole units", 1.5, kUnset, kUnset, true, 2},
        {"minimum 0", 1, units(0), kUnset, true, 1},
        {"minimum above", 1, units(10), kUnset, true, 10},
        {"minimum below", 11, units(10), kUnset, true, 11},
        {"minimum of a fraction, whole units", 1, units(2.5), kUnset, true, 3},
        {"minimum no multiple of the pack", 1, units(10), units(4), true, 12},
        {"pack of a fraction", 0.6, kUnset, units(0.5), false, 1},
        {"pack of a fraction, whole units", 3, kUnset, units(0.5), true, 3},
    };
    for (const auto &c : cases) {
        EXPECT_EQ(order_quantity(units(c.asked).value, c.minimum, c.pack, c.whole),
                  units(c.ordered).value)
            << c.what;
    }
}

// A product of whole units is never ordered in fractions, whatever the pack is.
TEST(OrderQuantity, StaysWholeWithAFractionalPack) {
    EXPECT_EQ(order_quantity(6 * kUnit, kUnset, units(2.5), true), 10 * kUnit);
}

// Up to order_up_to, or to reorder point plus cover; always above the reorder point.
TEST(SuggestedQuantity, ReachesItsTarget) {
    OrderInput plain = simple_order(3, 10);
    EXPECT_EQ(suggested_quantity(plain), 8 * kUnit) << "strictly above the reorder point";
    plain.available = 10 * kUnit;
    EXPECT_EQ(suggested_quantity(plain), 1 * kUnit) << "at the reorder point";
    plain.available = -4 * kUnit;
    EXPECT_EQ(suggested_quantity(plain), 15 * kUnit) << "negative stock is made up for";

    OrderInput up_to = simple_order(3, 10);
    up_to.order_up_to = units(40);
    EXPECT_EQ(suggested_quantity(up_to), 37 * kUnit);
    up_to.order_up_to = units(10);
    EXPECT_EQ(suggested_quantity(up_to), 8 * kUnit) << "a target at the reorder point is raised";
    up_to.order_up_to = units(0);
    EXPECT_EQ(suggested_quantity(up_to), 8 * kUnit) << "0 is a value, and too low a target";

    OrderInput cover = simple_order(3, 10);
    cover.net_demand = 60 * kUnit;
    cover.days_in_stock = 30;
    cover.cover_days = 14;
    EXPECT_EQ(suggested_quantity(cover), 35 * kUnit) << "10 + 14 days of 2 a day";
    cover.days_in_stock = 15;
    EXPECT_EQ(suggested_quantity(cover), 63 * kUnit) << "10 + 14 days of 4 a day";
    cover.cover_days = 0;
    EXPECT_EQ(suggested_quantity(cover), 8 * kUnit);
    cover.cover_days = 14;
    cover.days_in_stock = 0;
    EXPECT_EQ(suggested_quantity(cover), 8 * kUnit) << "no day, no average";
    cover.days_in_stock = 30;
    cover.net_demand = -kUnit;
    EXPECT_EQ(suggested_quantity(cover), 8 * kUnit) << "returns are no demand";
}

// What is on order comes off before minimum and pack are applied; never below 0.
TEST(SuggestedQuantity, TakesOffWhatIsOnOrder) {
    OrderInput order = simple_order(3, 10);
    order.minimum = units(15);
    order.pack = units(4);
    EXPECT_EQ(suggested_quantity(order), 16 * kUnit);
    order.incoming = 7 * kUnit;
    EXPECT_EQ(suggested_quantity(order), 16 * kUnit) << "one is missing, a minimum is ordered";
    order.incoming = 8 * kUnit;
    EXPECT_EQ(suggested_quantity(order), 0) << "enough is on order";
    order.incoming = 1000 * kUnit;
    EXPECT_EQ(suggested_quantity(order), 0);
}

// At the ends of the range nothing overflows.
TEST(SuggestedQuantity, HoldsAtTheEnds) {
    const std::int64_t most = kQuantityLimit - 1;
    OrderInput order{-most, 0, most, most, 1, 3650, kUnset, units(1), {true, most}, false};
    EXPECT_GT(suggested_quantity(order), 0);
    order.available = most;
    order.incoming = most;
    EXPECT_EQ(suggested_quantity(order), 0);
}

// Random orders: none negative, and with what is on order each passes the reorder point.
TEST(SuggestedQuantity, AlwaysPassesTheReorderPoint) {
    std::mt19937_64 random(11);
    const auto below = [&](int limit) { return static_cast<int>(random() % limit); };
    for (int round = 0; round < 5'000; round++) {
        OrderInput order = simple_order(below(60) - 20, below(50));
        order.incoming = below(40) * kUnit;
        order.net_demand = (below(90) - 10) * kUnit;
        order.days_in_stock = below(31);
        order.cover_days = below(60);
        if (below(2) == 0) order.order_up_to = units(below(100));
        if (below(2) == 0) order.minimum = units(below(30));
        if (below(2) == 0) order.pack = units(1 + below(12));
        const std::int64_t suggested = suggested_quantity(order);
        ASSERT_GE(suggested, 0);
        ASSERT_TRUE(is_whole(suggested));
        ASSERT_GT(order.available + order.incoming + suggested, order.threshold);
        if (suggested > 0 && order.minimum.set) {
            ASSERT_GE(suggested, order.minimum.value);
        }
        if (order.pack.set) {
            ASSERT_EQ(suggested % order.pack.value, 0);
        }
    }
}

TEST(SuggestedQuantity, PlanningSaysHowMuchAboveTheReorderPoint) {
    OrderInput order = simple_order(5, 10);
    order.order_up_to = {true, 99 * kUnit};
    order.order_quantity = {true, 40 * kUnit};
    EXPECT_EQ(order_target(order), 50 * kUnit);
    EXPECT_EQ(suggested_quantity(order), 45 * kUnit);
}
