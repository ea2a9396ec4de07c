// Totals of open lines in the rows of inventory: reserved, on_order and in_transit. A table of
// lines (reservations, purchase orders, transfers) has a column open_quantity and these triggers on
// it.
#include "core/grouping.hpp"
#include "core/quantity.hpp"
#include "entry.hpp"
#include "posting.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// Rows are locked in key order before the first one changes.
#define STOCKFLOW_ADD_TO(column)                                                 \
    "WITH locked AS MATERIALIZED ("                                              \
    "  SELECT i.product_id, i.warehouse_id, k.change FROM stockflow.inventory i" \
    "    JOIN unnest($2::bigint[], $3::bigint[], $4::numeric[])"                 \
    "         AS k(product_id, warehouse_id, change)"                            \
    "      ON i.product_id = k.product_id AND i.warehouse_id = k.warehouse_id"   \
    "   WHERE i.company_id = $1"                                                 \
    "   ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE OF i)"           \
    "UPDATE stockflow.inventory i SET " column " = i." column                    \
    " + l.change FROM locked l"                                                  \
    " WHERE i.company_id = $1 AND i.product_id = l.product_id"                   \
    "   AND i.warehouse_id = l.warehouse_id"

constexpr int kTypes = 4;
spi::Statement add_reserved = {STOCKFLOW_ADD_TO("reserved"),
                               kTypes,
                               {INT8OID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID},
                               nullptr};
spi::Statement add_on_order = {STOCKFLOW_ADD_TO("on_order"),
                               kTypes,
                               {INT8OID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID},
                               nullptr};
spi::Statement add_in_transit = {STOCKFLOW_ADD_TO("in_transit"),
                                 kTypes,
                                 {INT8OID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID},
                                 nullptr};

// What a statement changed, line by line; the lines of each company stand together later.
struct Changes {
    int64 *companies;
    GroupedLine *lines;
    int count, capacity;
};

void append(Changes &changes, int64 company_id, const GroupedLine &line) {
    if (changes.count == changes.capacity) {
        changes.capacity = changes.capacity == 0 ? 64 : changes.capacity * 2;
        auto *companies = allocate<int64>(changes.capacity);
        auto *lines = allocate<GroupedLine>(changes.capacity);
        for (int i = 0; i < changes.count; i++) {
            companies[i] = changes.companies[i];
            lines[i] = changes.lines[i];
        }
        changes.companies = companies;
        changes.lines = lines;
    }
    changes.companies[changes.count] = company_id;
    changes.lines[changes.count++] = line;
}

// Reads a transition table; sign is -1 for the rows as they were.
void collect(Relation relation, Tuplestorestate *rows, int sign, Changes &changes) {
    if (rows == nullptr) return;
    const TupleDesc desc = RelationGetDescr(relation);
    const int company = column_number(relation, "company_id");
    const int product = column_number(relation, "product_id");
    const int warehouse = column_number(relation, "warehouse_id");
    const int open = column_number(relation, "open_quantity");
    TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
    tuplestore_select_read_pointer(rows, 0);
    tuplestore_rescan(rows);
    while (tuplestore_gettupleslot(rows, true, false, slot)) {
        CHECK_FOR_INTERRUPTS();
        bool is_null;
        const auto id = [&](int column) {
            return DatumGetInt64(slot_getattr(slot, column, &is_null));
        };
        const std::int64_t quantity =
            to_quantity(slot_getattr(slot, open, &is_null), "open_quantity");
        if (quantity == 0) continue;
        append(changes, id(company), {id(product), id(warehouse), sign * quantity, 0});
    }
    ExecDropSingleTupleTableSlot(slot);
}

// Adds what changed to the rows of one company.
void add_totals(spi::Statement &statement, int64 company_id, const GroupedLine *totals, int count) {
    auto *products = allocate<std::int64_t>(count);
    auto *warehouses = allocate<std::int64_t>(count);
    auto *changes = allocate<std::int64_t>(count);
    for (int i = 0; i < count; i++) {
        products[i] = totals[i].product_id;
        warehouses[i] = totals[i].warehouse_id;
        changes[i] = totals[i].delta;
    }
    const KeyArrays keys = {bigint_array(products, count), bigint_array(warehouses, count),
                            quantity_array(changes, count)};
    make_missing_rows(company_id, keys);
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(keys.products).datum(keys.warehouses).datum(keys.deltas);
    open_derived_update();
    const uint64 updated = spi::run_latest(statement, parameters);
    close_derived_update();
    if (updated == static_cast<uint64>(count)) return;
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent delete of inventory"),
                    errhint("Try again.")));
}

// The changes of one company, summed by key and in key order; keys that stay the same are left out.
GroupedLine *totals_of_company(const Changes &changes, int64 company_id, int *count) {
    auto *totals = allocate<GroupedLine>(changes.count);
    int lines = 0;
    for (int i = 0; i < changes.count; i++) {
        if (changes.companies[i] == company_id) totals[lines++] = changes.lines[i];
    }
    order_lines(totals, lines);
    *count = 0;
    for (int i = 0; i < lines;) {
        GroupedLine total = totals[i++];
        for (; i < lines && totals[i].product_id == total.product_id &&
               totals[i].warehouse_id == total.warehouse_id;
             i++) {
            total.delta = add(total.delta, totals[i].delta);
        }
        if (total.delta != 0) totals[(*count)++] = total;
    }
    return totals;
}

// Companies in ascending order, so that rows are always locked in key order.
void add_changes(spi::Statement &statement, const Changes &changes) {
    int64 done = PG_INT64_MIN;
    for (;;) {
        int64 next = PG_INT64_MAX;
        for (int i = 0; i < changes.count; i++) {
            if (changes.companies[i] > done) next = Min(next, changes.companies[i]);
        }
        if (next == PG_INT64_MAX) return;
        int count = 0;
        const GroupedLine *totals = totals_of_company(changes, next, &count);
        if (count > 0) add_totals(statement, next, totals, count);
        done = next;
    }
}

spi::Statement &statement_of(const Trigger *trigger) {
    const char *column = trigger->tgnargs == 1 ? trigger->tgargs[0] : "";
    if (strcmp(column, "reserved") == 0) return add_reserved;
    if (strcmp(column, "on_order") == 0) return add_on_order;
    if (strcmp(column, "in_transit") == 0) return add_in_transit;
    ereport(ERROR,
            (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
             errmsg("trigger argument \"%s\" is not reserved, on_order or in_transit", column)));
    pg_unreachable();
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// AFTER INSERT, UPDATE or DELETE (one trigger each, with transition tables) FOR EACH STATEMENT on a
// table of lines; the argument names the column of inventory.
STOCKFLOW_FUNCTION(stockflow_position_after) {
    TriggerData *trigger = check_trigger(fcinfo, "position_after", Timing::after_statement);
    spi::Statement &statement = statement_of(trigger->tg_trigger);
    Changes changes = {};
    collect(trigger->tg_relation, trigger->tg_oldtable, -1, changes);
    collect(trigger->tg_relation, trigger->tg_newtable, 1, changes);
    as_owner(trigger->tg_relation,
             [&] { spi::connected([&] { add_changes(statement, changes); }); });
    return PointerGetDatum(nullptr);
}
