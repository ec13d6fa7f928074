"""A register in a real etcd: under several servers, and for clients that reach it themselves."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from support.dialogdb import INVALID, REMOTE_RESET, UNAUTHORIZED, ProgramTest, Server
from support.etcd import Etcd
from support.s3 import S3Server


class EtcdTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.etcd = Etcd()
        cls.store = S3Server()

    @classmethod
    def tearDownClass(cls):
        cls.etcd.stop()
        cls.store.stop()

    def setUp(self):
        super().setUp()
        # Each test has places of its own.
        self.url = self.etcd.url("test/" + self.folder.name)
        self.archive = self.store.url(self.folder.name)
        os.environ.update(self.store.environment)

    def serve(self, *options):
        server = Server(None, "--register", self.url, "--archive", self.archive, "--insecure-cloud", *options)
        self.addCleanup(server.stop)
        return server

    def device(self, name):
        repository = self.repository(name)
        self.run_program("-C", repository, "remote", "add", "origin", self.url, "--archive", self.archive)
        return repository

    def test_two_servers_stand_on_one_register(self):
        first, second = self.serve(), self.serve()
        laptop = self.repository("laptop")
        self.run_program("-C", laptop, "remote", "add", "one", first.url)
        self.run_program("-C", laptop, "put", "greeting", "hello")
        self.assertEqual(self.json("-C", laptop, "push", "one")["outcome"], "accepted")
        subject = self.json("-C", laptop, "status")["subject"]
        phone = self.folder / "phone"
        self.run_program("clone", f"{second.url}/{subject}", phone)
        self.assertEqual(self.text("-C", phone, "get", "greeting"), "hello")
        self.run_program("-C", phone, "put", "greeting", "salut")
        self.run_program("-C", phone, "push")
        self.run_program("-C", laptop, "pull", "one")
        self.assertEqual(self.revision(phone), self.revision(laptop))

    def test_devices_converge_with_no_server_between(self):
        laptop = self.device("laptop")
        self.run_program("-C", laptop, "put", "greeting", "hello")
        self.assertEqual(self.json("-C", laptop, "push")["outcome"], "accepted")
        subject = self.json("-C", laptop, "status")["subject"]
        phone = self.folder / "phone"
        self.run_program("clone", f"{self.url}/{subject}", phone, "--archive", self.archive)
        self.run_program("-C", phone, "put", "from", "phone")
        self.run_program("-C", laptop, "put", "from", "laptop")
        self.run_program("-C", phone, "sync")
        self.assertEqual(self.json("-C", laptop, "sync")["pull"]["outcome"], "merged")
        self.run_program("-C", phone, "sync")
        self.assertEqual(self.revision(phone), self.revision(laptop))
        shown = self.json("-C", phone, "remote", "show", "origin")
        self.assertEqual(shown["archive_url"], self.archive)
        self.assertEqual(shown["revision"], self.revision(laptop))
        self.assertEqual(self.json("-C", phone, "sync", "--stats")["stats"]["requests"], 1)

    def test_what_is_revoked_or_deleted_at_one_server_is_so_at_all(self):
        self.run_program("token", "create", "root", "--access", "admin", "--tokens", "tokens", "--out", "root.token")
        first, second = (self.serve("--signatures", "--tokens", self.folder / "tokens") for _ in range(2))
        owner = self.repository("owner")
        self.run_program("-C", owner, "put", "greeting", "hello")
        self.run_program("-C", owner, "remote", "add", "origin", first.url, "--sign")
        self.run_program("-C", owner, "push")
        subject = self.json("-C", owner, "status")["subject"]
        guest = self.json("key", "generate", "--out", self.folder / "guest.key")["did"]
        self.run_program("-C", owner, "delegate", "--to", guest, "--access", "read", "--expires", "1h", "--out",
                         self.folder / "cap")
        self.run_program("clone", "--sign", "--key", self.folder / "guest.key", "--capability", self.folder / "cap",
                         f"{second.url}/{subject}", self.folder / "guest")
        self.run_program("-C", owner, "revoke", self.folder / "cap")
        self.error(UNAUTHORIZED, "-C", self.folder / "guest", "pull")
        root = "--token-file", self.folder / "root.token"
        listed = self.lines("admin", "subjects", second.url, *root)
        self.assertEqual([(line["did"], line["revision"], line["blocks"]) for line in listed],
                         [(subject, self.revision(owner), 1)])
        self.assertEqual(self.json("admin", "usage", first.url, subject, *root)["blocks"], 1)
        self.run_program("admin", "delete", second.url, subject, "--yes", *root)
        self.assertEqual(self.lines("admin", "subjects", first.url, *root), [])
        self.assertEqual([name for name in self.store.objects() if name.startswith(self.folder.name + "/")], [])
        self.run_program("-C", owner, "put", "more", "1")
        self.error(REMOTE_RESET, "-C", owner, "push")

    def test_a_remote_in_etcd_needs_an_archive_and_no_other_does(self):
        repository = self.repository("laptop")
        self.error(INVALID, "-C", repository, "remote", "add", "origin", self.url)
        self.error(INVALID, "-C", repository, "remote", "add", "origin", "http://127.0.0.1:1", "--archive", self.archive)
        message = self.error(INVALID, "-C", repository, "remote", "add", "origin", "etcd://root:secret@127.0.0.1",
                             "--archive", self.archive)["message"]
        self.assertNotIn("secret", message)


class EtcdUsersTest(ProgramTest):
    def test_who_one_is_comes_from_a_file_or_the_environment(self):
        etcd, store = Etcd(), S3Server()
        self.addCleanup(etcd.stop)
        self.addCleanup(store.stop)
        os.environ.update(store.environment)
        etcd.post("/v3/auth/user/add", {"name": "root", "password": "a: secret"})
        etcd.post("/v3/auth/role/add", {"name": "root"})
        etcd.post("/v3/auth/user/grant", {"user": "root", "role": "root"})
        etcd.post("/v3/auth/enable", {})
        repository = self.repository("laptop")
        self.run_program("-C", repository, "remote", "add", "origin", etcd.url("p"), "--archive", store.url("p"))
        self.error(UNAUTHORIZED, "-C", repository, "remote", "show", "origin")
        wrong = self.error(UNAUTHORIZED, "-C", repository, "remote", "show", "origin",
                           env={"ETCDCTL_USER": "root:wrong one"})
        self.assertNotIn("wrong one", wrong["message"])
        for who in {"ETCDCTL_USER": "root:a: secret"}, {"ETCDCTL_USER": "root", "ETCDCTL_PASSWORD": "a: secret"}:
            self.run_program("-C", repository, "remote", "show", "origin", env=who)
        file = self.folder / "user"
        file.write_text("root:a: secret\n")
        file.chmod(0o600)
        self.run_program("-C", repository, "remote", "set", "origin", "--token-file", file)
        self.run_program("-C", repository, "put", "a", "1")
        self.assertEqual(self.json("-C", repository, "push")["outcome"], "accepted")


if __name__ == "__main__":
    unittest.main()
