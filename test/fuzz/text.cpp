// SKUs, names and currencies: any bytes.
#include <string>

#include "core/text.hpp"

#include "input.hpp"

using namespace stockflow;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    // A copy of its exact size, so that a byte too far is found.
    const std::vector<char> text(data, data + size);
    for (const bool utf8 : {false, true}) {
        const Span span = trim(text.data(), size, utf8);
        require(span.begin <= span.end && span.end <= size);
        const char *inner = text.data() + span.begin;
        const std::size_t length = span.end - span.begin;
        const Span again = trim(inner, length, utf8);
        require(again.begin == 0 && again.end == length);
        require(characters(inner, length, utf8) <= length);
        if (sku_fault(inner, length, utf8) == nullptr) {
            require(length > 0 && characters(inner, length, utf8) <= kMaxSkuLength);
            require(!has_control_character(inner, length, utf8));
        }
    }
    const std::string code(text.begin(), text.end());
    const int decimals = currency_decimals(code.c_str());
    require(decimals >= 0 && decimals <= 4);
    return 0;
}
