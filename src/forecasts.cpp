// forecast, forecast_model, forecast_methods, classify_demand.
#include <algorithm>
#include <cmath>

#include "core/forecast/aggregation.hpp"
#include "core/forecast/forecast.hpp"

#include "arguments.hpp"
#include "entry.hpp"
#include "forecast_input.hpp"
#include "json.hpp"
#include "rows.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

using forecasting::kMaxModelRows;
using forecasting::ModelRow;

// What the core is to do, in plain memory; it fills the arrays.
struct Work {
    ForecastCall call;
    Numbers levels;
    bool cumulative;
    double *mean, *quantiles;
    ModelRow *rows;
    int row_count;
};

forecasting::Job job_of(const Work &work, const forecasting::Stop &stop) {
    return {{work.call.demand.values, work.call.demand.count},
            work.call.season,
            work.call.horizon,
            stop};
}

void compute_forecast(const forecasting::Stop &stop, void *context) {
    Work &work = *static_cast<Work *>(context);
    const forecasting::Prediction prediction =
        forecasting::predict({job_of(work, stop), forecasting::parse_choice(work.call.method),
                              work.levels.values, work.levels.count, work.cumulative});
    std::copy(prediction.mean.begin(), prediction.mean.end(), work.mean);
    std::copy(prediction.quantiles.begin(), prediction.quantiles.end(), work.quantiles);
}

void compute_model(const forecasting::Stop &stop, void *context) {
    Work &work = *static_cast<Work *>(context);
    work.row_count = forecasting::describe(forecasting::parse_choice(work.call.method),
                                           job_of(work, stop), work.rows);
}

// NULL for NaN.
NullableDatum number(double value) { return present_if(!std::isnan(value), Float8GetDatum(value)); }

// {"alpha": 0.1, …}
Datum parameters_json(const ModelRow &row) {
    JsonbParseState *state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    for (int i = 0; i < forecasting::kParameterCount; i++) {
        if (std::isnan(row.parameters[i])) continue;
        const Datum numeric =
            DirectFunctionCall1(float8_numeric, Float8GetDatum(row.parameters[i]));
        add_field(&state, forecasting::kParameterNames[i], json_number(present(numeric)));
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr)));
}

void put_model(const Rows &rows, const ModelRow &row) {
    const forecasting::Errors &errors = row.errors;
    rows.put({optional_text(row.method), optional_text(row.model), number(row.weight),
              present(parameters_json(row)), present(Int32GetDatum(errors.origins)),
              number(errors.mae), number(errors.rmse), number(errors.bias),
              number(errors.sum_error), optional_text(*row.note == '\0' ? nullptr : row.note)});
}

}  // namespace

STOCKFLOW_FUNCTION(stockflow_forecast) {
    Work work = {};
    work.call = forecast_call(fcinfo);
    work.levels = levels_argument(fcinfo, 4);
    work.cumulative = Arguments(fcinfo).boolean(5, "cumulative");
    work.mean = allocate<double>(work.call.horizon);
    work.quantiles = allocate<double>(work.call.horizon * work.levels.count);
    run_interruptible(compute_forecast, &work);
    const Rows rows(fcinfo);
    for (int h = 0; h < work.call.horizon; h++) {
        CHECK_FOR_INTERRUPTS();
        const double *quantiles = work.quantiles + h * work.levels.count;
        rows.put({present(Int32GetDatum(h + 1)), present(Float8GetDatum(work.mean[h])),
                  present(float_array(quantiles, work.levels.count))});
    }
    return 0;
}

STOCKFLOW_FUNCTION(stockflow_forecast_model) {
    Work work = {};
    work.call = forecast_call(fcinfo);
    work.rows = allocate<ModelRow>(kMaxModelRows);
    run_interruptible(compute_model, &work);
    const Rows rows(fcinfo);
    for (int i = 0; i < work.row_count; i++) put_model(rows, work.rows[i]);
    return 0;
}

STOCKFLOW_FUNCTION(stockflow_forecast_methods) {
    const Rows rows(fcinfo);
    for (const forecasting::Method &method : forecasting::kMethods) {
        rows.put({optional_text(method.name), optional_text(method.description),
                  optional_text(*method.source == '\0' ? nullptr : method.source),
                  optional_text(*method.accepts == '\0' ? nullptr : method.accepts)});
    }
    return 0;
}

STOCKFLOW_FUNCTION(stockflow_classify_demand) {
    const Numbers demand = demand_argument(fcinfo, 0);
    const forecasting::DemandClass found = forecasting::classify({demand.values, demand.count});
    Rows(fcinfo).put({number(found.adi), number(found.cv2), optional_text(found.name)});
    return 0;
}

}  // namespace stockflow
