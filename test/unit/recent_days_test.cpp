// The days kept next to a balance: movements, the moving window, and the stored bytes.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/chain.hpp"
#include "core/error.hpp"
#include "core/recent_days.hpp"

using namespace stockflow;

namespace {

// Where what leaves the window does not matter.
void add_movement(RecentDays &recent, std::int32_t day, const DayTotals &totals) {
    DayRecord leaving[kRecentDays];
    stockflow::add_movement(recent, day, totals, leaving);
}

using Bytes = std::vector<std::uint8_t>;

bool operator==(const DayTotals &a, const DayTotals &b) {
    return a.demand == b.demand && a.returned == b.returned && a.other == b.other;
}

Bytes encoded(const RecentDays &recent) {
    Bytes bytes(kMaxEncodedDays);
    bytes.resize(encode(recent, bytes.data()));
    return bytes;
}

// A number of any size and sign, small ones as often as large ones.
std::int64_t any_number(std::mt19937_64 &random) {
    const auto value = static_cast<std::int64_t>(random() >> (random() % 64));
    return random() % 2 == 0 ? value : -value;
}

RecentDays any_days(std::mt19937_64 &random) {
    RecentDays recent = no_recent_days();
    recent.empty = false;
    recent.last_day = static_cast<std::int32_t>(random() % 4'000'000) - 2'000'000;
    const int active = static_cast<int>(random() % (kRecentDays + 1));
    for (int i = 0; i < active; i++) {
        recent.days[i] = {any_number(random), any_number(random), any_number(random)};
    }
    return recent;
}

}  // namespace

// Only sale and consumption are demand, only return takes it back; names are exact.
TEST(RecentDays, KnowsTheKindOfAReason) {
    const struct {
        const char *reason;
        MovementKind kind;
    } cases[] = {
        {"sale", MovementKind::demand},
        {"consumption", MovementKind::demand},
        {"return", MovementKind::customer_return},
        {"receipt", MovementKind::other},
        {"transfer_out", MovementKind::other},
        {"count", MovementKind::other},
        {"write_off", MovementKind::other},
        {"supplier_return", MovementKind::other},
        {"sales", MovementKind::other},
        {"Sale", MovementKind::other},
        {"", MovementKind::other},
    };
    for (const auto &c : cases) EXPECT_EQ(movement_kind(c.reason), c.kind) << c.reason;
}

// A movement is split so that its day changes stock by delta and demand by its units.
TEST(RecentDays, SplitsAMovement) {
    const std::int64_t three = 3;
    const struct {
        MovementKind kind;
        std::int64_t delta;
        const std::int64_t *units;
        DayTotals totals;
    } cases[] = {
        {MovementKind::demand, -5, nullptr, {5, 0, 0}},
        {MovementKind::demand, 0, &three, {3, 0, 3}},  // a bundle's own entry
        {MovementKind::customer_return, 2, nullptr, {0, 2, 0}},
        {MovementKind::customer_return, 0, &three, {0, 3, -3}},
        {MovementKind::other, -7, nullptr, {0, 0, -7}},
        {MovementKind::other, 7, nullptr, {0, 0, 7}},
    };
    for (const auto &c : cases) {
        const DayTotals totals = movement_totals(c.kind, c.delta, c.units);
        EXPECT_TRUE(totals == c.totals) << c.delta;
        EXPECT_EQ(totals.net_change(), c.delta);
    }
}

