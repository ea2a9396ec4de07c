#include "inventory_row.hpp"
#include "core/quantity.hpp"
#include "expired.hpp"
#include "lots.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

uint32 hash_column(const RowValues &row, int column) {
    const NullableDatum value = row.at(column);
    if (value.isnull) return 0;
    if (TupleDescAttr(row.desc, column - 1)->attbyval) {
        return hash_bytes(reinterpret_cast<const unsigned char *>(&value.value), sizeof(Datum));
    }
    const struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value.value);
    return hash_bytes(reinterpret_cast<const unsigned char *>(VARDATA_ANY(bytes)),
                      static_cast<int>(VARSIZE_ANY_EXHDR(bytes)));
}

}  // namespace

void insufficient(const StockRules &rules, std::int64_t had, std::int64_t change,
                  const char *measure) {
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("insufficient stock for product \"%s\" in warehouse \"%s\"", rules.sku,
                           rules.warehouse),
                    errdetail("%s is %s, requested %s.", measure, numeric_text(from_quantity(had)),
                              numeric_text(from_quantity(-change))),
                    errhint("Receive stock first, or let the company go negative with "
                            "companies.allow_negative_stock.")));
    pg_unreachable();
}

void broken_unit(const StockRules &rules, std::int64_t quantity) {
    ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                    errmsg("product \"%s\" comes in whole units only", rules.sku),
                    errdetail("The quantity would be %s.", numeric_text(from_quantity(quantity))),
                    errhint("Set products.whole_units to false to allow fractions.")));
    pg_unreachable();
}

namespace {

// Where each column is, by its name.
struct NamedColumn {
    int Columns::*number;
    const char *name;
};
constexpr NamedColumn kNamed[] = {
    {&Columns::company, "company_id"},
    {&Columns::product, "product_id"},
    {&Columns::warehouse, "warehouse_id"},
    {&Columns::quantity, "quantity"},
    {&Columns::reserved, "reserved"},
    {&Columns::on_order, "on_order"},
    {&Columns::in_transit, "in_transit"},
    {&Columns::reorder_point, "reorder_point"},
    {&Columns::version, "version"},
    {&Columns::effective, "effective_reorder_point"},
    {&Columns::sold, "last_sold_at"},
    {&Columns::recent, "recent_days"},
    {&Columns::low, "is_low"},
    {&Columns::urgency, "urgency"},
    {&Columns::hash, "chain_hash"},
    {&Columns::dynamic_point, "dynamic_reorder_point"},
    {&Columns::dynamic_quantity, "dynamic_order_quantity"},
};

bool still_holds(const Columns &columns, TupleDesc desc) {
    for (const NamedColumn &column : kNamed) {
        const int number = columns.*column.number;
        if (number < 1 || number > desc->natts) return false;
        const Form_pg_attribute attribute = TupleDescAttr(desc, number - 1);
        if (attribute->attisdropped || strcmp(NameStr(attribute->attname), column.name) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace

Columns columns_of(Relation relation) {
    static Columns columns = {};  // mostly they are where they were the last time
    if (!still_holds(columns, RelationGetDescr(relation))) {
        for (const NamedColumn &column : kNamed) {
            columns.*column.number = column_number(relation, column.name);
        }
    }
    return columns;
}

Balance read_balance(const RowValues &row, const Columns &columns) {
    Balance balance = {};
    const NullableDatum company = row.at(columns.company);
    const NullableDatum product = row.at(columns.product);
    const NullableDatum warehouse = row.at(columns.warehouse);
    const NullableDatum quantity = row.at(columns.quantity);
    if (company.isnull || product.isnull || warehouse.isnull || quantity.isnull) return balance;
    balance.complete = true;
    balance.key = {DatumGetInt64(company.value), DatumGetInt64(product.value),
                   DatumGetInt64(warehouse.value)};
    balance.quantity = to_quantity(quantity.value, "quantity");
    const NullableDatum reserved = row.at(columns.reserved);
    balance.reserved = reserved.isnull ? 0 : to_quantity(reserved.value, "reserved");
    const NullableDatum version = row.at(columns.version);
    balance.version = version.isnull ? 0 : DatumGetInt64(version.value);
    return balance;
}

bool is_low(const Balance &balance, NullableDatum reorder_point) {
    const OptionalQuantity point = to_optional_quantity(reorder_point, "reorder_point");
    return point.set && balance.quantity - balance.reserved <= point.value;
}

void check_balance(const StockRules &rules, const Balance &before, const Balance &after,
                   bool needs_available) {
    if (!rules.found) return;  // the foreign keys will say so
    if (after.quantity != 0 && (rules.is_bundle || !rules.is_stocked)) {
        ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
                        errmsg("product \"%s\" holds no stock of its own", rules.sku),
                        errdetail("It is a %s.", rules.is_bundle ? "bundle" : "service"),
                        rules.is_bundle ? errhint("Move its components instead.") : 0));
    }
    if (rules.whole_units && !is_whole(after.quantity)) broken_unit(rules, after.quantity);
    const std::int64_t change = after.quantity - before.quantity;
    if (rules.allow_negative || change >= 0) return;
    const std::int64_t spoiled = needs_available ? spoiled_now(rules, after.key) : 0;
    if (needs_available && after.quantity < after.reserved + spoiled) {
        // Only now it matters whether some of what is reserved has expired.
        const std::int64_t reserved = after.reserved - expired_now(after.key);
        if (after.quantity < reserved + spoiled) {
            insufficient(rules, before.quantity - reserved - spoiled, change, "Available");
        }
    }
    if (after.quantity < 0) insufficient(rules, before.quantity, change, "On hand");
}

NegativeAmount check_amounts(const RowValues *before, const RowValues &after,
                             const Columns &columns) {
    const int amounts[] = {columns.reserved, columns.on_order, columns.in_transit,
                           columns.reorder_point};
    NegativeAmount first = {nullptr, 0};
    for (const int column : amounts) {
        if (before != nullptr && !column_changed(*before, after, column)) continue;
        const char *name = NameStr(TupleDescAttr(after.desc, column - 1)->attname);
        const OptionalQuantity amount = to_optional_quantity(after.at(column), name);
        if (first.name == nullptr && amount.set && amount.value < 0) first = {name, amount.value};
    }
    return first;
}

void refuse_negative(const NegativeAmount &amount) {
    if (amount.name == nullptr) return;
    ereport(ERROR,
            (errcode(ERRCODE_CHECK_VIOLATION), errmsg("%s must not be negative: %s", amount.name,
                                                      numeric_text(from_quantity(amount.value)))));
}

uint32 fingerprint(const RowValues &row, const Columns &columns) {
    uint32 hash = hash_column(row, columns.version);
    hash = hash_combine(hash, hash_column(row, columns.effective));
    hash = hash_combine(hash, hash_column(row, columns.sold));
    hash = hash_combine(hash, hash_column(row, columns.low));
    hash = hash_combine(hash, hash_column(row, columns.urgency));
    hash = hash_combine(hash, hash_column(row, columns.hash));
    return hash_combine(hash, hash_column(row, columns.recent));
}

Movement plain_movement(std::int64_t delta) {
    Movement movement = {};
    movement.delta = delta;
    movement.reason = "adjustment";
    movement.occurred_at = GetCurrentTransactionStartTimestamp();
    movement.unit_cost = null_datum();
    return movement;
}

}  // namespace stockflow
