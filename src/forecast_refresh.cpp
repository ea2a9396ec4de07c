// refresh_forecasts, and the procedure that does it for all, in batches that commit.
#include <cmath>

#include "core/forecast/aggregation.hpp"
#include "core/planning/plan.hpp"

#include "arguments.hpp"
#include "demand_reader.hpp"
#include "entry.hpp"
#include "forecast_input.hpp"
#include "json.hpp"
#include "planning.hpp"
#include "progress.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kDefaultLeadTime = 7;  // days, where nobody says how long it takes

// Pairs to forecast, with all that planning says about them. Due is what has no forecast, or one
// from before its latest entry in the ledger, from too long ago, or by other rules or lead times.
// These are measured from three receipts on, of the supplier that an order would go to.
spi::Statement due_query = {
    "WITH offers AS MATERIALIZED ("
    "  SELECT DISTINCT ON (t.product_id) t.product_id, t.supplier_id, t.lead_time_days, t.unit_cost"
    "    FROM stockflow.product_suppliers t"
    "    JOIN stockflow.suppliers s"
    "      ON s.company_id = t.company_id AND s.supplier_id = t.supplier_id"
    "   WHERE t.company_id = $1 AND s.deleted_at IS NULL"
    "   ORDER BY t.product_id, t.is_preferred DESC,"
    "            (t.unit_cost IS NOT NULL AND t.lead_time_days IS NOT NULL) DESC,"
    "            CASE WHEN t.lead_time_days IS NOT NULL THEN t.unit_cost END, t.lead_time_days,"
    "            t.unit_cost, t.supplier_id),"
    " measured AS MATERIALIZED ("
    "  SELECT l.product_id, l.supplier_id, l.mean_days::float8 AS mean, l.sd_days::float8 AS sd"
    "    FROM stockflow.lead_times($1) AS l WHERE l.receipts >= 3),"
    " pairs AS ("
    "  SELECT i.product_id, i.warehouse_id, i.version, o.supplier_id, o.unit_cost,"
    "         coalesce(pp.forecast_method, pg.forecast_method, pc.forecast_method, 'auto') AS "
    "method,"
    "         coalesce(pp.review_days, pg.review_days, pc.review_days, 1) AS review_days,"
    "         coalesce(m.mean, o.lead_time_days, pp.lead_time_days, pg.lead_time_days,"
    "                  pc.lead_time_days, $5)::float8 AS lead_time,"
    "         coalesce(m.sd, 0)::float8 AS lead_time_sd,"
    "         CASE WHEN m.mean IS NOT NULL THEN 'measured'"
    "              WHEN o.lead_time_days IS NOT NULL THEN 'stated'"
    "              WHEN num_nonnulls(pp.lead_time_days, pg.lead_time_days, pc.lead_time_days) > 0"
    "              THEN 'policy' ELSE 'assumed' END AS lead_time_source"
    "    FROM stockflow.inventory i"
    "    JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id"
    "    JOIN stockflow.warehouses w"
    "      ON w.company_id = i.company_id AND w.warehouse_id = i.warehouse_id"
    "    LEFT JOIN stockflow.replenishment_policies pp"
    "      ON pp.company_id = i.company_id AND pp.product_id = i.product_id"
    "    LEFT JOIN stockflow.replenishment_policies pg"
    "      ON pg.company_id = i.company_id AND pg.category_id = p.category_id"
    "    LEFT JOIN stockflow.replenishment_policies pc"
    "      ON pc.company_id = i.company_id AND pc.category_id IS NULL AND pc.product_id IS NULL"
    "    LEFT JOIN offers o ON o.product_id = i.product_id"
    "    LEFT JOIN measured m ON m.product_id = o.product_id AND m.supplier_id = o.supplier_id"
    "   WHERE i.company_id = $1 AND i.last_sold_at IS NOT NULL"
    "     AND p.deleted_at IS NULL AND w.deleted_at IS NULL AND p.is_stocked AND NOT p.is_bundle"
    "     AND mod(abs(i.product_id), $8) = $7 - 1)"
    "SELECT d.product_id, d.warehouse_id, d.method, d.review_days, d.supplier_id, d.unit_cost,"
    "       d.lead_time, d.lead_time_sd, d.lead_time_source"
    "  FROM pairs d"
    "  LEFT JOIN stockflow.forecasts f ON f.company_id = $1 AND f.product_id = d.product_id"
    "                                 AND f.warehouse_id = d.warehouse_id"
    " WHERE (f.company_id IS NULL OR f.inventory_version <> d.version OR f.as_of < $2 - $3"
    "        OR f.method <> d.method OR f.review_days <> d.review_days"
    "        OR f.lead_time_mean <> d.lead_time OR f.lead_time_sd <> d.lead_time_sd)"
    "   AND ($6 IS NULL OR f.company_id IS NULL OR f.computed_at < $6)"
    " ORDER BY d.product_id, d.warehouse_id LIMIT $4",
    8,
    {INT8OID, DATEOID, INT4OID, INT8OID, INT4OID, TIMESTAMPTZOID, INT4OID, INT4OID},
    nullptr};

