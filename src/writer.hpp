// Who writes an entry of the ledger, and when.
#pragma once

#include "pg.hpp"

namespace stockflow {

struct Writer {
    TimestampTz now;
    const char
        *actor;  // the role that acts, and whom it says it acts for; until the transaction ends
};

Writer current_writer();

// Forgets the text of the last actor, whose memory goes with the transaction.
void forget_writer();

}  // namespace stockflow
