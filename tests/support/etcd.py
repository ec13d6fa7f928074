"""A real etcd of one member for one test program, started on free ports and in a folder that goes with it."""

import json
import os
import socket
import subprocess
import tempfile
import urllib.request


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Etcd:
    def __init__(self):
        shared = "/dev/shm"
        self.folder = tempfile.TemporaryDirectory(dir=shared if os.path.isdir(shared) else None)
        client, peer = free_ports(2)
        self.host = f"127.0.0.1:{client}"
        peer_url = f"http://127.0.0.1:{peer}"
        # It tells there, as it would tell systemd, that it can be asked.
        notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notices.bind(self.folder.name + "/notices")
        notices.settimeout(60)
        self.process = subprocess.Popen(
            ["/usr/bin/setpriv", "--pdeathsig", "KILL", "/usr/bin/etcd", "--data-dir", self.folder.name + "/data",
             "--listen-client-urls", f"http://{self.host}", "--advertise-client-urls", f"http://{self.host}",
             "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url,
             "--initial-cluster", f"default={peer_url}", "--logger", "zap", "--log-level", "error"],
            env={**os.environ, "NOTIFY_SOCKET": self.folder.name + "/notices"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while b"READY=1" not in notices.recv(4096):
            pass
        notices.close()

    def url(self, prefix):
        return f"etcd://{self.host}/{prefix}"

    def post(self, path, document):
        request = urllib.request.Request(f"http://{self.host}{path}", json.dumps(document).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