// The procedure has no search_path of its own, which would keep it from committing; so its
// statements name their operators.
spi::Statement next_company = {
    "SELECT c.company_id FROM stockflow.companies c"
    " WHERE c.company_id OPERATOR(pg_catalog.>) $1 AND c.deleted_at IS NULL"
    "   AND ($2 IS NULL OR c.company_id OPERATOR(pg_catalog.=) $2)"
    " ORDER BY c.company_id USING OPERATOR(pg_catalog.<) LIMIT 1",
    2,
    {INT8OID, INT8OID},
    nullptr};
spi::Statement refresh_batch = {
    "SELECT stockflow.refresh_forecasts($1, $2, $3, $4, $5, $6, $7)",
    7,
    {INT8OID, INT4OID, INT4OID, INT4OID, TIMESTAMPTZOID, INT4OID, INT4OID},
    nullptr};

spi::Statement keep_forecast = {
    "INSERT INTO stockflow.forecasts AS f"
    " (company_id, product_id, warehouse_id, as_of, history_days, days_in_stock, demand_class, adi,"
    "  cv2, method, model, parameters, origins, mean_absolute_error, root_mean_squared_error, bias,"
    "  horizon_sum_error, supplier_id, unit_cost, lead_time_mean, lead_time_sd, lead_time_source,"
    "  review_days, daily_mean, demand_mean, demand_variance, levels, quantiles, daily_means, "
    "steps,"
    "  step_quantiles, inventory_version, computed_at)"
    // The row stays while its forecast is kept: who deletes it sees that, and removes it, too.
    " SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,"
    "  $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, clock_timestamp()"
    "  FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3 FOR KEY SHARE"
    " ON CONFLICT (company_id, product_id, warehouse_id) DO UPDATE SET"
    "  as_of = excluded.as_of, history_days = excluded.history_days,"
    "  days_in_stock = excluded.days_in_stock, demand_class = excluded.demand_class,"
    "  adi = excluded.adi, cv2 = excluded.cv2, method = excluded.method, model = excluded.model,"
    "  parameters = excluded.parameters, origins = excluded.origins,"
    "  mean_absolute_error = excluded.mean_absolute_error,"
    "  root_mean_squared_error = excluded.root_mean_squared_error, bias = excluded.bias,"
    "  horizon_sum_error = excluded.horizon_sum_error, supplier_id = excluded.supplier_id,"
    "  unit_cost = excluded.unit_cost, lead_time_mean = excluded.lead_time_mean,"
    "  lead_time_sd = excluded.lead_time_sd, lead_time_source = excluded.lead_time_source,"
    "  review_days = excluded.review_days, daily_mean = excluded.daily_mean,"
    "  demand_mean = excluded.demand_mean, demand_variance = excluded.demand_variance,"
    "  levels = excluded.levels, quantiles = excluded.quantiles,"
    "  daily_means = excluded.daily_means, steps = excluded.steps,"
    "  step_quantiles = excluded.step_quantiles, inventory_version = excluded.inventory_version,"
    "  computed_at = excluded.computed_at",
    32,
    {INT8OID,        INT8OID,   INT8OID,        DATEOID,        INT4OID,        INT4OID,
     TEXTOID,        FLOAT8OID, FLOAT8OID,      TEXTOID,        TEXTOID,        JSONBOID,
     INT4OID,        FLOAT8OID, FLOAT8OID,      FLOAT8OID,      FLOAT8OID,      INT8OID,
     NUMERICOID,     FLOAT8OID, FLOAT8OID,      TEXTOID,        INT4OID,        FLOAT8OID,
     FLOAT8OID,      FLOAT8OID, FLOAT8ARRAYOID, FLOAT8ARRAYOID, FLOAT8ARRAYOID, INT4ARRAYOID,
     FLOAT8ARRAYOID, INT8OID},
    nullptr};

