// The packed days of a row: any bytes are read or refused; what was read is written the same again,
// and takes movements.
#include <cstring>
#include <initializer_list>

#include "core/chain.hpp"
#include "core/error.hpp"
#include "core/recent_days.hpp"

#include "input.hpp"

using namespace stockflow;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    RecentDays recent, again;
    if (!decode(data, size, &recent)) return 0;
    std::uint8_t stored[kMaxEncodedDays];
    const std::size_t written = encode(recent, stored);
    require(written <= kMaxEncodedDays && decode(stored, written, &again));
    require(same_days(recent, again));
    // Damaged bytes may hold totals that no stock has; the library is built with -fwrapv, so that
    // sums of them are wrong and nothing else. The sanitizer would stop here.
    constexpr std::int64_t kMost = std::int64_t{1} << 55;
    for (const DayTotals &day : recent.days) {
        for (const std::int64_t part : {day.demand, day.returned, day.other}) {
            if (part > kMost || part < -kMost) return 0;
        }
    }
    const std::int32_t from = recent.last_day;
    try {
        DayRecord leaving[kRecentDays + 1];
        const DayTotals totals = {1, 0, 2};
        const int days = size > 0 ? data[size - 1] : 0;
        if (from < 1000000 && from > -1000000) {
            const int count = add_movement(recent, from + days - 60, totals, leaving);
            require(count >= 0 && count <= kRecentDays);
            summarise(recent.days, kRecentDays, recent.last_day, 5, recent.last_day - 29,
                      recent.last_day);
        }
    } catch (const Error &) {
    }
    return 0;
}
