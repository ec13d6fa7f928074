"""What an operator does: tokens, and the subjects of a server."""

import json
import os
import signal
import sys
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../golden"))
from read_log import Log
from support.dialogdb import (INVALID, MALFORMED, NOT_FOUND, REMOTE_RESET, STORAGE, UNAUTHORIZED, ProgramTest, Server,
                              start)


class Tokens(ProgramTest):
    def setUp(self):
        super().setUp()
        self.tokens = self.folder / "tokens"

    def create(self, name, *options):
        self.run_program("token", "create", name, "--tokens", self.tokens, "--out", f"{name}.token", *options)
        return (self.folder / f"{name}.token").read_text().strip()

    def test_a_list_shows_everything_but_secrets(self):
        secret = self.create("laptop", "--subject", "did:web:a.example", "--subject", "did:web:b.example", "--days", "3")
        self.create("root", "--access", "admin")
        for options in (), ("--json",):
            shown = self.text("token", "list", "--tokens", self.tokens, *options)
            self.assertNotIn(secret, shown)
            self.assertNotIn(secret[7:20], shown)
            self.assertNotIn("blake3", shown)
        laptop, root = self.lines("token", "list", "--tokens", self.tokens)
        self.assertEqual(list(laptop), ["name", "access", "subjects", "expires", "expired"])
        self.assertEqual((laptop["name"], laptop["access"], laptop["expired"]), ("laptop", "write", False))
        self.assertEqual(laptop["subjects"], ["did:web:a.example", "did:web:b.example"])
        self.assertEqual(root, {"name": "root", "access": "admin", "subjects": "all", "expires": None, "expired": False})

    def test_an_expired_token_is_marked(self):
        self.tokens.write_text('{"name":"old","hash":"blake3:%s","subjects":"all","access":"read","expires":"2020-01-01T00:00:00Z"}\n'
                               % ("0" * 64))
        self.assertTrue(self.json("token", "list", "--tokens", self.tokens)["expired"])
        self.assertIn("expired", self.text("token", "list", "--tokens", self.tokens))

    def test_revoking_takes_one_line_and_leaves_all_others_as_they_are(self):
        self.create("one")
        self.tokens.write_text("# kept by hand\n\n" + self.tokens.read_text())
        before = self.tokens.read_text()
        self.create("two")
        self.create("three")
        added = self.tokens.read_text().splitlines(keepends=True)[-1]
        self.assertEqual(self.json("token", "revoke", "two", "--tokens", self.tokens), {"revoked": "two"})
        self.assertEqual(self.tokens.read_text(), before + added)
        self.assertEqual([token["name"] for token in self.lines("token", "list", "--tokens", self.tokens)], ["one", "three"])
        self.create("two2")

    def test_what_is_not_there_is_not_revoked(self):
        self.assertEqual(self.error(NOT_FOUND, "token", "revoke", "one", "--tokens", self.tokens)["code"], "not_found")
        self.assertFalse(self.tokens.exists())
        self.create("one")
        before = self.tokens.read_bytes()
        self.error(NOT_FOUND, "token", "revoke", "two", "--tokens", self.tokens)
        self.error(NOT_FOUND, "token", "list", "--tokens", self.folder / "none")
        self.assertEqual(self.tokens.read_bytes(), before)
        self.tokens.write_bytes(before + b"nonsense\n")
        self.error(MALFORMED, "token", "revoke", "one", "--tokens", self.tokens)
        self.error(MALFORMED, "token", "list", "--tokens", self.tokens)
        self.assertEqual(self.tokens.read_bytes(), before + b"nonsense\n")

    def test_revoking_keeps_mode_and_links_and_leaves_no_other_file(self):
        self.tokens.symlink_to("kept")
        self.create("one")
        self.create("two")
        (self.folder / "kept").chmod(0o640)
        self.run_program("token", "revoke", "one", "--tokens", self.tokens)
        self.assertTrue(self.tokens.is_symlink())
        self.assertEqual((self.folder / "kept").stat().st_mode & 0o777, 0o640)
        self.assertEqual([path.name for path in self.folder.glob("*part*")], [])

    def test_tokens_that_are_made_and_revoked_at_once_are_all_made_and_revoked(self):
        for i in range(10):
            self.create(f"old-{i}")
        changes = [start("token", "revoke", f"old-{i}", "--tokens", self.tokens, cwd=self.folder) for i in range(10)]
        changes += [start("token", "create", f"new-{i}", "--tokens", self.tokens, cwd=self.folder) for i in range(10)]
        for change in changes:
            change.communicate()
            self.assertEqual(change.returncode, 0)
        names = sorted(token["name"] for token in self.lines("token", "list", "--tokens", self.tokens))
        self.assertEqual(names, [f"new-{i}" for i in range(10)])

    def test_a_name_is_taken_once(self):
        self.create("one")
        self.assertIn("revoke", self.error(INVALID, "token", "create", "one", "--tokens", self.tokens)["message"])

    def test_a_revoked_token_lets_nobody_in_from_the_next_hangup_on(self):
        secret = self.create("one")
        server = self.server("--tokens", self.tokens)
        request = urllib.request.Request(server.url + "/did:web:example.org", method="HEAD",
                                         headers={"Authorization": "Bearer " + secret})

        def status():
            try:
                return urllib.request.urlopen(request).status
            except urllib.error.HTTPError as error:
                return error.code
        self.run_program("token", "revoke", "one", "--tokens", self.tokens)
        self.assertEqual(status(), 404)
        server.process.send_signal(signal.SIGHUP)
        for _ in range(10000):
            if status() == 401:
                break
        self.assertEqual(status(), 401)