// How a pair is to be planned.
struct Due {
    const char *method, *lead_source;
    planning::LeadTime lead;
    int review_days;
    NullableDatum supplier_id, unit_cost;
};

struct RefreshOptions {
    int max_age_days, history_days;
    NullableDatum max_pairs, computed_before;
    int part, parts;  // of the products, for several sessions at once
};

// The last two arguments.
void read_part(const Arguments &arguments, int position, RefreshOptions *options) {
    options->parts = arguments.integer(position + 1, "parts", 1, 1000);
    options->part = arguments.integer(position, "part", 1, options->parts);
}

struct Refresh {
    DemandCompany company;
    DemandWindow window;
    PairKeys keys;
    Due *due;  // parallel to keys
    Datum levels;
    planning::DemandPlan *plan;
    planning::PlanRequest request;  // the pair under way
};

// Copies what is not passed by value out of SPI's memory of one result.
void load_due(Refresh *work, const RefreshOptions &options) {
    spi::Parameters parameters;
    parameters.bigint(work->company.company_id)
        .datum(DateADTGetDatum(work->company.today - 1))
        .integer(options.max_age_days)
        .optional(options.max_pairs)
        .integer(kDefaultLeadTime)
        .optional(options.computed_before)
        .integer(options.part)
        .integer(options.parts);
    const uint64 rows = spi::run(due_query, parameters, spi::Mode::write);
    work->keys = read_keys(rows);
    work->due = allocate<Due>(work->keys.count);
    for (int i = 0; i < work->keys.count; i++) {
        const spi::Row row(i);
        work->due[i] = {row.string(3),
                        row.string(9),
                        {DatumGetFloat8(row.get(7).value), DatumGetFloat8(row.get(8).value)},
                        row.integer(4),
                        row.get(5),
                        row.get(6)};
    }
}

void compute(const forecasting::Stop &stop, void *context) {
    Refresh &work = *static_cast<Refresh *>(context);
    work.request.stop = stop;
    planning::plan_demand(work.request, work.plan);
}

// [{"method", "model", "weight", "parameters": {…}}, …], the heaviest first
Datum parts_json(const planning::DemandPlan &plan) {
    JsonbParseState *state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_ARRAY, nullptr);
    const int first = plan.row_count > 1 ? 1 : 0;  // the first is the whole
    for (int i = first; i < plan.row_count; i++) {
        const forecasting::ModelRow &part = plan.rows[i];
        pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
        add_field(&state, "method", json_text(part.method));
        add_field(&state, "model", json_text(part.model));
        const auto number = [](double value) {
            return json_number(present(DirectFunctionCall1(float8_numeric, Float8GetDatum(value))));
        };
        add_field(&state, "weight", number(part.weight));
        JsonbValue key = json_text("parameters");
        pushJsonbValue(&state, WJB_KEY, &key);
        pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
        for (int p = 0; p < forecasting::kParameterCount; p++) {
            if (std::isnan(part.parameters[p])) continue;
            add_field(&state, forecasting::kParameterNames[p], number(part.parameters[p]));
        }
        pushJsonbValue(&state, WJB_END_OBJECT, nullptr);
        pushJsonbValue(&state, WJB_END_OBJECT, nullptr);
    }
    return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, nullptr)));
}

