#!/usr/bin/env python3
"""Runs clang-tidy over the sources of src/ and apps/, from the compile database of the preset lint.

A source that was clean is not looked at again until its preprocessed text, the checks or the tool change.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TIDY = "clang-tidy-19"
ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "lint"
CACHE = BUILD / "tidy-clean"
BATCHES = BUILD / "tidy-batches"
CHECKED = ("src/", "apps/")
BATCH_MAX = 12
# Sources, too: in a batch they are included.
OURS = r"/(dialog/[a-z]+|src/[a-z]+|apps/[a-z]+)/[^/]*\.[ch]pp$"


def arguments_of(entry):
    """The compiler's arguments without the source, and without what they write."""
    words = shlex.split(entry["command"])
    while "=" in words[0] or words[0].rsplit("/", 1)[-1] in ("env", "ccache"):
        words.pop(0)
    kept = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT"):
            skip = True
        elif word not in ("-c", "-MD", entry["file"]):
            kept.append(word)
    return tuple(kept)


def fingerprint(entry, salt):
    """Hash of all that decides the outcome; None where the source does not even preprocess."""
    arguments = arguments_of(entry)
    # With comments: NOLINT is one.
    done = subprocess.run([*arguments, "-E", "-C", entry["file"]], cwd=entry["directory"], capture_output=True,
                          check=False)
    if done.returncode != 0:
        return None
    return hashlib.sha256(salt + " ".join(arguments).encode() + done.stdout).hexdigest()


def tidy(source, entry):
    return subprocess.run(
        [TIDY, "--quiet", f"--header-filter={OURS}", source, "--", *arguments_of(entry)[1:]],
        cwd=entry["directory"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)


def check(batch):
    """For each (entry, key): both, whether the source is clean, and what the tool says. Most of the time goes into the
    headers that all include, so sources are looked at together; where there is a complaint, each by itself."""
    if len(batch) > 1:
        first = batch[0][0]
        place = BATCHES / os.path.relpath(first["file"], ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("".join(f'#include "{entry["file"]}"\n' for entry, _ in batch))
        if tidy(str(place), first).returncode == 0:
            return [(entry, key, True, "") for entry, key in batch]
    alone = [(entry, key, tidy(entry["file"], entry)) for entry, key in batch]
    return [(entry, key, done.returncode == 0, done.stdout) for entry, key, done in alone]


def batches_of(unknown):
    """Sources of one folder that are compiled alike."""
    alike = {}
    for entry, key in unknown:
        alike.setdefault((os.path.dirname(entry["file"]), arguments_of(entry)), []).append((entry, key))
    for together in alike.values():
        count = -(-len(together) // BATCH_MAX)
        for i in range(count):
            yield together[i::count]


def report(entry, text, complaints):
    # A header's complaint comes with every source that includes it: say it once.
    for block in re.split(r"(?m)^(?=/\S+:\d+:\d+: (?:error|warning))", text):
        if block.strip() and block not in complaints:
            complaints.add(block)
            print(block.rstrip(), flush=True)
    if not text.strip():
        print(f"{entry['file']}: {TIDY} fails without a word", flush=True)


def main():
    database = json.loads((BUILD / "compile_commands.json").read_text())
    wanted = sys.argv[1:]
    by_name = {}
    for entry in database:
        name = os.path.relpath(entry["file"], ROOT)
        if name.startswith(CHECKED) and (not wanted or any(part in name for part in wanted)):
            by_name.setdefault(name, entry)  # once, however many libraries it is a part of
    entries = list(by_name.values())
    CACHE.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    salt = version
    for name in (".clang-tidy", "apps/.clang-tidy"):
        salt += (ROOT / name).read_bytes()
        (BATCHES / name).parent.mkdir(parents=True, exist_ok=True)
        (BATCHES / name).write_bytes((ROOT / name).read_bytes())
    complaints = set()
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        keys = pool.map(lambda entry: fingerprint(entry, salt), entries)
        unknown = [(entry, key) for entry, key in zip(entries, keys) if not key or not (CACHE / key).exists()]
        for outcomes in pool.map(check, batches_of(unknown)):
            for entry, key, is_clean, text in outcomes:
                if not is_clean:
                    bad += 1
                    report(entry, text, complaints)
                elif key:
                    (CACHE / key).touch()
    print(f"clang-tidy: {len(entries) - bad} of {len(entries)} sources are clean")
    return 1 if bad or not entries else 0


sys.exit(main())
