// verify_ledger: proves that inventory is what the ledger says.
#include "arguments.hpp"
#include "core/urgency.hpp"
#include "entry.hpp"
#include "ledger_hash.hpp"
#include "ledger_log.hpp"
#include "recent.hpp"
#include "rows.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// Every key of the ledger or of inventory, with its entries in order; one pass, no sort, since
// both primary keys are in this order.
spi::Statement ledger_query = {
    "SELECT coalesce(l.company_id, i.company_id), coalesce(l.product_id, i.product_id),"
    "       coalesce(l.warehouse_id, i.warehouse_id), " STOCKFLOW_HASHED_COLUMNS
    ","
    "       i.quantity, i.version, i.recent_days, i.last_sold_at, i.company_id IS NOT NULL,"
    "       i.effective_reorder_point,"
    "       coalesce(i.dynamic_reorder_point, i.reorder_point, p.reorder_point, g.reorder_point,"
    "                c.reorder_point),"
    "       i.reserved, i.is_low, i.urgency, coalesce(c.timezone, 'UTC'), i.chain_hash,"
    "       coalesce(c.tamper_evident, false)"
    "  FROM (SELECT * FROM stockflow.ledger WHERE $1 IS NULL OR company_id = $1) l"
    "  FULL JOIN (SELECT * FROM stockflow.inventory WHERE $1 IS NULL OR company_id = $1) i"
    "    ON i.company_id = l.company_id AND i.product_id = l.product_id"
    "   AND i.warehouse_id = l.warehouse_id"
    "  LEFT JOIN stockflow.companies c ON c.company_id = coalesce(l.company_id, i.company_id)"
    "  LEFT JOIN stockflow.products p"
    "    ON p.company_id = i.company_id AND p.product_id = i.product_id"
    "  LEFT JOIN stockflow.categories g"
    "    ON g.company_id = p.company_id AND g.category_id = p.category_id"
    " ORDER BY 1, 2, 3, l.version",
    1,
    {INT8OID},
    nullptr};

// Keys whose days in demand_history are not those of the ledger that lie before the window of
// recent_days, which ends on the latest day of the key.
spi::Statement history_query = {
    "WITH days AS ("
    "  SELECT e.company_id, e.product_id, e.warehouse_id, e.day, sum(e.demand) AS demand,"
    "         sum(e.returned) AS returned, sum(e.delta + e.demand - e.returned) AS other,"
    "         max(e.day) OVER (PARTITION BY e.company_id, e.product_id, e.warehouse_id) AS last_day"
    "    FROM (SELECT l.company_id, l.product_id, l.warehouse_id, l.delta,"
    "                 (l.occurred_at AT TIME ZONE coalesce(c.timezone, 'UTC'))::date AS day,"
    "                 CASE WHEN l.reason IN ('sale', 'consumption')"
    "                      THEN coalesce(l.bundle_quantity, -l.delta) ELSE 0 END AS demand,"
    "                 CASE WHEN l.reason = 'return'"
    "                      THEN coalesce(l.bundle_quantity, l.delta) ELSE 0 END AS returned"
    "            FROM stockflow.ledger l"
    "            LEFT JOIN stockflow.companies c ON c.company_id = l.company_id"
    "           WHERE $1 IS NULL OR l.company_id = $1) e"
    "   GROUP BY e.company_id, e.product_id, e.warehouse_id, e.day)"
    "SELECT company_id, product_id, warehouse_id"
    "  FROM (SELECT * FROM days WHERE last_day - day >= $2) d"
    "  FULL JOIN (SELECT * FROM stockflow.demand_history h WHERE $1 IS NULL OR h.company_id = $1) h"
    " USING (company_id, product_id, warehouse_id, day)"
    " WHERE coalesce(d.demand, 0) <> coalesce(h.demand, 0)"
    "    OR coalesce(d.returned, 0) <> coalesce(h.returned, 0)"
    "    OR coalesce(d.other, 0) <> coalesce(h.other, 0)"
    " GROUP BY company_id, product_id, warehouse_id ORDER BY company_id, product_id, warehouse_id",
    2,
    {INT8OID, INT4OID},
    nullptr};

// The totals that other tables keep in inventory, each proven by a function of its own.
#define STOCKFLOW_VERIFY(function)                                                              \
    {                                                                                           \
        "SELECT v.company_id, v.product_id, v.warehouse_id, v.problem FROM stockflow." function \
        "($1) AS v",                                                                            \
            1, {INT8OID}, nullptr                                                               \
    }
