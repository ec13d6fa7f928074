#!/usr/bin/env python3
"""Kills the server or a replica with SIGKILL at random moments, again and again, and goes on.

Two replicas write and synchronize over one server, all of it with the real program. A write counts as
acknowledged once the program has exited 0. At the end everything is healed, and

- both replicas hold the same root, and the register names it;
- every acknowledged write is there: each key has its last acknowledged value, or one that was tried
  later and whose fate nobody told;
- `verify` finds both replicas sound, and so does a fresh clone;
- no command failed in a way that a kill does not explain.

One seed decides what is done and how long after its start which process dies; the machine's own speed
decides how far it has come by then. A kill counts only where it hit: the command died of it, or was still
running when its server died. A failure prints the seed, and leaves the folder for a look.

  kill_test.py [--seed N] [--kills N]       DIALOGDB names the program
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import CONFLICT, PROGRAM, UNAVAILABLE, Server, environment

KEYS = 2000
INDETERMINATE = 12
KILLED = -9
TIME_LIMIT = 300


class Failure(Exception):
    pass


class Replica:
    """One device. Writes keys of its own and keys that the other one writes, too."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.last = {}       # key -> the value that was acknowledged last by this device
        self.attempts = {}   # key -> values tried since, with an unknown fate

    def own_key(self, generator):
        return f"{self.name}/{generator.randrange(200):04}"


