"""Damaged, full and contended disks."""

import base64
import json
import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support import store_log
from support.dialogdb import CORRUPT, STORAGE, ProgramTest, environment, start

MARK = b"a value that occurs once in the whole database " * 4


class Damage(ProgramTest):
    def setUp(self):
        super().setUp()
        self.path = self.repository()
        rows = "".join(f'{{"key":"{i:05}","value":"value {i}"}}\n' for i in range(5000))
        self.run_program("-C", self.path, "import", input=rows)
        self.run_program("-C", self.path, "put", "02500", MARK)
        self.revision(self.path)
        self.run_program("-C", self.path, "gc")
        self.store = self.path / ".dialogdb/db"

    def test_a_sound_repository_is_sound(self):
        report = self.json("-C", self.path, "verify")
        self.assertEqual((report["sound"], report["fault_count"], report["faults"]), (True, 0, []))
        self.assertGreater(report["blocks"], 10)
        kept = self.json("-C", self.path, "gc", "--dry-run")
        self.assertEqual(report["blocks"], kept["kept_blocks"] + kept["removed_blocks"])

    def test_a_flipped_bit_is_never_served(self):
        store_log.damage(self.store, MARK)
        error = self.error(CORRUPT, "-C", self.path, "get", "02500")
        self.assertEqual(error["code"], "corrupt")
        self.assertRegex(error["message"], "[0-9a-f]{64}")
        self.run_program("-C", self.path, "ls", code=CORRUPT)

    def test_verify_names_the_block_and_the_branch(self):
        store_log.damage(self.store, MARK)
        out, _ = self.run_program("-C", self.path, "verify", "--json", code=CORRUPT)
        report = json.loads(out)
        self.assertFalse(report["sound"])
        self.assertTrue(any("main" in fault["where"] for fault in report["faults"]), report)
        self.assertTrue(all(fault["advice"] for fault in report["faults"]))
        self.assertRegex(json.dumps(report), "[0-9a-f]{64}")

    def test_a_pending_commit_that_is_damaged_is_never_taken_for_a_torn_one(self):
        self.run_program("-C", self.path, "put", "02501", MARK[::-1])
        self.run_program("-C", self.path, "put", "02502", "later")
        store_log.damage(self.store, MARK[::-1])
        for verb in ("get", "02501"), ("ls",), ("put", "x", "1"), ("verify",):
            error = self.error(CORRUPT, "-C", self.path, *verb)
            self.assertRegex(error["message"], r"log-[0-9]+ at byte [0-9]+")
            self.assertIn("backup", error["message"])
        # Nor where nobody remembers what was durable.
        (self.store / "control").unlink()
        error = self.error(CORRUPT, "-C", self.path, "get", "02500")
        self.assertRegex(error["message"], r"log-[0-9]+ at byte [0-9]+")

    def test_a_block_that_is_damaged_before_the_index_knows_it_hides_no_other(self):
        self.run_program("-C", self.path, "put", "02501", "x")
        self.revision(self.path)
        self.run_program("-C", self.path, "put", "02502", "y")
        places = store_log.places(self.store, MARK)
        self.assertEqual(len(places), 3)
        store_log.flip(places[-1])
        self.assertRegex(self.error(CORRUPT, "-C", self.path, "get", "02500")["message"], "[0-9a-f]{64}")
        self.assertEqual(self.text("-C", self.path, "get", "00001"), "value 1")

    def test_a_servers_folder_is_verified_while_it_serves_and_where_it_is_damaged(self):
        server = self.server()
        self.run_program("-C", self.path, "remote", "add", "origin", server.url)
        self.run_program("-C", self.path, "push")
        report = self.json("verify", "--server", server.data)
        self.assertEqual((report["sound"], report["subjects"], report["swaps"], report["faults"]), (True, 1, 1, []))
        # The branch's tree, which is its origin, too; the import's, built only because much was pending, is gone.
        self.assertEqual(report["blocks"], self.json("-C", self.path, "verify", "--quick")["blocks"])
        self.assertIn("everything is sound", self.text("verify", "--server", server.data))
        server.stop()
        store_log.damage(server.data, MARK)
        out, _ = self.run_program("verify", "--server", server.data, "--json", code=CORRUPT)
        report = json.loads(out)
        self.assertFalse(report["sound"])
        self.assertRegex(report["faults"][0]["message"], "[0-9a-f]{64}")
        self.run_program("verify", "--server", self.path / ".dialogdb/db", code=2)

    def test_a_truncated_database(self):
        # So that the last page is in use.
        self.run_program("-C", self.path, "put", "large", "--file", "-", input=bytes(300000))
        for file in self.files():
            content = file.read_bytes()
            size = len(content.rstrip(bytes(1)))
            for part in 0, 10, 100, 4096, 8192, size // 2, size - 10:
                with self.subTest((file.name, part)):
                    file.write_bytes(content[:part])
                    process = start("-C", self.path, "--json", "verify")
                    out, err = process.communicate(timeout=60)
                    self.assertEqual(process.returncode, CORRUPT, (out, err))
                    self.assertEqual(json.loads(err.splitlines()[-1])["error"]["code"], "corrupt")
            file.write_bytes(content)
        self.assertTrue(self.json("-C", self.path, "verify")["sound"])

    def files(self):
        return [self.store / "index/data.mdb", *self.store.glob("log-*")]

    def test_a_database_that_is_something_else(self):
        for file in self.files():
            content = file.read_bytes()
            file.write_text("This is a letter to my grandmother.\n" * 1000)
            with self.subTest(file):
                error = self.error(CORRUPT, "-C", self.path, "get", "02500")
                self.assertIn("'dialogdb repair'", error["message"])
            file.write_bytes(content)

    def test_a_lost_database(self):
        shutil.rmtree(self.store)
        self.store.mkdir()
        self.assertIn("lost its database", self.error(CORRUPT, "-C", self.path, "ls")["message"])

    def test_foreign_files_are_told_and_left_alone(self):
        _, err = self.run_program("-C", self.path, "verify")
        self.assertEqual(err, b"")
        for stranger in self.path / ".dialogdb/letter.txt", self.path / ".dialogdb/db/letter.txt":
            with self.subTest(stranger):
                stranger.write_text("hello")
                _, err = self.run_program("-C", self.path, "verify")
                self.assertIn(bytes(stranger), err)
                self.run_program("-C", self.path, "put", "x", "1")
                self.assertEqual(stranger.read_text(), "hello")

    def test_a_broken_key_file_is_a_fault(self):
        (self.path / ".dialogdb/key").write_text("nonsense")
        out, _ = self.run_program("-C", self.path, "verify", "--json", code=CORRUPT)
        self.assertIn("key", json.loads(out)["faults"][0]["where"])


