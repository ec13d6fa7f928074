"""Runs programs in which one call of the system fails: loads tests/support/file_faults.c into them."""

import collections
import errno
import os
import pathlib
import struct
import subprocess

LIBRARY = os.environ.get("FILE_FAULTS", "")
KINDS = ["none", "open", "create", "read", "write", "sync", "resize", "rename", "link", "remove", "make_folder", "map",
         "lock", "look", "list"]
LAYOUT = struct.Struct(f"<{3 + len(KINDS)}Q")

# The call of a process that fails: its number, what it fails with, and whether all later ones of its kind do, too.
# Number 0 fails nothing.
Fault = collections.namedtuple("Fault", "number error sticky", defaults=(0, errno.EIO, False))
Report = collections.namedtuple("Report", "calls failed kind by_kind")


def name_of(fault):
    return errno.errorcode[fault.error] + (" and on" if fault.sticky else "")


def variables(fault, folder, report):
    """The environment of a process in which only calls that concern `folder` count."""
    return {"LD_PRELOAD": LIBRARY, "DIALOG_FAULT_FOLDER": os.path.realpath(folder), "DIALOG_FAULT_REPORT": str(report),
            "DIALOG_FAULT_AT": str(fault.number), "DIALOG_FAULT_ERRNO": str(fault.error),
            "DIALOG_FAULT_STICKY": str(int(fault.sticky))}


def read_report(path):
    calls, failed, kind, *by_kind = LAYOUT.unpack(pathlib.Path(path).read_bytes()[:LAYOUT.size])
    return Report(calls, failed, KINDS[kind], dict(zip(KINDS, by_kind)))


Outcome = collections.namedtuple("Outcome", "code out err")


def run(words, environment, input=b"", time_limit=120):
    """Runs a program to its end. Starts it without a copy of this process, which has threads."""
    process = subprocess.Popen([os.fspath(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment)
    try:
        out, err = process.communicate(input, time_limit)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return Outcome("hangs", out, err)
    return Outcome(process.returncode, out, err)
