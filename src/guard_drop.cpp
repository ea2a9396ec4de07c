// The event trigger that guards the data against DROP SCHEMA and DROP OWNED.
#include "entry.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement owns_data = {
    "SELECT FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'stockflow' AND (c.relowner = $1 OR n.nspowner = $1) LIMIT 1",
    1,
    {OIDOID},
    nullptr};

bool drops_schema(const DropStmt *statement) {
    if (statement->removeType != OBJECT_SCHEMA) return false;
    ListCell *cell;
    foreach (cell, statement->objects) {
        if (strcmp(strVal(lfirst(cell)), "stockflow") == 0) return true;
    }
    return false;
}

bool drops_owner(const DropOwnedStmt *statement) {
    List *roles = roleSpecsToIds(statement->roles);
    return spi::connected([&] {
        ListCell *cell;
        foreach (cell, roles) {
            spi::Parameters parameters;
            parameters.datum(ObjectIdGetDatum(lfirst_oid(cell)));
            if (spi::run(owns_data, parameters, spi::Mode::read) > 0) return true;
        }
        return false;
    });
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// ddl_command_start, tags DROP SCHEMA and DROP OWNED
STOCKFLOW_FUNCTION(stockflow_guard_drop) {
    if (!CALLED_AS_EVENT_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("function \"guard_drop\" was not called by event trigger manager")));
    }
    const auto *data = reinterpret_cast<EventTriggerData *>(fcinfo->context);
    const Node *statement = data->parsetree;
    const bool drops =
        (IsA(statement, DropStmt) && drops_schema(reinterpret_cast<const DropStmt *>(statement))) ||
        (IsA(statement, DropOwnedStmt) &&
         drops_owner(reinterpret_cast<const DropOwnedStmt *>(statement)));
    if (drops) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("this would destroy the data of StockFlow"),
                 errhint("To remove it for good, use stockflow.uninstall(drop_data => true). "
                         "To remove a role, REASSIGN OWNED first.")));
    }
    return PointerGetDatum(nullptr);
}
