// average_costs: the moving average of each product, from one pass over the ledger in order of
// time.
#include "arguments.hpp"
#include "core/moving_cost.hpp"
#include "entry.hpp"
#include "rows.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

// Transfers are left out: they move what the company owns, and a part may be on its way. Two
// warehouses can have entries of the same moment, hence warehouse_id.
spi::Statement movements_query = {
    "SELECT l.product_id, l.delta, l.unit_cost, l.reason IN ('receipt', 'initial')"
    "  FROM stockflow.ledger l"
    " WHERE l.company_id = $1 AND l.occurred_at <= $2"
    "   AND ($3 IS NULL OR l.product_id = ANY ($3))"
    "   AND l.reason NOT IN ('transfer_out', 'transfer_in') AND l.delta <> 0"
    " ORDER BY l.product_id, l.occurred_at, l.recorded_at, l.warehouse_id, l.version",
    3,
    {INT8OID, TIMESTAMPTZOID, INT8ARRAYOID},
    nullptr};

struct ProductCost {
    bool any;
    int64 product_id;
    MovingCost stock;
};

Datum from_cost(UnitCost cost) {
    char text[kMaxCostText];
    format_cost(cost, text);
    return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid),
                               Int32GetDatum(-1));
}

void emit(const ProductCost &product, const Rows &rows) {
    if (!product.any) return;
    const MovingCost &stock = product.stock;
    // Without a unit to which it applies there is no average, unless the shelf is empty.
    const bool has_cost = stock.known && (stock.costed() != 0 || stock.quantity == 0);
    rows.put({present(Int64GetDatum(product.product_id)), present(from_quantity(stock.quantity)),
              present(from_quantity(stock.costed())),
              has_cost ? present(from_cost(stock.average)) : null_datum()});
}

CostedMovement read_movement(const spi::Row &row) {
    CostedMovement movement = {};
    movement.delta = to_quantity(row.get(2).value, "delta");
    movement.is_receipt = row.boolean(4);
    movement.has_cost = !row.is_null(3);
    if (movement.has_cost) movement.cost = parse_cost(numeric_text(row.get(3).value));
    return movement;
}

}  // namespace

}  // namespace stockflow

using namespace stockflow;

// average_costs(company_id, at, product_ids) RETURNS TABLE(product_id, quantity, costed_quantity,
// unit_cost)
STOCKFLOW_FUNCTION(stockflow_average_costs) {
    const Arguments arguments(fcinfo);
    spi::Parameters parameters;
    parameters.bigint(arguments.bigint(0, "company_id"))
        .datum(arguments.required(1, "at"))
        .optional(arguments.get(2));
    const Rows rows(fcinfo);
    spi::connected([&] {
        ProductCost product = {};
        spi::for_each(movements_query, parameters, spi::Mode::read, [&](const spi::Row &row) {
            CHECK_FOR_INTERRUPTS();
            if (!product.any || product.product_id != row.bigint(1)) {
                emit(product, rows);
                product = {true, row.bigint(1), {}};
            }
            apply(product.stock, read_movement(row));
        });
        emit(product, rows);
    });
    return 0;
}
