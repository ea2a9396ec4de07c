// Moves rows of inventory without a statement.
//
// An UPDATE that fires our triggers spends most of its time on its own beginning and end, and on
// calling them. The same is done here to the rows themselves: found by their key, locked by being
// changed, in the order of the postings, with the checks and the entries that the triggers make.
#pragma once

#include "ledger.hpp"

namespace stockflow {

// Applies all postings of one company, which are in key order, or none; then they need a statement:
// a row is missing or new, or something of a user's is there.
bool post_directly(int64 company_id, Posting *postings, int count);

}  // namespace stockflow
