// What every trigger function shares: its opening checks and its columns.
#pragma once

#include <type_traits>

#include "pg.hpp"

namespace stockflow {

enum class Timing { before_row, after_row, before_statement, after_statement };

// Raises 39P01 unless the function was called as a trigger of this timing and level.
TriggerData *check_trigger(FunctionCallInfo fcinfo, const char *function, Timing timing);

// How many triggers are under way, this one included.
int trigger_depth();

// Runs body with the rights of the table's owner, as the server's own foreign keys do: a trigger
// may read and write what the session that fired it may not. An error restores the session's.
template <typename Body>
auto as_owner(Relation relation, Body body) -> decltype(body()) {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    SetUserIdAndSecContext(relation->rd_rel->relowner,
                           context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
    if constexpr (std::is_void_v<decltype(body())>) {
        body();
        SetUserIdAndSecContext(user, context);
    } else {
        auto result = body();
        SetUserIdAndSecContext(user, context);
        return result;
    }
}

// Locks a table of ours until the transaction ends; returns its oid.
Oid lock_table(const char *name, LOCKMODE mode);

// The number of a column by its name; shards of Citus and users' own columns move the others.
int column_number(Relation relation, const char *name);

// The new row of INSERT and UPDATE, the old one of DELETE.
inline HeapTuple changed_row(const TriggerData *trigger) {
    return TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ? trigger->tg_newtuple
                                                      : trigger->tg_trigtuple;
}

NullableDatum column_value(HeapTuple row, TupleDesc desc, int column);

// True when two values of a column differ, compared as stored.
bool stored_differently(NullableDatum a, NullableDatum b, Form_pg_attribute column);

// The same of a column of two rows.
bool column_changed(HeapTuple before, HeapTuple after, TupleDesc desc, int column);

}  // namespace stockflow
