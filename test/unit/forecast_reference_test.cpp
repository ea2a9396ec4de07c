// The methods against what other implementations forecast for the same series.
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/forecast/methods.hpp"

using namespace stockflow::forecasting;

namespace {

struct ReferenceSeries {
    std::string name;
    int season;
    std::vector<double> values;
};

struct ReferenceForecast {
    std::string series, method;
    double tolerance;
    std::vector<double> steps;
};

// A model that R's ets() fitted: seasonal holds s0 to s(m-2), the state of the first period is what
// is missing to the sum of 0 (A) or m (M).
struct ReferenceModel {
    std::string series, model;
    double alpha, beta, gamma, phi, level, trend, aicc;
    std::vector<double> seasonal;
};

#define LIST(...) \
    { __VA_ARGS__ }
#define FORECAST(...)
#define ETS(...)
#define SERIES(name, season, list) {#name, season, LIST list},
const ReferenceSeries kSeries[] = {
#include "forecast_reference.inc"
};
#undef SERIES
#undef FORECAST
#define SERIES(...)
#define FORECAST(name, method, tolerance, list) {#name, method, tolerance, LIST list},
const ReferenceForecast kForecasts[] = {
#include "forecast_reference.inc"
};
#undef FORECAST
#undef ETS
#define FORECAST(...)
#define ETS(name, model, alpha, beta, gamma, phi, level, trend, aicc, list) \
    {#name, model, alpha, beta, gamma, phi, level, trend, aicc, LIST list},
const ReferenceModel kModels[] = {
#include "forecast_reference.inc"
};

const ReferenceSeries &find(const std::string &name) {
    for (const ReferenceSeries &series : kSeries) {
        if (series.name == name) return series;
    }
    throw std::logic_error(name);
}

Series view(const std::vector<double> &values) {
    return {values.data(), static_cast<int>(values.size())};
}

EtsModel model_of(const ReferenceModel &reference, int season) {
    EtsModel model{};
    const std::string &name = reference.model;  // ETS(A,Ad,N)
    const char index = name[name.size() - 2];
    model.form = {name[4], name[6], index, name[7] == 'd', index == 'N' ? 1 : season};
    model.parameters = {reference.alpha, reference.beta, reference.gamma, reference.phi};
    model.initial.level = reference.level;
    model.initial.trend = reference.trend;
    double sum = 0;
    for (int i = 0; index != 'N' && i < season - 1; i++) {
        model.initial.seasonal[season - 1 - i] = reference.seasonal[i];
        sum += reference.seasonal[i];
    }
    model.initial.seasonal[0] = (index == 'M' ? season : 0) - sum;
    return model;
}

}  // namespace

TEST(ForecastReference, EveryMethodMatches) {
    int compared = 0;
    for (const ReferenceForecast &reference : kForecasts) {
        const ReferenceSeries &series = find(reference.series);
        std::vector<double> path(6);
        run_method(parse_choice(reference.method.c_str()),
                   {view(series.values), series.season, 6, {}}, path.data());
        for (std::size_t h = 0; h < reference.steps.size(); h++) {
            const double expected = reference.steps[h];
            // The reference is printed with 12 digits.
            EXPECT_NEAR(path[h], expected, reference.tolerance * std::fabs(expected) + 1e-13)
                << reference.series << " " << reference.method << " step " << h + 1;
            compared++;
        }
    }
    EXPECT_GT(compared, 300);
}

TEST(ForecastReference, ModelsGivenTheirParametersHaveTheSameCriterion) {
    for (const ReferenceModel &reference : kModels) {
        const ReferenceSeries &series = find(reference.series);
        EtsModel model = model_of(reference, series.season);
        ets_finish(model, view(series.values));
        EXPECT_NEAR(model.aicc, reference.aicc, 1e-6 * std::fabs(reference.aicc))
            << reference.series << " " << reference.model;
        EXPECT_EQ(model.name, reference.model);
    }
}

TEST(ForecastReference, ChosenModelsAreAsGoodOrBetter) {
    for (const ReferenceModel &reference : kModels) {
        const ReferenceSeries &series = find(reference.series);
        const EtsModel model = ets_automatic(view(series.values), series.season, {});
        EXPECT_LE(model.aicc, reference.aicc + 0.5)
            << reference.series << " " << reference.model << " " << model.name;
    }
}
