#include "lots.hpp"

#include "core/lots.hpp"
#include "core/quantity.hpp"
#include "core/recent_days.hpp"
#include "reasons.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "values.hpp"
#include "waiting.hpp"

namespace stockflow {

namespace {

spi::Statement stock_query = {
    "SELECT s.lot, s.expires_on, s.quantity FROM stockflow.lot_stock s"
    " WHERE s.company_id = $1 AND s.product_id = $2 AND s.warehouse_id = $3"
    " ORDER BY s.expires_on, s.lot",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

// The lock keeps the day of expiry from changing until the lot is in lot_stock.
spi::Statement lot_query = {
    "SELECT l.expires_on FROM stockflow.lots l"
    " WHERE l.company_id = $1 AND l.product_id = $2 AND l.lot = $3 FOR KEY SHARE",
    3,
    {INT8OID, INT8OID, TEXTOID},
    nullptr};

spi::Statement write_log = {
    "INSERT INTO stockflow.inventory_log_lots (company_id, product_id, warehouse_id, version, lot, "
    "delta)"
    " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],"
    " $6::numeric[])",
    6,
    {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, NUMERICARRAYOID},
    nullptr};

spi::Statement write_stock = {
    "INSERT INTO stockflow.lot_stock (company_id, product_id, warehouse_id, lot, expires_on, "
    "quantity)"
    " SELECT s.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::date[],"
    " $6::numeric[]) AS s(company_id, product_id, warehouse_id, lot, expires_on, quantity)"
    "  WHERE s.quantity > 0"
    " ON CONFLICT (company_id, product_id, warehouse_id, lot) DO UPDATE"
    " SET quantity = EXCLUDED.quantity",
    6,
    {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, DATEARRAYOID, NUMERICARRAYOID},
    nullptr};

spi::Statement remove_stock = {
    "DELETE FROM stockflow.lot_stock t"
    " USING unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::date[],"
    " $6::numeric[]) AS s(company_id, product_id, warehouse_id, lot, expires_on, quantity)"
    " WHERE t.company_id = s.company_id AND t.product_id = s.product_id"
    "   AND t.warehouse_id = s.warehouse_id AND t.lot = s.lot AND s.quantity = 0",
    6,
    {INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, DATEARRAYOID, NUMERICARRAYOID},
    nullptr};

WaitingList<LotEntry> waiting;

// A key's shelf while the entries of a statement are taken from it.
struct Shelf {
    StockKey key;  // hash key, first
    StockRules rules;
    Lot *lots;  // in the order of expiry
    const char **names;
    std::int64_t *before;
    int count, capacity;
    std::int64_t quantity_after;  // the balance, lots or not
};

// What an entry took or brought of a lot.
struct LotChange {
    StockKey key;
    int64 version;
    const char *lot;
    int expires_on;
    std::int64_t delta;
    std::int64_t counterpart;  // where a transfer goes
    std::int64_t arrived;      // of what a transfer took: how much has a place by now
};

template <typename Item>
struct Growing {
    Item *items;
    int count, capacity;
    void add(const Item &item) {
        if (count == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            const Size size = sizeof(Item) * capacity;
            items = static_cast<Item *>(items == nullptr
                                            ? MemoryContextAllocHuge(CurrentMemoryContext, size)
                                            : repalloc_huge(items, size));
        }
        items[count++] = item;
    }
};

struct Work {
    HTAB *shelves;
    Growing<LotChange> changes;
};

bool is_transfer_out(const Movement &movement) {
    return strcmp(movement.reason, kReasonTransferOut) == 0;
}

void put(Shelf &shelf, const char *name, const Lot &lot) {
    if (shelf.count == shelf.capacity) {
        shelf.capacity = Max(8, shelf.capacity * 2);
        const auto grow = [&](auto *old, auto *fresh) {
            if (shelf.count > 0) memcpy(fresh, old, sizeof(*old) * shelf.count);
            return fresh;
        };
        shelf.lots = grow(shelf.lots, allocate<Lot>(shelf.capacity));
        shelf.names = grow(shelf.names, allocate<const char *>(shelf.capacity));
        shelf.before = grow(shelf.before, allocate<std::int64_t>(shelf.capacity));
    }
    int at = shelf.count++;
    const auto comes_later = [&](int i) {
        return shelf.lots[i].expires_on > lot.expires_on ||
               (shelf.lots[i].expires_on == lot.expires_on && strcmp(shelf.names[i], name) > 0);
    };
    for (; at > 0 && comes_later(at - 1); at--) {
        shelf.lots[at] = shelf.lots[at - 1];
        shelf.names[at] = shelf.names[at - 1];
        shelf.before[at] = shelf.before[at - 1];
    }
    shelf.lots[at] = lot;
    shelf.names[at] = name;
    shelf.before[at] = lot.quantity;
}

Shelf &shelf_of(Work &work, const StockKey &key) {
    bool found;
    auto &shelf = *static_cast<Shelf *>(hash_search(work.shelves, &key, HASH_ENTER, &found));
    if (found) return shelf;
    shelf = {};
    shelf.key = key;
    shelf.rules = load_rules(key);
    spi::Parameters parameters;
    parameters.bigint(key.company_id).bigint(key.product_id).bigint(key.warehouse_id);
    const uint64 count = spi::run_latest(stock_query, parameters);
    for (uint64 i = 0; i < count; i++) {
        const spi::Row row(i);
        put(shelf, row.string(1),
            {to_quantity(row.get(3).value, "quantity of a lot"),
             DatumGetDateADT(row.get(2).value)});
    }
    return shelf;
}

int find_lot(const Shelf &shelf, const char *name) {
    for (int i = 0; i < shelf.count; i++) {
        if (strcmp(shelf.names[i], name) == 0) return i;
    }
    return -1;
}

// The place of a lot on a shelf, which it may be new to.
int place_lot(Shelf &shelf, const char *name) {
    const int at = find_lot(shelf, name);
    if (at >= 0) return at;
    spi::Parameters parameters;
    parameters.bigint(shelf.key.company_id).bigint(shelf.key.product_id).string(name);
    if (spi::run_latest(lot_query, parameters) == 0) {
        ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                        errmsg("product \"%s\" has no lot \"%s\"", shelf.rules.sku, name),
                        errhint("Receive it with stockflow.receive_lot, or insert it into lots.")));
    }
    put(shelf, name, {0, DatumGetDateADT(spi::Row(0).get(1).value)});
    return find_lot(shelf, name);
}

void note(Work &work, const LotEntry &entry, const Shelf &shelf, int lot, std::int64_t delta) {
    if (delta == 0) return;
    work.changes.add({entry.key, entry.version, shelf.names[lot], shelf.lots[lot].expires_on, delta,
                      entry.movement.counterpart_warehouse_id, 0});
}

[[noreturn]] void report_short_lot(const Shelf &shelf, const char *name, std::int64_t has,
                                   std::int64_t wanted) {
    ereport(ERROR,
            (errcode(ERRCODE_CHECK_VIOLATION),
             errmsg("insufficient stock of lot \"%s\" of product \"%s\" in warehouse \"%s\"", name,
                    shelf.rules.sku, shelf.rules.warehouse),
             errdetail("Of the lot there are %s, requested %s.", numeric_text(from_quantity(has)),
                       numeric_text(from_quantity(wanted)))));
    pg_unreachable();
}

void take_named(Work &work, const LotEntry &entry, Shelf &shelf, int first_day) {
    const char *name = entry.movement.lot;
    const std::int64_t wanted = -entry.movement.delta;
    const int at = find_lot(shelf, name);
    if (at < 0 || shelf.lots[at].quantity < wanted) {
        report_short_lot(shelf, name, at < 0 ? 0 : shelf.lots[at].quantity, wanted);
    }
    if (shelf.lots[at].expires_on < first_day) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("lot \"%s\" of product \"%s\" has expired", name, shelf.rules.sku),
                        errhint("Write it off with stockflow.write_off_expired.")));
    }
    shelf.lots[at].quantity -= wanted;
    note(work, entry, shelf, at, -wanted);
}

