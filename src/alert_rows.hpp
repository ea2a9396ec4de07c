// Gathering low-stock alerts: candidates, their demand, their suppliers.
#pragma once

#include "core/alert.hpp"
#include "core/recent_days.hpp"
#include "expired.hpp"
#include "pg.hpp"
#include "warehouses.hpp"

namespace stockflow {

inline constexpr int kMaxLookback = 3650;
inline constexpr int kDefaultLookback = 30;  // as declared for low_stock_alerts

struct AlertOptions {
    int64 company_id;
    NullableDatum warehouse_id;
    NullableDatum product_id;  // of bundles only
    int lookback_days;
    bool include_bundles, include_stockouts, recent_sales_only;
    int max_alerts;
    bool count_all;  // also the alerts beyond max_alerts
};

// The company as alerts see it.
struct AlertCompany {
    int64 company_id;
    pg_tz *zone;
    DateADT from, today;  // the demand window
    OptionalQuantity reorder_point;
    int cover_days;
    Expired expired;  // reservations that inventory still counts
    Expired spoiled;  // lots that have expired
};

// A product in a warehouse that is at or below its reorder point.
struct Candidate {
    int64 product_id, warehouse_id;
    Datum product_name, sku, warehouse_name;  // text, in the memory of SPI
    std::int64_t current_stock, reserved, on_order, in_transit, available;
    Threshold threshold;
    NullableDatum recent;  // packed; kept where a longer window needs it
    bool demand_known;     // false: the window is longer than that
    DemandSummary demand;
    NullableDatum last_sold_at;
    OptionalQuantity order_up_to, order_quantity;
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
    Candidate *candidate;
    int days_until_stockout;
    const Supplier *supplier;  // null: none
    NullableDatum suggested_quantity, order_target;
};

struct Alerts {
    Alert *rows;  // most urgent first
    int count;
    int total;  // where count_all, also of those that max_alerts leaves out
};

// Works out the alerts of a company; runs inside SPI and allocates there. An unknown or deleted
// company has none.
Alerts gather_alerts(const AlertOptions &options);

// The same for given keys, low or not: what is known of each, and the verdict.
struct Judged {
    Candidate *candidate;
    AlertInput input;
};

// Figures of the keys that have a row of inventory of a live product in an open warehouse, ordered
// by key. Runs inside SPI. Returns false for an unknown or deleted company.
struct JudgedList {
    AlertCompany company;
    Judged *rows;
    int count;
};
bool judge_keys(const AlertOptions &options, Datum products, Datum warehouses, JudgedList *list);

// The alert that a candidate is or would be, with the supplier and the quantity to order.
Alert complete_alert(const AlertOptions &options, const AlertCompany &company,
                     Candidate &candidate);
OrderInput order_input(const Alert &alert, const AlertCompany &company);

// Demand per day over a number of days, to six decimals; NULL for no days.
NullableDatum daily_average(std::int64_t demand, int days);

// Steps of gathering, in files of their own.
struct CandidateList {
    Candidate *rows;
    int count, capacity;
};
Candidate &append(CandidateList &list);

// Reads a company as alerts see it; false: there is none, or it is deleted.
bool load_company(const AlertOptions &options, AlertCompany *company);

// The few rows that many candidates share, ordered by id.
struct SharedRows {
    Warehouses warehouses;
    int64 *categories;  // those with a reorder point
    int category_count;
};
SharedRows load_shared_rows(const AlertOptions &options);

// The first column of SPI_tuptable.
int64 *read_ids(int count);

// Adds the rows of inventory marked low of some classes of urgency, but for those that hold expired
// lots: these can be low without being marked, and more urgent than they are marked.
void load_low_candidates(const AlertOptions &options, const AlertCompany &company,
                         const SharedRows &shared, int first_class, int last_class,
                         CandidateList &list);
void load_spoiled_candidates(const AlertCompany &company, const SharedRows &shared,
                             CandidateList &list);
// Those of given keys, low or not.
void load_key_candidates(const AlertCompany &company, const SharedRows &shared, Datum products,
                         Datum warehouses, CandidateList &list);

// Demand in the window from recent_days, where these reach back far enough.
RecentDays recent_of(const AlertCompany &company, const Candidate &candidate);
void read_recent_demand(const AlertCompany &company, NullableDatum packed, std::int64_t on_hand,
                        Candidate &candidate);
void add_bundles(const AlertOptions &options, const AlertCompany &company, CandidateList &list);
void read_demand_history(const AlertOptions &options, const AlertCompany &company,
                         CandidateList &list);
Supplier *load_suppliers(int64 company_id, const Alert *alerts, int alert_count, int *count);

}  // namespace stockflow
