// The chain of hashes over the ledger of one product in one warehouse: the bytes of which the
// SHA-256 of an entry is taken, and what checking such a chain finds.
//
// The hash of an entry covers the hash of the entry before it, so that it stands for the whole
// ledger of its key up to there. The one before the first is made of the key alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace stockflow {

constexpr std::size_t kHashSize = 32;

struct LedgerHash {
    std::uint8_t bytes[kHashSize];
};

inline bool operator==(const LedgerHash &a, const LedgerHash &b) {
    return std::memcmp(a.bytes, b.bytes, kHashSize) == 0;
}
inline bool operator!=(const LedgerHash &a, const LedgerHash &b) { return !(a == b); }

// A value that may be NULL.
struct HashedText {
    bool set;
    const char *bytes;  // UTF-8
    std::size_t size;
};
struct HashedNumber {
    bool set;
    std::int64_t value;
};

// All of an entry that means something.
struct HashedEntry {
    std::int64_t company_id, product_id, warehouse_id, version;
    std::int64_t delta, quantity_after;  // millionths
    HashedText reason, reference;
    std::int64_t occurred_at, recorded_at;  // microseconds since 1970-01-01 UTC
    HashedText actor;
    HashedText unit_cost;  // the shortest decimal, such as 2.5
    HashedNumber bundle_id;
    HashedNumber bundle_quantity;  // millionths
    HashedNumber counterpart_warehouse_id;
};

// Bytes that start a chain.
constexpr std::size_t kGenesisSize = 18 + 3 * 8;
void write_genesis(std::int64_t company_id, std::int64_t product_id, std::int64_t warehouse_id,
                   std::uint8_t *bytes);

// Bytes of an entry that follows previous: form 1, numbers of 64 bits with the highest byte first,
// a byte 0 (NULL) or 1 before what may be NULL, the length in 32 bits before a text.
std::size_t canonical_size(const HashedEntry &entry);
void write_canonical(const LedgerHash &previous, const HashedEntry &entry, std::uint8_t *bytes);

// A chain that is being checked, entry by entry.
struct HashCheck {
    bool sealed;  // the chain is kept up: it covers every entry, also those that carry no hash
    bool known;   // hash is right, if the ledger is
    LedgerHash hash;
    std::int64_t unproven;  // the first entry after the last whose hash was right
    bool broken;
    std::int64_t broken_from, broken_to;  // then: one of these entries is not as it was
};

HashCheck begin_check(bool sealed, const LedgerHash &genesis);

// Whether the next entry has to be hashed: it is covered, and nothing is broken yet.
bool needs_hash(const HashCheck &check, bool stored);

// Takes the next entry without a hash of its own, or with none that could be compared.
void skip_entry(HashCheck &check, const LedgerHash *stored);

// Takes the next entry, whose hash after check.hash is this; stored is null where it carries none.
void check_entry(HashCheck &check, std::int64_t version, const LedgerHash &hash,
                 const LedgerHash *stored);

}  // namespace stockflow
