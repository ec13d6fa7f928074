"""Entries, formats, ranges, revisions: what needs no remote."""

import base64
import json
import os
import random
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import CORRUPT, EXISTS, INVALID, MALFORMED, MISSING, NOT_FOUND, TOO_LARGE, ProgramTest, start


class Help(ProgramTest):
    VERBS = ("init put get del ls count import export prove check diff status log branch remote clone fetch pull push sync watch verify "
             "gc retention key delegate revoke serve version").split()

    def test_every_verb_shows_help_with_an_example(self):
        for verb in self.VERBS:
            with self.subTest(verb):
                text = self.text(verb, "--help")
                self.assertIn("Examples:", text)
                self.assertIn(f"dialogdb {verb}", text)

    def test_the_help_of_the_program_names_every_verb(self):
        text = self.text("--help")
        for verb in self.VERBS:
            self.assertIn(f"\n  {verb} ", text)

    def test_no_verb_is_wrong_usage(self):
        self.run_program(code=INVALID)

    def test_an_unknown_option_is_wrong_usage_and_told_as_json_too(self):
        self.assertEqual(self.error(INVALID, "ls", "--nonsense")["code"], "invalid_argument")

    def test_a_misspelt_verb_is_named_with_the_one_that_was_meant(self):
        for words, wrong, meant in (("stauts", "stauts", "dialogdb status"), ("pll", "pll", "dialogdb pull"),
                                    ("branch crate x", "crate", "dialogdb branch create"), ("nonsense", "nonsense", None),
                                    ("key shwo", "shwo", "dialogdb key show")):
            with self.subTest(words):
                message = self.error(INVALID, *words.split())["message"]
                self.assertIn(f'"{wrong}" is no verb', message)
                self.assertIn(f"did you mean '{meant}'?" if meant else "--help", message)
                self.assertEqual("did you mean" in message, meant is not None)

    def test_numbers_are_whole_and_within_their_bounds(self):
        path = self.repository()
        for arguments in (("ls", "--limit", "-1"), ("log", "--limit", "1.5"), ("export", "--limit", "x"),
                          ("import", "--batch", "0"), ("ls", "--limit", "0x10"), ("ls", "--limit", "99999999999999999999")):
            with self.subTest(arguments):
                message = self.error(INVALID, "-C", path, *arguments)["message"]
                self.assertIn("expected a whole number from", message)
                self.assertLess(len(message), 200)
        self.run_program("-C", path, "import", input="".join(f'{{"key":"{i:02}","value":""}}\n' for i in range(20)))
        self.assertEqual(len(self.lines("-C", path, "ls", "--limit", "010")), 10)

    def test_the_help_of_a_verb_tells_the_global_options(self):
        for verb in ("ls",), ("remote", "add"):
            self.assertIn("-C DIR, --repo DIR, --json, -q", self.text(*verb, "--help"))

    def test_a_folder_that_is_not_there_is_told(self):
        for verb in ("ls",), ("init",), ("version",):
            with self.subTest(verb):
                self.assertIn('"nowhere": there is no such folder', self.error(NOT_FOUND, "-C", "nowhere", *verb)["message"])
        self.assertFalse((self.folder / "nowhere").exists())

    def test_version(self):
        self.assertRegex(self.json("version")["version"], r"^\d+\.\d+\.\d+$")


