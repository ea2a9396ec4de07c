// predict and describe: whatever the demand, what comes out may be shown to a planner.
#include "core/forecast/forecast.hpp"

#include "input.hpp"

using namespace stockflow::forecasting;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Input input(data, size);
    const Method &method = kMethods[input.byte() % kMethodCount];
    const int horizon = 1 + input.byte() % 40;
    int season = 1 + input.byte() % 30;
    const bool cumulative = input.byte() % 2 == 1;
    const std::vector<double> values = input.demand();
    const Series y{values.data(), static_cast<int>(values.size())};
    if (season > y.count) season = 1;
    const Job job{y, season, horizon, {}};
    const double levels[] = {0.001, 0.5, 0.9, 0.9999};
    const Prediction result = predict({job, {&method, {}}, levels, 4, cumulative});
    for (int h = 0; h < horizon; h++) {
        require(std::isfinite(result.mean[h]) && result.mean[h] >= 0);
        for (int i = 0; i < 4; i++) {
            const double value = result.quantiles[h * 4 + i];
            require(std::isfinite(value) && value >= 0);
            require(i == 0 || value >= result.quantiles[h * 4 + i - 1]);
        }
    }
    ModelRow rows[kMaxModelRows];
    const int count = describe({&method, {}}, job, rows);
    require(count >= 1 && count <= kMaxModelRows);
    return 0;
}
