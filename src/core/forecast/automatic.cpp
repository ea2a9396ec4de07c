#include "automatic.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "spikes.hpp"
#include "theta.hpp"
#include "year.hpp"

namespace stockflow::forecasting {

namespace {

// A method that auto considers, and how much it counts before its errors are known.
struct Candidate {
    const char *text;
    double prior;
};

// For demand with zeros: levels of different memory. Those that notice a level shift soonest are
// worst where there is none, so they have to show that they are needed. adida, and imapa in
// part, remember a number of sales, not of periods, so they fit products of any pace.
constexpr Candidate kLevels[] = {
    {"tsb(alpha=0.1,alpha_probability=0.05,start=mean)", 5},
    {"tsb(alpha=0.2,alpha_probability=0.1,start=mean)", 3},
    {"ses(alpha=0.02,start=mean)", 1},
    {"ses(alpha=0.05,start=mean)", 2},
    {"ses(alpha=0.1,start=mean)", 1},
    {"ses(alpha=0.2,start=first)", 0.7},
    {"ses(alpha=0.3,start=first)", 0.7},
    {"imapa", 4},
    {"adida", 4},
    {"moving_average(window=12)", 0.5},
    {"moving_average(window=28)", 1},
    {"mean", 1},
};

// Where there is enough to see a season in: with its shape put on.
constexpr Candidate kShapes[] = {
    {"tsb(alpha=0.1,alpha_probability=0.05,start=mean,profile=26)", 10},
    {"tsb(alpha=0.2,alpha_probability=0.1,start=mean,profile=26)", 6},
    {"ses(alpha=0.05,start=mean,profile=26)", 4},
    {"ses(alpha=0.2,start=first,profile=26)", 1.4},
    {"ses(alpha=0.3,start=first,profile=26)", 1.4},
    {"dynamic_theta", 1},
};

// For demand (nearly) without zeros: trend and season. The first three take either only where they
// find it; the others always do, or never, which short histories punish.
constexpr Candidate kModels[] = {{"ets", 1},
                                 {"dynamic_theta", 3},
                                 {"theta", 1},
                                 {"holt_damped", 0.2},
                                 {"holt", 0.2},
                                 {"holt_winters", 0.3},
                                 {"ses", 0.2},
                                 {"holt_winters(alpha=0.2,beta=0.1,gamma=0.1)", 0.3},
                                 {"holt_winters_multiplicative", 0.3}};

// And where a season may be: a level with the mean shape of all seasons, in which there is nothing
// to estimate that a few values could get wrong.
constexpr Candidate kSteadyShapes[] = {{"ses(alpha=0.2,start=first,profile=26)", 2}};

constexpr double kShapeZeros = 0.6;     // up to this share, shapes do
constexpr int kShapeSeasons = 8;        // and from this number of seasons
constexpr int kShortDense = 60;         // shorter histories may be better off with levels,
constexpr int kShortSeasonal = 48;      // which have no season, where there may be one:
constexpr double kClearlyBetter = 0.8;  // half of the forecast if models err less by this factor
constexpr double kContestPower = 4;     // and soon all or nothing of it

// How far back the origins lie, in horizons. The nearest see only a part of the horizon; without
// them a change of level would stay unseen for a whole horizon.
constexpr double kBack[] = {0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4};
constexpr int kLong = 150;  // from this number of values, parameters hardly depend on the latest
constexpr std::size_t kRecentOrigins = 3;

// Weights fall with these powers of the loss, and of the loss of late: the more, the more horizons
// there were to measure it in.
constexpr double kPower = 3, kRecentPower = 1;
// What a model errs in a short history is mostly the error of its estimates: at this number of
// values, its errors count half.
constexpr double kModelHistory = 60;
constexpr double kLeastWeight = 0.02;  // less is nothing

// Adds origins; with whole_seasons only those that see each position of the season twice, or the
// whole horizon.
void add_origins(Plan &plan, const Job &job, int least_length, bool whole_seasons) {
    int last = 0;
    for (const double back : kBack) {
        const int periods = std::max(1, static_cast<int>(back * job.horizon + 0.5));
        const int steps = std::min(job.horizon, periods), length = job.y.count - periods;
        if (periods == last || length < least_length) continue;
        if (whole_seasons && steps < std::min(2 * job.season, job.horizon)) continue;
        last = periods;
        plan.origins.push_back({length, steps});
    }
}

template <std::size_t count>
void add_parts(Plan &plan, const Candidate (&list)[count], Family family) {
    for (const Candidate &candidate : list) {
        plan.parts.push_back(Part{parse_choice(candidate.text), family, candidate.prior});
    }
}

// How far the errors at the origins can be trusted, from 0 to 1.
double evidence(const Plan &plan, const Job &job) {
    double steps = 0;
    for (const Origin &origin : plan.origins) steps += origin.steps;
    return steps / (steps + job.horizon);
}

// Daily demand, whose season is the week, may follow the year as well.
void see_year(Plan &plan, const Job &job) {
    constexpr int kWeek = 7;
    if (job.season != kWeek) return;
    const YearShape shape(job.y);
    if (!shape.seen()) return;
    plan.note = "with the time of the year";
    plan.evened = shape.evened(job.y);
    plan.year.resize(job.horizon);
    shape.factors(job.y.count, job.horizon, plan.year.data());
    plan.origin_years.assign(plan.origins.size() * job.horizon, 1);
    for (std::size_t o = 0; o < plan.origins.size(); o++) {
        const Origin &origin = plan.origins[o];
        shape.factors(origin.length, origin.steps, plan.origin_years.data() + o * job.horizon);
    }
}

// Keeps a forecast within what can be: ten times the most that ever was is beyond any use.
void bound(double *path, int steps, Series y) {
    const double most = 10 * largest_of(y);
    for (int h = 0; h < steps; h++) {
        if (!std::isfinite(path[h])) path[h] = moving_average(y, 12);
        path[h] = std::min(std::max(path[h], 0.0), most);
    }
}

// What a part forecasts from, and what its forecasts are multiplied by.
struct Basis {
    Series y;
    double lift;
};

// A method's forecast from the first `job.y.count` values, within bounds.
Ran run_within(const Choice &choice, Job job, const Basis &basis, const double *year,
               double *path) {
    const Series y = job.y;
    job.y = basis.y.head(y.count);
    const Ran ran = run_method(choice, job, path);
    for (int h = 0; h < job.horizon; h++) path[h] *= basis.lift * (year == nullptr ? 1 : year[h]);
    bound(path, job.horizon, y);
    return ran;
}

// Forecasts, and forecasts again from each origin to see how wrong it was.
void run_part(const Plan &plan, const Job &job, const Basis &basis, Part &part) {
    check(job.stop);
    part.path.assign(job.horizon, 0);
    Choice choice = part.choice;
    EtsModel fitted{};
    choice.parameters.fitted = &fitted;
    Job whole = job;
    whole.quick = part.family == Family::models;
    const double *years = plan.year.empty() ? nullptr : plan.year.data();
    part.ran = run_within(choice, whole, basis, years, part.path.data());
    part.ran.parameters.fitted = nullptr;  // it ends with this function
    part.origin_paths.assign(plan.origins.size() * job.horizon, 0);
    double squares = 0, sums = 0, steps = 0;
    for (std::size_t o = 0; o < plan.origins.size(); o++) {
        const Origin &origin = plan.origins[o];
        const Job earlier{job.y.head(origin.length), job.season, origin.steps, job.stop};
        double *path = part.origin_paths.data() + o * job.horizon;
        check(job.stop);
        // The form of a model is chosen once; with fewer values the rest is estimated anew.
        if (origin.length < kLong && choice.parameters.fitted != nullptr) {
            choice.parameters.fitted = nullptr;
            const bool is_ets = std::strcmp(choice.method->name, "ets") == 0;
            if (is_ets && fitted.form.period > 0) choice.parameters.form = &fitted.form;
        }
        if (years != nullptr) years = plan.origin_years.data() + o * job.horizon;
        run_within(choice, earlier, basis, years, path);
        double square = 0, sum = 0;
        for (int h = 0; h < origin.steps; h++) {
            const double error = job.y[origin.length + h] - path[h];
            square += error * error;
            sum += error;
        }
        squares += square;
        if (part.family == Family::levels) sums += sum * sum / 2;
        steps += origin.steps;
        if (o < kRecentOrigins) {
            part.recent +=
                (square + (part.family == Family::levels ? sum * sum / 2 : 0)) / origin.steps;
        }
    }
    if (steps == 0) return;
    part.squared_error = squares / steps;
    part.loss = (squares + sums) / steps;
}

// The mean squared error of a family, the better members counting more.
double family_error(const Plan &plan, Family family) {
    double least = HUGE_VAL, sum = 0, weights = 0;
    for (const Part &part : plan.parts) {
        if (part.family == family) least = std::min(least, part.squared_error);
    }
    for (const Part &part : plan.parts) {
        if (part.family != family || !(part.squared_error > 0)) continue;
        const double weight = std::pow(least / part.squared_error, 3);
        sum += weight * part.squared_error;
        weights += weight;
    }
    return weights > 0 ? sum / weights : 0;
}

void drop_family(Plan &plan, Family family) {
    plan.parts.erase(std::remove_if(plan.parts.begin(), plan.parts.end(),
                                    [&](const Part &part) { return part.family == family; }),
                     plan.parts.end());
}

// The share of the forecast that models get where levels are considered too.
double models_share(const Plan &plan, const Job &job) {
    if (is_seasonal(job.y, job.season)) return 1;
    const double models = family_error(plan, Family::models);
    const double levels = family_error(plan, Family::levels);
    if (!(models > 0 && levels > 0)) return models < levels ? 1 : 0.5;
    const double power = kContestPower * evidence(plan, job);
    return 1 / (1 + std::pow(models / (kClearlyBetter * levels), power));
}

// Divides the forecast between the families.
void share_out(Plan &plan, const Job &job) {
    const double share = models_share(plan, job);
    if (share < kLeastWeight) return drop_family(plan, Family::models);
    if (share > 1 - kLeastWeight) return drop_family(plan, Family::levels);
    double models = 0, levels = 0;
    for (const Part &part : plan.parts) {
        (part.family == Family::models ? models : levels) += part.weight;
    }
    for (Part &part : plan.parts) {
        const bool model = part.family == Family::models;
        part.weight *= model ? share / models : (1 - share) / levels;
        part.mild_weight *= model ? share : 1 - share;
    }
}

// Weights from what was known before and the losses. In a contest levels have the former alone: in
// a short and dense history, where no product looks dead, they differ by chance.
void weigh(Plan &plan, const Job &job, bool contest) {
    constexpr double kTiny = 1e-12;
    double least = HUGE_VAL, least_recent = HUGE_VAL;
    for (const Part &part : plan.parts) {
        least = std::min(least, part.loss);
        least_recent = std::min(least_recent, part.recent);
    }
    const auto relative = [](double best, double loss) {
        return loss <= best ? 1 : (best + kTiny * loss) / loss;
    };
    const double seen = evidence(plan, job);
    for (Part &part : plan.parts) {
        const double trust = part.family == Family::models
                                 ? seen * job.y.count / (job.y.count + kModelHistory)
                             : contest ? 0
                                       : seen;
        part.weight = part.prior * std::pow(relative(least, part.loss), trust * kPower) *
                      std::pow(relative(least_recent, part.recent), trust * kRecentPower);
        // Levels hardly differ in their losses by more than chance.
        part.mild_weight =
            std::sqrt(part.family == Family::models ? relative(least, part.loss) : part.prior);
    }
}

// Small weights to nothing, all together to one; sorts by weight.
void tidy(Plan &plan) {
    double total = 0, kept = 0;
    for (const Part &part : plan.parts) total += part.weight;
    for (Part &part : plan.parts) {
        if (part.weight < kLeastWeight * total) part.weight = 0;
        kept += part.weight;
    }
    for (Part &part : plan.parts) part.weight /= kept;
    std::stable_sort(plan.parts.begin(), plan.parts.end(),
                     [](const Part &a, const Part &b) { return a.weight > b.weight; });
}

// What auto does where there is nothing to choose, or null.
const char *only_method(Series y, const char **note) {
    const int sales = nonzero_count(y);
    *note = sales == 0                        ? "no demand"
            : smallest_of(y) == largest_of(y) ? "constant demand"
            : y.count < 6                     ? "short history"
            : sales == 1                      ? "one sale"
                                              : "";
    if (sales == 0 || y.count < 6) return "mean";
    if (smallest_of(y) == largest_of(y)) return "naive";
    return sales == 1 ? kLevels[0].text : nullptr;
}

void plan_one(Plan &plan, const Choice &choice, const Job &job, bool backtests) {
    if (backtests) add_origins(plan, job, std::max(1, std::min(4, job.y.count - 1)), false);
    plan.parts.push_back(Part{choice});
    run_part(plan, job, {job.y, 1}, plan.parts[0]);
}

// Methods for dense demand, for demand with zeros, or both where it is not clear.
void add_all_parts(Plan &plan, const Job &job, bool dense, bool contest) {
    const bool seasonal = job.season > 1;
    if (dense) add_parts(plan, kModels, Family::models);
    if (dense && seasonal) add_parts(plan, kSteadyShapes, Family::models);
    if (!dense || contest) add_parts(plan, kLevels, Family::levels);
    if (dense || !seasonal || job.y.count < kShapeSeasons * job.season) return;
    if (zero_share(job.y) < kShapeZeros) add_parts(plan, kShapes, Family::levels);
}

void plan_several(Plan &plan, const Job &job, bool dense) {
    const bool contest = dense && job.y.count < (job.season > 1 ? kShortSeasonal : kShortDense);
    add_all_parts(plan, job, dense, contest);
    add_origins(plan, job, std::max(12, 2 * job.season + 4), dense);
    see_year(plan, job);
    const Basis whole{evened_history(plan, job), 1};
    const Damped damped = damp(whole.y);
    const Basis usual{{damped.values.data(), job.y.count}, damped.lift};
    for (Part &part : plan.parts) {
        run_part(plan, job, part.family == Family::levels ? usual : whole, part);
    }
    weigh(plan, job, contest);
    if (contest) share_out(plan, job);
    tidy(plan);
}

}  // namespace

Plan make_plan(const Choice &choice, const Job &job, bool backtests) {
    Plan plan;
    if (choice.method != &kMethods[0]) {
        plan_one(plan, choice, job, backtests);
    } else if (const char *only = only_method(job.y, &plan.note)) {
        plan_one(plan, parse_choice(only), job, backtests);
    } else {
        plan_several(plan, job, zero_share(job.y) <= kDenseZeros && job.y.count >= 20);
    }
    return plan;
}

Plan make_level_plan(const Job &job) {
    Plan plan;
    if (const char *only = only_method(job.y, &plan.note)) {
        plan_one(plan, parse_choice(only), job, true);
    } else {
        plan_several(plan, job, false);
    }
    return plan;
}

Series evened_history(const Plan &plan, const Job &job) {
    return plan.evened.empty() ? job.y : Series{plan.evened.data(), job.y.count};
}

std::vector<double> plan_path(const Plan &plan, const Job &job) {
    std::vector<double> path(job.horizon, 0.0);
    for (const Part &part : plan.parts) {
        for (int h = 0; h < job.horizon; h++) path[h] += part.weight * part.path[h];
    }
    return path;
}

std::vector<double> plan_path_at(const Plan &plan, const Job &job, std::size_t origin) {
    std::vector<double> path(job.horizon, 0.0);
    for (const Part &part : plan.parts) {
        const double *at = part.origin_paths.data() + origin * job.horizon;
        for (int h = 0; h < job.horizon; h++) path[h] += part.weight * at[h];
    }
    return path;
}

void run_automatic(const Job &job, const Parameters &, Ran &, double *out) {
    const std::vector<double> path = plan_path(make_plan({&kMethods[0], {}}, job), job);
    std::copy(path.begin(), path.end(), out);
}

}  // namespace stockflow::forecasting
