"""Servers, remotes and everything that goes over the network."""

import http.client
import http.server
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import (CONFLICT, INVALID, NOT_A_REMOTE, NOT_FOUND, REMOTE_RESET, UNAUTHORIZED, UNAVAILABLE,
                              ProgramTest, Server, environment, start)

STATS = ["round_trips", "requests", "bytes_up", "bytes_down", "blocks_up", "blocks_down", "milliseconds"]


class Serving(ProgramTest):
    def test_tells_its_address_and_its_port_file_and_stops_on_both_signals(self):
        for number in signal.SIGTERM, signal.SIGINT:
            with self.subTest(number):
                file = self.folder / "port"
                server = Server(self.folder / "data", "--port-file", file)
                self.assertEqual(int(file.read_text()), server.port)
                with urllib.request.urlopen(server.url + "/healthz") as answer:
                    self.assertEqual(answer.status, 200)
                self.assertEqual(server.end(number), 0)

    def test_goes_on_for_a_while_before_it_stops_but_is_not_ready(self):
        server = Server(self.folder / "data", "--drain", 3600)
        self.assertEqual(self.status(server, "/readyz"), 200)
        server.process.send_signal(signal.SIGTERM)
        while self.status(server, "/readyz") == 200:
            pass
        self.assertEqual(self.status(server, "/readyz"), 503)
        self.assertEqual(self.status(server, "/healthz"), 200)
        # A second signal is taken once it cannot be the first one, sent twice.
        while server.process.poll() is None:
            server.process.send_signal(signal.SIGTERM)
            try:
                server.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
        self.assertEqual(server.end(signal.SIGTERM), 0)

    def test_ends_by_itself_when_the_time_to_drain_is_over(self):
        server = Server(self.folder / "data", "--drain", 1)
        self.assertEqual(server.end(signal.SIGTERM), 0)

    def test_takes_options_from_arguments_the_environment_and_a_file_in_this_order(self):
        file = self.folder / "serve.toml"
        file.write_text('# a comment\ndata = "here"\nworkers = 3\nstreams = 5\nconnections = 7\nopen = true\n'
                        'cors = ["https://a.example", "https://b.example"]\n')
        rows = {row["option"]: row for row in self.lines(
            "serve", "--config", file, "--workers", 1, "--print-config",
            env={"DIALOGDB_WORKERS": "2", "DIALOGDB_STREAMS": "4", "DIALOGDB_QUOTED_ETAG": "true"})}
        shown = {name: (rows[name]["values"], rows[name]["from"]) for name in
                 ("workers", "streams", "connections", "open", "quoted-etag", "cors", "batch-blocks", "data")}
        self.assertEqual(shown, {
            "workers": (["1"], "argument"), "streams": (["4"], "environment"), "connections": (["7"], "file"),
            "open": (["true"], "file"), "quoted-etag": (["true"], "environment"),
            "cors": (["https://a.example", "https://b.example"], "file"), "batch-blocks": (["1024"], "default"),
            "data": (["here"], "file")})
        self.assertFalse((self.folder / "here").exists())

    def test_what_it_prints_of_its_configuration_is_one(self):
        text = self.text("serve", "--data", "here", "--cors", "https://a.example", "--cors", "https://b.example",
                         "--quoted-etag", "--print-config")
        file = self.folder / "serve.toml"
        file.write_text(text)
        again = self.text("serve", "--config", file, "--print-config")
        self.assertEqual([line for line in again.splitlines() if not line.startswith("#")],
                         [line for line in text.splitlines() if not line.startswith("#")])

    def test_refuses_a_file_with_mistakes(self):
        file = self.folder / "serve.toml"
        for text in ("listen = 1", "config = \"other\"", "[serve]\nworkers = 1", "workers = none", "workers = 0",
                     "workers = 1\nworkers = 2", "data = \"a#b\"", "workers", "x"):
            with self.subTest(text):
                file.write_text(text + "\n")
                self.error(INVALID, "serve", "--data", "data", "--config", file)
        self.error(NOT_FOUND, "serve", "--data", "data", "--config", self.folder / "absent")
        self.error(INVALID, "serve", "--data", "data", env={"DIALOGDB_WORKERS": "none"})

    def test_takes_what_an_option_needs_from_anywhere(self):
        file = self.folder / "serve.toml"
        file.write_text('tls-key = "key.pem"\nsigned-subjects = "subjects"\n')
        rows = {row["option"]: row["from"] for row in self.lines(
            "serve", "--config", file, "--tls-cert", "cert.pem", "--print-config", env={"DIALOGDB_SIGNATURES": "true"})}
        self.assertEqual([rows[name] for name in ("tls-cert", "tls-key", "signatures", "signed-subjects")],
                         ["argument", "file", "environment", "file"])

    def test_refuses_an_option_without_what_it_needs_wherever_it_comes_from(self):
        file = self.folder / "serve.toml"
        for name, value, other in (("tls-cert", "x", "tls-key"), ("tls-key", "x", "tls-cert"),
                                   ("signed-subjects", "x", "signatures")):
            variable = "DIALOGDB_" + name.upper().replace("-", "_")
            file.write_text(f'{name} = "{value}"\nsignatures = false\n')
            for where, arguments, env in (("", ("--" + name, value), {}), (variable + ": ", (), {variable: value}),
                                          (f"{file}, {name}: ", ("--config", file), {})):
                with self.subTest(name, where=where):
                    error = self.error(INVALID, "serve", "--data", "data", *arguments, env=env)
                    self.assertEqual(error["message"].splitlines()[0], f"{where}--{name} requires --{other}")
        self.assertFalse((self.folder / "data").exists())

    def test_refuses_an_empty_name_of_what_would_protect_it(self):
        file = self.folder / "serve.toml"
        for name in "tokens", "tls-cert", "tls-key", "signed-subjects", "public-url":
            with self.subTest(name):
                file.write_text(f'{name} = ""\n')
                for arguments in ("--" + name, ""), ("--config", file):
                    self.assertIn("it is empty", self.error(INVALID, "serve", "--data", "data", *arguments)["message"])
        self.assertFalse((self.folder / "data").exists())

    def test_tells_a_variable_that_is_no_option(self):
        _, err = self.run_program("serve", "--print-config", env={
            "DIALOGDB_LISTENN": "secret", "DIALOGDB_WORKERS": "1", "DIALOGDB_CONFIG": "", "DIALOGDB_REPO": "x",
            "DIALOGDB_PRINT_CONFIG": "true", "OTHER_LISTEN": "x"})
        self.assertEqual(sorted(err.decode().splitlines()), [
            f"warning: the environment variable {name} is no option of serve"
            for name in ("DIALOGDB_LISTENN", "DIALOGDB_PRINT_CONFIG")])
        _, err = self.run_program("version", env={"DIALOGDB_LISTENN": "x"})
        self.assertEqual(err, b"")

    def test_serves_by_its_configuration_alone(self):
        file = self.folder / "serve.toml"
        file.write_text(f'data = "{self.folder}/data"\nlisten = "127.0.0.1:0"\nstreams = 0\n')
        process = start("serve", "--json", env={"DIALOGDB_CONFIG": str(file), "DIALOGDB_NO_LOG": "true"})
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        with urllib.request.urlopen(json.loads(process.stdout.readline())["url"] + "/") as answer:
            self.assertNotIn("watch", json.load(answer)["features"])

    def status(self, server, path):
        try:
            with urllib.request.urlopen(server.url + path) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def test_refuses_to_serve_the_network_without_tokens(self):
        error = self.error(INVALID, "serve", "--listen", "0.0.0.0:0", "--data", "data")
        self.assertIn("--open", error["message"])

    def test_advises_tokens_only_where_they_are_wanted(self):
        for options in ("--listen", "nonsense.invalid:0"), ("--listen", "127.0.0.1:0", "--trusted-proxy", "nonsense"):
            with self.subTest(options):
                self.assertNotIn("--open", self.error(INVALID, "serve", *options, "--data", "data")["message"])

    def test_announces_the_address_that_clients_take(self):
        for prefix in "api/register/", "/api/register", "api/register":
            server = Server(self.folder / "data", "--path-prefix", prefix)
            self.assertEqual(server.announced["url"], f"http://127.0.0.1:{server.port}/api/register")
            with urllib.request.urlopen(server.announced["url"] + "/") as answer:
                self.assertEqual(json.load(answer)["protocol"], "dialog-remote")
            server.stop()

    def test_announces_an_address_of_ipv6_in_brackets(self):
        if not pathlib.Path("/proc/net/if_inet6").exists():
            return  # nothing to listen on
        for host in "::1", "[::1]":
            server = Server(self.folder / "data", host=host)
            self.assertEqual((server.announced["url"], server.announced["host"]), (f"http://[::1]:{server.port}", "::1"))
            with urllib.request.urlopen(server.announced["url"] + "/healthz") as answer:
                self.assertEqual(answer.status, 200)
            server.stop()

    def test_bounds_can_be_set(self):
        server = self.server("--batch-blocks", 7, "--batch-bytes", 300000, "--connections", 1, "--workers", 1,
                             "--connections-per-address", 5, "--bytes-in-flight", 2 ** 24)
        first = http.client.HTTPConnection("127.0.0.1", server.port)
        self.addCleanup(first.close)
        first.request("GET", "/")
        limits = json.load(first.getresponse())["limits"]
        self.assertEqual((limits["batch_hashes_max"], limits["batch_bytes_max"]), (7, 300000))
        # The first connection is still open.
        second = http.client.HTTPConnection("127.0.0.1", server.port)
        self.addCleanup(second.close)
        second.request("GET", "/")
        self.assertEqual(second.getresponse().status, 503)
        for option in ("--connections", 0), ("--batch-blocks", 1025), ("--bytes-in-flight", 1000), ("--workers", -1):
            with self.subTest(option):
                self.error(INVALID, "serve", "--data", "data", *option)

    def test_an_address_in_use_is_unavailable(self):
        server = self.server()
        self.error(UNAVAILABLE, "serve", "--listen", f"127.0.0.1:{server.port}", "--data", "other")

    def test_takes_as_many_descriptors_as_the_system_lets_it_have(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, limits[1]))
        server = self.server()
        self.assertEqual(resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE), (limits[1], limits[1]))

    def test_a_repository_is_no_data_folder(self):
        path = self.repository()
        self.error(INVALID, "serve", "--listen", "127.0.0.1:0", "--data", path / ".dialogdb/db")

    def test_an_address_without_a_port_is_wrong_usage(self):
        self.error(INVALID, "serve", "--listen", "127.0.0.1", "--data", "data")
        self.error(INVALID, "serve", "--listen", "127.0.0.1:99999", "--data", "data")


