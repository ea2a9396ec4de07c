// forecast_accuracy: how wrong forecasts of a company's own demand would have been.
#include <cmath>
#include <cstring>

#include "core/forecast/aggregation.hpp"
#include "core/planning/accuracy.hpp"
#include "core/planning/plan.hpp"

#include "arguments.hpp"
#include "demand_reader.hpp"
#include "entry.hpp"
#include "forecast_input.hpp"
#include "progress.hpp"
#include "rows.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

using planning::Scores;

constexpr const char *kClasses[] = {"smooth", "erratic", "intermittent", "lumpy", "single", "none"};
constexpr int kClassCount = lengthof(kClasses);

struct Accuracy {
    DemandCompany company;
    DemandWindow window;
    planning::ScoreRequest request;
    Scores found;  // of the pair under way
    Scores classes[kClassCount], all;
    const Rows *rows;
};

void compute(const forecasting::Stop &stop, void *context) {
    Accuracy &work = *static_cast<Accuracy *>(context);
    work.request.stop = stop;
    work.found = planning::score(work.request);
}

NullableDatum ratio(double sum, double count) {
    return count > 0 ? present(Float8GetDatum(sum / count)) : null_datum();
}

NullableDatum shares(const long *counts, int count, double of) {
    if (!(of > 0)) return null_datum();
    auto *values = allocate<double>(count);
    for (int i = 0; i < count; i++) values[i] = counts[i] / of;
    return present(float_array(values, count));
}

void emit(const Accuracy &work, const char *scope, NullableDatum product, NullableDatum warehouse,
          NullableDatum demand_class, const Scores &scores) {
    const int levels = work.request.level_count;
    const NullableDatum columns[] = {optional_text(scope),
                                     product,
                                     warehouse,
                                     demand_class,
                                     present(Int64GetDatum(scores.pairs)),
                                     present(Int64GetDatum(scores.origins)),
                                     ratio(scores.demand, scores.steps),
                                     ratio(scores.absolute_scaled, scores.scaled_origins),
                                     ratio(scores.squared_scaled, scores.scaled_origins),
                                     ratio(scores.forecast - scores.demand, scores.demand),
                                     ratio(scores.pinball_scaled, scores.scaled_origins),
                                     ratio(scores.sum_pinball_scaled, scores.scaled_origins),
                                     shares(scores.covered, levels, scores.steps),
                                     shares(scores.sum_covered, levels, scores.origins)};
    work.rows->put(columns, lengthof(columns));
}

void score_pair(Accuracy &work, const PairDemand &pair, bool each) {
    work.request.y = {pair.demand.units, pair.demand.count};
    work.request.season = planning::weekly_season(pair.demand.count);
    run_interruptible(compute, &work);
    const char *name = forecasting::classify(work.request.y).name;
    const int levels = work.request.level_count;
    work.all.add(work.found, levels);
    for (int i = 0; i < kClassCount; i++) {
        if (std::strcmp(kClasses[i], name) == 0) work.classes[i].add(work.found, levels);
    }
    if (!each) return;
    emit(work, "pair", present(Int64GetDatum(pair.key.product_id)),
         present(Int64GetDatum(pair.key.warehouse_id)), optional_text(name), work.found);
}

void emit_sums(const Accuracy &work) {
    const NullableDatum none = null_datum();
    for (int i = 0; i < kClassCount; i++) {
        if (work.classes[i].pairs == 0) continue;
        emit(work, "class", none, none, optional_text(kClasses[i]), work.classes[i]);
    }
    if (work.all.pairs > 0) emit(work, "company", none, none, none, work.all);
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// forecast_accuracy(company, product, warehouse, horizon_days, origins, method, levels,
//                   mask_stockouts, history_days, by_pair) RETURNS TABLE(…)
STOCKFLOW_FUNCTION(stockflow_forecast_accuracy) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    Accuracy &work = *static_cast<Accuracy *>(palloc0(sizeof(Accuracy)));
    work.request.horizon = arguments.integer(3, "horizon_days", 1, 365);
    work.request.origins = arguments.integer(4, "origins", 1, 100);
    work.request.method = arguments.string(5, "method", 200);
    forecasting::parse_choice(work.request.method);
    const Numbers levels = levels_argument(fcinfo, 6);
    if (levels.count < 1 || levels.count > planning::kMostScoreLevels) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("levels must have 1 to %d values, not %d",
                               planning::kMostScoreLevels, levels.count)));
    }
    work.request.levels = levels.values;
    work.request.level_count = levels.count;
    work.window.mask_stockouts = arguments.boolean(7, "mask_stockouts");
    work.window.history_days = arguments.integer(8, "history_days", 1, kMaxHistory);
    const bool each = arguments.boolean(9, "by_pair");
    const Rows rows(fcinfo);
    work.rows = &rows;
    spi::connected([&] {
        if (!load_demand_company(company_id, &work.company)) return;
        work.window.company = &work.company;
        const PairKeys keys = load_keys(company_id, arguments.get(1), arguments.get(2));
        begin_progress(Work::forecast_accuracy, company_id, keys.count);
        int64 done = 0;
        for_each_pair(work.window, keys, [&](const PairDemand &pair) {
            score_pair(work, pair, each);
            set_progress(++done);
        });
        emit_sums(work);
        end_progress();
    });
    return 0;
}
