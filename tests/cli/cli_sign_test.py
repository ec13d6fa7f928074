"""Signed requests, delegation and revocation, end to end."""

import json
import os
import re
import signal
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import INVALID, NOT_FOUND, UNAUTHORIZED, ProgramTest, Server, start


class Signing(ProgramTest):
    def setUp(self):
        super().setUp()
        self.remote = self.server("--signatures")

    def did(self, repository):
        return self.json("-C", repository, "key", "show")["did"]

    def owner(self):
        """A repository that is published by its own key."""
        a = self.repository("a")
        self.run_program("-C", a, "put", "greeting", "hello")
        self.run_program("-C", a, "remote", "add", "origin", self.remote.url, "--sign")
        self.run_program("-C", a, "push")
        return a

    def delegate(self, a, to, access="write", expires="1h", out="cap", *options):
        return self.json("-C", a, "delegate", "--to", to, "--access", access, "--expires", expires, "--out",
                         self.folder / out, *options)

    def guest(self, a, access="write", name="b", out="cap"):
        """A key in a file, what it may do in another, and a clone that uses both."""
        key = self.folder / f"{name}.key"
        did = self.json("key", "generate", "--out", key)["did"]
        made = self.delegate(a, did, access, "1h", out)
        self.run_program("clone", "--sign", "--key", key, "--capability", self.folder / out,
                         f"{self.remote.url}/{self.did(a)}", self.folder / name)
        return self.folder / name, did, made

    def test_the_repositorys_key_publishes_and_synchronizes(self):
        a = self.owner()
        self.run_program("-C", a, "put", "greeting", "salut")
        self.run_program("-C", a, "sync")
        self.run_program("-C", a, "pull")
        self.assertEqual(self.json("-C", a, "remote", "show", "origin")["revision"], self.revision(a))
        self.assertTrue(self.lines("-C", a, "remote")[0]["sign"])

    def test_a_server_that_was_started_anew_takes_the_next_push(self):
        a = self.owner()
        self.remote.kill()
        self.remote.start()
        self.run_program("-C", a, "put", "more", "1")
        self.run_program("-C", a, "push")

    def test_without_a_signature_and_with_another_key_it_is_refused(self):
        a = self.owner()
        address = f"{self.remote.url}/{self.did(a)}"
        self.assertIn("--sign", self.error(UNAUTHORIZED, "clone", address, "b")["message"])
        self.run_program("key", "generate", "--out", "other.key")
        self.assertIn("403", self.error(UNAUTHORIZED, "clone", "--sign", "--key", "other.key", address, "b")["message"])

    def test_a_guest_reads_and_writes_as_himself(self):
        a = self.owner()
        b, did, _ = self.guest(a)
        self.run_program("-C", b, "put", "from", "guest")
        self.run_program("-C", b, "push")
        self.run_program("-C", a, "pull")
        self.assertEqual(self.text("-C", a, "get", "from"), "guest")

    def test_a_guest_who_may_read_cannot_publish(self):
        b, _, _ = self.guest(self.owner(), "read")
        self.run_program("-C", b, "put", "from", "guest")
        self.assertIn("write", self.error(UNAUTHORIZED, "-C", b, "push")["message"])

    def test_a_guest_lets_another_one_in_but_no_further_than_himself(self):
        a = self.owner()
        b, _, _ = self.guest(a, "read")
        key = self.folder / "c.key"
        did = self.json("key", "generate", "--out", key)["did"]
        options = ("--capability", self.folder / "cap", "--key", self.folder / "b.key")
        made = self.delegate(b, did, "read", "30m", "onward", *options)
        self.assertEqual((made["subject"], made["links"]), (self.did(a), 2))
        self.run_program("clone", "--sign", "--key", key, "--capability", "onward", f"{self.remote.url}/{self.did(a)}", "c")
        for access, expires in ("write", "30m"), ("read", "2h"):
            self.error(INVALID, "-C", b, "delegate", "--to", did, "--access", access, "--expires", expires, "--out", "no",
                       *options)

    def test_what_was_revoked_counts_no_more(self):
        a = self.owner()
        b, _, made = self.guest(a)
        revoked = self.json("-C", a, "revoke", self.folder / "cap")
        self.assertEqual(revoked["id"], made["id"])
        self.assertIn("403", self.error(UNAUTHORIZED, "-C", b, "pull")["message"])
        self.remote.kill()
        self.remote.start()
        self.assertIn("403", self.error(UNAUTHORIZED, "-C", b, "pull")["message"])
        self.assertEqual([line["id"] for line in self.lines("-C", a, "revoke", "--list")], [made["id"]])

    def test_the_id_alone_is_enough_to_revoke(self):
        a = self.owner()
        b, _, made = self.guest(a)
        self.run_program("-C", a, "revoke", made["id"])
        self.error(UNAUTHORIZED, "-C", b, "pull")

    def test_only_listed_databases_are_served(self):
        (self.folder / "dids").write_text("# nobody yet\n")
        server = Server(self.folder / "other", "--signatures", "--signed-subjects", self.folder / "dids")
        self.addCleanup(server.stop)
        a = self.repository("a")
        self.run_program("-C", a, "put", "a", "1")
        self.run_program("-C", a, "remote", "add", "origin", server.url, "--sign")
        self.error(UNAUTHORIZED, "-C", a, "push")
        (self.folder / "dids").write_text(self.did(a) + "\n")
        server.stop()
        server.start()
        self.run_program("-C", a, "push")

    def test_a_remote_changes_between_token_and_signature(self):
        a = self.owner()
        (self.folder / "token").write_text("secret")
        os.chmod(self.folder / "token", 0o600)
        document = self.json("-C", a, "remote", "set", "origin", "--token-file", self.folder / "token")
        self.assertNotIn("sign", document)
        document = self.json("-C", a, "remote", "set", "origin", "--sign")
        self.assertNotIn("token_file", document)
        self.assertTrue(document["sign"])
        self.assertNotIn("sign", self.json("-C", a, "remote", "set", "origin", "--no-sign"))

    def test_wrong_options_are_told(self):
        a = self.owner()
        did = self.did(a)
        self.error(INVALID, "clone", "--sign", f"{self.remote.url}/{did}", "b")
        self.error(INVALID, "-C", a, "remote", "add", "x", self.remote.url, "--key", "k")
        self.error(INVALID, "-C", a, "remote", "add", "x", self.remote.url, "--sign", "--token-env", "T")
        for expires in "", "30", "d", "0d", "-1d", "30y", "400d":
            self.error(INVALID, "-C", a, "delegate", "--to", did, f"--expires={expires}", "--out", "cap")
        self.error(INVALID, "-C", a, "delegate", "--to", "did:web:example.org", "--expires", "1h", "--out", "cap")
        self.error(INVALID, "-C", a, "revoke")
        self.error(NOT_FOUND, "-C", a, "revoke", "no-such-file")
        for options in ("--listen", "0.0.0.0:0"), ("--public-url", "nonsense"):
            self.error(INVALID, "serve", "--data", "data", "--signatures", *options)
        self.error(NOT_FOUND, "serve", "--data", "data", "--signatures", "--signed-subjects", "none")
        self.error(INVALID, "serve", "--data", "data", "--signed-subjects", "none")

    def test_a_capability_for_another_key_is_told_before_anything_is_sent(self):
        a = self.owner()
        b, _, _ = self.guest(a)
        self.run_program("key", "generate", "--out", "other.key")
        message = self.error(UNAUTHORIZED, "clone", "--sign", "--key", "other.key", "--capability", "cap",
                             f"{self.remote.url}/{self.did(a)}", "c")["message"]
        self.assertIn("was given to", message)


