// The order of alerts: most urgent first.
#pragma once

#include <cstdint>

namespace stockflow {

struct Urgency {
    int days_until_stockout;  // kNoStockoutDate comes last
    std::int64_t net_demand, available;
    std::int64_t product_id, warehouse_id;
    int index;  // of the alert
};

// By days until stock-out, then the faster seller, then the emptier shelf, then by key.
void order_by_urgency(Urgency *alerts, int count);

}  // namespace stockflow
