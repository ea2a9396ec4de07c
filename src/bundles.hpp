// Bundles in the database: loading what they are made of.
#pragma once

#include "core/bundle.hpp"
#include "posting.hpp"
#include "spi.hpp"

namespace stockflow {

struct Needs {
    ComponentNeed *needs;  // stocked products, in order of product_id
    int count;
};

// What one unit of a bundle is made of, exploded. Runs inside SPI.
Needs load_needs(int64 company_id, int64 bundle_id, spi::Mode mode);

// What a bundle can use of a component: nothing of one that is deleted, and so cannot be sold.
inline std::int64_t usable(std::int64_t available, bool deleted) {
    return deleted ? Min(available, 0) : available;
}

// Replaces a line that sells or takes back a bundle by lines for its components and one for the
// bundle itself. Returns the lines and their number.
Line *explode_line(int64 company_id, const Line &line, int *count);

// Of some products of a company, those that are bundles; sorted. Runs inside SPI.
int64 *find_bundles(int64 company_id, const std::int64_t *products, int count, int *found);

}  // namespace stockflow
