#include "idempotency.hpp"

#include "arguments.hpp"
#include "company_lock.hpp"
#include "entry.hpp"
#include "json.hpp"
#include "posting.hpp"
#include "spi.hpp"
#include "values.hpp"

namespace stockflow {

namespace {

constexpr int kMaxOperationLength = 64;

spi::Statement take_key = {
    "INSERT INTO stockflow.idempotency_keys (company_id, idempotency_key, operation, request_hash)"
    " VALUES ($1, $2, $3, $4) ON CONFLICT (company_id, idempotency_key) DO NOTHING",
    4,
    {INT8OID, TEXTOID, TEXTOID, BYTEAOID},
    nullptr};

spi::Statement read_key = {
    "SELECT k.operation, k.request_hash = $3, k.result #>> '{}', k.result IS NULL FROM "
    "stockflow.idempotency_keys k"
    " WHERE k.company_id = $1 AND k.idempotency_key = $2",
    3,
    {INT8OID, TEXTOID, BYTEAOID},
    nullptr};

spi::Statement write_result = {
    "UPDATE stockflow.idempotency_keys SET result = $3::jsonb"
    " WHERE company_id = $1 AND idempotency_key = $2",
    3,
    {INT8OID, TEXTOID, TEXTOID},
    nullptr};

spi::Statement read_result = {
    "SELECT k.result FROM stockflow.idempotency_keys k"
    " WHERE k.company_id = $1 AND k.idempotency_key = $2",
    2,
    {INT8OID, TEXTOID},
    nullptr};

Datum sha256(const StringInfoData &content) {
    auto *hash = static_cast<bytea *>(palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH));
    SET_VARSIZE(hash, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
    pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
    const bool done = pg_cryptohash_init(context) == 0 &&
                      pg_cryptohash_update(context, reinterpret_cast<const uint8 *>(content.data),
                                           content.len) == 0 &&
                      pg_cryptohash_final(context, reinterpret_cast<uint8 *>(VARDATA(hash)),
                                          PG_SHA256_DIGEST_LENGTH) == 0;
    pg_cryptohash_free(context);
    if (!done) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute SHA-256")));
    }
    return PointerGetDatum(hash);
}

[[noreturn]] void refuse_kept(const char *result) {
    ereport(
        ERROR,
        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
         errmsg("the result kept for this idempotency key is not a number: %s",
                clipped(result, 60)),
         errhint("Somebody has changed stockflow.idempotency_keys, or called keep_request. What "
                 "the first call did is in the ledger.")));
    pg_unreachable();
}

}  // namespace

Request::Request(const char *operation) : operation_(operation) {
    initStringInfo(&content_);
    string(operation);
}

Request &Request::bigint(int64 value) {
    appendStringInfo(&content_, "%lld|", static_cast<long long>(value));
    return *this;
}

Request &Request::optional_bigint(NullableDatum value) {
    return value.isnull ? string(nullptr) : bigint(DatumGetInt64(value.value));
}

Request &Request::quantity(int64 millionths) { return bigint(millionths); }

Request &Request::numeric(NullableDatum value) {
    if (value.isnull) return string(nullptr);
    return string(numeric_text(DirectFunctionCall1(numeric_trim_scale, value.value)));
}

Request &Request::string(const char *value) {
    if (value == nullptr) {
        appendStringInfoString(&content_, "-|");
    } else {
        appendStringInfo(&content_, "%zu:%s|", strlen(value), value);
    }
    return *this;
}

Request &Request::moment(TimestampTz value) {
    return value == GetCurrentTransactionStartTimestamp() ? string("now") : bigint(value);
}

const char *claim_key(int64 company_id, const char *key, const Request &request) {
    if (key == nullptr) return nullptr;
    const Datum hash = sha256(request.content());
    spi::Parameters claim, read;
    claim.bigint(company_id).string(key).string(request.operation()).datum(hash);
    if (spi::run(take_key, claim, spi::Mode::write) == 1) return nullptr;

    read.bigint(company_id).string(key).datum(hash);
    if (spi::run(read_key, read, spi::Mode::write) == 0) {
        ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                        errmsg("idempotency key \"%s\" is being used by another call", key),
                        errhint("Try again.")));
    }
    const spi::Row row(0);
    if (strcmp(row.string(1), request.operation()) != 0 || !row.boolean(2)) {
        ereport(ERROR, (errcode(ERRCODE_UNIQUE_VIOLATION),
                        errmsg("idempotency key \"%s\" was used for another request", key),
                        errdetail("It belongs to a call of %s with other content.", row.string(1)),
                        errhint("Use a new key for a new request.")));
    }
    if (row.boolean(4)) {  // a trigger that the first call fired calls again
        ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE),
                        errmsg("idempotency key \"%s\" belongs to a call under way", key)));
    }
    const char *result = row.string(3);
    return result == nullptr ? "" : result;  // the JSON null of a call that returns nothing
}

std::int64_t kept_quantity(const char *result) {
    std::int64_t quantity = 0;
    if (parse_quantity(result, &quantity) != ParseStatus::ok) refuse_kept(result);
    return quantity;
}

int64 kept_id(const char *result) {
    char *end = nullptr;
    errno = 0;
    const int64 id = strtoll(result, &end, 10);
    if (end == result || *end != '\0' || errno != 0) refuse_kept(result);
    return id;
}

void keep_result(int64 company_id, const char *key, const char *result) {
    if (key == nullptr) return;
    spi::Parameters parameters;
    parameters.bigint(company_id).string(key).string(result);
    spi::run(write_result, parameters, spi::Mode::write);
}

}  // namespace stockflow

using namespace stockflow;

// claim_request(company, key, operation, request) RETURNS jsonb: claim_key for functions in SQL
STOCKFLOW_FUNCTION(stockflow_claim_request) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const char *key = arguments.key(1);
    const char *operation = arguments.string(2, "operation", kMaxOperationLength);
    Jsonb *content = DatumGetJsonbP(arguments.required(3, "request"));
    MemoryContext caller = CurrentMemoryContext;
    const NullableDatum result = spi::connected([&] {
        announce_writer(company_id);
        require_company(company_id);
        Request request(operation);
        request.string(json_canonical(content));
        if (claim_key(company_id, key, request) == nullptr) return null_datum();
        spi::Parameters parameters;
        parameters.bigint(company_id).string(key);
        spi::run(read_result, parameters, spi::Mode::write);
        MemoryContext own = MemoryContextSwitchTo(caller);
        const Datum copy = datumCopy(spi::Row(0).get(1).value, false, -1);
        MemoryContextSwitchTo(own);
        return present(copy);
    });
    if (result.isnull) PG_RETURN_NULL();
    return result.value;
}

// keep_request(company, key, result): keeps what the function that claimed the key returns
STOCKFLOW_FUNCTION(stockflow_keep_request) {
    const Arguments arguments(fcinfo);
    const int64 company_id = arguments.bigint(0, "company_id");
    const char *key = arguments.key(1);
    Jsonb *result = DatumGetJsonbP(arguments.required(2, "result"));
    const char *text = JsonbToCString(nullptr, &result->root, VARSIZE(result));
    spi::connected([&] { keep_result(company_id, key, text); });
    PG_RETURN_VOID();
}
