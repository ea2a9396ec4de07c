#include "moving_cost.hpp"

#include <algorithm>
#include <string>

#include "error.hpp"
#include "quantity.hpp"

namespace stockflow {

namespace {

using Wide = unsigned __int128;

constexpr UnitCost kCostLimit = 1'000'000'000'000'000;  // 15 digits before the point
constexpr UnitCost kOne = 1'000'000'000'000'000'000;

[[noreturn]] void bad_cost(const char *text) {
    throw Error(kOutOfRange, "unit cost " + std::string(text).substr(0, 40) + " is out of range",
                "Costs have at most 15 digits before the point and 18 behind it.");
}

constexpr Wide kTooLarge = Wide{1} << 126;  // more than any cost

// value * factor / divisor, rounded half up; all below 2^110, 2^63 and 2^63.
Wide scale(Wide value, std::uint64_t factor, std::uint64_t divisor) {
    const Wide low = static_cast<Wide>(static_cast<std::uint64_t>(value)) * factor;
    const Wide high = (value >> 64) * factor + (low >> 64);  // the product is high * 2^64 + low
    if (high / divisor >> 62 != 0) return kTooLarge;
    const Wide rest = high % divisor << 64 | static_cast<std::uint64_t>(low);
    const Wide result = (high / divisor << 64) + rest / divisor;
    return result + (rest % divisor * 2 >= divisor ? 1 : 0);
}

// The average of stock at one cost and what is added at another.
UnitCost mixed(UnitCost average, std::int64_t stock, UnitCost cost, std::int64_t added) {
    const auto total = static_cast<std::uint64_t>(add(stock, added));
    const auto part = static_cast<std::uint64_t>(added);
    if (cost >= average) return average + static_cast<UnitCost>(scale(cost - average, part, total));
    return average - static_cast<UnitCost>(scale(average - cost, part, total));
}

void leave(MovingCost &stock, std::int64_t units) {
    stock.unknown -= std::min(stock.unknown, units);
    stock.quantity = add(stock.quantity, -units);
}

// Takes back units that came at a cost, unless the others would then be worth less than nothing, or
// more than a cost can be: then they leave as others do.
void take_back(MovingCost &stock, std::int64_t units, UnitCost cost) {
    const std::int64_t rest = stock.costed() - units;
    if (rest <= 0) return leave(stock, units);
    const Wide difference = cost < stock.average ? stock.average - cost : cost - stock.average;
    const Wide change =
        scale(difference, static_cast<std::uint64_t>(units), static_cast<std::uint64_t>(rest));
    if (change >= kTooLarge) return leave(stock, units);
    const UnitCost average = cost < stock.average ? stock.average + static_cast<UnitCost>(change)
                                                  : stock.average - static_cast<UnitCost>(change);
    if (average < 0 || average >= kCostLimit * kOne) return leave(stock, units);
    stock.average = average;
    stock.quantity = add(stock.quantity, -units);
}

void enter(MovingCost &stock, const CostedMovement &movement) {
    const std::int64_t costed = std::max<std::int64_t>(stock.costed(), 0);
    stock.quantity = add(stock.quantity, movement.delta);
    // What makes up for a shortage has left already.
    const std::int64_t added = std::max<std::int64_t>(std::min(stock.quantity, movement.delta), 0);
    if (movement.has_cost) {
        stock.average =
            costed == 0 ? movement.cost : mixed(stock.average, costed, movement.cost, added);
        stock.known = true;
    } else if (movement.is_receipt || !stock.known) {
        stock.unknown += added;
    }
}

}  // namespace

UnitCost parse_cost(const char *text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const char *at = *text == '-' ? text + 1 : text;
    if (!is_digit(*at)) bad_cost(text);
    UnitCost cost = 0;
    for (; is_digit(*at); at++) {
        cost = cost * 10 + (*at - '0');
        if (cost >= kCostLimit) bad_cost(text);
    }
    int decimals = 0;
    if (*at == '.') {
        for (at++; is_digit(*at); at++) {
            if (decimals < kCostDecimals) {
                cost = cost * 10 + (*at - '0');
                decimals++;
            } else if (*at != '0') {
                bad_cost(text);
            }
        }
    }
    if (*at != '\0') bad_cost(text);
    for (; decimals < kCostDecimals; decimals++) cost *= 10;
    return *text == '-' ? -cost : cost;
}

void format_cost(UnitCost cost, char *out) {
    const bool negative = cost < 0;
    Wide rest = negative ? -static_cast<Wide>(cost) : static_cast<Wide>(cost);
    char reversed[kMaxCostText];
    int length = 0;
    bool significant = false;
    for (int place = 0; place <= kCostDecimals || rest != 0; place++, rest /= 10) {
        const int digit = static_cast<int>(rest % 10);
        significant |= digit != 0 || place >= kCostDecimals;
        if (!significant) continue;
        if (place == kCostDecimals && length > 0) reversed[length++] = '.';
        reversed[length++] = static_cast<char>('0' + digit);
    }
    if (negative) reversed[length++] = '-';
    while (length > 0) *out++ = reversed[--length];
    *out = '\0';
}

void apply(MovingCost &stock, const CostedMovement &movement) {
    if (movement.delta < 0 && movement.is_receipt && movement.has_cost) {
        take_back(stock, -movement.delta, movement.cost);
    } else if (movement.delta < 0) {
        leave(stock, -movement.delta);
    } else if (movement.delta > 0) {
        enter(stock, movement);
    }
}

}  // namespace stockflow
