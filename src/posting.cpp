#include "posting.hpp"
#include "ledger_batch.hpp"

#include "core/grouping.hpp"
#include "core/quantity.hpp"
#include "core/recent_days.hpp"
#include "direct_posting.hpp"
#include "reasons.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "triggers.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement company_query = {
    "SELECT c.deleted_at IS NOT NULL FROM stockflow.companies c WHERE c.company_id = $1",
    1,
    {INT8OID},
    nullptr};

spi::Statement key_parts = {
    "SELECT EXISTS (SELECT FROM stockflow.products p"
    "                WHERE p.company_id = $1 AND p.product_id = $2),"
    "       EXISTS (SELECT FROM stockflow.warehouses w"
    "                WHERE w.company_id = $1 AND w.warehouse_id = $3)",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement update_one = {
    "UPDATE stockflow.inventory i SET quantity = i.quantity + $4"
    " WHERE i.company_id = $1 AND i.product_id = $2 AND i.warehouse_id = $3",
    4,
    {INT8OID, INT8OID, INT8OID, NUMERICOID},
    nullptr};

#define STOCKFLOW_KEYS \
    "unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS k(product_id, warehouse_id, n)"

// OFFSET keeps it from becoming a join, which without statistics reads a company's whole inventory.
spi::Statement make_rows = {
    "INSERT INTO stockflow.inventory (company_id, product_id, warehouse_id)"
    " SELECT $1, k.product_id, k.warehouse_id FROM " STOCKFLOW_KEYS
    "  WHERE NOT EXISTS (SELECT FROM stockflow.inventory i WHERE i.company_id = $1"
    "                       AND i.product_id = k.product_id AND i.warehouse_id = k.warehouse_id"
    "                    OFFSET 0)"
    "  ORDER BY k.n"
    " ON CONFLICT (company_id, product_id, warehouse_id) DO NOTHING",
    3,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID},
    nullptr};

spi::Statement lock_rows = {
    "SELECT FROM stockflow.inventory i"
    "  JOIN " STOCKFLOW_KEYS
    "    ON i.product_id = k.product_id AND i.warehouse_id = k.warehouse_id"
    " WHERE i.company_id = $1"
    " ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE OF i",
    3,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID},
    nullptr};

spi::Statement update_many = {
    "UPDATE stockflow.inventory i SET quantity = i.quantity + k.delta"
    "  FROM unnest($2::bigint[], $3::bigint[], $4::numeric[]) AS k(product_id, warehouse_id, delta)"
    " WHERE i.company_id = $1 AND i.product_id = k.product_id"
    "   AND i.warehouse_id = k.warehouse_id",
    4,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID, NUMERICARRAYOID},
    nullptr};

// Names the part of a key that is missing.
[[noreturn]] void unknown_key(const StockKey &key) {
    spi::Parameters parameters;
    parameters.bigint(key.company_id).bigint(key.product_id).bigint(key.warehouse_id);
    spi::run(key_parts, parameters, spi::Mode::write);
    if (!spi::Row(0).boolean(1)) report_unknown("product", key.product_id, key.company_id);
    report_unknown("warehouse", key.warehouse_id, key.company_id);
}

void check_open(const Posting &posting) {
    const StockRules &rules = posting.rules;
    const bool product_refuses = rules.product_deleted && posting.is_business;
    const bool warehouse_refuses =
        rules.warehouse_deleted && (posting.is_business || posting.enters);
    if (!product_refuses && !warehouse_refuses) return;
    ereport(ERROR,
            (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
             product_refuses ? errmsg("product \"%s\" is deleted", rules.sku)
                             : errmsg("warehouse \"%s\" is closed", rules.warehouse),
             errhint("What is left can still be returned, adjusted, counted or moved out.")));
}

// A lot may be named only where it is kept.
void check_lots(const Posting &posting) {
    if (posting.rules.tracks_lots) return;
    for (int i = 0; i < posting.count; i++) {
        const char *lot = posting.movements[i].lot;
        if (lot == nullptr) continue;
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" does not track lots", posting.rules.sku),
                        errdetail("The movement names lot \"%s\".", lot),
                        errhint("Set products.tracks_lots first.")));
    }
}

