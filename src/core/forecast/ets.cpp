#include "ets.hpp"

#include <algorithm>
#include <cstdio>

namespace stockflow::forecasting {

namespace {

constexpr double kTiny = 1e-10;

// A product of many numbers by its logarithm, without one logarithm for each of them.
class LogProduct {
  public:
    void multiply(double factor) {
        product_ *= factor;
        if (product_ > 1e100 || product_ < 1e-100) flush();
    }
    double value() {
        flush();
        return sum_;
    }

  private:
    void flush() {
        sum_ += std::log(product_);
        product_ = 1;
    }
    double product_ = 1, sum_ = 0;
};

template <char Error, char Season, bool Trend>
double run(const EtsForm &form, const EtsParameters &p, Series y, EtsStates &states,
           double *mean_squared_error) {
    double level = states.level, trend = Trend ? states.trend : 0;
    double squares = 0, raw_squares = 0;
    LogProduct fitted;
    int position = 0;
    for (int i = 0; i < y.count; i++) {
        const double damped = Trend ? p.phi * trend : 0;
        const double base = level + damped;
        double *index = &states.seasonal[position];
        const double expected = Season == 'A'   ? base + *index
                                : Season == 'M' ? base * *index
                                                : base;
        const double error = y[i] - expected;
        raw_squares += error * error;
        if (Error == 'M') {
            if (!(expected > kTiny)) return HUGE_VAL;
            squares += error / expected * (error / expected);
            fitted.multiply(expected);
        }
        if (Season == 'M') {
            if (!(std::fabs(*index) > kTiny) || !(std::fabs(base) > kTiny)) return HUGE_VAL;
            level = base + p.alpha * error / *index;
            if (Trend) trend = damped + p.beta * error / *index;
            *index += p.gamma * error / base;
        } else {
            level = base + p.alpha * error;
            if (Trend) trend = damped + p.beta * error;
            if (Season == 'A') *index += p.gamma * error;
        }
        if (Season != 'N' && ++position == form.period) position = 0;
    }
    states.level = level;
    states.trend = trend;
    // The next period's seasonal state comes first.
    if (Season != 'N') {
        std::rotate(states.seasonal, states.seasonal + position, states.seasonal + form.period);
    }
    if (mean_squared_error != nullptr) *mean_squared_error = raw_squares / y.count;
    if (Error == 'A') squares = raw_squares;
    const double likelihood = y.count * std::log(std::max(squares, 1e-300));
    return Error == 'M' ? likelihood + 2 * fitted.value() : likelihood;
}

template <char Error, char Season>
double run(const EtsForm &form, const EtsParameters &p, Series y, EtsStates &states,
           double *mean_squared_error) {
    return form.trend == 'A' ? run<Error, Season, true>(form, p, y, states, mean_squared_error)
                             : run<Error, Season, false>(form, p, y, states, mean_squared_error);
}

}  // namespace

double ets_likelihood(const EtsForm &form, const EtsParameters &p, Series y, EtsStates &states,
                      double *mean_squared_error) {
    if (form.error == 'A') {
        return form.season == 'A'   ? run<'A', 'A'>(form, p, y, states, mean_squared_error)
               : form.season == 'M' ? run<'A', 'M'>(form, p, y, states, mean_squared_error)
                                    : run<'A', 'N'>(form, p, y, states, mean_squared_error);
    }
    return form.season == 'A'   ? run<'M', 'A'>(form, p, y, states, mean_squared_error)
           : form.season == 'M' ? run<'M', 'M'>(form, p, y, states, mean_squared_error)
                                : run<'M', 'N'>(form, p, y, states, mean_squared_error);
}

void ets_finish(EtsModel &model, Series y) {
    const EtsForm &form = model.form;
    model.last = model.initial;
    model.likelihood = ets_likelihood(form, model.parameters, y, model.last, &model.error);
    const double k = form.smoothing_count() + form.state_count() + 1;
    const double rest = y.count - k - 1;
    model.aicc = rest > 0 ? model.likelihood + 2 * k + 2 * k * (k + 1) / rest : HUGE_VAL;
    std::snprintf(model.name, sizeof model.name, "ETS(%c,%c%s,%c)", form.error, form.trend,
                  form.damped ? "d" : "", form.season);
}

void ets_forecast(const EtsModel &model, int horizon, double *out) {
    double reach = 0, weight = model.parameters.phi;
    int position = 0;
    for (int h = 0; h < horizon; h++) {
        double value = model.last.level;
        if (model.form.trend == 'A') {
            reach += weight;
            weight *= model.parameters.phi;
            value += reach * model.last.trend;
        }
        if (model.form.season != 'N') {
            const double index = model.last.seasonal[position];
            value = model.form.season == 'A' ? value + index : value * index;
            if (++position == model.form.period) position = 0;
        }
        out[h] = value;
    }
}

}  // namespace stockflow::forecasting
