#include "bundle.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "error.hpp"
#include "quantity.hpp"

namespace stockflow {

namespace {

using LinesByBundle = std::map<std::int64_t, std::vector<const BundleLine *>>;
using NeedByProduct = std::map<std::int64_t, std::int64_t>;

// What one bundle needs; every bundle is worked out once, however often it is contained.
class Explosion {
  public:
    explicit Explosion(const LinesByBundle &lines) : lines_(lines) {}

    const NeedByProduct &of(std::int64_t bundle_id) {
        const auto done = done_.find(bundle_id);
        if (done != done_.end()) return done->second;
        if (open_.size() == kMaxBundleDepth) {
            throw Error(kTooComplex, "bundles are nested too deeply");
        }
        if (!open_.emplace(bundle_id, true).second) {
            throw Error(kRuleViolation, "bundle " + std::to_string(bundle_id) + " contains itself");
        }
        NeedByProduct needs;
        const auto found = lines_.find(bundle_id);
        if (found != lines_.end()) {
            for (const BundleLine *line : found->second) collect(*line, needs);
        }
        open_.erase(bundle_id);
        return done_.emplace(bundle_id, std::move(needs)).first->second;
    }

  private:
    void collect(const BundleLine &line, NeedByProduct &needs) {
        if (!line.component_is_bundle) {
            if (!line.component_is_stocked) return;
            std::int64_t &need = needs[line.component_id];
            need = add(need, line.quantity);
            return;
        }
        for (const auto &[product_id, quantity] : of(line.component_id)) {
            std::int64_t &need = needs[product_id];
            need = add(need, multiply(line.quantity, quantity));
        }
    }

    const LinesByBundle &lines_;
    std::map<std::int64_t, NeedByProduct> done_;
    std::map<std::int64_t, bool> open_;
};

}  // namespace

int explode(const BundleLine *lines, int count, std::int64_t bundle_id, ComponentNeed *needs) {
    LinesByBundle by_bundle;
    for (int i = 0; i < count; i++) by_bundle[lines[i].bundle_id].push_back(&lines[i]);
    Explosion explosion(by_bundle);
    int written = 0;
    for (const auto &[product_id, quantity] : explosion.of(bundle_id)) {
        needs[written++] = {product_id, quantity};
    }
    return written;
}

Buildable buildable(const ComponentNeed *needs, int count, const std::int64_t *available) {
    Buildable result{0, -1};
    for (int i = 0; i < count; i++) {
        std::int64_t bundles = available[i] / needs[i].quantity;
        if (available[i] < 0 && available[i] % needs[i].quantity != 0) bundles--;  // floor
        if (result.limiting < 0 || bundles < result.quantity) result = {bundles, i};
    }
    constexpr std::int64_t kMost = kQuantityLimit / kUnit - 1;
    result.quantity = std::clamp(result.quantity, -kMost, kMost) * kUnit;
    return result;
}

}  // namespace stockflow
