#include "quantity.hpp"

#include <cstring>

#include "error.hpp"

namespace stockflow {

ParseStatus parse_quantity(const char *text, std::int64_t *out) {
    const bool negative = *text == '-';
    if (negative) text++;
    if (*text < '0' || *text > '9') return ParseStatus::not_finite;

    std::int64_t value = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (*text - '0');
        if (value >= kQuantityLimit / kUnit) return ParseStatus::out_of_range;
    }
    int decimals = 0;
    if (*text == '.') {
        for (text++; *text >= '0' && *text <= '9'; text++) {
            if (decimals < kQuantityDecimals) {
                value = value * 10 + (*text - '0');
                decimals++;
            } else if (*text != '0') {
                return ParseStatus::too_many_decimals;
            }
        }
    }
    for (; decimals < kQuantityDecimals; decimals++) value *= 10;
    *out = negative ? -value : value;
    return ParseStatus::ok;
}

int significant_decimals(const char *text) {
    const char *point = std::strchr(text, '.');
    if (point == nullptr) return 0;
    std::size_t length = std::strlen(point + 1);
    while (length > 0 && point[length] == '0') length--;
    return static_cast<int>(length);
}

std::int64_t add(std::int64_t a, std::int64_t b) {
    std::int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) throw Error(kOutOfRange, "quantity out of range");
    return sum;
}

std::int64_t multiply(std::int64_t a, std::int64_t b) {
    const __int128 product = static_cast<__int128>(a) * b;
    if (product % kUnit != 0) {
        throw Error(kOutOfRange, "quantity needs more than six decimals");
    }
    const __int128 result = product / kUnit;
    if (result >= kQuantityLimit || result <= -kQuantityLimit) {
        throw Error(kOutOfRange, "quantity out of range");
    }
    return static_cast<std::int64_t>(result);
}

std::int64_t share(std::int64_t quantity, std::int64_t part, std::int64_t whole) {
    const __int128 product = static_cast<__int128>(quantity) * part;
    if (product % whole != 0) throw Error(kOutOfRange, "quantity needs more than six decimals");
    const __int128 result = product / whole;
    if (result >= kQuantityLimit || result <= -kQuantityLimit) {
        throw Error(kOutOfRange, "quantity out of range");
    }
    return static_cast<std::int64_t>(result);
}

std::int64_t round_up(std::int64_t value, std::int64_t step) {
    const std::int64_t rest = value % step;
    return rest == 0 ? value : add(value, step - rest);
}

}  // namespace stockflow
