// Reading the lines that a reservation, or a commit of one, asks for.
#include "core/grouping.hpp"
#include "core/quantity.hpp"
#include "json.hpp"
#include "reservations.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

[[noreturn]] void bad_line(int index, const char *problem) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("line %d: %s", index + 1, problem),
             errhint("A line is {\"product_id\", \"warehouse_id\", \"quantity\"}.")));
    pg_unreachable();
}

int64 id_field(JsonbContainer *object, const char *key, int index) {
    const JsonbValue *value = json_field(object, key);
    int64 id = 0;
    if (value == nullptr) bad_line(index, psprintf("%s is missing", key));
    if (!json_bigint(value, &id)) bad_line(index, psprintf("%s must be an integer", key));
    return id;
}

GroupedLine read_line(const JsonbValue &element, int index) {
    if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data)) {
        bad_line(index, psprintf("must be an object, not %s", json_type(&element)));
    }
    JsonbContainer *object = element.val.binary.data;
    for_each_key(object, [&](const char *key) {
        if (strcmp(key, "product_id") == 0 || strcmp(key, "warehouse_id") == 0 ||
            strcmp(key, "quantity") == 0) {
            return;
        }
        bad_line(index, psprintf("unknown key \"%s\"", clipped(key, 60)));
    });
    const JsonbValue *quantity = json_field(object, "quantity");
    if (quantity == nullptr) bad_line(index, "quantity is missing");
    if (quantity->type != jbvNumeric) bad_line(index, "quantity must be a number");
    const std::int64_t units = to_quantity(NumericGetDatum(quantity->val.numeric),
                                           psprintf("line %d: quantity", index + 1));
    if (units <= 0) {
        bad_line(index, psprintf("quantity must be above 0, not %s",
                                 numeric_text(NumericGetDatum(quantity->val.numeric))));
    }
    return {id_field(object, "product_id", index), id_field(object, "warehouse_id", index), units,
            index};
}

// One entry per product and warehouse.
Wanted *sum_lines(GroupedLine *lines, int line_count, int *count) {
    order_lines(lines, line_count);
    auto *wanted = allocate<Wanted>(line_count);
    *count = 0;
    for (int i = 0; i < line_count; i++) {
        const GroupedLine &line = lines[i];
        Wanted *last = *count == 0 ? nullptr : &wanted[*count - 1];
        if (last != nullptr && last->product_id == line.product_id &&
            last->warehouse_id == line.warehouse_id) {
            last->quantity = add(last->quantity, line.delta);
            if (last->quantity >= kQuantityLimit) {
                ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                                errmsg("line %d: quantity out of range", line.index + 1)));
            }
        } else {
            wanted[(*count)++] = {line.product_id, line.warehouse_id, line.delta, line.index + 1};
        }
    }
    return wanted;
}

}  // namespace

Wanted *read_wanted(Jsonb *lines, int *count) {
    if (!JB_ROOT_IS_ARRAY(lines) || JB_ROOT_IS_SCALAR(lines) || JB_ROOT_COUNT(lines) == 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("lines must be a JSON array with at least one line")));
    }
    auto *read = allocate<GroupedLine>(static_cast<int>(JB_ROOT_COUNT(lines)));
    JsonbIterator *iterator = JsonbIteratorInit(&lines->root);
    JsonbValue value;
    int read_count = 0;
    for (JsonbIteratorToken token;
         (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;) {
        CHECK_FOR_INTERRUPTS();
        if (token != WJB_ELEM) continue;
        read[read_count] = read_line(value, read_count);
        read_count++;
    }
    return sum_lines(read, read_count, count);
}

}  // namespace stockflow
