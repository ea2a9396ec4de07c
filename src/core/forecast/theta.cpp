#include "theta.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ets.hpp"
#include "smoothing.hpp"

namespace stockflow::forecasting {

bool is_seasonal(Series y, int m) {
    if (m < 2 || m > kMaxSeason || y.count <= 2 * m) return false;
    const double mean = mean_of(y);
    double variance = 0;
    for (int i = 0; i < y.count; i++) variance += (y[i] - mean) * (y[i] - mean);
    if (!(variance > 0)) return false;
    double squares = 0, at_season = 0;
    for (int lag = 1; lag <= m; lag++) {
        double sum = 0;
        for (int i = lag; i < y.count; i++) sum += (y[i] - mean) * (y[i - lag] - mean);
        const double r = sum / variance;
        if (lag < m) squares += r * r;
        at_season = r;
    }
    return std::fabs(at_season) / std::sqrt((1 + 2 * squares) / y.count) > 1.645;
}

namespace {

// Classical decomposition: seasonal indices by the ratio (or difference) to a centred moving
// average; index[0] belongs to the first period.
void decompose(Series y, int m, bool product, double *index) {
    std::vector<int> counts(m, 0);
    std::fill(index, index + m, 0.0);
    const int half = m / 2;
    for (int i = half; i + half < y.count; i++) {
        double sum = 0;
        for (int k = -half; k <= half; k++) {
            sum += y[i + k] * (m % 2 == 0 && (k == -half || k == half) ? 0.5 : 1);
        }
        const double trend = sum / m;
        if (product && !(trend > 0)) continue;
        index[i % m] += product ? y[i] / trend : y[i] - trend;
        counts[i % m]++;
    }
    double mean = 0;
    for (int j = 0; j < m; j++) {
        index[j] = counts[j] > 0 ? index[j] / counts[j] : (product ? 1 : 0);
        mean += index[j] / m;
    }
    for (int j = 0; j < m; j++) index[j] = product ? index[j] / mean : index[j] - mean;
}

// A series without its season, and the indices to give it back.
struct Adjusted {
    std::vector<double> values, index;
    bool product = true;

    Adjusted(Series y, int season, bool additive_allowed) : values(y.values, y.values + y.count) {
        if (!is_seasonal(y, season)) return;
        product = !additive_allowed || smallest_of(y) > 0;
        index.resize(season);
        decompose(y, season, product, index.data());
        // An index near zero says that the season is no factor.
        if (product &&
            *std::min_element(index.begin(), index.end()) < (additive_allowed ? 0.01 : 1e-4)) {
            if (!additive_allowed) {
                index.clear();
                return;
            }
            product = false;
            decompose(y, season, product, index.data());
        }
        for (int i = 0; i < y.count; i++) {
            const double factor = index[i % season];
            values[i] = product ? y[i] / factor : y[i] - factor;
        }
    }
    Series series() const { return {values.data(), static_cast<int>(values.size())}; }
    void give_back(int from, int horizon, double *out) const {
        if (index.empty()) return;
        for (int h = 0; h < horizon; h++) {
            const double factor = index[(from + h) % index.size()];
            out[h] = product ? out[h] * factor : out[h] + factor;
        }
    }
};

double slope_of(Series y) {
    double by_time = 0, squares = 0;
    for (int i = 0; i < y.count; i++) {
        const double time = i - (y.count - 1) / 2.0;
        by_time += time * y[i];
        squares += time * time;
    }
    return squares > 0 ? by_time / squares : 0;
}

// The line through the values up to each period, by its value at time 0 and its slope.
struct Line {
    double mean = 0, origin = 0, slope = 0;

