#include "ledger_batch.hpp"

#include "core/quantity.hpp"
#include "entry.hpp"
#include "ledger_checks.hpp"
#include "lots.hpp"
#include "module.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"
#include "waiting.hpp"

namespace stockflow {

namespace {

struct Entry {
    StockKey key;
    int64 version;
    std::int64_t quantity_after;
    Movement movement;
    LeavingDays leaving;  // of the whole change, with its last entry
    enum { no, yes, unknown } tracks_lots;
};

// Entries are written when their statement ends, or when this many wait.
constexpr int kMaxWaiting = 10000;

WaitingList<Entry> waiting;

#define STOCKFLOW_LOG_COLUMNS                                                       \
    "company_id, product_id, warehouse_id, version, delta, quantity_after, reason," \
    " reference, occurred_at, unit_cost, bundle_id, bundle_quantity,"               \
    " counterpart_warehouse_id, recorded_at, actor"

// What a balance and the derived columns follow from. (A rule that turns the INSERT into something
// else makes the server refuse RETURNING.)
#define STOCKFLOW_STORED                                                                        \
    " RETURNING company_id, product_id, warehouse_id, version, delta, quantity_after, reason, " \
    "occurred_at, bundle_quantity"

#define STOCKFLOW_INSERT_ONE                                      \
    "INSERT INTO stockflow.inventory_log (" STOCKFLOW_LOG_COLUMNS \
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
#define STOCKFLOW_ONE_TYPES                                           \
    15, {INT8OID,    INT8OID,    INT8OID, INT8OID,        NUMERICOID, \
         NUMERICOID, TEXTOID,    TEXTOID, TIMESTAMPTZOID, NUMERICOID, \
         INT8OID,    NUMERICOID, INT8OID, TIMESTAMPTZOID, TEXTOID},   \
        nullptr

#define STOCKFLOW_INSERT_MANY                                                                    \
    "INSERT INTO stockflow.inventory_log (" STOCKFLOW_LOG_COLUMNS                                \
    ") SELECT e.*, $14, $15 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]," \
    " $5::numeric[], $6::numeric[], $7::text[], $8::text[], $9::timestamptz[], $10::numeric[],"  \
    " $11::bigint[], $12::numeric[], $13::bigint[]) AS e"
#define STOCKFLOW_MANY_TYPES                                                                   \
    15, {INT8ARRAYOID,    INT8ARRAYOID,    INT8ARRAYOID, INT8ARRAYOID,        NUMERICARRAYOID, \
         NUMERICARRAYOID, TEXTARRAYOID,    TEXTARRAYOID, TIMESTAMPTZARRAYOID, NUMERICARRAYOID, \
         INT8ARRAYOID,    NUMERICARRAYOID, INT8ARRAYOID, TIMESTAMPTZOID,      TEXTOID},        \
        nullptr

// Each as it is, and returning what was stored.
spi::Statement insert_one[] = {{STOCKFLOW_INSERT_ONE, STOCKFLOW_ONE_TYPES},
                               {STOCKFLOW_INSERT_ONE STOCKFLOW_STORED, STOCKFLOW_ONE_TYPES}};
spi::Statement insert_many[] = {{STOCKFLOW_INSERT_MANY, STOCKFLOW_MANY_TYPES},
                                {STOCKFLOW_INSERT_MANY STOCKFLOW_STORED, STOCKFLOW_MANY_TYPES}};

// Whether something of a user's may stand between an entry and the log: a trigger, a rule, a type
// that rounds. Comparing what was stored costs a sale a twentieth of its time.
bool may_be_changed() {
    Relation log = table_open(lock_table("inventory_log", RowExclusiveLock), NoLock);
    const TriggerDesc *triggers = log->trigdesc;
    bool changed = log->rd_rules != nullptr || log->rd_rel->relkind != RELKIND_RELATION ||
                   (triggers != nullptr &&
                    (triggers->trig_insert_before_row || triggers->trig_insert_instead_row));
    const TupleDesc desc = RelationGetDescr(log);
    for (int i = 0; i < desc->natts; i++) changed |= TupleDescAttr(desc, i)->atttypmod != -1;
    table_close(log, NoLock);
    return changed;
}

// The columns that differ between entries, in the order of the statements.
constexpr int kColumns = 13;
constexpr Oid kTypes[kColumns] = {INT8OID,    INT8OID,    INT8OID, INT8OID,        NUMERICOID,
                                  NUMERICOID, TEXTOID,    TEXTOID, TIMESTAMPTZOID, NUMERICOID,
                                  INT8OID,    NUMERICOID, INT8OID};

NullableDatum optional_id(std::int64_t id) {
    return id == 0 ? null_datum() : present(Int64GetDatum(id));
}

void entry_values(const Entry &entry, NullableDatum *values) {
    const Movement &movement = entry.movement;
    *values++ = present(Int64GetDatum(entry.key.company_id));
    *values++ = present(Int64GetDatum(entry.key.product_id));
    *values++ = present(Int64GetDatum(entry.key.warehouse_id));
    *values++ = present(Int64GetDatum(entry.version));
    *values++ = present(from_quantity(movement.delta));
    *values++ = present(from_quantity(entry.quantity_after));
    *values++ = present(CStringGetTextDatum(movement.reason));
    *values++ = optional_text(movement.reference);
    *values++ = present(TimestampTzGetDatum(movement.occurred_at));
    *values++ = movement.unit_cost;
    *values++ = optional_id(movement.bundle_id);
    *values++ = movement.is_bundle ? present(from_quantity(movement.bundle_units)) : null_datum();
    *values++ = optional_id(movement.counterpart_warehouse_id);
}

// The role that acts, and whom it says it acts for.
const char *actor_name() {
    const char *role = GetUserNameFromId(GetOuterUserId(), true);
    const char *actor = actor_setting();
    if (role == nullptr) role = "?";
    return actor == nullptr || *actor == '\0' ? role : psprintf("%s/%s", role, actor);
}

bool is_stored(const Entry &entry, const spi::Row &row) {
    const Movement &movement = entry.movement;
    const OptionalQuantity units = to_optional_quantity(row.get(9), "bundle_quantity");
    return row.bigint(1) == entry.key.company_id && row.bigint(2) == entry.key.product_id &&
           row.bigint(3) == entry.key.warehouse_id && row.bigint(4) == entry.version &&
           to_quantity(row.get(5).value, "delta") == movement.delta &&
           to_quantity(row.get(6).value, "quantity_after") == entry.quantity_after &&
           strcmp(row.string(7), movement.reason) == 0 && row.time(8) == movement.occurred_at &&
           units.set == movement.is_bundle && (!units.set || units.value == movement.bundle_units);
}

// Writes entries that wait. A user's trigger on the log may add to them (a reference, columns of
// its own), but neither swallow nor change one: the row of inventory has its new balance already.
void write(spi::Statement *statements, spi::Parameters &parameters, int first, int count) {
    parameters.time(GetCurrentTimestamp()).string(actor_name());
    const bool compare = may_be_changed();
    allow_ledger_statements(1);
    const uint64 written = spi::run(statements[compare ? 1 : 0], parameters, spi::Mode::write);
    allow_ledger_statements(0);
    bool stored = written == static_cast<uint64>(count);
    for (int i = 0; compare && stored && i < count; i++)
        stored = is_stored(waiting.at(first + i), spi::Row(i));
    if (stored) return;
    ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                    errmsg("a ledger entry was not stored as it was made"),
                    errdetail("A trigger on stockflow.inventory_log changed or dropped it."),
                    errhint("Triggers there may set reference, unit_cost, actor and columns of "
                            "their own, and must return the row.")));
}

