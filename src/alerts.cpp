// low_stock_alerts and low_stock_alerts_json: two forms of the same rows.
#include "alert_rows.hpp"
#include "arguments.hpp"
#include "core/quantity.hpp"
#include "entry.hpp"
#include "json.hpp"
#include "rows.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

AlertOptions read_options(const Arguments &arguments) {
    AlertOptions options = {};
    options.company_id = arguments.bigint(0, "company_id");
    options.warehouse_id = arguments.get(1);
    options.product_id = null_datum();
    options.lookback_days = arguments.integer(2, "lookback_days", 1, kMaxLookback);
    options.include_bundles = arguments.boolean(3, "include_bundles");
    options.include_stockouts = arguments.boolean(4, "include_stockouts");
    options.recent_sales_only = arguments.boolean(5, "recent_sales_only");
    options.max_alerts =
        arguments.is_null(6) ? PG_INT32_MAX : arguments.integer(6, "max_alerts", 0, PG_INT32_MAX);
    return options;
}

NullableDatum days_or_null(int days) {
    return present_if(days != kNoStockoutDate, Int32GetDatum(days));
}

// The columns of one alert, in the order of the declaration in sql/code/40_alerts.sql.
class RowBuilder {
  public:
    void add(NullableDatum value) { columns_[count_++] = value; }
    void add(Datum value) { add(present(value)); }
    void put(const Rows &rows) { rows.put(columns_, count_); }

  private:
    static constexpr int kColumns = 30;
    int count_ = 0;
    NullableDatum columns_[kColumns];
};

void add_supplier(RowBuilder &row, const Supplier *supplier) {
    row.add(supplier == nullptr ? null_datum()
                                : present(Int64GetDatum(supplier->offer.supplier_id)));
    row.add(supplier == nullptr ? null_datum() : present(supplier->name));
    row.add(supplier == nullptr ? null_datum() : supplier->contact_email);
}

void add_supplier_terms(RowBuilder &row, const Supplier *supplier) {
    row.add(supplier == nullptr ? null_datum() : supplier->unit_cost);
    row.add(supplier == nullptr ? null_datum() : supplier->lead_time_days);
    row.add(supplier == nullptr ? null_datum() : supplier->min_order_quantity);
    row.add(supplier == nullptr ? null_datum() : supplier->pack_size);
}

void emit_row(const Alert &alert, const AlertOptions &options, const Rows &rows) {
    const Candidate &candidate = *alert.candidate;
    const DemandSummary &demand = candidate.demand;
    RowBuilder row;
    row.add(Int64GetDatum(candidate.product_id));
    row.add(candidate.product_name);
    row.add(candidate.sku);
    row.add(Int64GetDatum(candidate.warehouse_id));
    row.add(candidate.warehouse_name);
    row.add(from_quantity(candidate.current_stock));
    row.add(from_quantity(candidate.threshold.value));
    row.add(days_or_null(alert.days_until_stockout));
    add_supplier(row, alert.supplier);
    row.add(CStringGetTextDatum(source_name(candidate.threshold.source)));
    row.add(from_quantity(candidate.available));
    row.add(from_quantity(candidate.reserved));
    row.add(from_quantity(candidate.on_order));
    row.add(from_quantity(demand.net_demand));
    row.add(Int32GetDatum(options.lookback_days));
    row.add(daily_average(demand.net_demand, options.lookback_days));
    row.add(Int32GetDatum(demand.days_in_stock));
    row.add(daily_average(demand.net_demand, demand.days_in_stock));
    row.add(alert.suggested_quantity);
    add_supplier_terms(row, alert.supplier);
    row.add(candidate.last_sold_at);
    row.add(candidate.limiting_id);
    row.add(candidate.limiting_sku);
    row.add(from_quantity(candidate.in_transit));
    row.add(alert.order_target);
    row.put(rows);
}

