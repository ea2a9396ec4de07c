// What applies to one product in one warehouse.
#pragma once

#include <cstdint>

#include "ledger.hpp"

namespace stockflow {

// Reads the rules of a key as they are now, whatever the transaction's snapshot; not found is no
// error. What the session's role may not see is not found.
StockRules load_rules(const StockKey &key);

// Reads the rules of many keys of a company in one statement; rules is parallel to the ids.
void load_rules(int64 company_id, const std::int64_t *products, const std::int64_t *warehouses,
                int count, StockRules *rules);

// The time zone of a company, read once per statement on inventory; null: no such company.
pg_tz *zone_of_company(int64 company_id);

// The reorder point of a company as it is now; where it must not change, under hold_rules.
NullableDatum company_reorder_point(int64 company_id);

// Whether the ledger of a company is tamper-evident now.
bool is_sealed(int64 company_id);

}  // namespace stockflow
