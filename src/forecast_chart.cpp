// sparkline and forecast_chart_svg.
#include <cmath>
#include <cstring>

#include "core/planning/chart.hpp"
#include "core/planning/plan.hpp"
#include "core/planning/projection.hpp"
#include "core/quantity.hpp"

#include "arguments.hpp"
#include "demand_reader.hpp"
#include "entry.hpp"
#include "forecast_input.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr double kBand[] = {0.05, 0.95};

// What stands around the picture, and what arrives when: days from today on, 0 for late ones.
spi::Statement chart_facts = {
    "SELECT p.name, p.sku, w.name, i.effective_reorder_point"
    "  FROM stockflow.inventory i"
    "  JOIN stockflow.products p ON p.company_id = i.company_id AND p.product_id = i.product_id"
    "  JOIN stockflow.warehouses w"
    "    ON w.company_id = i.company_id AND w.warehouse_id = i.warehouse_id"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

// Supply that is not late, by day.
spi::Statement chart_supply = {
    "SELECT u.day - $4, sum(u.units) FROM ("
    "  SELECT l.expected_on AS day, l.open_quantity AS units"
    "    FROM stockflow.purchase_order_lines l"
    "   WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3 AND l.is_open"
    "  UNION ALL"
    "  SELECT h.expected_on, l.open_quantity FROM stockflow.transfer_lines l"
    "    JOIN stockflow.transfers h ON h.company_id = l.company_id AND h.transfer_id = "
    "l.transfer_id"
    "   WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3 AND l.is_open) AS u"
    " WHERE u.day >= $4 AND u.day < $4 + $5 GROUP BY u.day ORDER BY u.day",
    5,
    {INT8OID, INT8OID, INT8OID, DATEOID, INT4OID},
    nullptr};

struct Chart {
    DemandCompany company;
    DemandWindow window;
    int history, horizon;  // days shown
    const char *method, *title, *warehouse, *sku;
    OptionalQuantity point;
    forecasting::Series y;
    double *demand, *stock, *supply;
    bool *available;
    double on_hand;
    double *mean, *low, *high, *projected, *projected_low, *projected_high;
    char *svg;
};

double units(std::int64_t quantity) { return static_cast<double>(quantity) / kUnit; }

const char *day_text(DateADT day) {
    return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

void allocate_arrays(Chart *chart) {
    const int horizon = chart->horizon;
    chart->demand = allocate<double>(chart->history);
    chart->stock = allocate<double>(chart->history);
    chart->available = allocate<bool>(chart->history);
    for (double **values : {&chart->supply, &chart->mean, &chart->low, &chart->high,
                            &chart->projected, &chart->projected_low, &chart->projected_high}) {
        *values = allocate<double>(horizon);
        std::memset(*values, 0, sizeof(double) * horizon);
    }
}

// The shown days: demand as it was, and the stock walked back from now.
void read_days(const PairDemand &pair, Chart *chart) {
    const int window = chart->window.history_days;
    std::int64_t closing = pair.yesterday;
    for (int i = 1; i <= chart->history; i++) {
        const int at = chart->history - i, in_demand = pair.demand.count - i;
        const DayTotals &day = pair.days[window - i];
        chart->stock[at] = units(closing);
        chart->available[at] = in_demand >= 0 && pair.demand.available[in_demand];
        chart->demand[at] = Max(units(day.net_demand()), 0.0);
        closing = add(closing, -day.net_change());
    }
    chart->on_hand = units(pair.on_hand);
}

// By day and by sum: the band of a day, and what is left of the stock.
void compute(const forecasting::Stop &stop, void *context) {
    Chart &chart = *static_cast<Chart *>(context);
    const forecasting::Job job{chart.y, planning::weekly_season(chart.y.count), chart.horizon,
                               stop};
    forecasting::Forecast forecast(forecasting::parse_choice(chart.method), job);
    const forecasting::Prediction daily = forecast.predict({kBand, 2, false});
    const forecasting::Prediction sums = forecast.predict({kBand, 2, true});
    double supplied = chart.on_hand, expected = chart.on_hand;
    for (int day = 0; day < chart.horizon; day++) {
        supplied += chart.supply[day];
        // What is missing is lost, not owed.
        expected = std::fmax(expected + chart.supply[day] - daily.mean[day], 0);
        chart.mean[day] = daily.mean[day];
        chart.low[day] = daily.quantiles[2 * day];
        chart.high[day] = daily.quantiles[2 * day + 1];
        chart.projected[day] = expected;
        chart.projected_low[day] = std::fmax(supplied - sums.quantiles[2 * day + 1], 0);
        chart.projected_high[day] = std::fmax(supplied - sums.quantiles[2 * day], expected);
    }
}

void draw(const Chart &chart, const char *first, const char *today, const char *last,
          const char *stockout, int stockout_day, std::string *out) {
    planning::ChartInput input = {};
    input.title = std::string(chart.title) + " (" + chart.sku + ")";
    input.subtitle = chart.warehouse;
    input.first_day = first;
    input.today = today;
    input.last_day = last;
    input.stockout_on = stockout;
    input.history = chart.history;
    input.horizon = chart.horizon;
    input.demand = chart.demand;
    input.available = chart.available;
    input.stock = chart.stock;
    input.mean = chart.mean;
    input.low = chart.low;
    input.high = chart.high;
    input.projected = chart.projected;
    input.projected_low = chart.projected_low;
    input.projected_high = chart.projected_high;
    input.on_hand = chart.on_hand;
    input.has_point = chart.point.set;
    input.reorder_point = units(chart.point.value);
    input.stockout_day = stockout_day;
    input.band = "9 times of 10";
    *out = planning::chart_svg(input);
}

// The text of a core's string in the server's memory, without one living across a call of it.
template <typename Make>
text *as_text(Make make) {
    std::size_t size = 0;
    char *copy = nullptr;
    {
        std::string made;
        make(&made);
        size = made.size();
        copy = static_cast<char *>(std::malloc(size + 1));
        if (copy == nullptr) throw std::bad_alloc();
        std::memcpy(copy, made.data(), size);
    }
    auto *result = static_cast<text *>(
        MemoryContextAllocExtended(CurrentMemoryContext, size + VARHDRSZ, MCXT_ALLOC_NO_OOM));
    if (result != nullptr) {
        SET_VARSIZE(result, size + VARHDRSZ);
        std::memcpy(VARDATA(result), copy, size);
    }
    std::free(copy);
    if (result == nullptr)
        ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
    return result;
}

int first_stockout(const Chart &chart) {
    for (int day = 0; day < chart.horizon; day++) {
        if (!(chart.projected[day] > 0)) return day;
    }
    return planning::kNever;
}

text *draw_chart(const Chart &chart) {
    const DateADT today = chart.company.today;
    const int stockout = first_stockout(chart);
    const char *first = day_text(today - chart.history), *now = day_text(today);
    const char *last = day_text(today + chart.horizon - 1);
    const char *out_on = stockout < 0 ? "" : day_text(today + stockout);
    return as_text([&](std::string *out) { draw(chart, first, now, last, out_on, stockout, out); });
}

bool load_facts(int64 product_id, int64 warehouse_id, Chart *chart) {
    spi::Parameters key, supply;
    key.bigint(chart->company.company_id).bigint(product_id).bigint(warehouse_id);
    if (spi::run(chart_facts, key, spi::Mode::read) == 0) return false;
    const spi::Row row(0);
    chart->title = row.string(1);
    chart->sku = row.string(2);
    chart->warehouse = row.string(3);
    chart->point = to_optional_quantity(row.get(4), "reorder point");
    supply.bigint(chart->company.company_id).bigint(product_id).bigint(warehouse_id);
    supply.datum(DateADTGetDatum(chart->company.today)).integer(chart->horizon);
    const uint64 count = spi::run(chart_supply, supply, spi::Mode::read);
    for (uint64 i = 0; i < count; i++) {
        const spi::Row day(i);
        chart->supply[day.integer(1)] = units(to_quantity(day.get(2).value, "supply"));
    }
    return true;
}

// Null where there is nothing to draw.
text *make_chart(int64 company_id, std::int64_t product_id, std::int64_t warehouse_id,
                 Chart *chart) {
    if (!load_demand_company(company_id, &chart->company)) return nullptr;
    chart->window.company = &chart->company;
    allocate_arrays(chart);
    if (!load_facts(product_id, warehouse_id, chart)) return nullptr;
    const PairKeys keys = {&product_id, &warehouse_id, 1};
    bool found = false;
    for_each_pair(chart->window, keys, [&](const PairDemand &pair) {
        read_days(pair, chart);
        double nothing = 0;
        const bool any = pair.demand.count > 0;
        chart->y = {any ? pair.demand.units : &nothing, any ? pair.demand.count : 1};
        run_interruptible(compute, chart);
        found = true;
    });
    return found ? draw_chart(*chart) : nullptr;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// sparkline(values, split_after) RETURNS text
STOCKFLOW_FUNCTION(stockflow_sparkline) {
    const Arguments arguments(fcinfo);
    const Numbers values = demand_argument(fcinfo, 0);
    const int split = arguments.integer(1, "split_after", 0, kMaxDemand);
    const bool utf8 = database_is_utf8();
    return PointerGetDatum(as_text([&](std::string *out) {
        *out = planning::sparkline(values.values, values.count, split, utf8);
    }));
}

// forecast_chart_svg(company, product, warehouse, history_days, horizon_days, method) RETURNS text
STOCKFLOW_FUNCTION(stockflow_forecast_chart_svg) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const int64 product_id = arguments.bigint(1, "product_id");
    const int64 warehouse_id = arguments.bigint(2, "warehouse_id");
    Chart chart = {};
    chart.history = arguments.integer(3, "history_days", 7, 730);
    chart.horizon = arguments.integer(4, "horizon_days", 7, 365);
    chart.method = arguments.string(5, "method", 200);
    forecasting::parse_choice(chart.method);
    chart.window = {nullptr, Max(chart.history, 730), true, spi::Mode::read};
    MemoryContext caller = CurrentMemoryContext;
    text *svg = spi::connected([&] {
        text *made = make_chart(company_id, product_id, warehouse_id, &chart);
        if (made == nullptr) return made;
        MemoryContext own = MemoryContextSwitchTo(caller);
        made =
            reinterpret_cast<text *>(DatumGetPointer(datumCopy(PointerGetDatum(made), false, -1)));
        MemoryContextSwitchTo(own);
        return made;
    });
    if (svg == nullptr) PG_RETURN_NULL();
    return PointerGetDatum(svg);
}