void write_one(int first) {
    NullableDatum values[kColumns];
    entry_values(waiting.at(first), values);
    spi::Parameters parameters;
    for (const NullableDatum &value : values) parameters.optional(value);
    write(insert_one, parameters, first, 1);
}

void write_many(int first, int count) {
    spi::ColumnArrays<kColumns> rows(count);
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        NullableDatum values[kColumns];
        entry_values(waiting.at(first + i), values);
        rows.add(values);
    }
    spi::Parameters parameters;
    rows.append_to(parameters, kTypes);
    write(insert_many, parameters, first, count);
}

// Days that leave are few: most changes move none.
void write_leaving(int first, int count) {
    int leaving_count = 0;
    for (int i = 0; i < count; i++)
        leaving_count += waiting.at(first + i).leaving.count > 0 ? 1 : 0;
    if (leaving_count == 0) return;
    auto *leaving = allocate<LeavingDays>(leaving_count);
    LeavingDays *next = leaving;
    for (int i = 0; i < count; i++) {
        const LeavingDays &of_entry = waiting.at(first + i).leaving;
        if (of_entry.count > 0) *next++ = of_entry;
    }
    write_history(leaving, leaving_count);
}

// Rules of a single row are mostly remembered; many rows are asked for only where any has lots.
bool tracks_lots(const Entry &entry, bool alone) {
    if (entry.tracks_lots != Entry::unknown) return entry.tracks_lots == Entry::yes;
    return (alone || company_tracks_lots(entry.key.company_id)) &&
           load_rules(entry.key).tracks_lots;
}

