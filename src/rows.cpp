#include "rows.hpp"

namespace stockflow {

void Rows::put(const NullableDatum *columns, int count) const {
    constexpr int kMostColumns = 64;
    Datum values[kMostColumns];
    bool nulls[kMostColumns];
    if (count != result_->setDesc->natts || count > kMostColumns) {
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("the library has %d columns to return, the function declares %d",
                               count, result_->setDesc->natts),
                        errhint("Start the session anew if the library has been updated, and run "
                                "ALTER EXTENSION stockflow UPDATE.")));
    }
    for (int i = 0; i < count; i++) {
        values[i] = columns[i].value;
        nulls[i] = columns[i].isnull;
    }
    tuplestore_putvalues(result_->setResult, result_->setDesc, values, nulls);
}

}  // namespace stockflow
