// classify, quantile and the stock formulas.
#include "core/forecast/aggregation.hpp"
#include "core/forecast/distribution.hpp"
#include "core/forecast/stock_rules.hpp"

#include "input.hpp"

using namespace stockflow::forecasting;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Input input(data, size);
    const double level = (1 + input.byte()) / 257.0;
    const bool counts = input.byte() % 2 == 0;
    const std::vector<double> values = input.demand();
    const Series y{values.data(), static_cast<int>(values.size())};
    require(classify(y).name != nullptr);
    const double mean = mean_of(y), variance = variance_of(y);
    const double sales = static_cast<double>(nonzero_count(y)) / y.count;
    const double q =
        quantile({counts ? Measure::counts : Measure::amounts, mean, variance, sales}, level);
    require(std::isfinite(q) && q >= 0);
    const LeadTimeDemand demand{mean, std::sqrt(variance), values[0], values.back()};
    require(!std::isnan(safety_stock(level, demand)));
    require(reorder_point(level, demand) >= 0);
    const double rate = fill_rate(level, demand, 1 + values[0]);
    require(rate >= 0 && rate <= 1);
    require(newsvendor_quantity(mean, std::sqrt(variance), level, 1 - level) >= 0);
    return 0;
}
