#include "ledger_log.hpp"
#include "ledger_batch.hpp"

#include "core/quantity.hpp"
#include "entry.hpp"
#include "ledger_hash.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement last_entry = {
    "SELECT coalesce(l.version, 0), l.chain_hash, coalesce(c.tamper_evident, false)"
    "  FROM (SELECT $1 AS company_id) k"
    "  LEFT JOIN stockflow.companies c ON c.company_id = k.company_id"
    "  LEFT JOIN LATERAL ("
    "       SELECT l.version, l.chain_hash FROM stockflow.inventory_log l"
    "        WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3"
    "        ORDER BY l.version DESC LIMIT 1) l ON true",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement row_exists = {
    "SELECT FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3 FOR KEY SHARE",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement read_chain = {
    "SELECT " STOCKFLOW_CHAIN_COLUMNS
    " FROM stockflow.ledger l"
    " WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3"
    " ORDER BY l.version",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Parameters &key_parameters(spi::Parameters &parameters, const StockKey &key) {
    return parameters.bigint(key.company_id).bigint(key.product_id).bigint(key.warehouse_id);
}

}  // namespace

LastEntry last_ledger_entry(const StockKey &key) {
    return spi::connected([&] {
        LastEntry last = {};
        spi::Parameters parameters;
        key_parameters(parameters, key);
        spi::run_latest(last_entry, parameters);
        const spi::Row row(0);
        const int64 waiting = waiting_version(key);
        last.version = Max(row.bigint(1), waiting);
        last.tamper_evident = row.boolean(3);
        last.is_hashed = last.version == waiting ? waiting_hash(key, waiting, &last.hash)
                                                 : read_hash(row.get(2), &last.hash);
        return last;
    });
}

bool keep_inventory_row(const StockKey &key) {
    return spi::connected([&] {
        spi::Parameters parameters;
        key_parameters(parameters, key);
        return spi::run(row_exists, parameters, spi::Mode::write) > 0;
    });
}

ChainEntry read_chain_entry(const spi::Row &row, int first_column, pg_tz *zone) {
    ChainEntry entry = {};
    entry.version = row.bigint(first_column);
    entry.delta = to_quantity(row.get(first_column + 1).value, "delta");
    entry.quantity_after = to_quantity(row.get(first_column + 2).value, "quantity_after");
    const char *reason = row.string(first_column + 3);
    entry.occurred_at = row.time(first_column + 4);
    entry.day = day_in(zone, entry.occurred_at);
    const OptionalQuantity units =
        to_optional_quantity(row.get(first_column + 5), "bundle_quantity");
    entry.totals =
        movement_totals(movement_kind(reason), entry.delta, units.set ? &units.value : nullptr);
    return entry;
}

Chain replay(const StockKey &key, pg_tz *zone, DayList *leaving) {
    return spi::connected([&] {
        Chain chain = empty_chain();
        spi::Parameters parameters;
        key_parameters(parameters, key);
        spi::for_each(read_chain, parameters, spi::Mode::write, [&](const spi::Row &row) {
            DayRecord left[kRecentDays];
            const int count = extend(chain, read_chain_entry(row, 1, zone), left);
            if (leaving != nullptr) add_days(*leaving, left, count);
        });
        extend_with_waiting(chain, key, zone);
        return chain;
    });
}

}  // namespace stockflow

using namespace stockflow;

// BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON inventory_log FOR EACH STATEMENT, and on the
// tables that are derived from it, whose names are given as an argument
STOCKFLOW_FUNCTION(stockflow_ledger_guard) {
    TriggerData *trigger = check_trigger(fcinfo, "ledger_guard", Timing::before_statement);
    if (take_ledger_statement()) return PointerGetDatum(nullptr);
    if (trigger->tg_trigger->tgnargs > 0) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("%s is kept by the ledger", trigger->tg_trigger->tgargs[0]),
                        errhint("It follows from inventory_log. To load data from a dump, use "
                                "pg_restore --disable-triggers.")));
    }
    if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event)) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("inventory_log is written by the ledger only"),
                        errhint("Change stock with stockflow.adjust_stock or an UPDATE of "
                                "inventory; the entry follows. To load data from a dump, use "
                                "pg_restore --disable-triggers.")));
    }
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("inventory_log is append-only"),
                    errhint("Correct a wrong entry with a new movement that refers to it.")));
}

// BEFORE TRUNCATE FOR EACH STATEMENT, ON inventory and on tables whose totals it holds
STOCKFLOW_FUNCTION(stockflow_truncate_guard) {
    const TriggerData *trigger = check_trigger(fcinfo, "truncate_guard", Timing::before_statement);
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("cannot truncate %s", RelationGetRelationName(trigger->tg_relation)),
             errdetail("TRUNCATE removes rows without a trace in the ledger or in inventory."),
             errhint("Use DELETE, or stockflow.uninstall(drop_data => true).")));
}
