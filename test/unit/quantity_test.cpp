// Exact quantities: reading, arithmetic and rounding at every limit.
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/quantity.hpp"

using namespace stockflow;

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSmallest = std::numeric_limits<std::int64_t>::min();

// The SQLSTATE that a call raises; "" when it returns.
template <typename Call>
std::string sqlstate_of(Call call) {
    try {
        call();
    } catch (const Error &error) {
        return error.sqlstate();
    }
    return "";
}

}  // namespace

// The texts of numeric that are quantities, with the smallest and largest of them.
TEST(Quantity, ParsesExactly) {
    const struct {
        const char *text;
        std::int64_t millionths;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"0.000000", 0},
        {"1", 1'000'000},
        {"-12.50", -12'500'000},
        {"0.000001", 1},
        {"-0.000001", -1},
        {"1.0000000000", 1'000'000},
        {"0.1234560000000000", 123'456},
        {"000123.4", 123'400'000},
        {"999999999999", 999'999'999'999'000'000},
        {"999999999999.999999", 999'999'999'999'999'999},
        {"-999999999999.999999", -999'999'999'999'999'999},
    };
    for (const auto &c : cases) {
        std::int64_t value = -77;
        EXPECT_EQ(parse_quantity(c.text, &value), ParseStatus::ok) << c.text;
        EXPECT_EQ(value, c.millionths) << c.text;
    }
}

// What is no quantity is refused with its reason, and out is not written.
TEST(Quantity, RefusesWhatIsNoQuantity) {
    const struct {
        const char *text;
        ParseStatus status;
    } cases[] = {
        {"NaN", ParseStatus::not_finite},
        {"Infinity", ParseStatus::not_finite},
        {"-Infinity", ParseStatus::not_finite},
        {"", ParseStatus::not_finite},
        {"-", ParseStatus::not_finite},
        {"1000000000000", ParseStatus::out_of_range},
        {"-1000000000000", ParseStatus::out_of_range},
        {"1000000000000.0000001", ParseStatus::out_of_range},
        {"1000000000000000000000000000000", ParseStatus::out_of_range},
        {"99999999999999999999999999999999999999999999.5", ParseStatus::out_of_range},
        {"0.0000001", ParseStatus::too_many_decimals},
        {"-0.0000001", ParseStatus::too_many_decimals},
        {"999999999999.9999999", ParseStatus::too_many_decimals},
        {"0.000000001", ParseStatus::too_many_decimals},
    };
    for (const auto &c : cases) {
        std::int64_t value = -77;
        EXPECT_EQ(parse_quantity(c.text, &value), c.status) << c.text;
        EXPECT_EQ(value, -77) << c.text;
    }
}

// Only decimals that matter count.
TEST(Quantity, CountsSignificantDecimals) {
    const struct {
        const char *text;
        int decimals;
    } cases[] = {
        {"7", 0},    {"7.00", 0},        {"1.250", 2}, {"100", 0}, {"0.001", 3},
        {"-1.5", 1}, {"0.000000001", 9}, {"NaN", 0},   {"10.", 0},
    };
    for (const auto &c : cases) EXPECT_EQ(significant_decimals(c.text), c.decimals) << c.text;
}

// A sum is exact up to the ends of 64 bits and 22003 one step further.
TEST(Quantity, AddsUpToTheEnds) {
    const struct {
        std::int64_t a, b, sum;
        bool fits;
    } cases[] = {
        {2, -3, -1, true},
        {kLargest, 0, kLargest, true},
        {kLargest - 1, 1, kLargest, true},
        {kLargest, 1, 0, false},
        {kSmallest, -1, 0, false},
        {kSmallest + 1, -1, kSmallest, true},
        {kLargest, kSmallest, -1, true},
    };
    for (const auto &c : cases) {
        if (c.fits) {
            EXPECT_EQ(add(c.a, c.b), c.sum) << c.a << " + " << c.b;
        } else {
            EXPECT_EQ(sqlstate_of([&] { add(c.a, c.b); }), "22003") << c.a << " + " << c.b;
        }
    }
}

// A product is exact, or 22003 where it is too large or needs a seventh decimal.
TEST(Quantity, MultipliesExactly) {
    const struct {
        std::int64_t a, b, product;
        bool fits;
    } cases[] = {
        {2 * kUnit, 3 * kUnit, 6 * kUnit, true},
        {-2 * kUnit, 1'500'000, -3 * kUnit, true},
        {1, kUnit, 1, true},
        {1'000, 1'000, 1, true},
        {1'000, 1'001, 0, false},
        {1, 1, 0, false},
        {0, 1, 0, true},
        {kQuantityLimit - 1, kUnit, kQuantityLimit - 1, true},
        {1 - kQuantityLimit, kUnit, 1 - kQuantityLimit, true},
        {kUnit * 1'000'000, kUnit * 1'000'000, 0, false},
        {kUnit * -1'000'000, kUnit * 1'000'000, 0, false},
        {kQuantityLimit - kUnit, kQuantityLimit - kUnit, 0, false},
    };
    for (const auto &c : cases) {
        if (c.fits) {
            EXPECT_EQ(multiply(c.a, c.b), c.product) << c.a << " * " << c.b;
        } else {
            EXPECT_EQ(sqlstate_of([&] { multiply(c.a, c.b); }), "22003") << c.a << " * " << c.b;
        }
    }
}

// Rounding up keeps what is a multiple already, and raises 22003 where the multiple does not fit.
TEST(Quantity, RoundsUp) {
    const struct {
        std::int64_t value, step, rounded;
    } cases[] = {{1, 3, 3}, {3, 3, 3}, {4, 3, 6}, {7, 1, 7}, {kLargest, 1, kLargest}};
    for (const auto &c : cases) EXPECT_EQ(round_up(c.value, c.step), c.rounded) << c.value;
    EXPECT_EQ(sqlstate_of([] { round_up(kLargest, 2); }), "22003");
}

// A share is exact, whatever the product in between; what would need a seventh decimal is 22003.
TEST(Quantity, Shares) {
    const std::int64_t most = kQuantityLimit - 1;
    const struct {
        std::int64_t quantity, part, whole, share;
    } cases[] = {{6 * kUnit, kUnit, 3 * kUnit, 2 * kUnit},
                 {6 * kUnit, 0, 3 * kUnit, 0},
                 {most, most, most, most},
                 {most, 1, most, 1},
                 {1, 2 * kUnit, 2 * kUnit, 1},
                 {kUnit, 1, 2, kUnit / 2}};
    for (const auto &c : cases) EXPECT_EQ(share(c.quantity, c.part, c.whole), c.share);
    EXPECT_EQ(sqlstate_of([] { share(1, 1, 2); }), "22003");
    EXPECT_EQ(sqlstate_of([] { share(kQuantityLimit, 1, 1); }), "22003");
}

// Whole means no millionths, for either sign.
TEST(Quantity, KnowsWholeUnits) {
    EXPECT_TRUE(is_whole(0));
    EXPECT_TRUE(is_whole(kUnit));
    EXPECT_TRUE(is_whole(-5 * kUnit));
    EXPECT_FALSE(is_whole(kUnit + 1));
    EXPECT_FALSE(is_whole(-1));
}

// The stored form of numeric, as PostgreSQL writes it on a little-endian machine.
TEST(Quantity, EncodesNumeric) {
    const struct {
        std::int64_t millionths;
        std::vector<std::uint16_t> stored;
    } cases[] = {
        {0, {0x8000}},
        {kUnit, {0x8000, 1}},
        {-kUnit, {0xA000, 1}},
        {10'000 * kUnit, {0x8001, 1}},
        {12'340'000 * kUnit, {0x8001, 1234}},
        {12'345'678 * kUnit, {0x8001, 1234, 5678}},
        {kUnit / 2, {0x80FF, 5000}},
        {1'250'000, {0x8100, 1, 2500}},
        {5, {0x837E, 500}},
        {1, {0x837E, 100}},
        {10'000, {0x817F, 100}},
        {1'000'005, {0x8300, 1, 0, 500}},
        {-123'456'789'012'345'678, {0xA302, 1234, 5678, 9012, 3456, 7800}},
        {kQuantityLimit - 1, {0x8302, 9999, 9999, 9999, 9999, 9900}},
    };
    for (const auto &c : cases) {
        std::uint8_t bytes[kMaxNumericSize];
        const std::size_t size = encode_numeric(c.millionths, bytes);
        std::vector<std::uint16_t> stored(size / 2);
        std::memcpy(stored.data(), bytes, size);
        EXPECT_EQ(stored, c.stored) << c.millionths;
        std::int64_t decoded = -1;
        EXPECT_TRUE(decode_numeric(bytes, size, &decoded));
        EXPECT_EQ(decoded, c.millionths);
    }
}

TEST(Quantity, StoredFormGoesRoundAndRefusesTheRest) {
    std::mt19937_64 random(3);
    for (int i = 0; i < 200'000; i++) {
        const auto value = static_cast<std::int64_t>(random() % kQuantityLimit >> (random() % 60));
        const std::int64_t quantity = random() % 2 == 0 ? value : -value;
        std::uint8_t bytes[kMaxNumericSize];
        const std::size_t size = encode_numeric(quantity, bytes);
        std::int64_t decoded = -1;
        ASSERT_TRUE(decode_numeric(bytes, size, &decoded));
        ASSERT_EQ(decoded, quantity);
    }
    const std::vector<std::uint16_t> refused[] = {
        {},  // nothing
        {0xC000},
        {0xD000},
        {0xF000},         // NaN and the infinities
        {0x0000, 0, 1},   // the long form
        {0x8003, 1},      // a trillion
        {0x837E, 550},    // seven decimals
        {0x83FD, 1},      // twelve decimals
        {0x8000, 10000},  // no digit to the base of 10,000, as in a damaged row
        {0x8000, 0xFFFF},
    };
    for (const auto &stored : refused) {
        std::int64_t decoded = -1;
        EXPECT_FALSE(decode_numeric(reinterpret_cast<const std::uint8_t *>(stored.data()),
                                    stored.size() * 2, &decoded));
    }
}

TEST(Quantity, DividesHalfAwayFromZero) {
    EXPECT_EQ(divide(10, 4), 3);
    EXPECT_EQ(divide(-10, 4), -3);
    EXPECT_EQ(divide(9, 4), 2);
    EXPECT_EQ(divide(50 * kUnit, 30), 1'666'667);
    EXPECT_EQ(divide(0, 30), 0);
    EXPECT_EQ(divide(7, 1), 7);
    EXPECT_EQ(divide(-1, 3), 0);
}
