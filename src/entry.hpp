// The entry of every SQL-callable function: the one place where a C++ exception ends.
//
// An exception is copied into plain memory, its handler is left, and only then is the error
// reported: ereport leaves by longjmp, which must not cross a live handler or a C++ object.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>

#include "core/error.hpp"
#include "pg.hpp"

namespace stockflow {

struct CaughtError {
    char sqlstate[6];
    char message[512], detail[512], hint[512];
};

void remember(CaughtError &caught, const char *sqlstate, const char *message, const char *detail,
              const char *hint) noexcept;
[[noreturn]] void report(const CaughtError &caught);

// Runs body and reports an exception as an error of the server.
template <typename Body>
auto guarded(Body body) -> decltype(body()) {
    CaughtError caught;
    ErrorContextCallback *context = error_context_stack;
    try {
        return body();
    } catch (const Error &error) {
        remember(caught, error.sqlstate(), error.what(), error.detail(), error.hint());
    } catch (const std::bad_alloc &) {
        remember(caught, "53200", "out of memory", "", "");
    } catch (const std::length_error &) {
        remember(caught, "54000", "the request is too large to be held in memory", "", "");
    } catch (const std::exception &error) {
        remember(caught, "XX000", error.what(), "", "");
    } catch (...) {
        remember(caught, "XX000", "unknown C++ exception", "", "");
    }
    error_context_stack = context;  // an exception passes by those that set it
    report(caught);
}

// A build with STOCKFLOW_THROW is for test/tap/095_exceptions.pl: each function throws what the
// setting stockflow_test.throw asks for. No other build has any of it.
#ifdef STOCKFLOW_THROW
void throw_wanted(const char *function);
#else
inline void throw_wanted(const char *) {}
#endif

template <Datum (*Body)(FunctionCallInfo)>
Datum enter(FunctionCallInfo fcinfo, [[maybe_unused]] const char *function) {
    return guarded([=] {
        throw_wanted(function);
        return Body(fcinfo);
    });
}

}  // namespace stockflow

// Defines the SQL-callable function "name"; the braces that follow are its body.
#define STOCKFLOW_FUNCTION(name)                             \
    static Datum name##_body(FunctionCallInfo fcinfo);       \
    extern "C" {                                             \
    PG_FUNCTION_INFO_V1(name);                               \
    PGDLLEXPORT Datum name(PG_FUNCTION_ARGS) {               \
        return stockflow::enter<name##_body>(fcinfo, #name); \
    }                                                        \
    }                                                        \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
