// The bytes that hashes of the ledger are taken of, and what checking a chain of them finds. The
// bytes are those of make_ledger_hash_reference.py.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/ledger_hash.hpp"

using namespace stockflow;

namespace {

std::string hex(const std::vector<std::uint8_t> &bytes) {
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

HashedText text(const char *bytes) { return {true, bytes, std::strlen(bytes)}; }

LedgerHash hash(std::uint8_t first) {
    LedgerHash hash = {};
    hash.bytes[0] = first;
    hash.bytes[31] = 0xab;
    return hash;
}

std::string canonical(const HashedEntry &entry) {
    std::vector<std::uint8_t> bytes(canonical_size(entry));
    write_canonical(hash(0x5c), entry, bytes.data());
    return hex(bytes);
}

const std::string kBegin = "015c" + std::string(60, '0') + "ab";

HashedEntry few() {
    HashedEntry entry = {};
    entry.company_id = 7;
    entry.product_id = -2;
    entry.warehouse_id = std::int64_t{1} << 40;
    entry.version = 2;
    entry.reason = text("");
    entry.actor = text("x");
    return entry;
}

HashedEntry full() {
    HashedEntry entry = few();
    entry.version = 1;
    entry.delta = -2500000;
    entry.quantity_after = 999999999999999999;
    entry.reason = text("sale");
    entry.reference = text("\xc3\x84\n");
    entry.occurred_at = 1767323045678901;
    entry.recorded_at = -1;
    entry.actor = text("app/till 4");
    entry.unit_cost = text("2.5");
    entry.bundle_id = {true, 9};
    entry.bundle_quantity = {true, 3000000};
    entry.counterpart_warehouse_id = {true, 4};
    return entry;
}

// A chain checked; each entry: the hash it carries (0: none) and the one it has.
struct Step {
    std::uint8_t carried, has;
};
HashCheck checked(bool sealed, const std::vector<Step> &steps) {
    HashCheck check = begin_check(sealed, hash(1));
    std::int64_t version = 0;
    for (const Step &step : steps) {
        version++;
        const LedgerHash carried = hash(step.carried);
        const LedgerHash *stored = step.carried == 0 ? nullptr : &carried;
        if (needs_hash(check, stored != nullptr)) {
            check_entry(check, version, hash(step.has), stored);
        } else {
            skip_entry(check, stored);
        }
    }
    return check;
}

}  // namespace

// Every byte is where the description says.
TEST(LedgerHash, HasOneForm) {
    EXPECT_EQ(canonical(few()),
              kBegin +
                  "0000000000000007fffffffffffffffe000001000000000000000000000000020000000000"
                  "00000000000000000000000100000000000000000000000000000000000000000001000000"
                  "017800000000");
    EXPECT_EQ(canonical(full()),
              kBegin +
                  "0000000000000007fffffffffffffffe00000100000000000000000000000001ffffffffff"
                  "d9da600de0b6b3a763ffff010000000473616c650100000003c3840a0006475ef6574f35ff"
                  "ffffffffffffff010000000a6170702f74696c6c20340100000003322e3501000000000000"
                  "00090100000000002dc6c0010000000000000004");
    std::vector<std::uint8_t> start(kGenesisSize);
    write_genesis(7, -2, std::int64_t{1} << 40, start.data());
    EXPECT_EQ(hex(start),
              "73746f636b666c6f77206c65646765722031"
              "0000000000000007fffffffffffffffe0000010000000000");
}

// No two entries have the same bytes: a NULL is not an empty text or a zero, and a character does
// not wander from one text to the next.
TEST(LedgerHash, TellsEntriesApart) {
    std::vector<HashedEntry> entries(14, full());
    entries[1].reference = {};
    entries[2].reference = text("");
    entries[3].unit_cost = {};
    entries[4].bundle_id = {};
    entries[5].bundle_id = {true, 0};
    entries[6].bundle_quantity = {};
    entries[7].bundle_quantity = {true, 0};
    entries[8].counterpart_warehouse_id = {};
    entries[9].counterpart_warehouse_id = {true, 0};
    entries[10].occurred_at++;
    entries[11].recorded_at++;
    entries[12].reason = text("sal");
    entries[12].reference = text("e\xc3\x84\n");
    entries[13].quantity_after--;
    for (std::size_t i = 0; i < entries.size(); i++) {
        for (std::size_t j = 0; j < i; j++) {
            EXPECT_NE(canonical(entries[i]), canonical(entries[j])) << i << " and " << j;
        }
    }
    EXPECT_NE(hash(1), hash(2));
}

// A chain that is kept up covers every entry; one that is not, those that carry hashes.
TEST(LedgerHash, FindsWhereAChainBreaks) {
    const struct {
        const char *what;
        bool sealed;
        std::vector<Step> steps;
        std::int64_t from, to;
        std::uint8_t last;  // the hash that the chain ends in, 0: does not matter
    } cases[] = {
        {"empty", true, {}, 0, 0, 1},
        {"sound", true, {{2, 2}, {3, 3}}, 0, 0, 3},
        {"sealed later", true, {{0, 2}, {0, 3}, {4, 4}}, 0, 0, 4},
        {"a gap within", true, {{2, 2}, {0, 3}, {4, 4}, {0, 5}}, 0, 0, 5},
        {"the first", true, {{2, 9}, {3, 3}}, 1, 1, 0},
        {"the second", true, {{2, 2}, {3, 9}, {4, 9}}, 2, 2, 0},
        {"before it was sealed", true, {{0, 2}, {0, 3}, {4, 9}}, 1, 3, 0},
        {"in a gap", true, {{2, 2}, {0, 9}, {4, 9}, {5, 9}}, 2, 3, 0},
        {"without seal", false, {{0, 2}, {0, 3}}, 0, 0, 0},
        {"seal ended", false, {{2, 2}, {3, 3}, {0, 4}}, 0, 0, 0},
        {"seal ended, changed before", false, {{2, 2}, {3, 9}, {0, 4}}, 2, 2, 0},
        {"seal ended, the first changed", false, {{2, 9}, {0, 4}}, 1, 1, 0},
        {"twice", false, {{0, 2}, {3, 9}, {4, 4}, {0, 9}, {6, 8}, {7, 7}}, 0, 0, 0},
        {"twice, changed", false, {{0, 2}, {3, 9}, {4, 4}, {0, 9}, {6, 8}, {7, 8}}, 6, 6, 0},
    };
    for (const auto &c : cases) {
        const HashCheck check = checked(c.sealed, c.steps);
        EXPECT_EQ(check.broken_from, c.from) << c.what;
        EXPECT_EQ(check.broken_to, c.to) << c.what;
        if (c.last != 0) {
            EXPECT_EQ(check.hash, hash(c.last)) << c.what;
        }
    }
}
