"""Reads the log of a store by docs/format/store.md, and shares no code with the library. Checksums are compared where
one names another; that each is right for its frame is left to the library."""

import ctypes
import pathlib
import struct
import sys

SEGMENT = struct.Struct("<8sIIIIQQ16sQ")
FRAME = struct.Struct("<QQQQII")
KINDS = {1: "block", 2: "records", 3: "removal", 4: "packed_block"}
ZSTD = ctypes.CDLL("libzstd.so.1")
ZSTD.ZSTD_decompress.restype = ctypes.c_size_t
ZSTD.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]


class Log:
    def __init__(self, folder):
        self.blocks = {}
        self.packed = set()
        self.stored = {}  # bytes of each block as it lies there
        self.records = {}
        self.said = {}  # by each frame, under its file, and where its payload begins and ends; of a packed block, the block
        self.sequence = 0
        self.checksum = 0
        self.end = (0, 0)
        for path in sorted(pathlib.Path(folder).glob("log-*")):
            self.read_segment(path)

    def read_segment(self, path):
        content = path.read_bytes()
        magic, version, number, segment, offset, sequence, checksum, zeros, _ = SEGMENT.unpack_from(content)
        assert (magic, version, zeros) == (b"dialoglg", 1, bytes(16)), path
        assert path.name == f"log-{number:010}", path
        if (segment, offset) == self.end:
            assert (sequence, checksum) == (self.sequence, self.checksum), path
        else:
            assert sequence > self.sequence, "what lay between was compacted away"
        self.sequence, self.checksum = sequence, checksum
        at = SEGMENT.size
        while at + FRAME.size <= len(content):
            checksum, before, sequence, durable, length, kind = FRAME.unpack_from(content, at)
            if kind not in KINDS or before != self.checksum or sequence <= self.sequence:
                break
            assert durable < sequence, path
            start = at + FRAME.size
            payload = content[start:start + length]
            self.said[path, start, start + length] = getattr(self, "take_" + KINDS[kind])(payload) or payload
            self.sequence, self.checksum = sequence, checksum
            at += (FRAME.size + length + 7) // 8 * 8
        self.end = (number, at)

    def take_block(self, payload):
        space, = struct.unpack_from("<I", payload)
        self.blocks[space, payload[4:36]] = payload[36:]
        self.stored[space, payload[4:36]] = len(payload) - 36
        self.packed.discard((space, payload[4:36]))

    def take_packed_block(self, payload):
        space, = struct.unpack_from("<I", payload)
        size, = struct.unpack_from("<I", payload, 36)
        block = ctypes.create_string_buffer(size)
        assert ZSTD.ZSTD_decompress(block, size, payload[40:], len(payload) - 40) == size, payload[4:36].hex()
        self.blocks[space, payload[4:36]] = block.raw
        self.stored[space, payload[4:36]] = len(payload) - 36
        self.packed.add((space, payload[4:36]))
        return block.raw

    def take_records(self, payload):
        while payload:
            key_bytes, value_bytes = struct.unpack_from("<II", payload)
            key, rest = payload[8:8 + key_bytes], payload[8 + key_bytes:]
            if value_bytes == 0xFFFFFFFF:
                self.records.pop(key, None)
                payload = rest
            else:
                self.records[key] = rest[:value_bytes]
                payload = rest[value_bytes:]

    def take_removal(self, payload):
        space, = struct.unpack_from("<I", payload)
        for at in range(4, len(payload), 32):
            self.blocks.pop((space, payload[at:at + 32]), None)
            self.stored.pop((space, payload[at:at + 32]), None)
            self.packed.discard((space, payload[at:at + 32]))


SWAP = struct.Struct(">32s32sQqH")
LATER_SWAP = struct.Struct(">32sqH")


def take_swap(payload):
    revision, previous, sequence, time, author = SWAP.unpack_from(payload)
    rest = payload[SWAP.size:]
    swap = {"revision": revision.hex(), "previous": previous.hex(), "sequence": sequence, "time_ms": time, "author": rest[:author].decode()}
    return swap, rest[author:]


def read_page(payload):
    swap, payload = take_swap(payload)
    swaps = [swap]
    while payload:
        revision, time, author = LATER_SWAP.unpack_from(payload)
        payload = payload[LATER_SWAP.size:]
        swaps.append({"revision": revision.hex(), "previous": swaps[-1]["revision"], "sequence": swaps[-1]["sequence"] + 1, "time_ms": time,
                      "author": payload[:author].decode()})
        payload = payload[author:]
    return swaps


def history(records, did):
    """The swaps of a subject, oldest first, from the records of a server's log."""
    for key, value in records.items():
        if key[:1] != b"s" or not value:
            continue
        latest, rest = take_swap(value)
        text, is_paged, rest = rest.partition(b"\0")
        if text.decode() != did:
            continue
        pages = {int.from_bytes(name[33:], "big"): page for name, page in records.items() if name[:33] == b"h" + key[1:]}
        at = int.from_bytes(rest[:8], "big") if is_paged else min(pages)
        recent = (read_page(rest[8:]) if rest[8:] else []) + [latest] if is_paged else []
        swaps = []
        while at <= latest["sequence"] - len(recent):
            swaps += read_page(pages[at])
            at = swaps[-1]["sequence"] + 1
        return swaps + recent
    return []


if __name__ == "__main__":
    log = Log(sys.argv[1])
    print(f"{len(log.said)} frames up to {log.sequence}: {len(log.blocks)} blocks, {len(log.packed)} of them packed, {len(log.records)} records")