// What leaves: demand and transfers take what can still be used; all else what expires first, also
// when it has expired. What no lot gives is of no known lot.
void take(Work &work, const LotEntry &entry, Shelf &shelf) {
    const bool is_demand = movement_kind(entry.movement.reason) == MovementKind::demand;
    const int day = day_in(shelf.rules.zone, entry.movement.occurred_at);
    if (entry.movement.lot != nullptr) {
        return take_named(work, entry, shelf, is_demand ? day : kAnyDay);
    }
    auto *taken = allocate<std::int64_t>(Max(shelf.count, 1));
    const bool must_be_usable = is_demand || is_transfer_out(entry.movement);
    take_from_lots(shelf.lots, shelf.count, -entry.movement.delta, must_be_usable ? day : kAnyDay,
                   taken);
    for (int i = 0; i < shelf.count; i++) note(work, entry, shelf, i, -taken[i]);
    pfree(taken);
}

// Lots never have more than there is: what comes in below zero has gone already.
void add_to_lot(Work &work, const LotEntry &entry, Shelf &shelf, const char *name,
                std::int64_t units) {
    const std::int64_t room = Max(entry.quantity_after, 0) - sum_of_lots(shelf.lots, shelf.count);
    const int at = place_lot(shelf, name);
    const std::int64_t added = Max(Min(units, room), 0);
    shelf.lots[at].quantity += added;
    note(work, entry, shelf, at, added);
}

// The lots that this statement took from the other warehouse of a transfer.
void bring_along(Work &work, const LotEntry &entry, Shelf &shelf) {
    std::int64_t missing = entry.movement.delta;
    const int count = work.changes.count;
    for (int i = 0; i < count && missing > 0; i++) {
        const LotChange out = work.changes.items[i];
        if (out.delta >= 0 || out.counterpart != entry.key.warehouse_id ||
            out.key.company_id != entry.key.company_id ||
            out.key.product_id != entry.key.product_id ||
            out.key.warehouse_id != entry.movement.counterpart_warehouse_id) {
            continue;
        }
        const std::int64_t part = Min(missing, -out.delta - out.arrived);
        if (part <= 0) continue;
        work.changes.items[i].arrived += part;
        add_to_lot(work, entry, shelf, out.lot, part);
        missing -= part;
    }
}

