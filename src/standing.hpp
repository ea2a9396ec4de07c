// What keeps a product in a warehouse out of the alerts whatever its stock, and where its reorder
// points come from.
#pragma once

#include "alert_rows.hpp"
#include "pg.hpp"

namespace stockflow {

struct Standing {
    int64 product_id, warehouse_id;
    bool company_deleted, product_deleted, warehouse_closed, is_stocked, is_bundle, has_row;
    Datum company_name, timezone, product_name, sku, warehouse_name;
    NullableDatum category_name;
    NullableDatum on_hand, reserved, on_order, in_transit, last_sold_at;  // NULL without a row
    NullableDatum warehouse_point, product_point, category_point, company_point, dynamic_point;
};

// Those of the keys whose company, product and warehouse are known, ordered by key. Runs inside
// SPI.
Standing *load_standings(int64 company_id, Datum products, Datum warehouses, int *count);

// The verdict on a key; judged is null when it has no figures.
const char *verdict_on(const AlertOptions &options, const Standing &standing, const Judged *judged);

}  // namespace stockflow
