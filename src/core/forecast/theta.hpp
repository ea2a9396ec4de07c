// The theta method (Assimakopoulos and Nikolopoulos 2000) and its dynamic optimised form.
#pragma once

#include "series.hpp"

namespace stockflow::forecasting {

// Whether the season shows in the autocorrelation (at 90 %).
bool is_seasonal(Series y, int season);

struct EtsModel;

struct ThetaModel {
    double alpha, drift_or_theta;
    bool seasonal;
};

// fitted: may be null; else where the smoothing constant is kept, or taken from if it is there.
// Hyndman and Billah (2003): exponential smoothing with half of the slope of a line as drift.
ThetaModel theta(Series y, int season, const Stop &stop, int horizon, EtsModel *fitted,
                 double *out);

// Fiorucci and others (2016), DOTM: the line is estimated anew in each period, and how much of it
// counts is estimated with alpha and the level.
ThetaModel dynamic_theta(Series y, int season, const Stop &stop, int horizon, EtsModel *fitted,
                         double *out);

}  // namespace stockflow::forecasting
