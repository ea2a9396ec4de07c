// reserve_stock: sets stock aside, all lines or none.
#include "arguments.hpp"
#include "bundles.hpp"
#include "company_lock.hpp"
#include "core/search.hpp"
#include "core/text.hpp"
#include "entry.hpp"
#include "idempotency.hpp"
#include "json.hpp"
#include "posting.hpp"
#include "reasons.hpp"
#include "reservations.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement insert_reservation = {
    "INSERT INTO stockflow.reservations (company_id, expires_at, reference) VALUES ($1, $2, $3)"
    " RETURNING reservation_id",
    3,
    {INT8OID, TIMESTAMPTZOID, TEXTOID},
    nullptr};

// The trigger on the lines adds them to inventory.reserved, and refuses what is not available.
spi::Statement insert_lines = {
    "INSERT INTO stockflow.reservation_lines (company_id, reservation_id, expires_at,"
    " product_id, warehouse_id, quantity, bundle_id, is_bundle)"
    " SELECT $1, $2, $3, k.* FROM unnest($4::bigint[], $5::bigint[], $6::numeric[], $7::bigint[],"
    " $8::boolean[]) AS k",
    8,
    {INT8OID, INT8OID, TIMESTAMPTZOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, INT8ARRAYOID,
     BOOLARRAYOID},
    nullptr};

// The lines as they would be sold: bundles as their components and a line of their own.
Line *sellable_lines(int64 company_id, const Wanted *wanted, int wanted_count, int *count) {
    auto *products = allocate<std::int64_t>(wanted_count);
    for (int i = 0; i < wanted_count; i++) products[i] = wanted[i].product_id;
    int bundle_count = 0, capacity = wanted_count;
    const int64 *bundles = find_bundles(company_id, products, wanted_count, &bundle_count);
    auto *lines = allocate<Line>(capacity);
    *count = 0;
    for (int i = 0; i < wanted_count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Line line = make_line(wanted[i].product_id, wanted[i].warehouse_id,
                                    simple_movement(-wanted[i].quantity, kReasonSale, nullptr, 0));
        const Line *parts = &line;
        int part_count = 1;
        if (find_id(bundles, bundle_count, line.product_id) >= 0) {
            parts = explode_line(company_id, line, &part_count);
        }
        if (*count + part_count > capacity) {
            capacity = 2 * (*count + part_count);
            lines = static_cast<Line *>(repalloc_huge(lines, sizeof(Line) * capacity));
        }
        for (int part = 0; part < part_count; part++) lines[(*count)++] = parts[part];
    }
    return lines;
}

int64 insert(int64 company_id, TimestampTz expires_at, const char *reference, const Line *lines,
             int count) {
    spi::Parameters header;
    header.bigint(company_id).time(expires_at).string(reference);
    spi::run(insert_reservation, header, spi::Mode::write);
    const int64 reservation_id = spi::Row(0).bigint(1);

    auto *products = allocate<std::int64_t>(count);
    auto *warehouses = allocate<std::int64_t>(count);
    auto *quantities = allocate<std::int64_t>(count);
    auto *bundles = allocate<Datum>(count);
    auto *no_bundle = allocate<bool>(count);
    auto *is_bundle = allocate<Datum>(count);
    for (int i = 0; i < count; i++) {
        const Movement &movement = lines[i].movement;
        products[i] = lines[i].product_id;
        warehouses[i] = lines[i].warehouse_id;
        quantities[i] = movement.is_bundle ? movement.bundle_units : -movement.delta;
        bundles[i] = Int64GetDatum(movement.bundle_id);
        no_bundle[i] = movement.bundle_id == 0;
        is_bundle[i] = BoolGetDatum(movement.is_bundle);
    }
    spi::Parameters parameters;
    parameters.bigint(company_id)
        .bigint(reservation_id)
        .time(expires_at)
        .datum(bigint_array(products, count))
        .datum(bigint_array(warehouses, count))
        .datum(quantity_array(quantities, count))
        .datum(array_of(INT8OID, bundles, no_bundle, count))
        .datum(array_of(BOOLOID, is_bundle, nullptr, count));
    spi::run(insert_lines, parameters, spi::Mode::write);
    return reservation_id;
}

}  // namespace

TimestampTz check_expiry(NullableDatum expires_at) {
    if (expires_at.isnull) return DT_NOEND;
    const TimestampTz moment = DatumGetTimestampTz(expires_at.value);
    if (moment > GetCurrentTimestamp()) return moment;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("expires_at %s is not in the future", timestamptz_to_str(moment)),
                    errhint("NULL means that it never expires.")));
    pg_unreachable();
}

}  // namespace stockflow

using namespace stockflow;

// reserve_stock(company, lines, expires_at, reference, key) RETURNS bigint: its reservation_id
STOCKFLOW_FUNCTION(stockflow_reserve_stock) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    Jsonb *lines = DatumGetJsonbP(arguments.required(1, "lines"));
    const NullableDatum expires_at = arguments.get(2);
    const char *reference = arguments.optional_string(3, "reference", kMaxReferenceLength);
    const char *key = arguments.key(4);
    Request request("reserve_stock");
    request.optional_bigint(expires_at).string(reference).string(json_canonical(lines));
    const int64 reservation_id = spi::connected([&]() -> int64 {
        announce_writer(company_id);
        require_company(company_id);
        const char *earlier = claim_key(company_id, key, request);
        if (earlier != nullptr) return kept_id(earlier);

        const TimestampTz until = check_expiry(expires_at);
        int wanted_count = 0, count = 0;
        const Wanted *wanted = read_wanted(lines, &wanted_count);
        const Line *sellable = sellable_lines(company_id, wanted, wanted_count, &count);
        check_lines(company_id, sellable, count);
        const int64 id = insert(company_id, until, reference, sellable, count);
        keep_result(company_id, key, psprintf("%lld", static_cast<long long>(id)));
        return id;
    });
    PG_RETURN_INT64(reservation_id);
}
