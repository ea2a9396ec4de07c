// What becomes of a reservation: commit_reservation, release_reservation, extend_reservation.
#include "arguments.hpp"
#include "bundles.hpp"
#include "company_lock.hpp"
#include "core/quantity.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "idempotency.hpp"
#include "inventory_row.hpp"
#include "json.hpp"
#include "posting.hpp"
#include "reasons.hpp"
#include "reservations.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// The header is locked before its lines and the rows of inventory, by everybody.
spi::Statement lock_header = {
    "SELECT r.expires_at, r.reference FROM stockflow.reservations r"
    " WHERE r.company_id = $1 AND r.reservation_id = $2 FOR NO KEY UPDATE",
    2,
    {INT8OID, INT8OID},
    nullptr};

// expires_at is part of a key, so that changing it needs the stronger lock.
spi::Statement lock_header_key = {
    "SELECT r.expires_at, r.reference FROM stockflow.reservations r"
    " WHERE r.company_id = $1 AND r.reservation_id = $2 FOR UPDATE",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement lines_query = {
    "SELECT l.line_id, l.product_id, l.warehouse_id, coalesce(l.bundle_id, 0), l.is_bundle,"
    "       l.quantity, l.quantity - l.committed - l.released - l.expired, l.committed, l.expired"
    "  FROM stockflow.reservation_lines l"
    " WHERE l.company_id = $1 AND l.reservation_id = $2"
    " ORDER BY l.product_id, l.warehouse_id, l.line_id",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement update_lines = {
    "UPDATE stockflow.reservation_lines l"
    "   SET committed = l.committed + k.taken, released = l.released + k.given_up"
    "  FROM unnest($3::bigint[], $4::numeric[], $5::numeric[]) AS k(line_id, taken, given_up)"
    " WHERE l.company_id = $1 AND l.reservation_id = $2 AND l.line_id = k.line_id",
    5,
    {INT8OID, INT8OID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID},
    nullptr};

spi::Statement release_lines = {
    "UPDATE stockflow.reservation_lines l"
    "   SET released = CASE WHEN $3 THEN l.released"
    "                       ELSE l.quantity - l.committed - l.expired END,"
    "       expired = CASE WHEN $3 THEN l.quantity - l.committed - l.released"
    "                      ELSE l.expired END"
    " WHERE l.company_id = $1 AND l.reservation_id = $2"
    "   AND l.committed + l.released + l.expired < l.quantity",
    3,
    {INT8OID, INT8OID, BOOLOID},
    nullptr};

// Its lines follow by their foreign key.
spi::Statement update_expiry = {
    "UPDATE stockflow.reservations SET expires_at = $3"
    " WHERE company_id = $1 AND reservation_id = $2",
    3,
    {INT8OID, INT8OID, TIMESTAMPTZOID},
    nullptr};

struct HeldLine {
    int64 line_id, product_id, warehouse_id, bundle_id;  // 0: in no bundle
    bool is_bundle;
    std::int64_t quantity, open;   // as it was
    std::int64_t taken, given_up;  // by this call
};

struct Reservation {
    int64 company_id, reservation_id;
    TimestampTz expires_at;
    const char *reference;
    const char *state;
    HeldLine *lines;  // in key order
    int count;
};

bool has_expired(const Reservation &reservation) {
    return reservation.expires_at <= GetCurrentTimestamp();
}

// Reads a reservation; its header must be locked.
void read_lines(Reservation &reservation) {
    spi::Parameters parameters;
    parameters.bigint(reservation.company_id).bigint(reservation.reservation_id);
    reservation.count = static_cast<int>(spi::run(lines_query, parameters, spi::Mode::write));
    reservation.lines = allocate<HeldLine>(reservation.count);
    bool open = false, committed = false, expired = false;
    for (int i = 0; i < reservation.count; i++) {
        const spi::Row row(i);
        HeldLine &line = reservation.lines[i];
        line = {row.bigint(1),
                row.bigint(2),
                row.bigint(3),
                row.bigint(4),
                row.boolean(5),
                to_quantity(row.get(6).value, "quantity"),
                to_quantity(row.get(7).value, "open quantity"),
                0,
                0};
        open |= line.open > 0;
        committed |= to_quantity(row.get(8).value, "committed") > 0;
        expired |= to_quantity(row.get(9).value, "expired") > 0;
    }
    expired |= open && has_expired(reservation);
    reservation.state = expired     ? "expired"
                        : open      ? "active"
                        : committed ? "committed"
                                    : "released";
}

Reservation load(int64 company_id, int64 reservation_id, spi::Statement &lock) {
    Reservation reservation = {};
    reservation.company_id = company_id;
    reservation.reservation_id = reservation_id;
    spi::Parameters parameters;
    parameters.bigint(company_id).bigint(reservation_id);
    if (spi::run(lock, parameters, spi::Mode::write) == 0) {
        report_unknown("reservation", reservation_id, company_id);
    }
    reservation.expires_at = spi::Row(0).time(1);
    reservation.reference = spi::Row(0).string(2);
    read_lines(reservation);
    return reservation;
}

[[noreturn]] void wrong_state(const Reservation &reservation, const char *state) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("reservation %lld is %s",
                           static_cast<long long>(reservation.reservation_id), state),
                    strcmp(state, "expired") == 0 ? errhint("Reserve again.") : 0));
    pg_unreachable();
}

