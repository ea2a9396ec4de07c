#include "row_values.hpp"

#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

NullableDatum RowValues::at(int column) const {
    return nulls[column - 1] ? null_datum() : present(values[column - 1]);
}

void RowValues::set(int column, NullableDatum value) {
    values[column - 1] = value.value;
    nulls[column - 1] = value.isnull;
}

RowValues take_apart(HeapTuple row, TupleDesc desc) {
    const RowValues values = {row, desc, allocate<Datum>(desc->natts), allocate<bool>(desc->natts)};
    heap_deform_tuple(row, desc, values.values, values.nulls);
    return values;
}

HeapTuple put_together(const RowValues &values) {
    HeapTuple row = heap_form_tuple(values.desc, values.values, values.nulls);
    row->t_data->t_ctid = values.row->t_data->t_ctid;
    row->t_self = values.row->t_self;
    row->t_tableOid = values.row->t_tableOid;
    return row;
}

bool column_changed(const RowValues &before, const RowValues &after, int column) {
    return stored_differently(before.at(column), after.at(column),
                              TupleDescAttr(before.desc, column - 1));
}

}  // namespace stockflow
