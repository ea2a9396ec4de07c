// The methods by name, and the texts that name one with its parameters: ses(alpha=0.3,start=mean).
#pragma once

#include <string>

#include "ets.hpp"
#include "series.hpp"
#include "smoothing.hpp"

namespace stockflow::forecasting {

// What a method was given, or what it found; kNotGiven (0 for window) is left out.
struct Parameters {
    double alpha = kNotGiven, beta = kNotGiven, gamma = kNotGiven, phi = kNotGiven;
    double alpha_probability = kNotGiven, theta = kNotGiven, level = kNotGiven;
    int window = 0, profile = 0;  // profile: whole seasons that a flat forecast's shape comes from
    bool start_given = false;
    Start start = Start::first;
    const EtsForm *form = nullptr;  // ets: this one instead of the best
    // Where a model that was estimated is kept, or, once there is one, where it is taken from.
    EtsModel *fitted = nullptr;
};

// The numbers among them, for reports.
inline constexpr int kParameterCount = 9;
extern const char *const kParameterNames[kParameterCount];
void list_parameters(const Parameters &parameters, double *out);

struct Job {
    Series y;
    int season;
    int horizon;
    Stop stop;
    bool quick = false;  // models: near the best is good enough
};

// What ran: it may be simpler than what was asked for, where the history is too short for that.
struct Ran {
    const char *model;  // a constant; null: see name
    char name[16];
    Parameters parameters;
};

struct Method {
    const char *name, *description, *source;
    const char *accepts;  // names of its parameters, separated by blanks
    void (*run)(const Job &job, const Parameters &given, Ran &ran, double *out);
};

inline constexpr int kMethodCount = 21;
extern const Method kMethods[kMethodCount];

// A method with its parameters.
struct Choice {
    const Method *method;
    Parameters parameters;
};

// Reads a choice; throws Error 22023, with the known methods or parameters in the hint.
Choice parse_choice(const char *text);
// The text of a choice, which parse_choice reads back.
std::string choice_text(const Choice &choice);

// The method's own point forecasts, as its definition has them: they may be negative.
Ran run_method(const Choice &choice, const Job &job, double *out);

}  // namespace stockflow::forecasting
