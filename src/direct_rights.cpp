#include "direct_rights.hpp"

#include <cstring>
#include <initializer_list>

#include "module.hpp"
#include "row_writer.hpp"

namespace stockflow {

namespace {

constexpr const char *kOurTriggers[] = {"zz_ledger_accept", "aa_ledger_record", "aa_ledger_write"};
constexpr int kOurTriggerCount = 3;

bool is_ours(const Trigger &trigger) {
    if (trigger.tgenabled != TRIGGER_FIRES_ON_ORIGIN) return false;
    for (const char *name : kOurTriggers) {
        if (strcmp(trigger.tgname, name) == 0) return true;
    }
    return false;
}

// A foreign key has nothing to check while its columns stay (keeps_references). (A deferred one may
// have to check the insertion that this change would hide.)
bool is_foreign_key(const Trigger &trigger) {
    return trigger.tgisinternal && !trigger.tgdeferrable &&
           RI_FKey_trigger_type(trigger.tgfoid) != RI_TRIGGER_NONE;
}

// Our triggers, all of them, and no other that an UPDATE fires. Citus marks its tables by a trigger
// for TRUNCATE.
bool only_our_triggers(const TriggerDesc *triggers) {
    if (triggers == nullptr || SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA) {
        return false;
    }
    int ours = 0;
    for (int i = 0; i < triggers->numtriggers; i++) {
        const Trigger &trigger = triggers->triggers[i];
        if (TRIGGER_FOR_UPDATE(trigger.tgtype)) {
            if (is_ours(trigger)) {
                ours++;
            } else if (!is_foreign_key(trigger)) {
                return false;
            }
        }
        if (TRIGGER_FOR_TRUNCATE(trigger.tgtype) && strcmp(trigger.tgname, "truncate_guard") != 0) {
            return false;
        }
    }
    return ours == kOurTriggerCount;
}

bool is_moved(AttrNumber column, const Columns &columns) {
    const int moved[] = {columns.quantity, columns.version, columns.sold, columns.recent,
                         columns.low,      columns.urgency, columns.hash};
    for (const int number : moved) {
        if (column == number) return true;
    }
    return false;
}

// Whether a unique index, which other tables may refer to, has a column that a movement changes.
bool moves_a_key(Relation inventory, const Columns &columns) {
    const Bitmapset *keys = RelationGetIndexAttrBitmap(inventory, INDEX_ATTR_BITMAP_KEY);
    for (int i = -1; (i = bms_next_member(keys, i)) >= 0;) {
        if (is_moved(i + FirstLowInvalidHeapAttributeNumber, columns)) return true;
    }
    return false;
}

bool is_referred_to(const TriggerDesc *triggers) {
    for (int i = 0; i < triggers->numtriggers; i++) {
        if (RI_FKey_trigger_type(triggers->triggers[i].tgfoid) == RI_TRIGGER_PK) return true;
    }
    return false;
}

// No foreign key, from here or to here, is on a column that a movement changes.
bool keeps_references(Relation inventory, const Columns &columns) {
    ListCell *cell;
    foreach (cell, RelationGetFKeyList(inventory)) {
        const auto *key = static_cast<const ForeignKeyCacheInfo *>(lfirst(cell));
        for (int i = 0; i < key->nkeys; i++) {
            if (is_moved(key->conkey[i], columns)) return false;
        }
    }
    return !is_referred_to(inventory->trigdesc) || !moves_a_key(inventory, columns);
}

// Also no rounding, NULL where it may come to that, and a heap, whose versions are looked at.
bool stores_what_it_is_given(Relation inventory, const Columns &columns) {
    for (const int column : {columns.sold, columns.recent, columns.urgency, columns.hash}) {
        if (!may_be_null(RelationGetDescr(inventory), column)) return false;
    }
    const Form_pg_attribute quantity =
        TupleDescAttr(RelationGetDescr(inventory), columns.quantity - 1);
    return stores_rows_as_given(inventory) && inventory->rd_rel->relam == HEAP_TABLE_AM_OID &&
           quantity->atttypid == NUMERICOID && quantity->atttypmod == -1;
}

// company_id = stockflow.current_company()
bool is_tenant_test(const Expr *expression, const Columns &columns) {
    if (expression == nullptr || !IsA(expression, OpExpr)) return false;
    const auto *test = reinterpret_cast<const OpExpr *>(expression);
    if (get_opcode(test->opno) != F_INT8EQ || list_length(test->args) != 2) return false;
    const auto *left = static_cast<const Node *>(linitial(test->args));
    const auto *right = static_cast<const Node *>(lsecond(test->args));
    if (!IsA(left, Var) || !IsA(right, FuncExpr)) return false;
    const Oid function = reinterpret_cast<const FuncExpr *>(right)->funcid;
    const char *name = get_func_name(function);
    return reinterpret_cast<const Var *>(left)->varattno == columns.company && name != nullptr &&
           strcmp(name, "current_company") == 0 &&
           get_func_namespace(function) == get_namespace_oid("stockflow", true);
}

// Whether the policies are the one that we made.
bool only_tenant_policy(Relation inventory, const Columns &columns) {
    const RowSecurityDesc *security = inventory->rd_rsdesc;
    if (security == nullptr || list_length(security->policies) != 1 ||
        row_security_policy_hook_permissive != nullptr ||
        row_security_policy_hook_restrictive != nullptr) {
        return false;
    }
    const auto *policy = static_cast<const RowSecurityPolicy *>(linitial(security->policies));
    const Oid *roles = reinterpret_cast<const Oid *>(ARR_DATA_PTR(policy->roles));
    return policy->polcmd == '*' && policy->permissive && roles[0] == ACL_ID_PUBLIC &&
           is_tenant_test(policy->qual, columns) &&
           (policy->with_check_qual == nullptr || is_tenant_test(policy->with_check_qual, columns));
}

bool is_allowed(Relation inventory, const Columns &columns, int64 company_id) {
    const Oid table = RelationGetRelid(inventory);
    constexpr AclMode kNeeded = ACL_SELECT | ACL_UPDATE;
    if (ExecutorCheckPerms_hook != nullptr ||
        pg_class_aclmask(table, GetUserId(), kNeeded, ACLMASK_ALL) != kNeeded) {
        return false;
    }
    if (check_enable_rls(table, InvalidOid, true) != RLS_ENABLED) return true;
    return row_security && company_id == tenant_setting() && only_tenant_policy(inventory, columns);
}

}  // namespace

bool may_update_directly(Relation inventory, const Columns &columns, int64 company_id) {
    return !XactReadOnly && only_our_triggers(inventory->trigdesc) &&
           keeps_references(inventory, columns) && stores_what_it_is_given(inventory, columns) &&
           is_allowed(inventory, columns, company_id);
}

}  // namespace stockflow
