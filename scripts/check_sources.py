#!/usr/bin/env python3
"""Checks what no compiler checks: sizes, names, layers, and that every source belongs to a target."""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINES_MAX = 500
TEST_LINES_MAX = 800
COLUMNS_MAX = 100
# Compiled for WebAssembly or libFuzzer only, so absent from the compile database that is read here.
ELSEWHERE = re.compile(r"(_wasm\.cpp$|^tests/install/|^bindings/|^examples/.*/consumer/)")
TABLES = re.compile(r"(_vectors|_table|_data)\.(cpp|hpp)$")


def sources():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.hpp", "*.cpp", "*.h", "*.c"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return [name for name in listed if name and (ROOT / name).is_file()]


def check_shape(name, lines):
    limit = TEST_LINES_MAX if name.startswith(("tests/", "bench/", "fuzz/")) else LINES_MAX
    if len(lines) > limit and not TABLES.search(name):
        yield f"{name}: {len(lines)} lines, more than {limit}"
    if not re.fullmatch(r"[a-z0-9_/-]+(\.test)?\.(hpp|cpp|h|c)", name):
        yield f"{name}: file names are snake_case"
    if name.endswith(".hpp") and not any(line.strip() == "#pragma once" for line in lines):
        yield f"{name}: lacks #pragma once"
    for number, line in enumerate(lines, 1):
        if re.match(r'\s*#\s*include\s*["<][^">]*\.\./', line):
            yield f"{name}:{number}: an include must not climb with .."
        if re.match(r"\s*//\s*([-=*#/])\1{4,}", line):
            yield f"{name}:{number}: no separators"
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            yield f"{name}:{number}: unfinished business belongs to the issues"


def layer_order():
    text = (ROOT / "src" / "CMakeLists.txt").read_text()
    return re.findall(r"add_subdirectory\((\w+)\)", text)


def declared_layers(layer):
    path = ROOT / "src" / layer / "CMakeLists.txt"
    found = re.search(r"dialog_layer\(\s*%s\b([^)]*)\)" % layer, path.read_text()) if path.exists() else None
    named = re.search(r"\bLAYERS\s+([a-z_\s]+)", found.group(1)) if found else None
    return named.group(1).split() if named else []


def check_layers(files):
    order = layer_order()
    reach = {}
    for layer in order:
        reach[layer] = {layer}
        for lower in declared_layers(layer):
            if lower not in reach:
                yield f"src/{layer}/CMakeLists.txt: {layer} names {lower}, which does not come before it"
            else:
                reach[layer] |= reach[lower]
    for name, lines in files.items():
        owner = re.match(r"(?:include/dialog|src)/(\w+)/", name)
        if not owner:
            continue
        if owner.group(1) not in reach:
            yield f"{name}: {owner.group(1)} is no layer of src/CMakeLists.txt"
            continue
        for number, line in enumerate(lines, 1):
            used = re.match(r'\s*#\s*include\s*["<]dialog/(\w+)/', line)
            if used and used.group(1) not in reach[owner.group(1)]:
                yield f"{name}:{number}: layer {owner.group(1)} must not include {used.group(1)}"
            if re.match(r"\s*#\s*include\s*<dialog/", line):
                yield f"{name}:{number}: our own headers are included with quotes"


def check_targets(files):
    database = json.loads((ROOT / "build" / "lint" / "compile_commands.json").read_text())
    compiled = {os.path.relpath(os.path.realpath(entry["file"]), ROOT) for entry in database}
    for name in files:
        if name.endswith((".cpp", ".c")) and name not in compiled and not ELSEWHERE.search(name):
            yield f"{name}: belongs to no target"


def main():
    files = {name: (ROOT / name).read_text(errors="replace").split("\n") for name in sources()}
    complaints = [line for name, lines in files.items() for line in check_shape(name, lines[:-1])]
    complaints += check_layers(files)
    complaints += check_targets(files)
    for complaint in complaints:
        print(complaint)
    print(f"sources: {len(files)} files, {len(complaints)} complaints")
    return 1 if complaints else 0


sys.exit(main())