class Remotes(ProgramTest):
    def test_add_list_set_show_remove(self):
        server, a = self.published()
        status = self.json("-C", a, "status")
        shown = self.json("-C", a, "remote", "show", "origin")
        self.assertEqual((shown["url"], shown["revision"], shown["sequence"], shown["archive"]),
                         (server.url, status["revision"], 1, True))
        self.run_program("-C", a, "remote", "add", "other", server.url + "/did:web:example.org")
        self.assertIsNone(self.json("-C", a, "remote", "show", "other")["revision"])
        self.run_program("-C", a, "remote", "set", "other", "--url", "https://example.org/register/")
        listed = self.lines("-C", a, "remote", "list")
        self.assertEqual([row["url"] for row in listed], [server.url, "https://example.org/register"])
        self.run_program("-C", a, "remote", "remove", "other")
        self.assertEqual(len(self.lines("-C", a, "remote")), 1)

    def test_wrong_addresses_are_refused_at_once(self):
        a = self.repository()
        for url in "ftp://example.org", "http://", "http://u:p@example.org", "http://example.org/?q":
            with self.subTest(url):
                self.error(INVALID, "-C", a, "remote", "add", "x", url)

    def test_a_verb_without_a_remote_says_what_to_do(self):
        a = self.repository()
        self.assertIn("remote add", self.error(INVALID, "-C", a, "push")["message"])
        self.error(NOT_FOUND, "-C", a, "push", "nobody")


