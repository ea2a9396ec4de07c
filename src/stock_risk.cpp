// project_stock: what becomes of a stock, by a kept forecast and dated supply.
#include <algorithm>
#include <cmath>

#include "core/planning/projection.hpp"

#include "arguments.hpp"
#include "entry.hpp"
#include "forecast_input.hpp"
#include "rows.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kMaxDays = 100000;

[[noreturn]] void bad_array(const char *name, const char *rule) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be %s", name, rule)));
    pg_unreachable();
}

// A one-dimensional array of integers or numbers without NULLs.
template <typename T>
const T *array_argument(FunctionCallInfo fcinfo, int position, const char *name, int *count) {
    ArrayType *array = DatumGetArrayTypeP(Arguments(fcinfo).required(position, name));
    if (ARR_NDIM(array) > 1 || array_contains_nulls(array)) {
        bad_array(name, "an array of one dimension without nulls");
    }
    *count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    return reinterpret_cast<const T *>(ARR_DATA_PTR(array));
}

void check_amounts(const double *values, int count, const char *name) {
    for (int i = 0; i < count; i++) {
        if (!(values[i] >= 0 && values[i] < 1e100)) bad_array(name, "finite and at least 0");
    }
}

planning::KeptForecast forecast_argument(FunctionCallInfo fcinfo) {
    planning::KeptForecast kept = {};
    int quantile_count = 0;
    kept.daily_means = array_argument<double>(fcinfo, 1, "daily_means", &kept.daily_count);
    kept.steps = array_argument<int32>(fcinfo, 2, "steps", &kept.step_count);
    const Numbers levels = levels_argument(fcinfo, 3);
    kept.levels = levels.values;
    kept.level_count = levels.count;
    kept.quantiles = array_argument<double>(fcinfo, 4, "step_quantiles", &quantile_count);
    check_amounts(kept.daily_means, kept.daily_count, "daily_means");
    check_amounts(kept.quantiles, quantile_count, "step_quantiles");
    if (kept.daily_count < 1) bad_array("daily_means", "filled");
    if (kept.level_count < 2) bad_array("levels", "at least two");
    for (int i = 1; i < kept.level_count; i++) {
        if (kept.levels[i] <= kept.levels[i - 1]) bad_array("levels", "rising");
    }
    for (int i = 0; i < kept.step_count; i++) {
        if (kept.steps[i] <= (i == 0 ? 0 : kept.steps[i - 1])) bad_array("steps", "rising from 1");
    }
    if (kept.step_count < 1 || quantile_count != kept.step_count * kept.level_count) {
        bad_array("step_quantiles", "one for each of levels and steps");
    }
    return kept;
}

// Supplies by day; those of days that are over come today.
planning::Supply *supply_argument(FunctionCallInfo fcinfo, int *count) {
    int unit_count = 0;
    const int32 *days = array_argument<int32>(fcinfo, 6, "supply_days", count);
    const double *units = array_argument<double>(fcinfo, 7, "supply_units", &unit_count);
    if (*count != unit_count) bad_array("supply_units", "as many as supply_days");
    check_amounts(units, unit_count, "supply_units");
    auto *supplies = allocate<planning::Supply>(*count);
    for (int i = 0; i < *count; i++) supplies[i] = {Max(days[i], 0), units[i]};
    std::sort(supplies, supplies + *count,
              [](const planning::Supply &a, const planning::Supply &b) { return a.day < b.day; });
    return supplies;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// project_stock(available, daily_means, steps, levels, step_quantiles, age, supply_days,
//               supply_units, lead_days, wait_days) RETURNS TABLE(stockout_day, receipt_day,
//               stockout_probability, expected_shortage, later_shortage)
STOCKFLOW_FUNCTION(stockflow_project_stock) {
    const Arguments arguments(fcinfo);
    planning::ProjectionInput input = {};
    input.available = DatumGetFloat8(arguments.required(0, "available"));
    if (!std::isfinite(input.available)) bad_array("available", "finite");
    input.forecast = forecast_argument(fcinfo);
    input.forecast.age = arguments.integer(5, "age", 0, kMaxDays);
    input.supplies = supply_argument(fcinfo, &input.supply_count);
    input.lead_days = arguments.integer(8, "lead_days", 0, kMaxDays);
    input.wait_days = arguments.integer(9, "wait_days", 0, kMaxDays);
    const planning::Projection found = planning::project(input);
    Rows(fcinfo).put(
        {present_if(found.stockout_day != planning::kNever, Int32GetDatum(found.stockout_day)),
         present(Int32GetDatum(found.receipt_day)), present(Float8GetDatum(found.stockout_risk)),
         present(Float8GetDatum(found.shortage)), present(Float8GetDatum(found.later_shortage))});
    return 0;
}
