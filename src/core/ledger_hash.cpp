#include "ledger_hash.hpp"

namespace stockflow {

namespace {

constexpr std::uint8_t kForm = 1;
constexpr char kStart[] = "stockflow ledger 1";
static_assert(sizeof kStart - 1 + 3 * 8 == kGenesisSize);

// Puts values one behind the other; without a place to put them it counts.
class Sink {
  public:
    explicit Sink(std::uint8_t *bytes) : bytes_(bytes) {}

    void byte(std::uint8_t value) { raw(&value, 1); }
    void number(std::int64_t value) { big_endian(static_cast<std::uint64_t>(value), 8); }
    void optional(const HashedNumber &value) {
        byte(value.set ? 1 : 0);
        if (value.set) number(value.value);
    }
    void text(const HashedText &text) {
        byte(text.set ? 1 : 0);
        if (!text.set) return;
        big_endian(text.size, 4);
        raw(text.bytes, text.size);
    }
    void raw(const void *from, std::size_t size) {
        if (bytes_ != nullptr && size > 0) std::memcpy(bytes_ + size_, from, size);
        size_ += size;
    }
    std::size_t size() const { return size_; }

  private:
    void big_endian(std::uint64_t value, int size) {
        std::uint8_t bytes[8];
        for (int i = 0; i < size; i++) {
            bytes[i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
        }
        raw(bytes, size);
    }

    std::uint8_t *bytes_;
    std::size_t size_ = 0;
};

void write(Sink &sink, const LedgerHash &previous, const HashedEntry &entry) {
    sink.byte(kForm);
    sink.raw(previous.bytes, kHashSize);
    sink.number(entry.company_id);
    sink.number(entry.product_id);
    sink.number(entry.warehouse_id);
    sink.number(entry.version);
    sink.number(entry.delta);
    sink.number(entry.quantity_after);
    sink.text(entry.reason);
    sink.text(entry.reference);
    sink.number(entry.occurred_at);
    sink.number(entry.recorded_at);
    sink.text(entry.actor);
    sink.text(entry.unit_cost);
    sink.optional(entry.bundle_id);
    sink.optional(entry.bundle_quantity);
    sink.optional(entry.counterpart_warehouse_id);
}

}  // namespace

void write_genesis(std::int64_t company_id, std::int64_t product_id, std::int64_t warehouse_id,
                   std::uint8_t *bytes) {
    Sink sink(bytes);
    sink.raw(kStart, sizeof kStart - 1);
    sink.number(company_id);
    sink.number(product_id);
    sink.number(warehouse_id);
}

std::size_t canonical_size(const HashedEntry &entry) {
    Sink counter(nullptr);
    write(counter, LedgerHash{}, entry);
    return counter.size();
}

void write_canonical(const LedgerHash &previous, const HashedEntry &entry, std::uint8_t *bytes) {
    Sink sink(bytes);
    write(sink, previous, entry);
}

HashCheck begin_check(bool sealed, const LedgerHash &genesis) {
    HashCheck check = {};
    check.sealed = sealed;
    check.known = true;
    check.hash = genesis;
    check.unproven = 1;
    return check;
}

bool needs_hash(const HashCheck &check, bool stored) {
    return !check.broken && (check.sealed || (check.known && stored));
}

void skip_entry(HashCheck &check, const LedgerHash *stored) {
    // Where entries without a hash lie between, a chain that is not kept up goes on from the first
    // that carries one.
    check.known = stored != nullptr;
    if (stored != nullptr) check.hash = *stored;
}

void check_entry(HashCheck &check, std::int64_t version, const LedgerHash &hash,
                 const LedgerHash *stored) {
    if (stored != nullptr && *stored != hash) {
        // A chain that is not kept up has proven every entry before this one, or cannot.
        check.broken_from = check.sealed && check.unproven < version ? check.unproven : version;
        check.broken_to = version;
        check.broken = true;
    }
    check.hash = hash;
    if (stored != nullptr) check.unproven = version + 1;
}

}  // namespace stockflow