// A later day moves the window by as many days; what falls out at the end is gone.
TEST(RecentDays, MovesTheWindow) {
    for (const int shift : {0, 1, 2, kRecentDays - 1, kRecentDays, kRecentDays + 1, 100'000}) {
        RecentDays recent = no_recent_days();
        for (int day = 0; day < kRecentDays; day++)
            add_movement(recent, 1000 + day, {day + 1, 0, 0});
        const int last = 1000 + kRecentDays - 1;
        add_movement(recent, last + shift, {0, 7, 0});
        EXPECT_EQ(recent.last_day, last + shift);
        for (int age = 0; age < kRecentDays; age++) {
            const int original = kRecentDays - 1 - (age - shift);  // the day it was filled with
            DayTotals expected = age < shift ? DayTotals{} : DayTotals{original + 1, 0, 0};
            if (age == 0) expected.returned += 7;
            EXPECT_TRUE(recent.days[age] == expected) << "shift " << shift << ", age " << age;
        }
    }
}

// A late movement is added to its day, to the last day of the window still, and not beyond.
TEST(RecentDays, AcceptsLateMovements) {
    RecentDays recent = no_recent_days();
    EXPECT_TRUE(recent.empty);
    add_movement(recent, -3, {1, 0, 0});
    EXPECT_FALSE(recent.empty);
    add_movement(recent, -3 - (kRecentDays - 1), {2, 0, 0});
    add_movement(recent, -3 - kRecentDays, {4, 0, 0});
    EXPECT_EQ(recent.last_day, -3);
    std::int64_t sum = 0;
    for (const DayTotals &day : recent.days) sum += day.demand;
    EXPECT_EQ(recent.days[kRecentDays - 1].demand, 2);
    EXPECT_EQ(sum, 3);
}

// The order in which movements become known does not matter.
TEST(RecentDays, DoesNotDependOnOrder) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; round++) {
        std::vector<std::pair<int, DayTotals>> movements;
        for (int i = 0; i < 40; i++) {
            movements.push_back(
                {static_cast<int>(random() % 60),
                 {static_cast<std::int64_t>(random() % 9), static_cast<std::int64_t>(random() % 3),
                  static_cast<std::int64_t>(random() % 5) - 2}});
        }
        RecentDays one = no_recent_days(), other = no_recent_days();
        for (const auto &[day, totals] : movements) add_movement(one, day, totals);
        std::shuffle(movements.begin(), movements.end(), random);
        for (const auto &[day, totals] : movements) add_movement(other, day, totals);
        EXPECT_TRUE(same_days(one, other));
    }
}

// What the window does not hold has left it: together they are all movements, whatever their order.
TEST(RecentDays, LosesNoDay) {
    std::mt19937_64 random(11);
    for (int round = 0; round < 300; round++) {
        RecentDays recent = no_recent_days();
        std::vector<DayRecord> left(1000);
        int count = 0;
        std::map<int, DayTotals> all;
        const int spread = 1 + static_cast<int>(random() % 200);
        for (int i = 0; i < 60; i++) {
            const int day = static_cast<int>(random() % spread) + (i / 20) * 25;
            const DayTotals totals{static_cast<std::int64_t>(random() % 3),
                                   static_cast<std::int64_t>(random() % 2),
                                   static_cast<std::int64_t>(random() % 5) - 2};
            DayRecord leaving[kRecentDays];
            const int leaves = stockflow::add_movement(recent, day, totals, leaving);
            for (int k = 0; k < leaves; k++) count = merge_day(left.data(), count, leaving[k]);
            accumulate(all[day], totals);
        }
        std::map<int, DayTotals> held;
        for (int k = 0; k < count; k++) {
            EXPECT_LE(left[k].day, recent.last_day - kRecentDays);
            if (k > 0) {
                EXPECT_LT(left[k - 1].day, left[k].day);
            }
            held[left[k].day] = left[k].totals;
        }
        for (int age = 0; age < kRecentDays; age++) {
            held[recent.last_day - age] = recent.days[age];
        }
        for (const auto &[day, totals] : all) EXPECT_TRUE(held[day] == totals) << day;
    }
}

// A day's totals that leave 64 bits are an error, not a wrong number.
TEST(RecentDays, RefusesOverflow) {
    DayTotals day{0, 0, std::numeric_limits<std::int64_t>::max()};
    EXPECT_THROW(accumulate(day, {0, 0, 1}), Error);
}

// The window reaches back exactly kRecentDays days; an empty one reaches back for ever.
TEST(RecentDays, KnowsWhatItCovers) {
    RecentDays recent = no_recent_days();
    EXPECT_TRUE(covers(recent, -1'000'000));
    add_movement(recent, 100, {1, 0, 0});
    EXPECT_TRUE(covers(recent, 100 - kRecentDays + 1));
    EXPECT_FALSE(covers(recent, 100 - kRecentDays));
}

