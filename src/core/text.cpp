#include "text.hpp"

#include <cstdint>
#include <cstring>

namespace stockflow {

namespace {

struct Character {
    std::uint32_t code;
    std::size_t size;
};

// The character that starts at text; a byte that is no UTF-8 stands for itself.
Character first_character(const char *text, std::size_t length, bool utf8) {
    const auto *bytes = reinterpret_cast<const unsigned char *>(text);
    const unsigned lead = bytes[0];
    if (!utf8 || lead < 0xc0) return {lead, 1};
    const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (size > length) return {lead, 1};
    std::uint32_t code = lead & (0xff >> (size + 1));
    for (std::size_t i = 1; i < size; i++) code = code << 6 | (bytes[i] & 0x3f);
    return {code, size};
}

// White space by Unicode, and the invisible characters that copy and paste leaves at the ends.
bool is_blank(std::uint32_t code, bool utf8) {
    if (code == ' ' || (code >= 0x09 && code <= 0x0d)) return true;
    if (!utf8 || code < 0x80) return false;
    return code == 0x85 || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200b) ||
           code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000 ||
           code == 0xfeff;
}

}  // namespace

Span trim(const char *text, std::size_t length, bool utf8) {
    Span span{length, length};
    for (std::size_t at = 0; at < length;) {
        const Character character = first_character(text + at, length - at, utf8);
        if (!is_blank(character.code, utf8)) {
            if (span.begin == length) span.begin = at;
            span.end = at + character.size;
        }
        at += character.size;
    }
    return span;
}

std::size_t characters(const char *text, std::size_t length, bool utf8) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < length; count++) {
        at += first_character(text + at, length - at, utf8).size;
    }
    return count;
}

bool has_control_character(const char *text, std::size_t length, bool utf8) {
    for (std::size_t at = 0; at < length;) {
        const Character character = first_character(text + at, length - at, utf8);
        if (character.code < 0x20 || character.code == 0x7f) return true;
        if (utf8 && character.code >= 0x80 && character.code < 0xa0) return true;
        at += character.size;
    }
    return false;
}

const char *sku_fault(const char *text, std::size_t length, bool utf8) {
    if (length == 0) return "must not be blank";
    if (characters(text, length, utf8) > kMaxSkuLength) return "must have at most 64 characters";
    if (has_control_character(text, length, utf8)) return "must not contain control characters";
    return nullptr;
}

int currency_decimals(const char *code) {
    // ISO 4217, minor units other than 2
    static constexpr const char *kNone[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                            "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                            "VND", "VUV", "XAF", "XOF", "XPF"};
    static constexpr const char *kThree[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    static constexpr const char *kFour[] = {"CLF", "UYW"};
    for (const char *known : kNone) {
        if (std::strcmp(known, code) == 0) return 0;
    }
    for (const char *known : kThree) {
        if (std::strcmp(known, code) == 0) return 3;
    }
    for (const char *known : kFour) {
        if (std::strcmp(known, code) == 0) return 4;
    }
    return 2;
}

}  // namespace stockflow
