"""Backup and restore."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support import store_log
from support.dialogdb import CORRUPT, ProgramTest


class Backup(ProgramTest):
    def setUp(self):
        super().setUp()
        self.path = self.repository()
        rows = "".join(f'{{"key":"{i:05}","value":"value {i}"}}\n' for i in range(3000))
        self.run_program("-C", self.path, "import", input=rows)
        self.copy = self.folder / "backup"

    def back_up(self, path=None):
        return self.json("-C", path or self.path, "backup", self.copy)

    def content(self, path):
        return self.text("-C", path, "export")

    def test_a_backup_is_the_same_repository(self):
        report = self.back_up()
        self.assertEqual((report["verb"], report["damaged_places"]), ("backup", 0))
        self.assertEqual(report["bytes"], report["new_bytes"])
        self.assertEqual(self.content(self.copy), self.content(self.path))
        self.assertTrue(self.json("-C", self.copy, "verify")["sound"])
        self.assertEqual(self.text("-C", self.copy, "key", "show"), self.text("-C", self.path, "key", "show"))
        self.assertEqual((self.copy / ".dialogdb/key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.text("-C", self.copy, "log"), self.text("-C", self.path, "log"))

    def test_the_second_backup_copies_what_is_new(self):
        first = self.back_up()
        self.assertEqual(self.back_up()["new_bytes"], 0)
        self.run_program("-C", self.path, "put", "a", "1")
        second = self.back_up()
        self.assertLess(second["new_bytes"], 2000)
        self.assertEqual(second["bytes"], first["bytes"] + second["new_bytes"])
        self.assertEqual(self.text("-C", self.copy, "get", "a"), "1")

    def test_what_was_collected_goes_from_the_backup_too(self):
        self.run_program("-C", self.path, "branch", "create", "other")
        rows = "".join(f'{{"key":"{i:05}","value":"{os.urandom(2000).hex()}"}}\n' for i in range(3000))
        self.run_program("-C", self.path, "import", "-b", "other", input=rows)
        large = self.back_up()["bytes"]
        self.run_program("-C", self.path, "branch", "delete", "other")
        self.assertGreater(self.json("-C", self.path, "gc")["reclaimed_bytes"], large / 2)
        self.assertLess(self.back_up()["bytes"], large / 2)
        self.assertEqual(self.content(self.copy), self.content(self.path))
        self.assertTrue(self.json("-C", self.copy, "verify")["sound"])

    def test_it_is_taken_while_others_write(self):
        script = 'for i in $(seq 100); do "$0" -C "$1" put "count" "$i" && "$0" -C "$1" put "same" "$i" || exit 1; done'
        writer = subprocess.Popen(["bash", "-c", script, os.environ["DIALOGDB"], self.path])
        while writer.poll() is None:
            self.back_up()
            rows = dict(line.split("\t") for line in self.text("-C", self.copy, "ls", "--prefix", "").splitlines()
                        if line.startswith(("count", "same")))
            self.assertIn(int(rows.get("count", 0)) - int(rows.get("same", 0)), (0, 1), rows)
            self.assertTrue(self.json("-C", self.copy, "verify")["sound"])
        self.assertEqual(writer.returncode, 0)
        self.back_up()
        self.assertEqual(self.content(self.copy), self.content(self.path))

    def test_a_repository_that_went_another_way_is_no_backup_of_this_one(self):
        self.back_up()
        self.run_program("restore", self.copy, self.folder / "restored")
        self.run_program("-C", self.folder / "restored", "put", "a", "there")
        self.run_program("-C", self.path, "put", "a", "here")
        self.back_up()
        for path in self.folder / "restored", self.repository("another"):
            error = self.error(4, "-C", path, "backup", self.copy)
            self.assertEqual(error["code"], "already_exists")
        self.assertEqual(self.text("-C", self.copy, "get", "a"), "here")

    def test_older_states_replace_no_newer_ones(self):
        self.back_up()
        self.run_program("restore", self.copy, self.folder / "older")
        self.run_program("-C", self.path, "put", "a", "new")
        self.back_up()
        self.error(4, "-C", self.folder / "older", "backup", self.copy)
        self.assertEqual(self.text("-C", self.copy, "get", "a"), "new")

    def test_places_where_no_backup_can_be(self):
        self.assertEqual(self.error(2, "-C", self.path, "backup", self.path)["code"], "invalid_argument")
        self.assertTrue(self.json("-C", self.path, "verify")["sound"])
        (self.folder / "file").write_text("x")
        self.error(8, "-C", self.path, "backup", self.folder / "file")

    def test_a_restored_repository_goes_on(self):
        self.back_up()
        restored = self.folder / "restored"
        self.assertEqual(self.json("restore", self.copy, restored)["verb"], "restore")
        self.assertEqual(self.content(restored), self.content(self.path))
        self.run_program("-C", restored, "put", "a", "1")
        self.assertEqual(self.error(4, "restore", self.copy, restored)["code"], "already_exists")
        self.assertEqual(self.text("-C", restored, "get", "a"), "1")
        self.error(3, "restore", self.folder / "nothing", self.folder / "new")

    def test_damage_is_copied_and_told(self):
        self.run_program("-C", self.path, "put", "mark", "a value that is there once")
        self.run_program("-C", self.path, "gc")
        store_log.damage(self.path / ".dialogdb/db", b"value 1700")
        error = self.error(CORRUPT, "-C", self.path, "backup", self.copy)
        self.assertIn("damaged", error["message"])
        self.assertEqual(self.text("-C", self.copy, "get", "00001"), "value 1")

    def test_a_server_is_backed_up_while_it_serves(self):
        server = self.server()
        self.run_program("-C", self.path, "remote", "add", "origin", server.url)
        self.run_program("-C", self.path, "push")
        self.json("backup", "--server", server.data, self.copy)
        self.run_program("-C", self.path, "put", "a", "1")
        self.run_program("-C", self.path, "push")
        report = self.json("backup", "--server", server.data, self.copy)
        self.assertLess(report["new_bytes"], report["bytes"])
        self.assertTrue(self.json("verify", "--server", self.copy)["sound"])
        self.assertEqual(self.json("verify", "--server", self.copy), self.json("verify", "--server", server.data))
        restored = self.folder / "restored"
        self.json("restore", "--server", self.copy, restored)
        self.error(4, "restore", "--server", self.copy, restored)
        self.assertTrue(self.json("verify", "--server", restored)["sound"])


if __name__ == "__main__":
    unittest.main()