// The stored form: nothing for no days, quiet days at the end left out, never above the maximum.
TEST(RecentDays, EncodesCompactly) {
    RecentDays recent = no_recent_days();
    EXPECT_EQ(encoded(recent), Bytes{});
    add_movement(recent, 1, {1, 0, -1});
    EXPECT_EQ(encoded(recent), (Bytes{1, 1, 0, 0, 0, 2, 0, 1}));
    const std::int64_t least = std::numeric_limits<std::int64_t>::min();
    for (DayTotals &day : recent.days) day = {least, least, least};
    EXPECT_EQ(encoded(recent).size(), kMaxEncodedDays);
}

// Whatever is encoded is decoded to the same days.
TEST(RecentDays, SurvivesARoundTrip) {
    std::mt19937_64 random(42);
    for (int round = 0; round < 2'000; round++) {
        const RecentDays recent = any_days(random);
        const Bytes bytes = encoded(recent);
        RecentDays back;
        ASSERT_TRUE(decode(bytes.data(), bytes.size(), &back));
        ASSERT_TRUE(same_days(recent, back));
    }
    RecentDays none;
    EXPECT_TRUE(decode(nullptr, 0, &none));
    EXPECT_TRUE(none.empty);
}

// A day that the server has no date for is not ours either.
TEST(RecentDays, RefusesOtherDays) {
    for (const std::int32_t day : {-2'147'483'647, -2'451'545, 2'147'483'647}) {
        RecentDays recent = no_recent_days();
        add_movement(recent, day, {1, 0, 0});
        const Bytes bytes = encoded(recent);
        EXPECT_FALSE(decode(bytes.data(), bytes.size(), &recent)) << day;
    }
}

// Bytes cut off within a day, or with something behind the last one, are not ours.
TEST(RecentDays, RefusesOtherLengths) {
    std::mt19937_64 random(43);
    for (int round = 0; round < 200; round++) {
        const Bytes bytes = encoded(any_days(random));
        for (std::size_t size = 1; size < bytes.size(); size++) {
            const Bytes part(bytes.begin(), bytes.begin() + size);  // ends where the heap ends
            RecentDays recent;
            if (!decode(part.data(), part.size(), &recent)) continue;
            ASSERT_EQ(encoded(recent).size() <= size, true);
        }
    }
    RecentDays full = no_recent_days(), recent;
    for (int day = 0; day < kRecentDays; day++) add_movement(full, day, {1, 1, 1});
    Bytes bytes = encoded(full);
    for (const int extra : {1, 2, 3}) {
        bytes.push_back(2);
        EXPECT_FALSE(decode(bytes.data(), bytes.size(), &recent)) << extra;
    }
    for (const Bytes &wrong :
         {Bytes{1}, Bytes{1, 0, 0, 0}, Bytes{0, 0, 0, 0, 0}, Bytes{2, 0, 0, 0, 0},
          Bytes{1, 0, 0, 0, 0, 2}, Bytes{1, 0, 0, 0, 0, 2, 2},
          Bytes{1, 0, 0, 0, 0, 0x80, 0x80, 0x80}}) {
        EXPECT_FALSE(decode(wrong.data(), wrong.size(), &recent)) << wrong.size();
    }
}

// Garbage never crashes: it is refused, or it is a value that can be stored again.
TEST(RecentDays, SurvivesGarbage) {
    std::mt19937_64 random(44);
    int refused = 0, accepted = 0;
    for (int round = 0; round < 50'000; round++) {
        Bytes bytes(random() % 60);
        for (std::uint8_t &byte : bytes) byte = static_cast<std::uint8_t>(random());
        if (!bytes.empty() && round % 2 == 0) bytes[0] = 1;
        if (round % 3 == 0) {
            for (std::uint8_t &byte : bytes) byte &= 0x7f;
        }
        RecentDays recent, again;
        if (!decode(bytes.data(), bytes.size(), &recent)) {
            refused++;
            continue;
        }
        accepted++;
        const Bytes stored = encoded(recent);
        ASSERT_TRUE(decode(stored.data(), stored.size(), &again));
        ASSERT_TRUE(same_days(recent, again));
    }
    EXPECT_GT(refused, 1'000);
    EXPECT_GT(accepted, 1'000);
}
