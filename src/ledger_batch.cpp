#include "ledger_batch.hpp"

#include "core/quantity.hpp"
#include "entry.hpp"
#include "ledger_append.hpp"
#include "ledger_checks.hpp"
#include "ledger_hash.hpp"
#include "lots.hpp"
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
    bool is_sealed;
    LedgerHash hash;  // where it is sealed
    Writer writer;    // then
};

// Entries are written when their statement ends, or when this many wait.
constexpr int kMaxWaiting = 10000;

WaitingList<Entry> waiting;

// RETURNING what a balance and the derived columns follow from. (A rule that turns the INSERT into
// something else makes the server refuse it.)
spi::Statement insert_entries = {
    "INSERT INTO stockflow.inventory_log (company_id, product_id, warehouse_id, version, delta,"
    " quantity_after, reason, reference, occurred_at, recorded_at, actor, unit_cost, bundle_id,"
    " bundle_quantity, counterpart_warehouse_id, chain_hash)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::numeric[],"
    " $6::numeric[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[],"
    " $12::numeric[], $13::bigint[], $14::numeric[], $15::bigint[], $16::bytea[])"
    " RETURNING company_id, product_id, warehouse_id, version, delta, quantity_after, reason,"
    " occurred_at, bundle_quantity, reference, recorded_at, actor, unit_cost, bundle_id,"
    " counterpart_warehouse_id, chain_hash",
    kLogColumns,
    {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, NUMERICARRAYOID,
     TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID,
     NUMERICARRAYOID, INT8ARRAYOID, NUMERICARRAYOID, INT8ARRAYOID, BYTEAARRAYOID},
    nullptr};

NullableDatum optional_id(std::int64_t id) {
    return id == 0 ? null_datum() : present(Int64GetDatum(id));
}

// The row of an entry, in the order of the log's columns.
void entry_values(const Entry &entry, const Writer &writer, NullableDatum *values) {
    const Movement &movement = entry.movement;
    const Writer &by = entry.is_sealed ? entry.writer : writer;
    *values++ = present(Int64GetDatum(entry.key.company_id));
    *values++ = present(Int64GetDatum(entry.key.product_id));
    *values++ = present(Int64GetDatum(entry.key.warehouse_id));
    *values++ = present(Int64GetDatum(entry.version));
    *values++ = present(from_quantity(movement.delta));
    *values++ = present(from_quantity(entry.quantity_after));
    *values++ = present(CStringGetTextDatum(movement.reason));
    *values++ = optional_text(movement.reference);
    *values++ = present(TimestampTzGetDatum(movement.occurred_at));
    *values++ = present(TimestampTzGetDatum(by.now));
    *values++ = present(CStringGetTextDatum(by.actor));
    *values++ = movement.unit_cost;
    *values++ = optional_id(movement.bundle_id);
    *values++ = movement.is_bundle ? present(from_quantity(movement.bundle_units)) : null_datum();
    *values++ = optional_id(movement.counterpart_warehouse_id);
    *values++ = entry.is_sealed ? present(hash_datum(entry.hash)) : null_datum();
}

bool same_text(const char *a, const char *b) {
    return a == nullptr || b == nullptr ? a == b : strcmp(a, b) == 0;
}

bool same_number(NullableDatum a, NullableDatum b) {
    if (a.isnull || b.isnull) return a.isnull == b.isnull;
    return DatumGetBool(DirectFunctionCall2(numeric_eq, a.value, b.value));
}

// What a seal covers besides.
bool seal_holds(const Entry &entry, const spi::Row &row) {
    const Movement &movement = entry.movement;
    LedgerHash stored;
    return same_text(row.string(10), movement.reference) && row.time(11) == entry.writer.now &&
           same_text(row.string(12), entry.writer.actor) &&
           same_number(row.get(13), movement.unit_cost) &&
           (row.is_null(14) ? 0 : row.bigint(14)) == movement.bundle_id &&
           (row.is_null(15) ? 0 : row.bigint(15)) == movement.counterpart_warehouse_id &&
           read_hash(row.get(16), &stored) && stored == entry.hash;
}

