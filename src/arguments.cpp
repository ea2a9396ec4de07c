#include "arguments.hpp"

#include <cstring>

#include "core/quantity.hpp"
#include "core/text.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

[[noreturn]] void out_of_range(const char *name, const char *rule, Datum value) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s must be %s, not %.40s", name, rule, numeric_text(value))));
    pg_unreachable();
}

}  // namespace

TimestampTz check_moment(TimestampTz moment, const char *name) {
    if (TIMESTAMP_NOT_FINITE(moment)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be a finite time", name)));
    }
    if (moment > GetCurrentTimestamp() + USECS_PER_DAY) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("%s %s lies more than one day ahead", name, timestamptz_to_str(moment)),
                 errhint("Movements are recorded when they happen, or later.")));
    }
    return moment;
}

char *check_text(char *text, const char *name, int most) {
    const std::size_t length = characters(text, std::strlen(text), database_is_utf8());
    if (length > static_cast<std::size_t>(most)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must have at most %d characters, not %zu", name, most, length)));
    }
    if (has_control_character(text, std::strlen(text), database_is_utf8())) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must not contain control characters", name)));
    }
    return text;
}

Datum check_money(Datum amount, const char *name) {
    const char *text = numeric_text(amount);
    if (*text == '-' || *text == 'N' || *text == 'I') {
        out_of_range(name, "a finite number of at least 0", amount);
    }
    const char *point = std::strchr(text, '.');
    const std::size_t digits = point == nullptr ? std::strlen(text) : point - text;
    if (digits > 15) {
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                        errmsg("%s %.40s is out of range", name, text),
                        errdetail("Amounts have at most 15 digits before the point.")));
    }
    return amount;
}

Datum check_cost(Datum amount, const char *name) {
    const char *text = numeric_text(check_money(amount, name));
    if (significant_decimals(text) > kQuantityDecimals) {
        ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                        errmsg("%s %.40s has more than six decimals", name, text)));
    }
    return amount;
}

Datum Arguments::required(int position, const char *name) const {
    if (is_null(position)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
    }
    return fcinfo_->args[position].value;
}

int64 Arguments::bigint(int position, const char *name) const {
    return DatumGetInt64(required(position, name));
}

int32 Arguments::integer(int position, const char *name, int32 least, int32 most) const {
    const int32 value = DatumGetInt32(required(position, name));
    if (value < least || value > most) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be between %d and %d, not %d", name, least, most, value)));
    }
    return value;
}

bool Arguments::boolean(int position, const char *name) const {
    return DatumGetBool(required(position, name));
}

std::int64_t Arguments::signed_quantity(int position, const char *name) const {
    return to_quantity(required(position, name), name);
}

std::int64_t Arguments::positive_quantity(int position, const char *name) const {
    const std::int64_t value = signed_quantity(position, name);
    if (value <= 0) out_of_range(name, "above 0", fcinfo_->args[position].value);
    return value;
}

std::int64_t Arguments::quantity(int position, const char *name) const {
    const std::int64_t value = signed_quantity(position, name);
    if (value < 0) out_of_range(name, "at least 0", fcinfo_->args[position].value);
    return value;
}

TimestampTz Arguments::moment(int position, const char *name) const {
    return check_moment(DatumGetTimestampTz(required(position, name)), name);
}

char *Arguments::string(int position, const char *name, int most) const {
    char *value = trimmed(TextDatumGetCString(required(position, name)));
    if (value == nullptr) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must not be blank", name)));
    }
    return check_text(value, name, most);
}

OptionalQuantity Arguments::optional_quantity(int position, const char *name) const {
    if (is_null(position)) return {false, 0};
    return {true, quantity(position, name)};
}

char *Arguments::optional_string(int position, const char *name, int most) const {
    if (is_null(position)) return nullptr;
    char *value = trimmed(TextDatumGetCString(fcinfo_->args[position].value));
    return value == nullptr ? nullptr : check_text(value, name, most);
}

char *Arguments::key(int position) const {
    return is_null(position) ? nullptr : string(position, "idempotency_key", kMaxKeyLength);
}

NullableDatum Arguments::optional_cost(int position, const char *name) const {
    if (is_null(position)) return null_datum();
    return present(check_cost(fcinfo_->args[position].value, name));
}

}  // namespace stockflow
