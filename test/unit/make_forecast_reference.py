#!/usr/bin/env python3
"""Writes forecast_reference.inc: a few series and what other implementations forecast for them.

    test/unit/make_forecast_reference.py REFERENCE >test/unit/forecast_reference.inc

REFERENCE is a directory with one folder per data set (carparts, hospital, ...), and in each:
train.csv.gz (series_id, t, y), ref.csv.gz (series_id, source, method, params, h, flat, value) and
fits.csv.gz (series_id, source, method, par, value), made with R forecast 8.20, tsintermittent 1.10
and statsforecast 2.1.1.
"""
import csv
import gzip
import json
import sys

SERIES = {"carparts": (12, [13, 587, 1657, 2163]), "uciweekly": (1, [443]),
          "hospital": (12, [25, 33, 41, 91, 51, 75, 283, 285]), "onlineretail": (7, [11])}
STARTS = {"first": "first", "meaninterval": "mean", "meanprob": "mean_from_second",
          "meanprob_all": "mean", "mean": "mean"}
STEPS = 6


def choice(method, p):
    """The text of our method with the same definition, and the tolerance, or None."""
    start = STARTS.get(p.get("init"))
    if method == "ma":
        return f"moving_average(window={p['window']})", 1e-9
    if method in ("mean", "naive"):
        return method, 1e-9
    if method == "snaive":
        return "seasonal_naive", 1e-9
    if method in ("ses", "croston", "sba", "sbj"):
        return f"{method}(alpha={p['alpha']},start={start})", 1e-9
    if method == "tsb":
        return f"tsb(alpha={p['alpha_d']},alpha_probability={p['alpha_p']},start={start})", 1e-9
    if method in ("holt", "hw_add"):
        gamma = f",gamma={p['gamma']}" if "gamma" in p else ""
        name = "holt" if method == "holt" else "holt_winters"
        return f"{name}(alpha={p['alpha']},beta={p['beta']}{gamma})", 1e-9
    searched = {"croston_opt": "croston_optimised", "adida": "adida", "imapa": "imapa",
                "comb5": "combination", "ses_opt_global": "ses"}
    return (searched[method], 1e-6) if method in searched else None


def rows(reference, name, file):
    with gzip.open(f"{reference}/{name}/{file}.csv.gz", "rt") as stream:
        yield from csv.DictReader(stream)


def main(reference):
    print("// Made by make_forecast_reference.py; see there. clang-format off")
    for name, (season, ids) in SERIES.items():
        values = {i: [] for i in ids}
        for row in rows(reference, name, "train"):
            if int(row["series_id"]) in values:
                values[int(row["series_id"])].append(f"{float(row['y']):g}")
        expected = {}
        for row in rows(reference, name, "ref"):
            series = int(row["series_id"])
            found = choice(row["method"], json.loads(row["params"])) if series in values else None
            if found and int(row["h"]) <= STEPS:
                expected.setdefault((series, *found), {})[int(row["h"])] = row["value"]
        fits = {}
        for row in rows(reference, name, "fits"):
            series = int(row["series_id"])
            if row["method"] == "R_ets_auto" and series in values:
                fits.setdefault(series, {})[row["par"]] = row["value"]
        for series in ids:
            print(f"SERIES({name}_{series}, {season}, ({', '.join(values[series])}))")
            for (_, text, tolerance), path in sorted(e for e in expected.items() if e[0][0] == series):
                steps = ", ".join(path[h] for h in sorted(path))
                print(f"FORECAST({name}_{series}, \"{text}\", {tolerance}, ({steps}))")
            fit = fits.get(series)
            if not fit:
                continue
            model = fit["model"]
            states = [fit.get(f"s{i}", "0") for i in range(season - 1)] if "gamma" in fit else []
            print(f"ETS({name}_{series}, \"{model}\", " + ", ".join(
                fit.get(key, default) for key, default in
                (("alpha", "0"), ("beta", "0"), ("gamma", "0"), ("phi", "1"), ("l", "0"), ("b", "0"),
                 ("aicc", "0"))) + f", ({', '.join(states) or '0'}))")


if __name__ == "__main__":
    main(sys.argv[1])
