// Bringing the lines of a request into the one order in which rows are locked.
#pragma once

#include <cstdint>

namespace stockflow {

struct GroupedLine {
    std::int64_t product_id, warehouse_id;
    std::int64_t delta;
    int index;  // in the request
};

// Sorts by product and warehouse; within a key inflows come first, so that no balance on the way
// is lower than it has to be, and otherwise the order of the request is kept.
void order_lines(GroupedLine *lines, int count);

}  // namespace stockflow
