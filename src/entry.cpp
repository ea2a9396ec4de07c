#include "entry.hpp"

#include <cstring>

namespace stockflow {

namespace {

// Copies what fits, never a part of a character.
void copy(char *target, std::size_t size, const char *source) noexcept {
    std::size_t length = std::strlen(source);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && (static_cast<unsigned char>(source[length]) & 0xc0) == 0x80) length--;
    }
    std::memcpy(target, source, length);
    target[length] = '\0';
}

}  // namespace

void remember(CaughtError &caught, const char *sqlstate, const char *message, const char *detail,
              const char *hint) noexcept {
    copy(caught.sqlstate, sizeof caught.sqlstate, sqlstate);
    copy(caught.message, sizeof caught.message, message);
    copy(caught.detail, sizeof caught.detail, detail);
    copy(caught.hint, sizeof caught.hint, hint);
}

void report(const CaughtError &caught) {
    const char *s = caught.sqlstate;
    ereport(ERROR,
            (errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4])), errmsg("%s", caught.message),
             caught.detail[0] != '\0' ? errdetail("%s", caught.detail) : 0,
             caught.hint[0] != '\0' ? errhint("%s", caught.hint) : 0));
    pg_unreachable();
}

}  // namespace stockflow
