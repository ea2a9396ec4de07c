// create_product_json: a product from a JSON payload, every fault of which is reported at once.
#include "arguments.hpp"
#include "company_lock.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "idempotency.hpp"
#include "json.hpp"
#include "posting.hpp"
#include "products.hpp"
#include "rows.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kMaxFaults = 100;

struct Fault {
    const char *field;
    const char *code;  // required, type, blank, length, range, decimals, duplicate, unknown, …
    char *message;
};

// A payload being read: what it says, and what is wrong with it.
struct Payload {
    JsonbContainer *object;
    NewProduct product;
    const char *idempotency_key;
    int fault_count;
    Fault faults[kMaxFaults];
};

void add_fault(Payload &payload, const char *field, const char *code, char *message) {
    if (payload.fault_count < kMaxFaults)
        payload.faults[payload.fault_count++] = {field, code, message};
}

spi::Statement company_currency = {
    "SELECT c.currency FROM stockflow.companies c"
    " WHERE c.company_id = $1 AND c.deleted_at IS NULL",
    1,
    {INT8OID},
    nullptr};

spi::Statement warehouse_is_open = {
    "SELECT FROM stockflow.warehouses w"
    " WHERE w.company_id = $1 AND w.warehouse_id = $2 AND w.deleted_at IS NULL",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement category_exists = {
    "SELECT FROM stockflow.categories g WHERE g.company_id = $1 AND g.category_id = $2",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement supplier_is_active = {
    "SELECT FROM stockflow.suppliers s"
    " WHERE s.company_id = $1 AND s.supplier_id = $2 AND s.deleted_at IS NULL",
    2,
    {INT8OID, INT8OID},
    nullptr};

constexpr const char *kFields[] = {
    "name",           "sku",           "price",       "warehouse_id", "initial_quantity",
    "category_id",    "reorder_point", "order_up_to", "supplier_id",  "unit_cost",
    "unit",           "whole_units",   "is_bundle",   "is_stocked",   "attributes",
    "idempotency_key"};

void check_field_names(Payload &payload) {
    for_each_key(payload.object, [&](char *key) {
        for (const char *field : kFields) {
            if (strcmp(field, key) == 0) return;
        }
        add_fault(payload, key, "unknown_field", pstrdup("is not a field of a product"));
    });
}

// The value of a field if it has this type; a missing one is null, a wrong type a fault.
JsonbValue *typed_field(Payload &payload, const char *field, jbvType type, const char *type_name) {
    JsonbValue *value = json_field(payload.object, field);
    if (value == nullptr || value->type == type) return value;
    add_fault(payload, field, "type", psprintf("must be %s, not %s", type_name, json_type(value)));
    return nullptr;
}

bool has_fault(const Payload &payload, const char *field) {
    for (int i = 0; i < payload.fault_count; i++) {
        if (strcmp(payload.faults[i].field, field) == 0) return true;
    }
    return false;
}

// Text without outer blanks; null when missing, blank or faulty.
const char *text_field(Payload &payload, const char *field, bool required, int most) {
    const JsonbValue *value = typed_field(payload, field, jbvString, "a string");
    if (value == nullptr) {
        if (required && !has_fault(payload, field)) {
            add_fault(payload, field, "required", pstrdup("is required"));
        }
        return nullptr;
    }
    char *content = trimmed(json_string(value));
    if (content == nullptr) {
        add_fault(payload, field, "blank", pstrdup("must not be blank"));
        return nullptr;
    }
    const std::size_t length = characters(content, strlen(content), database_is_utf8());
    if (length > static_cast<std::size_t>(most)) {
        add_fault(payload, field, "length",
                  psprintf("must have at most %d characters, not %zu", most, length));
        return nullptr;
    }
    if (has_control_character(content, strlen(content), database_is_utf8())) {
        add_fault(payload, field, "range", pstrdup("must not contain control characters"));
        return nullptr;
    }
    return content;
}

NullableDatum number_field(Payload &payload, const char *field) {
    const JsonbValue *value = typed_field(payload, field, jbvNumeric, "a number");
    return value == nullptr ? null_datum() : present(NumericGetDatum(value->val.numeric));
}

bool boolean_field(Payload &payload, const char *field, bool fallback) {
    const JsonbValue *value = typed_field(payload, field, jbvBool, "a boolean");
    return value == nullptr ? fallback : value->val.boolean;
}

// An amount of money of at least 0 with at most so many decimals, as the unit has them.
NullableDatum money_field(Payload &payload, const char *field, int decimals, const char *unit) {
    const NullableDatum amount = number_field(payload, field);
    if (amount.isnull) return amount;
    const char *content = numeric_text(amount.value);
    const char *point = strchr(content, '.');
    const std::size_t digits = point == nullptr ? strlen(content) : point - content;
    if (*content == '-') {
        add_fault(payload, field, "range", psprintf("must not be negative, got %.40s", content));
    } else if (digits > 15) {
        add_fault(payload, field, "range", psprintf("is out of range: %.40s", content));
    }
    if (significant_decimals(content) > decimals) {
        add_fault(
            payload, field, "decimals",
            psprintf("has more decimals than %s allows (%d): %.40s", unit, decimals, content));
    }
    return amount;
}

// A quantity of at least 0.
OptionalQuantity quantity_field(Payload &payload, const char *field) {
    const NullableDatum value = number_field(payload, field);
    if (value.isnull) return {false, 0};
    const char *content = numeric_text(value.value);
    std::int64_t quantity = 0;
    switch (parse_quantity(content, &quantity)) {
        case ParseStatus::ok:
            break;
        case ParseStatus::too_many_decimals:
            add_fault(payload, field, "decimals",
                      psprintf("has more than six decimals: %.40s", content));
            return {false, 0};
        default:
            add_fault(payload, field, "range", psprintf("is out of range: %.40s", content));
            return {false, 0};
    }
    if (quantity < 0) {
        add_fault(payload, field, "range", psprintf("must not be negative, got %.40s", content));
    }
    return {true, quantity};
}

// The id of a row that must exist.
NullableDatum reference_field(Payload &payload, const char *field, spi::Statement &exists) {
    const JsonbValue *value = typed_field(payload, field, jbvNumeric, "an integer");
    if (value == nullptr) return null_datum();
    int64 id = 0;
    if (!json_bigint(value, &id)) {
        add_fault(payload, field, "type", pstrdup("must be an integer"));
        return null_datum();
    }
    spi::Parameters parameters;
    parameters.bigint(payload.product.company_id).bigint(id);
    if (spi::run(exists, parameters, spi::Mode::write) == 0) {
        add_fault(payload, field, "unknown",
                  psprintf("does not exist: %lld", static_cast<long long>(id)));
    }
    return present(Int64GetDatum(id));
}

void read_texts(Payload &payload) {
    NewProduct &product = payload.product;
    product.name = text_field(payload, "name", true, kMaxNameLength);
    product.sku = text_field(payload, "sku", true, kMaxSkuLength);
    product.unit = text_field(payload, "unit", false, 32);
    payload.idempotency_key = text_field(payload, "idempotency_key", false, kMaxKeyLength);
    SkuHolder holder;
    if (product.sku != nullptr && find_sku_holder(product.company_id, product.sku, 0, &holder)) {
        add_fault(payload, "sku", "duplicate",
                  psprintf("\"%s\" is already used by product %lld \"%s\"", product.sku,
                           static_cast<long long>(holder.product_id), holder.name));
    }
}

void read_prices(Payload &payload) {
    spi::Parameters company;
    company.bigint(payload.product.company_id);
    const bool known = spi::run(company_currency, company, spi::Mode::write) > 0;
    if (!known) {
        add_fault(
            payload, "company_id", "unknown",
            psprintf("does not exist: %lld", static_cast<long long>(payload.product.company_id)));
    }
    const char *currency = known ? spi::Row(0).string(1) : "its currency";
    const NullableDatum price =
        money_field(payload, "price", currency_decimals(currency), currency);
    if (price.isnull && !has_fault(payload, "price")) {
        add_fault(payload, "price", "required", pstrdup("is required"));
    }
    payload.product.price = price.value;
    payload.product.unit_cost = money_field(payload, "unit_cost", kQuantityDecimals, "a unit cost");
}

void read_stock(Payload &payload) {
    NewProduct &product = payload.product;
    product.whole_units = boolean_field(payload, "whole_units", true);
    product.is_bundle = boolean_field(payload, "is_bundle", false);
    product.is_stocked = boolean_field(payload, "is_stocked", true);
    product.warehouse_id = reference_field(payload, "warehouse_id", warehouse_is_open);
    product.initial_quantity = quantity_field(payload, "initial_quantity");
    product.reorder_point = quantity_field(payload, "reorder_point");
    product.order_up_to = quantity_field(payload, "order_up_to");
    if (!product.initial_quantity.set) return;
    if (product.warehouse_id.isnull && !has_fault(payload, "warehouse_id")) {
        add_fault(payload, "initial_quantity", "required", pstrdup("needs a warehouse_id"));
    }
    if (product.whole_units && !is_whole(product.initial_quantity.value)) {
        add_fault(payload, "initial_quantity", "decimals",
                  psprintf("must be whole, got %s (set whole_units to false for fractions)",
                           numeric_text(from_quantity(product.initial_quantity.value))));
    }
    if (product.initial_quantity.value != 0 && (product.is_bundle || !product.is_stocked)) {
        add_fault(payload, "initial_quantity", "range",
                  pstrdup("must be left out: a bundle or a service holds no stock"));
    }
}

// Reads a payload completely, whatever is wrong with it. Runs inside SPI.
Payload *read_payload(int64 company_id, Jsonb *json) {
    auto *payload = static_cast<Payload *>(palloc0(sizeof(Payload)));
    payload->product = new_product(company_id);
    if (!JB_ROOT_IS_OBJECT(json)) {
        add_fault(*payload, "payload", "type", pstrdup("must be a JSON object"));
        return payload;
    }
    payload->object = &json->root;
    check_field_names(*payload);
    read_texts(*payload);
    read_prices(*payload);
    read_stock(*payload);
    payload->product.category_id = reference_field(*payload, "category_id", category_exists);
    payload->product.supplier_id = reference_field(*payload, "supplier_id", supplier_is_active);
    if (payload->product.is_bundle && !payload->product.is_stocked) {
        add_fault(*payload, "is_stocked", "range", pstrdup("must be true for a bundle"));
    }
    JsonbValue *attributes = json_field(payload->object, "attributes");
    if (attributes != nullptr) {
        const bool is_object =
            attributes->type == jbvBinary && JsonContainerIsObject(attributes->val.binary.data);
        if (is_object) {
            payload->product.attributes = JsonbValueToJsonb(attributes);
        } else {
            add_fault(*payload, "attributes", "type",
                      psprintf("must be an object, not %s", json_type(attributes)));
        }
    }
    return payload;
}

// The SQLSTATE of a kind of fault; several kinds together are 22023.
int fault_sqlstate(const Fault &fault) {
    if (strcmp(fault.code, "duplicate") == 0) return ERRCODE_UNIQUE_VIOLATION;
    if (strcmp(fault.code, "unknown") == 0) return ERRCODE_FOREIGN_KEY_VIOLATION;
    return ERRCODE_INVALID_PARAMETER_VALUE;
}

void report_faults(const Payload &payload) {
    if (payload.fault_count == 0) return;
    int sqlstate = fault_sqlstate(payload.faults[0]);
    StringInfoData detail;
    initStringInfo(&detail);
    for (int i = 0; i < payload.fault_count; i++) {
        if (fault_sqlstate(payload.faults[i]) != sqlstate)
            sqlstate = ERRCODE_INVALID_PARAMETER_VALUE;
        appendStringInfo(&detail, "%s%s: %s", i == 0 ? "" : "\n", payload.faults[i].field,
                         payload.faults[i].message);
    }
    ereport(ERROR, (errcode(sqlstate),
                    errmsg_plural("the product has %d fault", "the product has %d faults",
                                  payload.fault_count, payload.fault_count),
                    errdetail_internal("%s", detail.data),
                    errhint("stockflow.product_faults(company_id, payload) lists them as rows.")));
}

NullableDatum id_or_null(NullableDatum id) {
    return id.isnull ? id : present(NumericGetDatum(int64_to_numeric(DatumGetInt64(id.value))));
}

// The free properties as they were given, or an empty object.
void push_attributes(JsonbParseState **state, Jsonb *attributes) {
    if (attributes == nullptr) {
        pushJsonbValue(state, WJB_BEGIN_OBJECT, nullptr);
        pushJsonbValue(state, WJB_END_OBJECT, nullptr);
        return;
    }
    JsonbValue value;
    value.type = jbvBinary;
    value.val.binary.data = &attributes->root;
    value.val.binary.len = VARSIZE(attributes) - VARHDRSZ;
    pushJsonbValue(state, WJB_VALUE, &value);
}

// The created object, as the application's answer.
Jsonb *created_json(const NewProduct &product, const CreatedProduct &created) {
    JsonbParseState *state = nullptr;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    add_field(&state, "product_id", json_integer(created.product_id));
    add_field(&state, "company_id", json_integer(product.company_id));
    add_field(&state, "sku", json_text(product.sku));
    add_field(&state, "name", json_text(product.name));
    add_field(&state, "price", json_number(present(product.price)));
    add_field(&state, "category_id", json_number(id_or_null(product.category_id)));
    add_field(&state, "reorder_point", json_number(from_optional_quantity(product.reorder_point)));
    add_field(&state, "order_up_to", json_number(from_optional_quantity(product.order_up_to)));
    add_field(&state, "supplier_id", json_number(id_or_null(product.supplier_id)));
    add_field(&state, "unit_cost", json_number(product.unit_cost));
    add_field(&state, "unit", json_text(product.unit == nullptr ? "each" : product.unit));
    add_field(&state, "whole_units", json_boolean(product.whole_units));
    add_field(&state, "is_bundle", json_boolean(product.is_bundle));
    add_field(&state, "is_stocked", json_boolean(product.is_stocked));
    add_field(&state, "warehouse_id", json_number(id_or_null(product.warehouse_id)));
    add_field(&state, "initial_quantity",
              json_number(from_optional_quantity(product.initial_quantity)));
    JsonbValue attributes = json_text("attributes");
    pushJsonbValue(&state, WJB_KEY, &attributes);
    push_attributes(&state, product.attributes);
    char *iso =
        JsonEncodeDateTime(static_cast<char *>(palloc(MAXDATELEN + 1)),
                           TimestampTzGetDatum(created.created_at), TIMESTAMPTZOID, nullptr);
    add_field(&state, "created_at", json_text(iso));
    return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr));
}

