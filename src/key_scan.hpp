// Rows found by the primary key of their table, without a statement. Besides the cost of one, a
// statement has a plan, which depends on statistics: those of a table that is being loaded may say
// that it is empty.
#pragma once

#include "ledger.hpp"
#include "pg.hpp"

namespace stockflow {

// The primary key of a table, opened and locked, if it is a B-tree on exactly these columns, of
// which the first three are company, product and warehouse; else null.
Relation open_key_index(Relation table, const int *columns, int count, LOCKMODE mode);

// Reads the rows of one key after the other; the rows are what the snapshot shows.
struct KeyScan {
    Relation index;
    IndexScanDesc scan;
    TupleTableSlot *row;  // the one found
};
KeyScan begin_key_scan(Relation table, Relation index, Snapshot snapshot);

// Finds the first row of a key in the order of the index, or the last.
bool find_first_row(const KeyScan &scan, const StockKey &key);
bool find_last_row(const KeyScan &scan, const StockKey &key);

// Closes the index, too, which stays locked.
void end_key_scan(const KeyScan &scan);

}  // namespace stockflow
