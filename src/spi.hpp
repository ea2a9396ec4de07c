// SQL from C++: statements whose plans are kept for the session, and access to their rows.
//
// Statement texts are constants with every name qualified; the functions that run them have a
// fixed search_path, so operators and types resolve to pg_catalog.
#pragma once

#include <type_traits>

#include "pg.hpp"

namespace stockflow::spi {

inline constexpr int kMaxParameters = 16;

// A constant statement, prepared at its first use and kept; plain data, so it can be a static.
struct Statement {
    const char *sql;
    int parameter_count;
    Oid types[kMaxParameters];
    SPIPlanPtr plan;
};

// Runs body between SPI_connect and SPI_finish. An error in between is cleaned up by the server.
template <typename Body>
auto connected(Body body) -> decltype(body()) {
    SPI_connect();
    if constexpr (std::is_void_v<decltype(body())>) {
        body();
        SPI_finish();
    } else {
        auto result = body();
        SPI_finish();
        return result;
    }
}

// The values of one execution, in order; a null is given by null().
class Parameters {
  public:
    Parameters &bigint(int64 value) { return datum(Int64GetDatum(value)); }
    Parameters &integer(int32 value) { return datum(Int32GetDatum(value)); }
    Parameters &boolean(bool value) { return datum(BoolGetDatum(value)); }
    Parameters &string(const char *value) {
        return value == nullptr ? null() : datum(CStringGetTextDatum(value));
    }
    Parameters &time(TimestampTz value) { return datum(TimestampTzGetDatum(value)); }
    Parameters &optional(NullableDatum value) { return value.isnull ? null() : datum(value.value); }
    Parameters &datum(Datum value) {
        values_[count_] = value;
        nulls_[count_++] = ' ';
        return *this;
    }
    Parameters &null() {
        values_[count_] = 0;
        nulls_[count_++] = 'n';
        return *this;
    }
    Datum *values() { return values_; }
    const char *nulls() const { return nulls_; }

  private:
    int count_ = 0;
    Datum values_[kMaxParameters];
    char nulls_[kMaxParameters];
};

enum class Mode { read, write };

// Runs a statement and returns the number of rows; they are in SPI_tuptable.
uint64 run(Statement &statement, Parameters &parameters, Mode mode);

// The same on the newest committed state also under REPEATABLE READ, where a row that the
// transaction's snapshot cannot see but the statement would change raises 40001.
uint64 run_latest(Statement &statement, Parameters &parameters);

// A cursor over a query, for results that should not be held in memory at once. Mode::write here
// means on a new snapshot, which a trigger needs that may have waited for others.
Portal open_cursor(Statement &statement, Parameters &parameters, Mode mode);

// Calls visit for every row of a cursor, and closes it; what visit allocates is freed in batches.
template <typename Visit>
void for_each(Portal cursor, Visit visit);

// One row of SPI_tuptable; columns count from 1.
class Row {
  public:
    explicit Row(uint64 index) : tuple_(SPI_tuptable->vals[index]), desc_(SPI_tuptable->tupdesc) {}
    NullableDatum get(int column) const {
        NullableDatum result;
        result.value = SPI_getbinval(tuple_, desc_, column, &result.isnull);
        return result;
    }
    bool is_null(int column) const { return get(column).isnull; }
    int64 bigint(int column) const { return DatumGetInt64(get(column).value); }
    int32 integer(int column) const { return DatumGetInt32(get(column).value); }
    bool boolean(int column) const { return DatumGetBool(get(column).value); }
    TimestampTz time(int column) const { return DatumGetTimestampTz(get(column).value); }
    const char *string(int column) const {  // null for NULL
        const NullableDatum value = get(column);
        return value.isnull ? nullptr : TextDatumGetCString(value.value);
    }

  private:
    HeapTuple tuple_;
    TupleDesc desc_;
};

template <typename Visit>
void for_each(Portal cursor, Visit visit) {
    MemoryContext batch =
        AllocSetContextCreate(CurrentMemoryContext, "stockflow rows", ALLOCSET_DEFAULT_SIZES);
    for (;;) {
        SPI_cursor_fetch(cursor, true, 1000);
        if (SPI_processed == 0) break;
        MemoryContext caller = MemoryContextSwitchTo(batch);
        for (uint64 i = 0; i < SPI_processed; i++) {
            CHECK_FOR_INTERRUPTS();
            visit(Row(i));
        }
        MemoryContextSwitchTo(caller);
        MemoryContextReset(batch);
        SPI_freetuptable(SPI_tuptable);
    }
    SPI_cursor_close(cursor);
    MemoryContextDelete(batch);
}

}  // namespace stockflow::spi
