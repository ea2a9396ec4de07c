#include "stock_rules.hpp"

#include <algorithm>
#include <cmath>

#include "distribution.hpp"

namespace stockflow::forecasting {

double LeadTimeDemand::deviation() const {
    // hypot: squares of large numbers do not overflow on the way.
    return std::hypot(std::sqrt(lead_time_mean) * demand_deviation,
                      demand_mean * lead_time_deviation);
}

double safety_stock(double service_level, const LeadTimeDemand &demand) {
    return normal_quantile(service_level) * demand.deviation();
}

double reorder_point(double service_level, const LeadTimeDemand &demand) {
    return std::max(demand.mean() + safety_stock(service_level, demand), 0.0);
}

double fill_rate(double service_level, const LeadTimeDemand &demand, double order_quantity) {
    const double z = normal_quantile(service_level);
    // The expected shortage of a cycle, in standard deviations (the unit normal loss).
    const double loss = normal_density(z) - z * normal_probability(-z);
    const double short_units = demand.deviation() * std::max(loss, 0.0);
    return std::max(1 - short_units / order_quantity, 0.0);
}

double economic_order_quantity(double demand, double order_cost, double holding_cost) {
    return std::sqrt(2 * demand) * std::sqrt(order_cost / holding_cost);
}

double newsvendor_quantity(double demand_mean, double demand_deviation, double holding_cost,
                           double shortage_cost) {
    if (demand_deviation == 0) return demand_mean;
    const double ratio = shortage_cost / (holding_cost + shortage_cost);
    return std::max(demand_mean + normal_quantile(ratio) * demand_deviation, 0.0);
}

}  // namespace stockflow::forecasting
