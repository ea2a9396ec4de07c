// Lots: the ledger's entries of products that track them say which lots came and went.
#pragma once

#include "expired.hpp"
#include "ledger.hpp"

namespace stockflow {

// A ledger entry, as far as lots care. What it points to must live until the statement ends.
struct LotEntry {
    StockKey key;
    int64 version;
    std::int64_t quantity_after;
    Movement movement;
};

// Takes an entry of a product that tracks lots; write_lots handles those of the statement whose
// triggers are under way, when all its entries are there: a transfer brings what it took elsewhere.
void add_lot_entry(const LotEntry &entry);
void write_lots();

// Whether any product of a company tracks lots; read once per statement on inventory.
bool company_tracks_lots(int64 company_id);

// Units of a key in lots that have expired, by the company's day of the transaction, for writers
// that hold its row locked; and those of a company, in key order, for readers. They are on hand and
// not available.
std::int64_t spoiled_now(const StockRules &rules, const StockKey &key);
Expired load_spoiled(int64 company_id);

// Forgets the entries of a subtransaction that failed, or of a transaction that ended.
void forget_lot_entries(SubTransactionId failed);
void forget_all_lot_entries();

}  // namespace stockflow
