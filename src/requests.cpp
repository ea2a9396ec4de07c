// What functions written in SQL need to check their arguments as those in C++ do.
#include "arguments.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "json.hpp"
#include "lots.hpp"
#include "rows.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// The fields that lines may have, in the order of the result of request_lines.
enum class Kind { id, positive_quantity, quantity, cost, moment, day, lot };

struct Field {
    const char *name;
    Kind kind;
};

constexpr Field kFields[] = {
    {"line_id", Kind::id},
    {"product_id", Kind::id},
    {"quantity", Kind::positive_quantity},
    {"counted_quantity", Kind::quantity},
    {"unit_cost", Kind::cost},
    {"counted_at", Kind::moment},
    {"warehouse_id", Kind::id},
    {"expected_on", Kind::day},
    {"lot", Kind::lot},
    {"expires_on", Kind::day},
};
constexpr int kFieldCount = sizeof(kFields) / sizeof(kFields[0]);
constexpr int kMaxTimeLength = 100;

// Which fields a request wants, and which it may have.
struct Wanted {
    bool required[kFieldCount], known[kFieldCount];
};

[[noreturn]] void bad_line(int index, const char *problem) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("line %d: %s", index + 1, problem)));
    pg_unreachable();
}

// How errors name a field of a line.
const char *label(const Field &field, int index) {
    return psprintf("line %d: %s", index + 1, field.name);
}

// Marks the fields that a text[] names.
void mark(Datum names, bool *marks, bool *known) {
    Datum *values;
    int count;
    deconstruct_array(DatumGetArrayTypeP(names), TEXTOID, -1, false, TYPALIGN_INT, &values, nullptr,
                      &count);
    for (int i = 0; i < count; i++) {
        const char *name = TextDatumGetCString(values[i]);
        for (int field = 0; field < kFieldCount; field++) {
            if (strcmp(kFields[field].name, name) == 0) marks[field] = known[field] = true;
        }
    }
}

// The fields of a request, for people.
const char *names_of(const Wanted &wanted) {
    StringInfoData names;
    initStringInfo(&names);
    for (int field = 0; field < kFieldCount; field++) {
        if (!wanted.known[field]) continue;
        appendStringInfo(&names, "%s%s", names.len == 0 ? "" : ", ", kFields[field].name);
    }
    return names.data;
}

void check_keys(JsonbContainer *object, const Wanted &wanted, int index) {
    for_each_key(object, [&](const char *key) {
        for (int field = 0; field < kFieldCount; field++) {
            if (wanted.known[field] && strcmp(key, kFields[field].name) == 0) return;
        }
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("line %d: unknown key \"%s\"", index + 1, clipped(key, 60)),
                        errhint("A line has %s.", names_of(wanted))));
    });
}

Datum read_quantity(const JsonbValue *value, const Field &field, int index) {
    const Datum given = NumericGetDatum(value->val.numeric);
    const std::int64_t quantity = to_quantity(given, label(field, index));
    const bool positive = field.kind == Kind::positive_quantity;
    if (quantity < 0 || (positive && quantity == 0)) {
        bad_line(index, psprintf("%s must be %s, not %.40s", field.name,
                                 positive ? "above 0" : "at least 0", numeric_text(given)));
    }
    return from_quantity(quantity);
}

// A string without outer blanks.
char *read_text(const JsonbValue *value, const Field &field, int index) {
    char *text = trimmed(json_string(value));
    if (text == nullptr) bad_line(index, psprintf("%s must not be blank", field.name));
    return text;
}