// The entries that the lots of their products follow.
void collect_lots(int first, int count) {
    for (int i = 0; i < count; i++) {
        const Entry &entry = waiting.at(first + i);
        if (!tracks_lots(entry, count == 1)) continue;
        add_lot_entry({entry.key, entry.version, entry.quantity_after, entry.movement});
    }
}

}  // namespace

void add_entries(int64 last_version, std::int64_t last_quantity, const Movement *movements,
                 int count, const LeavingDays &leaving, const StockRules *rules) {
    const auto lots = rules == nullptr     ? Entry::unknown
                      : rules->tracks_lots ? Entry::yes
                                           : Entry::no;
    std::int64_t quantity = last_quantity;
    for (int i = 0; i < count; i++) quantity -= movements[i].delta;
    for (int i = 0; i < count; i++) {
        if (waiting.count() >= kMaxWaiting) flush_entries();
        quantity += movements[i].delta;
        Entry entry = {leaving.key, last_version - count + 1 + i, quantity, movements[i], leaving,
                       lots};
        if (i + 1 < count) entry.leaving.count = 0;
        waiting.add(entry);
    }
}

void flush_entries() {
    make_checks();  // before the ledger of a new row goes on
    const int first = waiting.first_of_statement();
    const int count = waiting.count() - first;
    if (count == 0) return;
    spi::connected([&] {
        if (count == 1) {
            write_one(first);
        } else {
            write_many(first, count);
        }
        write_leaving(first, count);
        collect_lots(first, count);
    });
    waiting.truncate(first);
}

bool entries_wait(int depth) { return waiting.waits(depth) || checks_wait(depth); }

int64 waiting_version(const StockKey &key) {
    int64 version = 0;
    for (int i = 0; i < waiting.count(); i++) {
        if (waiting.at(i).key == key) version = Max(version, waiting.at(i).version);
    }
    return version;
}

void extend_with_waiting(Chain &chain, const StockKey &key, pg_tz *zone) {
    for (int i = 0; i < waiting.count(); i++) {
        const Entry &entry = waiting.at(i);
        if (!(entry.key == key)) continue;
        ChainEntry replayed = {};
        replayed.version = entry.version;
        replayed.delta = entry.movement.delta;
        replayed.quantity_after = entry.quantity_after;
        replayed.occurred_at = entry.movement.occurred_at;
        replayed.day = day_in(zone, entry.movement.occurred_at);
        replayed.totals = totals_of(entry.movement);
        DayRecord leaving[kRecentDays];  // the entry that waits has them already
        extend(chain, replayed, leaving);
    }
}

void forget_entries(SubTransactionId failed) {
    waiting.forget(failed);
    forget_checks(failed);
    forget_lot_entries(failed);
}

void forget_all_entries() {
    waiting.forget_all();
    forget_all_checks();
    forget_all_lot_entries();
}

}  // namespace stockflow

using namespace stockflow;

// AFTER INSERT OR UPDATE OR DELETE ON inventory FOR EACH STATEMENT
STOCKFLOW_FUNCTION(stockflow_inventory_flush) {
    const TriggerData *trigger = check_trigger(fcinfo, "inventory_flush", Timing::after_statement);
    as_owner(trigger->tg_relation, [] {
        flush_entries();
        write_lots();
    });
    end_statement();
    return PointerGetDatum(nullptr);
}
