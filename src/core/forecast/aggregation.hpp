// Methods that look at demand in blocks of periods, where it is less intermittent.
#pragma once

#include "series.hpp"

namespace stockflow::forecasting {

// Sizes of the sales, and the periods from one to the next, with a smoothing constant each of its
// own between 0.1 and 0.3 (least squared error).
struct OptimisedCroston {
    double value, alpha_size, alpha_interval;
};
OptimisedCroston croston_optimised(Series y, const Stop &stop);

// Nikolopoulos and others (2011): blocks as long as the mean interval between sales.
struct Aggregated {
    double value;
    int level;  // periods per block, the largest for imapa
};
Aggregated adida(Series y, const Stop &stop);

// Petropoulos and Kourentzes (2015): the mean over all block lengths up to that of adida.
Aggregated imapa(Series y, const Stop &stop);

// The mean interval between sales, rounded half to even, at least 1.
int mean_interval(Series y);

// Syntetos, Boylan and Croston (2005). NaN: not defined (no sale; one sale only for cv2).
struct DemandClass {
    double adi, cv2;  // periods per sale up to the last sale; squared coefficient of variation
    const char *name;
};
DemandClass classify(Series y);

}  // namespace stockflow::forecasting