class Disk(ProgramTest):
    def on_small_disk(self, script):
        """Runs a script in a folder of two megabytes, in a mount namespace of its own."""
        disk = self.folder / "disk"
        disk.mkdir()
        (self.folder / "big.ndjson").write_text(
            "".join(f'{{"key":"{i:06}","value_base64":"{base64.b64encode(os.urandom(800)).decode()}"}}\n' for i in range(20000)))
        user = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        script = f'set -u; mount -t tmpfs -o size=4m none "$1" && cd "$1" || exit 99; {script}'
        return subprocess.run(["unshare", *user, "--mount", "bash", "-c", script, os.environ["DIALOGDB"], disk],
                              capture_output=True, env=environment(), timeout=120, text=True)

    def test_a_full_disk_refuses_writes_and_serves_reads(self):
        result = self.on_small_disk('''
            "$0" init . >/dev/null && "$0" put a 1 || exit 90
            "$0" import ../big.ndjson --json; code=$?
            [ "$("$0" get a)" = 1 ] && [ "$("$0" count)" = 1 ] || exit 91
            "$0" verify >&2 || exit 92
            exit $code''')
        self.assertEqual(result.returncode, STORAGE, result.stderr)
        self.assertIn('"storage_full"', result.stderr)

    def test_a_disk_that_has_room_again_takes_writes(self):
        result = self.on_small_disk('''
            "$0" init . >/dev/null && "$0" put a 1 && cp .dialogdb/key ../key || exit 90
            head -c 100M /dev/zero > filler 2>/dev/null
            head -2000 ../big.ndjson | "$0" import -; first=$?
            rm filler
            "$0" put b 2 || exit 91
            [ "$("$0" count)" = 2 ] || exit 92
            exit $first''')
        self.assertEqual(result.returncode, STORAGE, result.stderr)

    def test_init_on_a_full_disk_leaves_no_repository(self):
        result = self.on_small_disk('''
            head -c 100M /dev/zero > filler 2>/dev/null
            "$0" init .; code=$?
            [ ! -e .dialogdb ] || exit 91
            exit $code''')
        self.assertEqual(result.returncode, STORAGE, result.stderr)


class Writers(ProgramTest):
    def test_two_writers_lose_nothing(self):
        path = self.repository()
        script = 'for i in $(seq 25); do "$0" -C "$1" put "$2/$i" "$i" || exit 1; done'
        writers = [subprocess.Popen(["bash", "-c", script, os.environ["DIALOGDB"], path, name]) for name in "abc"]
        for writer in writers:
            self.assertEqual(writer.wait(120), 0)
        self.assertEqual(self.json("-C", path, "count")["count"], 75)

    def test_a_reader_does_not_wait_for_an_import(self):
        path = self.repository()
        self.run_program("-C", path, "put", "a", "1")
        importer = start("-C", path, "import", stdin=subprocess.PIPE)
        importer.stdin.write(b'{"key":"b","value":"2"}\n')
        importer.stdin.flush()
        self.assertEqual(self.text("-C", path, "get", "a"), "1")
        self.run_program("-C", path, "put", "c", "3")
        _, err = importer.communicate()
        self.assertEqual(importer.returncode, 0, err)
        self.assertEqual(self.json("-C", path, "count")["count"], 3)


if __name__ == "__main__":
    unittest.main()
