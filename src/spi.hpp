// SQL from C++: statements whose plans are kept for the session, and access to their rows.
//
// Statement texts are constants with every name qualified; the functions that run them have a
// fixed search_path, so operators and types resolve to pg_catalog.
#pragma once

#include <type_traits>

#include "entry.hpp"
#include "values.hpp"

namespace stockflow::spi {

inline constexpr int kMaxParameters = 40;

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

// Rows for a statement that takes an array per column.
template <int columns>
class ColumnArrays {
  public:
    explicit ColumnArrays(int capacity) {
        for (int column = 0; column < columns; column++) {
            values_[column] = allocate<Datum>(Max(capacity, 1));
            nulls_[column] = allocate<bool>(Max(capacity, 1));
        }
    }
    void add(const NullableDatum (&row)[columns]) {
        for (int column = 0; column < columns; column++) {
            values_[column][count_] = row[column].value;
            nulls_[column][count_] = row[column].isnull;
        }
        count_++;
    }
    void append_to(Parameters &parameters, const Oid (&types)[columns]) const {
        for (int column = 0; column < columns; column++) {
            parameters.datum(array_of(types[column], values_[column], nulls_[column], count_));
        }
    }
    int count() const { return count_; }

  private:
    Datum *values_[columns];
    bool *nulls_[columns];
    int count_ = 0;
};

enum class Mode { read, write };

// Runs a statement and returns the number of rows; they are in SPI_tuptable.
uint64 run(Statement &statement, Parameters &parameters, Mode mode);

// The same on the newest committed state also under REPEATABLE READ, where a row that the
// transaction's snapshot cannot see but the statement would change raises 40001.
uint64 run_latest(Statement &statement, Parameters &parameters);

// One row of a result; columns count from 1.
class Row {
  public:
    // Of SPI_tuptable.
    explicit Row(uint64 index) : values_(own_values_), nulls_(own_nulls_) {
        check_width(SPI_tuptable->tupdesc->natts);
        heap_deform_tuple(SPI_tuptable->vals[index], SPI_tuptable->tupdesc, own_values_,
                          own_nulls_);
    }
    // Of a stream; values are valid during the visit.
    explicit Row(const TupleTableSlot &slot) : values_(slot.tts_values), nulls_(slot.tts_isnull) {}
    Row(const Row &) = delete;

    NullableDatum get(int column) const {
        NullableDatum result;
        result.value = values_[column - 1];
        result.isnull = nulls_[column - 1];
        return result;
    }
    bool is_null(int column) const { return nulls_[column - 1]; }
    int64 bigint(int column) const { return DatumGetInt64(values_[column - 1]); }
    int32 integer(int column) const { return DatumGetInt32(values_[column - 1]); }
    bool boolean(int column) const { return DatumGetBool(values_[column - 1]); }
    TimestampTz time(int column) const { return DatumGetTimestampTz(values_[column - 1]); }
    const char *string(int column) const {  // null for NULL
        return is_null(column) ? nullptr : TextDatumGetCString(values_[column - 1]);
    }

  private:
    static constexpr int kMaxColumns = 24;
    static void check_width(int columns) {
        if (columns > kMaxColumns) elog(ERROR, "a row has more than %d columns", kMaxColumns);
    }
    const Datum *values_;
    const bool *nulls_;
    Datum own_values_[kMaxColumns];
    bool own_nulls_[kMaxColumns];
};

// Where the rows of a stream go: each to the visit, in memory that is emptied now and then.
template <typename Visit>
struct Receiver {
    DestReceiver base;
    Visit *visit;
    MemoryContext memory;
    int waiting;

    static bool receive(TupleTableSlot *slot, DestReceiver *self) {
        constexpr int kBatch = 1000;
        auto *receiver = reinterpret_cast<Receiver *>(self);
        slot_getallattrs(slot);
        MemoryContext caller = MemoryContextSwitchTo(receiver->memory);
        // An exception must not pass through the server's frames.
        guarded([&] { (*receiver->visit)(Row(*slot)); });
        MemoryContextSwitchTo(caller);
        if (++receiver->waiting == kBatch) {
            MemoryContextReset(receiver->memory);
            receiver->waiting = 0;
        }
        return true;
    }
    static void begin(DestReceiver *, int, TupleDesc) {}
    static void end(DestReceiver *) {}
};

// Runs a query into a receiver.
void run_into(Statement &statement, Parameters &parameters, Mode mode, DestReceiver *receiver);

// Calls visit for every row of a query, without holding the rows in memory; what visit allocates is
// freed in batches. Statements that visit runs need an SPI connection of their own. Mode::write
// here means on a new snapshot, which a trigger needs that may have waited for others.
template <typename Visit>
void for_each(Statement &statement, Parameters &parameters, Mode mode, Visit visit) {
    Receiver<Visit> receiver = {};
    receiver.base.receiveSlot = Receiver<Visit>::receive;
    receiver.base.rStartup = Receiver<Visit>::begin;
    receiver.base.rShutdown = receiver.base.rDestroy = Receiver<Visit>::end;
    receiver.base.mydest = DestNone;
    receiver.visit = &visit;
    receiver.memory =
        AllocSetContextCreate(CurrentMemoryContext, "stockflow rows", ALLOCSET_DEFAULT_SIZES);
    run_into(statement, parameters, mode, &receiver.base);
    MemoryContextDelete(receiver.memory);
}

}  // namespace stockflow::spi
