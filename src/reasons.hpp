// The reasons that the library itself gives to movements; applications may add their own.
#pragma once

#include "arguments.hpp"
#include "pg.hpp"

namespace stockflow {

inline constexpr char kReasonSale[] = "sale";
inline constexpr char kReasonReturn[] = "return";
inline constexpr char kReasonReceipt[] = "receipt";
inline constexpr char kReasonTransferOut[] = "transfer_out";
inline constexpr char kReasonTransferIn[] = "transfer_in";
inline constexpr char kReasonCount[] = "count";
inline constexpr char kReasonInitial[] = "initial";

// Brings a reason into the form in which reasons are compared: lower case.
inline char *check_reason(char *reason) {
    for (char *at = reason; *at != '\0'; at++)
        *at = static_cast<char>(pg_ascii_tolower(static_cast<unsigned char>(*at)));
    return reason;
}

}  // namespace stockflow
