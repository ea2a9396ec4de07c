#include "alert.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

#include "quantity.hpp"

namespace stockflow {

Threshold reorder_point(OptionalQuantity warehouse, OptionalQuantity product,
                        OptionalQuantity category, OptionalQuantity company) {
    if (warehouse.set) return {ThresholdSource::warehouse, warehouse.value};
    if (product.set) return {ThresholdSource::product, product.value};
    if (category.set) return {ThresholdSource::category, category.value};
    if (company.set) return {ThresholdSource::company, company.value};
    return {ThresholdSource::none, 0};
}

const char *source_name(ThresholdSource source) {
    switch (source) {
        case ThresholdSource::warehouse:
            return "warehouse";
        case ThresholdSource::product:
            return "product";
        case ThresholdSource::category:
            return "category";
        case ThresholdSource::company:
            return "company";
        case ThresholdSource::dynamic:
            return "dynamic";
        default:
            return "none";
    }
}

bool is_hidden_by_stockout(const AlertInput &input) {
    return input.sold_before && input.available <= 0 && input.net_demand <= 0 &&
           input.days_in_stock == 0;
}

Verdict judge(const AlertInput &input) {
    if (input.threshold.source == ThresholdSource::none) return Verdict::no_reorder_point;
    if (input.available > input.threshold.value) return Verdict::above_reorder_point;
    if (!input.recent_sales_only || input.net_demand > 0) return Verdict::alert;
    if (input.include_stockouts && is_hidden_by_stockout(input)) return Verdict::alert;
    return Verdict::no_recent_sales;
}

const char *verdict_name(Verdict verdict) {
    switch (verdict) {
        case Verdict::alert:
            return "alert";
        case Verdict::no_reorder_point:
            return "no_reorder_point";
        case Verdict::above_reorder_point:
            return "above_reorder_point";
        default:
            return "no_recent_sales";
    }
}

int days_until_stockout(std::int64_t available, std::int64_t net_demand, int lookback_days) {
    if (available <= 0) return 0;
    if (net_demand <= 0) return kNoStockoutDate;
    const __int128 days = static_cast<__int128>(available) * lookback_days / net_demand;
    return static_cast<int>(std::min<__int128>(days, std::numeric_limits<int>::max()));
}

namespace {

auto by_cost(const SupplierOffer &o) { return std::make_tuple(o.cost_rank, o.supplier_id); }

// Cost only decides among suppliers none of whom says how long it takes.
auto by_lead_time(const SupplierOffer &o) {
    const bool unknown = o.lead_time_days == kUnknownLeadTime;
    return std::make_tuple(unknown, o.lead_time_days, unknown && o.cost_rank == kUnknownCost,
                           unknown ? o.cost_rank : 0, o.supplier_id);
}

// By what the last comparison has chosen.
SupplierRule last_rule(const SupplierOffer &o) {
    if (o.lead_time_days != kUnknownLeadTime) return SupplierRule::shortest_lead_time;
    return o.cost_rank != kUnknownCost ? SupplierRule::lowest_cost : SupplierRule::lowest_id;
}

// Index of the best offer that qualifies, or -1.
template <typename Qualifies, typename Key>
int best(const SupplierOffer *offers, int count, Qualifies qualifies, Key key) {
    int found = -1;
    for (int i = 0; i < count; i++) {
        if (qualifies(offers[i]) && (found < 0 || key(offers[i]) < key(offers[found]))) found = i;
    }
    return found;
}

}  // namespace

const char *rule_text(SupplierRule rule) {
    switch (rule) {
        case SupplierRule::preferred:
            return "preferred";
        case SupplierRule::lowest_cost_in_time:
            return "lowest cost of those that arrive before the stock-out";
        case SupplierRule::shortest_lead_time:
            return "shortest lead time";
        case SupplierRule::lowest_cost:
            return "lowest cost, as no lead time is known";
        case SupplierRule::lowest_id:
            return "lowest id, as neither cost nor lead time is known";
        default:
            return "no active supplier";
    }
}

int choose_supplier(const SupplierOffer *offers, int count, int days_until_stockout,
                    SupplierRule *rule) {
    SupplierRule unused;
    if (rule == nullptr) rule = &unused;
    *rule = SupplierRule::preferred;
    int chosen = best(
        offers, count, [](const SupplierOffer &o) { return o.preferred; },
        [](const SupplierOffer &o) { return o.supplier_id; });
    if (chosen >= 0) return chosen;

    const auto arrives_in_time = [=](const SupplierOffer &o) {
        return o.cost_rank != kUnknownCost && o.lead_time_days != kUnknownLeadTime &&
               (days_until_stockout == kNoStockoutDate || o.lead_time_days <= days_until_stockout);
    };
    chosen = best(offers, count, arrives_in_time, by_cost);
    *rule = SupplierRule::lowest_cost_in_time;
    if (chosen >= 0) return chosen;
    chosen = best(
        offers, count, [](const SupplierOffer &) { return true; }, by_lead_time);
    *rule = chosen < 0 ? SupplierRule::none : last_rule(offers[chosen]);
    return chosen;
}

std::int64_t order_quantity(std::int64_t needed, OptionalQuantity minimum, OptionalQuantity pack,
                            bool whole_units) {
    if (minimum.set) needed = std::max(needed, minimum.value);
    __int128 step = whole_units ? kUnit : 1;
    if (pack.set && pack.value > 0) {  // whole packs, and whole units of a fractional pack
        const __int128 both =
            step / std::gcd(static_cast<std::int64_t>(step), pack.value) * pack.value;
        if (both < kQuantityLimit) step = both;
    }
    return round_up(needed, static_cast<std::int64_t>(step));
}

std::int64_t order_target(const OrderInput &input) {
    std::int64_t target = input.threshold;
    if (input.order_quantity.set) {
        target = static_cast<std::int64_t>(std::min<__int128>(
            static_cast<__int128>(input.threshold) + input.order_quantity.value, kQuantityLimit));
    } else if (input.order_up_to.set) {
        target = input.order_up_to.value;
    } else if (input.net_demand > 0 && input.days_in_stock > 0) {
        const int days = std::max(input.days_in_stock, kLeastDaysForRate);
        const __int128 cover = static_cast<__int128>(input.net_demand) * input.cover_days / days;
        target = static_cast<std::int64_t>(std::min<__int128>(target + cover, kQuantityLimit));
    }
    return std::max(target, add(input.threshold, kUnit));  // strictly above the trigger
}

std::int64_t suggested_quantity(const OrderInput &input) {
    const std::int64_t needed = order_target(input) - input.available - input.incoming;
    if (needed <= 0) return 0;
    return order_quantity(needed, input.minimum, input.pack, input.whole_units);
}

}  // namespace stockflow