NullableDatum number(double value) {
    return std::isnan(value) ? null_datum() : present(Float8GetDatum(value));
}

Datum step_days(int count) {
    Datum days[planning::kMostSteps];
    for (int i = 0; i < count; i++) days[i] = Int32GetDatum(planning::kSteps[i]);
    return array_of(INT4OID, days, nullptr, count);
}

double daily_mean(const planning::DemandPlan &plan) {
    double sum = 0;
    for (const double mean : plan.daily_means) sum += mean;
    return sum / planning::kKeptDays;
}

// Statements here have an SPI connection of their own, since the pairs come from a query.
void keep(const Refresh &work, const PairDemand &pair, const Due &due) {
    const planning::DemandPlan &plan = *work.plan;
    const forecasting::ModelRow &whole = plan.rows[0];
    const forecasting::DemandClass found = forecasting::classify(work.request.y);
    spi::Parameters values;
    values.bigint(pair.key.company_id).bigint(pair.key.product_id).bigint(pair.key.warehouse_id);
    values.datum(DateADTGetDatum(work.company.today - 1)).integer(pair.demand.count);
    values.integer(pair.days_in_stock).string(found.name);
    values.optional(number(found.adi)).optional(number(found.cv2));
    values.string(due.method).string(whole.model).datum(parts_json(plan));
    values.integer(whole.errors.origins).optional(number(whole.errors.mae));
    values.optional(number(whole.errors.rmse)).optional(number(whole.errors.bias));
    values.optional(number(whole.errors.sum_error));
    values.optional(due.supplier_id).optional(due.unit_cost);
    values.datum(Float8GetDatum(due.lead.mean)).datum(Float8GetDatum(due.lead.deviation));
    values.string(due.lead_source).integer(due.review_days);
    values.datum(Float8GetDatum(daily_mean(plan)));
    values.datum(Float8GetDatum(plan.mean)).datum(Float8GetDatum(plan.variance));
    values.datum(work.levels).datum(float_array(plan.quantiles, planning::kLevelCount));
    values.datum(float_array(plan.daily_means, planning::kKeptDays));
    values.datum(step_days(plan.step_count));
    values.datum(float_array(plan.step_quantiles, plan.step_count * planning::kLevelCount));
    values.bigint(pair.version);
    spi::connected([&] { spi::run(keep_forecast, values, spi::Mode::write); });
}

// Forecasts all that is due; returns how many pairs that were.
int64 refresh_pairs(Refresh &work) {
    work.levels = float_array(planning::kLevels, planning::kLevelCount);
    work.plan = allocate<planning::DemandPlan>(1);
    int at = 0;
    int64 done = 0;
    for_each_pair(work.window, work.keys, [&](const PairDemand &pair) {
        while (work.keys.products[at] != pair.key.product_id ||
               work.keys.warehouses[at] != pair.key.warehouse_id) {
            at++;
        }
        const Due &due = work.due[at];
        // Without a day on which it could be sold there is nothing to expect.
        double nothing = 0;
        const bool any = pair.demand.count > 0;
        const forecasting::Series y = {any ? pair.demand.units : &nothing,
                                       any ? pair.demand.count : 1};
        work.request = {y, due.method, due.lead, due.review_days, {}};
        run_interruptible(compute, &work);
        keep(work, pair, due);
        set_progress(++done);
    });
    return done;
}

