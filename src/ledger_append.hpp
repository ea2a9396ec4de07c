// Appends entries to inventory_log without a statement, as COPY would.
//
// A statement costs more to begin and to end than a row costs to write. It is needed only where
// something of a user's may stand between an entry and the log.
#pragma once

#include "row_writer.hpp"

namespace stockflow {

// The columns of an entry, in the order in which the log has them.
constexpr int kLogColumns = 16;

// Some of them, counted from 1.
constexpr int kLogVersion = 4, kLogHash = 16;

// Their types.
using LogTypes = Oid[kLogColumns];
const LogTypes &log_types();

// The log, locked for writing.
struct OpenLog {
    Relation table;
    bool is_plain;  // nothing but our own guard fires or checks: rows can be appended
};
OpenLog open_log();
void close_log(const OpenLog &log);

// Rows that wait to be written together, and the server's state for it.
struct Appender {
    Relation table;
    IndexWriter indexes;
    MemoryContext memory;  // of the values of these rows
    TupleTableSlot **rows;
    int capacity, count;
};

Appender begin_append(const OpenLog &log, int expected_rows);
void write_rows(Appender &appender);
void take_row(Appender &appender, const NullableDatum *values);
void end_append(Appender &appender);

// Appends a row whose values fill(values) sets, in memory that lives long enough.
template <typename Fill>
void append_row(Appender &appender, Fill fill) {
    if (appender.count == appender.capacity) write_rows(appender);
    NullableDatum values[kLogColumns];
    MemoryContext caller = MemoryContextSwitchTo(appender.memory);
    fill(values);
    MemoryContextSwitchTo(caller);
    take_row(appender, values);
}

}  // namespace stockflow
