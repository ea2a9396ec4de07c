// policy_backtest: a company's own history under fixed and under dynamic reorder points.
#include <algorithm>
#include <cmath>

#include "core/planning/backtest.hpp"
#include "core/quantity.hpp"

#include "arguments.hpp"
#include "demand_reader.hpp"
#include "entry.hpp"
#include "forecast_input.hpp"
#include "progress.hpp"
#include "rows.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

using planning::BacktestRequest;
using planning::ReplayResult;

// What a pair has today: its reorder point, its lead time, its price.
spi::Statement pair_facts = {
    "SELECT i.effective_reorder_point, f.lead_time_mean, p.price::float8"
    "  FROM stockflow.inventory i"
    "  JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id"
    "  LEFT JOIN stockflow.forecasts f ON f.company_id = i.company_id"
    "   AND f.product_id = i.product_id AND f.warehouse_id = i.warehouse_id"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

// A rule's sums over all pairs.
struct RuleTotal {
    ReplayResult sum;
    double value_days, fill_rates;  // stock times price; sum of the pairs' fill rates
    long pairs;
};

struct Backtest {
    DemandCompany company;
    DemandWindow window;
    BacktestRequest request;
    NullableDatum lead_days;
    ReplayResult *results;  // of the pair under way, one per rule
    RuleTotal *totals;
    int rule_count;
};

void compute(const forecasting::Stop &stop, void *context) {
    Backtest &work = *static_cast<Backtest *>(context);
    work.request.stop = stop;
    planning::backtest(work.request, work.results);
}

struct Facts {
    NullableDatum point;
    double lead_days, price;
};

Facts facts_of(const Backtest &work, const PairDemand &pair) {
    spi::Parameters parameters;
    parameters.bigint(pair.key.company_id)
        .bigint(pair.key.product_id)
        .bigint(pair.key.warehouse_id);
    return spi::connected([&] {
        constexpr double kAssumed = 7;
        Facts facts = {null_datum(), kAssumed, 0};
        if (spi::run(pair_facts, parameters, spi::Mode::read) == 0) return facts;
        const spi::Row row(0);
        facts.point = row.get(1);
        if (!row.is_null(1)) {
            const double point =
                static_cast<double>(to_quantity(row.get(1).value, "reorder point")) / kUnit;
            facts.point.value = Float8GetDatum(point);
        }
        if (!row.is_null(2)) facts.lead_days = std::ceil(DatumGetFloat8(row.get(2).value));
        if (!work.lead_days.isnull) facts.lead_days = DatumGetInt32(work.lead_days.value);
        facts.price = DatumGetFloat8(row.get(3).value);
        return facts;
    });
}

// Pairs that did not sell before the test have nothing to forecast from.
bool replay_pair(Backtest &work, const PairDemand &pair) {
    BacktestRequest &request = work.request;
    if (pair.demand.count < request.test_days + planning::kLeastTraining) return false;
    const Facts facts = facts_of(work, pair);
    request.y = {pair.demand.units, pair.demand.count};
    request.lead_days = static_cast<int>(std::min(facts.lead_days, 365.0));
    request.own_point = facts.point.isnull ? 0 : DatumGetFloat8(facts.point.value);
    if (!(planning::training_mean(request) > 0)) return false;
    run_interruptible(compute, &work);
    for (int i = 0; i < work.rule_count; i++) {
        RuleTotal &total = work.totals[i];
        total.sum.add(work.results[i]);
        total.value_days += work.results[i].stock_days * facts.price;
        total.fill_rates += work.results[i].fill_rate();
        total.pairs++;
    }
    return true;
}

void emit(const Backtest &work, int rule, const Rows &rows) {
    const BacktestRequest &request = work.request;
    const RuleTotal &total = work.totals[rule];
    const char *name = rule == 0 ? "current" : rule <= request.cover_count ? "fixed" : "dynamic";
    const double setting = rule == 0 ? 0
                           : rule <= request.cover_count
                               ? request.covers[rule - 1]
                               : request.levels[rule - 1 - request.cover_count];
    const double days = total.sum.days / static_cast<double>(Max(total.pairs, 1));
    rows.put({optional_text(name), present_if(rule > 0, Float8GetDatum(setting)),
              present(Int64GetDatum(total.pairs)), present(Float8GetDatum(total.sum.demanded)),
              present(Float8GetDatum(total.sum.fill_rate())),
              present(Float8GetDatum(total.fill_rates / Max(total.pairs, 1))),
              present(Int64GetDatum(total.sum.stockout_days)),
              present(Float8GetDatum(days > 0 ? total.sum.stock_days / days : 0)),
              present(Float8GetDatum(days > 0 ? total.value_days / days : 0)),
              present(Int64GetDatum(total.sum.orders))});
}

Numbers settings(FunctionCallInfo fcinfo, int position, const char *name, double most) {
    const Datum value = Arguments(fcinfo).required(position, name);
    ArrayType *array = DatumGetArrayTypeP(value);
    const int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
    const auto *numbers = reinterpret_cast<double *>(ARR_DATA_PTR(array));
    bool fine = ARR_NDIM(array) <= 1 && !array_contains_nulls(array) && count <= 100;
    for (int i = 0; fine && i < count; i++) fine = numbers[i] >= 0 && numbers[i] <= most;
    if (!fine) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be at most 100 numbers from 0 to %g", name, most)));
    }
    return {reinterpret_cast<double *>(ARR_DATA_PTR(array)), count};
}

