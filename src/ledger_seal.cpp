// The switch companies.tamper_evident: sealing the ledgers of a company, and ending that; and
// proving that a ledger goes on from hashes that somebody has kept.
#include "arguments.hpp"
#include "company_lock.hpp"
#include "entry.hpp"
#include "ledger_checks.hpp"
#include "ledger_hash.hpp"
#include "rows.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kBatch = 5000;  // keys written by one statement

// Every row of a company, with all entries of its key in order.
spi::Statement entries_of_company = {
    "SELECT i.product_id, i.warehouse_id, " STOCKFLOW_HASHED_COLUMNS
    "  FROM (SELECT * FROM stockflow.inventory WHERE company_id = $1) i"
    "  LEFT JOIN (SELECT * FROM stockflow.ledger WHERE company_id = $1) l"
    "    ON l.product_id = i.product_id AND l.warehouse_id = i.warehouse_id"
    " ORDER BY i.product_id, i.warehouse_id, l.version",
    1,
    {INT8OID},
    nullptr};

spi::Statement write_hashes = {
    "UPDATE stockflow.inventory i SET chain_hash = k.chain_hash"
    "  FROM unnest($2::bigint[], $3::bigint[], $4::bytea[])"
    "       AS k(product_id, warehouse_id, chain_hash)"
    " WHERE i.company_id = $1 AND i.product_id = k.product_id"
    "   AND i.warehouse_id = k.warehouse_id",
    4,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID, BYTEAARRAYOID},
    nullptr};

spi::Statement clear_hashes = {
    "UPDATE stockflow.inventory i SET chain_hash = NULL"
    " WHERE i.company_id = $1 AND i.chain_hash IS NOT NULL",
    1,
    {INT8OID},
    nullptr};

// Kept heads, each with the entries up to it.
spi::Statement kept_heads = {
    "SELECT k.product_id, k.warehouse_id, k.version, k.chain_hash, " STOCKFLOW_HASHED_COLUMNS
    "  FROM (SELECT * FROM pg_catalog.jsonb_to_recordset($2) AS r(product_id bigint,"
    "               warehouse_id bigint, version bigint, chain_hash bytea)) k"
    "  LEFT JOIN (SELECT * FROM stockflow.ledger WHERE company_id = $1) l"
    "    ON l.product_id = k.product_id AND l.warehouse_id = k.warehouse_id"
    "   AND l.version <= k.version"
    " ORDER BY k.product_id, k.warehouse_id, k.version, k.chain_hash, l.version",
    2,
    {INT8OID, JSONBOID},
    nullptr};

// The newest hash of each key of a company.
struct Heads {
    std::int64_t *products, *warehouses;
    LedgerHash *hashes;
    int count, capacity;
};

// The hashes of all ledgers of a company, each from its first entry on.
void hash_company(int64 company_id, Heads &heads) {
    spi::Parameters parameters;
    spi::for_each(entries_of_company, parameters.bigint(company_id), spi::Mode::write,
                  [&](const spi::Row &row) {
                      const StockKey key = {company_id, row.bigint(1), row.bigint(2)};
                      const int last = heads.count - 1;
                      const bool same = last >= 0 && heads.products[last] == key.product_id &&
                                        heads.warehouses[last] == key.warehouse_id;
                      if (!same) {
                          if (heads.count == heads.capacity) report_concurrent_change();
                          heads.products[heads.count] = key.product_id;
                          heads.warehouses[heads.count] = key.warehouse_id;
                          heads.hashes[heads.count++] = genesis_of(key);
                      }
                      LedgerHash &hash = heads.hashes[heads.count - 1];
                      if (!row.is_null(3)) hash = hash_of(hash, read_hashed_entry(row, 3, key));
                  });
}

void write_heads(int64 company_id, const Heads &heads, int first, int count) {
    auto *hashes = allocate<Datum>(count);
    auto *nulls = allocate<bool>(count);
    for (int i = 0; i < count; i++) {
        hashes[i] = hash_datum(heads.hashes[first + i]);
        nulls[i] = false;
    }
    spi::Parameters parameters;
    parameters.bigint(company_id)
        .datum(bigint_array(heads.products + first, count))
        .datum(bigint_array(heads.warehouses + first, count))
        .datum(array_of(BYTEAOID, hashes, nulls, count));
    open_derived_update();
    spi::run_latest(write_hashes, parameters);
    close_derived_update();
}

void seal_company(int64 company_id, int capacity) {
    Heads heads = {allocate<std::int64_t>(capacity), allocate<std::int64_t>(capacity),
                   allocate<LedgerHash>(capacity), 0, capacity};
    hash_company(company_id, heads);
    // A snapshot of before the lock does not show every row.
    if (heads.count != capacity) report_concurrent_change();
    MemoryContext batch =
        AllocSetContextCreate(CurrentMemoryContext, "stockflow seal", ALLOCSET_DEFAULT_SIZES);
    for (int first = 0; first < capacity; first += kBatch) {
        CHECK_FOR_INTERRUPTS();
        MemoryContext caller = MemoryContextSwitchTo(batch);
        write_heads(company_id, heads, first, Min(kBatch, capacity - first));
        MemoryContextSwitchTo(caller);
        MemoryContextReset(batch);
    }
}

