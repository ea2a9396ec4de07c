// explain_alert: every term of the verdict on one product in one warehouse, with its source.
#include "alert_rows.hpp"
#include "arguments.hpp"
#include "core/quantity.hpp"
#include "entry.hpp"
#include "rows.hpp"
#include "spi.hpp"
#include "standing.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// The rows of an explanation: term, value, amount (of values that are numbers), source.
class Explanation {
  public:
    explicit Explanation(const Rows &rows) : rows_(rows) {}

    void text(const char *term, NullableDatum value, const char *source) {
        put(term, value, null_datum(), source);
    }
    void string(const char *term, const char *value, const char *source) {
        text(term, optional_text(value), source);
    }
    void flag(const char *term, bool value, const char *source) {
        string(term, value ? "true" : "false", source);
    }
    void number(const char *term, NullableDatum value, const char *source) {
        put(term, value.isnull ? value : optional_text(numeric_text(value.value)), value, source);
    }
    void integer(const char *term, int value, const char *source) {
        number(term, present(NumericGetDatum(int64_to_numeric(value))), source);
    }
    void quantity(const char *term, std::int64_t value, const char *source) {
        number(term, present(from_quantity(value)), source);
    }

  private:
    void put(const char *term, NullableDatum value, NullableDatum amount, const char *source) {
        rows_.put({optional_text(term), value, amount, optional_text(source)});
    }

    Rows rows_;
};

const char *text_of(NullableDatum value) {
    return value.isnull ? nullptr : TextDatumGetCString(value.value);
}

