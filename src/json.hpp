// Reading jsonb objects field by field.
#pragma once

#include "pg.hpp"

namespace stockflow {

// The value of a key of an object, or null when it is missing or JSON null.
JsonbValue *json_field(JsonbContainer *object, const char *key);

// Calls visit(key) for each key of an object.
template <typename Visit>
void for_each_key(JsonbContainer *object, Visit visit) {
    JsonbIterator *iterator = JsonbIteratorInit(object);
    JsonbValue value;
    for (JsonbIteratorToken token;
         (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;) {
        if (token == WJB_KEY) visit(pnstrdup(value.val.string.val, value.val.string.len));
    }
}

// A palloc'd copy of a string value.
char *json_string(const JsonbValue *value);

// A bigint from a numeric value; false when it is none.
bool json_bigint(const JsonbValue *value, int64 *out);

// The text of a document in which equal documents are equal: 1 and 1.0 are.
char *json_canonical(Jsonb *json);

// The name of a value's type, for messages.
const char *json_type(const JsonbValue *value);

// Adds one field to an object under construction.
void add_field(JsonbParseState **state, const char *key, JsonbValue value);
JsonbValue json_text(const char *value);        // JSON null for null
JsonbValue json_number(NullableDatum numeric);  // JSON null for NULL
JsonbValue json_integer(int64 value);
JsonbValue json_boolean(bool value);

}  // namespace stockflow
