#include "row_writer.hpp"

namespace stockflow {

bool stores_rows_as_given(Relation table) {
    const TupleConstr *rules = RelationGetDescr(table)->constr;
    return table->rd_rel->relkind == RELKIND_RELATION && !table->rd_rel->relispartition &&
           !table->rd_rel->relhassubclass && table->rd_rules == nullptr &&
           (rules == nullptr || (rules->num_check == 0 && !rules->has_generated_stored));
}

bool may_be_null(TupleDesc desc, int column) {
    return !TupleDescAttr(desc, column - 1)->attnotnull;
}

IndexWriter open_indexes(Relation table) {
    IndexWriter indexes = {makeNode(ResultRelInfo), CreateExecutorState()};
    InitResultRelInfo(indexes.target, table, 0, nullptr, 0);
    ExecOpenIndices(indexes.target, false);
    return indexes;
}

void write_indexes(const IndexWriter &indexes, TupleTableSlot *row, bool is_update) {
    ExecInsertIndexTuples(indexes.target, row, indexes.state, is_update, false, nullptr, NIL);
    ResetPerTupleExprContext(indexes.state);
}

void close_indexes(const IndexWriter &indexes) {
    ExecCloseIndices(indexes.target);
    FreeExecutorState(indexes.state);
}

}  // namespace stockflow
