#!/usr/bin/env python3
"""Builds the trees of tree.txt and reads the nodes of tree_nodes.txt by docs/format/tree.md alone.

Shares no code with the library. Needs libxxhash; BLAKE3 is below. Prints what differs and fails where something does.
"""
import ctypes
import ctypes.util
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
MASK = 0xFFFFFFFF
IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8
LANES = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
         (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def compress(chain, block, counter, size, flags):
    words = struct.unpack("<16I", block)
    v = list(chain) + list(IV[:4]) + [counter & MASK, counter >> 32, size, flags]
    for _ in range(7):
        for lane, (a, b, c, d) in enumerate(LANES):
            v[a] = v[a] + v[b] + words[2 * lane] & MASK
            x = v[d] ^ v[a]
            v[d] = (x >> 16 | x << 16) & MASK
            v[c] = v[c] + v[d] & MASK
            x = v[b] ^ v[c]
            v[b] = (x >> 12 | x << 20) & MASK
            v[a] = v[a] + v[b] + words[2 * lane + 1] & MASK
            x = v[d] ^ v[a]
            v[d] = (x >> 8 | x << 24) & MASK
            v[c] = v[c] + v[d] & MASK
            x = v[b] ^ v[c]
            v[b] = (x >> 7 | x << 25) & MASK
        words = [words[i] for i in ORDER]
    return [v[i] ^ v[i + 8] for i in range(8)]


def subtree(data, counter, flags):
    """The chaining value of some chunks, the first of which has the number `counter`."""
    if len(data) > 1024:
        left = 1024
        while left * 2 < len(data):
            left *= 2
        both = subtree(data[:left], counter, 0) + subtree(data[left:], counter + left // 1024, 0)
        return compress(IV, struct.pack("<16I", *both), 0, 64, PARENT | flags)
    chain = IV
    blocks = [data[i:i + 64] for i in range(0, len(data), 64)] or [b""]
    for i, block in enumerate(blocks):
        own = (CHUNK_START if i == 0 else 0) | (CHUNK_END | flags if i + 1 == len(blocks) else 0)
        chain = compress(chain, block.ljust(64, b"\0"), counter, len(block), own)
    return chain


def blake3(data, known={}):
    if data not in known:
        known[data] = struct.pack("<8I", *subtree(data, 0, ROOT))
    return known[data]


xxhash = ctypes.CDLL(ctypes.util.find_library("xxhash") or "libxxhash.so.0")
xxhash.XXH3_64bits_withSeed.restype = ctypes.c_uint64
xxhash.XXH3_64bits_withSeed.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64)


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Builder:
    def __init__(self):
        self.blocks = {}

    def put(self, block):
        self.blocks[blake3(block)] = block
        return blake3(block)

    def value(self, value):
        if len(value) <= 1024:
            return varint(2 * len(value)) + value
        if len(value) <= 65536:
            return varint(2 * len(value) + 1) + self.put(value)
        chunks = [self.put(value[i:i + 65536]) for i in range(0, len(value), 65536)]
        index = b"\0" + varint(len(value)) + b"".join(chunks)
        return varint(2 * len(value) + 1) + blake3(value) + self.put(index)

    def cut(self, level, entries):
        """Yields (last key, address, entries, bytes) of each node; `entries` are (key, payload, entries, bytes)."""
        offset, restarts, body, last, count, total = 4, [], b"", b"", 0, (0, 0)
        for number, (key, payload, below, size) in enumerate(entries):
            before = offset
            shared = 0
            if count % 16:
                while shared < min(len(last), len(key)) and last[shared] == key[shared]:
                    shared += 1
            elif count:
                restarts.append(len(body))
            body += varint(shared) + varint(len(key) - shared) + key[shared:] + payload
            last, count, total = key, count + 1, (total[0] + below, total[1] + size)
            offset = 4 + 2 * len(restarts) + len(body)
            if self.ends(level, key, before, offset) or number + 1 == len(entries):
                table = b"".join(struct.pack("<H", 4 + 2 * len(restarts) + at) for at in restarts)
                node = bytes((0, level)) + struct.pack("<H", count) + table + body
                yield (key, self.put(node), *total)
                offset, restarts, body, last, count, total = 4, [], b"", b"", 0, (0, 0)

    @staticmethod
    def ends(level, key, r, s):
        if s < 2048 or s >= 8192:
            return s >= 8192
        x, y = s - 2048, max(r, 2048) - 2048
        d = x * x - y * y
        return d > 5340353 or xxhash.XXH3_64bits_withSeed(key, len(key), level) < d * 3454217652357

    def build(self, entries):
        """Root and depth."""
        if not entries:
            return bytes(32), 0
        nodes = list(self.cut(0, [(k, self.value(v), 1, len(k) + len(v)) for k, v in entries]))
        level = 0
        while len(nodes) > 1:
            level += 1
            nodes = list(self.cut(level, [(k, a + varint(n) + varint(b), n, b) for k, a, n, b in nodes]))
        return nodes[0][1], level + 1


def make(recipe, i):
    name, argument = recipe.split(":")
    text = str(i).encode()
    if name == "decimal":
        return argument.encode() + b"%08d" % i
    if name == "text":
        return text.ljust(int(argument), b".")[:int(argument)]
    return (blake3(text) * (int(argument) // 32 + 1))[:int(argument)]


def rows(name):
    return [line.split() for line in (HERE / name).read_text().splitlines() if line and line[0] != "#"]


def main():
    wrong = 0
    for count, key, value, *expected in rows("tree.txt"):
        builder = Builder()
        root, depth = builder.build(sorted((make(key, i), make(value, i)) for i in range(int(count))))
        sizes = [len(block) for block in builder.blocks.values()]
        got = [root.hex(), str(depth), str(len(sizes)), str(sum(sizes))]
        if got != expected:
            wrong += 1
            print(f"{count} {key} {value}: {got} instead of {expected}")
    for address, _, _, _, node in rows("tree_nodes.txt"):
        if blake3(bytes.fromhex(node)).hex() != address:
            wrong += 1
            print(f"{address}: not the address of its node")
    print("differs" if wrong else "every root is as the format says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