const char *day_text(DateADT day) {
    return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

const char *moment_text(NullableDatum moment) {
    return moment.isnull ? nullptr
                         : DatumGetCString(DirectFunctionCall1(timestamptz_out, moment.value));
}

void explain_standing(const Standing &standing, Explanation &out) {
    out.text("company", present(standing.company_name), "companies.name");
    out.flag("company_deleted", standing.company_deleted, "companies.deleted_at");
    out.text("product", present(standing.product_name), "products.name");
    out.text("sku", present(standing.sku), "products.sku");
    out.flag("product_deleted", standing.product_deleted, "products.deleted_at");
    out.flag("is_stocked", standing.is_stocked, "products.is_stocked");
    out.flag("is_bundle", standing.is_bundle, "products.is_bundle");
    out.text("warehouse", present(standing.warehouse_name), "warehouses.name");
    out.flag("warehouse_closed", standing.warehouse_closed, "warehouses.deleted_at");
    out.flag("inventory_row", standing.has_row, "inventory");
}

const char *point_origin(ThresholdSource source) {
    switch (source) {
        case ThresholdSource::warehouse:
            return "inventory.reorder_point: the warehouse's, the first that is set";
        case ThresholdSource::product:
            return "products.reorder_point: the first that is set";
        case ThresholdSource::category:
            return "categories.reorder_point: the first that is set";
        case ThresholdSource::company:
            return "companies.reorder_point: the only one that is set";
        case ThresholdSource::dynamic:
            return "inventory.dynamic_reorder_point: the policy is dynamic";
        default:
            return "none is set";
    }
}

void explain_points(const Standing &standing, Explanation &out) {
    out.number("reorder_point_warehouse", standing.warehouse_point, "inventory.reorder_point");
    out.number("reorder_point_product", standing.product_point, "products.reorder_point");
    out.number("reorder_point_category", standing.category_point,
               standing.category_name.isnull ? "the product has no category"
                                             : psprintf("categories.reorder_point of \"%s\"",
                                                        text_of(standing.category_name)));
    out.number("reorder_point_company", standing.company_point, "companies.reorder_point");
    out.number("reorder_point_dynamic", standing.dynamic_point,
               "inventory.dynamic_reorder_point: from the forecast, see planned_reorder_points");
    const OptionalQuantity dynamic = to_optional_quantity(standing.dynamic_point, "reorder point");
    const Threshold manual =
        reorder_point(to_optional_quantity(standing.warehouse_point, "reorder point"),
                      to_optional_quantity(standing.product_point, "reorder point"),
                      to_optional_quantity(standing.category_point, "reorder point"),
                      to_optional_quantity(standing.company_point, "reorder point"));
    const Threshold point =
        dynamic.set ? Threshold{ThresholdSource::dynamic, dynamic.value} : manual;
    out.number(
        "threshold",
        point.source == ThresholdSource::none ? null_datum() : present(from_quantity(point.value)),
        point_origin(point.source));
    out.string("threshold_source", source_name(point.source), point_origin(point.source));
}

void explain_stock(const Standing &standing, const Candidate *candidate, Explanation &out) {
    if (candidate == nullptr) {  // silent whatever the stock: what the row says is all there is
        out.number("current_stock", standing.on_hand, "inventory.quantity");
        out.number("reserved", standing.reserved, "inventory.reserved");
        return;
    }
    out.quantity("current_stock", candidate->current_stock,
                 candidate->is_bundle ? "what can be built of the components"
                                      : "inventory.quantity: the sum of the ledger");
    out.quantity(
        "reserved", candidate->reserved,
        candidate->is_bundle ? "a bundle has none" : "inventory.reserved less what has expired");
    const std::int64_t spoiled =
        candidate->is_bundle
            ? 0
            : candidate->current_stock - candidate->reserved - candidate->available;
    if (spoiled != 0)
        out.quantity("expired_lots", spoiled, "lot_stock with expires_on before today");
    out.quantity(
        "available", candidate->available,
        spoiled == 0 ? "current_stock - reserved" : "current_stock - reserved - expired_lots");
    if (!candidate->is_bundle) return;
    out.number(
        "limiting_component_id",
        present(NumericGetDatum(int64_to_numeric(DatumGetInt64(candidate->limiting_id.value)))),
        "product_bundles");
    out.text("limiting_component_sku", candidate->limiting_sku, "product_bundles");
}

void explain_demand(const AlertOptions &options, const JudgedList &list, const Standing &standing,
                    Explanation &out) {
    const Judged &judged = list.rows[0];
    const DemandSummary &demand = judged.candidate->demand;
    out.integer("lookback_days", options.lookback_days, "argument");
    const char *zone =
        psprintf("calendar days in companies.timezone, %s", TextDatumGetCString(standing.timezone));
    out.string("window_from", day_text(list.company.from), zone);
    out.string("window_to", day_text(list.company.today), zone);
    out.quantity("demand", demand.net_demand,
                 "sales and consumption less returns in the window, from the ledger");
    out.number("average_daily_demand", daily_average(demand.net_demand, options.lookback_days),
               "demand / lookback_days");
    out.integer("days_in_stock", demand.days_in_stock,
                judged.candidate->is_bundle
                    ? "a bundle: the whole window, unless it cannot be built and did not sell"
                    : "days of the window that opened or closed above zero, or with a sale");
    out.number("adjusted_daily_demand", daily_average(demand.net_demand, demand.days_in_stock),
               "demand / days_in_stock");
    out.string("last_sold_at", moment_text(judged.candidate->last_sold_at),
               "inventory.last_sold_at");
    out.flag("recent_sales_only", options.recent_sales_only, "argument");
    out.flag("hidden_by_stockout", is_hidden_by_stockout(judged.input),
             "sold before, nothing available, no day in stock in the window");
    out.flag("include_stockouts", options.include_stockouts, "argument");
}

const char *cost_text(const Supplier &supplier) {
    return supplier.unit_cost.isnull ? "unknown" : numeric_text(supplier.unit_cost.value);
}

const char *lead_time_text(const Supplier &supplier) {
    return supplier.lead_time_days.isnull
               ? "unknown"
               : psprintf("%d days", DatumGetInt32(supplier.lead_time_days.value));
}

// Each offer, and the rule that chose among them.
void explain_supplier(const AlertOptions &options, const Alert &alert, Explanation &out) {
    int count = 0;
    const Supplier *suppliers = load_suppliers(options.company_id, &alert, 1, &count);
    auto *offers = allocate<SupplierOffer>(count);
    for (int i = 0; i < count; i++) {
        const Supplier &supplier = suppliers[i];
        offers[i] = supplier.offer;
        out.string(
            "supplier_offer",
            psprintf("%lld \"%s\": cost %s, lead time %s%s",
                     static_cast<long long>(supplier.offer.supplier_id),
                     TextDatumGetCString(supplier.name), cost_text(supplier),
                     lead_time_text(supplier), supplier.offer.preferred ? ", preferred" : ""),
            "product_suppliers, suppliers that are not deleted");
    }
    SupplierRule rule;
    const int chosen = choose_supplier(offers, count, alert.days_until_stockout, &rule);
    const Supplier *supplier = chosen < 0 ? nullptr : &suppliers[chosen];
    out.number("supplier_id",
               supplier == nullptr
                   ? null_datum()
                   : present(NumericGetDatum(int64_to_numeric(supplier->offer.supplier_id))),
               rule_text(rule));
    out.text("supplier_name", supplier == nullptr ? null_datum() : present(supplier->name),
             "suppliers.name");
}

const char *target_origin(const OrderInput &input) {
    const std::int64_t target = order_target(input);
    if (input.order_quantity.set) return "threshold + inventory.dynamic_order_quantity";
    if (input.order_up_to.set && target == input.order_up_to.value) return "products.order_up_to";
    if (target == add(input.threshold, kUnit)) return "threshold + 1, the least target";
    return psprintf("threshold + demand / %d days x companies.cover_days (%d)",
                    Max(input.days_in_stock, kLeastDaysForRate), input.cover_days);
}

void explain_order(const AlertCompany &company, const Alert &alert, Explanation &out) {
    const Candidate &candidate = *alert.candidate;
    if (candidate.is_bundle) {
        out.number("suggested_quantity", null_datum(),
                   "a bundle is not ordered, its components are");
        return;
    }
    const OrderInput input = order_input(alert, company);
    const std::int64_t target = order_target(input);
    const std::int64_t needed = target - input.available - input.incoming;
    out.quantity("order_target", target, target_origin(input));
    out.quantity("on_order", candidate.on_order, "inventory.on_order");
    out.quantity("in_transit", candidate.in_transit, "inventory.in_transit");
    out.quantity("order_needed", Max(needed, 0),
                 "order_target - available - on_order - in_transit");
    out.number("min_order_quantity", from_optional_quantity(input.minimum),
               "product_suppliers.min_order_quantity of the supplier");
    out.number("pack_size", from_optional_quantity(input.pack),
               "product_suppliers.pack_size of the supplier");
    out.flag("whole_units", candidate.whole_units, "products.whole_units");
    out.quantity("suggested_quantity", suggested_quantity(input),
                 needed <= 0 ? "nothing is needed"
                             : "order_needed, at least the minimum, in whole packs and units");
}

const char *verdict_reason(const char *verdict, const Judged *judged) {
    if (strcmp(verdict, "no_reorder_point") == 0) return "no level sets a reorder point";
    if (judged == nullptr) return "silent whatever the stock";
    if (strcmp(verdict, "above_reorder_point") == 0) return "available > threshold";
    if (strcmp(verdict, "no_recent_sales") == 0) {
        return "available <= threshold, but demand is not above 0";
    }
    if (judged->input.net_demand > 0) return "available <= threshold, and demand above 0";
    return judged->input.recent_sales_only ? "available <= threshold, demand hidden by a stock-out"
                                           : "available <= threshold";
}

void explain(const AlertOptions &options, Datum products, Datum warehouses, Explanation out) {
    int count = 0;
    const Standing *standing = load_standings(options.company_id, products, warehouses, &count);
    if (count == 0) return;
    JudgedList list;
    judge_keys(options, products, warehouses, &list);
    const Judged *judged = list.count == 0 ? nullptr : &list.rows[0];
    explain_standing(*standing, out);
    explain_stock(*standing, judged == nullptr ? nullptr : judged->candidate, out);
    explain_points(*standing, out);
    if (judged != nullptr) {
        const Alert alert = complete_alert(options, list.company, *judged->candidate);
        explain_demand(options, list, *standing, out);
        out.number("days_until_stockout",
                   alert.days_until_stockout == kNoStockoutDate
                       ? null_datum()
                       : present(NumericGetDatum(int64_to_numeric(alert.days_until_stockout))),
                   "floor(available / (demand / lookback_days)), 0 when nothing is available");
        explain_supplier(options, alert, out);
        explain_order(list.company, alert, out);
    }
    const char *verdict = verdict_on(options, *standing, judged);
    out.string("verdict", verdict, verdict_reason(verdict, judged));
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// explain_alert(company, product, warehouse, lookback_days, include_bundles, include_stockouts,
//               recent_sales_only) RETURNS TABLE(term, value, amount, source)
STOCKFLOW_FUNCTION(stockflow_explain_alert) {
    const Arguments arguments(fcinfo);
    AlertOptions options = {};
    options.company_id = arguments.bigint(0, "company_id");
    const std::int64_t product_id = arguments.bigint(1, "product_id");
    const std::int64_t warehouse_id = arguments.bigint(2, "warehouse_id");
    options.product_id = present(Int64GetDatum(product_id));
    options.warehouse_id = present(Int64GetDatum(warehouse_id));
    options.lookback_days = arguments.integer(3, "lookback_days", 1, kMaxLookback);
    options.include_bundles = arguments.boolean(4, "include_bundles");
    options.include_stockouts = arguments.boolean(5, "include_stockouts");
    options.recent_sales_only = arguments.boolean(6, "recent_sales_only");
    const Rows rows(fcinfo);
    spi::connected([&] {
        explain(options, bigint_array(&product_id, 1), bigint_array(&warehouse_id, 1),
                Explanation(rows));
    });
    return 0;
}