class Run:
    def __init__(self, seed, kills):
        self.generator = random.Random(seed)
        self.kills_wanted = kills
        self.kills = {"server": 0, "a": 0, "b": 0}
        self.missed = 0      # kills that came after the end of their command
        self.counter = 0
        self.commands = 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dialogdb-kill-"))
        self.server = None
        self.replicas = [Replica("a", self.folder / "a"), Replica("b", self.folder / "b")]
        self.durations = {}

    # One command, which may be killed, or lose its server, after `delay` seconds.

    def command(self, replica, arguments, input=None, victim=None):
        self.commands += 1
        process = subprocess.Popen([PROGRAM, "--json", "-C", replica.folder, *arguments], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        started = time.monotonic()
        hit = False
        try:
            if victim is None:
                out, err = process.communicate(input, TIME_LIMIT)
            else:
                # Anywhere within the time that this verb usually takes.
                delay = self.generator.random() * self.durations.get(arguments[0], 0.05)
                hit, out, err = self.communicate_and_kill(process, input, victim, delay)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failure(f"{replica.name}: {arguments} hangs: a wedged replica")
        code = process.returncode
        if victim is None and code == 0:
            before = self.durations.get(arguments[0], 0.05)
            self.durations[arguments[0]] = 0.5 * before + 0.5 * (time.monotonic() - started)
        if code == KILLED and victim != "client":
            raise Failure(f"{replica.name}: {arguments} was killed by somebody else")
        if hit:
            self.kills["server" if victim == "server" else replica.name] += 1
        elif victim is not None:
            self.missed += 1
        return code, out, err

    def communicate_and_kill(self, process, input, victim, delay):
        if input is not None:
            try:
                process.stdin.write(input)
                process.stdin.close()
            except BrokenPipeError:
                pass
        process.stdin = None
        time.sleep(delay)
        if victim == "client":
            process.kill()
            out, err = process.communicate(timeout=TIME_LIMIT)
            return process.returncode == KILLED, out, err
        self.server.kill()
        hit = process.poll() is None
        # It comes back while the client still tries, or only afterwards.
        at_once = self.generator.random() < 0.5
        if at_once:
            self.server.start()
        out, err = process.communicate(timeout=TIME_LIMIT)
        if not at_once:
            self.server.start()
        return hit, out, err

    def checked(self, replica, arguments, input=None, victim=None, allowed=()):
        code, out, err = self.command(replica, arguments, input, victim)
        if code == 0 or code in allowed or (victim == "client" and code == KILLED):
            return code, out
        raise Failure(f"{replica.name}: {arguments} (killing {victim}) exited with {code}\n{err.decode()}")

    # What a device does.

    def write(self, replica, victim):
        """One transaction of a few keys; acknowledged together."""
        generator = self.generator
        changes = {}
        for _ in range(generator.randrange(1, 30)):
            self.counter += 1
            changes[replica.own_key(generator)] = f"{replica.name}{self.counter}" + "x" * generator.randrange(400)
        for _ in range(generator.randrange(3)):
            self.counter += 1
            changes[f"shared/{generator.randrange(20):04}"] = f"{replica.name}{self.counter}"
        rows = "".join(json.dumps({"key": key, "value": value}) + "\n" for key, value in changes.items())
        code, _ = self.checked(replica, ["import", "-"], rows.encode(), victim)
        self.note(replica, changes, code == 0)

    def delete(self, replica, victim):
        key = replica.own_key(self.generator)
        code, _ = self.checked(replica, ["del", "--ignore-missing", key], victim=victim)
        self.note(replica, {key: None}, code == 0)

    @staticmethod
    def note(replica, changes, acknowledged):
        for key, value in changes.items():
            if acknowledged:
                replica.last[key] = value
                replica.attempts[key] = []
            else:
                replica.attempts.setdefault(key, []).append(value)

    def synchronize(self, replica, victim):
        verb = self.generator.choice(["sync", "sync", "pull", "push"])
        allowed = [CONFLICT] if verb == "push" else []
        if victim == "server":
            allowed += [UNAVAILABLE, INDETERMINATE]
        self.checked(replica, [verb], victim=victim, allowed=allowed)

    def step(self):
        generator = self.generator
        replica = generator.choice(self.replicas)
        action = generator.choice([self.write, self.write, self.delete, self.synchronize, self.synchronize,
                                   self.synchronize])
        victim = None
        if generator.random() < 0.7:
            victim = "client" if action != self.synchronize or generator.random() < 0.5 else "server"
        action(replica, victim)

    # From beginning to end.

    def begin(self):
        a, b = self.replicas
        self.server = Server(self.folder / "server")
        subprocess.run([PROGRAM, "init", a.folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = "".join(json.dumps({"key": f"base/{i:06}", "value": f"value {i} " * 20}) + "\n" for i in range(KEYS))
        self.checked(a, ["import", "-"], rows.encode())
        self.checked(a, ["remote", "add", "origin", self.server.url])
        self.checked(a, ["push"])
        _, out = self.checked(a, ["status"])
        self.subject = json.loads(out)["subject"]
        # A clone that is killed leaves nothing that the next one trips over.
        process = subprocess.Popen([PROGRAM, "clone", f"{self.server.url}/{self.subject}", b.folder],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        time.sleep(self.generator.random() * 0.05)
        process.kill()
        if process.wait() != 0:
            subprocess.run([PROGRAM, "clone", f"{self.server.url}/{self.subject}", b.folder], check=True,
                           stdout=subprocess.DEVNULL, env=environment())

    def entries(self, replica):
        _, out = self.checked(replica, ["ls"])
        return {row["key"]: row["value"] for row in map(json.loads, out.splitlines())}

    def revision(self, replica):
        _, out = self.checked(replica, ["status"])
        return json.loads(out)["revision"]

    def heal(self):
        a, b = self.replicas
        for replica in a, b, a, b:
            self.checked(replica, ["sync"])
        roots = {self.revision(a), self.revision(b)}
        head = subprocess.run(["curl", "-sfI", f"{self.server.url}/{self.subject}"], check=True, capture_output=True,
                              text=True, env=environment()).stdout
        etags = [line.split(":", 1)[1].strip() for line in head.splitlines() if line.lower().startswith("etag:")]
        if len(roots) != 1 or etags != list(roots):
            raise Failure(f"no convergence: {roots}, register {etags}")
        return roots.pop()

    def check_writes(self):
        found = self.entries(self.replicas[0])
        missing = [i for i in range(KEYS) if f"base/{i:06}" not in found]
        if missing:
            raise Failure(f"lost from the first import: {missing[:10]}")
        written = {key for replica in self.replicas for key in replica.last.keys() | replica.attempts.keys()}
        for key in sorted(written):
            # Of a key that both write, the last of either side may have won: the rule of the merge decides.
            acknowledged = [replica.last[key] for replica in self.replicas if key in replica.last]
            tried = [value for replica in self.replicas for value in replica.attempts.get(key, [])]
            # Absent is a deleted key, or one that nobody was told to be there.
            possible = acknowledged + tried if acknowledged else [None, *tried]
            if found.get(key) not in possible:
                raise Failure(f"{key} is {found.get(key)!r}; acknowledged was {acknowledged!r}, tried since {tried!r}")

    def check_sound(self, root):
        for replica in self.replicas:
            self.checked(replica, ["verify"])
        clone = Replica("c", self.folder / "c")
        subprocess.run([PROGRAM, "clone", f"{self.server.url}/{self.subject}", clone.folder], check=True,
                       stdout=subprocess.DEVNULL, env=environment())
        if self.revision(clone) != root:
            raise Failure("a fresh clone differs")
        self.checked(clone, ["verify"])

    def run(self):
        self.begin()
        while sum(self.kills.values()) < self.kills_wanted:
            self.step()
            # Now and then everything is looked at while it goes on.
            if self.generator.random() < 0.04:
                self.heal()
                self.check_writes()
        root = self.heal()
        self.check_writes()
        self.check_sound(root)
        for name, count in self.kills.items():
            if self.kills_wanted >= 30 and count < self.kills_wanted // 10:
                raise Failure(f"too thin: {name} was killed {count} times only")
        print(f"{sum(self.kills.values())} kills {self.kills} and {self.missed} that came too late, "
              f"{self.commands} commands, {self.counter} writes; converged: {root}")

    def end(self):
        if self.server:
            self.server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("DIALOG_TEST_SEED", "1")))
    parser.add_argument("--kills", type=int,
                        default=100 * int(os.environ.get("DIALOG_SOAK_SCALE", "1")))
    options = parser.parse_args()
    run = Run(options.seed, options.kills)
    try:
        run.run()
    except Exception as error:
        print(f"{type(error).__name__}: {error}\nreproduce with {sys.argv[0]} --seed {options.seed} --kills "
              f"{options.kills}\nleft for a look: {run.folder}", file=sys.stderr)
        return 1
    finally:
        run.end()
    shutil.rmtree(run.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
