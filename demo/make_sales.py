#!/usr/bin/env python3
"""Makes sales.csv.gz. Needed only to make that file anew, not to run the demonstration.

usage: make_sales.py onlineretail_daily_by_country.csv.gz sales.csv.gz

The input has one line per product, country and day with sales: StockCode, Country, ds, qty, lines,
revenue; cancelled lines are out already (demo/README.md names the source).
"""
import csv
import gzip
import io
import sys
from collections import defaultdict
from datetime import date, timedelta
from statistics import median

WAREHOUSES = ("United Kingdom", "Germany", "France", "EIRE")
WEEKS = 26
FREQUENT, INTERMITTENT = 140, 60  # so many products that sell on most days, and that do not


def read(path):
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            yield (row["StockCode"], row["Country"], date.fromisoformat(row["ds"]),
                   int(row["qty"]), float(row["revenue"]))


def best(products, revenue, number):
    return sorted(products, key=lambda code: (-revenue[code], code))[:number]


def main(source, target):
    rows = [row for row in read(source) if row[1] in WAREHOUSES and row[3] > 0]
    first_day = max(row[2] for row in rows) - timedelta(days=7 * WEEKS - 1)
    rows = [row for row in rows if row[2] >= first_day]

    open_days = {row[2] for row in rows}  # the shop was shut on Saturdays
    selling_days, revenue, prices = defaultdict(set), defaultdict(float), defaultdict(list)
    for code, _, day, units, income in rows:
        selling_days[code].add(day)
        revenue[code] += income
        if income > 0:
            prices[code].append(income / units)
    frequent = {code for code in prices if len(selling_days[code]) >= len(open_days) / 2}
    chosen = set(best(frequent, revenue, FREQUENT) +
                 best(prices.keys() - frequent, revenue, INTERMITTENT))

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("product_code", "warehouse", "day", "units", "unit_price"))
    for code, warehouse, day, units, _ in sorted(rows, key=lambda row: row[:3]):
        if code in chosen:
            writer.writerow((code, warehouse, day, units, f"{median(prices[code]):.2f}"))
    with open(target, "wb") as file, \
            gzip.GzipFile("", "wb", compresslevel=9, fileobj=file, mtime=0) as packed:
        packed.write(text.getvalue().encode())


if len(sys.argv) != 3:
    sys.exit(__doc__.split("\n\n")[1])
main(*sys.argv[1:])
