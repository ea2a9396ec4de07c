#include "ledger_log.hpp"
#include "ledger_batch.hpp"

#include "core/quantity.hpp"
#include "entry.hpp"
#include "inventory_row.hpp"
#include "key_scan.hpp"
#include "ledger_append.hpp"
#include "ledger_hash.hpp"
#include "row_memory.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement last_entry = {
    "SELECT l.version, l.chain_hash FROM stockflow.inventory_log l"
    " WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3"
    " ORDER BY l.version DESC LIMIT 1",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement row_exists = {
    "SELECT FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3 FOR KEY SHARE",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement row_version = {
    "SELECT i.version FROM stockflow.inventory i"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3",
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

// The last entry by the primary key of the log; false where that takes a statement.
bool find_last_entry(const OpenLog &log, const StockKey &key, LastEntry *last) {
    constexpr int kKey[] = {1, 2, 3, kLogVersion};
    Relation index =
        log.is_plain ? open_key_index(log.table, kKey, lengthof(kKey), AccessShareLock) : nullptr;
    if (index == nullptr) return false;
    with_newest_rows([&] {
        const KeyScan rows = begin_key_scan(log.table, index, GetActiveSnapshot());
        if (find_last_row(rows, key)) {
            bool is_null;
            NullableDatum hash;
            last->version = DatumGetInt64(slot_getattr(rows.row, kLogVersion, &is_null));
            hash.value = slot_getattr(rows.row, kLogHash, &hash.isnull);
            last->is_hashed = read_hash(hash, &last->hash);
        }
        end_key_scan(rows);
        return true;
    });
    return true;
}

// True when inventory has no row of a key, not even one that another session is about to insert or
// to delete.
bool is_certainly_absent(Relation inventory, const StockKey &key) {
    // Shards have names of their own; which row is where only a statement knows.
    if (strcmp(RelationGetRelationName(inventory), "inventory") != 0 ||
        inventory->rd_rel->relhassubclass) {
        return false;
    }
    const Columns columns = columns_of(inventory);
    const int key_columns[] = {columns.company, columns.product, columns.warehouse};
    Relation index =
        open_key_index(inventory, key_columns, lengthof(key_columns), RowExclusiveLock);
    if (index == nullptr) return false;
    SnapshotData begun_and_settled;
    InitDirtySnapshot(begun_and_settled);
    const KeyScan rows = begin_key_scan(inventory, index, &begun_and_settled);
    const bool is_there = find_first_row(rows, key);
    end_key_scan(rows);
    return !is_there;
}

}  // namespace

LastEntry last_stored_entry(const StockKey &key) {
    LastEntry last = {};
    const OpenLog log = open_log();
    if (!find_last_entry(log, key, &last)) {
        spi::connected([&] {
            spi::Parameters parameters;
            key_parameters(parameters, key);
            if (spi::run_latest(last_entry, parameters) == 0) return;
            const spi::Row row(0);
            last.version = row.bigint(1);
            last.is_hashed = read_hash(row.get(2), &last.hash);
        });
    }
    close_log(log);
    return last;
}

LastEntry last_ledger_entry(const StockKey &key) {
    LastEntry last = last_stored_entry(key);
    const int64 waiting = waiting_version(key);
    if (waiting < last.version || waiting == 0) return last;
    last.version = waiting;
    last.is_hashed = waiting_hash(key, waiting, &last.hash);
    return last;
}

bool keep_inventory_row(Relation inventory, const StockKey &key) {
    if (is_certainly_absent(inventory, key)) return false;
    return spi::connected([&] {
        spi::Parameters parameters;
        key_parameters(parameters, key);
        return spi::run(row_exists, parameters, spi::Mode::write) > 0;
    });
}

int64 inventory_version(const StockKey &key) {
    return spi::connected([&]() -> int64 {
        spi::Parameters parameters;
        key_parameters(parameters, key);
        return spi::run_latest(row_version, parameters) == 0 ? 0 : spi::Row(0).bigint(1);
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
