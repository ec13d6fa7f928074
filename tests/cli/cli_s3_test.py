"""Remotes in a bucket of a real object store: with no server of ours, and under several of them."""

import concurrent.futures
import http.client
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import INVALID, NOT_A_REMOTE, NOT_FOUND, UNAUTHORIZED, ProgramTest, Server
from support.s3 import S3Server

ZERO = "0" * 64


class BucketTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.store = S3Server()

    @classmethod
    def tearDownClass(cls):
        cls.store.stop()

    def setUp(self):
        super().setUp()
        # Each test has a place of its own in the bucket.
        self.url = self.store.url(self.folder.name)
        os.environ.update(self.store.environment)

    def device(self, name, url=None):
        repository = self.repository(name)
        self.run_program("-C", repository, "remote", "add", "origin", url or self.url)
        return repository

    def address(self, repository):
        """Of the repository's subject in the bucket."""
        subject = self.json("-C", repository, "status")["subject"]
        place, query = self.url.split("?")
        return f"{place}/{subject}?{query}"

    def requests(self, verb, repository):
        return self.json("-C", repository, verb, "--stats")["stats"]["requests"]


class Direct(BucketTest):
    def test_devices_converge_with_no_server_between(self):
        laptop = self.device("laptop")
        self.run_program("-C", laptop, "put", "greeting", "hello")
        self.assertEqual(self.json("-C", laptop, "push")["outcome"], "accepted")
        phone = self.folder / "phone"
        self.run_program("clone", self.address(laptop), phone)
        self.assertEqual(self.text("-C", phone, "get", "greeting"), "hello")
        self.run_program("-C", phone, "put", "from", "phone")
        self.run_program("-C", laptop, "put", "from", "laptop")
        self.run_program("-C", laptop, "put", "more", "things")
        self.run_program("-C", phone, "sync")
        self.assertEqual(self.json("-C", laptop, "sync")["pull"]["outcome"], "merged")
        self.run_program("-C", phone, "sync")
        self.assertEqual(self.revision(phone), self.revision(laptop))
        self.assertEqual(self.json("-C", phone, "count")["count"], 3)
        self.run_program("-C", phone, "verify")

    def test_many_entries_travel_whole(self):
        lines = "".join(json.dumps({"key": f"key {i}", "value": f"value {i} " * 5}) + "\n" for i in range(5000))
        laptop = self.device("laptop")
        self.run_program("-C", laptop, "import", "-", input=lines)
        self.run_program("-C", laptop, "push")
        phone = self.folder / "phone"
        self.run_program("clone", self.address(laptop), phone)
        self.assertEqual(self.revision(phone), self.revision(laptop))
        self.run_program("-C", phone, "verify")
        lazy = self.folder / "lazy"
        self.run_program("clone", "--lazy", self.address(laptop), lazy)
        self.assertEqual(self.text("-C", lazy, "get", "key 4321"), "value 4321 " * 5)

    def test_what_a_sync_costs_in_requests(self):
        """The figures of docs/operations-bucket.md."""
        laptop = self.device("laptop")
        self.run_program("-C", laptop, "put", "a", "1")
        # Head; the one block, looked for and stored; five of the probe; the head.
        self.assertEqual(self.requests("push", laptop), 9)
        self.assertEqual(self.requests("sync", laptop), 1)
        self.run_program("-C", laptop, "put", "b", "2")
        self.assertEqual(self.requests("push", laptop), 4)
        phone = self.folder / "phone"
        self.run_program("clone", self.address(laptop), phone)
        self.assertEqual(self.requests("sync", phone), 1)
        self.run_program("-C", laptop, "put", "c", "3")
        self.run_program("-C", laptop, "push")
        self.assertEqual(self.requests("pull", phone), 2)

    def test_shows_what_the_bucket_holds(self):
        laptop = self.device("laptop")
        self.assertEqual(self.json("-C", laptop, "remote", "show", "origin")["revision"], None)
        self.run_program("-C", laptop, "put", "a", "1")
        self.run_program("-C", laptop, "push")
        shown = self.json("-C", laptop, "remote", "show", "origin")
        self.assertEqual((shown["revision"], shown["sequence"]), (self.revision(laptop), 1))
        self.assertEqual((shown["archive"], shown["history"]), (True, True))
        self.assertEqual(shown["url"], self.url)

    def test_leaves_nothing_but_heads_and_blocks(self):
        laptop = self.device("laptop")
        self.run_program("-C", laptop, "put", "a", "1")
        self.run_program("-C", laptop, "push")
        names = [name.split("/")[2:] for name in self.store.objects() if name.startswith(self.folder.name + "/")]
        self.assertEqual([name[0] for name in names], ["blocks", "head"])

    def test_credentials_come_from_the_environment_or_the_shared_file(self):
        laptop = self.device("laptop")
        none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(self.folder)}
        error = self.error(UNAUTHORIZED, "-C", laptop, "fetch", env=none)
        self.assertIn("AWS_ACCESS_KEY_ID", error["message"])
        (self.folder / ".aws").mkdir()
        (self.folder / ".aws" / "credentials").write_text(
            f"[other]\naws_access_key_id = {self.store.environment['AWS_ACCESS_KEY_ID']}\n"
            "aws_secret_access_key = no\n\n[ default ]\n"
            f"aws_access_key_id={self.store.environment['AWS_ACCESS_KEY_ID']}\n"
            f"aws_secret_access_key = {self.store.environment['AWS_SECRET_ACCESS_KEY']}\n")
        self.run_program("-C", laptop, "put", "a", "1")
        self.run_program("-C", laptop, "push", env=none)
        error = self.error(UNAUTHORIZED, "-C", laptop, "fetch", env={**none, "AWS_PROFILE": "other"})
        self.assertIn("SignatureDoesNotMatch", error["message"])

    def test_a_wrong_secret_is_unauthorized_and_shows_in_no_message(self):
        laptop = self.device("laptop")
        self.run_program("-C", laptop, "put", "a", "1")
        _, err = self.run_program("-C", laptop, "push", env={"AWS_SECRET_ACCESS_KEY": "wrongwrong"}, code=UNAUTHORIZED)
        self.assertIn(b"SignatureDoesNotMatch", err)
        self.assertNotIn(b"wrongwrong", err)

    def test_a_missing_bucket_is_told(self):
        laptop = self.device("laptop", self.url.replace("s3://bucket", "s3://nowhere"))
        self.run_program("-C", laptop, "put", "a", "1")
        self.assertIn("NoSuchBucket", self.error(NOT_A_REMOTE, "-C", laptop, "push")["message"])

    def test_an_unpublished_database_is_not_found(self):
        laptop = self.device("laptop")
        self.error(NOT_FOUND, "clone", self.address(laptop), self.folder / "phone")

    def test_takes_no_token_and_no_nonsense(self):
        laptop = self.repository("laptop")
        for url in "s3://b", "s3://bucket/a b", "s3://bucket?colour=red":
            self.error(INVALID, "-C", laptop, "remote", "add", "origin", url)
        self.run_program("-C", laptop, "remote", "add", "origin", self.url, "--token-env", "TOKEN")
        self.error(INVALID, "-C", laptop, "fetch", env={"TOKEN": "secret"})


