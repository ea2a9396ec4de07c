// safety_stock, reorder_point, fill_rate, economic_order_quantity, newsvendor_quantity.
//
// These are declared STRICT: an unknown argument makes an unknown result.
#include <cmath>

#include "core/forecast/stock_rules.hpp"

#include "entry.hpp"

namespace stockflow {

namespace {

enum class Range { at_least_0, above_0, probability };

bool is_within(double value, Range range) {
    switch (range) {
        case Range::at_least_0:
            return value >= 0;
        case Range::above_0:
            return value > 0;
        default:
            return value > 0 && value < 1;
    }
}

double argument(FunctionCallInfo fcinfo, int position, const char *name, Range range) {
    const double value = DatumGetFloat8(fcinfo->args[position].value);
    if (!std::isfinite(value) || !is_within(value, range)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be %s, not %g", name,
                               range == Range::at_least_0 ? "finite and at least 0"
                               : range == Range::above_0  ? "finite and above 0"
                                                          : "above 0 and below 1",
                               value)));
    }
    return value;
}

double service_level(FunctionCallInfo fcinfo) {
    return argument(fcinfo, 0, "service_level", Range::probability);
}

forecasting::LeadTimeDemand lead_time_demand(FunctionCallInfo fcinfo) {
    return {argument(fcinfo, 1, "demand_mean", Range::at_least_0),
            argument(fcinfo, 2, "demand_sd", Range::at_least_0),
            argument(fcinfo, 3, "lead_time_mean", Range::at_least_0),
            argument(fcinfo, 4, "lead_time_sd", Range::at_least_0)};
}

Datum result(double value) {
    if (!std::isfinite(value)) {
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                        errmsg("the result is out of range")));
    }
    return Float8GetDatum(value);
}

}  // namespace

STOCKFLOW_FUNCTION(stockflow_safety_stock) {
    return result(forecasting::safety_stock(service_level(fcinfo), lead_time_demand(fcinfo)));
}

STOCKFLOW_FUNCTION(stockflow_reorder_point) {
    return result(forecasting::reorder_point(service_level(fcinfo), lead_time_demand(fcinfo)));
}

STOCKFLOW_FUNCTION(stockflow_fill_rate) {
    const double quantity = argument(fcinfo, 5, "order_quantity", Range::above_0);
    return result(
        forecasting::fill_rate(service_level(fcinfo), lead_time_demand(fcinfo), quantity));
}

STOCKFLOW_FUNCTION(stockflow_economic_order_quantity) {
    return result(
        forecasting::economic_order_quantity(argument(fcinfo, 0, "demand", Range::at_least_0),
                                             argument(fcinfo, 1, "order_cost", Range::at_least_0),
                                             argument(fcinfo, 2, "holding_cost", Range::above_0)));
}

STOCKFLOW_FUNCTION(stockflow_newsvendor_quantity) {
    return result(
        forecasting::newsvendor_quantity(argument(fcinfo, 0, "demand_mean", Range::at_least_0),
                                         argument(fcinfo, 1, "demand_sd", Range::at_least_0),
                                         argument(fcinfo, 2, "holding_cost", Range::above_0),
                                         argument(fcinfo, 3, "shortage_cost", Range::above_0)));
}

}  // namespace stockflow
