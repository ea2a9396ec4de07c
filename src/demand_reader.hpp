// Reading the daily demand of many products in warehouses from what the ledger keeps per day.
#pragma once

#include "core/planning/days.hpp"
#include "core/search.hpp"
#include "ledger.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

inline constexpr int kMaxHistory = 3650;  // days

// What a company's days depend on.
struct DemandCompany {
    int64 company_id;
    pg_tz *zone;
    DateADT today;
    bool always_available;  // stock may go below zero, so a sale never fails
};

// False for an unknown company. Runs inside SPI.
bool load_demand_company(int64 company_id, DemandCompany *company);

// Products in warehouses, ordered by key.
struct PairKeys {
    std::int64_t *products, *warehouses;
    int count;
};

// Takes the keys from a result whose first two columns they are, into the current memory.
PairKeys read_keys(uint64 rows);

// Keys of a company that have ever sold and may sell again, and of one product or warehouse if
// these are given. Runs inside SPI.
PairKeys load_keys(int64 company_id, NullableDatum product_id, NullableDatum warehouse_id);

// What is to be read: the days up to yesterday, history_days of them at most.
struct DemandWindow {
    const DemandCompany *company;
    int history_days;
    bool mask_stockouts;  // days on which nothing could be sold are missing, not 0
    spi::Mode mode;       // of a function that writes, what it sees is what is there by now

    DateADT first_day() const { return company->today - history_days; }
};

// One product in one warehouse. The arrays belong to the reader and change with the next pair.
struct PairDemand {
    StockKey key;
    int64 version;
    std::int64_t on_hand, yesterday;  // now, and at the end of yesterday
    const DayTotals *days;            // of the whole window
    DateADT first_day;                // of the demand, which ends yesterday; it may have no day
    planning::DailyDemand demand;
    int days_in_stock;  // before missing days were filled
};

// Room for one pair at a time.
struct PairBuffer {
    DayTotals *days;
    double *units;
    bool *available;
};
PairBuffer make_pair_buffer(const DemandWindow &window);

// A row of the statement below, made into a pair.
PairDemand read_pair(const DemandWindow &window, const PairBuffer &buffer, const spi::Row &row);

spi::Statement &pair_statement();

// Calls visit(PairDemand) for each key that has a row of inventory, in order. Statements that visit
// runs need an SPI connection of their own; what it allocates is freed.
template <typename Visit>
void for_each_pair(const DemandWindow &window, const PairKeys &keys, Visit visit) {
    constexpr int kChunk = 256;
    const PairBuffer buffer = make_pair_buffer(window);
    for (int from = 0; from < keys.count; from += kChunk) {
        const int count = Min(kChunk, keys.count - from);
        spi::Parameters parameters;
        parameters.bigint(window.company->company_id)
            .datum(bigint_array(keys.products + from, count))
            .datum(bigint_array(keys.warehouses + from, count))
            .datum(DateADTGetDatum(window.first_day()));
        MemoryContext each =
            AllocSetContextCreate(CurrentMemoryContext, "stockflow pair", ALLOCSET_DEFAULT_SIZES);
        spi::for_each(pair_statement(), parameters, window.mode, [&](const spi::Row &row) {
            CHECK_FOR_INTERRUPTS();
            MemoryContext outer = MemoryContextSwitchTo(each);
            visit(read_pair(window, buffer, row));
            MemoryContextSwitchTo(outer);
            MemoryContextReset(each);
        });
        MemoryContextDelete(each);
    }
}

}  // namespace stockflow
