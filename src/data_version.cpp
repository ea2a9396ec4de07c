// The version of the data, which the comment on the schema tells.
#include "data_version.hpp"

#include <cstdio>

#include "arguments.hpp"
#include "entry.hpp"

namespace stockflow {

namespace {

// The newest version found, in the schema of this oid. Data only gets newer; a restored dump is in
// a schema of its own.
Oid known_schema = InvalidOid;
DataVersion known = {0, 0};

void forget() {
    known_schema = InvalidOid;
    known = {0, 0};
}

void at_transaction_end(XactEvent event, void *) {
    if (event == XACT_EVENT_ABORT) forget();
}

void at_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
    if (event == SUBXACT_EVENT_ABORT_SUB) forget();
}

// "1.0" and nothing else.
bool parse(const char *text, DataVersion *version) {
    char rest;
    return strlen(text) <= 9 && strspn(text, "0123456789.") == strlen(text) &&
           std::sscanf(text, "%d.%d%c", &version->major, &version->minor, &rest) == 2;
}

// False where the schema is missing, or its comment is no mark of StockFlow.
bool read_mark(Oid schema, DataVersion *version) {
    constexpr char mark[] = "stockflow data ";
    const char *comment = OidIsValid(schema) ? GetComment(schema, NamespaceRelationId, 0) : nullptr;
    return comment != nullptr && strncmp(comment, mark, sizeof mark - 1) == 0 &&
           parse(comment + sizeof mark - 1, version);
}

bool reaches(DataVersion version, DataVersion needed) {
    return version.major > needed.major ||
           (version.major == needed.major && version.minor >= needed.minor);
}

[[noreturn]] void refuse(bool marked, DataVersion found, DataVersion needed) {
    if (!marked) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("the version of the data is not known"),
                        errhint("The comment on schema \"stockflow\" is not the mark of StockFlow. "
                                "Restore it.")));
    }
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("data of version %d.%d is too old, %d.%d is needed", found.major, found.minor,
                    needed.major, needed.minor),
             errhint("ALTER EXTENSION stockflow UPDATE, if that is still to be done, and then "
                     "SELECT * FROM stockflow.migrate().")));
}

}  // namespace

void require_data_version(DataVersion needed) {
    const Oid schema = get_namespace_oid("stockflow", true);
    if (OidIsValid(schema) && schema == known_schema && reaches(known, needed)) return;
    DataVersion found = {0, 0};
    const bool marked = read_mark(schema, &found);
    if (!marked || !reaches(found, needed)) refuse(marked, found, needed);
    known_schema = schema;
    known = found;
}

void register_data_version_callbacks() {
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
}

}  // namespace stockflow

using namespace stockflow;

// data_version() RETURNS text: as it is now, also where the transaction's snapshot is older.
STOCKFLOW_FUNCTION(stockflow_data_version) {
    DataVersion version;
    if (!read_mark(get_namespace_oid("stockflow", true), &version)) PG_RETURN_NULL();
    PG_RETURN_TEXT_P(cstring_to_text(psprintf("%d.%d", version.major, version.minor)));
}

// require_data_version(version text) RETURNS void
STOCKFLOW_FUNCTION(stockflow_require_data_version) {
    const Arguments arguments(fcinfo);
    const char *text = arguments.string(0, "version", 9);
    DataVersion needed;
    if (!parse(text, &needed)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("\"%s\" is not a version of the data", text),
                        errhint("It consists of two numbers, as in \"1.0\".")));
    }
    require_data_version(needed);
    PG_RETURN_VOID();
}