spi::Statement area_queries[] = {
    STOCKFLOW_VERIFY("verify_reservations"), STOCKFLOW_VERIFY("verify_purchasing"),
    STOCKFLOW_VERIFY("verify_transfers"),    STOCKFLOW_VERIFY("verify_stock_counts"),
    STOCKFLOW_VERIFY("verify_lots"),         STOCKFLOW_VERIFY("verify_forecasts")};

// Columns of ledger_query.
enum {
    kCompany = 1,
    kProduct,
    kWarehouse,
    kEntry,
    kQuantity = kEntry + kHashedColumns,
    kVersion,
    kRecent,
    kSold,
    kHasRow,
    kPoint,
    kPointDue,
    kReserved,
    kLow,
    kUrgency,
    kZone,
    kHash,
    kSealed
};

// A key being verified: its chain so far, and what its row of inventory says.
struct Subject {
    bool any;
    StockKey key;
    pg_tz *zone;
    Chain chain;
    bool has_row, point_right, flag_right, urgency_right, recent_readable;
    std::int64_t quantity;
    int64 version;
    RecentDays recent;
    NullableDatum sold;
    HashCheck hashes;
    bool has_hash, hash_readable;
    LedgerHash hash;
};

void report(const Rows &rows, const StockKey &key, const char *problem) {
    rows.put({present(Int64GetDatum(key.company_id)), present(Int64GetDatum(key.product_id)),
              present(Int64GetDatum(key.warehouse_id)), optional_text(problem)});
}

Subject begin(const spi::Row &row) {
    Subject subject = {};
    subject.any = true;
    subject.key = {row.bigint(kCompany), row.bigint(kProduct), row.bigint(kWarehouse)};
    subject.zone = find_time_zone(row.string(kZone));
    subject.chain = empty_chain();
    subject.has_row = row.boolean(kHasRow);
    const bool sealed = row.boolean(kSealed) && subject.has_row;
    const bool covered = sealed || (!row.is_null(kEntry) && !carried_hash(row, kEntry).isnull);
    subject.hashes = begin_check(sealed, covered ? genesis_of(subject.key) : LedgerHash{});
    if (!subject.has_row) return subject;
    subject.has_hash = !row.is_null(kHash);
    subject.hash_readable = read_hash(row.get(kHash), &subject.hash);
    subject.quantity = to_quantity(row.get(kQuantity).value, "quantity");
    subject.version = row.bigint(kVersion);
    subject.recent_readable = unpack_recent_days(row.get(kRecent), &subject.recent);
    subject.sold = row.get(kSold);
    const OptionalQuantity point = to_optional_quantity(row.get(kPoint), "reorder point");
    const OptionalQuantity due = to_optional_quantity(row.get(kPointDue), "reorder point");
    subject.point_right = point.set == due.set && (!point.set || point.value == due.value);
    const std::int64_t reserved = to_quantity(row.get(kReserved).value, "reserved");
    const std::int64_t available = subject.quantity - reserved;
    const bool low = point.set && available <= point.value;
    subject.flag_right = row.boolean(kLow) == low;
    subject.urgency_right = row.is_null(kUrgency)
                                ? !low
                                : low && DatumGetInt16(row.get(kUrgency).value) ==
                                             urgency_class(available, subject.recent);
    return subject;
}

void verify_row(const Subject &subject, const Rows &rows) {
    const Chain &chain = subject.chain;
    const bool quantity_right = subject.quantity == chain.balance;
    if (!quantity_right) {
        report(rows, subject.key,
               psprintf("quantity is %s, the ledger adds up to %s",
                        numeric_text(from_quantity(subject.quantity)),
                        numeric_text(from_quantity(chain.balance))));
    }
    if (subject.version != chain.length) {
        report(rows, subject.key,
               psprintf("version is %lld, the ledger has %lld entries",
                        static_cast<long long>(subject.version),
                        static_cast<long long>(chain.length)));
    }
    const bool recent_right = subject.recent_readable && same_days(subject.recent, chain.recent);
    if (!recent_right) report(rows, subject.key, "recent_days is not what the ledger says");
    const bool sold_right =
        subject.sold.isnull
            ? !chain.sold
            : chain.sold && DatumGetTimestampTz(subject.sold.value) == chain.sold_at;
    if (!sold_right) report(rows, subject.key, "last_sold_at is not what the ledger says");
    if (!subject.point_right) {
        report(rows, subject.key, "effective_reorder_point is not the one in force");
    }
    if (!subject.flag_right) {
        report(rows, subject.key, "is_low is not what quantity and reorder point say");
    } else if (quantity_right && recent_right && !subject.urgency_right) {
        report(rows, subject.key, "urgency is not what quantity and recent_days say");
    }
}

