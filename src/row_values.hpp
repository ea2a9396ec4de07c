// A row taken apart once: behind a value of any length the server finds each column by walking
// over those before it.
#pragma once

#include "pg.hpp"

namespace stockflow {

struct RowValues {
    HeapTuple row;
    TupleDesc desc;
    Datum *values;
    bool *nulls;

    NullableDatum at(int column) const;
    void set(int column, NullableDatum value);
};

RowValues take_apart(HeapTuple row, TupleDesc desc);

// A row of these values in the place of the one that was taken apart.
HeapTuple put_together(const RowValues &values);

// True when a column differs between two rows, compared as stored.
bool column_changed(const RowValues &before, const RowValues &after, int column);

}  // namespace stockflow
