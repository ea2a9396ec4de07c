#include "ledger_checks.hpp"

#include "ledger_log.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "values.hpp"
#include "waiting.hpp"

namespace stockflow {

namespace {

// Checks are made when their statement ends, or when this many wait.
constexpr int kMaxWaiting = 10000;

WaitingList<RowCheck> waiting;

// The row is ours now: nobody can write its ledger any more, but somebody may have done so since
// the BEFORE trigger looked. What a user's trigger has made of the row meanwhile is in the row.
void check_new_rows(const RowCheck *const *checks, int count) {
    for (int i = 0; i < count; i++) {
        if (!checks[i]->is_insert) continue;
        const StockKey &key = checks[i]->after.key;
        const LastEntry last = last_stored_entry(key);
        if (last.version <= checks[i]->before.version) continue;
        if (last.version > inventory_version(key)) report_concurrent_change();
    }
}

void check_balances(int64 company_id, const RowCheck *const *checks, int count) {
    auto *products = allocate<std::int64_t>(count);
    auto *warehouses = allocate<std::int64_t>(count);
    auto *rules = allocate<StockRules>(count);
    for (int i = 0; i < count; i++) {
        products[i] = checks[i]->after.key.product_id;
        warehouses[i] = checks[i]->after.key.warehouse_id;
    }
    if (count == 1) {
        rules[0] = load_rules(checks[0]->after.key);
    } else {
        load_rules(company_id, products, warehouses, count, rules);
    }
    for (int i = 0; i < count; i++) {
        check_balance(rules[i], checks[i]->before, checks[i]->after, false);
    }
}

// The checks of one company from a list, of which they are taken out; returns how many.
int take_company(const RowCheck **from, int *from_count, const RowCheck **to) {
    const int64 company_id = from[0]->after.key.company_id;
    int taken = 0, left = 0;
    for (int i = 0; i < *from_count; i++) {
        if (from[i]->after.key.company_id == company_id) {
            to[taken++] = from[i];
        } else {
            from[left++] = from[i];
        }
    }
    *from_count = left;
    return taken;
}

}  // namespace

void report_concurrent_change() {
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("could not serialize access due to concurrent change of the ledger"),
                    errhint("Try again.")));
    pg_unreachable();
}

void add_check(const RowCheck &check) {
    if (waiting.count() >= kMaxWaiting) make_checks();
    waiting.add(check);
}

void make_checks() {
    const int first = waiting.first_of_statement();
    int count = waiting.count() - first;
    if (count == 0) return;
    auto **checks = allocate<const RowCheck *>(count);
    auto **of_company = allocate<const RowCheck *>(count);
    for (int i = 0; i < count; i++) checks[i] = &waiting.at(first + i);
    while (count > 0) {
        const int taken = take_company(checks, &count, of_company);
        const int64 company_id = of_company[0]->after.key.company_id;
        check_new_rows(of_company, taken);
        check_balances(company_id, of_company, taken);
    }
    waiting.truncate(first);
}

bool checks_wait(int depth) { return waiting.waits(depth); }
void forget_checks(SubTransactionId failed) { waiting.forget(failed); }
void forget_all_checks() { waiting.forget_all(); }

}  // namespace stockflow
