#include "json.hpp"

#include "core/quantity.hpp"
#include "values.hpp"

namespace stockflow {

JsonbValue *json_field(JsonbContainer *object, const char *key) {
    JsonbValue *value = getKeyJsonValueFromContainer(object, key, strlen(key), nullptr);
    return value == nullptr || value->type == jbvNull ? nullptr : value;
}

char *json_string(const JsonbValue *value) {
    return pnstrdup(value->val.string.val, value->val.string.len);
}

bool json_bigint(const JsonbValue *value, int64 *out) {
    if (value->type != jbvNumeric) return false;
    std::int64_t quantity;
    const char *text = numeric_text(NumericGetDatum(value->val.numeric));
    if (significant_decimals(text) != 0 ||
        parse_quantity(text, &quantity) == ParseStatus::not_finite) {
        return false;
    }
    char *end = nullptr;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && (*end == '\0' || *end == '.');
}

char *json_canonical(Jsonb *json) {
    StringInfoData text;
    initStringInfo(&text);
    JsonbIterator *iterator = JsonbIteratorInit(&json->root);
    JsonbValue value;
    for (JsonbIteratorToken token;
         (token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE;) {
        appendStringInfo(&text, "%d:", token);
        if (token != WJB_KEY && token != WJB_VALUE && token != WJB_ELEM) continue;
        appendStringInfo(&text, "%d:", value.type);
        if (value.type == jbvString) {
            appendStringInfo(&text, "%d:", value.val.string.len);
            appendBinaryStringInfo(&text, value.val.string.val, value.val.string.len);
        } else if (value.type == jbvNumeric) {
            appendStringInfoString(
                &text, numeric_text(DirectFunctionCall1(numeric_trim_scale,
                                                        NumericGetDatum(value.val.numeric))));
        } else if (value.type == jbvBool) {
            appendStringInfoChar(&text, value.val.boolean ? 't' : 'f');
        }
        appendStringInfoChar(&text, ',');
    }
    return text.data;
}

const char *json_type(const JsonbValue *value) {
    switch (value->type) {
        case jbvNull:
            return "null";
        case jbvString:
            return "a string";
        case jbvNumeric:
            return "a number";
        case jbvBool:
            return "a boolean";
        default:
            break;
    }
    const bool is_array = value->type == jbvArray || (value->type == jbvBinary &&
                                                      JsonContainerIsArray(value->val.binary.data));
    return is_array ? "an array" : "an object";
}

void add_field(JsonbParseState **state, const char *key, JsonbValue value) {
    JsonbValue name = json_text(key);
    pushJsonbValue(state, WJB_KEY, &name);
    pushJsonbValue(state, WJB_VALUE, &value);
}

JsonbValue json_text(const char *value) {
    JsonbValue result;
    if (value == nullptr) {
        result.type = jbvNull;
    } else {
        result.type = jbvString;
        result.val.string.val = const_cast<char *>(value);
        result.val.string.len = static_cast<int>(strlen(value));
    }
    return result;
}

JsonbValue json_number(NullableDatum numeric) {
    JsonbValue result;
    if (numeric.isnull) {
        result.type = jbvNull;
    } else {
        result.type = jbvNumeric;
        result.val.numeric = DatumGetNumeric(numeric.value);
    }
    return result;
}

JsonbValue json_integer(int64 value) {
    return json_number(present(NumericGetDatum(int64_to_numeric(value))));
}

JsonbValue json_boolean(bool value) {
    JsonbValue result;
    result.type = jbvBool;
    result.val.boolean = value;
    return result;
}

}  // namespace stockflow
