// alert_status: the verdict on given keys, and the facts it shares with explain_alert.
#include "standing.hpp"

#include "arguments.hpp"
#include "entry.hpp"
#include "rows.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// One lookup per key, see key_query in alert_rows.cpp.
spi::Statement standing_query = {
    "SELECT p.product_id, w.warehouse_id, c.deleted_at IS NOT NULL, p.deleted_at IS NOT NULL,"
    "       w.deleted_at IS NOT NULL, p.is_stocked, p.is_bundle, i.company_id IS NOT NULL,"
    "       c.name, c.timezone, p.name, p.sku, w.name, g.name, i.quantity, i.reserved, i.on_order,"
    "       i.in_transit, i.last_sold_at, i.reorder_point, p.reorder_point, g.reorder_point,"
    "       c.reorder_point, i.dynamic_reorder_point"
    "  FROM unnest($2, $3) AS k(product_id, warehouse_id)"
    "  JOIN stockflow.companies c ON c.company_id = $1"
    " CROSS JOIN LATERAL (SELECT * FROM stockflow.products x WHERE x.company_id = $1"
    "      AND x.product_id = k.product_id OFFSET 0) AS p"
    " CROSS JOIN LATERAL (SELECT * FROM stockflow.warehouses x WHERE x.company_id = $1"
    "      AND x.warehouse_id = k.warehouse_id OFFSET 0) AS w"
    "  LEFT JOIN LATERAL (SELECT * FROM stockflow.categories x WHERE x.company_id = $1"
    "      AND x.category_id = p.category_id OFFSET 0) AS g ON true"
    "  LEFT JOIN LATERAL (SELECT * FROM stockflow.inventory x WHERE x.company_id = $1"
    "      AND x.product_id = k.product_id AND x.warehouse_id = k.warehouse_id OFFSET 0) AS i ON "
    "true"
    " ORDER BY p.product_id, w.warehouse_id",
    3,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID},
    nullptr};

Standing read_standing(const spi::Row &row) {
    Standing standing;
    standing.product_id = row.bigint(1);
    standing.warehouse_id = row.bigint(2);
    standing.company_deleted = row.boolean(3);
    standing.product_deleted = row.boolean(4);
    standing.warehouse_closed = row.boolean(5);
    standing.is_stocked = row.boolean(6);
    standing.is_bundle = row.boolean(7);
    standing.has_row = row.boolean(8);
    standing.company_name = row.get(9).value;
    standing.timezone = row.get(10).value;
    standing.product_name = row.get(11).value;
    standing.sku = row.get(12).value;
    standing.warehouse_name = row.get(13).value;
    standing.category_name = row.get(14);
    standing.on_hand = row.get(15);
    standing.reserved = row.get(16);
    standing.on_order = row.get(17);
    standing.in_transit = row.get(18);
    standing.last_sold_at = row.get(19);
    standing.warehouse_point = row.get(20);
    standing.product_point = row.get(21);
    standing.category_point = row.get(22);
    standing.company_point = row.get(23);
    standing.dynamic_point = row.get(24);
    return standing;
}

bool precedes(const Candidate &candidate, const Standing &standing) {
    return candidate.product_id != standing.product_id
               ? candidate.product_id < standing.product_id
               : candidate.warehouse_id < standing.warehouse_id;
}

void emit_status(const Standing &standing, const Judged *judged, const char *verdict,
                 const Rows &rows) {
    NullableDatum available = null_datum(), threshold = null_datum();
    if (judged != nullptr) {
        available = present(from_quantity(judged->input.available));
        if (judged->input.threshold.source != ThresholdSource::none) {
            threshold = present(from_quantity(judged->input.threshold.value));
        }
    }
    rows.put({present(Int64GetDatum(standing.product_id)),
              present(Int64GetDatum(standing.warehouse_id)), available, threshold,
              optional_text(verdict)});
}

// Both lists are ordered by key.
void emit_statuses(const AlertOptions &options, const Standing *standings, int count,
                   const JudgedList &list, const Rows &rows) {
    int at = 0;
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Standing &standing = standings[i];
        while (at < list.count && precedes(*list.rows[at].candidate, standing)) at++;
        const bool found = at < list.count &&
                           list.rows[at].candidate->product_id == standing.product_id &&
                           list.rows[at].candidate->warehouse_id == standing.warehouse_id;
        const Judged *judged = found ? &list.rows[at] : nullptr;
        emit_status(standing, judged, verdict_on(options, standing, judged), rows);
    }
}

}  // namespace

Standing *load_standings(int64 company_id, Datum products, Datum warehouses, int *count) {
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(products).datum(warehouses);
    *count = static_cast<int>(spi::run(standing_query, parameters, spi::Mode::read));
    auto *standings = allocate<Standing>(*count);
    for (int i = 0; i < *count; i++) standings[i] = read_standing(spi::Row(i));
    return standings;
}

const char *verdict_on(const AlertOptions &options, const Standing &standing,
                       const Judged *judged) {
    if (standing.company_deleted) return "company_deleted";
    if (standing.product_deleted) return "product_deleted";
    if (standing.warehouse_closed) return "warehouse_closed";
    if (standing.is_bundle && !options.include_bundles) return "bundle";
    if (!standing.is_bundle && !standing.is_stocked) return "not_stocked";
    if (!standing.has_row) return "no_inventory_row";
    if (judged != nullptr) return verdict_name(judge(judged->input));
    const bool has_point = !standing.warehouse_point.isnull || !standing.product_point.isnull ||
                           !standing.category_point.isnull || !standing.company_point.isnull;
    return has_point ? "unlimited_bundle" : "no_reorder_point";  // only bundles come here
}

}  // namespace stockflow

using namespace stockflow;

// alert_status(company, product_ids, warehouse_ids) RETURNS TABLE(…): the verdict of
// low_stock_alerts with its defaults on each pair
STOCKFLOW_FUNCTION(stockflow_alert_status) {
    const Arguments arguments(fcinfo);
    AlertOptions options = {};
    options.company_id = arguments.bigint(0, "company_id");
    const Datum products = arguments.required(1, "product_ids");
    const Datum warehouses = arguments.required(2, "warehouse_ids");
    options.warehouse_id = options.product_id = null_datum();
    options.lookback_days = kDefaultLookback;
    options.include_stockouts = options.recent_sales_only = true;
    const Rows rows(fcinfo);
    spi::connected([&] {
        int count = 0;
        const Standing *standings =
            load_standings(options.company_id, products, warehouses, &count);
        JudgedList list;
        judge_keys(options, products, warehouses, &list);
        emit_statuses(options, standings, count, list, rows);
    });
    return 0;
}
