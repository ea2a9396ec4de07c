// A distribution of demand, given by its quantiles.
#pragma once

namespace stockflow::planning {

// The levels at which forecasts are kept.
inline constexpr double kLevels[] = {0.05, 0.1,   0.25, 0.5,   0.6,  0.7,   0.8,  0.85,
                                     0.9,  0.925, 0.95, 0.975, 0.99, 0.995, 0.999};
inline constexpr int kLevelCount = sizeof kLevels / sizeof kLevels[0];

// Straight lines between the levels (rising, within 0 and 1); below the first, the line between the
// first two goes on, down to 0; above the last, the probability of more falls off exponentially, as
// steeply as between the last two.
struct Curve {
    const double *levels, *values;  // both rising
    int count;                      // at least 2

    // What is not passed with this probability (between 0 and 1).
    double quantile(double level) const;
    // The probability that it is at most this.
    double probability(double value) const;
    // The expected part above a value: what is short when there is so much.
    double expected_above(double value) const;
    double mean() const { return expected_above(0); }
    double variance() const;

  private:
    double least() const;
    // The units by which the tail has to go on for the rest to fall to its e-th part.
    double tail_scale() const;
};

// Quantiles of what follows each of some curves (over the same levels) equally often.
void mix(const double *const *values, int curve_count, double *out);

}  // namespace stockflow::planning
