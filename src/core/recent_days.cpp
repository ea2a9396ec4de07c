#include "recent_days.hpp"

#include <algorithm>
#include <cstring>

#include "quantity.hpp"

namespace stockflow {

namespace {

constexpr std::uint8_t kFormat = 1;

// The range of the server's dates, in days since 2000-01-01.
constexpr std::int32_t kFirstDay = -2451545 + kRecentDays, kLastDay = 2145031948;

// Small magnitudes of either sign become small unsigned numbers.
std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

std::uint8_t *put(std::uint8_t *out, std::int64_t value) {
    std::uint64_t rest = zigzag(value);
    for (; rest >= 0x80; rest >>= 7) *out++ = static_cast<std::uint8_t>(rest | 0x80);
    *out++ = static_cast<std::uint8_t>(rest);
    return out;
}

const std::uint8_t *get(const std::uint8_t *in, const std::uint8_t *end, std::int64_t *value) {
    std::uint64_t bits = 0;
    for (int shift = 0; in < end && shift < 64; shift += 7) {
        const std::uint8_t byte = *in++;
        bits |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = unzigzag(bits);
            return in;
        }
    }
    return nullptr;
}

// A day without movement, in its stored form.
constexpr int kQuietDay = 3;

bool is_quiet_day(const std::uint8_t *in, const std::uint8_t *end) {
    return end - in >= kQuietDay && (in[0] | in[1] | in[2]) == 0;
}

bool is_quiet(const DayTotals &day) {
    return day.demand == 0 && day.returned == 0 && day.other == 0;
}

}  // namespace

MovementKind movement_kind(const char *reason) {
    if (std::strcmp(reason, "sale") == 0 || std::strcmp(reason, "consumption") == 0) {
        return MovementKind::demand;
    }
    return std::strcmp(reason, "return") == 0 ? MovementKind::customer_return : MovementKind::other;
}

DayTotals movement_totals(MovementKind kind, std::int64_t delta, const std::int64_t *units) {
    switch (kind) {
        case MovementKind::demand: {
            const std::int64_t demand = units != nullptr ? *units : -delta;
            return {demand, 0, add(delta, demand)};
        }
        case MovementKind::customer_return: {
            const std::int64_t returned = units != nullptr ? *units : delta;
            return {0, returned, add(delta, -returned)};
        }
        default:
            return {0, 0, delta};
    }
}

void accumulate(DayTotals &day, const DayTotals &totals) {
    day.demand = add(day.demand, totals.demand);
    day.returned = add(day.returned, totals.returned);
    day.other = add(day.other, totals.other);
}

RecentDays no_recent_days() {
    RecentDays recent{};
    recent.empty = true;
    return recent;
}

int add_movement(RecentDays &recent, std::int32_t day, const DayTotals &totals,
                 DayRecord *leaving) {
    int left = 0;
    if (recent.empty) {
        recent.empty = false;
        recent.last_day = day;
    }
    if (day > recent.last_day) {
        const int shift = std::min(day - recent.last_day, kRecentDays);
        for (int age = kRecentDays - 1; age >= kRecentDays - shift; age--) {
            if (is_quiet(recent.days[age])) continue;
            leaving[left++] = {recent.last_day - age, recent.days[age]};
        }
        std::move_backward(recent.days, recent.days + kRecentDays - shift,
                           recent.days + kRecentDays);
        std::fill(recent.days, recent.days + shift, DayTotals{});
        recent.last_day = day;
    }
    const int age = recent.last_day - day;
    if (age < kRecentDays) {
        accumulate(recent.days[age], totals);
    } else {
        leaving[left++] = {day, totals};
    }
    return left;
}

int merge_day(DayRecord *days, int count, const DayRecord &added) {
    DayRecord *at =
        std::lower_bound(days, days + count, added,
                         [](const DayRecord &a, const DayRecord &b) { return a.day < b.day; });
    if (at != days + count && at->day == added.day) {
        accumulate(at->totals, added.totals);
        return count;
    }
    std::move_backward(at, days + count, days + count + 1);
    *at = added;
    return count + 1;
}

DemandSummary summarise(const DayTotals *days, int count, std::int32_t last_day,
                        std::int64_t on_hand, std::int32_t from, std::int32_t to) {
    DemandSummary result{0, 0};
    __int128 closing = on_hand;  // sums of unrelated days may pass 64 bits on the way
    for (std::int32_t day = std::max(to, last_day); day >= from; day--) {
        const int age = last_day - day;
        const DayTotals totals = age >= 0 && age < count ? days[age] : DayTotals{};
        const __int128 opening = closing - totals.net_change();
        if (day <= to) {
            result.net_demand = add(result.net_demand, totals.net_demand());
            if (opening > 0 || closing > 0 || totals.demand > 0) result.days_in_stock++;
        }
        closing = opening;
    }
    return result;
}

bool covers(const RecentDays &recent, std::int32_t from) {
    return recent.empty || recent.last_day - from < kRecentDays;
}

std::size_t encode(const RecentDays &recent, std::uint8_t *out) {
    if (recent.empty) return 0;
    std::uint8_t *next = out;
    *next++ = kFormat;
    const auto day = static_cast<std::uint32_t>(recent.last_day);
    for (int shift = 0; shift < 32; shift += 8) {
        *next++ = static_cast<std::uint8_t>(day >> shift);
    }
    int count = kRecentDays;
    while (count > 0 && is_quiet(recent.days[count - 1])) count--;
    for (int i = 0; i < count; i++) {
        next = put(next, recent.days[i].demand);
        next = put(next, recent.days[i].returned);
        next = put(next, recent.days[i].other);
    }
    return static_cast<std::size_t>(next - out);
}

bool decode(const std::uint8_t *data, std::size_t size, RecentDays *out) {
    *out = no_recent_days();
    if (size == 0) return true;
    if (size < 5 || data[0] != kFormat) return false;
    std::uint32_t day = 0;
    for (int i = 0; i < 4; i++) day |= static_cast<std::uint32_t>(data[1 + i]) << (8 * i);
    out->empty = false;
    out->last_day = static_cast<std::int32_t>(day);
    if (out->last_day < kFirstDay || out->last_day > kLastDay) return false;

    const std::uint8_t *next = data + 5;
    const std::uint8_t *end = data + size;
    for (int i = 0; next != end; i++) {
        if (i == kRecentDays) return false;
        if (is_quiet_day(next, end)) {
            next += kQuietDay;
            continue;
        }
        DayTotals &totals = out->days[i];
        for (std::int64_t *part : {&totals.demand, &totals.returned, &totals.other}) {
            next = get(next, end, part);
            if (next == nullptr) return false;
        }
    }
    return true;
}

}  // namespace stockflow
