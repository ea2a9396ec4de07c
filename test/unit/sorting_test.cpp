// The order in which rows are locked, and the order of alerts.
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
    order_by_urgency(alerts.data(), static_cast<int>(alerts.size()));
    for (std::size_t i = 0; i < alerts.size(); i++) {
        EXPECT_EQ(alerts[i].index, static_cast<int>(i)) << "place " << i;
    }
}
