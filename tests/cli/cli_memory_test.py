"""An import of a million entries stays small: what is measured is the memory that belongs to no file."""

import os
import random
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from support.dialogdb import ProgramTest, start

ENTRIES = 1_000_000
ANONYMOUS_MIB_MAX = 256


def anonymous_mib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            return next((int(line.split()[1]) / 1024 for line in status if line.startswith("RssAnon")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


class Memory(ProgramTest):
    def test_a_million_entries_in_any_order(self):
        generator = random.Random(1)
        numbers = list(range(ENTRIES))
        generator.shuffle(numbers)
        file = self.folder / "entries.ndjson"
        with open(file, "w", encoding="ascii") as rows:
            for number in numbers:
                rows.write(f'{{"key":"user/{number:08}","value":"{number:032x} {number * 7919:032x}"}}\n')
        path = self.repository()
        process = start("-C", path, "import", file)
        most = 0
        while process.poll() is None:
            most = max(most, anonymous_mib(process.pid))
            try:
                process.wait(0.005)
            except subprocess.TimeoutExpired:
                pass
        out, err = process.communicate()
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(self.json("-C", path, "count")["count"], ENTRIES)
        print(f"peak: {most:.0f} MiB of anonymous memory")
        self.assertGreater(most, 10, "nothing was measured")
        self.assertLess(most, ANONYMOUS_MIB_MAX)


if __name__ == "__main__":
    unittest.main()
