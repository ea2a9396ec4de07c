// Server values to core values and back: quantities, days, text.
#pragma once

#include <cstdint>

#include "core/alert.hpp"
#include "core/quantity.hpp"
#include "pg.hpp"

namespace stockflow {

// numeric to millionths, not NULL; what names the value in the error (22023 not finite, 22003 too
// large or with more than six decimals).
std::int64_t to_quantity(Datum numeric, const char *what);
OptionalQuantity to_optional_quantity(NullableDatum numeric, const char *what);

// Millionths to numeric, with no more decimals than needed.
Datum from_quantity(std::int64_t quantity);
NullableDatum from_optional_quantity(OptionalQuantity quantity);

// The text of a numeric.
char *numeric_text(Datum numeric);

// A time zone by its name as stored in companies.
pg_tz *find_time_zone(const char *name);

// The calendar day of a moment in a zone, as a date.
DateADT day_in(pg_tz *zone, TimestampTz moment);

// The moment at which a day begins in a zone.
TimestampTz start_of_day(pg_tz *zone, DateADT day);

inline bool database_is_utf8() { return GetDatabaseEncoding() == PG_UTF8; }

// A palloc'd C string without outer blanks, or null when nothing is left.
char *trimmed(const char *text);

// At most so many bytes of a text, for messages; never a part of a character.
const char *clipped(const char *text, int most);

inline NullableDatum null_datum() {
    NullableDatum result;
    result.value = 0;
    result.isnull = true;
    return result;
}

inline NullableDatum present(Datum value) {
    NullableDatum result;
    result.value = value;
    result.isnull = false;
    return result;
}

inline NullableDatum present_if(bool there, Datum value) {
    return there ? present(value) : null_datum();
}

inline NullableDatum optional_text(const char *text) {
    return text == nullptr ? null_datum() : present(CStringGetTextDatum(text));
}

// Room for count values, however many.
template <typename T>
T *allocate(int count) {
    return static_cast<T *>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(T) * Max(count, 1)));
}

// An array of count values of a type; nulls may be left out.
Datum array_of(Oid type, Datum *values, bool *nulls, int count);

// A bigint[] of count values.
Datum bigint_array(const std::int64_t *values, int count);
// A numeric[] of count quantities.
Datum quantity_array(const std::int64_t *values, int count);
// A float8[] of count numbers.
Datum float_array(const double *values, int count);

}  // namespace stockflow