class Synchronizing(ProgramTest):
    def test_push_clone_and_sync_tell_what_moved(self):
        server, a = self.published()
        subject = self.json("-C", a, "status")["subject"]
        cloned = self.json("clone", f"{server.url}/{subject}", "b", "--stats")
        self.assertEqual(list(cloned["stats"]), STATS)
        self.assertEqual(cloned["after"], self.revision(a))
        self.assertGreater(cloned["stats"]["blocks_down"], 0)
        idle = self.json("-C", "b", "sync", "--stats=json")
        self.assertEqual((idle["pull"]["outcome"], idle["push"]["outcome"]), ("up_to_date", "up_to_date"))
        self.assertEqual(idle["stats"]["blocks_up"] + idle["stats"]["blocks_down"], 0)
        text = self.text("-C", "b", "sync", "--stats=json")
        self.assertEqual(list(json.loads(text.splitlines()[-1])["stats"]), STATS)
        self.assertIn("round trip", self.text("-C", "b", "pull", "--stats"))

    def test_an_idle_fetch_is_one_request_without_blocks(self):
        _, a = self.published()
        stats = self.json("-C", a, "fetch", "--stats")["stats"]
        self.assertEqual((stats["requests"], stats["round_trips"], stats["blocks_down"]), (1, 1, 0))

    def test_both_sides_converge_and_conflicts_are_counted(self):
        server, a = self.published((("same", "0"), ("gone", "0"), ("kept", "0")))
        b = self.clone(server, a)
        self.run_program("-C", a, "put", "same", "from a")
        self.run_program("-C", b, "put", "same", "from b")
        self.run_program("-C", a, "del", "gone")
        self.run_program("-C", b, "put", "gone", "changed by b")
        self.run_program("-C", a, "put", "only a", "1")
        self.run_program("-C", b, "put", "only b", "1")
        self.run_program("-C", a, "push")
        merge = self.json("-C", b, "sync")["pull"]["merge"]
        self.assertEqual((merge["conflicts"], merge["both_updated"], merge["update_delete"], merge["undecided"]),
                         (2, 1, 1, 0))
        self.run_program("-C", a, "pull")
        self.assertEqual(self.revision(a), self.revision(b))
        self.assertEqual(self.text("-C", a, "get", "gone"), "changed by b")
        self.assertEqual(self.text("-C", a, "count").strip(), "5")

    def test_a_push_that_lost_the_race_is_rejected(self):
        server, a = self.published()
        b = self.clone(server, a)
        self.run_program("-C", a, "put", "x", "1")
        self.run_program("-C", b, "put", "y", "1")
        self.run_program("-C", a, "push")
        out, err = self.run_program("-C", b, "push", "--json", code=CONFLICT)
        self.assertEqual(json.loads(out)["outcome"], "rejected")
        self.assertIn("dialogdb pull", json.loads(err)["error"]["message"])
        self.run_program("-C", b, "sync")
        self.run_program("-C", a, "sync")
        self.assertEqual(self.revision(a), self.revision(b))

    def test_policies(self):
        for policy, expected in (("ours", "from b"), ("theirs", "from a")):
            with self.subTest(policy):
                folder = self.folder / policy
                folder.mkdir()
                self.folder, saved = folder, self.folder
                server, a = self.published((("k", "0"),))
                b = self.clone(server, a)
                self.run_program("-C", a, "put", "k", "from a")
                self.run_program("-C", b, "put", "k", "from b")
                self.run_program("-C", a, "push")
                self.run_program("-C", b, "pull", "--policy", policy)
                self.assertEqual(self.text("-C", b, "get", "k"), expected)
                self.folder = saved

    def test_reported_conflicts_leave_the_branch_where_it_was(self):
        server, a = self.published((("k", "0"),))
        b = self.clone(server, a)
        self.run_program("-C", a, "put", "k", "from a")
        self.run_program("-C", b, "put", "k", "from b")
        self.run_program("-C", a, "push")
        before = self.revision(b)
        out, err = self.run_program("-C", b, "pull", "--policy", "report", "--json", code=CONFLICT)
        self.assertEqual(json.loads(out)["open_conflicts"], [{"kind": "both_updated", "key": "k"}])
        self.assertEqual(self.revision(b), before)
        advice = re.search("'dialogdb (diff [^']*)'", json.loads(err)["error"]["message"])
        self.assertEqual(self.text("-C", b, *advice[1].split()), "- k\tfrom b\n+ k\tfrom a\n")

    def test_fetch_moves_nothing_and_status_and_diff_show_what_it_brought(self):
        server, a = self.published()
        b = self.clone(server, a)
        self.run_program("-C", a, "put", "c", "3")
        self.run_program("-C", a, "push")
        self.run_program("-C", b, "put", "d", "4")
        before = self.revision(b)
        self.assertEqual(self.json("-C", b, "fetch")["outcome"], "fetched")
        status = self.json("-C", b, "status")
        self.assertEqual(status["revision"], before)
        remote, = status["remotes"]
        self.assertEqual((remote["ahead"], remote["behind"]),
                         ({"added": 1, "removed": 0, "changed": 0}, {"added": 1, "removed": 0, "changed": 0}))
        self.assertEqual(self.text("-C", b, "diff"), "+ d\t4\n")
        self.assertEqual(self.text("-C", b, "diff", "^origin", "@origin"), "+ c\t3\n")

    def test_a_clone_of_nothing_fails_unless_it_is_asked_for(self):
        server = self.server()
        url = server.url + "/did:web:example.org"
        self.assertIn("--allow-empty", self.error(NOT_FOUND, "clone", url, "b")["message"])
        self.assertFalse((self.folder / "b/.dialogdb").exists())
        self.run_program("clone", url, "b", "--allow-empty")
        self.run_program("-C", "b", "put", "a", "1")
        self.run_program("-C", "b", "push")
        self.run_program("clone", url, "c")
        self.assertEqual(self.text("-C", "c", "get", "a"), "1")

    def test_a_clone_needs_a_subject(self):
        server = self.server()
        self.assertIn("--subject", self.error(INVALID, "clone", server.url, "b")["message"])

    def test_a_lazy_clone_reads_what_it_needs_when_it_needs_it(self):
        server, a = self.published()
        rows = "".join(f'{{"key":"{i:06}","value":"{i}"}}\n' for i in range(20000))
        self.run_program("-C", a, "import", input=rows)
        self.run_program("-C", a, "push")
        b = self.clone(server, a, "b", "--lazy")
        self.assertTrue(self.json("-C", b, "status")["partial"])
        self.assertEqual(self.text("-C", b, "get", "012345"), "12345")
        self.run_program("-C", b, "put", "000001", "changed")
        self.run_program("-C", b, "sync")
        self.run_program("-C", a, "sync")
        self.assertEqual(self.text("-C", a, "get", "000001"), "changed")
        self.assertTrue(self.json("-C", b, "verify")["sound"])
        server.stop()
        self.assertEqual(self.text("-C", b, "get", "012345"), "12345")
        self.run_program("-C", b, "get", "019000", code=UNAVAILABLE)


