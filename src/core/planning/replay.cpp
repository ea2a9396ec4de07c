#include "replay.hpp"

#include <algorithm>
#include <vector>

namespace stockflow::planning {

void ReplayResult::add(const ReplayResult &other) {
    demanded += other.demanded;
    sold += other.sold;
    stock_days += other.stock_days;
    days += other.days;
    stockout_days += other.stockout_days;
    orders += other.orders;
}

ReplayResult replay(forecasting::Series demand, int lead_days, const double *points,
                    const double *quantities) {
    ReplayResult result;
    if (demand.count == 0) return result;
    std::vector<double> arriving(demand.count + lead_days + 2, 0.0);
    double stock = points[0] + quantities[0], ordered = 0;
    for (int day = 0; day < demand.count; day++) {
        stock += arriving[day];
        ordered -= arriving[day];
        const double sold = std::min(stock, demand[day]);
        stock -= sold;
        result.demanded += demand[day];
        result.sold += sold;
        result.stockout_days += sold < demand[day];
        if (stock + ordered <= points[day]) {
            const double wanted = points[day] + quantities[day] - stock - ordered;
            if (wanted > 0) {
                arriving[day + lead_days + 1] += wanted;
                ordered += wanted;
                result.orders++;
            }
        }
        result.stock_days += stock;
        result.days++;
    }
    return result;
}

}  // namespace stockflow::planning
