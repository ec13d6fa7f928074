"""Finds what is in the log of a store, and damages it."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from golden.read_log import Log


def places(store, *texts):
    """Where the frames lie of blocks, packed or not, and of records that hold one of these texts; in their order."""
    return [place for place, said in Log(store).said.items() if any(text in said for text in texts)]


def flip(place):
    """Changes a bit in the middle of what a frame says."""
    path, start, end = place
    content = bytearray(path.read_bytes())
    content[(start + end) // 2] ^= 1
    path.write_bytes(content)


def damage(store, *texts):
    """Flips a bit of each frame that holds one of the texts; there must be one."""
    found = places(store, *texts)
    assert found, (store, texts)
    for place in found:
        flip(place)
