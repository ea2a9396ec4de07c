// Facts read from single rows, remembered by this backend for as long as those rows do not change.
//
// What is remembered is the place of the row version it was read from. It is used only while that
// very version is what a query of now would see, which costs a look at the version instead of a
// query: nobody has to announce changes, and none can be missed, whoever made them in whatever way.
// Kept per role and tenant, since row level security may show each of them other rows.
#pragma once

#include <cstdint>

#include "spi.hpp"

namespace stockflow {

struct RowVersion {
    Oid table;
    Oid file;  // a rewritten table has another, and its rows other places
    ItemPointerData place;
    TransactionId writer;  // another row may come to the place
};

// Of a row of the tables' system columns tableoid, ctid and xmin, from this column on; false for
// rows of tables that are not stored as heaps.
bool read_row_version(const spi::Row &row, int first_column, RowVersion *version);

// Whether the version is visible to the active snapshot.
bool is_visible(const RowVersion &version);

// Who asks.
struct Viewer {
    Oid role;
    int64 company_id;  // the tenant; 0: none
};
Viewer current_viewer();

// Runs body with what is committed now, and what this transaction did, as the active snapshot.
template <typename Body>
auto with_newest_rows(Body body) -> decltype(body()) {
    CommandCounterIncrement();
    PushActiveSnapshot(GetLatestSnapshot());
    auto result = body();
    PopActiveSnapshot();
    return result;
}

// Facts of type Fields by company and id. Each has two slots to live in; where both are taken, the
// newcomer stays.
template <typename Fields, uint32 slots>
class RowMemory {
    static_assert((slots & (slots - 1)) == 0, "a power of two");

  public:
    // The facts, or null when they are not known, or not true any more.
    const Fields *find(int64 company_id, int64 id) const {
        const Key key = {current_viewer(), company_id, id};
        const uint32 first = slot_of(key);
        for (const uint32 i : {first, first ^ 1}) {
            const Slot &slot = slots_[i];
            if (slot.filled && slot.key == key) {
                return is_visible(slot.version) ? &slot.fields : nullptr;
            }
        }
        return nullptr;
    }

    void remember(int64 company_id, int64 id, const spi::Row &row, int first_column,
                  const Fields &fields) {
        RowVersion version;
        if (!read_row_version(row, first_column, &version)) return;
        const Key key = {current_viewer(), company_id, id};
        const uint32 first = slot_of(key), second = first ^ 1;
        const bool is_free = !slots_[second].filled || slots_[second].key == key;
        const bool taken = slots_[first].filled && !(slots_[first].key == key);
        slots_[taken && is_free ? second : first] = {true, key, version, fields};
    }

  private:
    struct Key {
        Viewer viewer;
        int64 company_id, id;
        bool operator==(const Key &other) const {
            return viewer.role == other.viewer.role &&
                   viewer.company_id == other.viewer.company_id && company_id == other.company_id &&
                   id == other.id;
        }
    };
    struct Slot {
        bool filled;
        Key key;
        RowVersion version;
        Fields fields;
    };

    static uint32 slot_of(const Key &key) {
        return hash_combine(murmurhash32(static_cast<uint32>(key.company_id)),
                            murmurhash32(static_cast<uint32>(key.id))) &
               (slots - 1);
    }

    Slot slots_[slots];
};

}  // namespace stockflow