void read_request(FunctionCallInfo fcinfo, Backtest *work) {
    const Arguments arguments(fcinfo);
    BacktestRequest &request = work->request;
    request.test_days = arguments.integer(2, "test_days", 7, 3650);
    request.refit_days = arguments.integer(3, "refit_days", 1, 365);
    work->lead_days = arguments.get(4);
    if (!work->lead_days.isnull) arguments.integer(4, "lead_time_days", 0, 365);
    request.cover_days = arguments.integer(5, "cover_days", 1, 365);
    const Numbers covers = settings(fcinfo, 6, "fixed_days", 3650);
    request.covers = covers.values;
    request.cover_count = covers.count;
    const Numbers levels = levels_argument(fcinfo, 7);
    request.levels = levels.values;
    request.level_count = levels.count;
    request.method = arguments.string(8, "method", 200);
    forecasting::parse_choice(request.method);
    work->window.mask_stockouts = arguments.boolean(9, "mask_stockouts");
    work->window.history_days = arguments.integer(10, "history_days", 1, kMaxHistory);
    work->rule_count = 1 + request.cover_count + request.level_count;
    work->results = allocate<ReplayResult>(work->rule_count);
    work->totals = static_cast<RuleTotal *>(palloc0(sizeof(RuleTotal) * work->rule_count));
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// policy_backtest(company, warehouse, test_days, refit_days, lead_time_days, cover_days,
// fixed_days,
//                 service_levels, method, mask_stockouts, history_days) RETURNS TABLE(…)
STOCKFLOW_FUNCTION(stockflow_policy_backtest) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    Backtest work = {};
    read_request(fcinfo, &work);
    const Rows rows(fcinfo);
    spi::connected([&] {
        if (!load_demand_company(company_id, &work.company)) return;
        work.window.company = &work.company;
        const PairKeys keys = load_keys(company_id, null_datum(), arguments.get(1));
        begin_progress(Work::policy_backtest, company_id, keys.count);
        int64 done = 0;
        bool any = false;
        for_each_pair(work.window, keys, [&](const PairDemand &pair) {
            any |= replay_pair(work, pair);
            set_progress(++done);
        });
        for (int i = 0; any && i < work.rule_count; i++) emit(work, i, rows);
        end_progress();
    });
    return 0;
}
