// Arguments of SQL-callable functions: reading them by position and name, and checking them.
//
// Every check raises with the argument's name: 22004 for a NULL that is required, 22023 for a
// value out of its range, 22003 for a number that does not fit.
#pragma once

#include <cstdint>

#include "core/alert.hpp"
#include "pg.hpp"

namespace stockflow {

class Arguments {
  public:
    explicit Arguments(FunctionCallInfo fcinfo) : fcinfo_(fcinfo) {}

    bool is_null(int position) const { return fcinfo_->args[position].isnull; }
    NullableDatum get(int position) const { return fcinfo_->args[position]; }

    // Required values; a NULL is 22004.
    Datum required(int position, const char *name) const;
    int64 bigint(int position, const char *name) const;
    int32 integer(int position, const char *name, int32 least, int32 most) const;
    bool boolean(int position, const char *name) const;
    // A quantity above zero, of any sign, or at least zero.
    std::int64_t positive_quantity(int position, const char *name) const;
    std::int64_t signed_quantity(int position, const char *name) const;
    std::int64_t quantity(int position, const char *name) const;
    // A finite moment at most a day ahead of the clock.
    TimestampTz moment(int position, const char *name) const;
    // Text without outer blanks, of at most so many characters.
    char *string(int position, const char *name, int most) const;

    // Optional values.
    OptionalQuantity optional_quantity(int position, const char *name) const;
    char *optional_string(int position, const char *name,
                          int most) const;  // null when NULL or blank
    char *key(int position) const;  // an idempotency key; null for NULL, a blank one is an error
    NullableDatum optional_cost(int position, const char *name) const;

  private:
    FunctionCallInfo fcinfo_;
};

// The same checks for values from elsewhere.
TimestampTz check_moment(TimestampTz moment, const char *name);
char *check_text(char *text, const char *name, int most);
Datum check_money(Datum amount, const char *name);  // at least 0, at most 15 digits
Datum check_cost(Datum amount, const char *name);   // and at most six decimals

}  // namespace stockflow
