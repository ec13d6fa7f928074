#!/usr/bin/env python3
"""2,000 slow and 400 hostile clients at once, and one that is honest.

The honest one must never see an error, and the server's memory stays bounded. How long its requests took is
printed; it is asserted only where the machine is given to this test alone, with DIALOG_SOAK_SCALE above 1.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import ProgramTest

SLOW = 2000
HOSTILE = 400
SCALE = max(1, int(os.environ.get("DIALOG_SOAK_SCALE", "1")))
SECONDS = 20 if SCALE == 1 else 60
SEED = int(os.environ.get("DIALOG_TEST_SEED", "1"))
MEMORY_MIB_MAX = 256
DID = "did:web:honest.example"
ZEROS = "0" * 64


def swap(revision):
    return json.dumps({"iss": DID, "sub": DID, "cmd": "/state/assert", "args": {"revision": revision}})


def anonymous_mib(process):
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    raise AssertionError("no RssAnon")


class HostileClients(ProgramTest):
    def honest(self, port, swarm):
        """Swaps and looks until the swarm has ended; the seconds that each request took."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        generator = random.Random(SEED)
        held = ZEROS
        took = []
        memory = 0
        while swarm.poll() is None:
            wanted = generator.randbytes(32).hex()
            for method, headers, body in (
                    ("PUT", {"If-Match": held, "Content-Type": "application/json"}, swap(wanted)),
                    ("HEAD", {}, None)):
                began = time.monotonic()
                connection.request(method, f"/{DID}", body, headers)
                answer = connection.getresponse()
                answer.read()
                took.append(time.monotonic() - began)
                self.assertEqual((answer.status, answer.getheader("ETag")), (200, wanted))
            held = wanted
            if len(took) % 100 == 0:
                memory = max(memory, anonymous_mib(self.serving))
        connection.close()
        return took, memory

    def test_an_honest_client_is_served_among_slow_and_hostile_ones(self):
        server = self.server()
        self.serving = server.process.pid
        script = os.path.join(os.path.dirname(__file__), "hostile_clients.py")
        with subprocess.Popen([sys.executable, script, *map(str, (server.port, SECONDS, SLOW, HOSTILE, SEED))],
                              stdout=subprocess.PIPE) as swarm:
            took, memory = self.honest(server.port, swarm)
            made = json.loads(swarm.stdout.read())
        self.assertEqual(swarm.returncode, 0)
        took.sort()
        p99 = took[len(took) * 99 // 100] * 1000
        print(f"{len(took)} honest requests: median {took[len(took) // 2] * 1000:.1f} ms, p99 {p99:.1f} ms, "
              f"longest {took[-1] * 1000:.1f} ms; {memory:.1f} MiB; connections: {made}")
        self.assertLess(memory, MEMORY_MIB_MAX)
        self.assertGreater(len(took), 500, "too thin")
        self.assertEqual(len(made), 13, "a kind of client never connected")
        self.assertGreater(sum(made.values()), SLOW + HOSTILE, "too thin")
        if SCALE > 1:
            self.assertLess(p99, 100)


if __name__ == "__main__":
    unittest.main()
