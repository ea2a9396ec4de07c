#include "lots.hpp"

#include <algorithm>

namespace stockflow {

std::int64_t take_from_lots(Lot *lots, int count, std::int64_t units, int first_day,
                            std::int64_t *taken) {
    for (int i = 0; i < count; i++) {
        taken[i] = lots[i].expires_on < first_day ? 0 : std::min(units, lots[i].quantity);
        lots[i].quantity -= taken[i];
        units -= taken[i];
    }
    return units;
}

std::int64_t sum_of_lots(const Lot *lots, int count) {
    std::int64_t sum = 0;
    for (int i = 0; i < count; i++) sum += lots[i].quantity;
    return sum;
}

}  // namespace stockflow
