#!/usr/bin/env python3
"""Builds and reads the trees of tree.txt, and reads the nodes of tree_nodes.txt and tree_no_nodes.txt, by
docs/format/tree.md alone.

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


def require(rule, what):
    if not rule:
        raise ValueError(what)


class Reader:
    """Takes the terms of the grammar off the front of some bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, size):
        require(size <= len(self.data) - self.at, "it is cut short")
        self.at += size
        return self.data[self.at - size:self.at]

    def u16(self):
        return struct.unpack("<H", self.bytes(2))[0]

    def varint(self):
        value, start = 0, self.at
        for shift in range(0, 70, 7):
            byte = self.bytes(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                require(value < 1 << 64 and self.data[start:self.at] == varint(value), "a number is not the shortest form")
                return value
        raise ValueError("a number is too long")

    def hash(self):
        address = self.bytes(32)
        require(any(address), "a hash is zero")
        return address


def decode(node):
    """Level and entries: (key, payload as encoded, entries, bytes, the addresses that the payload names)."""
    reader = Reader(node)
    require(reader.bytes(1) == b"\0", "its version is unknown")
    level = reader.bytes(1)[0]
    count = reader.u16()
    require(level <= 40 and count > 0, "its header is wrong")
    restarts = [reader.u16() for _ in range((count - 1) // 16)]
    entries, last = [], None
    for number in range(count):
        if number % 16 == 0 and number:
            require(restarts[number // 16 - 1] == reader.at, "its table of restarts is wrong")
        shared, more = reader.varint(), reader.varint()
        require(shared <= len(last or b"") and shared + more <= 1024, "the length of a key is wrong")
        key = (last or b"")[:shared] + reader.bytes(more)
        require(last is None or last < key, "its keys do not ascend")
        require(shared == (prefix(last, key) if number % 16 else 0), "a key shares more or less than it says")
        start = reader.at
        below, size, addresses = child(reader) if level else leaf_value(reader)
        entries.append((key, node[start:reader.at], below, size + (0 if level else len(key)), addresses))
        last = key
    require(reader.at == len(node), "bytes follow its last entry")
    require(max(sums(entries)) < 1 << 64, "its sums are too large")
    return level, entries


def is_node(data):
    try:
        decode(data)
    except ValueError:
        return False
    return True


def sums(entries):
    """Of what lies below some entries: entries and bytes."""
    return sum(entry[2] for entry in entries), sum(entry[3] for entry in entries)


def prefix(a, b):
    shared = 0
    while shared < min(len(a), len(b)) and a[shared] == b[shared]:
        shared += 1
    return shared


def leaf_value(reader):
    header = reader.varint()
    size = header // 2
    if header % 2 == 0:
        require(size <= 1024, "a large value lies in the leaf")
        reader.bytes(size)
        return 1, size, []
    require(1024 < size <= 67108864, "a value outside the leaf has the wrong size")
    return 1, size, [reader.hash() for _ in range(2 if size > 65536 else 1)]


def child(reader):
    address, entries, below = reader.hash(), reader.varint(), reader.varint()
    require(entries > 0, "a child is empty")
    return entries, below, [address]


def check_tree(blocks, root):
    """Reads a tree from its root down: `sound tree` of the document, without where nodes end."""
    expected = [(root, None, None, None, None)]
    leaf_entries = []
    while expected:
        address, level, last, entries, size = expected.pop(0)
        got_level, got = decode(blocks[address])
        require(encode(got_level, got) == blocks[address], "it has another encoding")
        if level is not None:
            require((got_level, got[-1][0]) == (level, last), "a level or a separator is wrong")
            require(sums(got) == (entries, size), "a size is wrong")
        if got_level:
            expected += [(a[0], got_level - 1, key, n, b) for key, _, n, b, a in got]
        else:
            leaf_entries += [(key, whole_value(blocks, payload, addresses)) for key, payload, _, _, addresses in got]
    return leaf_entries


def whole_value(blocks, payload, addresses):
    reader = Reader(payload)
    size = reader.varint() // 2
    if not addresses:
        return reader.bytes(size)
    value = blocks[addresses[-1]]
    if len(addresses) == 2:
        index = Reader(value)
        require(index.bytes(1) == b"\0" and index.varint() == size, "an index is wrong")
        value = b"".join(blocks[index.hash()] for _ in range((size + 65535) // 65536))
        require(index.at == len(index.data), "bytes follow an index")
    require(len(value) == size and blake3(value) == addresses[0], "a value is wrong")
    return value


def encode(level, entries):
    """The node of these entries, of which only key and payload count."""
    restarts, body, last = [], b"", b""
    for number, (key, payload, *_) in enumerate(entries):
        shared = prefix(last, key) if number % 16 else 0
        if number and number % 16 == 0:
            restarts.append(len(body))
        body += varint(shared) + varint(len(key) - shared) + key[shared:] + payload
        last = key
    table = b"".join(struct.pack("<H", 4 + 2 * len(restarts) + at) for at in restarts)
    return bytes((0, level)) + struct.pack("<H", len(entries)) + table + body


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
        node, size = [], 4
        for number, (key, payload, below, bytes_below) in enumerate(entries):
            before = size
            shared = prefix(node[-1][0], key) if len(node) % 16 else 0
            size += 2 if node and len(node) % 16 == 0 else 0
            size += len(varint(shared) + varint(len(key) - shared)) + len(key) - shared + len(payload)
            node.append((key, payload, below, bytes_below))
            if self.ends(level, key, before, size) or number + 1 == len(entries):
                yield (key, self.put(encode(level, node)), *sums(node))
                node, size = [], 4

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
        entries = sorted((make(key, i), make(value, i)) for i in range(int(count)))
        root, depth = builder.build(entries)
        sizes = [len(block) for block in builder.blocks.values()]
        got = [root.hex(), str(depth), str(len(sizes)), str(sum(sizes))]
        if got != expected:
            wrong += 1
            print(f"{count} {key} {value}: {got} instead of {expected}")
        elif root != bytes(32) and check_tree(builder.blocks, root) != entries:
            wrong += 1
            print(f"{count} {key} {value}: its tree does not read as its map")
    for *expected, node in rows("tree_nodes.txt"):
        node = bytes.fromhex(node)
        level, entries = decode(node)
        got = [blake3(node).hex(), *map(str, (level, *sums(entries)))]
        if got != expected or encode(level, entries) != node:
            wrong += 1
            print(f"{expected[0]}: reads as {got}")
    for node, *why in rows("tree_no_nodes.txt"):
        if is_node(bytes.fromhex(node)):
            wrong += 1
            print(f"{node}: is read as a node: {' '.join(why)}")
    print("differs" if wrong else "every root is as the format says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
