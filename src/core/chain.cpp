#include "chain.hpp"

#include <algorithm>

#include "quantity.hpp"

namespace stockflow {

Chain empty_chain() {
    Chain chain{};
    chain.recent = no_recent_days();
    return chain;
}

int extend(Chain &chain, const ChainEntry &entry, DayRecord *leaving) {
    chain.length++;
    chain.balance = add(chain.balance, entry.delta);
    if (entry.version != chain.length) chain.has_gap = true;
    if (entry.quantity_after != chain.balance) chain.is_broken = true;
    if (entry.totals.demand > 0 && (!chain.sold || entry.occurred_at > chain.sold_at)) {
        chain.sold = true;
        chain.sold_at = entry.occurred_at;
    }
    return add_movement(chain.recent, entry.day, entry.totals, leaving);
}

bool same_days(const RecentDays &a, const RecentDays &b) {
    if (a.empty || b.empty) return a.empty == b.empty;
    if (a.last_day != b.last_day) return false;
    return std::equal(
        a.days, a.days + kRecentDays, b.days, [](const DayTotals &x, const DayTotals &y) {
            return x.demand == y.demand && x.returned == y.returned && x.other == y.other;
        });
}

}  // namespace stockflow
