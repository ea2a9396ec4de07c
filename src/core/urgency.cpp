#include "urgency.hpp"

#include <algorithm>
#include <tuple>

#include "alert.hpp"

namespace stockflow {

namespace {

auto rank(const Urgency &alert) {
    return std::make_tuple(alert.days_until_stockout == kNoStockoutDate, alert.days_until_stockout,
                           -alert.net_demand, alert.available, alert.product_id,
                           alert.warehouse_id);
}

}  // namespace

void order_by_urgency(Urgency *alerts, int count) {
    std::sort(alerts, alerts + count,
              [](const Urgency &a, const Urgency &b) { return rank(a) < rank(b); });
}

}  // namespace stockflow
