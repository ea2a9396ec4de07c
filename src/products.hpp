// Creating products.
#pragma once

#include "core/alert.hpp"
#include "pg.hpp"

namespace stockflow {

// Everything that create_product and create_product_json can say about a product.
struct NewProduct {
    int64 company_id;
    const char *sku, *name, *unit;
    Datum price;
    NullableDatum category_id, warehouse_id, supplier_id, unit_cost;
    OptionalQuantity initial_quantity, reorder_point, order_up_to;
    bool whole_units, is_bundle, is_stocked;
    Jsonb *attributes;  // may be null
};

NewProduct new_product(int64 company_id);

struct CreatedProduct {
    int64 product_id;
    TimestampTz created_at;
};

// Inserts the product, its supplier and its first stock; runs inside SPI.
CreatedProduct insert_product(const NewProduct &product);

// Who holds an SKU among the company's live products; returns false when nobody does.
struct SkuHolder {
    int64 product_id;
    const char *name;
};
bool find_sku_holder(int64 company_id, const char *sku, int64 except_product_id, SkuHolder *holder);

[[noreturn]] void report_duplicate_sku(const char *sku, const SkuHolder &holder);

}  // namespace stockflow
