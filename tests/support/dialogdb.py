"""Drives the real program, for the tests in tests/cli and tests/kill."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("DIALOGDB", "dialogdb")
TIME_LIMIT = 120

# As docs/errors.md lists them.
MALFORMED = CORRUPT = 9
INVALID = TOO_LARGE = 2
NOT_FOUND = 3
EXISTS = CONFLICT = 4
UNAUTHORIZED = 5
UNAVAILABLE = 6
BUSY = 7
STORAGE = 8
MISSING = 10
REMOTE_RESET = 11
NOT_A_REMOTE = 13
UNSUPPORTED = 15
INTERRUPTED = 130


def environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DIALOGDB")}
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        kept.pop(name, None)
    return kept


def heed_signals():
    """Whoever runs the tests may ignore signals, as a shell does for what it runs in the background."""
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)


def start(*arguments, cwd=None, env=None, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, prepare=heed_signals):
    """A running program. `prepare` is called in its process before it begins."""
    return subprocess.Popen([PROGRAM, *map(os.fsencode, map(str_or_bytes, arguments))], cwd=cwd, stdin=stdin,
                            stdout=subprocess.PIPE, stderr=stderr, env={**environment(), **(env or {})},
                            preexec_fn=prepare)


def str_or_bytes(argument):
    return argument if isinstance(argument, (str, bytes)) else str(argument)


class Server:
    """`dialogdb serve` on a free port. It keeps its port when it is started again."""

    def __init__(self, data, *options, host="127.0.0.1", env=None):
        self.data = data
        self.env = env
        self.options = options
        self.host = host
        self.port = 0
        self.announced = None
        self.process = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        data = ("--data", self.data) if self.data else ()
        self.process = start("serve", "--json", "--no-log", "--listen", f"{self.host}:{self.port}", *data, *self.options,
                             stderr=subprocess.DEVNULL, env=self.env)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start; exit code {self.process.wait()}")
        self.announced = json.loads(line)
        self.port = self.announced["port"]

    def end(self, number):
        self.process.send_signal(number)
        code = self.process.wait(TIME_LIMIT)
        self.process.stdout.close()
        return code

    def stop(self):
        return self.end(signal.SIGTERM) if self.process.poll() is None else self.process.returncode

    def kill(self):
        return self.end(signal.SIGKILL)


class ProgramTest(unittest.TestCase):
    """A temporary folder and the program."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dialogdb-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_program(self, *arguments, input=b"", code=0, cwd=None, env=None):
        """Runs to the end and checks the exit code; gives standard output and error as bytes."""
        if isinstance(input, str):
            input = input.encode()
        process = start(*arguments, cwd=cwd or self.folder, env=env, stdin=subprocess.PIPE)
        out, err = process.communicate(input, TIME_LIMIT)
        self.assertEqual(process.returncode, code, f"{arguments}\n{out[-2000:]!r}\n{err.decode(errors='replace')}")
        return out, err

    def text(self, *arguments, **options):
        return self.run_program(*arguments, **options)[0].decode()

    def json(self, *arguments, **options):
        return json.loads(self.text(*arguments, "--json", **options))

    def lines(self, *arguments, **options):
        return [json.loads(line) for line in self.text(*arguments, "--json", **options).splitlines()]

    def error(self, code, *arguments, **options):
        """The document of an error that ends with this exit code."""
        _, err = self.run_program(*arguments, "--json", code=code, **options)
        return json.loads(err.decode().splitlines()[-1])["error"]

    def repository(self, name="repository"):
        path = self.folder / name
        self.run_program("init", path)
        return path

    def server(self, *options):
        server = Server(self.folder / "server", *options)
        self.addCleanup(server.stop)
        return server

    def published(self, entries=(("a", "1"), ("b", "2"))):
        """A server, and a repository `a` that is published there."""
        server = self.server()
        a = self.repository("a")
        for key, value in entries:
            self.run_program("-C", a, "put", key, value)
        self.run_program("-C", a, "remote", "add", "origin", server.url)
        self.run_program("-C", a, "push")
        return server, a

    def clone(self, server, a, name="b", *options):
        subject = self.json("-C", a, "status")["subject"]
        self.run_program("clone", f"{server.url}/{subject}", self.folder / name, *options)
        return self.folder / name

    def revision(self, repository):
        return self.json("-C", repository, "status")["revision"]