class Tokens(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("key", "token", "--name", "writer", "--tokens", "tokens", "--out", "writer.token")
        self.run_program("key", "token", "--name", "reader", "--access", "read", "--tokens", "tokens", "--out",
                         "reader.token")
        self.tokens = self.folder / "tokens"

    def test_without_a_token_everything_is_unauthorized(self):
        server = self.server("--tokens", self.tokens)
        a = self.repository("a")
        self.run_program("-C", a, "put", "k", "v")
        self.run_program("-C", a, "remote", "add", "origin", server.url)
        self.assertIn("--token-file", self.error(UNAUTHORIZED, "-C", a, "push")["message"])

    def test_a_clone_without_a_token_advises_options_of_its_own(self):
        server = self.server("--tokens", self.tokens)
        message = self.error(UNAUTHORIZED, "clone", server.url + "/did:web:example.org", "b")["message"]
        self.assertIn("--token-file", message)
        self.assertNotIn("remote set", message)
        self.assertEqual(message.count("did:web:example.org"), 1)

    def test_a_token_is_taken_from_its_file_or_variable_and_never_stored(self):
        server = self.server("--tokens", self.tokens)
        a = self.repository("a")
        self.run_program("-C", a, "put", "k", "v")
        self.run_program("-C", a, "remote", "add", "origin", server.url, "--token-file", self.folder / "writer.token")
        self.run_program("-C", a, "push")
        secret = (self.folder / "writer.token").read_text().strip()
        self.run_program("-C", a, "remote", "set", "origin", "--token-env", "TOKEN")
        self.run_program("-C", a, "fetch", env={"TOKEN": secret})
        self.assertIn("TOKEN", self.error(UNAUTHORIZED, "-C", a, "fetch")["message"])
        for file in (a / ".dialogdb").rglob("*"):
            if file.is_file():
                self.assertNotIn(secret.encode(), file.read_bytes(), file)

    def test_a_reader_may_clone_and_not_push(self):
        server = self.server("--tokens", self.tokens)
        a = self.repository("a")
        self.run_program("-C", a, "put", "k", "v")
        self.run_program("-C", a, "remote", "add", "origin", server.url, "--token-file", self.folder / "writer.token")
        self.run_program("-C", a, "push")
        b = self.clone(server, a, "b", "--token-file", "reader.token")
        self.run_program("-C", b, "put", "k", "w")
        self.run_program("-C", b, "push", code=UNAUTHORIZED)

    def test_others_being_able_to_read_a_token_is_told(self):
        a = self.repository("a")
        (self.folder / "writer.token").chmod(0o644)
        _, err = self.run_program("-C", a, "remote", "add", "o", "http://localhost:1", "--token-file",
                                  self.folder / "writer.token")
        self.assertIn(b"chmod 600", err)

    def test_tokens_are_read_anew_on_a_hangup(self):
        server = self.server("--tokens", self.tokens)
        request = urllib.request.Request(server.url + "/did:web:example.org", method="HEAD", headers={
            "Authorization": "Bearer " + (self.folder / "reader.token").read_text().strip()})

        def status():
            try:
                return urllib.request.urlopen(request).status
            except urllib.error.HTTPError as error:
                return error.code
        self.assertEqual(status(), 404)
        self.tokens.write_text("")
        server.process.send_signal(signal.SIGHUP)
        for _ in range(10000):
            if status() == 401:
                break
        self.assertEqual(status(), 401)


class Encrypted(ProgramTest):
    def setUp(self):
        super().setUp()
        self.certificate, self.key = self.folder / "server.pem", self.folder / "server.key"
        self.authority = self.make("one")

    def make(self, name):
        """A certificate for this machine, signed by itself, in the place of the server's; gives a copy of it."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", self.key, "-out", self.certificate], check=True, capture_output=True)
        return pathlib.Path(shutil.copy(self.certificate, self.folder / f"{name}.pem"))

    def serve(self):
        return self.server("--tls-cert", self.certificate, "--tls-key", self.key)

    def test_a_repository_is_synchronized_over_https(self):
        server = self.serve()
        self.assertEqual(server.announced["url"], f"https://127.0.0.1:{server.port}")
        a = self.repository("a")
        self.run_program("-C", a, "put", "k", "v")
        self.run_program("-C", a, "remote", "add", "origin", server.announced["url"], "--ca-file", self.authority)
        self.run_program("-C", a, "push")
        subject = self.text("-C", a, "key", "show").strip()
        self.run_program("clone", f"{server.announced['url']}/{subject}", "b", "--ca-file", "one.pem")
        self.assertEqual(self.text("-C", "b", "get", "k"), "v")

    def test_a_server_whom_nobody_vouches_for_is_refused(self):
        server = self.serve()
        a = self.repository("a")
        self.run_program("-C", a, "put", "k", "v")
        other = self.make("other")
        self.run_program("-C", a, "remote", "add", "origin", server.announced["url"], "--ca-file", other)
        self.assertIn("certificate", self.error(NOT_A_REMOTE, "-C", a, "push")["message"])

    def test_the_certificate_is_read_anew_on_a_hangup_and_kept_where_it_is_wrong(self):
        server = self.serve()

        def served():
            return ssl.get_server_certificate(("127.0.0.1", server.port))

        def becomes(authority):
            for _ in range(10000):
                if served() == authority.read_text():
                    break
            self.assertEqual(served(), authority.read_text())
        becomes(self.authority)
        second = self.make("two")
        server.process.send_signal(signal.SIGHUP)
        becomes(second)
        self.certificate.write_text("nothing")
        server.process.send_signal(signal.SIGHUP)
        for _ in range(20):
            self.assertEqual(served(), second.read_text())
        third = self.make("three")
        server.process.send_signal(signal.SIGHUP)
        becomes(third)

    def test_a_wrong_certificate_is_told_at_the_start(self):
        key = self.key.read_bytes()
        self.make("two")
        self.key.write_bytes(key)
        error = self.error(INVALID, "serve", "--listen", "127.0.0.1:0", "--data", "data", "--tls-cert",
                           self.certificate, "--tls-key", self.key)
        self.assertIn("does not belong", error["message"])


class BadRemotes(ProgramTest):
    def test_an_unreachable_remote(self):
        server, a = self.published()
        server.stop()
        self.run_program("-C", a, "put", "k", "v")
        self.error(UNAVAILABLE, "-C", a, "push")
        server.start()
        self.run_program("-C", a, "push")

    def test_a_wiped_register_changes_nothing_here(self):
        server, a = self.published()
        server.stop()
        shutil.rmtree(server.data)
        server.start()
        before = self.revision(a)
        for verb in "pull", "push", "sync", "fetch":
            with self.subTest(verb):
                error = self.error(REMOTE_RESET, "-C", a, verb)
                self.assertEqual(error["code"], "remote_reset")
                self.assertIn("--forget", error["message"])
                self.assertEqual(error["message"].lower().count("nothing was changed"), 1)
        self.assertEqual(self.revision(a), before)
        self.run_program("-C", a, "branch", "upstream", "--forget", "origin")
        self.run_program("-C", a, "push")
        self.assertEqual(self.json("-C", a, "remote", "show", "origin")["revision"], before)

    def test_somebody_elses_web_server(self):
        folder = self.folder / "www"
        folder.mkdir()
        (folder / "index.html").write_text("<h1>hello</h1>")

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folder)

            def log_message(self, *_):
                pass

            def send_error(self, code, *arguments, **options):
                super().send_error(200 if self.path.startswith("/pages") else code, *arguments, **options)

        web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=web.serve_forever, daemon=True).start()
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        a = self.repository("a")
        self.run_program("-C", a, "put", "k", "v")
        for prefix in "", "/pages":
            url = f"http://127.0.0.1:{web.server_port}{prefix}"
            with self.subTest(url):
                name = "web" + prefix.strip("/")
                self.run_program("-C", a, "remote", "add", name, url)
                for verb in "push", "sync", "pull", "fetch":
                    self.assertEqual(self.error(NOT_A_REMOTE, "-C", a, verb, name)["code"], "not_a_remote")
                self.error(NOT_A_REMOTE, "-C", a, "remote", "show", name)
                for option in (), ("--allow-empty",), ("--lazy",):
                    self.error(NOT_A_REMOTE, "clone", url + "/did:web:example.org", "b", *option)
                    self.assertFalse((self.folder / "b").exists())
        # Where a register used to be, too: nothing was wiped there.
        server = self.server()
        self.run_program("-C", a, "remote", "add", "origin", server.url)
        self.run_program("-C", a, "push", "origin")
        self.run_program("-C", a, "remote", "set", "origin", "--url", f"http://127.0.0.1:{web.server_port}")
        for verb in "pull", "sync", "fetch", "push":
            self.error(NOT_A_REMOTE, "-C", a, verb, "origin")

    def test_only_a_known_remote_can_be_forgotten(self):
        server, a = self.published()
        self.error(NOT_FOUND, "-C", a, "branch", "upstream", "--forget", "orgin")
        self.error(INVALID, "-C", a, "branch", "upstream", "--forget", "")
        _, err = self.run_program("-C", a, "branch", "upstream", "--forget", "origin")
        self.assertIn(b"forgotten", err)
        self.assertIn(b"origin", err)
        self.run_program("-C", a, "branch", "upstream", "--none")
        self.error(INVALID, "-C", a, "branch", "upstream", "--forget")


if __name__ == "__main__":
    unittest.main()
