// The functions that move stock of one product: sale, return, receipt, adjustment, transfer, count.
#include "arguments.hpp"
#include "bundles.hpp"
#include "company_lock.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "expired.hpp"
#include "idempotency.hpp"
#include "lots.hpp"
#include "posting.hpp"
#include "reasons.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement begin_count = {
    "UPDATE stockflow.inventory i SET counted_at = greatest(i.counted_at, $4)"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3"
    " RETURNING i.quantity, i.counted_at > $4",
    4,
    {INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID},
    nullptr};

spi::Statement make_row = {
    "INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id) VALUES ($1, $2, $3)"
    " ON CONFLICT (company_id, product_id, warehouse_id) DO NOTHING",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement moved_since = {
    "SELECT coalesce(sum(l.delta), 0) FROM stockflow.ledger l"
    " WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3"
    "   AND l.occurred_at > $4",
    4,
    {INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID},
    nullptr};

// What every function of this file is called with.
struct Call {
    StockKey key;
    TimestampTz occurred_at;
    const char *reference, *idempotency_key;
};

// Reads the arguments that follow a function's own: occurred_at, reference, idempotency_key.
void read_tail(const Arguments &arguments, int first, const char *moment_name, Call &call) {
    call.occurred_at = arguments.moment(first, moment_name);
    call.reference = arguments.optional_string(first + 1, "reference", kMaxReferenceLength);
    call.idempotency_key = arguments.key(first + 2);
}

Call read_call(const Arguments &arguments, int tail) {
    Call call = {};
    call.key.company_id = arguments.bigint(0, "company_id");
    call.key.warehouse_id = arguments.bigint(1, "warehouse_id");
    call.key.product_id = arguments.bigint(2, "product_id");
    read_tail(arguments, tail, "occurred_at", call);
    return call;
}

void describe(Request &request, const Call &call) {
    request.bigint(call.key.warehouse_id)
        .bigint(call.key.product_id)
        .moment(call.occurred_at)
        .string(call.reference);
}

// On hand after posting; for a bundle what can be built of what is available.
std::int64_t on_hand_after(const Call &call, bool is_bundle, const Posted *posted, int count) {
    if (!is_bundle) return posted[0].quantity;
    const Needs needs = load_needs(call.key.company_id, call.key.product_id, spi::Mode::write);
    auto *available = static_cast<std::int64_t *>(palloc0(sizeof(std::int64_t) * needs.count));
    for (int i = 0; i < needs.count; i++) {
        for (int j = 0; j < count; j++) {
            if (posted[j].product_id != needs.needs[i].product_id) continue;
            const StockKey key = {call.key.company_id, posted[j].product_id, call.key.warehouse_id};
            const StockRules rules = load_rules(key);
            std::int64_t left = posted[j].quantity - posted[j].reserved - spoiled_now(rules, key);
            if (posted[j].reserved != 0) left += expired_now(key);
            available[i] = usable(left, rules.product_deleted);
        }
    }
    return buildable(needs.needs, needs.count, available).quantity;
}

// Posts one movement, once per idempotency key, and returns what is on hand afterwards.
Datum move(const Call &call, const Movement &movement, const Request &request) {
    const std::int64_t on_hand = spi::connected([&] {
        announce_writer(call.key.company_id);
        const StockRules rules = require_rules(call.key);
        const char *earlier = claim_key(call.key.company_id, call.idempotency_key, request);
        if (earlier != nullptr) return kept_quantity(earlier);

        Line line = make_line(call.key.product_id, call.key.warehouse_id, movement);
        line.rules = &rules;
        int line_count = 1, posted_count = 0;
        Line *lines = &line;
        if (rules.is_bundle) {
            line.rules = nullptr;  // of the bundle, not of its components
            lines = explode_line(call.key.company_id, line, &line_count);
        }
        const Posted *posted = post(call.key.company_id, lines, line_count, &posted_count);
        const std::int64_t result = on_hand_after(call, rules.is_bundle, posted, posted_count);
        keep_result(call.key.company_id, call.idempotency_key, numeric_text(from_quantity(result)));
        return result;
    });
    return from_quantity(on_hand);
}

struct CountedRow {
    std::int64_t balance;
    bool counted_later;  // a newer count is known
};

// Locks the row of a count, noting when it was counted.
CountedRow lock_for_count(const StockKey &key, TimestampTz counted_at) {
    for (bool made = false;; made = true) {
        spi::Parameters begin, make;
        begin.bigint(key.company_id)
            .bigint(key.product_id)
            .bigint(key.warehouse_id)
            .time(counted_at);
        if (spi::run(begin_count, begin, spi::Mode::write) > 0) {
            const spi::Row row(0);
            return {to_quantity(row.get(1).value, "quantity"), row.boolean(2)};
        }
        if (made) {
            ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                            errmsg("the row of inventory could not be made or updated")));
        }
        make.bigint(key.company_id).bigint(key.product_id).bigint(key.warehouse_id);
        spi::run(make_row, make, spi::Mode::write);
    }
}