bool is_stored(const Entry &entry, const spi::Row &row) {
    const Movement &movement = entry.movement;
    const OptionalQuantity units = to_optional_quantity(row.get(9), "bundle_quantity");
    return row.bigint(1) == entry.key.company_id && row.bigint(2) == entry.key.product_id &&
           row.bigint(3) == entry.key.warehouse_id && row.bigint(4) == entry.version &&
           to_quantity(row.get(5).value, "delta") == movement.delta &&
           to_quantity(row.get(6).value, "quantity_after") == entry.quantity_after &&
           strcmp(row.string(7), movement.reason) == 0 && row.time(8) == movement.occurred_at &&
           units.set == movement.is_bundle &&
           (!units.set || units.value == movement.bundle_units) &&
           (entry.is_sealed ? seal_holds(entry, row) : row.is_null(16));
}

// Writes entries that wait where something of a user's may stand between: it may add to them (a
// reference, columns of its own), but neither swallow nor change one, since the row of inventory
// has its new balance already.
void insert_compared(const Writer &writer, int first, int count) {
    spi::ColumnArrays<kLogColumns> rows(count);
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        NullableDatum values[kLogColumns];
        entry_values(waiting.at(first + i), writer, values);
        rows.add(values);
    }
    spi::Parameters parameters;
    rows.append_to(parameters, log_types());
    allow_ledger_statements(1);
    const uint64 written = spi::run(insert_entries, parameters, spi::Mode::write);
    allow_ledger_statements(0);
    bool stored = written == static_cast<uint64>(count);
    for (int i = 0; stored && i < count; i++)
        stored = is_stored(waiting.at(first + i), spi::Row(i));
    if (stored) return;
    ereport(ERROR, (errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
                    errmsg("a ledger entry was not stored as it was made"),
                    errdetail("A trigger on stockflow.inventory_log changed or dropped it."),
                    errhint("Triggers there may set reference, unit_cost, actor (but none of them "
                            "where companies.tamper_evident is set) and columns of their own, and "
                            "must return the row.")));
}

void append(const OpenLog &log, const Writer &writer, int first, int count) {
    Appender appender = begin_append(log, count);
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        append_row(appender, [&](NullableDatum *values) {
            entry_values(waiting.at(first + i), writer, values);
        });
    }
    end_append(appender);
}

void write(int first, int count) {
    const Writer writer = current_writer();
    const OpenLog log = open_log();
    if (log.is_plain) {
        append(log, writer, first, count);
    } else {
        insert_compared(writer, first, count);
    }
    close_log(log);
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
                 int count, const LeavingDays &leaving, const StockRules *rules, const Seal &seal) {
    const auto lots = rules == nullptr     ? Entry::unknown
                      : rules->tracks_lots ? Entry::yes
                                           : Entry::no;
    std::int64_t quantity = last_quantity;
    LedgerHash previous = seal.before;
    for (int i = 0; i < count; i++) quantity -= movements[i].delta;
    for (int i = 0; i < count; i++) {
        if (waiting.count() >= kMaxWaiting) flush_entries();
        quantity += movements[i].delta;
        Entry entry = {leaving.key, last_version - count + 1 + i,
                       quantity,    movements[i],
                       leaving,     lots,
                       seal.is_on,  {},
                       seal.writer};
        if (seal.is_on) {
            entry.hash =
                next_hash(seal, &previous, entry.key, entry.version, quantity, movements[i], count);
        }
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
        write(first, count);
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

bool waiting_hash(const StockKey &key, int64 version, LedgerHash *hash) {
    for (int i = 0; i < waiting.count(); i++) {
        const Entry &entry = waiting.at(i);
        if (!(entry.key == key) || entry.version != version || !entry.is_sealed) continue;
        *hash = entry.hash;
        return true;
    }
    return false;
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