// Fills in the rules of all postings; an unknown key is 23503.
void read_rules(int64 company_id, Posting *postings, int count) {
    if (count == 1) {
        if (!postings[0].rules.found) postings[0].rules = load_rules(postings[0].key);
    } else {
        auto *products = allocate<std::int64_t>(count);
        auto *warehouses = allocate<std::int64_t>(count);
        auto *rules = allocate<StockRules>(count);
        for (int i = 0; i < count; i++) {
            products[i] = postings[i].key.product_id;
            warehouses[i] = postings[i].key.warehouse_id;
        }
        load_rules(company_id, products, warehouses, count, rules);
        for (int i = 0; i < count; i++) postings[i].rules = rules[i];
    }
    for (int i = 0; i < count; i++) {
        const StockRules &rules = postings[i].rules;
        if (!rules.found) unknown_key(postings[i].key);
        check_open(postings[i]);
        check_lots(postings[i]);
        if (rules.is_stocked) continue;
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" is not stocked", rules.sku),
                        errhint("Services and the like have no stock to move.")));
    }
}

// What a reason demands: sales and transfers leave what is reserved; new business is refused for
// deleted products and closed warehouses.
void classify(Posting &posting, const Movement &movement) {
    const auto is = [&](const char *reason) { return strcmp(movement.reason, reason) == 0; };
    if (movement.delta < 0 && !movement.was_reserved &&
        (movement_kind(movement.reason) == MovementKind::demand || is(kReasonTransferOut))) {
        posting.needs_available = true;
    }
    posting.is_business |= is(kReasonSale) || is(kReasonReceipt) || is(kReasonInitial);
    posting.enters |= is(kReasonTransferIn);
}

// Groups lines into postings, one per key, in key order.
Posting *make_postings(int64 company_id, const Line *lines, int line_count, int *posting_count) {
    auto *order = allocate<GroupedLine>(line_count);
    for (int i = 0; i < line_count; i++) {
        order[i] = {lines[i].product_id, lines[i].warehouse_id, lines[i].movement.delta, i};
    }
    order_lines(order, line_count);

    auto *postings = allocate<Posting>(line_count);
    auto *movements = allocate<Movement>(line_count);
    int count = 0;
    for (int i = 0; i < line_count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Line &line = lines[order[i].index];
        const StockKey key = {company_id, line.product_id, line.warehouse_id};
        if (count == 0 || !(postings[count - 1].key == key)) {
            postings[count] = {};
            postings[count].key = key;
            postings[count].movements = &movements[i];
            count++;
        }
        Posting &posting = postings[count - 1];
        movements[i] = line.movement;
        posting.count++;
        posting.total = add(posting.total, line.movement.delta);
        if (line.rules != nullptr) posting.rules = *line.rules;
        classify(posting, line.movement);
    }
    read_rules(company_id, postings, count);
    *posting_count = count;
    return postings;
}

KeyArrays key_arrays(const Posting *postings, int count) {
    auto *products = allocate<std::int64_t>(count);
    auto *warehouses = allocate<std::int64_t>(count);
    auto *deltas = allocate<std::int64_t>(count);
    for (int i = 0; i < count; i++) {
        products[i] = postings[i].key.product_id;
        warehouses[i] = postings[i].key.warehouse_id;
        deltas[i] = postings[i].total;
    }
    return {bigint_array(products, count), bigint_array(warehouses, count),
            quantity_array(deltas, count)};
}

// One key: its UPDATE is the lock.
uint64 apply_one(const Posting &posting) {
    spi::Parameters parameters;
    parameters.bigint(posting.key.company_id)
        .bigint(posting.key.product_id)
        .bigint(posting.key.warehouse_id)
        .datum(from_quantity(posting.total));
    return spi::run(update_one, parameters, spi::Mode::write);
}

uint64 lock_all(int64 company_id, const KeyArrays &keys) {
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(keys.products).datum(keys.warehouses);
    return spi::run(lock_rows, parameters, spi::Mode::write);
}

