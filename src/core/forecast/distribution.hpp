// Quantiles of what may be demanded, given its mean and variance.
#pragma once

namespace stockflow::forecasting {

enum class Measure { counts, amounts };  // whole numbers, or any

struct Distribution {
    Measure measure;
    double mean, variance;
    double sale_probability;  // amounts only: the rest of the probability is at zero
};

// The smallest value that is not passed with probability `level`: finite, at least 0, and never
// falling as the level rises. Counts: negative binomial, Poisson, or (for less variation than
// that) normal. Amounts: gamma, with the probability of no sale at zero.
double quantile(const Distribution &distribution, double level);

double normal_quantile(double level);
double normal_density(double z);
double normal_probability(double z);

}  // namespace stockflow::forecasting
