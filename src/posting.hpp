// Posting movements: the one path by which the writing functions change stock.
#pragma once

#include "ledger.hpp"

namespace stockflow {

// A line of a request.
struct Line {
    int64 product_id, warehouse_id;
    Movement movement;
    const StockRules *rules;  // where known, else null
};

// A line whose rules are not known yet.
Line make_line(int64 product_id, int64 warehouse_id, const Movement &movement);

// A key after posting.
struct Posted {
    int64 product_id, warehouse_id;
    std::int64_t quantity, reserved;
};

// Posts all lines or none: sums the lines of a key, makes missing rows, locks in key order and
// updates each row once. Returns the keys, in their order; must run between SPI_connect and
// SPI_finish. Errors: 23503 unknown or deleted key, 23514 insufficient stock and broken rules.
Posted *post(int64 company_id, const Line *lines, int line_count, int *posted_count);

// Raises what post would raise about the products and warehouses of these lines, whatever is on
// hand.
void check_lines(int64 company_id, const Line *lines, int line_count);

// Keys of one company in key order, as arrays for a statement.
struct KeyArrays {
    Datum products, warehouses, deltas;
};

// Makes the rows of inventory that are missing; in key order, before any row is locked.
void make_missing_rows(int64 company_id, const KeyArrays &keys);

// Raises 23503: a company has no such product, warehouse, …
[[noreturn]] void report_unknown(const char *what, int64 id, int64 company_id);

// Raises 23503 unless the company exists and is not deleted.
void require_company(int64 company_id);

// The rules of a key; unknown or deleted companies and unknown keys are 23503.
StockRules require_rules(const StockKey &key);

// A movement with nothing but its amount, reason, reference and time.
Movement simple_movement(std::int64_t delta, const char *reason, const char *reference,
                         TimestampTz occurred_at);

}  // namespace stockflow