class Subjects(ProgramTest):
    def setUp(self):
        super().setUp()
        self.data = self.folder / "server"

    def listed(self, server, *options):
        return {entry["did"]: entry for entry in self.lines("admin", "subjects", server.url, *options)}

    def test_a_list_tells_head_and_usage_of_each(self):
        server, a = self.published()
        status = self.json("-C", a, "status")
        entry, = self.lines("admin", "subjects", server.url)
        self.assertEqual(list(entry), ["id", "did", "revision", "sequence", "time_ms", "blocks", "bytes", "quota"])
        self.assertEqual((entry["did"], entry["revision"], entry["sequence"], entry["quota"]),
                         (status["subject"], status["revision"], 1, None))
        usage = self.json("admin", "usage", server.url, status["subject"])
        self.assertEqual((usage["blocks"], usage["bytes"]), (entry["blocks"], entry["bytes"]))
        self.assertEqual(usage, self.json("admin", "usage", f"{server.url}/{status['subject']}"))
        self.assertIn(status["subject"], self.text("admin", "subjects", server.url))
        server.stop()
        self.assertEqual(entry["bytes"], sum(Log(self.data).stored.values()))
        self.assertEqual(entry["blocks"], self.json("verify", "--server", self.data)["blocks"])

    def test_many_subjects_are_listed_page_by_page(self):
        server = self.server()
        for i in range(230):
            body = json.dumps({"iss": "", "sub": f"did:web:s{i}", "cmd": "/state/assert", "args": {"revision": "1" * 64}})
            urllib.request.urlopen(urllib.request.Request(
                f"{server.url}/did:web:s{i}", data=body.encode(), method="PUT",
                headers={"If-None-Match": "*", "Content-Type": "application/json"}))
        self.assertEqual(set(self.listed(server)), {f"did:web:s{i}" for i in range(230)})

    def test_deleting_wants_a_yes_and_then_leaves_nothing(self):
        server, a = self.published()
        subject = self.json("-C", a, "status")["subject"]
        message = self.error(INVALID, "admin", "delete", server.url, subject)["message"]
        self.assertIn("--yes", message)
        self.assertIn("block", message)
        self.assertIn(subject, self.listed(server))
        self.assertEqual(self.json("admin", "delete", server.url, subject, "--yes"), {"removed": subject})
        self.assertEqual(self.listed(server), {})
        self.error(NOT_FOUND, "admin", "delete", server.url, subject, "--yes")

    def test_clients_of_a_deleted_subject_see_a_reset_and_can_publish_anew(self):
        server, a = self.published()
        b = self.clone(server, a)
        subject = self.json("-C", a, "status")["subject"]
        self.run_program("admin", "delete", f"{server.url}/{subject}", "--yes")
        for _ in range(2):
            for verb in "fetch", "pull", "push", "sync":
                with self.subTest(verb):
                    self.assertEqual(self.error(REMOTE_RESET, "-C", b, verb)["code"], "remote_reset")
            server.stop()
            server.start()
        self.assertEqual(self.text("-C", b, "get", "a"), "1")
        self.run_program("-C", b, "remote", "remove", "origin")
        self.run_program("-C", b, "remote", "add", "origin", server.url)
        self.run_program("-C", b, "push")
        self.assertEqual(self.listed(server)[subject]["sequence"], 1)
        self.clone(server, a, "c")

    def test_a_delete_survives_a_kill_right_behind_it(self):
        server, a = self.published([(f"key {i}", os.urandom(3000).hex()) for i in range(20)])
        subject = self.json("-C", a, "status")["subject"]
        self.run_program("admin", "delete", server.url, subject, "--yes")
        server.kill()
        server.start()
        self.assertEqual(self.listed(server), {})
        server.stop()
        server.start()
        server.stop()
        self.assertTrue(self.json("verify", "--server", self.data)["sound"])

    def test_a_backup_of_a_server_knows_what_was_deleted(self):
        server, a = self.published()
        self.run_program("admin", "delete", server.url, self.json("-C", a, "status")["subject"], "--yes")
        self.run_program("backup", "--server", self.data, self.folder / "copy")
        self.assertEqual(self.json("verify", "--server", self.folder / "copy")["subjects"], 0)
        other = Server(self.folder / "copy")
        self.addCleanup(other.stop)
        self.assertEqual(self.listed(other), {})

    def test_a_quota_stops_pushes_with_an_error_of_its_own_and_stays(self):
        server = self.server("--quota-bytes", "20000")
        a = self.repository("a")
        subject = self.json("-C", a, "status")["subject"]
        self.run_program("-C", a, "remote", "add", "origin", server.url)
        self.run_program("-C", a, "put", "small", "1")
        self.run_program("-C", a, "push")
        self.run_program("-C", a, "put", "large", os.urandom(20000).hex())
        error = self.error(STORAGE, "-C", a, "push")
        self.assertEqual(error["code"], "quota_exceeded")
        self.assertIn("20000", error["message"])
        quota = self.json("admin", "quota", server.url, subject, "--bytes", "100000")["quota"]
        self.assertEqual(quota, {"blocks": None, "bytes": 100000})
        server.kill()
        server.start()
        self.run_program("-C", a, "push")
        self.assertGreater(self.json("admin", "usage", server.url, subject)["bytes"], 20000)
        quota = self.json("admin", "quota", server.url, subject, "--blocks", "50")["quota"]
        self.assertEqual(quota, {"blocks": 50, "bytes": 100000})
        quota = self.json("admin", "quota", server.url, subject, "--bytes", "none")["quota"]
        self.assertEqual(quota, {"blocks": 50, "bytes": None})
        self.assertEqual(self.listed(server)[subject]["quota"], quota)
        quota = self.json("admin", "quota", server.url, subject, "--default")["quota"]
        self.assertEqual(quota, {"blocks": None, "bytes": 20000})
        for bad in "1k", "-1", "1.5":
            self.error(INVALID, "admin", "quota", server.url, subject, f"--bytes={bad}")

    def test_with_tokens_only_an_admin_may(self):
        for access in "write", "admin":
            self.run_program("token", "create", access, "--access", access, "--tokens", "tokens", "--out", access)
        server = self.server("--tokens", self.folder / "tokens")
        writer, admin = (("--token-file", self.folder / access) for access in ("write", "admin"))
        for verb in ("subjects",), ("delete", "did:web:a", "--yes"), ("quota", "did:web:a", "--bytes", "1"):
            arguments = ("admin", verb[0], server.url, *verb[1:])
            self.error(UNAUTHORIZED, *arguments)
            self.error(UNAUTHORIZED, *arguments, *writer)
        self.assertEqual(self.json("admin", "quota", server.url, "did:web:a", "--bytes", "7", *admin)["quota"]["bytes"], 7)
        self.assertEqual(self.json("admin", "usage", server.url, "did:web:a", *writer)["blocks"], 0)
        self.assertEqual(set(self.listed(server, *admin)), {"did:web:a"})
        secret = (self.folder / "admin").read_text().strip()
        self.json("admin", "delete", server.url, "did:web:a", "--yes", "--token-env", "ROOT", env={"ROOT": secret})

    def test_an_open_server_lets_nobody_delete(self):
        server = self.server("--open")
        self.error(UNAUTHORIZED, "admin", "subjects", server.url)
        self.error(UNAUTHORIZED, "admin", "delete", server.url, "did:web:a", "--yes")


if __name__ == "__main__":
    unittest.main()
