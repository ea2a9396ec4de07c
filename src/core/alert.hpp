// The rules of a low-stock alert: pure arithmetic on one product in one warehouse.
#pragma once

#include <cstdint>

namespace stockflow {

// A quantity that may be unset: unset is not zero.
struct OptionalQuantity {
    bool set;
    std::int64_t value;
};

enum class ThresholdSource { none, warehouse, product, category, company };

struct Threshold {
    ThresholdSource source;
    std::int64_t value;
};

// The reorder point: the first that is set of warehouse, product, category, company.
Threshold reorder_point(OptionalQuantity warehouse, OptionalQuantity product,
                        OptionalQuantity category, OptionalQuantity company);

const char *source_name(ThresholdSource source);

// What decides whether a product in a warehouse alerts.
struct AlertInput {
    std::int64_t available;  // on hand less reserved; buildable for a bundle
    Threshold threshold;
    std::int64_t net_demand;  // in the window
    int days_in_stock;        // in the window
    bool sold_before;         // ever
    bool recent_sales_only;   // leave out what has no net demand in the window ...
    bool include_stockouts;   // ... unless it could not be sold in the whole window
};

bool is_alert(const AlertInput &input);

inline constexpr int kNoStockoutDate = -1;

// floor(available / average daily demand): 0 when nothing is available, kNoStockoutDate without
// demand; capped at the largest integer.
int days_until_stockout(std::int64_t available, std::int64_t net_demand, int lookback_days);

// One supplier's terms for a product.
struct SupplierOffer {
    std::int64_t supplier_id;
    bool preferred;
    int cost_rank;       // 1 is the lowest unit cost; kUnknownCost when unset
    int lead_time_days;  // kUnknownLeadTime when unset
};

inline constexpr int kUnknownLeadTime = -1;
inline constexpr int kUnknownCost = -1;

// Index of the supplier to show: the preferred one; else the lowest cost that arrives before the
// stock-out; else the shortest lead time; ties by id. -1 when there is none.
int choose_supplier(const SupplierOffer *offers, int count, int days_until_stockout);

// A daily rate from fewer days than this is no basis for an order.
inline constexpr int kLeastDaysForRate = 7;

struct OrderInput {
    std::int64_t available, incoming, threshold;
    std::int64_t net_demand;       // in the window
    int days_in_stock;             // its divisor
    int cover_days;                // days of demand to order above the reorder point
    OptionalQuantity order_up_to;  // the product's own target
    OptionalQuantity minimum, pack;
    bool whole_units;
};

// What an order fills up to: the product's own target, or the reorder point and demand for
// cover_days; at least one unit above the reorder point.
std::int64_t order_target(const OrderInput &input);

// The quantity to order now: up to that target, less what is available and on order, raised to
// the minimum, rounded up to whole packs; 0 when what is on order suffices.
std::int64_t suggested_quantity(const OrderInput &input);

// Raises a quantity to the minimum and rounds it up to the pack (and to whole units).
std::int64_t order_quantity(std::int64_t needed, OptionalQuantity minimum, OptionalQuantity pack,
                            bool whole_units);

}  // namespace stockflow
