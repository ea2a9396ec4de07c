// The one exception of the core; the entry point of the adapter turns it into a server error.
#pragma once

#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace stockflow {

// SQLSTATEs the core raises (see the error catalogue in doc/reference.md).
inline constexpr char kInvalidParameter[] = "22023";
inline constexpr char kOutOfRange[] = "22003";
inline constexpr char kRuleViolation[] = "23514";
inline constexpr char kTooComplex[] = "54001";

class Error : public std::exception {
  public:
    Error(const char *sqlstate, std::string message, std::string detail = {}, std::string hint = {})
        : message_(std::move(message)), detail_(std::move(detail)), hint_(std::move(hint)) {
        std::memcpy(sqlstate_, sqlstate, 5);
    }
    const char *what() const noexcept override { return message_.c_str(); }
    const char *sqlstate() const noexcept { return sqlstate_; }
    const char *detail() const noexcept { return detail_.c_str(); }
    const char *hint() const noexcept { return hint_.c_str(); }

  private:
    char sqlstate_[6] = {};
    std::string message_, detail_, hint_;
};

}  // namespace stockflow