// The chain of hashes, and its end in the row of inventory.
void verify_hashes(const Subject &subject, const Rows &rows) {
    const HashCheck &check = subject.hashes;
    const auto broken_from = static_cast<long long>(check.broken_from);
    const auto broken_to = static_cast<long long>(check.broken_to);
    if (check.broken && broken_from < broken_to) {
        report(
            rows, subject.key,
            psprintf(
                "the hashes break: one of the entries %lld to %lld was changed, added or removed",
                broken_from, broken_to));
    } else if (check.broken) {
        report(rows, subject.key,
               psprintf("the hashes break: entry %lld was changed, added or removed", broken_to));
    } else if (check.sealed && !subject.has_hash) {
        report(rows, subject.key, "chain_hash is missing, though the ledger is tamper-evident");
    } else if (check.sealed && !(subject.hash_readable && subject.hash == check.hash)) {
        report(rows, subject.key,
               psprintf("the hashes break: an entry from %lld on was changed, added or removed",
                        static_cast<long long>(check.unproven)));
    } else if (subject.has_row && !check.sealed && subject.has_hash) {
        report(rows, subject.key, "chain_hash is set, though the ledger is not tamper-evident");
    }
}

void finish(const Subject &subject, const Rows &rows) {
    if (!subject.any) return;
    verify_hashes(subject, rows);
    if (subject.chain.has_gap) report(rows, subject.key, "the versions of the ledger have a gap");
    if (subject.chain.is_broken) {
        report(rows, subject.key, "a balance in the ledger is not the sum of the entries before");
    }
    if (subject.has_row) {
        verify_row(subject, rows);
    } else if (subject.chain.balance != 0) {
        report(rows, subject.key,
               psprintf("inventory has no row, the ledger adds up to %s",
                        numeric_text(from_quantity(subject.chain.balance))));
    }
}

void verify(NullableDatum company_id, const Rows &rows) {
    spi::Parameters parameters;
    parameters.optional(company_id);
    Subject subject = {};
    spi::for_each(ledger_query, parameters, spi::Mode::read, [&](const spi::Row &row) {
        const StockKey key = {row.bigint(kCompany), row.bigint(kProduct), row.bigint(kWarehouse)};
        if (!subject.any || !(subject.key == key)) {
            finish(subject, rows);
            subject = begin(row);
        }
        if (row.is_null(kEntry)) return;
        DayRecord leaving[kRecentDays];
        extend(subject.chain, read_chain_entry(row, kEntry, subject.zone), leaving);
        check_row(subject.hashes, row, kEntry, subject.key);
    });
    finish(subject, rows);
}

void verify_area(spi::Statement &query, NullableDatum company_id, const Rows &rows) {
    spi::Parameters parameters;
    parameters.optional(company_id);
    spi::for_each(query, parameters, spi::Mode::read, [&](const spi::Row &row) {
        rows.put({row.get(1), row.get(2), row.get(3), row.get(4)});
    });
}

void verify_history(NullableDatum company_id, const Rows &rows) {
    spi::Parameters parameters;
    parameters.optional(company_id).integer(kRecentDays);
    spi::for_each(history_query, parameters, spi::Mode::read, [&](const spi::Row &row) {
        report(rows, {row.bigint(1), row.bigint(2), row.bigint(3)},
               "demand_history is not what the ledger says");
    });
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// verify_ledger(company) RETURNS TABLE(company_id, product_id, warehouse_id, problem text)
STOCKFLOW_FUNCTION(stockflow_verify_ledger) {
    const Arguments arguments(fcinfo);
    const Rows rows(fcinfo);
    const NullableDatum company_id = arguments.get(0);
    spi::connected([&] {
        verify(company_id, rows);
        verify_history(company_id, rows);
        for (spi::Statement &query : area_queries) verify_area(query, company_id, rows);
    });
    return 0;
}
