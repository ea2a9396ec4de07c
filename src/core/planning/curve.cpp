#include "curve.hpp"

#include <algorithm>
#include <cmath>

namespace stockflow::planning {

double Curve::tail_scale() const {
    const double last = 1 - levels[count - 1], before = 1 - levels[count - 2];
    return (values[count - 1] - values[count - 2]) / std::log(before / last);
}

double Curve::least() const {
    const double slope = (values[1] - values[0]) / (levels[1] - levels[0]);
    const double value = values[0] - slope * levels[0];
    return value > 0 ? value : 0;
}

double Curve::quantile(double level) const {
    if (level > levels[count - 1]) {
        const double rest = std::max(1 - level, 1e-9);
        return values[count - 1] + tail_scale() * std::log((1 - levels[count - 1]) / rest);
    }
    double level_before = 0, value_before = least();
    for (int i = 0; i < count; i++) {
        if (level <= levels[i]) {
            const double part = (level - level_before) / (levels[i] - level_before);
            return value_before + part * (values[i] - value_before);
        }
        level_before = levels[i];
        value_before = values[i];
    }
    return values[count - 1];
}

double Curve::probability(double value) const {
    if (value < least()) return 0;
    if (value >= values[count - 1]) {
        const double scale = tail_scale(), rest = 1 - levels[count - 1];
        if (!(scale > 0)) return 1;
        return 1 - rest * std::exp((values[count - 1] - value) / scale);
    }
    // The last point at or below the value: where the quantiles stand still, the highest level.
    double level_before = 0, value_before = least();
    for (int i = 0; i < count; i++) {
        if (values[i] > value) {
            const double part = (value - value_before) / (values[i] - value_before);
            return level_before + part * (levels[i] - level_before);
        }
        level_before = levels[i];
        value_before = values[i];
    }
    return level_before;
}

double Curve::expected_above(double value) const {
    double sum = 0, level_before = 0, value_before = least();
    for (int i = 0; i < count; i++) {
        const double low = value_before - value, high = values[i] - value;
        const double width = levels[i] - level_before;
        if (low >= 0) {
            sum += width * (low + high) / 2;
        } else if (high > 0) {
            sum += width * high / (high - low) * high / 2;  // only the part above
        }
        level_before = levels[i];
        value_before = values[i];
    }
    const double scale = tail_scale(), rest = 1 - level_before;
    if (value <= value_before) return sum + rest * (value_before - value + scale);
    return scale > 0 ? rest * scale * std::exp((value_before - value) / scale) : 0;
}

double Curve::variance() const {
    const double middle = mean();
    double sum = 0, level_before = 0, low = least() - middle;
    for (int i = 0; i < count; i++) {
        const double high = values[i] - middle;
        sum += (levels[i] - level_before) * (low * low + low * high + high * high) / 3;
        level_before = levels[i];
        low = high;
    }
    const double scale = tail_scale();
    return sum + (1 - level_before) * (low * low + 2 * low * scale + 2 * scale * scale);
}

void mix(const double *const *values, int curve_count, double *out) {
    double least = 0;
    for (int l = 0; l < kLevelCount; l++) {
        double low = HUGE_VAL, high = 0;
        for (int c = 0; c < curve_count; c++) {
            low = std::min(low, values[c][l]);
            high = std::max(high, values[c][l]);
        }
        // The quantile of the mixture lies between those of its parts.
        for (int step = 0; step < 60 && high - low > 1e-9 * (1 + high); step++) {
            const double value = (low + high) / 2;
            double probability = 0;
            for (int c = 0; c < curve_count; c++) {
                probability += Curve{kLevels, values[c], kLevelCount}.probability(value);
            }
            (probability / curve_count >= kLevels[l] ? high : low) = value;
        }
        least = std::max(least, high);
        out[l] = least;
    }
}

}  // namespace stockflow::planning
