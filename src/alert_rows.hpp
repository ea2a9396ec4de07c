// Gathering low-stock alerts: candidates, their demand, their suppliers.
#pragma once

#include "core/alert.hpp"
#include "core/recent_days.hpp"
#include "pg.hpp"

namespace stockflow {

struct AlertOptions {
    int64 company_id;
    NullableDatum warehouse_id;
    int lookback_days;
    bool include_bundles, include_stockouts, recent_sales_only;
    int max_alerts;
};

// The company as alerts see it.
struct AlertCompany {
    pg_tz *zone;
    DateADT from, today;  // the demand window
    OptionalQuantity reorder_point;
    int cover_days;
};

// A product in a warehouse that is at or below its reorder point.
struct Candidate {
    int64 product_id, warehouse_id;
    Datum product_name, sku, warehouse_name;  // text, in the memory of SPI
    std::int64_t current_stock, reserved, on_order, in_transit, available;
    Threshold threshold;
    bool demand_known;  // false: the window is longer than the row remembers
    DemandSummary demand;
    NullableDatum last_sold_at;
    OptionalQuantity order_up_to;
    bool whole_units, is_bundle;
    NullableDatum limiting_id, limiting_sku;  // of a bundle
};

struct Supplier {
    int64 product_id;
    SupplierOffer offer;
    Datum name;
    NullableDatum contact_email, unit_cost, lead_time_days;
    NullableDatum min_order_quantity, pack_size;
};

struct Alert {
    const Candidate *candidate;
    int days_until_stockout;
    const Supplier *supplier;  // null: none
    NullableDatum suggested_quantity, order_target;
};

struct Alerts {
    Alert *rows;  // most urgent first
    int count;
    int total;  // also of those that max_alerts leaves out
};

// Works out the alerts of a company; runs inside SPI and allocates there. An unknown or deleted
// company has none.
Alerts gather_alerts(const AlertOptions &options);

// Steps of gathering, in files of their own.
struct CandidateList {
    Candidate *rows;
    int count, capacity;
};
Candidate &append(CandidateList &list);

// Demand in the window from recent_days, where these reach back far enough.
void read_recent_demand(const AlertCompany &company, NullableDatum packed, std::int64_t on_hand,
                        Candidate &candidate);
void add_bundles(const AlertOptions &options, const AlertCompany &company, CandidateList &list);
void read_demand_from_ledger(const AlertOptions &options, const AlertCompany &company,
                             CandidateList &list);
Supplier *load_suppliers(int64 company_id, const Alert *alerts, int alert_count, int *count);

}  // namespace stockflow