class Discovery(ProgramTest):
    def test_init_makes_a_key_that_only_its_owner_reads(self):
        made = self.json("init", "r")
        self.assertTrue(made["subject"].startswith("did:key:z6Mk"))
        key = self.folder / "r/.dialogdb/key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.json("-C", "r", "key", "show")["did"], made["subject"])

    def test_init_with_a_subject_makes_no_key(self):
        made = self.json("init", "r", "--subject", "did:web:example.org")
        self.assertEqual((made["subject"], made["has_key"]), ("did:web:example.org", False))
        self.assertEqual(self.error(NOT_FOUND, "-C", "r", "key", "show")["code"], "not_found")

    def test_init_leaves_an_existing_repository_alone(self):
        path = self.repository()
        self.run_program("-C", path, "put", "a", "1")
        self.error(EXISTS, "init", path)
        self.assertEqual(self.text("-C", path, "get", "a"), "1")

    def test_a_wrong_subject_leaves_nothing_behind(self):
        self.error(INVALID, "init", "r", "--subject", "nonsense")
        self.assertFalse((self.folder / "r/.dialogdb").exists())

    def test_its_place_is_told_in_one_way_by_all(self):
        made = self.json("init", "r/")["repository"]
        self.assertEqual(made, str((self.folder / "r").resolve()))
        for arguments in ("-C", "r/"), ("-C", "r/.dialogdb"), ("--repo", "r/"), ("--repo", "r/.dialogdb/"):
            self.assertEqual(self.json(*arguments, "status")["repository"], made, arguments)

    def test_is_found_from_folders_below(self):
        path = self.repository()
        below = path / "x/y"
        below.mkdir(parents=True)
        self.run_program("put", "a", "1", cwd=below)
        self.assertEqual(self.text("get", "a", cwd=path), "1")
        self.assertEqual(self.text("-C", below, "get", "a"), "1")

    def test_is_found_by_option_and_by_environment(self):
        path = self.repository()
        self.run_program("--repo", path, "put", "a", "1")
        self.assertEqual(self.text("get", "a", env={"DIALOGDB_REPO": str(path)}), "1")
        self.assertEqual(self.text("get", "a", "--repo", path / ".dialogdb"), "1")

    def test_is_told_where_there_is_none(self):
        self.assertIn("dialogdb init", self.error(NOT_FOUND, "ls")["message"])
        self.error(NOT_FOUND, "--repo", "nowhere", "ls")


