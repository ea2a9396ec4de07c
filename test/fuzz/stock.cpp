// Lots, bundles, the ledger's chain, average costs, orders and the order of lines.
#include <algorithm>

#include "core/alert.hpp"
#include "core/bundle.hpp"
#include "core/chain.hpp"
#include "core/error.hpp"
#include "core/grouping.hpp"
#include "core/lots.hpp"
#include "core/moving_cost.hpp"
#include "core/quantity.hpp"

#include "input.hpp"

using namespace stockflow;

namespace {

// Quantities: small ones, and up to the limit.
std::int64_t quantity(Input &input) {
    const int kind = input.byte();
    if (kind < 200) return kUnit * (kind - 60);
    return (kQuantityLimit - 1) / (1 + input.byte()) * (kind % 2 == 0 ? 1 : -1);
}

void check_lots(Input &input) {
    Lot lots[8];
    std::int64_t taken[8];
    for (int i = 0; i < 8; i++)
        lots[i] = {std::max<std::int64_t>(quantity(input), 0), 100 + 10 * i};
    const std::int64_t before = sum_of_lots(lots, 8);
    const std::int64_t wanted = std::max<std::int64_t>(quantity(input), 0);
    const std::int64_t rest = take_from_lots(lots, 8, wanted, input.byte(), taken);
    require(rest >= 0 && rest <= wanted && sum_of_lots(lots, 8) == before - (wanted - rest));
}

void check_bundle(Input &input) {
    BundleLine lines[40];
    ComponentNeed needs[40];
    std::int64_t available[40];
    for (BundleLine &line : lines) {
        line = {input.byte() % 12, input.byte() % 24,
                std::max<std::int64_t>(quantity(input), kUnit), false, input.byte() % 8 != 0};
        line.component_is_bundle = line.component_id < 12;
    }
    try {
        const int count = explode(lines, 40, input.byte() % 12, needs);
        require(count >= 0 && count <= 40);
        for (int i = 0; i < count; i++) {
            require(i == 0 || needs[i - 1].product_id < needs[i].product_id);
            available[i] = quantity(input);
        }
        require(is_whole(buildable(needs, count, available).quantity));
    } catch (const Error &) {
    }
}

void check_chain(Input &input) {
    Chain chain = empty_chain();
    std::int64_t balance = 0;
    try {
        for (int version = 1; version < 20; version++) {
            const std::int64_t delta = quantity(input);
            balance = add(balance, delta);
            DayRecord leaving[kRecentDays + 1];
            const ChainEntry entry = {
                version, delta,
                balance, 20000 + input.byte(),
                version, movement_totals(MovementKind::other, delta, nullptr)};
            const int count = extend(chain, entry, leaving);
            require(count >= 0 && count <= kRecentDays);
        }
        require(chain.balance == balance && !chain.has_gap && !chain.is_broken);
    } catch (const Error &) {
    }
}

void check_costs(Input &input) {
    MovingCost stock = {};
    try {
        for (int i = 0; i < 20; i++) {
            const int kind = input.byte();
            UnitCost cost = 1'000'000'000'000'000'000;
            cost *= input.byte();
            apply(stock, {quantity(input), kind % 2 == 0, kind % 3 == 0, cost});
            require(stock.unknown >= 0 && (!stock.known || stock.average >= 0));
        }
    } catch (const Error &) {
    }
}

void check_lines(Input &input) {
    GroupedLine lines[30];
    for (int i = 0; i < 30; i++)
        lines[i] = {input.byte() % 4, input.byte() % 4, quantity(input), i};
    order_lines(lines, 30);
    for (int i = 1; i < 30; i++) {
        const GroupedLine &a = lines[i - 1], &b = lines[i];
        require(a.product_id != b.product_id ? a.product_id < b.product_id
                                             : a.warehouse_id <= b.warehouse_id);
    }
}

void check_order(Input &input) {
    const auto positive = [&] { return 1 + std::abs(quantity(input)); };
    const OrderInput order = {quantity(input),
                              positive(),
                              positive(),
                              quantity(input),
                              input.byte() % 31,
                              input.byte(),
                              {input.byte() % 2 == 0, positive()},
                              {input.byte() % 2 == 0, positive()},
                              {input.byte() % 2 == 0, positive()},
                              input.byte() % 2 == 0};
    try {
        require(suggested_quantity(order) >= 0);
    } catch (const Error &) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Input input(data, size);
    switch (input.byte() % 6) {
        case 0:
            check_lots(input);
            break;
        case 1:
            check_bundle(input);
            break;
        case 2:
            check_chain(input);
            break;
        case 3:
            check_costs(input);
            break;
        case 4:
            check_lines(input);
            break;
        default:
            check_order(input);
    }
    return 0;
}
