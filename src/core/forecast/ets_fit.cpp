// Estimating the models of ets.hpp.
//
// For given smoothing parameters the best initial states come from least squares: exactly in one
// step where errors, trend and season are additive, because the one-step forecasts are linear in
// the states; by a few Gauss-Newton steps otherwise. Only the one to four smoothing parameters are
// left to search for.
#include <algorithm>
#include <cmath>

#include "ets.hpp"
#include "optimiser.hpp"

namespace stockflow::forecasting {

namespace {

constexpr double kLow = 1e-4, kHigh = 0.9999, kLowPhi = 0.8, kHighPhi = 0.98;
constexpr int kMaxStates = kMaxEtsSeason + 1;

using Vector = double[kMaxStates];

// Solves a symmetric positive system (lower half) in place; nearly dependent unknowns become 0.
void solve(Vector *a, double *b, int size) {
    for (int i = 0; i < size; i++) {
        const double scale = a[i][i];
        for (int k = 0; k < i; k++) a[i][i] -= a[i][k] * a[i][k];
        const bool singular = !(a[i][i] > 1e-12 * scale);
        a[i][i] = singular ? 0 : std::sqrt(a[i][i]);
        for (int j = i + 1; j < size; j++) {
            for (int k = 0; k < i; k++) a[j][i] -= a[j][k] * a[i][k];
            a[j][i] = singular ? 0 : a[j][i] / a[i][i];
        }
    }
    for (int i = 0; i < size; i++) {
        for (int k = 0; k < i; k++) b[i] -= a[i][k] * b[k];
        b[i] = a[i][i] == 0 ? 0 : b[i] / a[i][i];
    }
    for (int i = size - 1; i >= 0; i--) {
        for (int k = i + 1; k < size; k++) b[i] -= a[k][i] * b[k];
        b[i] = a[i][i] == 0 ? 0 : b[i] / a[i][i];
    }
}

struct Search {
    EtsForm form;
    Series y;
    EtsStates guess;  // where the states of each evaluation start from
    int steps;        // Gauss-Newton steps per evaluation
    EtsParameters parameters;
    EtsStates initial;  // the states found by the last evaluation
};

// The derivatives of the current states with respect to the initial ones.
struct Derivatives {
    Vector level, trend, seasonal[kMaxEtsSeason];
};

// How one period's forecast depends on the initial states, and the update of the derivatives.
template <char Season>
void advance(const EtsParameters &p, int size, double error, double base, double index,
             Derivatives &d, double *seasonal, double *row) {
    for (int k = 0; k < size; k++) {
        const double by_base = d.level[k] + p.phi * d.trend[k];
        double by_index = Season == 'N' ? 0 : seasonal[k], by_error;
        if (Season == 'M') {
            row[k] = by_base * index + base * by_index;
            by_error = -row[k] / index - error * by_index / (index * index);
            seasonal[k] -= p.gamma * (row[k] / base + error * by_base / (base * base));
        } else {
            row[k] = by_base + by_index;
            by_error = -row[k];
            if (Season == 'A') seasonal[k] -= p.gamma * row[k];
        }
        d.level[k] = by_base + p.alpha * by_error;
        d.trend[k] = p.phi * d.trend[k] + p.beta * by_error;
    }
}

// The step from `states` towards the initial states with the least (weighted) squared errors. The
// first seasonal state stays: it only shifts, or scales, the level. False where a division fails.
template <char Season>
bool improve(const Search &search, EtsStates &states) {
    const EtsForm &form = search.form;
    const EtsParameters &p = search.parameters;
    const bool trend = form.trend == 'A';
    const int m = Season == 'N' ? 0 : form.period, size = form.state_count(), before = 1 + trend;
    Vector gram[kMaxStates] = {};
    Vector right = {}, row;
    Derivatives d = {};
    d.level[0] = 1;
    if (trend) d.trend[1] = 1;
    for (int j = 1; j < m; j++) d.seasonal[j][before + j - 1] = 1;
    EtsStates now = states;
    if (!trend) now.trend = 0;
    int position = 0;
    for (int i = 0; i < search.y.count; i++) {
        const double damped = p.phi * now.trend, base = now.level + damped;
        const double index = Season == 'N' ? 0 : now.seasonal[position];
        const double expected = Season == 'M' ? base * index : base + index;
        const double error = search.y[i] - expected;
        if (Season == 'M' && !(std::fabs(index) > 1e-6 && std::fabs(base) > 1e-6)) return false;
        advance<Season>(p, size, error, base, index, d, d.seasonal[position], row);
        const double scale = form.error == 'M' ? std::max(expected, 1e-3 * search.guess.level) : 1;
        const double weight = 1 / (scale * scale);
        for (int a = 0; a < size; a++) {
            const double scaled = weight * row[a];
            right[a] += scaled * error;
            for (int b = 0; b <= a; b++) gram[a][b] += scaled * row[b];
        }
        now.level = base + p.alpha * (Season == 'M' ? error / index : error);
        if (trend) now.trend = damped + p.beta * (Season == 'M' ? error / index : error);
        if (Season != 'N') {
            now.seasonal[position] += p.gamma * (Season == 'M' ? error / base : error);
            if (++position == m) position = 0;
        }
    }
    solve(gram, right, size);
    states.level += right[0];
    if (trend) states.trend += right[1];
    for (int j = 1; j < m; j++) states.seasonal[j] += right[before + j - 1];
    return true;
}

// Reads parameters from the unknowns: beta is a share of alpha, gamma one of 1 - alpha, so that
// every point of the box is allowed.
EtsParameters unpack(const EtsForm &form, const double *x) {
    EtsParameters p{x[0], 0, 0, 1};
    int next = 1;
    if (form.trend == 'A') p.beta = std::max(kLow, x[next++] * p.alpha);
    if (form.season != 'N') p.gamma = std::max(kLow, x[next++] * (1 - p.alpha));
    if (form.damped) p.phi = x[next];
    return p;
}

// The states that are best for the parameters; returns -2 log likelihood.
double find_states(Search &search) {
    EtsStates states = search.guess;
    search.initial = states;
    double best = HUGE_VAL;
    for (int step = 0; step <= search.steps; step++) {
        EtsStates running = states;
        if (step > 0 || search.steps > 1) {
            const double value =
                ets_likelihood(search.form, search.parameters, search.y, running, nullptr);
            if (value < best) {
                best = value;
                search.initial = states;
            }
        }
        if (step == search.steps) break;
        const bool moved = search.form.season == 'M'   ? improve<'M'>(search, states)
                           : search.form.season == 'A' ? improve<'A'>(search, states)
                                                       : improve<'N'>(search, states);
        if (!moved) break;
    }
    return best;
}

// -2 log likelihood for smoothing parameters, with the best states for them.
double profile(const double *x, void *context) {
    Search &search = *static_cast<Search *>(context);
    search.parameters = unpack(search.form, x);
    return find_states(search);
}

// The same with the states that are known already.
double with_states(const double *x, void *context) {
    Search &search = *static_cast<Search *>(context);
    search.parameters = unpack(search.form, x);
    EtsStates running = search.guess;
    return ets_likelihood(search.form, search.parameters, search.y, running, nullptr);
}

// States to start from: seasonal indices from whole seasons, level and trend from a line through
// the first values.
EtsStates first_states(const EtsForm &form, Series y) {
    EtsStates states{};
    const int m = form.season == 'N' ? 1 : form.period;
    const bool product = form.season == 'M';
    if (m > 1) {
        const int seasons = y.count / m;
        for (int j = 0; j < m; j++) {
            double sum = 0;
            for (int k = 0; k < seasons; k++) {
                const double mean = mean_of({y.values + k * m, m});
                sum += product ? y[k * m + j] / mean : y[k * m + j] - mean;
            }
            states.seasonal[j] = sum / seasons;
            if (product) states.seasonal[j] = std::max(states.seasonal[j], 0.01);
        }
    }
    const int length = std::min(y.count, std::max(10, 2 * m));
    double sum = 0, by_time = 0, squares = 0;
    for (int i = 0; i < length; i++) {
        const double value = m == 1    ? y[i]
                             : product ? y[i] / states.seasonal[i % m]
                                       : y[i] - states.seasonal[i % m];
        const double time = i - (length - 1) / 2.0;
        sum += value;
        by_time += time * value;
        squares += time * time;
    }
    states.level = sum / length;
    if (form.trend == 'A') {
        states.trend = squares > 0 ? by_time / squares : 0;
        const double start = states.level - states.trend * (length + 1) / 2.0;
        if (form.error == 'M' && !(start > 0.1 * states.level)) {
            states.trend = 0;
        } else {
            states.level = start;
        }
    }
    return states;
}

// The best of a few combinations of parameters, to start the search from; returns its value.
double start_from_grid(Search &search, double (*objective)(const double *, void *),
                       const Bounds &bounds, const Stop &stop, double *x) {
    const int unknowns = search.form.smoothing_count();
    constexpr double kGrid[][4] = {{0.05, 0.05, 0.05, 0.97}, {0.3, 0.05, 0.1, 0.97},
                                   {0.8, 0.05, 0.1, 0.9},    {0.3, 0.4, 0.3, 0.9},
                                   {0.8, 0.4, 0.5, 0.97},    {0.02, 0.8, 0.02, 0.97}};
    double best = HUGE_VAL;
    for (const auto &point : kGrid) {
        check(stop);
        double trial[4];
        int next = 0;
        trial[next++] = point[0];
        if (search.form.trend == 'A') trial[next++] = point[1];
        if (search.form.season != 'N') trial[next++] = point[2];
        if (search.form.damped) trial[next++] = point[3];
        for (int k = 0; k < unknowns; k++) {
            trial[k] = std::min(std::max(trial[k], bounds.low[k]), bounds.high[k]);
        }
        const double value = objective(trial, &search);
        if (value < best || &point == &kGrid[0]) {
            best = value;
            std::copy(trial, trial + unknowns, x);
        }
    }
    return best;
}

}  // namespace

namespace {

// Whether a form suits a series, and the series is long enough for it.
bool suits(const EtsForm &form, Series y) {
    if (y.count <= form.smoothing_count() + form.state_count() + 2) return false;
    if (form.season != 'N' && (form.period > kMaxEtsSeason || y.count < 2 * form.period)) {
        return false;
    }
    return !form.is_product() || smallest_of(y) > 0;
}

Bounds bounds_of(const EtsForm &form) {
    const int unknowns = form.smoothing_count();
    Bounds bounds;
    for (int k = 0; k < unknowns; k++) {
        bounds.low[k] = kLow;
        bounds.high[k] = kHigh;
        bounds.step[k] = 0.1;
    }
    if (form.damped) {
        bounds.low[unknowns - 1] = kLowPhi;
        bounds.high[unknowns - 1] = kHighPhi;
        bounds.step[unknowns - 1] = 0.02;
    }
    return bounds;
}

// Parameters and states together, from where x is.
void search_together(Search &search, const Bounds &bounds, const Stop &stop, double *x) {
    const int unknowns = search.form.smoothing_count();
    const Objective objective{profile, &search};
    for (int round = 0; round < (search.form.is_product() ? 2 : 1); round++) {
        minimise(objective, bounds, unknowns, 1e-9, 60 * unknowns, stop, x);
        profile(x, &search);
        search.guess = search.initial;
    }
}

// By turns: in a long history the first states hardly matter, so they need not be found anew for
// every trial. False where not even the best start comes near `best`.
bool search_by_turns(Search &search, Bounds bounds, const Stop &stop, double best, double *x) {
    constexpr int kRounds = 2;
    constexpr double kHopeless = 0.25;  // in logarithms of the squared error
    const int unknowns = search.form.smoothing_count();
    const double start = start_from_grid(search, with_states, bounds, stop, x);
    if (start > best + kHopeless * search.y.count) return false;
    for (int round = 0; round < kRounds; round++) {
        const Objective objective{with_states, &search};
        minimise(objective, bounds, unknowns, 1e-7, 60 * unknowns, stop, x);
        profile(x, &search);
        search.guess = search.initial;
        for (int k = 0; k < unknowns; k++) bounds.step[k] /= 4;
    }
    return true;
}

Search search_of(const EtsForm &form, Series y) {
    return {form, y, first_states(form, y), form.is_product() ? 2 : 1, {}, {}};
}

bool finish(const Search &search, EtsModel *model) {
    model->form = search.form;
    model->parameters = search.parameters;
    model->initial = search.initial;
    ets_finish(*model, search.y);
    return std::isfinite(model->likelihood) && std::isfinite(model->last.level);
}

}  // namespace

bool ets_fit(const EtsForm &form, Series y, const Effort &effort, EtsModel *model) {
    constexpr int kLong = 150;     // histories in which the first states hardly matter
    constexpr double kClose = 10;  // criteria that may change places when all is estimated together
    if (!suits(form, y)) return false;
    Search search = search_of(form, y);
    const Bounds bounds = bounds_of(form);
    const bool turns = y.count >= kLong && (effort.quick || form.season != 'N');
    double x[4];
    if (turns) {
        if (!search_by_turns(search, bounds, effort.stop, effort.best, x)) return false;
        const bool found = finish(search, model);
        if (effort.quick || !found || model->likelihood > effort.best + kClose) return found;
    } else {
        start_from_grid(search, profile, bounds, effort.stop, x);
    }
    search_together(search, bounds, effort.stop, x);
    return finish(search, model);
}

bool ets_states(Series y, EtsModel *model) {
    if (!suits(model->form, y)) return false;
    Search search = search_of(model->form, y);
    search.parameters = model->parameters;
    find_states(search);
    return finish(search, model);
}

EtsModel ets_automatic(Series y, int season, Effort effort) {
    EtsModel best{};
    best.form = {'A', 'N', 'N', false, 1};
    best.aicc = HUGE_VAL;
    const double least = smallest_of(y);
    if (least == largest_of(y) || y.count < 5) {  // nothing to estimate
        best.parameters = {0.99999, 0, 0, 1};
        best.initial.level = y[0];
        ets_finish(best, y);
        return best;
    }
    const bool seasonal = season > 1 && season <= kMaxEtsSeason && y.count >= 2 * season;
    for (const char error : {'A', 'M'}) {
        for (const char trend : {'N', 'A', 'D'}) {
            for (const char index : {'N', 'A', 'M'}) {
                if (index != 'N' && !seasonal) continue;
                if (error == 'A' && index == 'M') continue;
                const EtsForm form{error, trend == 'N' ? 'N' : 'A', index, trend == 'D',
                                   index == 'N' ? 1 : season};
                EtsModel model;
                if (ets_fit(form, y, effort, &model) && model.aicc < best.aicc) {
                    best = model;
                    effort.best = model.likelihood;
                }
            }
        }
    }
    if (!(best.aicc < HUGE_VAL)) {
        best.form = {'A', 'N', 'N', false, 1};
        best.parameters = {0.2, 0, 0, 1};
        best.initial.level = y[0];
        ets_finish(best, y);
    }
    return best;
}

}  // namespace stockflow::forecasting
