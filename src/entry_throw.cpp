// Only in the build for test/tap/095_exceptions.pl: throws at the entry of a function what the
// setting stockflow_test.throw = 'FUNCTION KIND' says.
#ifdef STOCKFLOW_THROW

#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "core/forecast/series.hpp"

#include "entry.hpp"

namespace stockflow {

namespace {

[[noreturn]] void throw_nested() {
    try {
        throw std::runtime_error("inner");
    } catch (...) {
        std::throw_with_nested(std::logic_error("outer"));
    }
}

void throw_kind(const char *kind) {
    const std::string long_text(10000, 'x');  // a destructor that has to run
    if (std::strcmp(kind, "bad_alloc") == 0) throw std::bad_alloc();
    if (std::strcmp(kind, "array_length") == 0) throw std::bad_array_new_length();
    if (std::strcmp(kind, "length_error") == 0) throw std::length_error(long_text);
    if (std::strcmp(kind, "runtime_error") == 0) throw std::runtime_error(long_text);
    if (std::strcmp(kind, "error") == 0) throw Error(kRuleViolation, "own", long_text, "a hint");
    if (std::strcmp(kind, "stopped") == 0) throw forecasting::Stopped();
    if (std::strcmp(kind, "integer") == 0) throw 42;
    if (std::strcmp(kind, "text") == 0) throw "text";
    if (std::strcmp(kind, "nested") == 0) throw_nested();
}

}  // namespace

void throw_wanted(const char *function) {
    const char *wanted = GetConfigOption("stockflow_test.throw", true, false);
    if (wanted == nullptr) return;
    const std::size_t length = std::strlen(function);
    if (std::strncmp(wanted, function, length) == 0 && wanted[length] == ' ') {
        throw_kind(wanted + length + 1);
    }
}

}  // namespace stockflow

#endif