void require_active(const Reservation &reservation) {
    if (strcmp(reservation.state, "active") != 0) wrong_state(reservation, reservation.state);
}

// The line of a product, or of a bundle, as it was asked for; null: there is none.
HeldLine *find_line(const Reservation &reservation, int64 product_id, int64 warehouse_id) {
    for (int i = 0; i < reservation.count; i++) {
        HeldLine &line = reservation.lines[i];
        if (line.bundle_id == 0 && line.product_id == product_id &&
            line.warehouse_id == warehouse_id) {
            return &line;
        }
    }
    return nullptr;
}

// Takes what is asked for.
void take(const Reservation &reservation, const Wanted &wanted) {
    HeldLine *line = find_line(reservation, wanted.product_id, wanted.warehouse_id);
    if (line == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                        errmsg("line %d: product %lld in warehouse %lld is not reserved",
                               wanted.line, static_cast<long long>(wanted.product_id),
                               static_cast<long long>(wanted.warehouse_id)),
                        errdetail("Reservation %lld has no such line.",
                                  static_cast<long long>(reservation.reservation_id))));
    }
    if (wanted.quantity > line->open) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("line %d: more than is reserved", wanted.line),
                        errdetail("Reserved are %s, requested %s.",
                                  numeric_text(from_quantity(line->open)),
                                  numeric_text(from_quantity(wanted.quantity)))));
    }
    line->taken = wanted.quantity;
}

void require_whole_bundles(const Reservation &reservation, const HeldLine &line) {
    if (!line.is_bundle || is_whole(line.taken)) return;
    const StockRules rules =
        load_rules({reservation.company_id, line.product_id, line.warehouse_id});
    if (rules.found && rules.whole_units) broken_unit(rules, line.taken);
}