void unseal_company(int64 company_id) {
    spi::Parameters parameters;
    open_derived_update();
    spi::run_latest(clear_hashes, parameters.bigint(company_id));
    close_derived_update();
}

// Whoever writes data of a company must not be able to end what watches him.
void check_may_end(Relation companies) {
    if (pg_class_ownercheck(RelationGetRelid(companies), GetUserId())) return;
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("a tamper-evident ledger cannot be made an ordinary one"),
                    errdetail("Only the owner of stockflow.companies may do so.")));
}

// A kept head that is being compared, and its chain so far.
struct Kept {
    bool any;
    StockKey key;
    int64 version;
    bool has_hash, readable;
    LedgerHash kept, hash;
    int64 entries;
};

void report_kept(const Rows &rows, const Kept &kept, const char *problem) {
    rows.put({present(Int64GetDatum(kept.key.product_id)),
              present(Int64GetDatum(kept.key.warehouse_id)), present(Int64GetDatum(kept.version)),
              optional_text(problem)});
}

void finish(const Kept &kept, const Rows &rows) {
    if (!kept.any) return;
    if (kept.entries < kept.version) {
        report_kept(rows, kept, "entries that were kept are missing");
    } else if (!kept.readable) {
        report_kept(rows, kept, "the kept chain_hash is not a hash");
    } else if (kept.has_hash && kept.hash != kept.kept) {
        report_kept(rows, kept, "the entries up to this version are not those that were kept");
    }
}

Kept begin(const spi::Row &row, int64 company_id) {
    for (int column = 1; column <= 3; column++) {
        if (!row.is_null(column)) continue;
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("heads must have product_id, warehouse_id and version"),
                        errhint("Pass what stockflow.ledger_heads returned, as a JSON array.")));
    }
    Kept kept = {};
    kept.any = true;
    kept.key = {company_id, row.bigint(1), row.bigint(2)};
    kept.version = row.bigint(3);
    kept.has_hash = !row.is_null(4);
    kept.readable = !kept.has_hash || read_hash(row.get(4), &kept.kept);
    kept.hash = genesis_of(kept.key);
    return kept;
}

bool is_same(const Kept &kept, const spi::Row &row) {
    LedgerHash hash = {};
    const bool readable = row.is_null(4) || read_hash(row.get(4), &hash);
    return kept.any && kept.key.product_id == row.bigint(1) &&
           kept.key.warehouse_id == row.bigint(2) && kept.version == row.bigint(3) &&
           kept.has_hash == !row.is_null(4) && kept.readable == readable &&
           (!kept.has_hash || hash == kept.kept);
}

void verify_heads(int64 company_id, Datum heads, const Rows &rows) {
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(heads);
    Kept kept = {};
    spi::for_each(kept_heads, parameters, spi::Mode::read, [&](const spi::Row &row) {
        if (row.is_null(1) || row.is_null(2) || row.is_null(3) || !is_same(kept, row)) {
            finish(kept, rows);
            kept = begin(row, company_id);
        }
        if (row.is_null(5)) return;
        kept.entries++;
        kept.hash = hash_of(kept.hash, read_hashed_entry(row, 5, kept.key));
    });
    finish(kept, rows);
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// AFTER UPDATE ON companies FOR EACH ROW, where tamper_evident has changed
STOCKFLOW_FUNCTION(stockflow_tamper_evident_after) {
    TriggerData *trigger = check_trigger(fcinfo, "tamper_evident_after", Timing::after_row);
    const Relation companies = trigger->tg_relation;
    const TupleDesc desc = RelationGetDescr(companies);
    const HeapTuple row = changed_row(trigger);
    const auto value = [&](const char *name) {
        return column_value(row, desc, column_number(companies, name)).value;
    };
    const bool is_on = DatumGetBool(value("tamper_evident"));
    const int64 company_id = DatumGetInt64(value("company_id"));
    if (!is_on) check_may_end(companies);
    as_owner(companies, [&] {
        spi::connected([&] {
            stop_writers(company_id);
            const int64 count = lock_inventory(company_id);
            if (is_on) {
                seal_company(company_id, static_cast<int>(count));
            } else {
                unseal_company(company_id);
            }
        });
    });
    // For those who watch the server's log: a switch leaves a trace that is not in the database.
    ereport(LOG_SERVER_ONLY,
            (errmsg("stockflow: the ledger of company %lld is %s tamper-evident",
                    static_cast<long long>(company_id), is_on ? "now" : "no longer")));
    return PointerGetDatum(nullptr);
}

// verify_heads(company, heads) RETURNS TABLE(product_id, warehouse_id, version, problem text)
STOCKFLOW_FUNCTION(stockflow_verify_heads) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const Datum heads = arguments.required(1, "heads");
    const Rows rows(fcinfo);
    spi::connected([&] { verify_heads(company_id, heads, rows); });
    return 0;
}
