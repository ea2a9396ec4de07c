// The order in which rows are locked, and the order of alerts.
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/alert.hpp"
#include "core/grouping.hpp"
#include "core/urgency.hpp"

using namespace stockflow;

// By product, then warehouse; within a key inflows first, else as in the request.
TEST(Grouping, OrdersLines) {
    std::vector<GroupedLine> lines = {
        {2, 1, -5, 0}, {1, 2, -1, 1}, {1, 1, -3, 2}, {1, 1, 4, 3},  {1, 1, -2, 4},
        {1, 1, 6, 5},  {1, 2, 0, 6},  {-7, 9, 1, 7}, {1, 2, -9, 8}, {2, 1, 5, 9},
    };
    order_lines(lines.data(), static_cast<int>(lines.size()));
    const int expected[] = {7, 3, 5, 2, 4, 6, 1, 8, 9, 0};
    for (std::size_t i = 0; i < lines.size(); i++) EXPECT_EQ(lines[i].index, expected[i]) << i;
}

// Each criterion decides when all before it are equal; no stock-out date comes last.
TEST(Urgency, OrdersAlerts) {
    std::vector<Urgency> alerts = {
        // days, demand, available, product, warehouse; the index is the place it should get
        {kNoStockoutDate, 0, 1, 1, 1, 9},
        {kNoStockoutDate, 0, 0, 9, 9, 8},
        {7, 100, 0, 1, 1, 7},
        {0, 50, 5, 3, 2, 3},
        {0, 50, 5, 3, 1, 2},
        {0, 50, 5, 2, 9, 1},
        {0, 50, 6, 1, 1, 4},
        {0, 51, 9, 9, 9, 0},
        {0, 49, -5, 1, 1, 5},
        {1, 1000, -9, 1, 1, 6},
    };
    const auto count = static_cast<int>(alerts.size());
    order_by_urgency(alerts.data(), count, count);
    for (std::size_t i = 0; i < alerts.size(); i++) {
        EXPECT_EQ(alerts[i].index, static_cast<int>(i)) << "place " << i;
    }
}

// Only the first are in order; what is behind them is not before them.
TEST(Urgency, OrdersTheFirst) {
    std::vector<Urgency> alerts;
    for (int i = 0; i < 100; i++) alerts.push_back({i * 37 % 100, 1, 1, 1, 1, i * 37 % 100});
    order_by_urgency(alerts.data(), 100, 10);
    for (int i = 0; i < 10; i++) EXPECT_EQ(alerts[i].index, i);
    for (int i = 10; i < 100; i++) EXPECT_GE(alerts[i].index, 10);
    order_by_urgency(alerts.data(), 100, 500);
    for (int i = 0; i < 100; i++) EXPECT_EQ(alerts[i].index, i);
}

// The stock lasts no shorter than its class says, whatever window of the recent days is looked at,
// and one class lower would say less than it could.
TEST(Urgency, ClassesAreBounds) {
    std::mt19937_64 random(7);
    int exact = 0;
    for (int round = 0; round < 20000; round++) {
        RecentDays recent = no_recent_days();
        recent.empty = false;
        recent.last_day = 5000;
        const std::int64_t most = std::int64_t{1} << (random() % 50);
        for (int age = 0; age < kRecentDays; age++) {
            if (random() % 3 == 0)
                recent.days[age].demand = static_cast<std::int64_t>(random() % most);
            if (random() % 9 == 0)
                recent.days[age].returned = static_cast<std::int64_t>(random() % most);
        }
        const auto available =
            static_cast<std::int64_t>(random() % (std::uint64_t{1} << (random() % 60))) - 3;
        const int urgency = urgency_class(available, recent);
        ASSERT_TRUE(urgency >= 0 && urgency < kUrgencyClasses);
        const int lookback = 1 + static_cast<int>(random() % kUrgencyWindow);
        const std::int32_t today = recent.last_day - 2 + static_cast<std::int32_t>(random() % 40);
        const DemandSummary window = summarise(recent.days, kRecentDays, recent.last_day, available,
                                               today - lookback + 1, today);
        const int days = days_until_stockout(available, window.net_demand, lookback);
        if (days != kNoStockoutDate) {
            ASSERT_GE(days, earliest_stockout(urgency, lookback));
            ASSERT_LT(urgency, kWithoutDemand);
        }
        if (lookback == kUrgencyWindow && days >= 0 && urgency < kWithoutDemand - 1) {
            exact += days < earliest_stockout(urgency + 1, lookback) ? 1 : 0;
        }
    }
    EXPECT_GT(exact, 20);
    EXPECT_EQ(earliest_stockout(kWithoutDemand, 1), std::numeric_limits<int>::max());
    EXPECT_EQ(earliest_stockout(0, 30), 0);
    EXPECT_EQ(earliest_stockout(4, 30), 8);
    EXPECT_EQ(earliest_stockout(4, 7), 1);
}
