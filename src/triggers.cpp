#include "triggers.hpp"

namespace stockflow {

TriggerData *check_trigger(FunctionCallInfo fcinfo, const char *function, Timing timing) {
    if (!CALLED_AS_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("function \"%s\" was not called by trigger manager", function)));
    }
    auto *trigger = reinterpret_cast<TriggerData *>(fcinfo->context);
    const TriggerEvent event = trigger->tg_event;
    const bool after = timing == Timing::after_row || timing == Timing::after_statement;
    const bool row = timing == Timing::before_row || timing == Timing::after_row;
    if (after != bool(TRIGGER_FIRED_AFTER(event)) || row != bool(TRIGGER_FIRED_FOR_ROW(event))) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("function \"%s\" must be fired %s %s", function,
                               after ? "AFTER" : "BEFORE", row ? "ROW" : "STATEMENT")));
    }
    return trigger;
}

int trigger_depth() { return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, 0)); }

Oid lock_table(const char *name, LOCKMODE mode) {
    char schema[] = "stockflow";
    return RangeVarGetRelid(makeRangeVar(schema, pstrdup(name), -1), mode, false);
}

int column_number(Relation relation, const char *name) {
    const int number = SPI_fnumber(RelationGetDescr(relation), name);
    if (number <= 0) {
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_COLUMN),
                 errmsg("column \"%s\" of table \"%s\" is missing", name,
                        RelationGetRelationName(relation)),
                 errhint("The data is older than the code: SELECT * FROM stockflow.migrate().")));
    }
    return number;
}

NullableDatum column_value(HeapTuple row, TupleDesc desc, int column) {
    NullableDatum result;
    result.value = heap_getattr(row, column, desc, &result.isnull);
    return result;
}

bool stored_differently(NullableDatum a, NullableDatum b, Form_pg_attribute column) {
    if (a.isnull || b.isnull) return a.isnull != b.isnull;
    return !datum_image_eq(a.value, b.value, column->attbyval, column->attlen);
}

bool column_changed(HeapTuple before, HeapTuple after, TupleDesc desc, int column) {
    const NullableDatum a = column_value(before, desc, column);
    const NullableDatum b = column_value(after, desc, column);
    return stored_differently(a, b, TupleDescAttr(desc, column - 1));
}

}  // namespace stockflow
