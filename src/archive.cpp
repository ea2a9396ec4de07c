// archive_log: moves the old part of each chain into inventory_log_archive.
#include "arguments.hpp"
#include "entry.hpp"
#include "ledger.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement companies_query = {
    "SELECT c.company_id FROM stockflow.companies c WHERE $1 IS NULL OR c.company_id = $1"
    " ORDER BY c.company_id",
    1,
    {INT8OID},
    nullptr};

// The columns of inventory_log, also those that users have added, as quoted names.
spi::Statement columns_query = {
    "SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)"
    "  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    "  JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'stockflow' AND c.relname = 'inventory_log' AND a.attnum > 0"
    "   AND NOT a.attisdropped AND a.attgenerated = ''",
    0,
    {},
    nullptr};

// Of each chain what comes before its first entry that is new, and never its newest entry, from
// which the chain goes on: so what is moved is always the beginning of what is there.
constexpr const char kMove[] =
    "WITH chains AS ("
    "  SELECT l.product_id, l.warehouse_id, least(max(l.version), min(l.version)"
    "         FILTER (WHERE l.occurred_at >= $2 OR l.recorded_at >= $2)) AS first_kept"
    "    FROM stockflow.inventory_log l WHERE l.company_id = $1"
    "   GROUP BY l.product_id, l.warehouse_id),"
    " old AS ("
    "  SELECT l.product_id, l.warehouse_id, l.version FROM chains k"
    "    JOIN stockflow.inventory_log l ON l.company_id = $1 AND l.product_id = k.product_id"
    "     AND l.warehouse_id = k.warehouse_id AND l.version < k.first_kept"
    "   ORDER BY l.product_id, l.warehouse_id, l.version LIMIT $3),"
    " moved AS ("
    "  DELETE FROM stockflow.inventory_log l USING old o"
    "   WHERE l.company_id = $1 AND l.product_id = o.product_id"
    "     AND l.warehouse_id = o.warehouse_id AND l.version = o.version"
    "  RETURNING l.*),"
    " stored AS ("
    "  INSERT INTO stockflow.inventory_log_archive (%s) SELECT %s FROM moved"
    "   ORDER BY company_id, product_id, warehouse_id, version"
    "  RETURNING version, delta, quantity_after)"
    "SELECT m.n, s.n = m.n AND s.sums IS NOT DISTINCT FROM m.sums, m.n = o.n"
    "  FROM (SELECT count(*) AS n FROM old) AS o,"
    "       (SELECT count(*) AS n, (sum(version), sum(delta), sum(quantity_after)) AS sums"
    "          FROM moved) AS m,"
    "       (SELECT count(*) AS n, (sum(version), sum(delta), sum(quantity_after)) AS sums"
    "          FROM stored) AS s";

// An entry that stayed though later ones of its chain have moved.
spi::Statement left_behind = {
    "SELECT FROM stockflow.inventory_log l"
    " WHERE l.company_id = $1 AND l.version <"
    "       (SELECT max(a.version) FROM stockflow.inventory_log_archive a"
    "         WHERE a.company_id = l.company_id AND a.product_id = l.product_id"
    "           AND a.warehouse_id = l.warehouse_id)"
    " LIMIT 1",
    1,
    {INT8OID},
    nullptr};

// Whether all that should have moved is gone: moved here, or by another session before.
bool is_all_gone(int64 company_id) {
    spi::Parameters parameters;
    return spi::run(left_behind, parameters.bigint(company_id), spi::Mode::write) == 0;
}

SPIPlanPtr prepare_move() {
    spi::Parameters nothing;
    spi::run(columns_query, nothing, spi::Mode::read);
    const char *columns = spi::Row(0).string(1);
    Oid types[] = {INT8OID, TIMESTAMPTZOID, INT8OID};
    SPIPlanPtr plan = SPI_prepare(psprintf(kMove, columns, columns), lengthof(types), types);
    if (plan == nullptr) elog(ERROR, "could not prepare the move of ledger entries");
    return plan;
}

// Moves at most so many entries of a company; returns how many.
int64 move_entries(SPIPlanPtr plan, int64 company_id, TimestampTz before, int64 most) {
    Datum values[] = {Int64GetDatum(company_id), TimestampTzGetDatum(before), Int64GetDatum(most)};
    allow_ledger_statements(2);  // the DELETE and the INSERT
    const int result = SPI_execute_plan(plan, values, nullptr, false, 0);
    allow_ledger_statements(0);
    if (result < 0) elog(ERROR, "could not move ledger entries: %d", result);
    const spi::Row counted(0);
    const int64 moved = counted.bigint(1);
    // What a user's trigger keeps from being deleted or stored would be missing or there twice.
    if (!counted.boolean(2) || (!counted.boolean(3) && !is_all_gone(company_id))) {
        ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                        errmsg("ledger entries were not moved as they are"),
                        errdetail("A trigger on stockflow.inventory_log or "
                                  "stockflow.inventory_log_archive changed or dropped them.")));
    }
    return moved;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// archive_log(before, company_id, max_entries) RETURNS bigint: entries moved
STOCKFLOW_FUNCTION(stockflow_archive_log) {
    const Arguments arguments(fcinfo);
    const TimestampTz before = DatumGetTimestampTz(arguments.required(0, "before"));
    const int64 most = arguments.is_null(2) ? PG_INT64_MAX : arguments.bigint(2, "max_entries");
    if (most < 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("max_entries must not be negative")));
    }
    if (before > GetCurrentTimestamp()) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("before must not lie in the future")));
    }
    const int64 moved = spi::connected([&] {
        spi::Parameters parameters;
        const uint64 count =
            spi::run(companies_query, parameters.optional(arguments.get(1)), spi::Mode::write);
        auto *companies = allocate<int64>(static_cast<int>(count));
        for (uint64 i = 0; i < count; i++) companies[i] = spi::Row(i).bigint(1);
        SPIPlanPtr plan = prepare_move();
        int64 total = 0;
        for (uint64 i = 0; i < count && total < most; i++) {
            CHECK_FOR_INTERRUPTS();
            total += move_entries(plan, companies[i], before, most - total);
        }
        return total;
    });
    PG_RETURN_INT64(moved);
}
