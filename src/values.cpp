#include "values.hpp"

#include <cstring>

#include "core/text.hpp"

namespace stockflow {

char *numeric_text(Datum numeric) {
    return DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
}

std::int64_t to_quantity(Datum numeric, const char *what) {
    const auto *stored = reinterpret_cast<const struct varlena *>(DatumGetPointer(numeric));
    std::int64_t decoded = 0;
    if ((VARATT_IS_SHORT(stored) || !VARATT_IS_EXTENDED(stored)) &&
        decode_numeric(reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(stored)),
                       VARSIZE_ANY_EXHDR(stored), &decoded)) {
        return decoded;
    }
    const char *text = numeric_text(numeric);
    std::int64_t quantity = 0;
    switch (parse_quantity(text, &quantity)) {
        case ParseStatus::ok:
            break;
        case ParseStatus::not_finite:
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("%s must be a finite number, not %s", what, text)));
            break;
        case ParseStatus::too_many_decimals:
            ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                            errmsg("%s %.40s has more than six decimals", what, text),
                            errhint("Round it, or keep the product in a smaller unit.")));
            break;
        case ParseStatus::out_of_range:
            ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                            errmsg("%s %.40s is out of range", what, text),
                            errdetail("Quantities have at most 12 digits before the point.")));
            break;
    }
    return quantity;
}

OptionalQuantity to_optional_quantity(NullableDatum numeric, const char *what) {
    if (numeric.isnull) return {false, 0};
    return {true, to_quantity(numeric.value, what)};
}

Datum from_quantity(std::int64_t quantity) {
    auto *stored = static_cast<struct varlena *>(palloc(VARHDRSZ + kMaxNumericSize));
    const std::size_t size =
        encode_numeric(quantity, reinterpret_cast<std::uint8_t *>(VARDATA(stored)));
    SET_VARSIZE(stored, VARHDRSZ + size);
    return PointerGetDatum(stored);
}

NullableDatum from_optional_quantity(OptionalQuantity quantity) {
    return quantity.set ? present(from_quantity(quantity.value)) : null_datum();
}

pg_tz *find_time_zone(const char *name) {
    pg_tz *zone = pg_tzset(name);
    if (zone == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("time zone \"%s\" not recognized", name)));
    }
    return zone;
}

DateADT day_in(pg_tz *zone, TimestampTz moment) {
    struct pg_tm tm;
    fsec_t fraction;
    int offset;
    if (timestamp2tm(moment, &offset, &tm, &fraction, nullptr, zone) != 0) {
        ereport(ERROR,
                (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
    }
    return date2j(tm.tm_year, tm.tm_mon, tm.tm_mday) - POSTGRES_EPOCH_JDATE;
}

TimestampTz start_of_day(pg_tz *zone, DateADT day) {
    struct pg_tm tm = {};
    j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
    int offset = DetermineTimeZoneOffset(&tm, zone);
    TimestampTz moment;
    if (tm2timestamp(&tm, 0, &offset, &moment) != 0) {
        ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("date out of range")));
    }
    return moment;
}

char *trimmed(const char *text) {
    if (text == nullptr) return nullptr;
    const Span span = trim(text, std::strlen(text), database_is_utf8());
    return span.begin == span.end ? nullptr : pnstrdup(text + span.begin, span.end - span.begin);
}

const char *clipped(const char *text, int most) {
    const int length = static_cast<int>(std::strlen(text));
    return length <= most ? text : pnstrdup(text, pg_mbcliplen(text, length, most));
}

Datum array_of(Oid type, Datum *values, bool *nulls, int count) {
    int16 length;
    bool by_value;
    char alignment;
    get_typlenbyvalalign(type, &length, &by_value, &alignment);
    int dimensions[] = {count}, lower[] = {1};
    return PointerGetDatum(
        construct_md_array(values, nulls, 1, dimensions, lower, type, length, by_value, alignment));
}

Datum bigint_array(const std::int64_t *values, int count) {
    auto *datums = allocate<Datum>(count);
    for (int i = 0; i < count; i++) datums[i] = Int64GetDatum(values[i]);
    return array_of(INT8OID, datums, nullptr, count);
}

Datum quantity_array(const std::int64_t *values, int count) {
    auto *datums = allocate<Datum>(count);
    for (int i = 0; i < count; i++) datums[i] = from_quantity(values[i]);
    return array_of(NUMERICOID, datums, nullptr, count);
}

Datum float_array(const double *values, int count) {
    auto *datums = allocate<Datum>(count);
    for (int i = 0; i < count; i++) datums[i] = Float8GetDatum(values[i]);
    return array_of(FLOAT8OID, datums, nullptr, count);
}

}  // namespace stockflow
