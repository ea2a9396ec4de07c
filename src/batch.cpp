// record_movements: many movements in one call, all or nothing, set-based.
#include "arguments.hpp"
#include "bundles.hpp"
#include "company_lock.hpp"
#include "core/quantity.hpp"
#include "core/search.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "idempotency.hpp"
#include "json.hpp"
#include "posting.hpp"
#include "reasons.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr char kCounterpart[] = "counterpart_warehouse_id";

// Warehouses that movements name as the other one of a transfer; the ledger has no foreign key.
spi::Statement unknown_counterparts = {
    "SELECT k.id FROM unnest($2::bigint[]) AS k(id)"
    " WHERE NOT EXISTS (SELECT FROM stockflow.warehouses w"
    "                    WHERE w.company_id = $1 AND w.warehouse_id = k.id)"
    " ORDER BY k.id LIMIT 1",
    2,
    {INT8OID, INT8ARRAYOID},
    nullptr};

[[noreturn]] void bad_movement(int index, const char *problem) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("movement %d: %s", index + 1, problem),
                    errhint("A movement is {\"warehouse_id\", \"product_id\", \"delta\", "
                            "\"reason\", \"occurred_at\"?, \"reference\"?, \"unit_cost\"?, "
                            "\"counterpart_warehouse_id\"?, \"lot\"?}.")));
    pg_unreachable();
}

void check_keys(JsonbContainer *object, int index) {
    static constexpr const char *kKnown[] = {"warehouse_id", "product_id",  "delta",
                                             "reason",       "occurred_at", "reference",
                                             "unit_cost",    kCounterpart,  "lot"};
    for_each_key(object, [&](const char *key) {
        for (const char *known : kKnown) {
            if (strcmp(key, known) == 0) return;
        }
        bad_movement(index, psprintf("unknown key \"%s\"", clipped(key, 60)));
    });
}

int64 id_field(JsonbContainer *object, const char *key, int index) {
    const JsonbValue *value = json_field(object, key);
    int64 id = 0;
    if (value == nullptr) bad_movement(index, psprintf("%s is missing", key));
    if (!json_bigint(value, &id)) bad_movement(index, psprintf("%s must be an integer", key));
    return id;
}

NullableDatum number_field(JsonbContainer *object, const char *key, int index) {
    const JsonbValue *value = json_field(object, key);
    if (value == nullptr) return null_datum();
    if (value->type != jbvNumeric) bad_movement(index, psprintf("%s must be a number", key));
    return present(NumericGetDatum(value->val.numeric));
}

// Text without outer blanks, or null.
char *text_field(JsonbContainer *object, const char *key, int index, int most) {
    const JsonbValue *value = json_field(object, key);
    if (value == nullptr) return nullptr;
    if (value->type != jbvString) bad_movement(index, psprintf("%s must be a string", key));
    char *text_value = trimmed(json_string(value));
    return text_value == nullptr
               ? nullptr
               : check_text(text_value, psprintf("movement %d: %s", index + 1, key), most);
}

TimestampTz time_field(JsonbContainer *object, int index) {
    const char *value = text_field(object, "occurred_at", index, 100);
    if (value == nullptr) return GetCurrentTransactionStartTimestamp();
    const Datum moment = DirectFunctionCall3(timestamptz_in, CStringGetDatum(value),
                                             ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
    return check_moment(DatumGetTimestampTz(moment),
                        psprintf("movement %d: occurred_at", index + 1));
}

Line read_line(const JsonbValue &element, int index) {
    if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data)) {
        bad_movement(index, psprintf("must be an object, not %s", json_type(&element)));
    }
    JsonbContainer *object = element.val.binary.data;
    check_keys(object, index);
    const NullableDatum delta = number_field(object, "delta", index);
    if (delta.isnull) bad_movement(index, "delta is missing");
    const std::int64_t change = to_quantity(delta.value, psprintf("movement %d: delta", index + 1));
    if (change == 0) bad_movement(index, "delta must not be 0");
    char *reason = text_field(object, "reason", index, kMaxReasonLength);
    if (reason == nullptr) bad_movement(index, "reason is missing");

    Movement movement = simple_movement(change, check_reason(reason),
                                        text_field(object, "reference", index, kMaxReferenceLength),
                                        time_field(object, index));
    movement.lot = text_field(object, "lot", index, kMaxLotLength);
    movement.unit_cost = number_field(object, "unit_cost", index);
    if (!movement.unit_cost.isnull) {
        check_cost(movement.unit_cost.value, psprintf("movement %d: unit_cost", index + 1));
    }
    const int64 warehouse_id = id_field(object, "warehouse_id", index);
    if (json_field(object, kCounterpart) != nullptr) {
        movement.counterpart_warehouse_id = id_field(object, kCounterpart, index);
        if (movement.counterpart_warehouse_id == warehouse_id) {
            bad_movement(index, psprintf("%s must be another warehouse", kCounterpart));
        }
        // 0 says "none" inside.
        if (movement.counterpart_warehouse_id == 0) {
            bad_movement(index, psprintf("%s must not be 0", kCounterpart));
        }
    }
    return make_line(id_field(object, "product_id", index), warehouse_id, movement);
}

