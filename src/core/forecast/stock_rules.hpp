// How much to keep and to order: textbook formulas for normally distributed demand.
#pragma once

namespace stockflow::forecasting {

// Demand per period and lead time in periods, by mean and standard deviation.
struct LeadTimeDemand {
    double demand_mean, demand_deviation, lead_time_mean, lead_time_deviation;

    double mean() const { return demand_mean * lead_time_mean; }
    double deviation() const;
};

// service_level: the probability of no stock-out before the delivery, above 0 and below 1.
double safety_stock(double service_level, const LeadTimeDemand &demand);
double reorder_point(double service_level, const LeadTimeDemand &demand);

// The share of demand met from stock, when the reorder point has that service level.
double fill_rate(double service_level, const LeadTimeDemand &demand, double order_quantity);

// Harris (1913).
double economic_order_quantity(double demand, double order_cost, double holding_cost);

// The quantity with the least expected cost of what is left over and what is short.
double newsvendor_quantity(double demand_mean, double demand_deviation, double holding_cost,
                           double shortage_cost);

}  // namespace stockflow::forecasting
