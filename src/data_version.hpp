// The version of the data in this database; the code may be newer (sql/code/62_migrate.sql).
#pragma once

namespace stockflow {

struct DataVersion {
    int major, minor;
};

// Raises 55000, with what to do about it, unless the data is of this version or newer. Called first
// by what needs a layout that a migration brings; costs a look into a cache once the answer was
// yes.
void require_data_version(DataVersion needed);

// Forgets at the end of a failed transaction what it had made of the data.
void register_data_version_callbacks();

}  // namespace stockflow
