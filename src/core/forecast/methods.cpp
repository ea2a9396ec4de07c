#include "methods.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "aggregation.hpp"
#include "automatic.hpp"
#include "ets.hpp"
#include "search.hpp"
#include "theta.hpp"

namespace stockflow::forecasting {

namespace {

constexpr double kLowAlpha = 0.01, kHighAlpha = 0.99;

double or_else(double value, double otherwise) { return is_given(value) ? value : otherwise; }

// A forecast that is the same for every period; with a profile, the season's shape is put on it.
void flat(const Job &job, const Parameters &given, Ran &ran, double level, double *out) {
    std::fill(out, out + job.horizon, level);
    ran.parameters.profile = 0;
    double shape[kMaxSeason];
    if (given.profile == 0 || !seasonal_profile(job.y, job.season, given.profile, shape)) return;
    ran.parameters.profile = given.profile;
    for (int h = 0; h < job.horizon; h++) out[h] *= shape[h % job.season];
}

void run_mean(const Job &job, const Parameters &given, Ran &ran, double *out) {
    flat(job, given, ran, mean_of(job.y), out);
}

void run_moving_average(const Job &job, const Parameters &given, Ran &ran, double *out) {
    ran.parameters.window = std::min(given.window > 0 ? given.window : 12, job.y.count);
    flat(job, given, ran, moving_average(job.y, ran.parameters.window), out);
}

void run_naive(const Job &job, const Parameters &given, Ran &ran, double *out) {
    flat(job, given, ran, job.y.last(), out);
}

void run_seasonal_naive(const Job &job, const Parameters &given, Ran &ran, double *out) {
    const int m = job.season;
    if (job.y.count < m) {
        ran.model = "naive";
        return run_naive(job, given, ran, out);
    }
    for (int h = 0; h < job.horizon; h++) out[h] = job.y[job.y.count - m + h % m];
}

void run_ses(const Job &job, const Parameters &given, Ran &ran, double *out) {
    double level;
    const bool known = given.fitted != nullptr && given.fitted->form.period > 0;
    if (is_given(given.alpha) || known) {
        ran.parameters.alpha = known ? given.fitted->parameters.alpha : given.alpha;
        level = ses(job.y, ran.parameters.alpha, given.start);
    } else {
        const Smoothed best = best_ses(job.y, kLowAlpha, kHighAlpha);
        ran.parameters.alpha = best.alpha;
        if (given.fitted != nullptr) {
            given.fitted->form = {'A', 'N', 'N', false, 1};
            given.fitted->parameters.alpha = best.alpha;
        }
        level = given.start == Start::first ? best.level : ses(job.y, best.alpha, given.start);
    }
    ran.parameters.start_given = true;
    flat(job, given, ran, level, out);
}

void keep(const EtsModel &model, Ran &ran) {
    std::memcpy(ran.name, model.name, sizeof ran.name);
    ran.model = nullptr;
    ran.parameters.alpha = model.parameters.alpha;
    if (model.form.trend == 'A') ran.parameters.beta = model.parameters.beta;
    if (model.form.season != 'N') ran.parameters.gamma = model.parameters.gamma;
    if (model.form.damped) ran.parameters.phi = model.parameters.phi;
}

// Forecasts with the model fitted to a longer history, of which this is the beginning. False if
// there is none.
bool run_fitted(const Job &job, const Parameters &given, Ran &ran, double *out) {
    if (given.fitted == nullptr || given.fitted->form.period == 0) return false;
    EtsModel model = *given.fitted;
    model.last = model.initial;
    ets_likelihood(model.form, model.parameters, job.y, model.last, nullptr);
    keep(model, ran);
    ets_forecast(model, job.horizon, out);
    return true;
}

void use(const EtsModel &model, const Job &job, const Parameters &given, Ran &ran, double *out) {
    if (given.fitted != nullptr) *given.fitted = model;
    keep(model, ran);
    ets_forecast(model, job.horizon, out);
}

// Estimates one form of exponential smoothing, or takes optimised simple smoothing instead.
void run_form(const EtsForm &form, const Job &job, const Parameters &given, Ran &ran, double *out) {
    if (run_fitted(job, given, ran, out)) return;
    EtsModel model;
    const bool constant = smallest_of(job.y) == largest_of(job.y);
    if (constant || !ets_fit(form, job.y, {job.stop, job.quick}, &model)) {
        ran.model = "ses";
        ran.parameters = {};
        return run_ses(job, {}, ran, out);
    }
    use(model, job, given, ran, out);
}

void run_holt(const Job &job, const Parameters &given, Ran &ran, double *out) {
    if (is_given(given.alpha)) {
        ran.parameters.beta = or_else(given.beta, 0.1);
        return holt(job.y, given.alpha, ran.parameters.beta, 1, job.horizon, out);
    }
    run_form({'A', 'A', 'N', false, 1}, job, given, ran, out);
}

void run_holt_damped(const Job &job, const Parameters &given, Ran &ran, double *out) {
    if (is_given(given.alpha)) {
        ran.parameters.beta = or_else(given.beta, 0.1);
        ran.parameters.phi = or_else(given.phi, 0.9);
        return holt(job.y, given.alpha, ran.parameters.beta, ran.parameters.phi, job.horizon, out);
    }
    run_form({'A', 'A', 'N', true, 1}, job, given, ran, out);
}

void run_winters(const Job &job, const Parameters &given, Ran &ran, bool product, double *out) {
    const int m = job.season;
    if (product && !(smallest_of(job.y) > 0)) {
        ran.model = "holt_winters";
        product = false;
    }
    if (m < 2 || job.y.count < 2 * m) {
        ran.model = "holt";
        return run_holt(job, given, ran, out);
    }
    if (is_given(given.alpha) || m > kMaxEtsSeason) {
        Parameters &p = ran.parameters;
        p.alpha = or_else(given.alpha, 0.2);
        p.beta = or_else(given.beta, 0.1);
        p.gamma = or_else(given.gamma, 0.1);
        return holt_winters(job.y, p.alpha, p.beta, p.gamma, m, product, job.horizon, out);
    }
    run_form({product ? 'M' : 'A', 'A', product ? 'M' : 'A', false, m}, job, given, ran, out);
}

void run_holt_winters(const Job &job, const Parameters &given, Ran &ran, double *out) {
    run_winters(job, given, ran, false, out);
}

void run_holt_winters_multiplicative(const Job &job, const Parameters &given, Ran &ran,
                                     double *out) {
    run_winters(job, given, ran, true, out);
}

void run_ets(const Job &job, const Parameters &given, Ran &ran, double *out) {
    if (run_fitted(job, given, ran, out)) return;
    const Effort effort{job.stop, job.quick};
    EtsModel model;
    if (given.form == nullptr || !ets_fit(*given.form, job.y, effort, &model)) {
        model = ets_automatic(job.y, job.season, effort);
    }
    use(model, job, given, ran, out);
}

void run_theta(const Job &job, const Parameters &given, Ran &ran, double *out) {
    ran.parameters.alpha = theta(job.y, job.season, job.stop, job.horizon, given.fitted, out).alpha;
}

void run_dynamic_theta(const Job &job, const Parameters &given, Ran &ran, double *out) {
    const ThetaModel model =
        dynamic_theta(job.y, job.season, job.stop, job.horizon, given.fitted, out);
    ran.parameters.alpha = model.alpha;
    ran.parameters.theta = model.drift_or_theta;
}

template <Correction correction>
void run_croston(const Job &job, const Parameters &given, Ran &ran, double *out) {
    ran.parameters.alpha = or_else(given.alpha, 0.1);
    ran.parameters.start_given = true;
    flat(job, given, ran, croston(job.y, ran.parameters.alpha, given.start, correction), out);
}

void run_croston_optimised(const Job &job, const Parameters &given, Ran &ran, double *out) {
    const OptimisedCroston found = croston_optimised(job.y, job.stop);
    ran.parameters.alpha = found.alpha_size;
    flat(job, given, ran, found.value, out);
}

void run_tsb(const Job &job, const Parameters &given, Ran &ran, double *out) {
    Parameters &p = ran.parameters;
    p.alpha = or_else(given.alpha, 0.1);
    p.alpha_probability = or_else(given.alpha_probability, 0.05);
    p.start = given.start_given ? given.start : Start::mean;
    p.start_given = true;
    flat(job, given, ran, tsb(job.y, p.alpha, p.alpha_probability, p.start), out);
}

void run_adida(const Job &job, const Parameters &given, Ran &ran, double *out) {
    const Aggregated found = adida(job.y, job.stop);
    ran.parameters.level = found.level;
    flat(job, given, ran, found.value, out);
}

void run_imapa(const Job &job, const Parameters &given, Ran &ran, double *out) {
    const Aggregated found = imapa(job.y, job.stop);
    ran.parameters.level = found.level;
    flat(job, given, ran, found.value, out);
}

// The mean of methods that err differently.
void run_combination(const Job &job, const Parameters &given, Ran &ran, double *out) {
    const double sum = golden_ses(job.y, 0.1, 0.3).level +
                       croston(job.y, 0.1, Start::first, Correction::sba) +
                       tsb(job.y, 0.2, 0.1, Start::first) + adida(job.y, job.stop).value +
                       imapa(job.y, job.stop).value;
    flat(job, given, ran, sum / 5, out);
}

}  // namespace

const Method kMethods[kMethodCount] = {
    {"auto", "chosen by its errors at earlier origins, among methods that suit the demand",
     "Tashman 2000 (rolling origins); Bates and Granger 1969 (combination)", "", run_automatic},
    {"mean", "mean of the whole history", "", "profile", run_mean},
    {"naive", "last value", "", "profile", run_naive},
    {"seasonal_naive", "value of the same position in the last season", "", "", run_seasonal_naive},
    {"moving_average", "mean of the last window values (12)", "", "window profile",
     run_moving_average},
    {"ses", "simple exponential smoothing; alpha by least squares unless given", "Brown 1956",
     "alpha start profile", run_ses},
    {"holt", "level and trend; estimated unless alpha is given", "Holt 1957", "alpha beta",
     run_holt},
    {"holt_damped", "level and a trend that fades", "Gardner and McKenzie 1985", "alpha beta phi",
     run_holt_damped},
    {"holt_winters", "level, trend and additive season", "Winters 1960", "alpha beta gamma",
     run_holt_winters},
    {"holt_winters_multiplicative",
     "level, trend and multiplicative season; additive where the history has zeros", "Winters 1960",
     "alpha beta gamma", run_holt_winters_multiplicative},
    {"ets", "exponential smoothing model with the lowest corrected Akaike criterion",
     "Hyndman, Koehler, Snyder and Grose 2002", "", run_ets},
    {"theta", "simple smoothing with half of the trend as drift",
     "Assimakopoulos and Nikolopoulos 2000; Hyndman and Billah 2003", "", run_theta},
    {"dynamic_theta", "theta with an estimated, moving trend line",
     "Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler 2016", "", run_dynamic_theta},
    {"croston", "size of a sale divided by the interval between sales", "Croston 1972",
     "alpha start profile", run_croston<Correction::none>},
    {"croston_optimised", "croston with a smoothing constant each for size and interval",
     "Croston 1972", "profile", run_croston_optimised},
    {"sba", "croston times 1 - alpha / 2, without its bias", "Syntetos and Boylan 2005",
     "alpha start profile", run_croston<Correction::sba>},
    {"sbj", "croston times 1 - alpha / (2 - alpha)", "Shale, Boylan and Johnston 2006",
     "alpha start profile", run_croston<Correction::sbj>},
    {"tsb", "size of a sale times its probability, which fades while nothing is sold",
     "Teunter, Syntetos and Babai 2011", "alpha alpha_probability start profile", run_tsb},
    {"adida", "smoothed sums of blocks as long as the mean interval between sales",
     "Nikolopoulos, Syntetos, Boylan, Petropoulos and Assimakopoulos 2011", "profile", run_adida},
    {"imapa", "mean of smoothed sums over all block lengths up to the mean interval",
     "Petropoulos and Kourentzes 2015", "profile", run_imapa},
    {"combination", "mean of ses, sba, tsb, adida and imapa", "Bates and Granger 1969", "profile",
     run_combination},
};

Ran run_method(const Choice &choice, const Job &job, double *out) {
    Ran ran{choice.method->name, {}, choice.parameters};
    choice.method->run(job, choice.parameters, ran, out);
    return ran;
}

}  // namespace stockflow::forecasting