Datum read_moment(const JsonbValue *value, const Field &field, int index) {
    const char *what = label(field, index);
    char *text = read_text(value, field, index);
    const Datum moment =
        DirectFunctionCall3(timestamptz_in, CStringGetDatum(check_text(text, what, kMaxTimeLength)),
                            ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    return TimestampTzGetDatum(check_moment(DatumGetTimestampTz(moment), what));
}

// Days as 2026-01-31 only: what else the server reads as a day depends on its settings.
bool has_form_of_day(const char *text) {
    if (strlen(text) != 10) return false;
    for (int i = 0; i < 10; i++) {
        const bool is_dash = i == 4 || i == 7;
        if (is_dash ? text[i] != '-' : !isdigit(static_cast<unsigned char>(text[i]))) return false;
    }
    return true;
}

Datum read_day(const JsonbValue *value, const Field &field, int index) {
    const char *text = json_string(value);
    if (!has_form_of_day(text)) {
        bad_line(index, psprintf("%s must be a day such as \"2026-01-31\"", field.name));
    }
    struct pg_tm day = {};
    sscanf(text, "%d-%d-%d", &day.tm_year, &day.tm_mon, &day.tm_mday);
    if (day.tm_year < 1900 || ValidateDate(DTK_DATE_M, false, false, false, &day) != 0) {
        bad_line(index,
                 psprintf("%s \"%s\" is no day from the years 1900 to 9999", field.name, text));
    }
    return DateADTGetDatum(date2j(day.tm_year, day.tm_mon, day.tm_mday) - POSTGRES_EPOCH_JDATE);
}

Datum read_lot(const JsonbValue *value, const Field &field, int index) {
    char *lot = read_text(value, field, index);
    return CStringGetTextDatum(check_text(lot, label(field, index), kMaxLotLength));
}

Datum read_id(const JsonbValue *value, const Field &field, int index) {
    int64 id = 0;
    if (!json_bigint(value, &id)) bad_line(index, psprintf("%s must be an integer", field.name));
    return Int64GetDatum(id);
}

Datum read_field(const JsonbValue *value, const Field &field, int index) {
    if (field.kind == Kind::id) return read_id(value, field, index);
    const bool is_string =
        field.kind == Kind::moment || field.kind == Kind::day || field.kind == Kind::lot;
    if (value->type != (is_string ? jbvString : jbvNumeric)) {
        bad_line(index, psprintf("%s must be a %s", field.name, is_string ? "string" : "number"));
    }
    switch (field.kind) {
        case Kind::moment:
            return read_moment(value, field, index);
        case Kind::day:
            return read_day(value, field, index);
        case Kind::lot:
            return read_lot(value, field, index);
        case Kind::cost:
            return check_cost(NumericGetDatum(value->val.numeric), label(field, index));
        default:
            return read_quantity(value, field, index);
    }
}

void emit_line(const JsonbValue &element, const Wanted &wanted, int index, const Rows &rows) {
    if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data)) {
        bad_line(index, psprintf("must be an object, not %s", json_type(&element)));
    }
    JsonbContainer *object = element.val.binary.data;
    check_keys(object, wanted, index);
    NullableDatum columns[kFieldCount + 1] = {present(Int32GetDatum(index + 1))};
    for (int field = 0; field < kFieldCount; field++) {
        const JsonbValue *value =
            wanted.known[field] ? json_field(object, kFields[field].name) : nullptr;
        columns[field + 1] = null_datum();
        if (value != nullptr) {
            columns[field + 1] = present(read_field(value, kFields[field], index));
        } else if (wanted.required[field]) {
            bad_line(index, psprintf("%s is missing", kFields[field].name));
        }
    }
    rows.put(columns, lengthof(columns));
}

// Says in errors of the server, such as that of a bad time, which line they are about.
void name_line(void *index) { errcontext("line %d", *static_cast<int *>(index) + 1); }

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// request_lines(lines, required, optional) RETURNS TABLE(n, …), one row per line
STOCKFLOW_FUNCTION(stockflow_request_lines) {
    const Arguments arguments(fcinfo);
    Jsonb *lines = DatumGetJsonbP(arguments.required(0, "lines"));
    Wanted wanted = {};
    mark(arguments.required(1, "required"), wanted.required, wanted.known);
    bool optional[kFieldCount] = {};
    mark(arguments.required(2, "optional"), optional, wanted.known);
    const Rows rows(fcinfo);
    if (!JB_ROOT_IS_ARRAY(lines) || JB_ROOT_IS_SCALAR(lines) || JB_ROOT_COUNT(lines) == 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("lines must be a JSON array with at least one line")));
    }
    int index = 0;
    ErrorContextCallback context = {error_context_stack, name_line, &index};
    error_context_stack = &context;
    JsonbIterator *iterator = JsonbIteratorInit(&lines->root);
    JsonbValue value;
    for (JsonbIteratorToken token;
         (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;) {
        CHECK_FOR_INTERRUPTS();
        if (token != WJB_ELEM) continue;
        emit_line(value, wanted, index, rows);
        index++;
    }
    error_context_stack = context.previous;
    return 0;
}

// checked_id(id, name) RETURNS bigint: the id, which must be given
STOCKFLOW_FUNCTION(stockflow_checked_id) {
    const Arguments arguments(fcinfo);
    return arguments.required(0, TextDatumGetCString(arguments.required(1, "name")));
}

// checked_moment(moment, name) RETURNS timestamptz: a moment at which something can have happened
STOCKFLOW_FUNCTION(stockflow_checked_moment) {
    const Arguments arguments(fcinfo);
    return TimestampTzGetDatum(
        arguments.moment(0, TextDatumGetCString(arguments.required(1, "name"))));
}

// checked_reference(reference) RETURNS text: a reference without outer blanks, NULL when blank
STOCKFLOW_FUNCTION(stockflow_checked_reference) {
    const char *reference = Arguments(fcinfo).optional_string(0, "reference", kMaxReferenceLength);
    if (reference == nullptr) PG_RETURN_NULL();
    return CStringGetTextDatum(reference);
}
