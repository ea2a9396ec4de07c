// Exploding bundles, and what can be built of them.
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "core/bundle.hpp"
#include "core/error.hpp"
#include "core/quantity.hpp"

using namespace stockflow;

namespace {

using Lines = std::vector<BundleLine>;

BundleLine part(std::int64_t bundle, std::int64_t product, std::int64_t units = 1) {
    return {bundle, product, units * kUnit, false, true};
}

BundleLine nested(std::int64_t bundle, std::int64_t inner, std::int64_t units = 1) {
    return {bundle, inner, units * kUnit, true, true};
}

BundleLine service(std::int64_t bundle, std::int64_t product) {
    return {bundle, product, kUnit, false, false};
}

std::vector<ComponentNeed> exploded(const Lines &lines, std::int64_t bundle_id) {
    std::vector<ComponentNeed> needs(lines.size() + 1);
    needs.resize(explode(lines.data(), static_cast<int>(lines.size()), bundle_id, needs.data()));
    return needs;
}

// How many bundles can be built when every component has that many units, in whole bundles.
std::int64_t built_of(const std::vector<ComponentNeed> &needs, std::int64_t units) {
    const std::vector<std::int64_t> available(needs.size(), units * kUnit);
    return buildable(needs.data(), static_cast<int>(needs.size()), available.data()).quantity /
           kUnit;
}

std::string sqlstate_of(const Lines &lines, std::int64_t bundle_id) {
    try {
        exploded(lines, bundle_id);
    } catch (const Error &error) {
        return error.sqlstate();
    }
    return "";
}

}  // namespace

// Golden numbers of semantics.md: a shared component of nested bundles, and two lines of one part.
TEST(Bundle, GoldenNumbers) {
    const auto shared = exploded({part(1, 3), nested(1, 2), part(2, 3)}, 1);
    ASSERT_EQ(shared.size(), 1u);
    EXPECT_EQ(shared[0].quantity, 2 * kUnit);
    EXPECT_EQ(built_of(shared, 10), 5);

    const auto twice = exploded({part(1, 3), part(1, 3)}, 1);
    ASSERT_EQ(twice.size(), 1u);
    EXPECT_EQ(built_of(twice, 218), 109);
}

// Needs are multiplied along every path, summed per product and sorted by product.
TEST(Bundle, ExplodesNestedBundles) {
    const Lines lines = {part(1, 9, 2),   nested(1, 2, 3), nested(1, 4, 1), part(2, 8, 5),
                         nested(2, 4, 2), part(4, 7, 10),  part(4, 9, 1),   part(99, 6, 1)};
    const auto needs = exploded(lines, 1);
    const std::vector<std::pair<std::int64_t, std::int64_t>> expected = {{7, 70}, {8, 15}, {9, 9}};
    ASSERT_EQ(needs.size(), expected.size());
    for (std::size_t i = 0; i < needs.size(); i++) {
        EXPECT_EQ(needs[i].product_id, expected[i].first);
        EXPECT_EQ(needs[i].quantity, expected[i].second * kUnit) << needs[i].product_id;
    }
}

// Fractions multiply exactly.
TEST(Bundle, ExplodesFractions) {
    const auto needs = exploded({{1, 2, kUnit / 4, true, true}, {2, 3, kUnit / 5, false, true}}, 1);
    ASSERT_EQ(needs.size(), 1u);
    EXPECT_EQ(needs[0].quantity, kUnit / 20);
}

// Services need nothing; a bundle of services only has no needs, and nothing limits it.
TEST(Bundle, IgnoresServices) {
    const auto needs = exploded({service(1, 5), part(1, 6, 2)}, 1);
    ASSERT_EQ(needs.size(), 1u);
    EXPECT_EQ(needs[0].product_id, 6);
    EXPECT_EQ(exploded({service(1, 5)}, 1).size(), 0u);
    EXPECT_EQ(buildable(nullptr, 0, nullptr).limiting, -1);
}

