"""Clients that nobody wants: slow ones, and ones that send what no client should.

  hostile_clients.py PORT SECONDS SLOW HOSTILE SEED

Prints one JSON object: how many connections of each kind were made. Every client connects again when the
server has had enough of it, after a pause. Speaks to this machine only, and ends by itself.
"""

import asyncio
import collections
import json
import random
import resource
import socket
import struct
import sys
import time

DID = "did:web:hostile.example"
HEAD = f"HEAD /{DID} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
PUT = (f"PUT /{DID} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
       f"If-Match: {'0' * 64}\r\nContent-Length: 400\r\n\r\n").encode()
ASK = f"POST /{DID}/blocks/get HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/vnd.dialog.blocks\r\n"
PAUSE = 0.5


class Swarm:
    def __init__(self, port, seconds, seed):
        self.port = port
        self.end = time.monotonic() + seconds
        self.random = random.Random(seed)
        self.made = collections.Counter()

    def is_over(self):
        return time.monotonic() >= self.end

    async def client(self, kind):
        await asyncio.sleep(self.random.random() * 2)
        while not self.is_over():
            writer = None
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=4096)
                self.made[kind.__name__] += 1
                await asyncio.wait_for(kind(self, reader, writer), max(0.1, self.end - time.monotonic()))
            except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                pass
            finally:
                if writer is not None:
                    writer.transport.abort()
            await asyncio.sleep(PAUSE * (1 + self.random.random()))

    async def drip(self, writer, data, pause):
        for at in range(len(data)):
            writer.write(data[at:at + 1])
            await writer.drain()
            await asyncio.sleep(pause)

    # Slow ones.

    async def says_nothing(self, reader, writer):
        await reader.read(1)

    async def drips_its_head(self, reader, writer):
        await self.drip(writer, HEAD, 0.4)
        await reader.read(4096)

    async def drips_its_body(self, reader, writer):
        writer.write(PUT)
        await self.drip(writer, b" " * 400, 0.4)
        await reader.read(4096)

    async def idles_between_requests(self, reader, writer):
        while True:
            writer.write(HEAD)
            if not await reader.read(4096):
                return
            await asyncio.sleep(3)

    async def does_not_read(self, reader, writer):
        body = bytes(32) * 1024
        request = (ASK + f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        writer.transport.pause_reading()
        for _ in range(4):
            writer.write(request)
        await asyncio.sleep(30)

    # Hostile ones.

    async def sends_garbage(self, reader, writer):
        writer.write(self.random.randbytes(self.random.randrange(1, 20000)))
        await reader.read(4096)

    async def sends_a_long_line(self, reader, writer):
        writer.write(b"GET /" + b"a" * 70000)
        await reader.read(4096)

    async def sends_many_fields(self, reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(3000)))
        await reader.read(4096)

    async def smuggles(self, reader, writer):
        writer.write(PUT[:-2] + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HEAD)
        await reader.read(4096)

    async def promises_too_much(self, reader, writer):
        writer.write(PUT.replace(b"400", b"99999999999999999999"))
        await reader.read(4096)

    async def floods(self, reader, writer):
        writer.transport.pause_reading()
        for _ in range(50):
            writer.write(HEAD * 20)
            await asyncio.wait_for(writer.drain(), 2)
        await asyncio.sleep(1)

    async def mutates(self, reader, writer):
        request = bytearray(PUT + b"{" + b" " * 398 + b"}")
        for _ in range(self.random.randrange(1, 8)):
            request[self.random.randrange(len(request))] = self.random.randrange(256)
        writer.write(request)
        await asyncio.wait_for(reader.read(4096), 3)

    async def resets(self, reader, writer):
        writer.write(HEAD[:self.random.randrange(len(HEAD))])
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def run(self, slow, hostile):
        slow_kinds = [Swarm.says_nothing, Swarm.drips_its_head, Swarm.drips_its_body, Swarm.idles_between_requests,
                      Swarm.does_not_read]
        hostile_kinds = [Swarm.sends_garbage, Swarm.sends_a_long_line, Swarm.sends_many_fields, Swarm.smuggles,
                         Swarm.promises_too_much, Swarm.floods, Swarm.mutates, Swarm.resets]
        await asyncio.gather(*(self.client(slow_kinds[i % len(slow_kinds)]) for i in range(slow)),
                             *(self.client(hostile_kinds[i % len(hostile_kinds)]) for i in range(hostile)))


def main():
    port, seconds, slow, hostile, seed = map(int, sys.argv[1:])
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    swarm = Swarm(port, seconds, seed)
    asyncio.run(swarm.run(slow, hostile))
    print(json.dumps(dict(swarm.made)))


if __name__ == "__main__":
    main()