class Entries(ProgramTest):
    def setUp(self):
        super().setUp()
        self.path = self.repository()

    def db(self, *arguments, **options):
        return self.run_program("-C", self.path, *arguments, **options)[0]

    def fill(self, *keys):
        self.db("import", "-", input="".join(f'{{"key":"{key}","value":"v{key}"}}\n' for key in keys))

    def test_get_gives_what_put_took(self):
        put = self.json("-C", self.path, "put", "color", "red")
        got = self.json("-C", self.path, "get", "color")
        self.assertEqual(got, {"key": "color", "value": "red", "bytes": 3, "version": put["version"]})
        revision = self.revision(self.path)
        got = self.json("-C", self.path, "get", "color", "--at", revision)
        self.assertEqual(got, {"key": "color", "value": "red", "bytes": 3, "revision": revision})

    def test_an_absent_key_is_not_found(self):
        self.assertEqual(self.error(NOT_FOUND, "-C", self.path, "get", "x")["code"], "not_found")

    def test_values_of_any_bytes_pass_through_files_and_pipes(self):
        value = bytes(range(256)) * 1000
        self.db("put", "k", "--file", "-", input=value)
        self.assertEqual(self.db("get", "k"), value)
        self.db("get", "k", "--out", self.folder / "out")
        self.assertEqual((self.folder / "out").read_bytes(), value)
        self.db("put", "l", "--file", self.folder / "out")
        self.assertEqual(self.db("get", "l"), value)
        self.assertEqual(base64.b64decode(self.json("-C", self.path, "get", "l")["value_base64"]), value)

    def test_keys_of_any_bytes(self):
        self.db("put", "--key-format", "hex", "00ff0a", "x")
        self.assertEqual(self.db("ls"), b"\\x00\\xff\\n\tx\n")
        self.assertEqual(self.db("get", "--key-format", "escaped", "\\x00\\xff\\n"), b"x")
        self.assertEqual(self.lines("-C", self.path, "ls"), [{"key_base64": "AP8K", "value": "x"}])
        self.assertEqual(self.lines("-C", self.path, "ls", "--key-format", "hex")[0]["key_hex"], "00ff0a")

    def test_what_could_steer_a_terminal_is_no_text_in_json(self):
        for character in "\x1b", "\x7f", "\x80", "\x9b", "\x9f":
            with self.subTest(character):
                self.db("put", "k", character)
                got = self.db("get", "k", "--json")
                self.assertNotIn(character.encode(), got)
                self.assertEqual(base64.b64decode(json.loads(got)["value_base64"]), character.encode())
        self.db("put", "k", "\u00a0\u00e9\t\r\n")
        self.assertEqual(self.json("-C", self.path, "get", "k")["value"], "\u00a0\u00e9\t\r\n")

    def test_messages_steer_no_terminal(self):
        for arguments in ("import", "\x1b[2J\x9b\x7f.csv"), ("get", "k", "--at", "\x1b[2J\x9b\x7f"):
            for form in (), ("--json",):
                _, err = self.run_program("-C", self.path, *arguments, *form, code=NOT_FOUND)
                for sequence in b"\x1b", b"\xc2\x9b", b"\x7f":
                    self.assertNotIn(sequence, err)
                self.assertIn(b"u001b[2J" if form else b"x1b[2J", err)

    def test_empty_keys_and_values(self):
        self.db("put", "", "")
        self.assertEqual(self.db("get", ""), b"")
        self.assertEqual(self.lines("-C", self.path, "ls"), [{"key": "", "value": ""}])

    def test_a_key_that_looks_like_an_option(self):
        self.db("put", "--", "--json", "-x")
        self.assertEqual(self.db("get", "--", "--json"), b"-x")

    def test_an_oversized_key_is_refused(self):
        self.db("put", "k" * 1024, "x")
        self.assertEqual(self.error(TOO_LARGE, "-C", self.path, "put", "k" * 1025, "x")["code"], "too_large")

    def test_put_wants_one_value(self):
        self.error(INVALID, "-C", self.path, "put", "k")
        self.error(INVALID, "-C", self.path, "put", "k", "v", "--file", "-")

    def test_del_is_all_or_nothing(self):
        self.fill("a", "b")
        self.error(NOT_FOUND, "-C", self.path, "del", "a", "x")
        self.assertEqual(self.db("count"), b"2\n")
        self.assertEqual(self.json("-C", self.path, "del", "a", "x", "--ignore-missing")["deleted"], 1)
        self.assertEqual(self.db("ls", "--keys-only"), b"b\n")

    def test_del_by_prefix(self):
        self.fill("a", "ba", "bb", "c")
        self.assertEqual(self.json("-C", self.path, "del", "--prefix", "b")["deleted"], 2)
        self.assertEqual(self.db("ls", "--keys-only"), b"a\nc\n")
        self.error(INVALID, "-C", self.path, "del")

    def test_ls_by_range_prefix_limit_and_backwards(self):
        self.fill("a", "b", "ba", "bb", "c")
        for arguments, keys in ((("--from", "b"), "b ba bb c"), (("--to", "ba"), "a b"), (("--prefix", "b"), "b ba bb"),
                                (("--reverse", "--limit", "2"), "c bb"), (("--limit", "0"), ""),
                                (("--from", "ba", "--prefix", "b", "--reverse"), "bb ba")):
            with self.subTest(arguments):
                self.assertEqual(self.db("ls", "--keys-only", *arguments).decode().split(), keys.split())

    def test_a_proof_shows_what_is_there_and_what_is_not(self):
        self.fill("a", "b", "b1", "b2", "c")
        revision = self.json("-C", self.path, "count")["revision"]
        proof = self.folder / "proof"
        proof.write_bytes(self.db("prove", "b1"))
        # Whoever checks needs no repository.
        self.assertEqual(self.lines("check", proof, revision, "b1"),
                         [{"key": "b1", "value": self.db("get", "b1").decode()}])
        absent = self.json("-C", self.path, "prove", "no such key")
        self.assertEqual(absent["revision"], revision)
        self.assertEqual(self.lines("check", "-", revision, "no such key", input=base64.b64decode(absent["proof"])), [])

    def test_a_proof_of_a_range_shows_all_of_it(self):
        self.fill("a", "b", "b1", "b2", "c")
        revision = self.json("-C", self.path, "count")["revision"]
        proof = self.db("prove", "--prefix", "b")
        shown = self.lines("check", "-", revision, "--prefix", "b", input=proof)
        self.assertEqual(shown, self.lines("-C", self.path, "ls", "--prefix", "b"))

    def test_what_is_no_proof_is_corrupt(self):
        self.fill("a", "b", "b1", "b2", "c")
        revision = self.json("-C", self.path, "count")["revision"]
        proof = self.db("prove", "b1")
        for other in proof[:-1], proof + b"x", b"", proof.replace(b"b1", b"b9"):
            self.error(CORRUPT, "check", "-", revision, "b1", input=other)
        self.error(CORRUPT, "check", "-", "1" * 64, "b1", input=proof)
        self.error(INVALID, "check", "-", "1" * 63, "b1", input=proof)
        self.error(INVALID, "-C", self.path, "prove", "b1", "--prefix", "b")

    def test_count(self):
        self.fill("a", "b", "ba", "c")
        self.assertEqual(self.json("-C", self.path, "count")["count"], 4)
        self.assertEqual(self.json("-C", self.path, "count", "--prefix", "b")["count"], 2)

    def test_a_reader_that_leaves_ends_ls_quietly(self):
        self.fill(*(f"{i:06}" for i in range(30000)))
        script = 'set -o pipefail; "$0" -C "$1" ls | head -1'
        result = subprocess.run(["bash", "-c", script, os.environ["DIALOGDB"], self.path], capture_output=True)
        self.assertEqual((result.stdout, result.stderr), (b"000000\tv000000\n", b""))

    def test_a_full_standard_output_is_an_error(self):
        self.fill("a")
        with open("/dev/full", "wb") as full:
            result = subprocess.run([os.environ["DIALOGDB"], "-C", self.path, "ls"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 8, result.stderr)

    def test_log_numbers_the_moves_and_revisions_go_back(self):
        for value in "1", "2", "3":
            self.db("put", "a", value)
        log = self.lines("-C", self.path, "log")
        self.assertEqual([move["what"] for move in log[:3]], ["put"] * 3)
        self.assertEqual([move["after"] for move in log[:3]], [None] * 3)
        self.assertEqual(self.db("get", "a", "--at", "main~1"), b"2")
        log = self.lines("-C", self.path, "log")
        self.assertEqual(log[0]["before"], log[1]["after"])
        self.assertEqual(self.db("get", "a", "--at", log[1]["after"]), b"2")
        error = self.error(NOT_FOUND, "-C", self.path, "get", "a", "--at", "main~2")
        self.assertIn("main~1", error["message"])
        self.error(NOT_FOUND, "-C", self.path, "get", "a", "--at", "main~999")
        self.error(NOT_FOUND, "-C", self.path, "get", "a", "--at", "nothing")

    def test_diff_between_branches(self):
        self.fill("a", "b", "c")
        self.db("branch", "create", "other")
        self.db("put", "-b", "other", "a", "new")
        self.db("del", "-b", "other", "b")
        self.db("put", "-b", "other", "d", "vd")
        self.assertEqual(self.db("diff", "other~1", "-b", "other", "--keys-only"), b"+ d\n")
        self.assertEqual(self.db("diff", "-b", "other", "--count", "other", "other~1"),
                         b"0 added, 1 removed, 0 changed\n")
        self.assertEqual(self.db("diff", "main", "other"), b"- a\tva\n+ a\tnew\n- b\tvb\n+ d\tvd\n")
        self.assertEqual(self.lines("-C", self.path, "diff", "main", "other"), [
            {"change": "changed", "key": "a", "before": "va", "after": "new"},
            {"change": "removed", "key": "b", "before": "vb"}, {"change": "added", "key": "d", "after": "vd"}])
        counts = self.json("-C", self.path, "diff", "--count", "other", "main")
        self.assertEqual((counts["added"], counts["removed"], counts["changed"]), (1, 1, 1))
        self.error(INVALID, "-C", self.path, "diff")

    def test_branches(self):
        self.fill("a")
        self.db("branch", "create", "draft")
        self.db("branch", "switch", "draft")
        self.db("put", "b", "2")
        self.assertEqual(self.db("count"), b"2\n")
        self.assertEqual(self.db("count", "-b", "main"), b"1\n")
        listed = self.lines("-C", self.path, "branch", "list")
        self.assertEqual([(row["name"], row["default"]) for row in listed], [("draft", True), ("main", False)])
        self.error(INVALID, "-C", self.path, "branch", "delete", "draft")
        self.db("branch", "rename", "main", "trunk")
        self.db("branch", "delete", "trunk")
        self.assertEqual([row["name"] for row in self.lines("-C", self.path, "branch")], ["draft"])
        self.error(EXISTS, "-C", self.path, "branch", "create", "draft")
        self.error(INVALID, "-C", self.path, "branch", "create", "a b")
        self.error(NOT_FOUND, "-C", self.path, "branch", "switch", "x")

    def test_status_of_a_new_repository(self):
        status = self.json("-C", self.path, "status")
        self.assertEqual((status["branch"], status["entries"], status["revision"], status["remotes"]),
                         ("main", 0, "0" * 64, []))

    def test_gc_removes_only_what_nothing_needs(self):
        self.fill(*(f"{i:05}" for i in range(3000)))
        self.db("branch", "create", "draft")
        self.db("put", "-b", "draft", "00001", "x")
        self.db("count", "-b", "draft")
        self.db("branch", "delete", "draft")
        report = self.json("-C", self.path, "gc", "--dry-run")
        self.assertGreater(report["removed_blocks"], 0)
        self.assertEqual(self.json("-C", self.path, "gc")["removed_blocks"], report["removed_blocks"])
        self.assertEqual(self.json("-C", self.path, "gc")["removed_blocks"], 0)
        self.assertTrue(self.json("-C", self.path, "verify")["sound"])
        self.assertEqual(self.db("count"), b"3000\n")

    def test_retention_says_which_old_states_gc_keeps(self):
        self.assertEqual(self.json("-C", self.path, "retention"), {"moves": 1000, "days": None})
        revisions = []
        for value in "abcd":
            self.db("put", "color", value)
            revisions.append(self.revision(self.path))
        self.assertEqual(self.json("-C", self.path, "retention", "--moves", "2", "--days", "90"), {"moves": 2, "days": 90})
        self.assertEqual(self.json("-C", self.path, "gc", "--dry-run")["forgotten_moves"], 2)
        self.assertEqual(self.json("-C", self.path, "gc")["forgotten_moves"], 2)
        self.assertEqual([move["after"] for move in self.lines("-C", self.path, "log")], revisions[:1:-1])
        self.assertEqual(self.db("get", "color", "--at", revisions[1]), b"b")
        self.assertEqual(self.error(MISSING, "-C", self.path, "get", "color", "--at", revisions[0])["code"],
                         "missing_blocks")
        self.assertEqual(self.json("-C", self.path, "retention", "--days", "none"), {"moves": 2, "days": None})
        self.assertEqual(self.json("-C", self.path, "retention", "--days", "0"), {"moves": 2, "days": 0})
        self.assertIn("keeps 2 moves; gc forgets those that are 0 days old", self.text("-C", self.path, "retention"))
        self.db("gc")
        self.assertEqual(self.lines("-C", self.path, "log"), [])
        self.assertEqual(self.db("get", "color"), b"d")
        for wrong in (["--moves", "0"], ["--moves", "1000001"], ["--days", "soon"], ["--days", "36501"]):
            self.assertEqual(self.error(INVALID, "-C", self.path, "retention", *wrong)["code"], "invalid_argument")
        self.assertEqual(self.json("-C", self.path, "retention"), {"moves": 2, "days": 0})

    def test_an_import_in_batches_leaves_no_more_than_one_at_once(self):
        lines = "".join(f'{{"key":"{i * 7919 % 10000:05}","value":"{"v" * 40}"}}\n' for i in range(10000))
        kept = []
        for name, options in (("batches", ["--batch", "500"]), ("once", [])):
            path = self.repository(name)
            self.run_program("-C", path, "import", "-", *options, input=lines)
            self.run_program("-C", path, "count")  # builds what is pending
            kept.append(self.json("-C", path, "gc")["kept_blocks"])
        self.assertEqual(kept[0], kept[1])


class Transfer(ProgramTest):
    def setUp(self):
        super().setUp()
        self.path = self.repository()

    def imported(self, content, *options, code=0):
        if isinstance(content, str):
            content = content.encode()
        (self.folder / "in.ndjson").write_bytes(content)
        return self.run_program("-C", self.path, "import", self.folder / "in.ndjson", *options, "--json", code=code)

    def entries(self):
        return [(row["key"], row["value"]) for row in self.lines("-C", self.path, "ls")]

    def test_the_format_follows_the_name_of_the_file(self):
        (self.folder / "in.csv").write_text("id,name\n1,one\n2,\"two, three\"\n")
        report = self.json("-C", self.path, "import", "--key-field", "id", "--value-field", "name", self.folder / "in.csv")
        self.assertEqual((report["imported"], report["skipped"]), (2, 0))
        self.assertEqual(self.entries(), [("1", "one"), ("2", "two, three")])
        self.error(INVALID, "-C", self.path, "import", self.folder / "in.xls")

    def test_whole_objects_under_their_key_field(self):
        self.imported('{"id": 7, "tags": ["x", "y"]}\n', "--key-field", "id")
        self.assertEqual(self.entries(), [("7", '{"id":7,"tags":["x","y"]}')])

    def test_an_unreadable_line_is_told_and_nothing_is_imported(self):
        _, err = self.imported('{"key":"a","value":"1"}\n{"key":"b","value":}\n{"key":"c","value":"3"}\n', code=MALFORMED)
        self.assertIn(b"line 2, column 20", err)
        self.assertEqual(self.entries(), [])

    def test_the_file_is_named_whatever_is_wrong_in_it(self):
        (self.folder / "in.csv").write_text("id,na\x1bme\n1,one\n")
        for options in (), ("--key-field", "id", "--value-field", "x"), ("--no-header", "--key-field", "9"):
            with self.subTest(options):
                message = self.error(MALFORMED, "-C", self.path, "import", self.folder / "in.csv", *options)["message"]
                self.assertIn("in.csv: line 1, column 1: ", message)
                self.assertNotIn("\x1b", message)

    def test_a_strange_name_of_a_field_is_shown_escaped_and_short(self):
        for line in ('{"key":"a","value":"b","\\u001b[2J":1}', '{"key":"a","value":"b","%s":1}' % ("x" * 100000),
                     '{"key":"a","value":"%s' % ("x" * 100000)):
            _, err = self.imported(line + "\n", code=MALFORMED)
            message = json.loads(err)["error"]["message"]
            self.assertNotIn("\x1b", message)
            self.assertLess(len(message), 1000)

    def test_numbers_of_any_size_stay_as_they_are_written(self):
        numbers = "1e400", "-1E+4000", "1" * 400, "0.1e-999", '[1e400,{"a":-2e999}]'
        self.imported("".join('{"key":"%d","value": %s }\n' % row for row in enumerate(numbers)))
        self.assertEqual([value for _, value in self.entries()], list(numbers))
        self.imported("".join('{"id":"%d","n": %s }\n' % row for row in enumerate(numbers)), "--key-field", "id")
        self.assertEqual(self.entries()[0][1], '{"id":"0","n":1e400}')
        for wrong in "1e400-2", "01e400", "1e400x", "-1e400.5", "1e400 1":
            with self.subTest(wrong):
                self.imported('{"key":"a","value":%s}\n' % wrong, code=MALFORMED)

    def test_an_oversized_key_is_told_with_its_line(self):
        _, err = self.imported('{"key":"a","value":"1"}\n{"key":"%s","value":"1"}\n' % ("k" * 1025), code=TOO_LARGE)
        self.assertIn(b"line 2", err)
        self.assertEqual(self.entries(), [])

    def test_bad_lines_are_left_out_and_listed_where_that_is_asked_for(self):
        out, _ = self.imported('{"key":"a","value":"1"}\nnonsense\n{"key":"c","value":"3"}\n[]\n', "--skip-bad-lines")
        report = json.loads(out)
        self.assertEqual((report["imported"], report["skipped"]), (2, 2))
        self.assertEqual([bad["line"] for bad in report["bad_lines"]], [2, 4])
        self.assertEqual(self.entries(), [("a", "1"), ("c", "3")])

    def test_batches_before_a_bad_line_stay(self):
        content = "".join(f'{{"key":"{i}","value":"v"}}\n' for i in range(5)) + "nonsense\n"
        _, err = self.imported(content, "--batch", "2", code=MALFORMED)
        self.assertIn(b"4 entries", err)
        self.assertEqual(len(self.entries()), 4)

    def test_the_last_of_several_lines_with_one_key_counts(self):
        out, _ = self.imported('{"key":"a","value":"1"}\n{"key":"a","value":"2"}\n')
        self.assertIn(b'"repeated_keys":1', out)
        self.assertEqual(self.entries(), [("a", "2")])

    def test_importing_the_same_again_changes_nothing(self):
        content = '{"key":"a","value":"1"}\n'
        self.imported(content)
        before = self.revision(self.path)
        self.imported(content)
        self.assertEqual(self.revision(self.path), before)

    def test_an_absent_file_is_not_found(self):
        self.error(NOT_FOUND, "-C", self.path, "import", "absent.csv")

    def test_exports_of_every_format_give_the_same_database(self):
        generator = random.Random(7)
        rows = []
        for i in range(2000):
            key = generator.randbytes(generator.randrange(1, 40)) + str(i).encode()
            value = generator.choice([b"", b'"', b"a,b", b"x\r\ny", b"\t", generator.randbytes(generator.randrange(5000))])
            rows.append('{"key_hex":"%s","value_hex":"%s"}\n' % (key.hex(), value.hex()))
        self.imported("".join(rows))
        revision = self.revision(self.path)
        for number, (name, options) in enumerate([
                ("x.ndjson", ()), ("x.csv", ()), ("x.tsv", ()), ("x.tsv", ("--no-header",)),
                ("x.csv", ("--key-format", "hex", "--value-format", "base64")),
                ("x.ndjson", ("--json-values", "--key-format", "base64")), ("x.csv", ("--key-format", "escaped"))]):
            with self.subTest(name=name, options=options):
                file = self.folder / name
                self.run_program("-C", self.path, "export", file, *options)
                copy = self.repository(f"copy{number}")
                taken = [option for option in options if option != "--json-values"]
                self.run_program("-C", copy, "import", file, *taken)
                self.assertEqual(self.revision(copy), revision)

    def test_a_failed_export_leaves_the_old_file(self):
        file = self.folder / "x.ndjson"
        file.write_text("precious")
        self.error(NOT_FOUND, "-C", self.path, "export", file, "--at", "nothing")
        self.assertEqual(file.read_text(), "precious")
        self.assertEqual([entry.name for entry in self.folder.iterdir() if "part" in entry.name], [])

    def test_a_pipe_of_export_into_import(self):
        self.imported('{"key":"a","value":"1"}\n')
        out, _ = self.run_program("-C", self.path, "export", "-")
        copy = self.repository("copy")
        self.run_program("-C", copy, "import", input=out)
        self.assertEqual(self.revision(copy), self.revision(self.path))


class Keys(ProgramTest):
    def test_generate_show_and_import(self):
        did = self.json("key", "generate", "--out", "my.key")["did"]
        self.assertEqual((self.folder / "my.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.text("key", "show", "my.key").strip(), did)
        self.error(EXISTS, "key", "generate", "--out", "my.key")
        path = self.repository()
        self.error(EXISTS, "-C", path, "key", "import", self.folder / "my.key")
        self.run_program("-C", path, "key", "import", "--force", self.folder / "my.key")
        self.assertEqual(self.text("-C", path, "key", "show").strip(), did)
        self.assertEqual(self.json("init", "other", "--key", "my.key")["subject"], did)

    def test_a_wrong_key_file_is_told_without_its_content(self):
        (self.folder / "my.key").write_text("sesame")
        error = self.error(MALFORMED, "key", "show", "my.key")
        self.assertNotIn("sesame", error["message"])

    def test_token_lines_go_into_a_file_that_only_its_owner_reads(self):
        self.run_program("key", "token", "--name", "one", "--tokens", "tokens", "--out", "secret")
        self.run_program("key", "token", "--name", "two", "--access", "read", "--tokens", "tokens", "--days", "3")
        tokens = self.folder / "tokens"
        self.assertEqual(tokens.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(tokens.read_text().splitlines()), 2)
        self.assertNotIn((self.folder / "secret").read_text().strip(), tokens.read_text())

    def test_a_refused_token_leaves_neither_a_line_nor_a_secret(self):
        self.error(EXISTS, "key", "token", "--name", "one", "--tokens", "tokens", "--out", "/dev/null")
        self.assertFalse((self.folder / "tokens").exists())
        self.run_program("key", "token", "--name", "one", "--tokens", "tokens")
        tokens = self.folder / "tokens"
        before = tokens.read_bytes()
        error = self.error(INVALID, "key", "token", "--name", "one", "--tokens", "tokens", "--out", "secret")
        self.assertIn('"one"', error["message"])
        self.assertFalse((self.folder / "secret").exists())
        self.assertEqual(tokens.read_bytes(), before)
        tokens.write_bytes(before + b"nonsense\n")
        self.assertIn("line 2", self.error(MALFORMED, "key", "token", "--name", "two", "--tokens", "tokens")["message"])

    def test_tokens_that_are_made_at_once_all_get_their_line(self):
        names = [f"token-{i}" for i in range(20)]
        makers = [start("key", "token", "--name", name, "--tokens", "tokens", cwd=self.folder) for name in names]
        for maker in makers:
            _, err = maker.communicate()
            self.assertEqual(maker.returncode, 0, err)
        lines = (self.folder / "tokens").read_text().splitlines()
        self.assertEqual(sorted(json.loads(line)["name"] for line in lines), sorted(names))

    def test_a_line_is_added_to_the_file_that_is_there(self):
        kept = self.folder / "kept"
        kept.write_text("# ours, without an end of the line")
        kept.chmod(0o640)
        (self.folder / "tokens").symlink_to("kept")
        before = kept.stat()
        self.run_program("key", "token", "--name", "one", "--tokens", "tokens")
        after = kept.stat()
        self.assertTrue((self.folder / "tokens").is_symlink())
        self.assertEqual((after.st_ino, after.st_mode, after.st_gid), (before.st_ino, before.st_mode, before.st_gid))
        self.assertEqual(len(kept.read_text().splitlines()), 2)

    def test_secrets_that_are_shown_are_part_of_the_json(self):
        made = self.json("key", "generate", "--out", "-")
        self.assertEqual(list(made), ["did", "secret"])
        (self.folder / "my.key").write_text(made["secret"])
        self.assertEqual(self.text("key", "show", "my.key").strip(), made["did"])
        self.assertEqual(self.json("key", "show", "--secret", "my.key")["secret"], made["secret"])
        self.assertEqual(list(self.json("key", "token", "--name", "one", "--out", "-")), ["name", "line", "secret"])


if __name__ == "__main__":
    unittest.main()