// Settles what each line gives: what is asked for (null: all), the components of a bundle in
// proportion, and the rest unless it is kept.
void settle(const Reservation &reservation, Jsonb *wanted_lines, bool keep_rest) {
    if (wanted_lines != nullptr) {
        int wanted_count = 0;
        const Wanted *wanted = read_wanted(wanted_lines, &wanted_count);
        for (int i = 0; i < wanted_count; i++) take(reservation, wanted[i]);
    }
    for (int i = 0; i < reservation.count; i++) {
        HeldLine &line = reservation.lines[i];
        if (line.bundle_id != 0) continue;
        if (wanted_lines == nullptr) line.taken = line.open;
        require_whole_bundles(reservation, line);
        line.given_up = keep_rest ? 0 : line.open - line.taken;
    }
    for (int i = 0; i < reservation.count; i++) {
        CHECK_FOR_INTERRUPTS();
        HeldLine &line = reservation.lines[i];
        if (line.bundle_id == 0) continue;
        const HeldLine *own = find_line(reservation, line.bundle_id, line.warehouse_id);
        if (own == nullptr || !own->is_bundle) {
            ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                            errmsg("reservation %lld lacks the line of bundle %lld",
                                   static_cast<long long>(reservation.reservation_id),
                                   static_cast<long long>(line.bundle_id))));
        }
        line.taken = share(line.quantity, own->taken, own->quantity);
        line.given_up = share(line.quantity, own->given_up, own->quantity);
    }
}

// Takes off the reservation what is committed or released; the trigger on the lines takes it off
// inventory.reserved and leaves those rows locked.
void write_lines(const Reservation &reservation) {
    const int count = reservation.count;
    auto *ids = allocate<std::int64_t>(count);
    auto *taken = allocate<std::int64_t>(count);
    auto *given_up = allocate<std::int64_t>(count);
    for (int i = 0; i < count; i++) {
        ids[i] = reservation.lines[i].line_id;
        taken[i] = reservation.lines[i].taken;
        given_up[i] = reservation.lines[i].given_up;
    }
    spi::Parameters parameters;
    parameters.bigint(reservation.company_id)
        .bigint(reservation.reservation_id)
        .datum(bigint_array(ids, count))
        .datum(quantity_array(taken, count))
        .datum(quantity_array(given_up, count));
    spi::run(update_lines, parameters, spi::Mode::write);
}

// Sells what is taken, a bundle as record_sale would.
void sell(const Reservation &reservation, TimestampTz occurred_at) {
    const char *reference =
        reservation.reference != nullptr
            ? reservation.reference
            : psprintf("reservation:%lld", static_cast<long long>(reservation.reservation_id));
    auto *lines = allocate<Line>(reservation.count);
    int count = 0;
    for (int i = 0; i < reservation.count; i++) {
        const HeldLine &held = reservation.lines[i];
        if (held.taken == 0) continue;
        Movement movement = simple_movement(-held.taken, kReasonSale, reference, occurred_at);
        movement.bundle_id = held.bundle_id;
        movement.was_reserved = true;
        if (held.is_bundle) {
            movement.delta = 0;
            movement.is_bundle = true;
            movement.bundle_units = held.taken;
        }
        lines[count++] = make_line(held.product_id, held.warehouse_id, movement);
    }
    int posted_count = 0;
    post(reservation.company_id, lines, count, &posted_count);
}

void push_line(JsonbParseState **state, const HeldLine &line) {
    pushJsonbValue(state, WJB_BEGIN_OBJECT, nullptr);
    add_field(state, "product_id", json_integer(line.product_id));
    add_field(state, "warehouse_id", json_integer(line.warehouse_id));
    add_field(state, "committed", json_number(present(from_quantity(line.taken))));
    add_field(state, "released", json_number(present(from_quantity(line.given_up))));
    add_field(state, "reserved",
              json_number(present(from_quantity(line.open - line.taken - line.given_up))));
    pushJsonbValue(state, WJB_END_OBJECT, nullptr);
}

// What the call has done, and what is still reserved.
char *describe_commit(const Reservation &reservation) {
    JsonbParseState *state = nullptr;
    bool open = false;
    pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
    JsonbValue key = json_text("lines");
    pushJsonbValue(&state, WJB_KEY, &key);
    pushJsonbValue(&state, WJB_BEGIN_ARRAY, nullptr);
    for (int i = 0; i < reservation.count; i++) {
        const HeldLine &line = reservation.lines[i];
        if (line.bundle_id != 0 || line.open == 0) continue;
        push_line(&state, line);
        open |= line.taken + line.given_up < line.open;
    }
    pushJsonbValue(&state, WJB_END_ARRAY, nullptr);
    add_field(&state, "reservation_id", json_integer(reservation.reservation_id));
    add_field(&state, "state", json_text(open ? "active" : "committed"));
    Jsonb *json = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr));
    return JsonbToCString(nullptr, &json->root, VARSIZE(json));
}

