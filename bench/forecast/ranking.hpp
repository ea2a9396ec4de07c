// Every method against auto on a set, over four cutoffs.
#pragma once

#include <string>

// Prints, by rising pooled RMSE, how much larger the errors of each method are than those of auto
// (geometric mean over the cutoffs), and what its quantiles of the horizon's sum cover.
void rank_methods(const std::string &directory, const std::string &set);
