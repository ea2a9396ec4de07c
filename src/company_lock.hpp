// One lock per company between those who move its stock and those who change what all of them rely
// on: its time zone, its seal, its reorder point, the kind of a product. Movements share it. Other
// companies are never stopped. (Advisory locks of classes that SQL cannot name; pg_locks has them.)
#pragma once

#include "pg.hpp"

namespace stockflow {

// Keeps what the movements of a company rely on as it is until the transaction ends. Waits; so it
// comes before any lock of a row.
void hold_rules(int64 company_id);

// The same for a statement that has locked rows already, and must not wait: whoever holds the lock
// alone either waits for these rows or has not come to them.
void hold_rules_if_free(int64 company_id);

// Opens a call that moves stock: holds the rules, before they are read. Runs inside SPI; a company
// that has to be waited for and that the session may not see is 23503.
void announce_writer(int64 company_id);

// Keeps others from moving stock of a company until the transaction ends, and waits for those who
// do. Plain statements go on until they meet a locked row.
void stop_writers(int64 company_id);

// Locks all rows of inventory of a company, in key order, against those as well; how many there
// are. Runs inside SPI, after stop_writers.
int64 lock_inventory(int64 company_id);

// Bundles of a company change one at a time, so that two halves of a circle cannot pass. Movements
// need not wait for it.
void lock_bundles(int64 company_id);

}  // namespace stockflow
