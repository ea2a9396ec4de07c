// Reading and writing the texts that name a method with its parameters.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"
#include "methods.hpp"

namespace stockflow::forecasting {

namespace {

struct StartName {
    const char *name;
    Start start;
};
constexpr StartName kStarts[] = {
    {"first", Start::first}, {"mean", Start::mean}, {"mean_from_second", Start::mean_from_second}};

struct Field {
    const char *name;
    double Parameters::*value;
};
constexpr Field kFields[] = {{"alpha", &Parameters::alpha},
                             {"beta", &Parameters::beta},
                             {"gamma", &Parameters::gamma},
                             {"phi", &Parameters::phi},
                             {"alpha_probability", &Parameters::alpha_probability}};

constexpr int kMaxNumber = 10000;

std::string known_methods() {
    std::string names;
    for (const Method &method : kMethods) {
        if (!names.empty()) names += ", ";
        names += method.name;
    }
    return "Known methods: " + names + ".";
}

// The text for messages: never more than a line of it.
std::string quoted(const std::string &text) {
    constexpr std::size_t kMost = 60;
    std::size_t length = text.size() < kMost ? text.size() : kMost;
    while (length > 0 && length < text.size() && (text[length] & 0xc0) == 0x80) length--;
    return "\"" + text.substr(0, length) + (length < text.size() ? "..." : "") + "\"";
}

bool accepts(const Method &method, const std::string &name) {
    const std::string list = std::string(" ") + method.accepts + " ";
    return list.find(" " + name + " ") != std::string::npos;
}

[[noreturn]] void bad_parameter(const Method &method, const std::string &name) {
    throw Error(kInvalidParameter,
                "method " + std::string(method.name) + " has no parameter " + quoted(name), {},
                *method.accepts == '\0' ? "It has no parameters."
                                        : std::string("Its parameters: ") + method.accepts + ".");
}

double number(const std::string &name, const std::string &text, double least, double most) {
    char *end;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value >= least && value <= most)) {
        char range[80];
        std::snprintf(range, sizeof range, "between %g and %g", least, most);
        throw Error(kInvalidParameter,
                    "parameter " + name + " must be " + range + ", not " + quoted(text));
    }
    return value;
}

void set(const Method &method, const std::string &name, const std::string &value,
         Parameters &parameters) {
    if (!accepts(method, name)) bad_parameter(method, name);
    if (name == "window" || name == "profile") {
        const double count = number(name, value, 1, kMaxNumber);
        (name == "window" ? parameters.window : parameters.profile) = static_cast<int>(count);
        return;
    }
    if (name == "start") {
        for (const StartName &start : kStarts) {
            const bool only_tsb = start.start == Start::mean_from_second;
            if (value == start.name && (!only_tsb || std::strcmp(method.name, "tsb") == 0)) {
                parameters.start = start.start;
                parameters.start_given = true;
                return;
            }
        }
        throw Error(kInvalidParameter, "parameter start must not be " + quoted(value), {},
                    "Starts: first, mean (tsb also: mean_from_second).");
    }
    for (const Field &field : kFields) {
        if (name == field.name) parameters.*field.value = number(name, value, 0, 1);
    }
}

std::string trim(const std::string &text) {
    const std::size_t from = text.find_first_not_of(" \t\n\r");
    if (from == std::string::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\n\r") - from + 1);
}

const Method &find(const std::string &name) {
    for (const Method &method : kMethods) {
        if (name == method.name) return method;
    }
    throw Error(kInvalidParameter, "unknown forecasting method " + quoted(name), {},
                known_methods());
}

}  // namespace

const char *const kParameterNames[kParameterCount] = {
    "alpha", "beta", "gamma", "phi", "alpha_probability", "theta", "level", "window", "profile"};

void list_parameters(const Parameters &p, double *out) {
    const double values[kParameterCount] = {p.alpha,
                                            p.beta,
                                            p.gamma,
                                            p.phi,
                                            p.alpha_probability,
                                            p.theta,
                                            p.level,
                                            p.window > 0 ? p.window : kNotGiven,
                                            p.profile > 0 ? p.profile : kNotGiven};
    for (int i = 0; i < kParameterCount; i++) out[i] = values[i];
}

Choice parse_choice(const char *text) {
    const std::string all = trim(text);
    const std::size_t open = all.find('(');
    if (open == std::string::npos) return {&find(all), {}};
    Choice choice{&find(trim(all.substr(0, open))), {}};
    if (all.back() != ')') {
        throw Error(kInvalidParameter, "method " + quoted(all) + " has no closing bracket");
    }
    std::string rest = all.substr(open + 1, all.size() - open - 2);
    while (!trim(rest).empty()) {
        const std::size_t comma = rest.find(','), equals = rest.find('=');
        const std::string one = rest.substr(0, comma);
        if (equals == std::string::npos || equals > comma) bad_parameter(*choice.method, trim(one));
        set(*choice.method, trim(one.substr(0, equals)), trim(one.substr(equals + 1)),
            choice.parameters);
        if (comma == std::string::npos) break;
        rest = rest.substr(comma + 1);
    }
    return choice;
}

std::string choice_text(const Choice &choice) {
    std::string list;
    const auto append = [&](const char *name, const char *value) {
        if (!accepts(*choice.method, name)) return;
        list += (list.empty() ? "" : ",") + std::string(name) + "=" + value;
    };
    const Parameters &p = choice.parameters;
    char text[32];
    for (const Field &field : kFields) {
        if (!is_given(p.*field.value)) continue;
        std::snprintf(text, sizeof text, "%.10g", p.*field.value);
        append(field.name, text);
    }
    for (const StartName &start : kStarts) {
        if (p.start_given && p.start == start.start) append("start", start.name);
    }
    std::snprintf(text, sizeof text, "%d", p.window);
    if (p.window > 0) append("window", text);
    std::snprintf(text, sizeof text, "%d", p.profile);
    if (p.profile > 0) append("profile", text);
    return choice.method->name + (list.empty() ? "" : "(" + list + ")");
}

}  // namespace stockflow::forecasting
