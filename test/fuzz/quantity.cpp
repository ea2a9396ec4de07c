// Quantities and costs: text, the stored form of numeric, and arithmetic on them.
#include <cstring>
#include <string>

#include "core/error.hpp"
#include "core/moving_cost.hpp"
#include "core/quantity.hpp"

#include "input.hpp"

using namespace stockflow;

// What parse_quantity took is what the stored form says.
static void check_text(const char *text) {
    std::int64_t quantity;
    if (parse_quantity(text, &quantity) != ParseStatus::ok) return;
    require(quantity > -kQuantityLimit && quantity < kQuantityLimit);
    std::uint8_t stored[kMaxNumericSize];
    const std::size_t size = encode_numeric(quantity, stored);
    std::int64_t read;
    require(size <= kMaxNumericSize && decode_numeric(stored, size, &read) && read == quantity);
}

static void check_arithmetic(std::int64_t a, std::int64_t b, std::int64_t c) {
    try {
        require(add(a, b) - b == a);
    } catch (const Error &) {
    }
    try {
        multiply(a, b);
    } catch (const Error &) {
    }
    try {
        if (c > 0) share(a, b, c);
    } catch (const Error &) {
    }
}

// Text as numeric writes it: digits, with a sign and a point perhaps.
static std::string decimal(const std::uint8_t *data, std::size_t size) {
    std::string text = size > 0 && data[0] % 2 == 1 ? "-" : "";
    const std::size_t point = size > 1 ? data[1] % 16 : 1;
    for (std::size_t i = 0; i < size || i == 0; i++) {
        if (i == point && i > 0) text += '.';
        text += static_cast<char>('0' + (size > 0 ? data[i] % 10 : 0));
    }
    return text;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string text = decimal(data, size);
    check_text(text.c_str());
    significant_decimals(text.c_str());
    std::int64_t quantity;
    if (decode_numeric(data, size, &quantity)) {
        require(quantity > -kQuantityLimit && quantity < kQuantityLimit);
    }
    try {
        char written[kMaxCostText];
        const UnitCost cost = parse_cost(text.c_str());
        format_cost(cost, written);
        require(parse_cost(written) == cost);
    } catch (const Error &) {
    }
    std::int64_t numbers[3] = {};
    std::memcpy(numbers, data, size < sizeof numbers ? size : sizeof numbers);
    check_arithmetic(numbers[0], numbers[1], numbers[2]);
    return 0;
}
