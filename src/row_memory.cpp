#include "row_memory.hpp"

#include "module.hpp"

namespace stockflow {

bool read_row_version(const spi::Row &row, int first_column, RowVersion *version) {
    version->table = DatumGetObjectId(row.get(first_column).value);
    version->place =
        *reinterpret_cast<ItemPointer>(DatumGetPointer(row.get(first_column + 1).value));
    version->writer = DatumGetTransactionId(row.get(first_column + 2).value);
    // The query that read the row holds a lock on the table until the transaction ends.
    Relation table = table_open(version->table, NoLock);
    const bool is_heap = table->rd_rel->relam == HEAP_TABLE_AM_OID;
    version->file = table->rd_node.relNode;
    table_close(table, NoLock);
    return is_heap;
}

bool is_visible(const RowVersion &version) {
    Relation table = try_table_open(version.table, AccessShareLock);
    if (table == nullptr) return false;
    bool visible = false;
    // VACUUM may have cut off the end of the table.
    if (table->rd_node.relNode == version.file &&
        ItemPointerGetBlockNumber(&version.place) < RelationGetNumberOfBlocks(table)) {
        HeapTupleData row = {};
        row.t_self = version.place;
        Buffer buffer;
        if (heap_fetch(table, GetActiveSnapshot(), &row, &buffer, false)) {
            visible = HeapTupleHeaderGetRawXmin(row.t_data) == version.writer;
            ReleaseBuffer(buffer);
        }
    }
    table_close(table, NoLock);
    return visible;
}

Viewer current_viewer() { return {GetUserId(), tenant_setting()}; }

}  // namespace stockflow
