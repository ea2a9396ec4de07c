// The rules are in a row each of companies, products and warehouses. Joining the three by SQL took
// a seventh of a sale, so they are remembered (row_memory.hpp) while those rows stay as they are.
#include "rules.hpp"

#include "company_lock.hpp"
#include "row_memory.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

#define STOCKFLOW_RULE_COLUMNS                                                       \
    "c.timezone, c.allow_negative_stock, p.whole_units, p.is_bundle, p.is_stocked,"  \
    " c.deleted_at IS NOT NULL, p.deleted_at IS NOT NULL, w.deleted_at IS NOT NULL," \
    " p.sku, w.name, p.tracks_lots, c.tamper_evident, c.reorder_point"
constexpr int kRuleColumns = 13;

spi::Statement rules_query = {
    "SELECT " STOCKFLOW_RULE_COLUMNS
    ", c.tableoid, c.ctid, c.xmin, p.tableoid, p.ctid, p.xmin, w.tableoid, w.ctid, w.xmin"
    "  FROM stockflow.companies c"
    "  JOIN stockflow.products p ON p.company_id = c.company_id AND p.product_id = $2"
    "  JOIN stockflow.warehouses w ON w.company_id = c.company_id AND w.warehouse_id = $3"
    " WHERE c.company_id = $1",
    3,
    {INT8OID, INT8OID, INT8OID},
    nullptr};

spi::Statement many_rules_query = {
    "SELECT " STOCKFLOW_RULE_COLUMNS
    ", k.n"
    "  FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS k(product_id, warehouse_id, n)"
    "  JOIN stockflow.companies c ON c.company_id = $1"
    "  JOIN stockflow.products p ON p.company_id = $1 AND p.product_id = k.product_id"
    "  JOIN stockflow.warehouses w ON w.company_id = $1 AND w.warehouse_id = k.warehouse_id",
    3,
    {INT8OID, INT8ARRAYOID, INT8ARRAYOID},
    nullptr};

spi::Statement company_query = {
    "SELECT c.timezone, c.allow_negative_stock, c.deleted_at IS NOT NULL, c.tamper_evident,"
    " c.reorder_point, c.tableoid, c.ctid, c.xmin"
    "  FROM stockflow.companies c WHERE c.company_id = $1",
    1,
    {INT8OID},
    nullptr};

// The company that the running statement changes; mostly there is but one.
struct CompanyZone {
    uint64 statement;
    int64 company_id;
    pg_tz *zone;
} last_zone = {PG_UINT64_MAX, 0, nullptr};

// For messages. Rules with longer names are read anew each time.
using Name = char[32];

struct CompanyRules {
    pg_tz *zone;
    bool allow_negative, deleted, tamper_evident;
    OptionalQuantity reorder_point;
};
struct ProductRules {
    bool whole_units, is_bundle, is_stocked, tracks_lots, deleted;
    Name sku;
};
struct WarehouseRules {
    bool deleted;
    Name name;
};

// At most 2 MB, as far as they are used.
RowMemory<CompanyRules, 512> companies;
RowMemory<ProductRules, 16384> products;
RowMemory<WarehouseRules, 512> warehouses;

OptionalQuantity read_point(const spi::Row &row, int column) {
    return to_optional_quantity(row.get(column), "reorder_point");
}

StockRules read_rules(const spi::Row &row, MemoryContext caller) {
    StockRules rules = {};
    rules.found = true;
    rules.zone = find_time_zone(row.string(1));
    rules.allow_negative = row.boolean(2);
    rules.whole_units = row.boolean(3);
    rules.is_bundle = row.boolean(4);
    rules.is_stocked = row.boolean(5);
    rules.company_deleted = row.boolean(6);
    rules.product_deleted = row.boolean(7);
    rules.warehouse_deleted = row.boolean(8);
    rules.sku = MemoryContextStrdup(caller, row.string(9));
    rules.warehouse = MemoryContextStrdup(caller, row.string(10));
    rules.tracks_lots = row.boolean(11);
    return rules;
}

