#include "writer.hpp"

#include <cstring>

#include "module.hpp"

namespace stockflow {

namespace {

// Mostly all entries of a transaction have the same.
const char *last_actor = nullptr;

const char *kept(const char *actor) {
    if (last_actor == nullptr || strcmp(last_actor, actor) != 0) {
        last_actor = MemoryContextStrdup(TopTransactionContext, actor);
    }
    return last_actor;
}

}  // namespace

Writer current_writer() {
    const char *role = GetUserNameFromId(GetOuterUserId(), true);
    const char *actor = actor_setting();
    if (role == nullptr) role = "?";
    const bool has_actor = actor != nullptr && *actor != '\0';
    return {GetCurrentTimestamp(), kept(has_actor ? psprintf("%s/%s", role, actor) : role)};
}

void forget_writer() { last_actor = nullptr; }

}  // namespace stockflow
