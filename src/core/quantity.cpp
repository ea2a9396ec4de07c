#include "quantity.hpp"

#include <algorithm>
#include <cstdlib>
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

// A numeric is a header of 16 bits and digits of 16 bits, base 10,000. The short header, which all
// quantities have: two bits that mark it, sign, six bits of decimals, seven of the signed weight.
namespace {

constexpr std::uint16_t kShortMask = 0xC000, kShortMark = 0x8000, kNegative = 0x2000;
constexpr std::uint16_t kWeightSign = 0x0040, kWeightMask = 0x003F;
constexpr int kDecimalsShift = 7, kBase = 10'000;
constexpr int kMaxDigits = 5;  // three before the point, two behind it

// Millionths of one unit of the digit that stands so many digits before the point.
constexpr std::int64_t kDigitUnits[] = {kUnit, kUnit *kBase, kUnit *kBase *kBase};

}  // namespace

bool decode_numeric(const std::uint8_t *data, std::size_t size, std::int64_t *out) {
    std::uint16_t header;
    if (size < sizeof header) return false;
    std::memcpy(&header, data, sizeof header);
    const std::size_t digits = (size - sizeof header) / sizeof header;
    if ((header & kShortMask) != kShortMark || digits > kMaxDigits) return false;
    const int weight = (header & kWeightMask) - (header & kWeightSign);
    std::int64_t value = 0;
    for (std::size_t i = 0; i < digits; i++) {
        std::int16_t digit;
        std::memcpy(&digit, data + sizeof header + i * sizeof digit, sizeof digit);
        if (digit < 0 || digit >= kBase) return false;
        const int position = weight - static_cast<int>(i);
        if (position > 2 || position < -2) return false;
        if (position >= 0) {
            value += digit * kDigitUnits[position];
        } else if (position == -1) {
            value += digit * std::int64_t{100};
        } else {
            if (digit % 100 != 0) return false;  // more than six decimals
            value += digit / 100;
        }
    }
    *out = (header & kNegative) != 0 ? -value : value;
    return true;
}

std::size_t encode_numeric(std::int64_t quantity, std::uint8_t *out) {
    const bool negative = quantity < 0;
    const std::uint64_t magnitude =
        negative ? ~static_cast<std::uint64_t>(quantity) + 1 : static_cast<std::uint64_t>(quantity);
    std::uint64_t whole = magnitude / kUnit;
    const auto fraction = static_cast<int>(magnitude % kUnit);
    int decimals = fraction == 0 ? 0 : kQuantityDecimals;
    for (int rest = fraction; decimals > 0 && rest % 10 == 0; rest /= 10) decimals--;

    std::int16_t digits[6];  // from the last one before the point back, then turned round
    int count = 0;
    for (; whole > 0; whole /= kBase) digits[count++] = static_cast<std::int16_t>(whole % kBase);
    std::reverse(digits, digits + count);
    int weight = count - 1;
    if (fraction > 0 && (count > 0 || fraction >= 100)) {
        digits[count++] = static_cast<std::int16_t>(fraction / 100);
    } else if (fraction > 0) {
        weight--;
    }
    if (fraction % 100 != 0) digits[count++] = static_cast<std::int16_t>(fraction % 100 * 100);
    while (count > 0 && digits[count - 1] == 0) count--;
    if (count == 0) weight = 0;

    const auto header = static_cast<std::uint16_t>(
        kShortMark | (negative ? kNegative : 0) | (decimals << kDecimalsShift) |
        (weight < 0 ? kWeightSign : 0) | (weight & kWeightMask));
    std::memcpy(out, &header, sizeof header);
    std::memcpy(out + sizeof header, digits, count * sizeof *digits);
    return sizeof header + count * sizeof *digits;
}

std::int64_t divide(std::int64_t quantity, std::int64_t count) {
    const std::int64_t rest = quantity % count;
    const std::int64_t half_up = std::abs(rest) >= count - std::abs(rest) ? 1 : 0;
    return quantity / count + (quantity < 0 ? -half_up : half_up);
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
