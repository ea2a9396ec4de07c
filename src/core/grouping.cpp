#include "grouping.hpp"

#include <algorithm>
#include <tuple>

namespace stockflow {

void order_lines(GroupedLine *lines, int count) {
    std::sort(lines, lines + count, [](const GroupedLine &a, const GroupedLine &b) {
        return std::make_tuple(a.product_id, a.warehouse_id, a.delta < 0, a.index) <
               std::make_tuple(b.product_id, b.warehouse_id, b.delta < 0, b.index);
    });
}

}  // namespace stockflow
