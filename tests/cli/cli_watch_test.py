"""Changes of a remote, as they happen."""

import json
import os
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import TIME_LIMIT, UNAVAILABLE, UNSUPPORTED, ProgramTest, start


class Watching(ProgramTest):
    def watch(self, repository, *options):
        process = start("-C", repository, "watch", "--json", *options)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        return process

    def publish(self, repository, value):
        self.run_program("-C", repository, "put", "key", value)
        return self.json("-C", repository, "push")["after"]

    def next(self, process):
        return json.loads(process.stdout.readline())

    def test_begins_with_what_is_there_and_tells_each_change(self):
        _, a = self.published()
        watching = self.watch(a, "--count", "3")
        first = self.next(watching)
        self.assertEqual((first["event"], first["revision"], first["sequence"]), ("head", self.revision(a), 1))
        for number in 2, 3:
            after = self.publish(a, str(number))
            told = self.next(watching)
            self.assertEqual((told["revision"], told["sequence"]), (after, number))
        self.assertEqual(watching.wait(TIME_LIMIT), 0)

    def test_a_line_for_people_has_the_sequence_number_and_the_revision(self):
        _, a = self.published()
        line = self.text("-C", a, "watch", "--count", "1")
        self.assertEqual(line.split("\t")[:2], ["1", self.revision(a)])

    def test_pulls_what_it_is_told(self):
        server, a = self.published()
        b = self.clone(server, a)
        watching = self.watch(b, "--pull", "--count", "2")
        self.assertEqual(self.next(watching)["verb"], "watch")
        self.assertEqual(self.next(watching)["outcome"], "up_to_date")
        after = self.publish(a, "new")
        self.assertEqual(self.next(watching)["revision"], after)
        self.assertEqual(self.next(watching)["outcome"], "fast_forward")
        self.assertEqual(watching.wait(TIME_LIMIT), 0)
        self.assertEqual(self.text("-C", b, "get", "key"), "new")

    def test_goes_on_where_the_server_was_killed_and_came_back(self):
        server, a = self.published()
        watching = self.watch(a, "--count", "3")
        self.assertEqual(self.next(watching)["sequence"], 1)
        server.kill()
        server.start()
        # Two while it may not be there: both are told.
        self.publish(a, "2")
        self.publish(a, "3")
        self.assertEqual([self.next(watching)["sequence"] for _ in range(2)], [2, 3])
        self.assertEqual(watching.wait(TIME_LIMIT), 0)

    def test_an_interruption_is_how_it_ends(self):
        _, a = self.published()
        watching = self.watch(a)
        self.next(watching)
        watching.send_signal(signal.SIGINT)
        self.assertEqual(watching.wait(TIME_LIMIT), 0)

    def test_ends_where_nobody_reads(self):
        _, a = self.published()
        watching = self.watch(a)
        self.next(watching)
        watching.stdout.close()
        self.publish(a, "2")
        self.assertEqual(watching.wait(TIME_LIMIT), -signal.SIGPIPE)

    def test_a_server_that_never_was_there_is_an_error(self):
        server, a = self.published()
        server.stop()
        self.error(UNAVAILABLE, "-C", a, "watch")

    def test_a_bucket_tells_no_changes(self):
        a = self.repository("a")
        self.run_program("-C", a, "remote", "add", "bucket", "s3://bucket/prefix")
        error = self.error(UNSUPPORTED, "-C", a, "watch", "bucket", env={"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"})
        self.assertEqual(error["code"], "unsupported")
        self.assertIn("only a server", error["message"])


if __name__ == "__main__":
    unittest.main()
