"""Folders of stores as earlier versions left them."""

import json
import pathlib
import sys
import tarfile
import unittest
import urllib.request

TESTS = pathlib.Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "golden")]
from read_log import Log, history
from support.dialogdb import ProgramTest, Server


class Golden(ProgramTest):
    def setUp(self):
        super().setUp()
        with tarfile.open(TESTS / "golden/store-1.tar.xz") as archive:
            archive.extractall(self.folder)
        self.path = self.folder / "repository"
        self.server_data = self.folder / "server"

    def expect_content(self, path):
        rows = [(row["key"], row["value"]) for row in self.lines("-C", path, "export")]
        expected = {f"key {i:04}": f"another {i * i}" for i in range(2000)}
        expected.update({"key 0005": "once more", "pending": "no tree holds this yet"})
        del expected["key 0007"]
        self.assertEqual(rows, sorted(expected.items()))

    def test_a_repository_is_read_and_goes_on(self):
        self.expect_content(self.path)
        self.assertEqual(self.text("-C", self.path, "get", "-b", "old", "key 0005"), "value 25")
        self.assertTrue(self.json("-C", self.path, "verify")["sound"])
        moves = [entry["what"] for entry in self.lines("-C", self.path, "log")]
        self.assertEqual(moves[:4], ["del", "put", "put", "import"])
        self.assertEqual(self.json("-C", self.path, "retention"), {"moves": 1000, "days": None})
        self.run_program("-C", self.path, "put", "pending", "more")
        self.run_program("-C", self.path, "gc")
        self.assertEqual(self.text("-C", self.path, "get", "pending"), "more")
        self.assertTrue(self.json("-C", self.path, "verify")["sound"])

    def test_a_servers_folder_is_served(self):
        report = self.json("verify", "--server", self.server_data)
        self.assertEqual((report["sound"], report["subjects"], report["swaps"]), (True, 1, 2))
        server = Server(self.server_data)
        self.addCleanup(server.stop)
        self.run_program("-C", self.path, "remote", "set", "origin", "--url", server.url)
        self.assertEqual(self.json("-C", self.path, "sync")["push"]["outcome"], "accepted")
        subject = self.json("-C", self.path, "status")["subject"]
        self.run_program("clone", f"{server.url}/{subject}", self.folder / "clone")
        self.expect_content(self.folder / "clone")

    def test_a_servers_subjects_are_counted_when_the_folder_is_opened(self):
        stored = self.json("verify", "--server", self.server_data)
        server = Server(self.server_data)
        self.addCleanup(server.stop)
        listed, = self.lines("admin", "subjects", server.url)
        log = Log(self.server_data)
        self.assertEqual(listed["did"], self.json("-C", self.path, "status")["subject"])
        self.assertEqual((listed["sequence"], listed["quota"]), (2, None))
        self.assertEqual(listed["blocks"], len(log.blocks))
        self.assertEqual(listed["blocks"], stored["blocks"])
        self.assertEqual(listed["bytes"], sum(log.stored.values()))
        server.stop()
        self.assertTrue(self.json("verify", "--server", self.server_data)["sound"])

    def test_the_documented_layout_tells_a_servers_history(self):
        subject = self.json("-C", self.path, "status")["subject"]
        server = Server(self.server_data)
        self.addCleanup(server.stop)
        # Two swaps of an earlier version, then others: some in pages, the latest with the head.
        revision = self.request(server, subject)["revision"]
        for number in range(30):
            desired = f"{number + 1:064x}"
            body = {"cmd": "/state/assert", "sub": subject, "args": {"revision": desired}}
            self.request(server, subject, method="PUT", body=body, headers={"If-Match": revision})
            revision = desired
            swaps = self.request(server, f"{subject}/log?after=0")["records"]
            self.assertEqual(len(swaps), number + 3)
            self.assertEqual(history(Log(self.server_data).records, subject), swaps)

    def request(self, server, path, method="GET", body=None, headers=None):
        request = urllib.request.Request(f"{server.url}/{path}", method=method, headers={"Content-Type": "application/json"} | (headers or {}),
                                         data=json.dumps(body).encode() if body else None)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def test_a_backup_has_the_same_content(self):
        self.run_program("-C", self.path, "backup", self.folder / "backup")
        self.expect_content(self.folder / "backup")

    def test_the_documented_layout_is_enough_to_read_it(self):
        log = Log(self.path / ".dialogdb/db")
        self.assertEqual(len(log.blocks), self.json("-C", self.path, "verify")["blocks"])
        self.assertTrue(log.packed)
        self.assertTrue(log.blocks.keys() - log.packed)
        branch = json.loads(log.records[b"branch/main"])
        self.assertEqual(branch["moves"], len(self.lines("-C", self.path, "log")))
        self.assertIn(b"once more", b"".join(log.blocks.values()))
        self.assertIn(b"no tree holds this yet", b"".join(log.records.values()))
        self.assertNotIn(b"branch/gone", log.records)
        server = Log(self.server_data)
        self.assertEqual(len(server.blocks), self.json("verify", "--server", self.server_data)["blocks"])
        self.assertEqual({space for space, _ in server.blocks}, {1})


if __name__ == "__main__":
    unittest.main()