class UnderServers(BucketTest):
    def serve(self):
        server = Server(None, "--register", self.url, "--archive", self.url)
        self.addCleanup(server.stop)
        return server

    def test_servers_and_clients_share_one_bucket(self):
        one, two = self.serve(), self.serve()
        laptop = self.device("laptop", one.url)
        self.run_program("-C", laptop, "put", "a", "1")
        self.run_program("-C", laptop, "push")
        phone = self.clone(two, laptop, "phone")
        self.assertEqual(self.revision(phone), self.revision(laptop))
        self.run_program("clone", self.address(laptop), self.folder / "direct")
        self.run_program("-C", self.folder / "direct", "put", "b", "2")
        self.run_program("-C", self.folder / "direct", "push")
        for repository in laptop, phone:
            self.run_program("-C", repository, "pull")
            self.assertEqual(self.text("-C", repository, "get", "b"), "2")

    def test_of_swaps_through_two_servers_exactly_one_wins_each_time(self):
        servers = [self.serve(), self.serve()]
        did = "did:web:example.com:race"

        def swap(server, expected, desired):
            body = json.dumps({"iss": did, "sub": did, "cmd": "/state/assert", "args": {"revision": desired}})
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request("PUT", f"/{did}", body, {"If-Match": expected, "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status, answer.headers["ETag"]

        expected = ZERO
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for turn in range(1, 16):
                wishes = [f"{turn * 100 + i:064x}" for i in range(8)]
                answers = list(pool.map(swap, servers * 4, [expected] * 8, wishes))
                won = [wish for wish, (status, _) in zip(wishes, answers) if status == 200]
                self.assertEqual(len(won), 1, answers)
                for status, seen in answers:
                    self.assertIn(status, (200, 412))
                    self.assertEqual(seen, won[0])
                expected = won[0]
        connection = http.client.HTTPConnection("127.0.0.1", servers[0].port)
        connection.request("GET", f"/{did}/log")
        log = json.load(connection.getresponse())
        connection.close()
        self.assertEqual([record["sequence"] for record in log["records"]], list(range(1, 16)))
        self.assertTrue(log["complete"])

    def test_heads_in_the_bucket_may_go_with_blocks_in_a_folder(self):
        server = Server(self.folder / "data", "--register", self.url)
        self.addCleanup(server.stop)
        laptop = self.device("laptop", server.url)
        self.run_program("-C", laptop, "put", "a", "1")
        self.run_program("-C", laptop, "push")
        names = [name for name in self.store.objects() if name.startswith(self.folder.name + "/")]
        self.assertEqual([name.split("/")[2] for name in names], ["head"])
        self.assertEqual(self.revision(self.clone(server, laptop)), self.revision(laptop))

    def test_a_server_needs_a_place_for_everything(self):
        self.error(INVALID, "serve", "--listen", "127.0.0.1:0")
        self.error(INVALID, "serve", "--listen", "127.0.0.1:0", "--register", self.url)
        self.error(INVALID, "serve", "--listen", "127.0.0.1:0", "--register", "ftp://x", "--archive", self.url)
        self.error(UNAUTHORIZED, "serve", "--listen", "127.0.0.1:0", "--register", self.url, "--archive", self.url,
                   env={"AWS_SECRET_ACCESS_KEY": "wrong"})


if __name__ == "__main__":
    unittest.main()
