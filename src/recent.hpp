// The column recent_days: packing, unpacking, and making it anew from the ledger.
#pragma once

#include "core/recent_days.hpp"
#include "ledger_log.hpp"

namespace stockflow {

NullableDatum pack_recent_days(const RecentDays &recent);  // NULL without movements

// False when the stored bytes are not ours.
bool unpack_recent_days(NullableDatum packed, RecentDays *recent);

// Makes recent_days of all rows of a company anew, after its time zone changed.
void rebuild_company(int64 company_id, pg_tz *zone);

}  // namespace stockflow
