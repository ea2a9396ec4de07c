// Totals of open lines in the rows of inventory: reserved, on_order and in_transit. A table of
// lines (reservations, purchase orders, transfers) has a column open_quantity and these triggers on
// it.
#include "core/grouping.hpp"
#include "core/quantity.hpp"
#include "entry.hpp"
#include "expired.hpp"
#include "inventory_row.hpp"
#include "lots.hpp"
#include "posting.hpp"
#include "rules.hpp"
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
// What has been reserved is looked at again, in key order; see check_reserved.
spi::Statement add_reserved = {"WITH changed AS (" STOCKFLOW_ADD_TO("reserved")
                               " RETURNING i.product_id, i.warehouse_id, i.quantity, i.reserved) "
                               "SELECT c.quantity, c.reserved FROM changed c"
                               " ORDER BY c.product_id, c.warehouse_id",
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
    TimestampTz *expiries;  // parallel to lines; never, except for reservations
    int count, capacity;
};

// What has changed in one company: its lines in key order, and their totals by key.
struct CompanyChanges {
    int64 company_id;
    const Changes *all;
    GroupedLine *lines, *totals;  // index is in all->lines, and that of a total's first line here
    int line_count, total_count;
};

void append(Changes &changes, int64 company_id, GroupedLine line, TimestampTz expires_at) {
    if (changes.count == changes.capacity) {
        changes.capacity = changes.capacity == 0 ? 64 : changes.capacity * 2;
        auto *companies = allocate<int64>(changes.capacity);
        auto *lines = allocate<GroupedLine>(changes.capacity);
        auto *expiries = allocate<TimestampTz>(changes.capacity);
        for (int i = 0; i < changes.count; i++) {
            companies[i] = changes.companies[i];
            lines[i] = changes.lines[i];
            expiries[i] = changes.expiries[i];
        }
        changes.companies = companies;
        changes.lines = lines;
        changes.expiries = expiries;
    }
    line.index = changes.count;
    changes.companies[changes.count] = company_id;
    changes.expiries[changes.count] = expires_at;
    changes.lines[changes.count++] = line;
}

// Reads a transition table; sign is -1 for the rows as they were.
void collect(Relation relation, Tuplestorestate *rows, int sign, bool expire, Changes &changes) {
    if (rows == nullptr) return;
    const TupleDesc desc = RelationGetDescr(relation);
    const int company = column_number(relation, "company_id");
    const int product = column_number(relation, "product_id");
    const int warehouse = column_number(relation, "warehouse_id");
    const int open = column_number(relation, "open_quantity");
    const int expiry = expire ? column_number(relation, "expires_at") : 0;
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
        const TimestampTz expires_at =
            expire ? DatumGetTimestampTz(slot_getattr(slot, expiry, &is_null)) : DT_NOEND;
        append(changes, id(company), {id(product), id(warehouse), sign * quantity, 0}, expires_at);
    }
    ExecDropSingleTupleTableSlot(slot);
}

// By how much the reservations of a key that are in force have grown, at a moment.
std::int64_t growth(const CompanyChanges &changes, const GroupedLine &total, TimestampTz at) {
    std::int64_t sum = 0;
    for (int i = total.index; i < changes.line_count; i++) {
        const GroupedLine &line = changes.lines[i];
        if (line.product_id != total.product_id || line.warehouse_id != total.warehouse_id) break;
        if (changes.all->expiries[line.index] > at) sum = add(sum, line.delta);
    }
    return sum;
}

