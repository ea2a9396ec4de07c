#include "ledger_hash.hpp"

#include "entry.hpp"
#include "ledger_checks.hpp"
#include "ledger_log.hpp"
#include "rules.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// All entries of a key, from the first.
spi::Statement read_entries = {
    "SELECT " STOCKFLOW_HASHED_COLUMNS
    "  FROM stockflow.ledger l"
    " WHERE l.company_id = $1 AND l.product_id = $2 AND l.warehouse_id = $3"
    " ORDER BY l.version",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

constexpr std::int64_t kMicroseconds =
    (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;  // from 1970 to the server's 2000

// (Infinity, which only somebody who tampers can have put there, must not overflow.)
std::int64_t since_1970(TimestampTz moment) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(moment) + kMicroseconds);
}

LedgerHash sha256(const std::uint8_t *bytes, std::size_t size) {
    LedgerHash hash;
    pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
    const bool done = context != nullptr && pg_cryptohash_init(context) == 0 &&
                      pg_cryptohash_update(context, bytes, size) == 0 &&
                      pg_cryptohash_final(context, hash.bytes, kHashSize) == 0;
    pg_cryptohash_free(context);
    if (!done) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute SHA-256")));
    }
    return hash;
}

constexpr HashedText kNoText = {false, nullptr, 0};
constexpr HashedNumber kNoNumber = {false, 0};

// In UTF-8, so that a database of another encoding has the same hashes.
HashedText hashed(const char *text, int size) {
    const char *bytes = pg_server_to_any(text, size, PG_UTF8);
    return {true, bytes, bytes == text ? static_cast<std::size_t>(size) : strlen(bytes)};
}

HashedText hashed(const char *text) {
    return text == nullptr ? kNoText : hashed(text, static_cast<int>(strlen(text)));
}

HashedText hashed_text(NullableDatum value) {
    if (value.isnull) return kNoText;
    const text *stored = DatumGetTextPP(value.value);
    return hashed(VARDATA_ANY(stored), static_cast<int>(VARSIZE_ANY_EXHDR(stored)));
}

HashedText hashed_decimal(NullableDatum value) {
    if (value.isnull) return kNoText;
    const char *text = numeric_normalize(DatumGetNumeric(value.value));
    return {true, text, strlen(text)};
}

HashedNumber hashed_id(NullableDatum id) {
    return id.isnull ? kNoNumber : HashedNumber{true, DatumGetInt64(id.value)};
}

}  // namespace

LedgerHash genesis_of(const StockKey &key) {
    std::uint8_t bytes[kGenesisSize];
    write_genesis(key.company_id, key.product_id, key.warehouse_id, bytes);
    return sha256(bytes, sizeof bytes);
}

LedgerHash hash_of(const LedgerHash &previous, const HashedEntry &entry) {
    std::uint8_t few[512];
    const std::size_t size = canonical_size(entry);
    auto *bytes = size <= sizeof few ? few : static_cast<std::uint8_t *>(palloc(size));
    write_canonical(previous, entry, bytes);
    const LedgerHash hash = sha256(bytes, size);
    if (bytes != few) pfree(bytes);
    return hash;
}

LedgerHash hash_movement(const LedgerHash &previous, const StockKey &key, int64 version,
                         std::int64_t quantity_after, const Movement &movement,
                         const Writer &writer) {
    HashedEntry entry = {};
    entry.company_id = key.company_id;
    entry.product_id = key.product_id;
    entry.warehouse_id = key.warehouse_id;
    entry.version = version;
    entry.delta = movement.delta;
    entry.quantity_after = quantity_after;
    entry.reason = hashed(movement.reason);
    entry.reference = hashed(movement.reference);
    entry.occurred_at = since_1970(movement.occurred_at);
    entry.recorded_at = since_1970(writer.now);
    entry.actor = hashed(writer.actor);
    entry.unit_cost = hashed_decimal(movement.unit_cost);
    entry.bundle_id = {movement.bundle_id != 0, movement.bundle_id};
    entry.bundle_quantity = {movement.is_bundle, movement.bundle_units};
    entry.counterpart_warehouse_id = {movement.counterpart_warehouse_id != 0,
                                      movement.counterpart_warehouse_id};
    return hash_of(previous, entry);
}

