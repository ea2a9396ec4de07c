// Pictures, curves, projections and replays: whatever the demand, what comes out is a number.
#include "core/planning/chart.hpp"
#include "core/planning/curve.hpp"
#include "core/planning/days.hpp"
#include "core/planning/projection.hpp"
#include "core/planning/replay.hpp"

#include "input.hpp"

using namespace stockflow;
using namespace stockflow::planning;

namespace {

void check_sparkline(Input &input) {
    const bool utf8 = input.byte() % 2 == 0;
    const int split = input.byte();
    const std::vector<double> values = input.demand();
    require(!sparkline(values.data(), static_cast<int>(values.size()), split, utf8).empty());
}

void check_projection(Input &input) {
    const double available = input.byte() - 50, lead = input.byte(), wait = input.byte();
    const int age = input.byte();
    const int steps[] = {1, 7, 28};
    const double levels[] = {0.1, 0.5, 0.9};
    const Supply supplies[] = {{input.byte(), 5}, {300, 10}};
    const std::vector<double> means = input.demand();
    double quantiles[9], total = 0;
    for (int i = 0; i < 9; i++) quantiles[i] = total += means[i % means.size()];
    const Projection result = project(
        {{means.data(), static_cast<int>(means.size()), steps, 3, quantiles, levels, 3, age},
         available,
         supplies,
         2,
         static_cast<int>(lead),
         static_cast<int>(wait)});
    require(result.stockout_risk >= 0 && result.stockout_risk <= 1);
    require(!std::isnan(result.shortage) && result.shortage >= 0);
    require(!std::isnan(result.later_shortage) && result.later_shortage >= 0);
}

void check_replay(Input &input) {
    const int lead = input.byte();
    const std::vector<double> demand = input.demand();
    std::vector<double> points(demand.rbegin(), demand.rend()), quantities(demand.size(), 7);
    const ReplayResult result = replay({demand.data(), static_cast<int>(demand.size())}, lead,
                                       points.data(), quantities.data());
    require(result.fill_rate() >= 0 && result.fill_rate() <= 1.000001);
    require(result.average_stock() >= 0);
}

void check_days(Input &input) {
    DayTotals days[40];
    double units[40];
    bool available[40];
    for (DayTotals &day : days) day = {input.byte() * 1000000, 0, input.byte() * 1000000};
    DailyDemand demand = {units, available, 0};
    const bool always = input.byte() % 2 == 0;
    const int left_out = read_days(days, 40, input.byte() * 1000000, 0, always, &demand);
    require(left_out >= 0 && left_out + demand.count == 40);
    require(fill_missing(demand) <= demand.count);
    for (int i = 0; i < demand.count; i++) require(std::isfinite(units[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Input input(data, size);
    switch (input.byte() % 4) {
        case 0:
            check_sparkline(input);
            break;
        case 1:
            check_projection(input);
            break;
        case 2:
            check_replay(input);
            break;
        default:
            check_days(input);
    }
    return 0;
}
