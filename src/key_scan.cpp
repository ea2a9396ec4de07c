#include "key_scan.hpp"

namespace stockflow {

namespace {

constexpr int kKeyColumns = 3;

bool find_row(const KeyScan &scan, const StockKey &key, ScanDirection direction) {
    ScanKeyData keys[kKeyColumns];
    const int64 values[] = {key.company_id, key.product_id, key.warehouse_id};
    for (int i = 0; i < kKeyColumns; i++) {
        ScanKeyInit(&keys[i], i + 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(values[i]));
    }
    index_rescan(scan.scan, keys, kKeyColumns, nullptr, 0);
    return index_getnext_slot(scan.scan, direction, scan.row);
}

}  // namespace

Relation open_key_index(Relation table, const int *columns, int count, LOCKMODE mode) {
    const Oid oid = RelationGetPrimaryKeyIndex(table);
    if (!OidIsValid(oid)) return nullptr;
    Relation index = index_open(oid, mode);
    const Form_pg_index form = index->rd_index;
    bool is_ours = index->rd_rel->relam == BTREE_AM_OID && form->indnkeyatts == count;
    for (int i = 0; is_ours && i < count; i++) is_ours = form->indkey.values[i] == columns[i];
    if (is_ours) return index;
    index_close(index, NoLock);
    return nullptr;
}

KeyScan begin_key_scan(Relation table, Relation index, Snapshot snapshot) {
    return {index, index_beginscan(table, index, snapshot, kKeyColumns, 0),
            table_slot_create(table, nullptr)};
}

bool find_first_row(const KeyScan &scan, const StockKey &key) {
    return find_row(scan, key, ForwardScanDirection);
}

bool find_last_row(const KeyScan &scan, const StockKey &key) {
    return find_row(scan, key, BackwardScanDirection);
}

void end_key_scan(const KeyScan &scan) {
    index_endscan(scan.scan);
    ExecDropSingleTupleTableSlot(scan.row);
    index_close(scan.index, NoLock);
}

}  // namespace stockflow
