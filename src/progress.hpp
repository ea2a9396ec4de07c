// How far a long call has come, for the view stockflow.progress.
#pragma once

#include "pg.hpp"

namespace stockflow {

enum class Work { refresh_forecasts = 1, forecast_accuracy, policy_backtest };

// Shows a call in the view until the transaction fails or end_progress is called. The server has
// no kind of progress for extensions, so the call borrows that of COPY, with a table that no COPY
// of which runs at the same time; nothing is shown where such a command is under way already.
void begin_progress(Work work, int64 company_id, int64 total);
void set_progress(int64 done);
void set_progress_total(int64 total);
void end_progress();

}  // namespace stockflow
