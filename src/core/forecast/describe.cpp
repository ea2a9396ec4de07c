// Saying what a forecast was made of, and how wrong it would have been.
#include <cmath>
#include <cstdio>

#include "forecast.hpp"

namespace stockflow::forecasting {

namespace {

// part: its index in the plan, or -1 for the forecast as a whole.
Errors errors_of(const Plan &plan, const Job &job, int part) {
    Errors errors;
    double absolute = 0, squares = 0, bias = 0, steps = 0, sums = 0;
    int whole = 0;
    for (std::size_t o = 0; o < plan.origins.size(); o++) {
        const Origin &origin = plan.origins[o];
        std::vector<double> path;
        if (part < 0) path = plan_path_at(plan, job, o);
        const double *at =
            part < 0 ? path.data() : plan.parts[part].origin_paths.data() + o * job.horizon;
        double difference = 0;
        for (int h = 0; h < origin.steps; h++) {
            const double error = at[h] - job.y[origin.length + h];
            absolute += std::fabs(error);
            squares += error * error;
            difference += error;
        }
        bias += difference;
        steps += origin.steps;
        if (origin.steps == job.horizon) sums += std::fabs(difference), whole++;
    }
    errors.origins = static_cast<int>(plan.origins.size());
    if (steps > 0) {
        errors.mae = absolute / steps;
        errors.rmse = std::sqrt(squares / steps);
        errors.bias = bias / steps;
    }
    if (whole > 0) errors.sum_error = sums / whole;
    return errors;
}

template <std::size_t size>
void copy(char (&target)[size], const char *source) {
    std::snprintf(target, size, "%s", source);
}

ModelRow row_of(const Plan &plan, const Job &job, int part) {
    const Part &source = plan.parts[part];
    ModelRow row;
    copy(row.method, choice_text(source.choice).c_str());
    copy(row.model, source.ran.model != nullptr ? source.ran.model : source.ran.name);
    copy(row.note, plan.note);
    row.weight = source.weight;
    list_parameters(source.ran.parameters, row.parameters);
    row.errors = errors_of(plan, job, part);
    return row;
}

}  // namespace

int Forecast::describe(ModelRow *rows) const {
    int used = 0, count = 0;
    for (const Part &part : plan_.parts) used += part.weight > 0;
    if (choice_.method == &kMethods[0]) {
        ModelRow &all = rows[count++];
        copy(all.method, "auto");
        if (used > 1) {
            std::snprintf(all.model, sizeof all.model, "mean of %d methods", used);
        } else {
            copy(all.model, row_of(plan_, job_, 0).model);
        }
        copy(all.note, plan_.note);
        all.weight = 1;
        list_parameters({}, all.parameters);
        all.errors = errors_of(plan_, job_, -1);
    }
    for (int i = 0; i < used && count < kMaxModelRows; i++) rows[count++] = row_of(plan_, job_, i);
    return count;
}

int describe(const Choice &choice, const Job &job, ModelRow *rows) {
    return Forecast(choice, job).describe(rows);
}

}  // namespace stockflow::forecasting