// Says in errors of the server, such as that of a bad time, which movement they are about.
void name_movement(void *index) { errcontext("movement %d", *static_cast<int *>(index) + 1); }

Line *read_lines(Jsonb *movements, int *count) {
    if (!JB_ROOT_IS_ARRAY(movements) || JB_ROOT_IS_SCALAR(movements) ||
        JB_ROOT_COUNT(movements) == 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("movements must be a JSON array with at least one movement")));
    }
    const int total = static_cast<int>(JB_ROOT_COUNT(movements));
    auto *lines = allocate<Line>(total);
    JsonbIterator *iterator = JsonbIteratorInit(&movements->root);
    JsonbValue value;
    *count = 0;
    ErrorContextCallback context = {error_context_stack, name_movement, count};
    error_context_stack = &context;
    for (JsonbIteratorToken token;
         (token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE;) {
        CHECK_FOR_INTERRUPTS();
        if (token != WJB_ELEM) continue;
        lines[*count] = read_line(value, *count);
        (*count)++;
    }
    error_context_stack = context.previous;
    return lines;
}

// Refuses (23503) transfers from or to warehouses that the company does not have.
void check_counterparts(int64 company_id, const Line *lines, int count) {
    auto *ids = allocate<std::int64_t>(count);
    int found = 0;
    for (int i = 0; i < count; i++) {
        const std::int64_t id = lines[i].movement.counterpart_warehouse_id;
        if (id != 0) ids[found++] = id;
    }
    if (found == 0) return;
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(bigint_array(ids, found));
    if (spi::run(unknown_counterparts, parameters, spi::Mode::write) == 0) return;
    report_unknown("warehouse", spi::Row(0).bigint(1), company_id);
}

// Replaces sales and returns of bundles by those of their components.
Line *explode_lines(int64 company_id, Line *lines, int *count) {
    auto *products = allocate<std::int64_t>(*count);
    for (int i = 0; i < *count; i++) products[i] = lines[i].product_id;
    int bundle_count = 0;
    const int64 *bundles = find_bundles(company_id, products, *count, &bundle_count);
    if (bundle_count == 0) return lines;

    int capacity = *count, written = 0;
    auto *result = allocate<Line>(capacity);
    for (int i = 0; i < *count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Line *parts = &lines[i];
        int part_count = 1;
        if (find_id(bundles, bundle_count, lines[i].product_id) >= 0) {
            parts = explode_line(company_id, lines[i], &part_count);
        }
        if (written + part_count > capacity) {
            capacity = 2 * (written + part_count);
            result = static_cast<Line *>(repalloc_huge(result, sizeof(Line) * capacity));
        }
        for (int part = 0; part < part_count; part++) result[written++] = parts[part];
    }
    *count = written;
    return result;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// record_movements(company, movements, key) RETURNS bigint: how many movements were recorded
STOCKFLOW_FUNCTION(stockflow_record_movements) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    Jsonb *movements = DatumGetJsonbP(arguments.required(1, "movements"));
    const char *key = arguments.key(2);
    const int64 recorded = spi::connected([&]() -> int64 {
        announce_writer(company_id);
        require_company(company_id);
        if (key != nullptr) {
            Request request("record_movements");
            request.string(json_canonical(movements));
            const char *earlier = claim_key(company_id, key, request);
            if (earlier != nullptr) return kept_id(earlier);
        }
        int count = 0;
        Line *lines = read_lines(movements, &count);
        const int64 total = count;
        check_counterparts(company_id, lines, count);
        lines = explode_lines(company_id, lines, &count);
        int posted_count = 0;
        post(company_id, lines, count, &posted_count);
        keep_result(company_id, key, psprintf("%lld", static_cast<long long>(total)));
        return total;
    });
    PG_RETURN_INT64(recorded);
}