// Refuses reservations of what is not there, or set aside already. The rows are locked by now, and
// every change of what expires when takes that lock, too: so the clock decides alike for all.
void check_reserved(const CompanyChanges &changes) {
    auto *available = allocate<std::int64_t>(changes.total_count);
    auto *fraction = allocate<std::int64_t>(changes.total_count);
    for (int i = 0; i < changes.total_count; i++) {
        const std::int64_t reserved = to_quantity(spi::Row(i).get(2).value, "reserved");
        available[i] = to_quantity(spi::Row(i).get(1).value, "quantity") - reserved;
        fraction[i] = is_whole(reserved) ? 0 : reserved;
    }
    const TimestampTz now = GetCurrentTimestamp();
    const bool lots = company_tracks_lots(changes.company_id);
    for (int i = 0; i < changes.total_count; i++) {
        if (available[i] >= 0 && fraction[i] == 0 && !lots) continue;
        const GroupedLine &total = changes.totals[i];
        const std::int64_t grown = growth(changes, total, now);
        if (grown <= 0) continue;
        CHECK_FOR_INTERRUPTS();
        const StockKey key = {changes.company_id, total.product_id, total.warehouse_id};
        const StockRules rules = load_rules(key);
        if (rules.whole_units && fraction[i] != 0) broken_unit(rules, fraction[i]);
        if (rules.allow_negative) continue;
        available[i] -= spoiled_now(rules, key);
        if (available[i] >= 0) continue;
        const std::int64_t left = available[i] + expired_at(key, now);
        if (left < 0) insufficient(rules, left + grown, -grown, "Available");
    }
}

// Adds what changed to the rows of one company.
void add_totals(spi::Statement &statement, const CompanyChanges &changes) {
    const int count = changes.total_count;
    auto *products = allocate<std::int64_t>(count);
    auto *warehouses = allocate<std::int64_t>(count);
    auto *deltas = allocate<std::int64_t>(count);
    for (int i = 0; i < count; i++) {
        products[i] = changes.totals[i].product_id;
        warehouses[i] = changes.totals[i].warehouse_id;
        deltas[i] = changes.totals[i].delta;
    }
    const KeyArrays keys = {bigint_array(products, count), bigint_array(warehouses, count),
                            quantity_array(deltas, count)};
    make_missing_rows(changes.company_id, keys);
    spi::Parameters parameters;
    parameters.bigint(changes.company_id)
        .datum(keys.products)
        .datum(keys.warehouses)
        .datum(keys.deltas);
    open_derived_update();
    const uint64 updated = spi::run_latest(statement, parameters);
    close_derived_update();
    if (updated != static_cast<uint64>(count)) {
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("could not serialize access due to concurrent delete of inventory"),
                        errhint("Try again.")));
    }
    if (&statement == &add_reserved) check_reserved(changes);
}

// The changes of one company, summed by key and in key order. Keys that stay the same are left out,
// but not those whose reservations expire at another time: that counts as a change of the row.
CompanyChanges changes_of(const Changes &all, int64 company_id) {
    CompanyChanges changes = {
        company_id, &all, allocate<GroupedLine>(all.count), allocate<GroupedLine>(all.count), 0, 0};
    for (int i = 0; i < all.count; i++) {
        if (all.companies[i] == company_id) changes.lines[changes.line_count++] = all.lines[i];
    }
    order_lines(changes.lines, changes.line_count);
    for (int i = 0; i < changes.line_count;) {
        GroupedLine total = changes.lines[i];
        const TimestampTz expires_at = all.expiries[total.index];
        bool other_expiry = false;
        total.index = i;
        total.delta = 0;
        for (; i < changes.line_count && changes.lines[i].product_id == total.product_id &&
               changes.lines[i].warehouse_id == total.warehouse_id;
             i++) {
            total.delta = add(total.delta, changes.lines[i].delta);
            other_expiry |= all.expiries[changes.lines[i].index] != expires_at;
        }
        if (total.delta != 0 || other_expiry) changes.totals[changes.total_count++] = total;
    }
    return changes;
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
        const CompanyChanges of_company = changes_of(changes, next);
        if (of_company.total_count > 0) add_totals(statement, of_company);
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
    const bool expire = &statement == &add_reserved;
    collect(trigger->tg_relation, trigger->tg_oldtable, -1, expire, changes);
    collect(trigger->tg_relation, trigger->tg_newtable, 1, expire, changes);
    as_owner(trigger->tg_relation,
             [&] { spi::connected([&] { add_changes(statement, changes); }); });
    return PointerGetDatum(nullptr);
}
