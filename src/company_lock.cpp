#include "company_lock.hpp"

#include "posting.hpp"
#include "spi.hpp"
#include "triggers.hpp"

namespace stockflow {

namespace {

// Classes of advisory locks; those of SQL are 1 and 2. The movements of a company have one for each
// of so many groups of sessions, which would else queue for the server's table of locks.
constexpr uint16 kBundles = 0x5346, kMovements = 0x5347;
constexpr int kGroups = 16;

spi::Statement lock_rows = {
    "SELECT count(*) FROM (SELECT FROM stockflow.inventory i WHERE i.company_id = $1"
    "  ORDER BY i.product_id, i.warehouse_id FOR NO KEY UPDATE) l",
    1,
    {INT8OID},
    nullptr};

// Everybody sees pg_locks, so that it must not say which companies are at work: their ids are mixed
// with a secret of the cluster. Two that met would only wait for each other.
uint64 disguised(int64 company_id) {
    static uint64 seed = 0;
    if (seed == 0) {
        const auto *secret = reinterpret_cast<const unsigned char *>(GetMockAuthenticationNonce());
        seed = hash_bytes_extended(secret, MOCK_AUTH_NONCE_LEN, 0) | 1;
    }
    return hash_bytes_extended(reinterpret_cast<const unsigned char *>(&company_id),
                               sizeof company_id, seed);
}

// False: not to be had without waiting.
bool lock(int64 company_id, uint16 subject, LOCKMODE mode, bool waits) {
    LOCKTAG tag;
    const uint64 id = disguised(company_id);
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, static_cast<uint32>(id >> 32), static_cast<uint32>(id),
                         subject);
    return LockAcquire(&tag, mode, false, !waits) != LOCKACQUIRE_NOT_AVAIL;
}

bool share(int64 company_id, bool waits) {
    const auto group = static_cast<uint16>(MyProc->pgprocno % kGroups);
    return lock(company_id, kMovements + group, ShareLock, waits);
}

}  // namespace

void hold_rules(int64 company_id) { share(company_id, true); }

void hold_rules_if_free(int64 company_id) { share(company_id, false); }

void announce_writer(int64 company_id) {
    lock_table("inventory", RowExclusiveLock);
    if (share(company_id, false)) return;
    require_company(company_id);
    hold_rules(company_id);
}

void stop_writers(int64 company_id) {
    for (uint16 group = 0; group < kGroups; group++) {
        lock(company_id, kMovements + group, ExclusiveLock, true);
    }
}

void lock_bundles(int64 company_id) { lock(company_id, kBundles, ExclusiveLock, true); }

int64 lock_inventory(int64 company_id) {
    spi::Parameters parameters;
    spi::run_latest(lock_rows, parameters.bigint(company_id));
    return spi::Row(0).bigint(1);
}

}  // namespace stockflow
