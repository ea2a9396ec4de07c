// Whether a row of inventory may be changed without a statement: nobody would notice a difference.
#pragma once

#include "inventory_row.hpp"

namespace stockflow {

// True when an UPDATE of these rows by the session's role would be allowed, fire our triggers and
// nothing else, and store what it is given. False is no refusal: a statement decides then.
bool may_update_directly(Relation inventory, const Columns &columns, int64 company_id);

}  // namespace stockflow
