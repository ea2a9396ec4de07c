// First expired, first out.
#include <gtest/gtest.h>

#include "core/lots.hpp"

using namespace stockflow;

namespace {

TEST(Lots, FirstExpiredFirstOut) {
    Lot lots[] = {{5, 10}, {5, 20}, {5, kNeverExpires}};
    std::int64_t taken[3];
    EXPECT_EQ(take_from_lots(lots, 3, 7, kAnyDay, taken), 0);
    EXPECT_EQ(taken[0], 5);
    EXPECT_EQ(taken[1], 2);
    EXPECT_EQ(taken[2], 0);
    EXPECT_EQ(sum_of_lots(lots, 3), 8);
}

TEST(Lots, TheLastDayIsUsable) {
    Lot lots[] = {{5, 9}, {5, 10}, {5, 11}};
    std::int64_t taken[3];
    EXPECT_EQ(take_from_lots(lots, 3, 12, 10, taken), 2);
    EXPECT_EQ(taken[0], 0);
    EXPECT_EQ(taken[1], 5);
    EXPECT_EQ(taken[2], 5);
    EXPECT_EQ(lots[0].quantity, 5);
}

TEST(Lots, NothingThere) {
    EXPECT_EQ(take_from_lots(nullptr, 0, 3, kAnyDay, nullptr), 3);
    EXPECT_EQ(sum_of_lots(nullptr, 0), 0);
}

}  // namespace
