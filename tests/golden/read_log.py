"""Reads the log of a store by docs/format/store.md, and shares no code with the library. Checksums are compared where
one names another; that each is right for its frame is left to the library."""

import pathlib
import struct
import sys

SEGMENT = struct.Struct("<8sIIIIQQ16sQ")
FRAME = struct.Struct("<QQQQII")
KINDS = {1: "block", 2: "records", 3: "removal"}


class Log:
    def __init__(self, folder):
        self.blocks = {}
        self.records = {}
        self.frames = 0
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
            payload = content[at + FRAME.size:at + FRAME.size + length]
            getattr(self, "take_" + KINDS[kind])(payload)
            self.sequence, self.checksum = sequence, checksum
            at += (FRAME.size + length + 7) // 8 * 8
            self.frames += 1
        self.end = (number, at)

    def take_block(self, payload):
        space, = struct.unpack_from("<I", payload)
        self.blocks[space, payload[4:36]] = payload[36:]

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


if __name__ == "__main__":
    log = Log(sys.argv[1])
    print(f"{log.frames} frames up to {log.sequence}: {len(log.blocks)} blocks, {len(log.records)} records")
