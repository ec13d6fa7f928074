"""What `repair` mends."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support import store_log
from support.dialogdb import CORRUPT, ProgramTest


class Repair(ProgramTest):
    def setUp(self):
        super().setUp()
        self.path = self.repository()
        self.store = self.path / ".dialogdb/db"
        rows = "".join(f'{{"key":"{i:05}","value":"value {i}"}}\n' for i in range(3000))
        self.run_program("-C", self.path, "import", input=rows)
        self.run_program("-C", self.path, "put", "02500", "a value that is there once")
        self.revision(self.path)
        self.run_program("-C", self.path, "put", "pending", "1")
        self.content = self.text("-C", self.path, "export")

    def expect_whole(self):
        self.assertEqual(self.text("-C", self.path, "export"), self.content)
        self.assertTrue(self.json("-C", self.path, "verify")["sound"])
        self.run_program("-C", self.path, "put", "more", "1")
        self.assertEqual(self.text("-C", self.path, "get", "more"), "1")

    def publish(self):
        server = self.server()
        self.run_program("-C", self.path, "remote", "add", "origin", server.url)
        self.run_program("-C", self.path, "push")
        return server

    def test_what_is_sound_stays_as_it_is(self):
        report = self.json("-C", self.path, "repair")
        self.assertEqual((report["index"], report["mended_blocks"], report["fault_count"]), (None, 0, 0))
        self.assertEqual(report["incomplete_branches"], [])
        self.expect_whole()

    def test_a_lost_index_is_made_anew(self):
        shutil.rmtree(self.store / "index")
        self.error(CORRUPT, "-C", self.path, "ls")
        self.assertGreater(self.json("-C", self.path, "repair")["index"]["bytes"], 10_000)
        self.expect_whole()

    def test_a_damaged_index_is_made_anew(self):
        self.run_program("-C", self.path, "gc")
        data = self.store / "index/data.mdb"
        data.write_bytes(b"This is a letter to my grandmother.\n" * 1000)
        self.error(CORRUPT, "-C", self.path, "ls")
        self.assertIn("index anew", self.text("-C", self.path, "repair"))
        self.expect_whole()

    def test_damaged_blocks_come_from_the_remote(self):
        self.publish()
        self.content = self.text("-C", self.path, "export")
        self.run_program("-C", self.path, "gc")
        store_log.damage(self.store, b"value 1000", b"value 1017", b"value 2000")
        self.error(CORRUPT, "-C", self.path, "export")
        report = self.json("-C", self.path, "repair")
        self.assertGreater(report["mended_blocks"], 1)
        self.assertEqual((report["remote"], report["fault_count"]), ("origin", 0))
        self.expect_whole()

    def test_without_a_remote_it_says_what_is_lost(self):
        self.run_program("-C", self.path, "gc")
        store_log.damage(self.store, b"value 1700")
        error = self.error(CORRUPT, "-C", self.path, "repair")
        self.assertIn("no remote is known", error["message"])
        self.assertEqual(self.text("-C", self.path, "get", "00001"), "value 1")

    def lose_a_commit(self):
        """Of versions 4 to 6, which are pending, version 5 is damaged, and nothing else has it."""
        self.run_program("-C", self.path, "put", "kept", "1")
        pending = '{"key":"pending"'
        self.assertIn(pending, self.content)
        self.content = self.content.replace(pending, '{"key":"kept","value":"1"}\n' + pending)
        self.run_program("-C", self.path, "put", "lost", "this commit is damaged")
        self.run_program("-C", self.path, "put", "later", "1")
        store_log.damage(self.store, b"this commit is damaged")

    def test_commits_are_given_up_only_where_that_is_said(self):
        self.lose_a_commit()
        error = self.error(CORRUPT, "-C", self.path, "repair")
        self.assertIn("--lose-damaged", error["message"])
        self.assertIn("repair", self.error(CORRUPT, "-C", self.path, "ls")["message"])
        report = self.json("-C", self.path, "repair", "--lose-damaged")
        self.assertEqual((report["index"]["damaged_places"], report["fault_count"]), (1, 0))
        [branch] = report["incomplete_branches"]
        self.assertEqual((branch["branch"], branch["whole_version"]), ("main", 4))
        self.assertEqual(branch["revision"], self.revision(self.path))
        # What the log says of a commit lies beside it.
        self.assertEqual([(commit["version"], commit["what"]) for commit in branch["lost"]], [(5, None), (6, "put")])
        moves = self.lines("-C", self.path, "log")
        self.assertEqual((moves[0]["sequence"], moves[0]["what"], moves[0]["after"]),
                         (7, "repair --lose-damaged", branch["revision"]))
        self.assertEqual(branch["lost"][1]["time"], moves[1]["time"])
        self.expect_whole()

    def test_a_long_commit_that_is_damaged_behind_a_sound_index_is_given_up_too(self):
        self.run_program("-C", self.path, "put", "long", "this commit is long" + 2000 * "g")
        self.run_program("-C", self.path, "put", "later", "1")
        self.run_program("-C", self.path, "gc")
        store_log.damage(self.store, b"this commit is long")
        self.assertIn("edits/main:", self.error(CORRUPT, "-C", self.path, "ls")["message"])
        self.error(CORRUPT, "-C", self.path, "verify")
        error = self.error(CORRUPT, "-C", self.path, "repair")
        self.assertIn("--lose-damaged", error["message"])
        [branch] = self.json("-C", self.path, "repair", "--lose-damaged")["incomplete_branches"]
        self.assertEqual((branch["whole_version"], [commit["version"] for commit in branch["lost"]]), (3, [4, 5]))
        self.expect_whole()

    def test_it_tells_what_was_given_up(self):
        self.lose_a_commit()
        out = self.text("-C", self.path, "repair", "--lose-damaged")
        self.assertIn("commits may have been lost in 1 damaged place", out)
        self.assertRegex(out, r"Branch main is back at version 4; given up:\n"
                              r"  version 5\n"
                              r"  version 6  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ  put\n")
        self.expect_whole()

    def test_a_branch_that_cannot_be_put_back_stays_and_is_told(self):
        self.lose_a_commit()
        store_log.damage(self.store, b"value 2999")
        error = self.error(CORRUPT, "-C", self.path, "repair", "--lose-damaged")
        self.assertIn("version 4 cannot be built", error["message"])
        error = self.error(CORRUPT, "-C", self.path, "repair")
        self.assertIn("--lose-damaged", error["message"])
        self.assertIn("after version 4", error["message"])
        out = self.text("-C", self.path, "repair", code=CORRUPT)
        self.assertIn("Branch main is whole up to version 4 only; what comes after it would be lost:\n  version 5\n", out)
        self.assertIn("edits/main:", self.error(CORRUPT, "-C", self.path, "ls")["message"])

    def test_a_servers_index_is_made_anew(self):
        server = self.publish()
        server.stop()
        before = self.json("verify", "--server", server.data)
        self.assertIsNone(self.json("repair", "--server", server.data)["index"])
        shutil.rmtree(server.data / "index")
        self.assertGreater(self.json("repair", "--server", server.data)["index"]["bytes"], 5_000)
        self.assertEqual(self.json("verify", "--server", server.data), before)


if __name__ == "__main__":
    unittest.main()
