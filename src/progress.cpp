#include "progress.hpp"

#include "values.hpp"

namespace stockflow {

namespace {

bool shown = false;

// Slots of a command's progress; the view names them.
enum { kDone = 2, kCompany = 10, kWork = 11, kTotal = 12 };

}  // namespace

void begin_progress(Work work, int64 company_id, int64 total) {
    shown = MyBEEntry != nullptr && MyBEEntry->st_progress_command == PROGRESS_COMMAND_INVALID;
    if (!shown) return;
    const Oid schema = get_namespace_oid("stockflow", true);
    const Oid table = OidIsValid(schema) ? get_relname_relid("forecasts", schema) : InvalidOid;
    pgstat_progress_start_command(PROGRESS_COMMAND_COPY, table);
    const int slots[] = {kDone, kCompany, kWork, kTotal};
    const int64 values[] = {0, company_id, static_cast<int64>(work), total};
    pgstat_progress_update_multi_param(lengthof(slots), slots, values);
}

void set_progress(int64 done) {
    if (shown) pgstat_progress_update_param(kDone, done);
}

void set_progress_total(int64 total) {
    if (shown) pgstat_progress_update_param(kTotal, total);
}

void end_progress() {
    if (shown) pgstat_progress_end_command();
    shown = false;
}

}  // namespace stockflow
