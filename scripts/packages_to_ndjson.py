#!/usr/bin/env python3
"""Writes the package index that apt keeps on this machine as NDJSON, one object a package.

Of a package that occurs in several versions or archives the first one counts.
"""

import glob
import io
import json
import subprocess
import sys

LISTS = "/var/lib/apt/lists/*_Packages*"
HELPER = "/usr/lib/apt/apt-helper"


def lines_of(path):
    """The lines of a list, whatever it is compressed with."""
    if path.endswith("_Packages"):
        with open(path, encoding="utf-8", errors="replace") as lines:
            yield from lines
        return
    with subprocess.Popen([HELPER, "cat-file", path], stdout=subprocess.PIPE) as process:
        yield from io.TextIOWrapper(process.stdout, encoding="utf-8", errors="replace")
    if process.returncode != 0:
        sys.exit(f"{HELPER} cannot read {path}")


def records(lines):
    """The paragraphs of a control file: `Name: value`, continued by lines that begin with a space."""
    record, name = {}, None
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if record:
                yield record
            record, name = {}, None
        elif line[0] in " \t" and name:
            record[name] += "\n" + line[1:]
        else:
            name, _, value = line.partition(":")
            record[name] = value.strip()
    if record:
        yield record


def main():
    paths = sorted(path for path in glob.glob(LISTS) if path.endswith(("_Packages", ".lz4", ".gz", ".xz")))
    if not paths:
        sys.exit(f"no package lists in {LISTS}; run apt-get update")
    seen = set()
    for path in paths:
        for record in records(lines_of(path)):
            package = record.get("Package")
            if package is None or package in seen:
                continue
            seen.add(package)
            print(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


if __name__ == "__main__":
    main()
