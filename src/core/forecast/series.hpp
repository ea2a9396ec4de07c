// The history a forecast starts from, and the small sums every method needs.
//
// Statistics are double here; stock and money elsewhere are exact integers.
#pragma once

#include <cmath>
#include <exception>
#include <limits>

namespace stockflow::forecasting {

// Demand per period, oldest first; the caller has checked that it is finite and not negative.
struct Series {
    const double *values;
    int count;

    double operator[](int i) const { return values[i]; }
    double last() const { return values[count - 1]; }
    Series tail(int length) const { return {values + count - length, length}; }
    Series head(int length) const { return {values, length}; }
};

inline constexpr double kNotGiven = std::numeric_limits<double>::quiet_NaN();
inline bool is_given(double value) { return !std::isnan(value); }

inline double sum_of(Series y) {
    double sum = 0;
    for (int i = 0; i < y.count; i++) sum += y[i];
    return sum;
}

inline double mean_of(Series y) { return y.count == 0 ? 0 : sum_of(y) / y.count; }

// The sample variance (n - 1); 0 for fewer than two values.
inline double variance_of(Series y) {
    if (y.count < 2) return 0;
    const double mean = mean_of(y);
    double sum = 0;
    for (int i = 0; i < y.count; i++) sum += (y[i] - mean) * (y[i] - mean);
    return sum / (y.count - 1);
}

inline double largest_of(Series y) {
    double most = 0;
    for (int i = 0; i < y.count; i++) most = y[i] > most ? y[i] : most;
    return most;
}

inline double smallest_of(Series y) {
    double least = y.values[0];
    for (int i = 1; i < y.count; i++) least = y[i] < least ? y[i] : least;
    return least;
}

inline int nonzero_count(Series y) {
    int count = 0;
    for (int i = 0; i < y.count; i++) count += y[i] != 0;
    return count;
}

inline double zero_share(Series y) { return 1 - static_cast<double>(nonzero_count(y)) / y.count; }

// Tells the long computations that they are no longer wanted.
struct Stop {
    bool (*wanted)(void *context) = nullptr;
    void *context = nullptr;
    bool operator()() const { return wanted != nullptr && wanted(context); }
};

// Thrown at a safe place once a Stop says so.
class Stopped : public std::exception {
  public:
    const char *what() const noexcept override { return "stopped"; }
};

inline void check(const Stop &stop) {
    if (stop()) throw Stopped();
}

}  // namespace stockflow::forecasting
