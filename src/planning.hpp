// Reorder points that follow from forecasts: bringing inventory up to date with them.
#pragma once

#include "pg.hpp"

namespace stockflow {

// Writes dynamic_reorder_point, dynamic_order_quantity and the effective reorder point of a
// company's rows of inventory where the policies and forecasts want others, in key order; of some
// products only if an array of their ids is given. One caller per company at a time. Returns how
// many rows changed. Runs inside SPI.
int64 apply_reorder_points(int64 company_id, NullableDatum product_ids);

}  // namespace stockflow
