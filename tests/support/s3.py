"""A real object store for tests, and requests to it that owe nothing to the code under test."""

import datetime
import hashlib
import hmac
import http.client
import os
import pathlib
import re
import subprocess
import tempfile
import urllib.parse

BUILD = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "s3_server.sh"
REGION = "test-region-1"
ACCESS = "ACCESSKEY"
SECRET = "secret/key+of=tests"


class S3Server:
    """A store on a free port of this machine, with one bucket. `ask` signs by itself."""

    def __init__(self, bucket="bucket"):
        self.bucket = bucket
        self.folder = tempfile.TemporaryDirectory(prefix="dialog-s3-")
        root = pathlib.Path(self.folder.name)
        (root / "data").mkdir()
        self.log = open(root / "log", "w+")
        program = subprocess.run([BUILD], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.process = subprocess.Popen(
            [program, root / "data", "127.0.0.1:0", REGION],
            env={**os.environ, "ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT)
        self.port = self.wait_for_port()
        status, body = self.ask("PUT", f"/{bucket}")
        if status != 200:
            raise RuntimeError(f"no bucket: {status} {body}")

    def wait_for_port(self):
        """The port that the process listens on, as the system tells."""
        while self.process.poll() is None:
            inodes = set()
            for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
                try:
                    found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))
                except FileNotFoundError:
                    continue
                if found:
                    inodes.add(found[1])
            for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    return int(fields[1].rsplit(":", 1)[1], 16)
        self.log.seek(0)
        raise RuntimeError(f"the store ended: {self.log.read()}")

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def url(self, prefix="prefix"):
        """As dialogdb takes it."""
        return f"s3://{self.bucket}/{prefix}?endpoint={self.endpoint}&region={REGION}"

    @property
    def environment(self):
        return {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}

    def ask(self, method, path, body=b"", fields=None, query=""):
        """The status and the body of the answer."""
        host = f"127.0.0.1:{self.port}"
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": host, "x-amz-date": now, "x-amz-content-sha256": digest}
        headers.update({name.lower(): value for name, value in (fields or {}).items()})
        names = ";".join(sorted(headers))
        path = urllib.parse.quote(path, safe="/-._~")
        canonical = "\n".join([method, path, query, *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names,
                               digest])
        scope = f"{now[:8]}/{REGION}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{SECRET}".encode()
        for part in [*scope.split("/"), to_sign]:
            key = hmac.digest(key, part.encode(), "sha256")
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={names}, "
                                    f"Signature={key.hex()}")
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request(method, path + ("?" + query if query else ""), body, headers)
        answer = connection.getresponse()
        result = answer.status, answer.read()
        connection.close()
        return result

    def objects(self):
        """The keys in the bucket."""
        root = pathlib.Path(self.folder.name) / "data" / self.bucket
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()
