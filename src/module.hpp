// The library's settings.
#pragma once

namespace stockflow {

// stockflow.actor: whom the session says it acts for, or null.
const char *actor_setting();

}  // namespace stockflow
