#!/usr/bin/env python3
"""Lets each call on files of each verb fail, one after the other, and looks at what is left.

A point is one run of a verb in a fresh copy of a folder, in which the call with one number fails: with EIO, or with
ENOSPC where the call may take room; alone, or with all later ones of its kind. At every point

- the program does not die of a signal, ends, and exits with 0 or with a code of docs/errors.md other than that of a
  defect, and then it tells why; of EIO what failed, on which file, and what to do;
- without the fault, `verify` finds the folder sound and the entries are those of before or of after the verb, or, for
  an import in batches, of a batch between them; after exit code 0 they are those of after it;
- what a verb printed and acknowledged by exit code 0 is right.

Where a verb makes more calls than there is time for, points are taken evenly, and the output says how many.

  fault_test.py [NAME...]     only these; DIALOGDB, STORE_WORKER and FILE_FAULTS name the files
"""

import collections
import concurrent.futures
import errno
import itertools
import json
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from process import fault_scenarios
from support import faults
from support.dialogdb import environment

# Of one verb and one way to fail.
POINTS_MAX = 400 * int(os.environ.get("DIALOG_SOAK_SCALE", "1"))
WAYS = [faults.Fault(0, errno.EIO, False), faults.Fault(0, errno.ENOSPC, False), faults.Fault(0, errno.EIO, True),
        faults.Fault(0, errno.ENOSPC, True)]


class Run:
    def __init__(self, folder):
        self.folder = folder
        self.numbers = itertools.count(1)
        self.failures = []
        self.lock = threading.Lock()
        self.points = 0

    def one(self, scenario, fault):
        """Runs one point; gives its report, and the outcome of the verb."""
        number = next(self.numbers)
        place = self.folder / f"point-{number}"
        report_file = self.folder / f"report-{number}"
        shutil.copytree(scenario.template, place, symlinks=True)
        variables = {**environment(), **faults.variables(fault, place, report_file)}
        outcome = None
        report = None
        try:
            outcome = scenario.act(place, variables)
            report = faults.read_report(report_file)
            if fault.error == errno.EIO:
                fault_scenarios.check_told(place, outcome)
            scenario.check(place, outcome, report, fault)
        except fault_scenarios.Wrong as wrong:
            with self.lock:
                self.failures.append((scenario.name, fault, report, outcome, str(wrong)))
        shutil.rmtree(place, ignore_errors=True)
        report_file.unlink(missing_ok=True)
        return report, outcome

    def scenario(self, scenario, pool):
        started = time.monotonic()
        scenario.template = self.folder / f"template-{scenario.name}"
        scenario.template.mkdir()
        scenario.prepare()
        try:
            for way in WAYS:
                report, outcome = self.one(scenario, way._replace(number=0))
                if outcome is None or outcome.code != 0:
                    raise RuntimeError(f"{scenario.name} fails without a fault: {outcome}; {self.failures}")
                self.way(scenario, way, report, pool)
        finally:
            scenario.end()
        print(f"  {scenario.name}: {time.monotonic() - started:.1f} s", flush=True)

    def way(self, scenario, way, counted, pool):
        most = scenario.points_max or POINTS_MAX
        # Calls that follow each other in time may come in another number: a few more are tried.
        wanted = range(1, counted.calls + 1)
        if way.sticky:
            most = max(4, most // 3)
        step = max(1.0, len(wanted) / most)
        numbers = sorted({wanted[int(i * step)] for i in range(min(most, len(wanted)))})
        results = list(pool.map(lambda number: self.one(scenario, way._replace(number=number)), numbers))
        fired = [(report, outcome) for report, outcome in results if report and report.failed]
        codes = collections.Counter(outcome.code for _, outcome in fired)
        kinds = collections.Counter(report.kind for report, _ in fired)
        self.points += len(fired)
        taken = "all" if len(numbers) == len(wanted) else f"{len(numbers)} evenly"
        print(f"{scenario.name}, {faults.name_of(way)}: {counted.calls} calls, {taken}; {len(fired)} failed; exit codes "
              f"{dict(sorted(codes.items(), key=str))}; {dict(sorted(kinds.items()))}", flush=True)
        if os.environ.get("DIALOG_FAULT_MESSAGES"):
            for number, (report, outcome) in zip(numbers, results):
                if report and report.failed and outcome.code not in (0, 8):
                    print(f"    {outcome.code} at {report.kind} {number}: {(outcome.err or outcome.out)[:300].decode()}")
        if wanted and len(fired) < len(numbers) // 2:
            self.failures.append((scenario.name, way, None, None, "too thin: most calls never came"))


def main():
    names = sys.argv[1:]
    scenarios = [scenario for scenario in fault_scenarios.all_scenarios() if not names or scenario.name in names]
    memory = pathlib.Path("/dev/shm")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="dialogdb-faults-", dir=memory if memory.is_dir() else None))
    run = Run(folder)
    try:
        with concurrent.futures.ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
            for scenario in scenarios:
                run.scenario(scenario, pool)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{run.points} points, {len(run.failures)} wrong")
    for name, fault, report, outcome, wrong in run.failures:
        print(f"\n{name}, {faults.name_of(fault)} at call {fault.number}: {wrong}\n{report}\n{outcome}", file=sys.stderr)
    return 1 if run.failures or not scenarios else 0


if __name__ == "__main__":
    sys.exit(main())
