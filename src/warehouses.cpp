#include "warehouses.hpp"

#include "core/search.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

spi::Statement warehouse_query = {
    "SELECT w.warehouse_id, w.name FROM stockflow.warehouses w"
    " WHERE w.company_id = $1 AND w.deleted_at IS NULL AND ($2 IS NULL OR w.warehouse_id = $2)"
    " ORDER BY w.warehouse_id",
    2,
    {INT8OID, INT8OID},
    nullptr};

}  // namespace

int Warehouses::find(int64 warehouse_id) const { return find_id(ids, count, warehouse_id); }

Warehouses open_warehouses(int64 company_id, NullableDatum warehouse_id) {
    spi::Parameters parameters;
    parameters.bigint(company_id).optional(warehouse_id);
    Warehouses warehouses;
    warehouses.count = static_cast<int>(spi::run(warehouse_query, parameters, spi::Mode::read));
    warehouses.ids = allocate<int64>(warehouses.count);
    warehouses.names = allocate<Datum>(warehouses.count);
    for (int i = 0; i < warehouses.count; i++) {
        warehouses.ids[i] = spi::Row(i).bigint(1);
        warehouses.names[i] = spi::Row(i).get(2).value;
    }
    return warehouses;
}

}  // namespace stockflow
