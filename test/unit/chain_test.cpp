// Replaying the ledger of one key.
#include <vector>

#include <gtest/gtest.h>

#include "core/chain.hpp"

using namespace stockflow;

namespace {

// Where what leaves the window does not matter.
void add_movement(RecentDays &recent, std::int32_t day, const DayTotals &totals) {
    DayRecord leaving[kRecentDays];
    stockflow::add_movement(recent, day, totals, leaving);
}

ChainEntry entry(std::int64_t version, std::int64_t delta, std::int64_t after,
                 DayTotals totals = {}, std::int64_t occurred_at = 0) {
    return {version, delta, after, 100, occurred_at, totals};
}

Chain replayed(const std::vector<ChainEntry> &entries) {
    Chain chain = empty_chain();
    DayRecord leaving[kRecentDays];
    for (const ChainEntry &one : entries) extend(chain, one, leaving);
    return chain;
}

}  // namespace

// A chain is sound, or says which of gap and broken balance it has; balance and length are sums.
TEST(Chain, FindsGapsAndBrokenBalances) {
    const struct {
        const char *what;
        std::vector<ChainEntry> entries;
        bool has_gap, is_broken;
        std::int64_t balance;
    } cases[] = {
        {"empty", {}, false, false, 0},
        {"sound", {entry(1, 5, 5), entry(2, -2, 3)}, false, false, 3},
        {"first missing", {entry(2, 5, 5)}, true, false, 5},
        {"middle missing", {entry(1, 5, 5), entry(3, -2, 3)}, true, false, 3},
        {"twice", {entry(1, 5, 5), entry(1, 1, 6)}, true, false, 6},
        {"wrong first balance", {entry(1, 5, 6)}, false, true, 5},
        {"wrong balance later", {entry(1, 5, 5), entry(2, 1, 7), entry(3, 1, 7)}, false, true, 7},
        {"both", {entry(1, 5, 5), entry(3, 1, 7)}, true, true, 6},
    };
    for (const auto &c : cases) {
        const Chain chain = replayed(c.entries);
        EXPECT_EQ(chain.has_gap, c.has_gap) << c.what;
        EXPECT_EQ(chain.is_broken, c.is_broken) << c.what;
        EXPECT_EQ(chain.balance, c.balance) << c.what;
        EXPECT_EQ(chain.length, static_cast<std::int64_t>(c.entries.size())) << c.what;
    }
}

// The last sale is the latest in the world, not in the ledger, and only demand is a sale.
TEST(Chain, KnowsTheLastSale) {
    const DayTotals sale{1, 0, 0}, back{0, 1, 0}, receipt{0, 0, 1};
    EXPECT_FALSE(replayed({entry(1, 1, 1, receipt, 9), entry(2, 1, 2, back, 9)}).sold);
    const Chain chain = replayed({entry(1, 9, 9, receipt, 90), entry(2, -1, 8, sale, -40),
                                  entry(3, -1, 7, sale, -20), entry(4, -1, 6, sale, -30),
                                  entry(5, 1, 7, back, 80)});
    EXPECT_TRUE(chain.sold);
    EXPECT_EQ(chain.sold_at, -20);
}

// The replay keeps the days as the trigger does.
TEST(Chain, KeepsTheDays) {
    RecentDays recent = no_recent_days();
    add_movement(recent, 100, {2, 0, 0});
    add_movement(recent, 100, {0, 0, 5});
    const Chain chain = replayed({entry(1, 5, 5, {0, 0, 5}), entry(2, -2, 3, {2, 0, 0})});
    EXPECT_TRUE(same_days(chain.recent, recent));
}

// Two windows are the same only when empty alike, with the same last day and the same totals.
TEST(Chain, ComparesDays) {
    RecentDays a = no_recent_days(), b = no_recent_days();
    EXPECT_TRUE(same_days(a, b));
    add_movement(a, 5, {1, 0, 0});
    EXPECT_FALSE(same_days(a, b));
    add_movement(b, 5, {1, 0, 0});
    EXPECT_TRUE(same_days(a, b));
    for (const DayTotals &more : {DayTotals{1, 0, 0}, DayTotals{0, 1, 0}, DayTotals{0, 0, 1}}) {
        RecentDays c = b;
        add_movement(c, 5 - kRecentDays + 1, more);
        EXPECT_FALSE(same_days(a, c));
    }
    RecentDays later = no_recent_days();
    add_movement(later, 6, {1, 0, 0});
    EXPECT_FALSE(same_days(a, later));
}
