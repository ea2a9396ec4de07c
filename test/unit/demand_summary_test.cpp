// Demand and days in stock of a window: golden cases, and random histories against a naive model.
#include <cstdint>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "core/recent_days.hpp"

using namespace stockflow;

namespace {

// Where what leaves the window does not matter.
void add_movement(RecentDays &recent, std::int32_t day, const DayTotals &totals) {
    DayRecord leaving[kRecentDays];
    stockflow::add_movement(recent, day, totals, leaving);
}

DemandSummary summary(const RecentDays &recent, std::int64_t on_hand, int from, int to) {
    return summarise(recent.days, kRecentDays, recent.last_day, on_hand, from, to);
}

// One product's history, movement by movement, as a book-keeper would hold it.
struct History {
    std::map<int, DayTotals> days;
    std::int64_t on_hand = 0;

    void add(int day, const DayTotals &totals) {
        accumulate(days[day], totals);
        on_hand += totals.net_change();
    }

    // Walks forward from the first day, with the balance at each midnight.
    DemandSummary summarise_naively(int from, int to) const {
        DemandSummary result{0, 0};
        std::int64_t balance = 0;
        const int first = days.empty() ? from : std::min(days.begin()->first, from);
        for (int day = first; day <= to; day++) {
            const auto found = days.find(day);
            const DayTotals totals = found == days.end() ? DayTotals{} : found->second;
            const std::int64_t opening = balance;
            balance += totals.net_change();
            if (day < from) continue;
            result.net_demand += totals.net_demand();
            if (opening > 0 || balance > 0 || totals.demand > 0) result.days_in_stock++;
        }
        return result;
    }
};

}  // namespace

// Demand counts on both ends of the window and not beside it, returns are taken off.
TEST(DemandSummary, CutsTheWindow) {
    RecentDays recent = no_recent_days();
    for (const int day : {99, 100, 110, 129, 130}) add_movement(recent, day, {1, 0, 0});
    add_movement(recent, 110, {0, 3, 0});
    EXPECT_EQ(summary(recent, 50, 100, 129).net_demand, 0);
    EXPECT_EQ(summary(recent, 50, 99, 130).net_demand, 2);
    EXPECT_EQ(summary(recent, 50, 111, 129).net_demand, 1);
    EXPECT_EQ(summary(recent, 50, 130, 130).net_demand, 1);
    EXPECT_EQ(summary(recent, 50, 131, 140).net_demand, 0);
}

// A day is in stock when it opens or closes above zero or sells something; else it is a stock-out.
TEST(DemandSummary, CountsDaysInStock) {
    const struct {
        const char *what;
        std::int64_t on_hand;    // after the movements
        DayTotals movements[4];  // of days 3, 2, 1, 0
        int days_in_stock;       // of these four
    } cases[] = {
        {"never moved, full shelf", 5, {}, 4},
        {"never moved, empty shelf", 0, {}, 0},
        {"never moved, negative", -1, {}, 0},
        {"sold out on day 1", 0, {{}, {}, {5, 0, 0}, {}}, 2},
        {"received on day 2", 5, {{}, {0, 0, 5}, {}, {}}, 2},
        {"received and sold on day 2 alone", 0, {{}, {5, 0, 5}, {}, {}}, 1},
        {"received and written off on day 2", 0, {{}, {}, {}, {}}, 0},
        {"oversold on day 2", -5, {{}, {5, 0, 0}, {}, {}}, 1},
        {"returned on day 3", 2, {{0, 2, 0}, {}, {}, {}}, 1},
        {"sold on the last day", 0, {{5, 0, 0}, {}, {}, {}}, 4},
        {"out from day 1 to day 2, back on day 3", 1, {{0, 0, 1}, {}, {1, 0, 0}, {}}, 3},
    };
    for (const auto &c : cases) {
        EXPECT_EQ(summarise(c.movements, 4, 3, c.on_hand, 0, 3).days_in_stock, c.days_in_stock)
            << c.what;
    }
}

// A movement dated tomorrow is in the balance already, but today's window is as if it were not.
TEST(DemandSummary, LooksThroughTheFuture) {
    RecentDays recent = no_recent_days();
    add_movement(recent, 10, {0, 0, 4});
    add_movement(recent, 11, {4, 0, 0});
    const DemandSummary today = summary(recent, 0, 9, 10);
    EXPECT_EQ(today.net_demand, 0);
    EXPECT_EQ(today.days_in_stock, 1);
}

// Days since the last movement are as the balance left them.
TEST(DemandSummary, GoesOnAfterTheLastMovement) {
    RecentDays recent = no_recent_days();
    add_movement(recent, 10, {4, 0, 0});
    EXPECT_EQ(summary(recent, 3, 11, 40).days_in_stock, 30);
    EXPECT_EQ(summary(recent, 0, 11, 40).days_in_stock, 0);
    EXPECT_EQ(summary(recent, 0, 10, 40).days_in_stock, 1);
}

// Random histories of sales, returns, receipts, stock-outs and late entries.
TEST(DemandSummary, AgreesWithANaiveModel) {
    std::mt19937_64 random(2024);
    const auto below = [&](std::uint64_t limit) { return static_cast<int>(random() % limit); };
    int stockouts = 0, with_future = 0;
    for (int round = 0; round < 3'000; round++) {
        const int today = 1000 + below(50);
        History history;
        RecentDays recent = no_recent_days();
        const int movements = below(60);
        for (int i = 0; i < movements; i++) {
            const int day = today + 1 - below(70);
            DayTotals totals{};
            switch (below(4)) {
                case 0:
                    totals.other = below(9);
                    break;
                case 1:
                    totals.returned = below(3);
                    break;
                case 2:
                    totals.other = -below(4);
                    break;
                default:
                    totals.demand = below(6);
            }
            history.add(day, totals);
            add_movement(recent, day, totals);
        }
        const int from = today - below(30);
        if (recent.empty) recent.last_day = today;
        if (recent.last_day > today) with_future++;
        const DemandSummary expected = history.summarise_naively(from, today);
        const DemandSummary got = summary(recent, history.on_hand, from, today);
        if (expected.days_in_stock < today - from + 1) stockouts++;
        ASSERT_EQ(got.net_demand, expected.net_demand) << "round " << round;
        ASSERT_EQ(got.days_in_stock, expected.days_in_stock) << "round " << round;
    }
    EXPECT_GT(stockouts, 500);
    EXPECT_GT(with_future, 500);
}
