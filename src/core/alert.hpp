// The rules of a low-stock alert: pure arithmetic on one product in one warehouse.
#pragma once

#include <cstdint>

namespace stockflow {

// A quantity that may be unset: unset is not zero.
struct OptionalQuantity {
    bool set;
    std::int64_t value;
};

enum class ThresholdSource { none, warehouse, product, category, company, dynamic };

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

// Why a product in a warehouse alerts, or does not.
enum class Verdict { alert, no_reorder_point, above_reorder_point, no_recent_sales };

Verdict judge(const AlertInput &input);

const char *verdict_name(Verdict verdict);

// It could not be sold in the whole window, so that the window cannot show that it sells.
bool is_hidden_by_stockout(const AlertInput &input);

inline bool is_alert(const AlertInput &input) { return judge(input) == Verdict::alert; }

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
// Which of these it was goes to rule.
enum class SupplierRule {
    none,
    preferred,
    lowest_cost_in_time,
    shortest_lead_time,
    lowest_cost,
    lowest_id
};

int choose_supplier(const SupplierOffer *offers, int count, int days_until_stockout,
                    SupplierRule *rule = nullptr);

const char *rule_text(SupplierRule rule);

// A daily rate from fewer days than this is no basis for an order.
inline constexpr int kLeastDaysForRate = 7;

struct OrderInput {
    std::int64_t available, incoming, threshold;
    std::int64_t net_demand;          // in the window
    int days_in_stock;                // its divisor
    int cover_days;                   // days of demand to order above the reorder point
    OptionalQuantity order_up_to;     // the product's own target
    OptionalQuantity minimum, pack;
    bool whole_units;
    OptionalQuantity order_quantity = {false, 0};  // of planning, above the reorder point
};

// What available and incoming stock are to reach: the product's own target, else the reorder point
// plus the demand to cover; always strictly above the reorder point.
std::int64_t order_target(const OrderInput &input);

// The quantity to order now: up to a target strictly above the reorder point, less what is on
// order, raised to the minimum, rounded up to whole packs; 0 when what is on order suffices.
std::int64_t suggested_quantity(const OrderInput &input);

// Raises a quantity to the minimum and rounds it up to the pack (and to whole units).
std::int64_t order_quantity(std::int64_t needed, OptionalQuantity minimum, OptionalQuantity pack,
                            bool whole_units);

}  // namespace stockflow
