// The effective reorder point of a row of inventory: what it inherits, and keeping it up to date.
#pragma once

#include "ledger.hpp"

namespace stockflow {

// The first reorder point that is set of product, category and company, or NULL. The rows read
// are locked against change, so that a change that is under way cannot be missed.
NullableDatum inherited_reorder_point(const StockKey &key);

}  // namespace stockflow
