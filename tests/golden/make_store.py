"""Makes store-1.tar.xz with the program in DIALOGDB: a repository and a server's folder as version 1 leaves them.

Only for another version of the format: those that are there must stay readable as they are.
"""

import base64
import json
import pathlib
import random
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from support.dialogdb import Server, start

ROWS = "".join(f'{{"key":"key {i:04}","value":"value {i * i}"}}\n' for i in range(2000))
NOISE = random.Random(1)
# What gives way to no compression.
NOISY_ROWS = "".join(json.dumps({"key": f"noise {i:02}", "value_base64": base64.b64encode(NOISE.randbytes(256)).decode()}) + "\n"
                     for i in range(40))


def run(*arguments, input=""):
    import subprocess
    process = start(*arguments, stdin=subprocess.PIPE)
    out, err = process.communicate(input.encode())
    assert process.returncode == 0, (arguments, out, err)


def make(folder):
    repository = folder / "repository"
    run("init", repository)
    run("-C", repository, "import", input=ROWS)
    run("-C", repository, "branch", "create", "old")
    run("-C", repository, "import", input=ROWS.replace('"value ', '"another '))
    server = Server(folder / "server")
    run("-C", repository, "remote", "add", "origin", server.url)
    run("-C", repository, "push")
    run("-C", repository, "put", "key 0005", "once more")
    run("-C", repository, "push")
    server.stop()
    run("-C", repository, "branch", "create", "gone")
    run("-C", repository, "put", "-b", "gone", "key 1000", "nobody needs this")
    run("-C", repository, "branch", "delete", "gone")
    run("-C", repository, "branch", "create", "noise")
    run("-C", repository, "import", "-b", "noise", input=NOISY_ROWS)
    # The index knows what comes before, and not what comes after.
    run("-C", repository, "gc")
    run("-C", repository, "put", "pending", "no tree holds this yet")
    run("-C", repository, "del", "key 0007")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        make(folder)
        for leftover in "control", "lease", "lock.mdb":
            for path in folder.rglob(leftover):
                path.unlink()
        with tarfile.open(pathlib.Path(__file__).parent / "store-1.tar.xz", "w:xz") as archive:
            for part in "repository", "server":
                archive.add(folder / part, part)
