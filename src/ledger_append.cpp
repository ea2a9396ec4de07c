#include "ledger_append.hpp"

#include <cstring>

#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kMaxWaiting = 1000;

constexpr LogTypes kTypes = {
    INT8OID,        INT8OID,        INT8OID, INT8OID,    NUMERICOID, NUMERICOID, TEXTOID, TEXTOID,
    TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, NUMERICOID, INT8OID,    NUMERICOID, INT8OID, BYTEAOID};

constexpr const char *kNames[kLogColumns] = {
    "company_id",     "product_id", "warehouse_id", "version",         "delta",
    "quantity_after", "reason",     "reference",    "occurred_at",     "recorded_at",
    "actor",          "unit_cost",  "bundle_id",    "bundle_quantity", "counterpart_warehouse_id",
    "chain_hash"};

constexpr bool kMayBeNull[kLogColumns] = {false, false, false, false, false, false, false, true,
                                          false, false, false, true,  true,  true,  true,  true};

bool has_our_columns(TupleDesc desc) {
    if (desc->natts < kLogColumns) return false;
    for (int i = 0; i < desc->natts; i++) {
        const Form_pg_attribute column = TupleDescAttr(desc, i);
        if (i >= kLogColumns) {
            if (!column->attisdropped) return false;
            continue;
        }
        if (column->attisdropped || column->atttypid != kTypes[i] || column->atttypmod != -1 ||
            (kMayBeNull[i] && !may_be_null(desc, i + 1)) ||
            strcmp(NameStr(column->attname), kNames[i]) != 0) {
            return false;
        }
    }
    return true;
}

// Whether only our guard fires. (It would let the entry pass.)
bool has_our_trigger(const TriggerDesc *triggers) {
    return triggers != nullptr && triggers->numtriggers == 1 &&
           strcmp(triggers->triggers[0].tgname, "ledger_guard") == 0;
}

}  // namespace

const LogTypes &log_types() { return kTypes; }

OpenLog open_log() {
    Relation table = table_open(lock_table("inventory_log", RowExclusiveLock), NoLock);
    // Triggers act as the owner of inventory, who may be another role than that of the log.
    const bool is_ours = table->rd_rel->relowner == GetUserId() && stores_rows_as_given(table);
    const bool is_allowed =
        ExecutorCheckPerms_hook == nullptr &&
        pg_class_aclcheck(RelationGetRelid(table), GetUserId(), ACL_INSERT) == ACLCHECK_OK;
    return {table, is_ours && is_allowed && has_our_trigger(table->trigdesc) &&
                       has_our_columns(RelationGetDescr(table))};
}

void close_log(const OpenLog &log) { table_close(log.table, NoLock); }

Appender begin_append(const OpenLog &log, int expected) {
    Appender appender = {};
    appender.table = log.table;
    appender.indexes = open_indexes(log.table);
    appender.capacity = Min(expected, kMaxWaiting);
    appender.rows =
        static_cast<TupleTableSlot **>(palloc0(sizeof(TupleTableSlot *) * appender.capacity));
    appender.memory =
        AllocSetContextCreate(CurrentMemoryContext, "stockflow entries", ALLOCSET_DEFAULT_SIZES);
    return appender;
}

void write_rows(Appender &appender) {
    if (appender.count == 0) return;
    const CommandId command = GetCurrentCommandId(true);
    if (appender.count == 1) {
        table_tuple_insert(appender.table, appender.rows[0], command, 0, nullptr);
    } else {
        table_multi_insert(appender.table, appender.rows, appender.count, command, 0, nullptr);
    }
    for (int i = 0; i < appender.count; i++) {
        write_indexes(appender.indexes, appender.rows[i], false);
        ExecClearTuple(appender.rows[i]);
    }
    MemoryContextReset(appender.memory);
    appender.count = 0;
}

void take_row(Appender &appender, const NullableDatum *values) {
    TupleTableSlot *&row = appender.rows[appender.count++];
    if (row == nullptr) row = table_slot_create(appender.table, nullptr);
    for (int i = 0; i < row->tts_tupleDescriptor->natts; i++) {
        const NullableDatum value = i < kLogColumns ? values[i] : null_datum();
        row->tts_values[i] = value.value;
        row->tts_isnull[i] = value.isnull;
    }
    ExecStoreVirtualTuple(row);
}

void end_append(Appender &appender) {
    write_rows(appender);
    for (int i = 0; i < appender.capacity && appender.rows[i] != nullptr; i++) {
        ExecDropSingleTupleTableSlot(appender.rows[i]);
    }
    close_indexes(appender.indexes);
    MemoryContextDelete(appender.memory);
    CommandCounterIncrement();  // what comes next sees the rows
}

}  // namespace stockflow
