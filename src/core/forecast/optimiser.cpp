#include "optimiser.hpp"

#include <nlopt.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

namespace stockflow::forecasting {

namespace {

// What the library calls is C: no exception may pass through it, so a stop is noted and thrown
// later.
struct Call {
    const Objective *objective;
    const Stop *stop;
    nlopt_opt optimiser;
    int evaluations;
    bool stopped;
    double best, at[kMaxUnknowns];
};

double evaluate(unsigned count, const double *x, double *, void *data) {
    Call &call = *static_cast<Call *>(data);
    call.evaluations++;
    if ((*call.stop)()) {
        call.stopped = true;
        nlopt_force_stop(call.optimiser);
        return HUGE_VAL;
    }
    double value = call.objective->value(x, call.objective->context);
    if (!std::isfinite(value)) value = 1e300;
    if (call.evaluations == 1 || value < call.best) {
        call.best = value;
        std::copy(x, x + count, call.at);
    }
    return value;
}

struct Destroy {
    void operator()(nlopt_opt optimiser) const { nlopt_destroy(optimiser); }
};

}  // namespace

double minimise(const Objective &objective, const Bounds &bounds, int unknowns, double tolerance,
                int most_evaluations, const Stop &stop, double *x) {
    check(stop);
    const auto algorithm = unknowns > 1 ? NLOPT_LN_BOBYQA : NLOPT_LN_SBPLX;
    std::unique_ptr<std::remove_pointer_t<nlopt_opt>, Destroy> optimiser(
        nlopt_create(algorithm, static_cast<unsigned>(unknowns)));
    if (optimiser == nullptr) throw std::bad_alloc();
    Call call{&objective, &stop, optimiser.get(), 0, false, 0, {}};
    nlopt_set_lower_bounds(optimiser.get(), bounds.low);
    nlopt_set_upper_bounds(optimiser.get(), bounds.high);
    nlopt_set_initial_step(optimiser.get(), bounds.step);
    nlopt_set_min_objective(optimiser.get(), evaluate, &call);
    nlopt_set_ftol_rel(optimiser.get(), tolerance);
    nlopt_set_xtol_rel(optimiser.get(), 1e-6);
    nlopt_set_maxeval(optimiser.get(), most_evaluations);
    double start[kMaxUnknowns], value;
    std::copy(x, x + unknowns, start);
    nlopt_optimize(optimiser.get(), start,
                   &value);  // the best point seen is kept, whatever it says
    if (call.stopped) throw Stopped();
    if (call.evaluations == 0) return objective.value(x, objective.context);  // nothing to move
    std::copy(call.at, call.at + unknowns, x);
    return call.best;
}

}  // namespace stockflow::forecasting