class Secrets(ProgramTest):
    def test_nothing_secret_is_in_logs_and_messages(self):
        """Keys and tokens go in, refusals and failures of all sorts come out; nothing of the secrets shows."""
        self.run_program("key", "token", "--name", "laptop", "--tokens", "tokens", "--out", "laptop.token")
        token = (self.folder / "laptop.token").read_text().strip()
        log = open(self.folder / "log", "wb")
        self.addCleanup(log.close)
        process = start("serve", "--json", "--listen", "127.0.0.1:0", "--data", self.folder / "data", "--tokens",
                        self.folder / "tokens", "--signatures", stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        url = json.loads(process.stdout.readline())["url"]
        self.addCleanup(process.stdout.close)

        a = self.repository("a")
        seed = self.text("-C", a, "key", "show", "--secret").strip()
        shown = []
        self.run_program("-C", a, "put", "a", "1")

        def run(*arguments):
            done = subprocess.run([os.environ["DIALOGDB"], *map(str, arguments)], cwd=self.folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60)
            shown.append(done.stdout + done.stderr)
            return done.returncode

        self.assertEqual(run("-C", a, "remote", "add", "signed", url, "--sign", "--json"), 0)
        self.assertEqual(run("-C", a, "remote", "show", "signed"), 0)
        self.assertEqual(run("-C", a, "push", "signed", "--stats"), 0)
        self.assertEqual(run("-C", a, "remote", "add", "token", url, "--token-file", self.folder / "laptop.token"), 0)
        self.assertEqual(run("-C", a, "push", "token"), 0)
        self.run_program("key", "generate", "--out", "other.key")
        other = (self.folder / "other.key").read_text().strip()
        did = self.json("-C", a, "key", "show")["did"]
        self.assertEqual(run("clone", "--sign", "--key", "other.key", f"{url}/{did}", "b"), UNAUTHORIZED)
        self.assertEqual(run("clone", f"{url}/{did}", "b"), UNAUTHORIZED)
        self.assertNotEqual(run("clone", "--sign", "--key", "laptop.token", f"{url}/{did}", "b"), 0)
        (self.folder / "wrong").write_text(token[:-1] + "?")
        self.assertNotEqual(run("clone", "--token-file", "wrong", f"{url}/{did}", "b"), 0)
        self.assertNotEqual(run("-C", a, "delegate", "--to", did, "--key", "laptop.token", "--expires", "1h", "--out", "c"), 0)
        self.assertNotEqual(run("-C", a, "revoke", "laptop.token"), 0)
        for name, value in ("Authorization", f"Bearer {token}x"), ("Dialog-Capability", seed), ("Signature", seed):
            request = urllib.request.Request(f"{url}/{did}?{seed}", headers={name: value, "Signature-Input": f"a={seed}"})
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(request)
            shown.append(refused.exception.read() + str(refused.exception.headers).encode())
        process.send_signal(signal.SIGTERM)
        process.wait()
        written = (self.folder / "log").read_bytes()
        self.assertGreater(written.count(b'"status":'), 10, "the log was written")
        for secret in token, token[len("dialog_"):], seed, other:
            self.assertGreater(len(secret), 40)
            for part in secret, secret[:24], secret[-24:]:
                self.assertNotIn(part.encode(), written)
                for text in shown:
                    self.assertNotIn(part.encode(), text)
        self.assertIsNone(re.search(rb"signature=|Signature:", written))


if __name__ == "__main__":
    unittest.main()
