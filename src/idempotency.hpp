// Idempotency keys: a request that is sent twice is carried out once.
#pragma once

#include <cstdint>

#include "pg.hpp"

namespace stockflow {

// The canonical text of a request; requests with the same text are the same.
class Request {
  public:
    explicit Request(const char *operation);
    Request &bigint(int64 value);
    Request &optional_bigint(NullableDatum value);
    Request &quantity(int64 millionths);
    Request &numeric(NullableDatum value);  // without trailing zeros
    Request &string(const char *value);     // null differs from empty
    Request &moment(TimestampTz value);     // the default, now(), is the same at every retry
    const char *operation() const { return operation_; }
    const StringInfoData &content() const { return content_; }

  private:
    const char *operation_;
    StringInfoData content_;
};

// Takes the key for this request. Returns null when the request is to be carried out (also when
// key is null), else the text of the first call's result. Another request under the same key is
// 23505. Waits for a call with the same key that is under way. Runs inside SPI.
const char *claim_key(int64 company_id, const char *key, const Request &request);

// The result of the first call as a number; 55000: somebody has changed what was kept.
std::int64_t kept_quantity(const char *result);
int64 kept_id(const char *result);

// Keeps the result of the call that claimed the key; result is JSON. No-op when key is null.
void keep_result(int64 company_id, const char *key, const char *result);

}  // namespace stockflow
