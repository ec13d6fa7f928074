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
CHECKED = ("src/", "apps/")


def fingerprint(entry, salt):
    """Hash of all that decides the outcome; None where the source does not even preprocess."""
    arguments = [word for word in shlex.split(entry["command"])]
    while "=" in arguments[0] or arguments[0].rsplit("/", 1)[-1] in ("env", "ccache"):
        arguments.pop(0)
    kept = []
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT"):
            skip = True
        elif word not in ("-c", "-MD"):
            kept.append(word)
    # With comments: NOLINT is one.
    done = subprocess.run(kept + ["-E", "-C"], cwd=entry["directory"], capture_output=True, check=False)
    if done.returncode != 0:
        return None
    return hashlib.sha256(salt + " ".join(kept).encode() + done.stdout).hexdigest()


def check(entry, salt):
    key = fingerprint(entry, salt)
    if key and (CACHE / key).exists():
        return True, ""
    done = subprocess.run(
        [TIDY, "-p", str(BUILD), "--quiet", entry["file"]],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode == 0 and key:
        (CACHE / key).touch()
    return done.returncode == 0, done.stdout


def main():
    database = json.loads((BUILD / "compile_commands.json").read_text())
    wanted = sys.argv[1:]
    entries = []
    for entry in database:
        name = os.path.relpath(entry["file"], ROOT)
        if name.startswith(CHECKED) and (not wanted or any(part in name for part in wanted)):
            entries.append(entry)
    CACHE.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    salt = version + b"".join(path.read_bytes() for path in (ROOT / ".clang-tidy", ROOT / "apps/.clang-tidy"))
    complaints = set()
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("JOBS", os.cpu_count()))) as pool:
        for entry, (clean, text) in zip(entries, pool.map(lambda e: check(e, salt), entries)):
            if clean:
                continue
            bad += 1
            # A header's complaint comes with every source that includes it: say it once.
            for block in re.split(r"(?m)^(?=/\S+:\d+:\d+: (?:error|warning))", text):
                if block.strip() and block not in complaints:
                    complaints.add(block)
                    print(block.rstrip())
            if not text.strip():
                print(f"{entry['file']}: {TIDY} fails without a word")
    print(f"clang-tidy: {len(entries) - bad} of {len(entries)} sources are clean")
    return 1 if bad or not entries else 0


sys.exit(main())