// A circle is 23514, also below the bundle asked for; a diamond is no circle.
TEST(Bundle, RefusesCycles) {
    EXPECT_EQ(sqlstate_of({nested(1, 1)}, 1), "23514");
    EXPECT_EQ(sqlstate_of({nested(1, 2), nested(2, 1)}, 1), "23514");
    EXPECT_EQ(sqlstate_of({nested(1, 2), nested(2, 3), nested(3, 2)}, 1), "23514");
    EXPECT_EQ(sqlstate_of({nested(1, 2), nested(1, 3), nested(2, 4), nested(3, 4), part(4, 5)}, 1),
              "");
}

// Needs that are too large, or too fine, are 22003.
TEST(Bundle, RefusesWhatCannotBeCounted) {
    EXPECT_EQ(sqlstate_of({nested(1, 2, 1'000'000), part(2, 3, 1'000'000)}, 1), "22003");
    EXPECT_EQ(sqlstate_of({{1, 2, 1, true, true}, {2, 3, 1, false, true}}, 1), "22003");
}

// A bundle shared on many levels is worked out once: 30 levels of two lines each, not 2^30 paths.
TEST(Bundle, IsFastOnSharedBundles) {
    Lines lines;
    for (int level = 1; level <= 30; level++) {
        lines.push_back(nested(level, level + 1));
        lines.push_back(nested(level, level + 1));
    }
    lines.push_back(part(31, 1000));
    const auto needs = exploded(lines, 1);
    ASSERT_EQ(needs.size(), 1u);
    EXPECT_EQ(needs[0].quantity, (std::int64_t{1} << 30) * kUnit);
}

// Whole bundles, the least of all components, named by its index; ties by the first.
TEST(Bundle, FindsTheLimitingComponent) {
    const ComponentNeed needs[] = {{1, 2 * kUnit}, {2, 3 * kUnit}, {3, kUnit / 2}};
    const struct {
        std::int64_t available[3];
        std::int64_t bundles;
        int limiting;
    } cases[] = {
        {{10, 9, 100}, 3, 1},    {{4, 9, 100}, 2, 0},     {{10, 100, 1}, 2, 2},
        {{6, 9, 100}, 3, 0},     {{1, 100, 100}, 0, 0},   {{0, 0, 0}, 0, 0},
        {{100, 100, -1}, -2, 2}, {{-1, 100, 100}, -1, 0}, {{-2, 100, 100}, -1, 0},
        {{-3, 100, 100}, -2, 0}, {{-3, -10, 100}, -4, 1},
    };
    for (const auto &c : cases) {
        std::int64_t available[3];
        for (int i = 0; i < 3; i++) available[i] = c.available[i] * kUnit;
        const Buildable got = buildable(needs, 3, available);
        EXPECT_EQ(got.quantity, c.bundles * kUnit) << c.available[0];
        EXPECT_EQ(got.limiting, c.limiting) << c.available[0];
    }
}

// A number of bundles stays a quantity, however small the need and however large the stock.
TEST(Bundle, BuildsNoMoreThanAQuantityHolds) {
    const ComponentNeed need{1, 1};
    const std::int64_t many = kQuantityLimit - 1, few = 1 - kQuantityLimit;
    EXPECT_EQ(buildable(&need, 1, &many).quantity, kQuantityLimit - kUnit);
    EXPECT_EQ(buildable(&need, 1, &few).quantity, kUnit - kQuantityLimit);
}

// A deep nest is exploded, or refused as too complex (54000, 54001); the stack is not exhausted.
TEST(Bundle, SurvivesDeepNests) {
    Lines lines;
    const int depth = 100'000;
    for (int level = 1; level < depth; level++) lines.push_back(nested(level, level + 1));
    lines.push_back(part(depth, depth + 1));
    const std::string sqlstate = sqlstate_of(lines, 1);
    EXPECT_TRUE(sqlstate.empty() || sqlstate.substr(0, 2) == "54") << sqlstate;
}