void handle(Work &work, const LotEntry &entry) {
    Shelf &shelf = shelf_of(work, entry.key);
    if (entry.movement.delta < 0) {
        take(work, entry, shelf);
    } else if (entry.movement.lot != nullptr) {
        add_to_lot(work, entry, shelf, entry.movement.lot, entry.movement.delta);
    } else if (strcmp(entry.movement.reason, kReasonTransferIn) == 0) {
        bring_along(work, entry, shelf);
    }
}

void check_shelf(const Shelf &shelf) {
    const std::int64_t in_lots = sum_of_lots(shelf.lots, shelf.count);
    if (in_lots <= Max(shelf.quantity_after, 0)) return;
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("only expired stock of product \"%s\" is left in warehouse \"%s\"",
                           shelf.rules.sku, shelf.rules.warehouse),
                    errdetail("%s more are wanted than can still be used.",
                              numeric_text(from_quantity(in_lots - Max(shelf.quantity_after, 0)))),
                    errhint("Receive usable stock first; write the other off with "
                            "stockflow.write_off_expired.")));
}

using Rows = spi::ColumnArrays<6>;

// Writes rows by a statement that fires the guard so many times.
void write_rows(const Rows &rows, const Oid (&types)[6], spi::Statement &statement, int guards) {
    spi::Parameters parameters;
    rows.append_to(parameters, types);
    allow_ledger_statements(guards);
    spi::run_latest(statement, parameters);
    allow_ledger_statements(0);
}

void write_changes(const Work &work) {
    constexpr Oid kTypes[6] = {INT8OID, INT8OID, INT8OID, INT8OID, TEXTOID, NUMERICOID};
    if (work.changes.count == 0) return;
    Rows rows(work.changes.count);
    for (int i = 0; i < work.changes.count; i++) {
        const LotChange &change = work.changes.items[i];
        rows.add({present(Int64GetDatum(change.key.company_id)),
                  present(Int64GetDatum(change.key.product_id)),
                  present(Int64GetDatum(change.key.warehouse_id)),
                  present(Int64GetDatum(change.version)), optional_text(change.lot),
                  present(from_quantity(change.delta))});
    }
    write_rows(rows, kTypes, write_log, 1);
}

void write_shelves(HTAB *shelves) {
    constexpr Oid kTypes[6] = {INT8OID, INT8OID, INT8OID, TEXTOID, DATEOID, NUMERICOID};
    HASH_SEQ_STATUS scan;
    int count = 0;
    hash_seq_init(&scan, shelves);
    while (const auto *shelf = static_cast<Shelf *>(hash_seq_search(&scan))) count += shelf->count;
    Rows rows(count);
    hash_seq_init(&scan, shelves);
    while (const auto *shelf = static_cast<Shelf *>(hash_seq_search(&scan))) {
        check_shelf(*shelf);
        for (int i = 0; i < shelf->count; i++) {
            if (shelf->lots[i].quantity == shelf->before[i]) continue;
            rows.add({present(Int64GetDatum(shelf->key.company_id)),
                      present(Int64GetDatum(shelf->key.product_id)),
                      present(Int64GetDatum(shelf->key.warehouse_id)),
                      optional_text(shelf->names[i]),
                      present(DateADTGetDatum(shelf->lots[i].expires_on)),
                      present(from_quantity(shelf->lots[i].quantity))});
        }
    }
    if (rows.count() == 0) return;
    write_rows(rows, kTypes, remove_stock, 1);
    write_rows(rows, kTypes, write_stock, 2);  // its INSERT and its UPDATE
}

Work new_work() {
    HASHCTL control = {};
    control.keysize = sizeof(StockKey);
    control.entrysize = sizeof(Shelf);
    control.hcxt = CurrentMemoryContext;
    return {hash_create("stockflow lots", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT),
            {nullptr, 0, 0}};
}

}  // namespace

void add_lot_entry(const LotEntry &entry) { waiting.add(entry); }

void write_lots() {
    const int first = waiting.first_of_statement();
    const int count = waiting.count() - first;
    if (count == 0) return;
    spi::connected([&] {
        Work work = new_work();
        // Transfers take first, so that what they take can arrive.
        for (const bool transfers : {true, false}) {
            for (int i = 0; i < count; i++) {
                CHECK_FOR_INTERRUPTS();
                const LotEntry entry = waiting.at(first + i);
                const bool takes = is_transfer_out(entry.movement) && entry.movement.delta < 0;
                if (takes == transfers) handle(work, entry);
            }
        }
        for (int i = 0; i < count; i++) {
            const LotEntry &entry = waiting.at(first + i);
            shelf_of(work, entry.key).quantity_after = entry.quantity_after;
        }
        write_changes(work);
        write_shelves(work.shelves);
    });
    waiting.truncate(first);
}

void forget_lot_entries(SubTransactionId failed) { waiting.forget(failed); }
void forget_all_lot_entries() { waiting.forget_all(); }

}  // namespace stockflow