void remember(const StockKey &key, const StockRules &rules, const spi::Row &row) {
    if (strlen(rules.sku) >= sizeof(Name) || strlen(rules.warehouse) >= sizeof(Name)) return;
    const CompanyRules company = {rules.zone, rules.allow_negative, rules.company_deleted,
                                  row.boolean(kRuleColumns - 1), read_point(row, kRuleColumns)};
    ProductRules product = {rules.whole_units, rules.is_bundle,       rules.is_stocked,
                            rules.tracks_lots, rules.product_deleted, {}};
    WarehouseRules warehouse = {rules.warehouse_deleted, {}};
    strlcpy(product.sku, rules.sku, sizeof(Name));
    strlcpy(warehouse.name, rules.warehouse, sizeof(Name));
    companies.remember(key.company_id, 0, row, kRuleColumns + 1, company);
    products.remember(key.company_id, key.product_id, row, kRuleColumns + 4, product);
    warehouses.remember(key.company_id, key.warehouse_id, row, kRuleColumns + 7, warehouse);
}

// Rules that are remembered and still hold; else not found.
StockRules recall(const StockKey &key) {
    StockRules rules = {};
    const CompanyRules *company = companies.find(key.company_id, 0);
    const ProductRules *product = products.find(key.company_id, key.product_id);
    const WarehouseRules *warehouse = warehouses.find(key.company_id, key.warehouse_id);
    if (company == nullptr || product == nullptr || warehouse == nullptr) return rules;
    rules.found = true;
    rules.zone = company->zone;
    rules.allow_negative = company->allow_negative;
    rules.company_deleted = company->deleted;
    rules.whole_units = product->whole_units;
    rules.is_bundle = product->is_bundle;
    rules.is_stocked = product->is_stocked;
    rules.tracks_lots = product->tracks_lots;
    rules.product_deleted = product->deleted;
    rules.sku = pstrdup(product->sku);
    rules.warehouse_deleted = warehouse->deleted;
    rules.warehouse = pstrdup(warehouse->name);
    return rules;
}

// The rules of a company as they are now; false without such a company.
bool find_company(int64 company_id, CompanyRules *rules) {
    const bool known = with_newest_rows([&] {
        const CompanyRules *company = companies.find(company_id, 0);
        if (company != nullptr) *rules = *company;
        return company != nullptr;
    });
    if (known) return true;
    return spi::connected([&] {
        spi::Parameters parameters;
        parameters.bigint(company_id);
        if (spi::run_latest(company_query, parameters) == 0) return false;
        const spi::Row row(0);
        *rules = {find_time_zone(row.string(1)), row.boolean(2), row.boolean(3), row.boolean(4),
                  read_point(row, 5)};
        companies.remember(company_id, 0, row, 6, *rules);
        return true;
    });
}

}  // namespace

StockRules load_rules(const StockKey &key) {
    const StockRules known = with_newest_rows([&] { return recall(key); });
    if (known.found) return known;
    MemoryContext caller = CurrentMemoryContext;
    return spi::connected([&] {
        spi::Parameters parameters;
        parameters.bigint(key.company_id).bigint(key.product_id).bigint(key.warehouse_id);
        if (spi::run_latest(rules_query, parameters) == 0) return StockRules{};
        const spi::Row row(0);
        const StockRules rules = read_rules(row, caller);
        remember(key, rules, row);
        return rules;
    });
}

void load_rules(int64 company_id, const std::int64_t *product_ids,
                const std::int64_t *warehouse_ids, int count, StockRules *rules) {
    MemoryContext caller = CurrentMemoryContext;
    for (int i = 0; i < count; i++) rules[i] = {};
    spi::connected([&] {
        spi::Parameters parameters;
        parameters.bigint(company_id)
            .datum(bigint_array(product_ids, count))
            .datum(bigint_array(warehouse_ids, count));
        const uint64 found = spi::run_latest(many_rules_query, parameters);
        for (uint64 i = 0; i < found; i++) {
            CHECK_FOR_INTERRUPTS();
            const spi::Row row(i);
            rules[row.bigint(kRuleColumns + 1) - 1] = read_rules(row, caller);
        }
    });
}

NullableDatum company_reorder_point(int64 company_id) {
    CompanyRules company = {};
    if (!find_company(company_id, &company)) return null_datum();
    return from_optional_quantity(company.reorder_point);
}

bool is_sealed(int64 company_id) {
    CompanyRules company;
    return find_company(company_id, &company) && company.tamper_evident;
}

pg_tz *zone_of_company(int64 company_id) {
    if (last_zone.statement == current_statement() && last_zone.company_id == company_id) {
        return last_zone.zone;
    }
    hold_rules_if_free(company_id);
    CompanyRules company;
    pg_tz *zone = find_company(company_id, &company) ? company.zone : nullptr;
    last_zone = {current_statement(), company_id, zone};
    return zone;
}

}  // namespace stockflow