    void extend(double value, int t) {
        const double before = mean;
        mean += (value - mean) / t;
        slope = t == 1 ? 0 : ((t - 2) * slope + 6.0 / t * (value - before)) / (t + 1);
        origin = mean - (t + 1) / 2.0 * slope;
    }
};

struct Dynamic {
    double error, weight;  // weight = 1 - 1 / theta
    double level, decay;   // after the last value
};

// The dynamic theta recursion for one alpha: the one-step forecasts are linear in the first level
// and in the weight of the line, so both come from least squares. weight is in [0, 1).
// lines[t] is the line through the first t values.
Dynamic dynamic_fit(Series y, const std::vector<Line> &lines, double alpha) {
    // forecast = first level * (1 - alpha)^(t - 1) + own + weight * line
    double s11 = 0, s12 = 0, s22 = 0, r1 = 0, r2 = 0, total = 0, own = 0, decay = 1;
    const double by = 1 / alpha;
    for (int i = 0; i < y.count; i++) {
        const double next_decay = decay * (1 - alpha);
        const double line = decay * lines[i].origin + (1 - next_decay) * by * lines[i].slope;
        const double error = y[i] - own;
        if (i > 0) {
            s11 += decay * decay, s12 += decay * line, s22 += line * line;
            r1 += decay * error, r2 += line * error, total += error * error;
        }
        own += alpha * error;
        decay = next_decay;
    }
    const double determinant = s11 * s22 - s12 * s12;
    double weight = determinant > 1e-12 * s11 * s22 ? (s11 * r2 - s12 * r1) / determinant : 0;
    weight = std::min(std::max(weight, 0.0), 1 - 1e-6);
    const double level = s11 > 0 ? (r1 - weight * s12) / s11 : 0;
    const double error = total - 2 * (level * r1 + weight * r2) + level * level * s11 +
                         2 * level * weight * s12 + weight * weight * s22;
    return {error, weight, own + decay * level, decay};
}

}  // namespace

ThetaModel theta(Series y, int season, const Stop &stop, int horizon, EtsModel *fitted,
                 double *out) {
    const Adjusted adjusted(y, season, false);
    const Series x = adjusted.series();
    EtsModel model{};
    model.form = {'A', 'N', 'N', false, 1};
    const bool known = fitted != nullptr && fitted->form.period > 0;
    if (known) model.parameters = fitted->parameters;
    if (largest_of(x) == smallest_of(x) ||
        !(known ? ets_states(x, &model) : ets_fit(model.form, x, {stop}, &model))) {
        model.parameters = {x.count < 5 ? 0.2 : 0.9999, 0, 0, 1};
        model.initial.level = x[0];
        ets_finish(model, x);
    }
    if (fitted != nullptr && !known) *fitted = model;
    const double alpha = model.parameters.alpha, drift = slope_of(x) / 2;
    const double reach = (1 - std::pow(1 - alpha, x.count)) / alpha;
    for (int h = 0; h < horizon; h++) out[h] = model.last.level + drift * (h + reach);
    adjusted.give_back(y.count, horizon, out);
    return {alpha, drift, !adjusted.index.empty()};
}

ThetaModel dynamic_theta(Series y, int season, const Stop &stop, int horizon, EtsModel *fitted,
                         double *out) {
    constexpr double kLow = 0.1, kHigh = 0.99;
    constexpr int kGrid = 12, kRounds = 18;
    const Adjusted adjusted(y, season, true);
    const Series x = adjusted.series();
    std::vector<Line> lines(x.count + 1);
    for (int t = 1; t <= x.count; t++) {
        lines[t] = lines[t - 1];
        lines[t].extend(x[t - 1], t);
    }
    double alpha = kLow;
    Dynamic best{HUGE_VAL, 0, 0, 1};
    const double step = (kHigh - kLow) / (kGrid - 1);
    const auto attempt = [&](double at) {
        check(stop);
        const Dynamic fit = dynamic_fit(x, lines, at);
        if (fit.error < best.error) best = fit, alpha = at;
        return fit.error;
    };
    const auto search = [&] {
        for (int k = 0; k < kGrid; k++) attempt(kLow + k * step);
        double low = std::max(kLow, alpha - step), high = std::min(kHigh, alpha + step);
        constexpr double kGolden = 0.61803398874989484820;
        double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
        double at_left = attempt(left), at_right = attempt(right);
        for (int round = 0; round < kRounds; round++) {
            if (at_left < at_right) {
                high = right, right = left, at_right = at_left;
                at_left = attempt(left = high - kGolden * (high - low));
            } else {
                low = left, left = right, at_left = at_right;
                at_right = attempt(right = low + kGolden * (high - low));
            }
        }
    };
    if (fitted != nullptr && fitted->form.period > 0) {
        attempt(fitted->parameters.alpha);
    } else {
        search();
        if (fitted != nullptr) {
            fitted->form = {'A', 'N', 'N', false, 1};
            fitted->parameters.alpha = alpha;
        }
    }
    Line line = lines[x.count];
    double level = best.level, decay = best.decay;
    for (int h = 0; h < horizon; h++) {
        const double next_decay = decay * (1 - alpha);
        const double rest = decay * line.origin + (1 - next_decay) / alpha * line.slope;
        out[h] = level + best.weight * rest;
        // The recursion goes on with its own forecasts.
        level += alpha * (out[h] - level);
        decay = next_decay;
        line.extend(out[h], x.count + h + 1);
    }
    adjusted.give_back(y.count, horizon, out);
    return {alpha, 1 / (1 - best.weight), !adjusted.index.empty()};
}

}  // namespace stockflow::forecasting
