#!/usr/bin/env python3
"""Works out the values of ledger_hash_test.cpp from the description in doc/reference.md, by struct and hashlib."""
import hashlib
import struct


def text(value):
    if value is None:
        return b"\0"
    encoded = value.encode()
    return b"\1" + struct.pack(">I", len(encoded)) + encoded


def optional(value):
    return b"\0" if value is None else b"\1" + struct.pack(">q", value)


def genesis(company, product, warehouse):
    return hashlib.sha256(b"stockflow ledger 1" + struct.pack(">qqq", company, product, warehouse))


def canonical(previous, key, version, delta, after, reason, reference, occurred, recorded, actor, cost,
              bundle, units, counterpart):
    return (b"\1" + previous + struct.pack(">qqqqqq", *key, version, delta, after) + text(reason) + text(reference)
            + struct.pack(">qq", occurred, recorded) + text(actor) + text(cost) + optional(bundle)
            + optional(units) + optional(counterpart))


key = (7, -2, 1 << 40)
start = genesis(*key)
print("genesis", start.hexdigest())
full = canonical(start.digest(), key, 1, -2500000, 999999999999999999, "sale", "Ä\n", 1767323045678901, -1, "app/till 4",
                 "2.5", 9, 3000000, 4)
print("full", len(full), hashlib.sha256(full).hexdigest())
few = canonical(hashlib.sha256(full).digest(), key, 2, 0, 0, "", None, 0, 0, "x", None, None, None, None)
print("few", len(few), hashlib.sha256(few).hexdigest())
print("few bytes after the hash", few[33:].hex())
print("full bytes after the hash", full[33:].hex())
