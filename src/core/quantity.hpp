// Exact quantities of stock: whole millionths of a unit in 64 bits.
//
// numeric stays the type in SQL; inside, six decimals and twelve digits before the point are enough
// for any unit of measure, and integer arithmetic is exact, small and fast.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stockflow {

inline constexpr int kQuantityDecimals = 6;
inline constexpr std::int64_t kUnit = 1'000'000;                           // one whole unit
inline constexpr std::int64_t kQuantityLimit = kUnit * 1'000'000'000'000;  // |quantity| stays below

enum class ParseStatus { ok, not_finite, too_many_decimals, out_of_range };

// Reads the decimal text of a numeric ("-12.50", "NaN", "Infinity") into millionths.
ParseStatus parse_quantity(const char *text, std::int64_t *out);

// Reads the stored form of a numeric (the bytes behind the length, the same since PostgreSQL 9.1);
// false for what is rare or wrong: the text says what it is.
bool decode_numeric(const std::uint8_t *data, std::size_t size, std::int64_t *out);

// Writes the stored form, with no more decimals than needed; returns its size.
inline constexpr std::size_t kMaxNumericSize = 2 + 2 * 6;
std::size_t encode_numeric(std::int64_t quantity, std::uint8_t *out);

// A quantity divided by a count, to six decimals, half away from zero.
std::int64_t divide(std::int64_t quantity, std::int64_t count);

// Counts the decimals that matter in the text of a numeric: 2 for "1.250", 0 for "7.00".
int significant_decimals(const char *text);

// Adds; raises 22003 when the sum leaves 64 bits.
std::int64_t add(std::int64_t a, std::int64_t b);

// Multiplies two quantities; raises 22003 when the product is too large or needs a seventh decimal.
std::int64_t multiply(std::int64_t a, std::int64_t b);

// The share of a quantity that part is of whole; raises 22003 as multiply does.
std::int64_t share(std::int64_t quantity, std::int64_t part, std::int64_t whole);

// Rounds up to the next multiple of step (both positive).
std::int64_t round_up(std::int64_t value, std::int64_t step);

inline bool is_whole(std::int64_t quantity) { return quantity % kUnit == 0; }

}  // namespace stockflow
