// forecast_demand and forecast_company: forecasts from the days that the ledger keeps.
#include <algorithm>

#include "core/planning/plan.hpp"

#include "arguments.hpp"
#include "demand_reader.hpp"
#include "entry.hpp"
#include "forecast_input.hpp"
#include "rows.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// The arguments that both functions share.
struct DemandForecast {
    DemandCompany company;
    DemandWindow window;
    int horizon;
    const char *method;
    Numbers levels;
    bool cumulative;
    double *mean, *quantiles;
    const Rows *rows;
    // The demand of one forecast, ending yesterday: of a pair, or the sum of a product's pairs.
    double *units;
    int count;
};

void compute(const forecasting::Stop &stop, void *context) {
    DemandForecast &work = *static_cast<DemandForecast *>(context);
    const forecasting::Series y{work.units, work.count};
    const forecasting::Prediction prediction =
        forecasting::predict({{y, planning::weekly_season(y.count), work.horizon, stop},
                              forecasting::parse_choice(work.method),
                              work.levels.values,
                              work.levels.count,
                              work.cumulative});
    std::copy(prediction.mean.begin(), prediction.mean.end(), work.mean);
    std::copy(prediction.quantiles.begin(), prediction.quantiles.end(), work.quantiles);
}

// Emits a row per day; the key's columns come first where there are any.
void emit(DemandForecast &work, const NullableDatum *key, int key_columns) {
    run_interruptible(compute, &work);
    NullableDatum columns[5];
    std::copy(key, key + key_columns, columns);
    MemoryContext each =
        AllocSetContextCreate(CurrentMemoryContext, "stockflow day", ALLOCSET_SMALL_SIZES);
    for (int day = 0; day < work.horizon; day++) {
        CHECK_FOR_INTERRUPTS();
        MemoryContext outer = MemoryContextSwitchTo(each);
        NullableDatum *column = columns + key_columns;
        column[0] = present(DateADTGetDatum(work.company.today + day));
        column[1] = present(Float8GetDatum(work.mean[day]));
        column[2] =
            present(float_array(work.quantiles + day * work.levels.count, work.levels.count));
        work.rows->put(columns, key_columns + 3);
        MemoryContextSwitchTo(outer);
        MemoryContextReset(each);
    }
    MemoryContextDelete(each);
}

// Adds a pair to the sum of its product's pairs, which all end yesterday.
void add_pair(DemandForecast &work, const PairDemand &pair) {
    const int count = pair.demand.count;
    if (count > work.count) work.count = count;
    double *last = work.units + work.window.history_days;
    for (int i = 1; i <= count; i++) last[-i] += pair.demand.units[count - i];
}

void clear_sum(DemandForecast &work) {
    std::fill(work.units, work.units + work.window.history_days, 0.0);
    work.count = 0;
}

// Forecasts the sum that has been added up.
void emit_sum(DemandForecast &work, const NullableDatum *key, int key_columns) {
    if (work.count == 0) return;
    double *all = work.units;
    work.units = all + work.window.history_days - work.count;
    emit(work, key, key_columns);
    work.units = all;
    clear_sum(work);
}

// Reads the arguments horizon_days, method, levels, mask_stockouts, history_days, cumulative, which
// stand one behind another.
void read_options(FunctionCallInfo fcinfo, int first, DemandForecast *work) {
    const Arguments arguments(fcinfo);
    work->horizon = arguments.integer(first, "horizon_days", 1, kMaxHorizon);
    work->method = arguments.string(first + 1, "method", 200);
    forecasting::parse_choice(work->method);  // a wrong one is an error also without any demand
    work->levels = levels_argument(fcinfo, first + 2);
    work->window.mask_stockouts = arguments.boolean(first + 3, "mask_stockouts");
    work->window.history_days = arguments.integer(first + 4, "history_days", 1, kMaxHistory);
    work->cumulative = arguments.boolean(first + 5, "cumulative");
    work->mean = allocate<double>(work->horizon);
    work->quantiles = allocate<double>(work->horizon * work->levels.count);
}

bool begin(DemandForecast *work, int64 company_id) {
    if (!load_demand_company(company_id, &work->company)) return false;
    work->window.company = &work->company;
    work->units = allocate<double>(work->window.history_days);
    clear_sum(*work);
    return true;
}

void forecast_pairs(DemandForecast &work, const PairKeys &keys) {
    double *room = work.units;
    for_each_pair(work.window, keys, [&](const PairDemand &pair) {
        if (pair.demand.count == 0) return;
        const NullableDatum key[] = {present(Int64GetDatum(pair.key.product_id)),
                                     present(Int64GetDatum(pair.key.warehouse_id))};
        work.units = pair.demand.units;
        work.count = pair.demand.count;
        emit(work, key, 2);
    });
    work.units = room;
}

// Keys are in order, so the warehouses of a product follow each other.
void forecast_products(DemandForecast &work, const PairKeys &keys) {
    int64 product_id = 0;
    const auto finish = [&] {
        const NullableDatum key[] = {present(Int64GetDatum(product_id)), null_datum()};
        emit_sum(work, key, 2);
    };
    for_each_pair(work.window, keys, [&](const PairDemand &pair) {
        if (pair.key.product_id != product_id) finish();
        product_id = pair.key.product_id;
        add_pair(work, pair);
    });
    finish();
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// forecast_demand(company, product, warehouse, horizon_days, method, levels, mask_stockouts,
//                 history_days, cumulative) RETURNS TABLE(day, mean, quantiles)
STOCKFLOW_FUNCTION(stockflow_forecast_demand) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const NullableDatum product_id = present(arguments.required(1, "product_id"));
    DemandForecast work = {};
    read_options(fcinfo, 3, &work);
    const Rows rows(fcinfo);
    work.rows = &rows;
    spi::connected([&] {
        if (!begin(&work, company_id)) return;
        const PairKeys keys = load_keys(company_id, product_id, arguments.get(2));
        for_each_pair(work.window, keys, [&](const PairDemand &pair) { add_pair(work, pair); });
        emit_sum(work, nullptr, 0);
    });
    return 0;
}

// forecast_company(company, warehouse, horizon_days, method, levels, mask_stockouts, history_days,
//                  cumulative, by_warehouse)
//     RETURNS TABLE(product_id, warehouse_id, day, mean, quantiles)
STOCKFLOW_FUNCTION(stockflow_forecast_company) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    DemandForecast work = {};
    read_options(fcinfo, 2, &work);
    const bool by_warehouse = arguments.boolean(8, "by_warehouse");
    const Rows rows(fcinfo);
    work.rows = &rows;
    spi::connected([&] {
        if (!begin(&work, company_id)) return;
        const PairKeys keys = load_keys(company_id, null_datum(), arguments.get(1));
        if (by_warehouse) {
            forecast_pairs(work, keys);
        } else {
            forecast_products(work, keys);
        }
    });
    return 0;
}
