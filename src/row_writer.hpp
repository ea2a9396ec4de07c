// Writing rows without a statement: what inventory and its log share.
#pragma once

#include "pg.hpp"

namespace stockflow {

// Whether a table stores rows as they are given, also by a statement: it has no rule, CHECK,
// generated column or child. (Those would be a user's.)
bool stores_rows_as_given(Relation table);

// Whether a column, counted from 1, takes NULL.
bool may_be_null(TupleDesc desc, int column);

// The indexes of a table, and the server's state for writing them.
struct IndexWriter {
    ResultRelInfo *target;
    EState *state;
};

IndexWriter open_indexes(Relation table);
void write_indexes(const IndexWriter &indexes, TupleTableSlot *row, bool is_update);
void close_indexes(const IndexWriter &indexes);

}  // namespace stockflow
