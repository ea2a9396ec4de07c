// Loading the library: its settings, and the tenant of the session.
#include "module.hpp"

#include <cerrno>
#include <cstdlib>

#include "core/text.hpp"
#include "data_version.hpp"
#include "entry.hpp"
#include "ledger.hpp"
#include "pg.hpp"

namespace {

char *company_setting_value = nullptr;
char *actor_setting_value = nullptr;

// A tenant is a positive bigint, or nothing; false when the text is neither.
bool parse_company(const char *text, int64 *company_id) {
    errno = 0;
    char *end = nullptr;
    *company_id = std::strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *company_id > 0;
}

bool check_company(char **value, void **, GucSource) {
    int64 company_id;
    return *value == nullptr || **value == '\0' || parse_company(*value, &company_id);
}

// The actor goes into every ledger entry, so it is short and one line.
bool check_actor(char **value, void **, GucSource) {
    return *value == nullptr ||
           (strlen(*value) <= 200 && !stockflow::has_control_character(
                                         *value, strlen(*value), GetDatabaseEncoding() == PG_UTF8));
}

}  // namespace

const char *stockflow::actor_setting() { return actor_setting_value; }

int64 stockflow::tenant_setting() {
    int64 company_id;
    const bool is_set =
        company_setting_value != nullptr && parse_company(company_setting_value, &company_id);
    return is_set ? company_id : 0;
}

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void) {
    DefineCustomStringVariable(
        "stockflow.company_id", "The tenant whose rows the session sees.",
        "Only superusers, and roles with GRANT SET ON PARAMETER, can set it.",
        &company_setting_value, "", PGC_SUSET, 0, check_company, nullptr, nullptr);
    DefineCustomStringVariable("stockflow.actor", "Whom the session acts for.",
                               "Written to inventory_log.actor behind the role.",
                               &actor_setting_value, "", PGC_USERSET, 0, check_actor, nullptr,
                               nullptr);
    MarkGUCPrefixReserved("stockflow");
    stockflow::register_ledger_callbacks();
    stockflow::register_data_version_callbacks();
}
}

// current_company() RETURNS bigint: the tenant of the session, NULL without one.
STOCKFLOW_FUNCTION(stockflow_current_company) {
    const int64 company_id = stockflow::tenant_setting();
    if (company_id == 0) PG_RETURN_NULL();
    PG_RETURN_INT64(company_id);
}

// library_version() RETURNS text: what this library was built as.
STOCKFLOW_FUNCTION(stockflow_library_version) { return CStringGetTextDatum(STOCKFLOW_VERSION); }
