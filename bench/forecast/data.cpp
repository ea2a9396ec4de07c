#include "data.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <stdexcept>

namespace {

using Row = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string &line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            fields.emplace_back();
        } else if (c != '\n' && c != '\r') {
            fields.back() += c;
        }
    }
    return fields;
}

void each_row(const std::string &file, const std::function<void(Row &)> &visit) {
    const bool packed = file.size() > 3 && file.substr(file.size() - 3) == ".gz";
    FILE *stream = popen(((packed ? "zcat '" : "cat '") + file + "' 2>/dev/null").c_str(), "r");
    if (stream == nullptr) throw std::runtime_error(file);
    char line[8192];
    std::vector<std::string> header;
    while (std::fgets(line, sizeof line, stream) != nullptr) {
        const std::vector<std::string> fields = split(line);
        if (header.empty()) {
            header = fields;
            continue;
        }
        Row row;
        for (std::size_t i = 0; i < fields.size() && i < header.size(); i++) {
            row[header[i]] = fields[i];
        }
        visit(row);
    }
    if (pclose(stream) != 0) throw std::runtime_error("cannot read " + file);
}

void keep_least(Set &set, const std::string &score, double value) {
    const auto found = set.best.find(score);
    if (found == set.best.end() || value < found->second) set.best[score] = value;
}

void load_best(Set &set, const std::string &folder) {
    each_row(folder + "/accuracy_point.csv", [&](Row &row) {
        // "Always zero" is no forecast, and a method that leaves series out is not comparable.
        if (row["missing"] != "0" || row["method"].find("zero") != std::string::npos) return;
        for (const char *score : {"MASE", "RMSSE", "LT_MASE", "RMSE"}) {
            keep_least(set, score, std::atof(row[score].c_str()));
        }
    });
    std::map<std::string, std::pair<double, int>> sums;
    each_row(folder + "/accuracy_quantile.csv", [&](Row &row) {
        auto &sum = sums[row["kind"] + " " + row["method"]];
        sum.first += std::atof(row["SPL"].c_str());
        sum.second++;
    });
    for (const auto &[key, sum] : sums) {
        if (sum.second == 4) keep_least(set, key.substr(0, 3), sum.first);
    }
}

double number_from(const char *variable, double otherwise) {
    const char *text = std::getenv(variable);
    return text != nullptr ? std::atof(text) : otherwise;
}

// Takes the last horizons away, so that others become the future. False if too little is left.
bool move_cutoff(Entry &entry, double horizons) {
    const std::size_t horizon = entry.test.size();
    const std::size_t cut = static_cast<std::size_t>(horizons * horizon);
    if (cut == 0) return true;
    std::vector<double> all = entry.train;
    all.insert(all.end(), entry.test.begin(), entry.test.end());
    if (entry.train.size() < cut + horizon) return false;
    const auto end = all.begin() + entry.train.size() - cut;
    entry.train.assign(all.begin(), end);
    entry.test.assign(end, end + horizon);
    return std::any_of(entry.train.begin(), entry.train.end(), [](double y) { return y != 0; });
}

}  // namespace

bool scales(const Entry &entry, int lag, double *absolute, double *square) {
    const std::vector<double> &y = entry.train;
    std::size_t first = 0;
    while (first < y.size() && y[first] == 0) first++;
    double sum = 0, squares = 0;
    int count = 0;
    for (std::size_t i = first + lag; i < y.size(); i++, count++) {
        sum += std::fabs(y[i] - y[i - lag]);
        squares += (y[i] - y[i - lag]) * (y[i] - y[i - lag]);
    }
    if (count == 0 || sum == 0) return false;
    *absolute = sum / count;
    *square = squares / count;
    return true;
}

double pinball(double actual, const double *quantiles) {
    double loss = 0;
    for (int i = 0; i < kLevelCount; i++) {
        const double e = actual - quantiles[i];
        loss += (e >= 0 ? kLevels[i] : kLevels[i] - 1) * e;
    }
    return loss;
}

Set load(const std::string &directory, const std::string &name) {
    return load(directory, name, number_from("CUTOFF", 0));
}

Set load(const std::string &directory, const std::string &name, double cutoff) {
    const std::map<std::string, int> seasons = {
        {"carparts", 12}, {"onlineretail", 7}, {"bakery", 7}, {"hospital", 12}, {"m3monthly", 12}};
    const std::string folder = directory + "/" + name;
    Set set{name, seasons.count(name) != 0 ? seasons.at(name) : 1, 0, 1, {}, {}};
    if (name == "hospital" || name == "m3monthly") set.lag = 12;
    std::map<int, Entry> entries;
    each_row(folder + "/train.csv.gz", [&](Row &row) {
        entries[std::atoi(row["series_id"].c_str())].train.push_back(std::atof(row["y"].c_str()));
    });
    each_row(folder + "/test.csv.gz", [&](Row &row) {
        entries[std::atoi(row["series_id"].c_str())].test.push_back(std::atof(row["y"].c_str()));
    });
    const int half = static_cast<int>(number_from("HALF", -1));
    unsigned number = 0;
    for (auto &[id, entry] : entries) {
        // Halves that have nothing to do with how the series are numbered.
        const int in_half = (++number * 2654435761u) >> 20 & 1;
        if (half >= 0 && in_half != half) continue;
        if (move_cutoff(entry, cutoff)) set.entries.push_back(entry);
    }
    if (set.entries.empty()) throw std::runtime_error("no series in " + folder);
    set.horizon = static_cast<int>(set.entries[0].test.size());
    if (cutoff > 0) return set;  // nobody else was measured there
    try {
        load_best(set, folder);
    } catch (const std::exception &) {
        std::printf("(not all scores of other implementations are in %s)\n", folder.c_str());
    }
    return set;
}

Set two_years(int series) {
    constexpr int kDays = 730;
    Set set{"two years", 7, 28, 1, {}, {}};
    std::mt19937 random(1);  // the same on every machine, other than the distributions of <random>
    const auto uniform = [&] { return random() / 4294967296.0; };
    for (int i = 0; i < series; i++) {
        double shape[7], level = 10 + 140 * uniform();
        for (double &day : shape) day = 0.5 + uniform();
        Entry entry;
        for (int t = 0; t < kDays; t++) {
            level = std::max(level + (uniform() - 0.5) * 2, 2.0);
            const double noise = (uniform() + uniform() + uniform() - 1.5) * 2;  // of variance 1
            const double mean = level * shape[t % 7];
            entry.train.push_back(std::max(std::round(mean + std::sqrt(2 * mean) * noise), 0.0));
        }
        set.entries.push_back(entry);
    }
    return set;
}