Seal seal_change(NullableDatum before, const StockKey &key, int64 last_version,
                 std::int64_t last_quantity, const Movement *movements, int count) {
    Seal seal = {};
    if (before.isnull) return seal;
    seal.is_on = true;
    seal.writer = current_writer();
    if (!read_hash(before, &seal.before)) {
        ereport(ERROR,
                (errcode(ERRCODE_DATA_CORRUPTED), errmsg("chain_hash of inventory is not a hash"),
                 errhint("Somebody has tampered with the row; see verify_ledger.")));
    }
    seal.after = seal.before;
    std::int64_t quantity = last_quantity;
    for (int i = 0; i < count; i++) {
        quantity += movements[i].delta;
        seal.after = hash_movement(seal.after, key, last_version + 1 + i, quantity, movements[i],
                                   seal.writer);
    }
    return seal;
}

LedgerHash next_hash(const Seal &seal, LedgerHash *previous, const StockKey &key, int64 version,
                     std::int64_t quantity_after, const Movement &movement, int count) {
    if (count == 1) return seal.after;
    *previous = hash_movement(*previous, key, version, quantity_after, movement, seal.writer);
    return *previous;
}

NullableDatum first_hash(const StockKey &key, const LastEntry &last) {
    if (!is_sealed(key.company_id)) return null_datum();
    if (last.version == 0) return present(hash_datum(genesis_of(key)));
    if (last.is_hashed) return present(hash_datum(last.hash));
    // Its row was gone when the company's ledger was sealed.
    LedgerHash hash = genesis_of(key);
    int64 entries = 0;
    spi::connected([&] {
        spi::Parameters parameters;
        parameters.bigint(key.company_id).bigint(key.product_id).bigint(key.warehouse_id);
        spi::for_each(read_entries, parameters, spi::Mode::write, [&](const spi::Row &row) {
            hash = hash_of(hash, read_hashed_entry(row, 1, key));
            entries++;
        });
    });
    if (entries != last.version) report_concurrent_change();
    return present(hash_datum(hash));
}

Datum hash_datum(const LedgerHash &hash) {
    auto *bytes = static_cast<bytea *>(palloc(VARHDRSZ + kHashSize));
    SET_VARSIZE(bytes, VARHDRSZ + kHashSize);
    memcpy(VARDATA(bytes), hash.bytes, kHashSize);
    return PointerGetDatum(bytes);
}

bool read_hash(NullableDatum bytes, LedgerHash *hash) {
    if (bytes.isnull) return false;
    const bytea *stored = DatumGetByteaPP(bytes.value);
    if (VARSIZE_ANY_EXHDR(stored) != kHashSize) return false;
    memcpy(hash->bytes, VARDATA_ANY(stored), kHashSize);
    return true;
}

HashedEntry read_hashed_entry(const spi::Row &row, int first_column, const StockKey &key) {
    const auto column = [&](int offset) { return row.get(first_column + offset); };
    HashedEntry entry = {};
    entry.company_id = key.company_id;
    entry.product_id = key.product_id;
    entry.warehouse_id = key.warehouse_id;
    entry.version = row.bigint(first_column);
    entry.delta = to_quantity(column(1).value, "delta");
    entry.quantity_after = to_quantity(column(2).value, "quantity_after");
    entry.reason = hashed_text(column(3));
    entry.occurred_at = since_1970(row.time(first_column + 4));
    const OptionalQuantity units = to_optional_quantity(column(5), "bundle_quantity");
    entry.bundle_quantity = {units.set, units.value};
    entry.reference = hashed_text(column(6));
    entry.recorded_at = since_1970(row.time(first_column + 7));
    entry.actor = hashed_text(column(8));
    entry.unit_cost = hashed_decimal(column(9));
    entry.bundle_id = hashed_id(column(10));
    entry.counterpart_warehouse_id = hashed_id(column(11));
    return entry;
}

NullableDatum carried_hash(const spi::Row &row, int first_column) {
    return row.get(first_column + kHashedColumns - 1);
}

void check_row(HashCheck &check, const spi::Row &row, int first_column, const StockKey &key) {
    const NullableDatum carried = carried_hash(row, first_column);
    LedgerHash stored = {};
    // What is no hash is a wrong one.
    if (!carried.isnull && !read_hash(carried, &stored)) stored = {};
    const LedgerHash *compared = carried.isnull ? nullptr : &stored;
    if (needs_hash(check, compared != nullptr)) {
        const HashedEntry entry = read_hashed_entry(row, first_column, key);
        check_entry(check, entry.version, hash_of(check.hash, entry), compared);
    } else {
        skip_entry(check, compared);
    }
}

}  // namespace stockflow