uint64 update_all(int64 company_id, const KeyArrays &keys) {
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(keys.products).datum(keys.warehouses).datum(keys.deltas);
    return spi::run(update_many, parameters, spi::Mode::write);
}

// Changes rows by a statement; a row may be deleted by another session between its making and its
// locking.
uint64 update_rows(int64 company_id, Posting *postings, int count) {
    constexpr int kTries = 5;
    const KeyArrays keys = count == 1 ? KeyArrays{} : key_arrays(postings, count);
    uint64 updated = 0;
    for (int i = 0; i < kTries && updated == 0; i++) {
        if (count == 1) {
            if (i > 0) make_missing_rows(company_id, key_arrays(postings, 1));
            open_scope(postings, 1);
            updated = apply_one(postings[0]);
            close_scope();
        } else {
            make_missing_rows(company_id, keys);
            if (lock_all(company_id, keys) < static_cast<uint64>(count)) continue;
            open_scope(postings, count);
            updated = update_all(company_id, keys);
            close_scope();
        }
    }
    return updated;
}

// A movement that no trigger has recorded would be stock without a ledger entry.
void check_recorded(const Posting *postings, int count, uint64 updated) {
    bool recorded = updated == static_cast<uint64>(count) && !entries_wait(trigger_depth());
    for (int i = 0; i < count; i++) recorded &= postings[i].recorded;
    if (recorded) return;
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("the movement was not recorded in the ledger"),
                    errdetail("The triggers on stockflow.inventory did not run, or another "
                              "trigger or policy kept the row from being updated.")));
}

}  // namespace

void make_missing_rows(int64 company_id, const KeyArrays &keys) {
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(keys.products).datum(keys.warehouses);
    spi::run(make_rows, parameters, spi::Mode::write);
}

void report_unknown(const char *what, int64 id, int64 company_id) {
    ereport(ERROR,
            (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
             errmsg("%s %lld does not exist", what, static_cast<long long>(id)),
             errdetail("Company %lld has no such %s.", static_cast<long long>(company_id), what)));
    pg_unreachable();
}

void require_company(int64 company_id) {
    spi::Parameters parameters;
    parameters.bigint(company_id);
    if (spi::run(company_query, parameters, spi::Mode::write) == 0) {
        ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                        errmsg("company %lld does not exist", static_cast<long long>(company_id))));
    }
    if (spi::Row(0).boolean(1)) {
        ereport(ERROR, (errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
                        errmsg("company %lld is deleted", static_cast<long long>(company_id)),
                        errhint("Set companies.deleted_at to NULL to open it again.")));
    }
}

StockRules require_rules(const StockKey &key) {
    const StockRules rules = load_rules(key);
    if (!rules.found || rules.company_deleted) {
        require_company(key.company_id);
        unknown_key(key);
    }
    return rules;
}

void check_lines(int64 company_id, const Line *lines, int line_count) {
    int count = 0;
    make_postings(company_id, lines, line_count, &count);
}

Line make_line(int64 product_id, int64 warehouse_id, const Movement &movement) {
    Line line = {};
    line.product_id = product_id;
    line.warehouse_id = warehouse_id;
    line.movement = movement;
    return line;
}

Movement simple_movement(std::int64_t delta, const char *reason, const char *reference,
                         TimestampTz occurred_at) {
    Movement movement = {};
    movement.delta = delta;
    movement.reason = reason;
    movement.reference = reference;
    movement.occurred_at = occurred_at;
    movement.unit_cost = null_datum();
    return movement;
}

Posted *post(int64 company_id, const Line *lines, int line_count, int *posted_count) {
    int count = 0;
    Posting *postings = make_postings(company_id, lines, line_count, &count);
    const uint64 updated = post_directly(company_id, postings, count)
                               ? count
                               : update_rows(company_id, postings, count);
    check_recorded(postings, count, updated);

    auto *posted = allocate<Posted>(count);
    for (int i = 0; i < count; i++) {
        const Posting &posting = postings[i];
        posted[i] = {posting.key.product_id, posting.key.warehouse_id, posting.quantity,
                     posting.reserved};
    }
    *posted_count = count;
    return posted;
}

}  // namespace stockflow
