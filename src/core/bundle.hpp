// Bundles: exploding them into the stock they are made of, and what can be built.
#pragma once

#include <cstdint>

namespace stockflow {

// One line of a bundle; lines of the same component add up.
struct BundleLine {
    std::int64_t bundle_id;
    std::int64_t component_id;
    std::int64_t quantity;
    bool component_is_bundle;
    bool component_is_stocked;  // services are not, and limit nothing
};

// Units of a stocked product needed for one bundle.
struct ComponentNeed {
    std::int64_t product_id;
    std::int64_t quantity;
};

// Bundles are nested at most so deep; the trigger on product_bundles sees to it.
inline constexpr int kMaxBundleDepth = 32;

// Explodes nested bundles into needs, grouped and in order of product_id; needs has room for count
// entries. Returns how many. A cycle raises 23514, deeper nesting 54001.
int explode(const BundleLine *lines, int count, std::int64_t bundle_id, ComponentNeed *needs);

// How many whole bundles can be built, and which component limits that.
struct Buildable {
    std::int64_t quantity;  // whole bundles, in millionths
    int limiting;           // index of the need that limits it, -1 when nothing does
};

// The largest whole number of bundles that available (parallel to needs) allows.
Buildable buildable(const ComponentNeed *needs, int count, const std::int64_t *available);

}  // namespace stockflow
