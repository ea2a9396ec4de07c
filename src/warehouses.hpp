// The warehouses of a company that are open.
#pragma once

#include "pg.hpp"

namespace stockflow {

// In order of id.
struct Warehouses {
    int64 *ids;
    Datum *names;
    int count;

    // Where an id is, or -1.
    int find(int64 warehouse_id) const;
};

// Those of a company, or one of them. Runs inside SPI, and lives as long as its connection.
Warehouses open_warehouses(int64 company_id, NullableDatum warehouse_id);

}  // namespace stockflow