// Reorder points of the products that have new forecasts; of all at the end.
void apply_points(const Refresh &work, bool last) {
    const int64 company_id = work.company.company_id;
    if (last) {
        apply_reorder_points(company_id, null_datum());
    } else {
        apply_reorder_points(company_id,
                             present(bigint_array(work.keys.products, work.keys.count)));
    }
}

int64 refresh(int64 company_id, const RefreshOptions &options) {
    Refresh work = {};
    if (!load_demand_company(company_id, &work.company)) {
        ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                        errmsg("company %lld does not exist", static_cast<long long>(company_id))));
    }
    work.window = {&work.company, options.history_days, true, spi::Mode::write};
    load_due(&work, options);
    begin_progress(Work::refresh_forecasts, company_id, work.keys.count);
    const int64 done = refresh_pairs(work);
    apply_points(work, options.max_pairs.isnull || work.keys.count == 0);
    end_progress();
    return done;
}

// Runs outside of a transaction block only, since it commits.
void check_may_commit(FunctionCallInfo fcinfo) {
    const Node *context = fcinfo->context;
    if (context != nullptr && IsA(context, CallContext) &&
        !reinterpret_cast<const CallContext *>(context)->atomic) {
        return;
    }
    ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
                    errmsg("refresh_all_forecasts commits its batches, so it cannot run inside a "
                           "transaction block"),
                    errhint("Call refresh_forecasts there.")));
}

// One transaction per batch, until the company has nothing left that is older than the start.
void refresh_in_batches(int64 company_id, const RefreshOptions &options) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        spi::Parameters parameters;
        parameters.bigint(company_id)
            .integer(options.max_age_days)
            .integer(options.history_days)
            .optional(options.max_pairs)
            .optional(options.computed_before)
            .integer(options.part)
            .integer(options.parts);
        spi::run(refresh_batch, parameters, spi::Mode::write);
        const int64 done = spi::Row(0).bigint(1);
        SPI_commit();
        if (done == 0) return;
    }
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// refresh_forecasts(company, max_age_days, history_days, max_pairs) RETURNS bigint
STOCKFLOW_FUNCTION(stockflow_refresh_forecasts) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    RefreshOptions options = {};
    options.max_age_days = arguments.integer(1, "max_age_days", 0, kMaxHistory);
    options.history_days = arguments.integer(2, "history_days", 1, kMaxHistory);
    options.max_pairs = options.computed_before = null_datum();
    if (!arguments.is_null(3)) {
        const int most = arguments.integer(3, "max_pairs", 1, PG_INT32_MAX);
        options.max_pairs = present(Int64GetDatum(most));
    }
    options.computed_before = arguments.get(4);
    read_part(arguments, 5, &options);
    return Int64GetDatum(spi::connected([&] { return refresh(company_id, options); }));
}

// refresh_all_forecasts(company, batch_pairs, max_age_days, history_days), a procedure
STOCKFLOW_FUNCTION(stockflow_refresh_all_forecasts) {
    const Arguments arguments(fcinfo);
    RefreshOptions options = {};
    options.max_pairs =
        present(Int32GetDatum(arguments.integer(1, "batch_pairs", 1, PG_INT32_MAX)));
    options.max_age_days = arguments.integer(2, "max_age_days", 0, kMaxHistory);
    options.history_days = arguments.integer(3, "history_days", 1, kMaxHistory);
    read_part(arguments, 4, &options);
    options.computed_before = present(TimestampTzGetDatum(GetCurrentTimestamp()));
    check_may_commit(fcinfo);
    SPI_connect_ext(SPI_OPT_NONATOMIC);
    for (int64 last = 0;;) {
        spi::Parameters parameters;
        parameters.bigint(last).optional(arguments.get(0));
        if (spi::run(next_company, parameters, spi::Mode::write) == 0) break;
        last = spi::Row(0).bigint(1);
        refresh_in_batches(last, options);
    }
    SPI_finish();
    return 0;
}
