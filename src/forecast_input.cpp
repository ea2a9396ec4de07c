#include "forecast_input.hpp"

#include <cmath>

#include "arguments.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// A float8[] of one dimension without NULLs.
Numbers numbers(FunctionCallInfo fcinfo, int position, const char *name) {
    const Datum value = Arguments(fcinfo).required(position, name);
    ArrayType *array = DatumGetArrayTypeP(value);
    if (ARR_NDIM(array) > 1) {
        ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                        errmsg("%s must have one dimension, not %d", name, ARR_NDIM(array))));
    }
    if (array_contains_nulls(array)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain nulls", name),
                 errhint("A period without a sale is 0.")));
    }
    return {reinterpret_cast<double *>(ARR_DATA_PTR(array)),
            ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array))};
}

void check_count(int count, int least, int most, const char *name) {
    if (count < least || count > most) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must have between %d and %d values, not %d", name, least, most,
                               count)));
    }
}

bool cancelled(void *) { return QueryCancelPending || ProcDiePending; }

// The core throws; nothing of the server is called while it runs or its exception is alive.
bool runs_to_end(void (*body)(const forecasting::Stop &, void *), void *context) {
    try {
        body({cancelled, nullptr}, context);
        return true;
    } catch (const forecasting::Stopped &) {
        return false;
    }
}

}  // namespace

Numbers demand_argument(FunctionCallInfo fcinfo, int position) {
    // Larger values would overflow when squared and summed.
    constexpr double kMost = 1e100;
    const Numbers demand = numbers(fcinfo, position, "demand");
    check_count(demand.count, 1, kMaxDemand, "demand");
    for (int i = 0; i < demand.count; i++) {
        const double value = demand.values[i];
        if (!(value >= 0 && value <= kMost)) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("demand must be finite and at least 0, not %g in period %d",
                                   value, i + 1)));
        }
    }
    return demand;
}

Numbers levels_argument(FunctionCallInfo fcinfo, int position) {
    const Numbers levels = numbers(fcinfo, position, "levels");
    check_count(levels.count, 0, kMaxLevels, "levels");
    for (int i = 0; i < levels.count; i++) {
        if (!(levels.values[i] > 0 && levels.values[i] < 1)) {
            ereport(ERROR,
                    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                     errmsg("levels must be above 0 and below 1, not %g", levels.values[i])));
        }
    }
    return levels;
}

ForecastCall forecast_call(FunctionCallInfo fcinfo) {
    const Arguments arguments(fcinfo);
    ForecastCall call;
    call.demand = demand_argument(fcinfo, 0);
    call.horizon = arguments.integer(1, "horizon", 1, kMaxHorizon);
    call.method = arguments.string(2, "method", 200);
    call.season = arguments.integer(3, "season_length", 1, forecasting::kMaxSeason);
    if (call.season > call.demand.count) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("season_length %d is longer than the demand of %d periods", call.season,
                        call.demand.count),
                 errhint("season_length 1 is none: least(7, cardinality(demand)) suits any.")));
    }
    return call;
}

void run_interruptible(void (*body)(const forecasting::Stop &, void *), void *context) {
    if (runs_to_end(body, context)) return;
    CHECK_FOR_INTERRUPTS();
    // The cancellation is held back; so it waits, and the result is wanted after all.
    body({}, context);
}

}  // namespace stockflow
