// Rows that plain statements change are checked against the rules of their products when the
// statement ends, all together.
#pragma once

#include "inventory_row.hpp"

namespace stockflow {

// A change that the AFTER trigger has seen.
struct RowCheck {
    Balance before, after;
    bool is_insert;  // its ledger has to end where the row says
};

void add_check(const RowCheck &check);

// Makes the checks of the statement whose triggers are under way. Errors: 23514 as check_balance;
// 40001 when another session has written the ledger of a new row meanwhile.
void make_checks();

bool checks_wait(int depth);
void forget_checks(SubTransactionId failed);
void forget_all_checks();

// Raises 40001.
[[noreturn]] void report_concurrent_change();

}  // namespace stockflow