JsonbValue json_datum_text(NullableDatum value) {
    return json_text(value.isnull ? nullptr : TextDatumGetCString(value.value));
}

void push_supplier(JsonbParseState **state, const Supplier *supplier) {
    if (supplier == nullptr) {
        add_field(state, "supplier", json_text(nullptr));
        return;
    }
    JsonbValue key = json_text("supplier");
    pushJsonbValue(state, WJB_KEY, &key);
    pushJsonbValue(state, WJB_BEGIN_OBJECT, nullptr);
    add_field(state, "id", json_integer(supplier->offer.supplier_id));
    add_field(state, "name", json_datum_text(present(supplier->name)));
    add_field(state, "contact_email", json_datum_text(supplier->contact_email));
    pushJsonbValue(state, WJB_END_OBJECT, nullptr);
}

void push_alert(JsonbParseState **state, const Alert &alert) {
    const Candidate &candidate = *alert.candidate;
    pushJsonbValue(state, WJB_BEGIN_OBJECT, nullptr);
    add_field(state, "product_id", json_integer(candidate.product_id));
    add_field(state, "product_name", json_datum_text(present(candidate.product_name)));
    add_field(state, "sku", json_datum_text(present(candidate.sku)));
    add_field(state, "warehouse_id", json_integer(candidate.warehouse_id));
    add_field(state, "warehouse_name", json_datum_text(present(candidate.warehouse_name)));
    add_field(state, "current_stock", json_number(present(from_quantity(candidate.current_stock))));
    add_field(state, "threshold", json_number(present(from_quantity(candidate.threshold.value))));
    add_field(state, "days_until_stockout",
              alert.days_until_stockout == kNoStockoutDate
                  ? json_text(nullptr)
                  : json_integer(alert.days_until_stockout));
    push_supplier(state, alert.supplier);
    pushJsonbValue(state, WJB_END_OBJECT, nullptr);
}

const Jsonb *alerts_json(const Alerts &alerts) {
    JsonbParseState *state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    JsonbValue key = json_text("alerts");
    pushJsonbValue(&state, WJB_KEY, &key);
    pushJsonbValue(&state, WJB_BEGIN_ARRAY, nullptr);
    for (int i = 0; i < alerts.count; i++) {
        CHECK_FOR_INTERRUPTS();
        push_alert(&state, alerts.rows[i]);
    }
    pushJsonbValue(&state, WJB_END_ARRAY, nullptr);
    add_field(&state, "total_alerts", json_integer(alerts.total));
    return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr));
}

}  // namespace

NullableDatum daily_average(std::int64_t demand, int days) {
    if (days == 0) return null_datum();
    return present(from_quantity(divide(demand, days)));
}

}  // namespace stockflow

using namespace stockflow;

// low_stock_alerts(company, warehouse, lookback_days, include_bundles, include_stockouts,
//                  recent_sales_only, max_alerts) RETURNS TABLE(…), most urgent first
STOCKFLOW_FUNCTION(stockflow_low_stock_alerts) {
    const AlertOptions options = read_options(Arguments(fcinfo));
    const Rows rows(fcinfo);
    spi::connected([&] {
        const Alerts alerts = gather_alerts(options);
        for (int i = 0; i < alerts.count; i++) {
            CHECK_FOR_INTERRUPTS();
            emit_row(alerts.rows[i], options, rows);
        }
    });
    return 0;
}

// low_stock_alerts_json(the same) RETURNS jsonb
STOCKFLOW_FUNCTION(stockflow_low_stock_alerts_json) {
    AlertOptions options = read_options(Arguments(fcinfo));
    options.count_all = true;
    MemoryContext caller = CurrentMemoryContext;
    return spi::connected([&] {
        const Jsonb *json = alerts_json(gather_alerts(options));
        MemoryContext own = MemoryContextSwitchTo(caller);
        const Datum copy = datumCopy(JsonbPGetDatum(json), false, -1);
        MemoryContextSwitchTo(own);
        return copy;
    });
}
