// Which lots give what is taken from a shelf.
#pragma once

#include <cstdint>
#include <limits>

namespace stockflow {

// Days are numbers that grow by one a day; the last one on which a lot can be used.
inline constexpr int kNeverExpires = std::numeric_limits<int>::max();
inline constexpr int kAnyDay = std::numeric_limits<int>::min();

struct Lot {
    std::int64_t quantity;
    int expires_on;
};

// Takes units from lots that are in the order of their expiry: first expired, first out. Lots that
// expire before first_day give nothing. taken gets what each one gives; returned is what none
// could.
std::int64_t take_from_lots(Lot *lots, int count, std::int64_t units, int first_day,
                            std::int64_t *taken);

std::int64_t sum_of_lots(const Lot *lots, int count);

}  // namespace stockflow
