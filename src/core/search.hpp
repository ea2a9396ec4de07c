// Looking up ids in order.
#pragma once

#include <cstdint>

namespace stockflow {

// Index of the first id that is not below the wanted one; ids(index) gives them in order.
template <typename Ids>
int lower_bound(int count, std::int64_t wanted, Ids ids) {
    int low = 0, high = count;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (ids(middle) < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// Index of an id among ordered ids, or -1.
inline int find_id(const std::int64_t *ids, int count, std::int64_t wanted) {
    const int index = lower_bound(count, wanted, [&](int at) { return ids[at]; });
    return index < count && ids[index] == wanted ? index : -1;
}

}  // namespace stockflow