char *commit(Reservation &reservation, Jsonb *lines, bool keep_rest, TimestampTz occurred_at) {
    require_active(reservation);
    settle(reservation, lines, keep_rest);
    write_lines(reservation);
    // It may have expired while others held the rows, and its stock may be theirs by now.
    if (has_expired(reservation)) wrong_state(reservation, "expired");
    sell(reservation, occurred_at);
    return describe_commit(reservation);
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// commit_reservation(company, reservation, lines, keep_rest, occurred_at, key) RETURNS jsonb
STOCKFLOW_FUNCTION(stockflow_commit_reservation) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const int64 reservation_id = arguments.bigint(1, "reservation_id");
    Jsonb *lines = arguments.is_null(2) ? nullptr : DatumGetJsonbP(arguments.get(2).value);
    const bool keep_rest = arguments.boolean(3, "keep_rest");
    const TimestampTz occurred_at = arguments.moment(4, "occurred_at");
    const char *key = arguments.key(5);
    Request request("commit_reservation");
    request.bigint(reservation_id)
        .string(lines == nullptr ? nullptr : json_canonical(lines))
        .bigint(keep_rest)
        .moment(occurred_at);
    MemoryContext caller = CurrentMemoryContext;
    const char *result = spi::connected([&]() -> const char * {
        announce_writer(company_id);
        require_company(company_id);
        const char *done = claim_key(company_id, key, request);
        if (done == nullptr) {
            Reservation reservation = load(company_id, reservation_id, lock_header);
            done = commit(reservation, lines, keep_rest, occurred_at);
            keep_result(company_id, key, done);
        }
        return MemoryContextStrdup(caller, done);
    });
    return DirectFunctionCall1(jsonb_in, CStringGetDatum(result));
}

// release_reservation(company, reservation, key) RETURNS void
STOCKFLOW_FUNCTION(stockflow_release_reservation) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const int64 reservation_id = arguments.bigint(1, "reservation_id");
    const char *key = arguments.key(2);
    Request request("release_reservation");
    request.bigint(reservation_id);
    spi::connected([&] {
        announce_writer(company_id);
        require_company(company_id);
        if (claim_key(company_id, key, request) != nullptr) return;
        const Reservation reservation = load(company_id, reservation_id, lock_header);
        const bool expired = strcmp(reservation.state, "expired") == 0;
        if (!expired) require_active(reservation);
        spi::Parameters parameters;
        parameters.bigint(company_id).bigint(reservation_id).boolean(expired);
        spi::run(release_lines, parameters, spi::Mode::write);
        keep_result(company_id, key, "null");
    });
    PG_RETURN_VOID();
}

// extend_reservation(company, reservation, expires_at, key) RETURNS void
STOCKFLOW_FUNCTION(stockflow_extend_reservation) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const int64 reservation_id = arguments.bigint(1, "reservation_id");
    const NullableDatum expires_at = arguments.get(2);
    const char *key = arguments.key(3);
    Request request("extend_reservation");
    request.bigint(reservation_id).optional_bigint(expires_at);
    spi::connected([&] {
        announce_writer(company_id);
        require_company(company_id);
        if (claim_key(company_id, key, request) != nullptr) return;
        const TimestampTz until = check_expiry(expires_at);
        require_active(load(company_id, reservation_id, lock_header_key));
        spi::Parameters parameters;
        parameters.bigint(company_id).bigint(reservation_id).time(until);
        spi::run(update_expiry, parameters, spi::Mode::write);
        keep_result(company_id, key, "null");
    });
    PG_RETURN_VOID();
}