// Applies counted - ledger at counted_at, so that movements since then stay. A count that comes in
// after a newer one changes nothing: that one has put the difference right already.
std::int64_t apply_count(const Call &call, std::int64_t counted, const StockRules &rules) {
    const StockKey &key = call.key;
    const CountedRow row = lock_for_count(key, call.occurred_at);
    if (row.counted_later) return 0;
    spi::Parameters since;
    since.bigint(key.company_id)
        .bigint(key.product_id)
        .bigint(key.warehouse_id)
        .time(call.occurred_at);
    spi::run(moved_since, since, spi::Mode::write);
    const std::int64_t later = to_quantity(spi::Row(0).get(1).value, "sum of movements");
    const std::int64_t delta = counted - (row.balance - later);
    if (delta == 0) return 0;
    Line line = make_line(key.product_id, key.warehouse_id,
                          simple_movement(delta, kReasonCount, call.reference, call.occurred_at));
    line.rules = &rules;
    int posted_count = 0;
    post(key.company_id, &line, 1, &posted_count);
    return delta;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// record_sale(company, warehouse, product, quantity, occurred_at, reference, key)
STOCKFLOW_FUNCTION(stockflow_record_sale) {
    const Arguments arguments(fcinfo);
    const std::int64_t quantity = arguments.positive_quantity(3, "quantity");
    const Call call = read_call(arguments, 4);
    Request request("record_sale");
    describe(request, call);
    request.quantity(quantity);
    return move(call, simple_movement(-quantity, kReasonSale, call.reference, call.occurred_at),
                request);
}

// record_return(company, warehouse, product, quantity, occurred_at, reference, key)
STOCKFLOW_FUNCTION(stockflow_record_return) {
    const Arguments arguments(fcinfo);
    const std::int64_t quantity = arguments.positive_quantity(3, "quantity");
    const Call call = read_call(arguments, 4);
    Request request("record_return");
    describe(request, call);
    request.quantity(quantity);
    return move(call, simple_movement(quantity, kReasonReturn, call.reference, call.occurred_at),
                request);
}

// receive_stock(company, warehouse, product, quantity, unit_cost, occurred_at, reference, key)
STOCKFLOW_FUNCTION(stockflow_receive_stock) {
    const Arguments arguments(fcinfo);
    const std::int64_t quantity = arguments.positive_quantity(3, "quantity");
    const NullableDatum unit_cost = arguments.optional_cost(4, "unit_cost");
    const Call call = read_call(arguments, 5);
    Movement movement = simple_movement(quantity, kReasonReceipt, call.reference, call.occurred_at);
    movement.unit_cost = unit_cost;
    Request request("receive_stock");
    describe(request, call);
    request.quantity(quantity).numeric(unit_cost);
    return move(call, movement, request);
}

// adjust_stock(company, warehouse, product, delta, reason, occurred_at, reference, key)
STOCKFLOW_FUNCTION(stockflow_adjust_stock) {
    const Arguments arguments(fcinfo);
    const std::int64_t delta = arguments.signed_quantity(3, "delta");
    if (delta == 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("delta must not be 0")));
    }
    const char *reason = check_reason(arguments.string(4, "reason", kMaxReasonLength));
    const Call call = read_call(arguments, 5);
    Request request("adjust_stock");
    describe(request, call);
    request.quantity(delta).string(reason);
    return move(call, simple_movement(delta, reason, call.reference, call.occurred_at), request);
}

// transfer_stock(company, product, from, to, quantity, occurred_at, reference, key)
STOCKFLOW_FUNCTION(stockflow_transfer_stock) {
    const Arguments arguments(fcinfo);
    Call call = {};
    call.key.company_id = arguments.bigint(0, "company_id");
    call.key.product_id = arguments.bigint(1, "product_id");
    call.key.warehouse_id = arguments.bigint(2, "from_warehouse_id");
    const int64 to_warehouse_id = arguments.bigint(3, "to_warehouse_id");
    const std::int64_t quantity = arguments.positive_quantity(4, "quantity");
    read_tail(arguments, 5, "occurred_at", call);
    if (to_warehouse_id == call.key.warehouse_id) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("from_warehouse_id and to_warehouse_id must differ")));
    }
    Request request("transfer_stock");
    describe(request, call);
    request.quantity(quantity).bigint(to_warehouse_id);
    spi::connected([&] {
        announce_writer(call.key.company_id);
        require_company(call.key.company_id);
        if (claim_key(call.key.company_id, call.idempotency_key, request) != nullptr) return;
        Movement out =
            simple_movement(-quantity, kReasonTransferOut, call.reference, call.occurred_at);
        Movement in =
            simple_movement(quantity, kReasonTransferIn, call.reference, call.occurred_at);
        out.counterpart_warehouse_id = to_warehouse_id;
        in.counterpart_warehouse_id = call.key.warehouse_id;
        const Line lines[] = {make_line(call.key.product_id, call.key.warehouse_id, out),
                              make_line(call.key.product_id, to_warehouse_id, in)};
        int posted_count = 0;
        post(call.key.company_id, lines, 2, &posted_count);
        keep_result(call.key.company_id, call.idempotency_key, "null");
    });
    PG_RETURN_VOID();
}

// count_stock(company, warehouse, product, counted_quantity, counted_at, reference, key)
STOCKFLOW_FUNCTION(stockflow_count_stock) {
    const Arguments arguments(fcinfo);
    Call call = {};
    call.key.company_id = arguments.bigint(0, "company_id");
    call.key.warehouse_id = arguments.bigint(1, "warehouse_id");
    call.key.product_id = arguments.bigint(2, "product_id");
    const std::int64_t counted = arguments.quantity(3, "counted_quantity");
    read_tail(arguments, 4, "counted_at", call);
    Request request("count_stock");
    describe(request, call);
    request.quantity(counted);
    const std::int64_t delta = spi::connected([&] {
        announce_writer(call.key.company_id);
        const StockRules rules = require_rules(call.key);
        const char *earlier = claim_key(call.key.company_id, call.idempotency_key, request);
        if (earlier != nullptr) return kept_quantity(earlier);
        const std::int64_t applied = apply_count(call, counted, rules);
        keep_result(call.key.company_id, call.idempotency_key,
                    numeric_text(from_quantity(applied)));
        return applied;
    });
    return from_quantity(delta);
}
