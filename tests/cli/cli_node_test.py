"""A client of another maker, on Node, signs requests that the server takes."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import ProgramTest

CLIENT = pathlib.Path(__file__).with_name("signing_client.mjs")
NODE = os.environ.get("NODE", "node")
ZERO, ONE, TWO = ("0" * 64, "1" * 64, "2" * 64)
OWNER, OTHER = ("a1" * 32, "b2" * 32)


class Node(ProgramTest):
    def setUp(self):
        super().setUp()
        self.remote = self.server("--signatures")
        self.did = self.node("did", OWNER)

    def node(self, *arguments):
        return subprocess.run([NODE, CLIENT, *arguments], check=True, stdout=subprocess.PIPE, timeout=60).stdout.decode().strip()

    def send(self, seed, method, path="", **options):
        return json.loads(self.node("send", seed, method, f"{self.remote.url}/{self.did}{path}", json.dumps(options)))

    def swap(self, seed, expected, desired, **options):
        body = json.dumps({"iss": self.did, "sub": self.did, "cmd": "/state/assert", "args": {"revision": desired}})
        return self.send(seed, "PUT", headers={"content-type": "application/json", "if-match": expected}, body=body,
                         **options)

    def test_both_sides_name_a_key_alike(self):
        (self.folder / "key").write_text(OWNER)
        self.assertEqual(self.json("key", "show", "key")["did"], self.did)

    def test_publishes_and_reads(self):
        answer = self.swap(OWNER, ZERO, ONE)
        self.assertEqual(answer["status"], 200, answer)
        self.assertEqual(self.send(OWNER, "HEAD")["headers"]["etag"], ONE)
        self.assertEqual(json.loads(self.send(OWNER, "GET")["body"])["author"], self.did)
        self.assertEqual(self.send(OWNER, "GET", "/log?after=0&limit=1")["status"], 200)

    def test_is_refused_as_another_and_where_something_was_changed(self):
        self.assertEqual(self.send(OTHER, "GET")["status"], 403)
        self.assertEqual(self.swap(OWNER, ZERO, ONE, mutate={"if-match": TWO})["status"], 401)
        self.assertEqual(self.send(OWNER, "GET", mutate={"signature": "node=:AAAA:"})["status"], 401)

    def test_a_request_passes_once(self):
        self.assertEqual(self.send(OWNER, "GET", repeat=True)["status"], 401)

    def test_delegates_to_the_program_and_the_program_to_it(self):
        here = self.repository("here")
        mine = self.json("-C", here, "key", "show")["did"]
        (self.folder / "cap").write_text(self.node("delegate", OWNER, mine, "write", "600"))
        self.run_program("-C", here, "put", "a", "1")
        self.run_program("-C", here, "remote", "add", "origin", self.remote.url, "--subject", self.did, "--sign",
                         "--capability", self.folder / "cap")
        self.run_program("-C", here, "push")
        self.assertEqual(json.loads(self.send(OWNER, "GET")["body"])["author"], mine)

        self.run_program("-C", here, "delegate", "--to", self.node("did", OTHER), "--access", "read", "--expires", "5m",
                         "--capability", self.folder / "cap", "--out", "onward")
        onward = (here / "onward").read_text().strip()
        self.assertEqual(self.send(OTHER, "HEAD", capability=onward)["status"], 200)
        self.assertEqual(self.swap(OTHER, ONE, TWO, capability=onward)["status"], 403)


if __name__ == "__main__":
    unittest.main()