// Creates the product of a payload, or finds what the first call with its key created.
Jsonb *create(int64 company_id, Jsonb *json) {
    announce_writer(company_id);
    require_company(company_id);
    const char *key = nullptr;
    if (JB_ROOT_IS_OBJECT(json)) {  // a retry must not trip over its own SKU
        const JsonbValue *value = json_field(&json->root, "idempotency_key");
        if (value != nullptr && value->type == jbvString) key = trimmed(json_string(value));
        if (key != nullptr) check_text(const_cast<char *>(key), "idempotency_key", kMaxKeyLength);
    }
    if (key != nullptr) {
        Request request("create_product_json");
        request.string(json_canonical(json));
        const char *earlier = claim_key(company_id, key, request);
        if (earlier != nullptr) {
            return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(earlier)));
        }
    }
    const Payload *payload = read_payload(company_id, json);
    report_faults(*payload);
    Jsonb *result = created_json(payload->product, insert_product(payload->product));
    keep_result(company_id, key, JsonbToCString(nullptr, &result->root, VARSIZE(result)));
    return result;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// create_product_json(company, payload) RETURNS jsonb
STOCKFLOW_FUNCTION(stockflow_create_product_json) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    Jsonb *json = DatumGetJsonbP(arguments.required(1, "payload"));
    MemoryContext caller = CurrentMemoryContext;
    return spi::connected([&] {
        const Jsonb *result = create(company_id, json);
        MemoryContext own = MemoryContextSwitchTo(caller);
        const Datum copy = datumCopy(JsonbPGetDatum(result), false, -1);
        MemoryContextSwitchTo(own);
        return copy;
    });
}

// product_faults(company, payload) RETURNS TABLE(field text, code text, message text)
STOCKFLOW_FUNCTION(stockflow_product_faults) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    Jsonb *json = DatumGetJsonbP(arguments.required(1, "payload"));
    const Rows rows(fcinfo);
    spi::connected([&] {
        const Payload *payload = read_payload(company_id, json);
        for (int i = 0; i < payload->fault_count; i++) {
            const Fault &fault = payload->faults[i];
            rows.put({optional_text(fault.field), optional_text(fault.code),
                      optional_text(fault.message)});
        }
    });
    return 0;
}
