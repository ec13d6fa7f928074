#!/usr/bin/env python3
"""Prints tests/golden/etcd.txt: what docs/format/etcd.md describes, made by code that shares none with the library."""
import base64
import json

DID = "did:key:z6Mkk89bC3JrVqKie71YEcc5M1SMVxuCgNx6zLZ8SYJsxALi"
# BLAKE3 of the DID, by `printf %s "$DID" | b3sum --no-names`.
ID = "f6ca264b9b577d02da34102d881209f225bd82ed8d1030acb3ddbb44c16b3a72"
PREFIX = "team/notes"
HEAD = f"{PREFIX}/heads/{ID}"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def log(sequence):
    return f"{PREFIX}/log/{ID}/{sequence:016x}"


def record(revision, previous, sequence, time_ms, author, swap, **removal):
    return compact({"format": 1, "did": DID, "revision": revision * 64, "previous": previous * 64,
                    "sequence": sequence, "time_ms": time_ms, "author": author, "swap": swap, **removal})


def transaction(condition, puts, removed):
    success = [{"request_put": {"key": b64(key), "value": b64(value)}} for key, value in puts]
    for first, end in removed:
        success.append({"request_delete_range": {"key": b64(first), "range_end": b64(end)}})
    compare = {"key": b64(puts[0][0]), "result": "EQUAL", **condition}
    failure = [{"request_range": {"key": b64(key)}} for key, _ in puts]
    return compact({"compare": [compare], "success": success, "failure": failure})


def value_is(value):
    return {"target": "VALUE", "value": b64(value)}


one = record("1", "0", 1, 1700000000000, "", "000102030405060708090a0b0c0d0e0f")
two = record("2", "1", 2, 1700000000001, "al\"ice\\", "101112131415161718191a1b1c1d1e1f")
# The removal is begun, and ended, by a clock that stands still.
three = record("0", "2", 3, 1700000000000, "", "202122232425262728292a2b2c2d2e2f", removed=3, removing=True)
four = record("0", "0", 4, 1700000000000, "", "303132333435363738393a3b3c3d3e3f", removed=4)
five = record("3", "0", 5, 1700000000002, "", "404142434445464748494a4b4c4d4e4f", removed=4)
REVOKED = f"{PREFIX}/revoked/{ID}"
first, second = {"id": "2" * 64, "expires": 1700000000}, {"id": "1" * 64, "expires": 1700000100}
revoked = compact({"format": 1, "did": DID, "revocations": [first]})
both = compact({"format": 1, "did": DID, "revocations": [second, first]})
absent = {"target": "CREATE", "create_revision": "0"}

print("# Two swaps of a writer that keeps one swap in the history, a look, a page of the history, a removal and a swap after")
print("# it, pages of the list, two revocations, and the probe.")
print("did", DID)
print("first-swap", transaction(absent, [(HEAD, one), (log(1), one)], []))
for key in HEAD, log(1):
    print("key-after-first", key)
    print("value-after-first", one)
print("second-swap", transaction(value_is(one), [(HEAD, two), (log(2), two)], [(log(0), log(2))]))
for key in HEAD, log(2):
    print("key-after-second", key)
    print("value-after-second", two)
print("look", compact({"key": b64(HEAD)}))
print("history-after-1", compact({"key": b64(log(2)), "range_end": b64(f"{PREFIX}/log/{ID}0"), "limit": "10"}))
print("removal", transaction(value_is(two), [(HEAD, three), (log(3), three)], [(log(0), log(3))]))
print("end-of-removal", transaction(value_is(three), [(HEAD, four), (log(4), four)], [(log(0), log(4))]))
print("swap-after-removal", transaction(value_is(four), [(HEAD, five), (log(5), five)], [(log(0), log(5))]))
print("list", compact({"key": b64(f"{PREFIX}/heads/"), "range_end": b64(f"{PREFIX}/heads0"), "limit": "10"}))
print("list-after", compact({"key": b64(f"{HEAD}\0"), "range_end": b64(f"{PREFIX}/heads0"), "limit": "10"}))
print("look-at-revocations", compact({"key": b64(REVOKED)}))
print("revocation", transaction(absent, [(REVOKED, revoked)], []))
print("second-revocation", transaction(value_is(revoked), [(REVOKED, both)], []))
print("probe", transaction(value_is("never"), [(f"{PREFIX}/probe", "never")], []))
