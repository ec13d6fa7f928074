"""The program among others: its streams, its signals, and attempts that were killed."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import INTERRUPTED, NOT_FOUND, ProgramTest, environment, start

ROWS = "".join(f'{{"key":"{i:06}","value":"{i:032}"}}\n' for i in range(20000)).encode()
TABLE = "".join(f"{i:06},{i:032}\n" for i in range(20000)).encode()
SOURCES = pathlib.Path(__file__).parents[2]
PIPE_WAS_CLOSED = 128 + signal.SIGPIPE


class Streams(ProgramTest):
    def import_from_pipe(self, path, closed):
        """An import with some of its standard streams closed, which has its database open and waits for input."""
        pipe = self.folder / "pipe.ndjson"
        if not pipe.exists():
            os.mkfifo(pipe)

        def close():
            for stream in closed:
                os.close(stream)
        process = start("-C", path, "--json", "import", pipe, prepare=close)
        return process, open(pipe, "wb")

    def test_a_closed_stream_never_becomes_a_file_of_the_database(self):
        path = self.repository()
        for closed in (0,), (1,), (2,), (1, 2), (0, 1, 2):
            with self.subTest(closed):
                process, writer = self.import_from_pipe(path, closed)
                for stream in closed:
                    self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{stream}"), "/dev/null")
                writer.write(b'{"key":"a","value":"1"}\n')
                writer.close()
                _, err = process.communicate()
                self.assertEqual(process.returncode, 0, err)
                self.assertTrue(self.json("-C", path, "verify")["sound"])

    def piped_into_head(self, *arguments):
        script = '"$0" "$@" | head -c 1; exit "${PIPESTATUS[0]}"'
        return subprocess.run(["bash", "-c", script, os.environ["DIALOGDB"], *arguments], capture_output=True)

    def test_a_reader_that_leaves_ends_what_writes_a_lot_quietly(self):
        path = self.repository()
        self.run_program("-C", path, "import", input=ROWS)
        self.run_program("-C", path, "put", "large", "--file", "-", input=ROWS)
        for verb in ("ls",), ("export", "-"), ("export",), ("diff", "0" * 64), ("get", "large"):
            with self.subTest(verb):
                result = self.piped_into_head("-C", path, *verb)
                self.assertEqual((result.returncode, result.stderr), (PIPE_WAS_CLOSED, b""))

    def test_a_full_standard_output_is_an_error_of_an_export_too(self):
        path = self.repository()
        self.run_program("-C", path, "import", input=ROWS)
        with open("/dev/full", "wb") as full:
            result = subprocess.run([os.environ["DIALOGDB"], "-C", path, "export"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 8)
        self.assertIn(b"No space left", result.stderr)


class Documents(ProgramTest):
    def test_the_commands_of_the_documents_work_as_they_are_written(self):
        for document in "README.md", "docs/cli.md":
            with self.subTest(document):
                blocks = re.findall("```sh\n(.*?)```", (SOURCES / document).read_text(), re.DOTALL)
                block, = (block for block in blocks if "dialogdb serve" in block and "dialogdb clone" in block)
                folder = self.folder / document.replace("/", "-")
                folder.mkdir()
                serve, = re.findall("dialogdb (serve .*) &.*\n", block)
                # Any free port instead of the usual one.
                arguments = serve.replace("127.0.0.1:8440", "127.0.0.1:0").split()
                arguments += [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
                server = start(*arguments, cwd=folder, stderr=subprocess.DEVNULL)
                url = server.stdout.readline().decode().split()[-1]
                script = block.replace("dialogdb " + serve + " &", "").replace("http://127.0.0.1:8440", url)
                program = pathlib.Path(os.environ["DIALOGDB"]).parent
                result = subprocess.run(["bash", "-euc", script], cwd=folder, capture_output=True,
                                        env={**environment(), "PATH": f"{program}:{os.environ['PATH']}"})
                server.terminate()
                server.communicate()
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn(b"Cloned", result.stdout)


class Signals(ProgramTest):
    def waiting(self, *arguments, rows=ROWS, **options):
        """A program that has read some of its input and waits for the rest: a pipe does not hold so much."""
        process = start(*arguments, stdin=subprocess.PIPE, **options)
        process.stdin.write(rows)
        process.stdin.flush()
        return process

    def test_an_interrupt_ends_waiting_for_input(self):
        path = self.repository()
        for verb, rows, said in ((("import",), ROWS, b"nothing was imported"),
                                 (("import", "--format", "csv", "--no-header"), TABLE, b"nothing was imported"),
                                 (("put", "k", "--file", "-"), ROWS, b"interrupted")):
            with self.subTest(verb):
                process = self.waiting("-C", path, *verb, rows=rows)
                process.send_signal(signal.SIGINT)
                # Its standard input stays open all the time.
                err = process.stderr.read()
                self.assertEqual(process.wait(), INTERRUPTED)
                self.assertIn(said, err)
                process.stdin.close()
                process.stdout.close()
                process.stderr.close()
        self.assertEqual(self.text("-C", path, "count"), "0\n")

    def test_signals_that_were_ignored_at_the_start_stay_ignored(self):
        def ignore():
            for number in signal.SIGHUP, signal.SIGINT:
                signal.signal(number, signal.SIG_IGN)
        path = self.repository()
        process = self.waiting("-C", path, "import", prepare=ignore)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(self.text("-C", path, "count"), "20000\n")

    def server_with_half_a_request(self):
        server = self.server()
        client = socket.create_connection(("127.0.0.1", server.port))
        self.addCleanup(client.close)
        client.sendall(b"PUT /did:web:example.org HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       b"If-Match: " + b"0" * 64 + b"\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n")
        # It says this once it has the head.
        self.assertIn(b"100", client.recv(100))
        return server, client

    def test_two_signals_at_once_are_one_request_to_stop(self):
        """`timeout` sends its signal to the program, and then to the whole group."""
        server = self.server()
        server.process.send_signal(signal.SIGINT)
        self.assertEqual(server.stop(), 0)

    def test_whoever_insists_is_obeyed(self):
        server, _ = self.server_with_half_a_request()
        while server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.returncode, INTERRUPTED)


class Attempts(ProgramTest):
    def setUp(self):
        super().setUp()
        self.silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.silent.close)

    def clone_on_its_way(self):
        """Against a server that never answers."""
        url = f"http://127.0.0.1:{self.silent.getsockname()[1]}/did:web:example.org"
        process = start("clone", url, "b", cwd=self.folder)
        connection, _ = self.silent.accept()
        self.addCleanup(connection.close)
        part, = (entry.name for entry in (self.folder / "b").iterdir())
        return process, part

    def names(self):
        return sorted(entry.name for entry in (self.folder / "b").iterdir())

    def test_an_interrupted_clone_leaves_nothing(self):
        process, _ = self.clone_on_its_way()
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertFalse((self.folder / "b").exists())

    def test_a_failed_clone_leaves_what_was_there_before(self):
        (self.folder / "x").mkdir()
        (self.folder / "x/mine").write_text("precious")
        url = self.server().url + "/did:web:example.org"
        for folder in "x", "x/new", "y/new/deep":
            with self.subTest(folder):
                self.error(NOT_FOUND, "clone", url, folder)
        self.assertEqual([entry.name for entry in (self.folder / "x").iterdir()], ["mine"])
        self.assertFalse((self.folder / "y").exists())

    def test_what_a_killed_clone_left_is_cleared_by_the_next_attempt(self):
        process, part = self.clone_on_its_way()
        process.kill()
        process.communicate()
        # A process of that number lives, in a container or out of it.
        (self.folder / "b/.dialogdb.part-1").mkdir()
        self.assertEqual(self.names(), sorted([part, ".dialogdb.part-1"]))
        self.run_program("init", "b")
        self.assertEqual(self.names(), [".dialogdb"])

    def test_an_attempt_on_its_way_is_left_alone(self):
        process, part = self.clone_on_its_way()
        self.run_program("init", "b")
        self.assertEqual(self.names(), [".dialogdb", part])
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual(self.names(), [".dialogdb"])
        self.assertEqual(self.text("-C", "b", "count"), "0\n")


if __name__ == "__main__":
    unittest.main()
