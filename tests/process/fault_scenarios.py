"""What fault_test.py runs: each verb with a folder to run in, and what must be true of it afterwards."""

import errno
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess

from support import faults
from support.dialogdb import PROGRAM, environment

STORE_WORKER = os.environ.get("STORE_WORKER", "store_worker")
ERRORS = pathlib.Path(__file__).resolve().parents[2] / "docs/errors.md"
# The name of each code with its exit code, as documented.
EXIT_CODES = {name: int(code) for name, code in
              re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\| (\d+) \|", ERRORS.read_text(), re.MULTILINE)}
DEFECT = EXIT_CODES["internal"]
LOST = 99


class Wrong(Exception):
    pass


def program(*words, input=b"", variables=None):
    return faults.run([PROGRAM, *words], variables or environment(), input)


def must(*words, **options):
    outcome = program(*words, **options)
    if outcome.code != 0:
        raise Wrong(f"without a fault, {words} ends with {outcome}")
    return outcome.out


def row(i, size=60):
    return json.dumps({"key": f"{i:05}", "value": f"value {i} " * (size // 8)}) + "\n"


def rows(numbers, size=60):
    return "".join(row(i, size) for i in numbers).encode()


def entries(repository):
    return must("-C", repository, "ls", "--json")


def check_ending(outcome):
    """That the program ended in order."""
    if outcome.code == 0:
        return
    if outcome.code == "hangs" or outcome.code < 0:
        raise Wrong(f"ends by {outcome.code}")
    if outcome.code == DEFECT or outcome.code not in EXIT_CODES.values():
        raise Wrong(f"exit code {outcome.code}")
    if not outcome.err.strip() and not outcome.out.strip():
        raise Wrong("does not say why it failed")
    for line in outcome.err.splitlines():
        if line.startswith(b'{"error"'):
            told = json.loads(line)["error"]
            if told["exit_code"] != outcome.code or EXIT_CODES.get(told["code"]) != outcome.code or not told["message"]:
                raise Wrong("the error and the exit code differ")


def check_told(place, outcome):
    """That a call which failed with EIO is told as that: it shows neither that something is absent nor damage."""
    if outcome.code == 0:
        return
    # Of several errors the first one tells; the later ones may follow from it.
    told = next(line for line in (outcome.err or outcome.out).splitlines() if b"error" in line)
    for what, words in (("what the system said", b"Input/output error"), ("where", os.fsencode(place)),
                        ("what to do", b"look at the disk")):
        if words not in told:
            raise Wrong(f"does not say {what}")
    if outcome.code != EXIT_CODES["storage_failed"]:
        raise Wrong("takes a call that failed for something else")


class Verb:
    """A verb on a repository `r` in the folder."""

    points_max = None

    def __init__(self, name, *words, input=b"", changes=True, prepare=None):
        self.name = name
        self.words = words
        self.input = input
        self.changes = changes
        self.more = prepare
        self.template = None
        self.before = self.after = self.printed = None

    def prepare(self):
        repository = self.template / "r"
        must("init", repository)
        must("-C", repository, "import", input=rows(range(200), 400))
        must("-C", repository, "put", "pending", "1")
        if self.more:
            self.more(repository)
        self.before = entries(repository)
        again = self.template.with_name(self.template.name + "-after")
        shutil.copytree(self.template, again)
        self.printed = must("-C", again / "r", *self.words, input=self.input)
        self.after = entries(again / "r")

    def end(self):
        pass

    def act(self, place, variables):
        return program("-C", place / "r", *self.words, "--json", input=self.input, variables=variables)

    def check(self, place, outcome, report, fault):
        check_ending(outcome)
        found = check_repository(place / "r")
        if outcome.code == 0 and found != self.after:
            raise Wrong("was acknowledged, and is not there")
        if not self.is_possible(found):
            raise Wrong("the entries are neither those of before nor those of after")

    def is_possible(self, found):
        return found in (self.before, self.after)


def check_repository(repository):
    report = json.loads(must("-C", repository, "verify", "--json"))
    if not report["sound"]:
        raise Wrong(f"is not sound: {report}")
    return entries(repository)


class Reading(Verb):
    """Prints the same as without a fault, or fails."""

    def act(self, place, variables):
        return program("-C", place / "r", *self.words, variables=variables)

    def check(self, place, outcome, report, fault):
        super().check(place, outcome, report, fault)
        if outcome.code == 0 and outcome.out != self.printed:
            raise Wrong("prints something else")


class Export(Verb):
    """Writes a file whole or not at all; its content is checked by importing it elsewhere."""

    def prepare(self):
        super().prepare()
        target = self.template.with_name(self.template.name + "-after") / "r/out.ndjson"
        self.content = target.read_bytes()

    def check(self, place, outcome, report, fault):
        super().check(place, outcome, report, fault)
        target = place / "r/out.ndjson"
        if target.exists() and target.read_bytes() != self.content:
            raise Wrong("the exported file is not whole")
        if outcome.code == 0 and not target.exists():
            raise Wrong("there is no exported file")


class Batches(Verb):
    """Several commits, one after the other: any number of them may be there."""

    SIZE = 20

    def prepare(self):
        super().prepare()
        whole = self.after.splitlines()
        old = set(self.before.splitlines())
        new = [line for line in whole if line not in old]
        self.states = {b"\n".join(sorted([*old, *new[:count]])) for count in range(0, len(new) + 1, self.SIZE)}

    def is_possible(self, found):
        return b"\n".join(sorted(found.splitlines())) in self.states


class Verify(Reading):
    """May find faults where it cannot read; it must not find fault with what it read."""

    def act(self, place, variables):
        return program("-C", place / "r", "verify", "--json", variables=variables)

    def check(self, place, outcome, report, fault):
        Verb.check(self, place, outcome, report, fault)


class Branch(Verb):
    def check(self, place, outcome, report, fault):
        super().check(place, outcome, report, fault)
        names = [json.loads(line)["name"] for line in must("-C", place / "r", "branch", "list", "--json").splitlines()]
        if outcome.code == 0 and "draft" not in names:
            raise Wrong("the branch is not there")
        if "draft" in names and must("-C", place / "r", "ls", "-b", "draft", "--json") != self.before:
            raise Wrong("the branch holds something else")


class Init(Verb):
    """What failed leaves nothing behind that stands in the way of the next."""

    def __init__(self):
        super().__init__("init")

    def prepare(self):
        pass

    def act(self, place, variables):
        return program("init", place / "r", "--json", variables=variables)

    def check(self, place, outcome, report, fault):
        check_ending(outcome)
        self.check_made(place, outcome)

    def check_made(self, place, outcome):
        if outcome.code != 0 and not (place / "r/.dialogdb").exists():
            must("init", place / "r")
        if check_repository(place / "r") != b"":
            raise Wrong("a new repository is not empty")
        must("-C", place / "r", "put", "a", "1")


class Remote:
    """A server in a folder of its own, with calls that fail or without."""

    def __init__(self, data, variables=None):
        self.process = subprocess.Popen([PROGRAM, "serve", "--json", "--no-log", "--listen", "127.0.0.1:0", "--data", data],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=variables or environment())
        line = self.process.stdout.readline()
        self.url = json.loads(line)["url"] if line else None

    def stop(self):
        """How it ended."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            out, err = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            return faults.Outcome("hangs", b"", b"")
        return faults.Outcome(self.process.returncode, out, err)


class WithServer(Verb):
    """A verb that asks a server that all points share and that none changes."""

    def __init__(self, name, *words):
        super().__init__(name, *words)
        self.remote = None

    def publish(self):
        """Serves a repository of 120 entries; gives its own folder."""
        self.remote = Remote(self.template.with_name(self.template.name + "-server"))
        origin = self.template.with_name(self.template.name + "-origin")
        must("init", origin)
        must("-C", origin, "import", input=rows(range(120)))
        must("-C", origin, "remote", "add", "origin", self.remote.url)
        must("-C", origin, "push")
        self.subject = json.loads(must("-C", origin, "status", "--json"))["subject"]
        return origin

    def end(self):
        if self.remote:
            self.remote.stop()


class Pull(WithServer):
    """Merges: both sides have changed."""

    def prepare(self):
        origin = self.publish()
        repository = self.template / "r"
        must("clone", f"{self.remote.url}/{self.subject}", repository)
        must("-C", origin, "import", input=rows(range(100, 200), 200))
        must("-C", origin, "push")
        must("-C", repository, "import", input=rows(range(200, 300)))
        self.before = entries(repository)
        again = self.template.with_name(self.template.name + "-after")
        shutil.copytree(self.template, again)
        must("-C", again / "r", "pull")
        self.after = entries(again / "r")


class Clone(WithServer):
    def prepare(self):
        self.expected = entries(self.publish())

    def act(self, place, variables):
        return program("clone", f"{self.remote.url}/{self.subject}", place / "r", "--json", variables=variables)

    def check(self, place, outcome, report, fault):
        check_ending(outcome)
        if outcome.code != 0 and not (place / "r/.dialogdb").exists():
            must("clone", f"{self.remote.url}/{self.subject}", place / "r")
        if check_repository(place / "r") != self.expected:
            raise Wrong("the clone holds something else")


class Push(Verb):
    """Each point has a server of its own."""

    points_max = 50

    def __init__(self, name, *words):
        super().__init__(name, *words)
        self.remotes = {}

    def prepare(self):
        repository = self.template / "r"
        must("init", repository)
        must("-C", repository, "import", input=rows(range(120)))
        self.before = self.after = entries(repository)
        self.subject = json.loads(must("-C", repository, "status", "--json"))["subject"]

    def act(self, place, variables):
        data = place.with_name(place.name + "-server")
        remote = self.remotes[place] = Remote(data)
        must("-C", place / "r", "remote", "add", "origin", remote.url)
        return program("-C", place / "r", "push", "--json", variables=variables)

    def check(self, place, outcome, report, fault):
        try:
            super().check(place, outcome, report, fault)
            if outcome.code != 0:
                must("-C", place / "r", "push")
            must("clone", f"{self.remotes[place].url}/{self.subject}", place / "copy")
            if entries(place / "copy") != self.before:
                raise Wrong("the remote holds something else")
        finally:
            self.remotes.pop(place).stop()
            shutil.rmtree(place.with_name(place.name + "-server"), ignore_errors=True)


class Serve(Verb):
    """The server's calls fail while it serves a push and a clone."""

    points_max = 50

    def __init__(self):
        super().__init__("serve")

    def prepare(self):
        self.client = self.template.with_name(self.template.name + "-client")
        must("init", self.client)
        must("-C", self.client, "import", input=rows(range(120)))
        self.expected = entries(self.client)
        self.subject = json.loads(must("-C", self.client, "status", "--json"))["subject"]
        data = self.template / "data"
        remote = Remote(data)
        must("-C", self.client, "remote", "add", "origin", remote.url)
        must("-C", self.client, "push")
        remote.stop()
        must("-C", self.client, "import", input=rows(range(100, 200), 200))
        self.changed = entries(self.client)

    def act(self, place, variables):
        client = place.with_name(place.name + "-client")
        shutil.copytree(self.client, client)
        remote = Remote(place / "data", variables)
        self.pushed = getattr(self, "pushed", {})
        self.pushed[place] = None
        if remote.url:
            must("-C", client, "remote", "set", "origin", "--url", remote.url)
            outcome = program("-C", client, "push", "--json")
            check_ending(outcome)
            self.pushed[place] = outcome.code == 0
            check_ending(program("clone", f"{remote.url}/{self.subject}", client / "clone", "--json"))
            if remote.process.poll() is not None:
                raise Wrong(f"the server ended: {remote.stop()}")
        return remote.stop()

    def check(self, place, outcome, report, fault):
        client = place.with_name(place.name + "-client")
        try:
            check_ending(outcome)
            sound = json.loads(must("verify", "--server", place / "data", "--json"))
            if not sound["sound"]:
                raise Wrong(f"the server's folder is not sound: {sound}")
            self.check_served(place, client)
        finally:
            shutil.rmtree(client, ignore_errors=True)

    def check_served(self, place, client):
        remote = Remote(place / "data")
        try:
            must("clone", f"{remote.url}/{self.subject}", client / "copy")
            found = entries(client / "copy")
            if found not in (self.expected, self.changed) or (self.pushed.pop(place) and found != self.changed):
                raise Wrong("the server holds something else than what was pushed")
            must("-C", client, "remote", "set", "origin", "--url", remote.url)
            must("-C", client, "push")
        finally:
            remote.stop()


def forget_boot(control):
    """As if the machine had been started anew: whoever opens the log reads all that is there."""
    if not control.exists() or control.read_bytes()[:1] in (b"", b"\0"):
        return
    with control.open("r+b") as file:
        file.write(b"00000000-0000-4000-8000-000000000000")


class Steps:
    """Commits to a store, directly: tests/process/store_worker.cpp."""

    points_max = None
    FOLDER_NUMBER = "0"
    REMOVED_AT_ONCE = 16

    def __init__(self, name, kind, before, steps):
        self.name = name
        self.kind = kind
        self.before = before
        self.steps = steps
        self.template = None

    def worker(self, command, place, *numbers, variables=None):
        words = [STORE_WORKER, command, self.kind, place / "store", self.FOLDER_NUMBER, *map(str, numbers)]
        return faults.run(words, variables or environment())

    def prepare(self):
        if self.before:
            outcome = self.worker("steps", self.template, self.before)
            if outcome.code != 0:
                raise RuntimeError(outcome)

    def end(self):
        pass

    def act(self, place, variables):
        return self.worker("steps", place, self.steps, variables=variables)

    def check(self, place, outcome, report, fault):
        if outcome.code == LOST:
            raise Wrong("lost what it had acknowledged")
        check_ending(outcome)
        lines = outcome.out.decode().splitlines()
        failed = [i for i, line in enumerate(lines) if line.startswith("error")]
        acknowledged = [int(line.split()[1]) for line in lines if line.startswith(("0 ", "shown "))]
        # Where every sync fails from one on, nothing becomes durable after a failure. Where old blocks could not be
        # removed, the step before was durable already.
        later = lines[failed[0]:] if fault.sticky and report.kind == "sync" and failed else []
        for line in later:
            if line.startswith("0 ") or (line.startswith("shown ") and int(line.split()[1]) % self.REMOVED_AT_ONCE):
                raise Wrong(f"after a failed sync: {line}")
        last = max(acknowledged, default=self.before - 1)
        forget_boot(place / "store/control")
        checked = self.worker("check", place, last)
        if checked.code != 0:
            raise Wrong(f"afterwards: {checked}")
        if all(lines[i].startswith("error storage_full ") for i in failed) and checked.out != f"0 {last}\n".encode():
            raise Wrong(f"there is more than was acknowledged, although there was no room: {checked}")
        again = self.worker("steps", place, 3)
        if again.code != 0:
            raise Wrong(f"cannot go on afterwards: {again}")


def leave_garbage(repository):
    """Blocks that nothing needs any more."""
    must("-C", repository, "branch", "create", "gone")
    must("-C", repository, "import", "-b", "gone", input=rows(range(100, 180), 300))
    must("-C", repository, "count", "-b", "gone")
    must("-C", repository, "branch", "delete", "gone")
    if json.loads(must("-C", repository, "gc", "--dry-run", "--json"))["removed_blocks"] == 0:
        raise RuntimeError("there is no garbage")


def all_scenarios():
    return [
        Init(),
        Verb("put", "put", "00100", "another"),
        Verb("del", "del", "00100"),
        Verb("import", "import", input=rows(range(150, 400), 300)),
        Batches("import in batches", "import", "--batch", str(Batches.SIZE), input=rows(range(1000, 1100))),
        Reading("get", "get", "00100", changes=False),
        Reading("ls", "ls", changes=False),
        Export("export", "export", "out.ndjson"),
        Branch("branch", "branch", "create", "draft"),
        Verb("gc", "gc", prepare=leave_garbage),
        Verify("verify", "verify"),
        Pull("pull", "pull"),
        Clone("clone"),
        Push("push", "push"),
        Serve(),
        Steps("log, opened and written", "log", 100, 12),
        Steps("log, created and compacted", "log", 0, 120),
        Steps("lmdb, opened and written", "lmdb", 100, 12),
    ]
