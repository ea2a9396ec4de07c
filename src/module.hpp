// The library's settings.
#pragma once

#include "pg.hpp"

namespace stockflow {

// stockflow.actor: whom the session says it acts for, or null.
const char *actor_setting();

// stockflow.company_id: the tenant of the session, 0 without one.
int64 tenant_setting();

}  // namespace stockflow
