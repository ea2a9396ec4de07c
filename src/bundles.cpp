#include "bundles.hpp"

#include "core/quantity.hpp"
#include "core/recent_days.hpp"
#include "rules.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement bundle_lines = {
    "WITH RECURSIVE parts(bundle_id) AS ("
    "  SELECT $2"
    "  UNION"
    "  SELECT b.component_id FROM parts"
    "    JOIN stockflow.product_bundles b ON b.company_id = $1 AND b.bundle_id = parts.bundle_id"
    "    JOIN stockflow.products p"
    "      ON p.company_id = $1 AND p.product_id = b.component_id AND p.is_bundle)"
    "SELECT b.bundle_id, b.component_id, b.quantity, p.is_bundle, p.is_stocked"
    "  FROM parts"
    "  JOIN stockflow.product_bundles b ON b.company_id = $1 AND b.bundle_id = parts.bundle_id"
    "  JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = b.component_id",
    2,
    {INT8OID, INT8OID},
    nullptr};

spi::Statement bundles_among = {
    "SELECT p.product_id FROM stockflow.products p"
    " WHERE p.company_id = $1 AND p.is_bundle AND p.product_id = ANY ($2) ORDER BY p.product_id",
    2,
    {INT8OID, INT8ARRAYOID},
    nullptr};

// Refuses what a bundle cannot do; returns its units, above 0 for a sale and for a return alike.
std::int64_t bundle_units(int64 company_id, const Line &line) {
    const StockRules rules = load_rules({company_id, line.product_id, line.warehouse_id});
    const MovementKind kind = movement_kind(line.movement.reason);
    if (kind == MovementKind::other) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product %lld is a bundle and holds no stock of its own",
                               static_cast<long long>(line.product_id)),
                        errhint("Move its components instead.")));
    }
    if (rules.found && rules.whole_units && !is_whole(line.movement.delta)) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" comes in whole units only", rules.sku)));
    }
    return kind == MovementKind::demand ? -line.movement.delta : line.movement.delta;
}

}  // namespace

Needs load_needs(int64 company_id, int64 bundle_id, spi::Mode mode) {
    spi::Parameters parameters;
    parameters.bigint(company_id).bigint(bundle_id);
    const int count = static_cast<int>(spi::run(bundle_lines, parameters, mode));
    auto *lines = allocate<BundleLine>(count);
    for (int i = 0; i < count; i++) {
        const spi::Row row(i);
        lines[i] = {row.bigint(1), row.bigint(2), to_quantity(row.get(3).value, "quantity"),
                    row.boolean(4), row.boolean(5)};
    }
    SPI_freetuptable(SPI_tuptable);
    Needs needs;
    needs.needs = allocate<ComponentNeed>(count);
    needs.count = explode(lines, count, bundle_id, needs.needs);
    pfree(lines);
    return needs;
}

Line *explode_line(int64 company_id, const Line &line, int *count) {
    const std::int64_t units = bundle_units(company_id, line);
    const Needs needs = load_needs(company_id, line.product_id, spi::Mode::write);
    if (needs.count == 0) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("bundle %lld has no stocked components",
                               static_cast<long long>(line.product_id)),
                        errhint("Add its components to product_bundles.")));
    }
    const std::int64_t sign = line.movement.delta < 0 ? -1 : 1;
    const std::int64_t amount = line.movement.delta * sign;
    auto *lines = static_cast<Line *>(palloc(sizeof(Line) * (needs.count + 1)));
    for (int i = 0; i < needs.count; i++) {
        lines[i] = line;
        lines[i].product_id = needs.needs[i].product_id;
        lines[i].movement.delta = sign * multiply(amount, needs.needs[i].quantity);
        lines[i].movement.bundle_id = line.product_id;
    }
    Line &own = lines[needs.count];
    own = line;
    own.movement.delta = 0;
    own.movement.is_bundle = true;
    own.movement.bundle_units = units;
    *count = needs.count + 1;
    return lines;
}

int64 *find_bundles(int64 company_id, const std::int64_t *products, int count, int *found) {
    spi::Parameters parameters;
    parameters.bigint(company_id).datum(bigint_array(products, count));
    *found = static_cast<int>(spi::run(bundles_among, parameters, spi::Mode::write));
    auto *ids = allocate<int64>(*found);
    for (int i = 0; i < *found; i++) ids[i] = spi::Row(i).bigint(1);
    return ids;
}

}  // namespace stockflow
