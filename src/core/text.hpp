// Text rules: SKUs, reasons and names.
#pragma once

#include <cstddef>

namespace stockflow {

inline constexpr int kMaxSkuLength = 64;  // characters
inline constexpr int kMaxReasonLength = 64;
inline constexpr int kMaxReferenceLength = 200;
inline constexpr int kMaxLotLength = 100;
inline constexpr int kMaxNameLength = 200;
inline constexpr int kMaxKeyLength = 200;  // idempotency keys

// The part of text without outer blanks; with utf8 also the blanks beyond ASCII.
struct Span {
    std::size_t begin, end;
};
Span trim(const char *text, std::size_t length, bool utf8);

// The number of characters.
std::size_t characters(const char *text, std::size_t length, bool utf8);

// True when text has a control character.
bool has_control_character(const char *text, std::size_t length, bool utf8);

// Why a trimmed SKU is not acceptable, or null: empty, too long, control characters.
const char *sku_fault(const char *text, std::size_t length, bool utf8);

// Decimals of an ISO 4217 currency: 2 unless it is known to have others.
int currency_decimals(const char *code);

}  // namespace stockflow
