"""A MongoDB server whose documents are ready bytes in the order of their _id, so that it costs less than a client.

It finds by ranges of _id only, which is what a copy of a whole collection requests.
"""

import socket
import struct
import threading
from itertools import chain
from typing import Any

import bson

from demo.servers.mongodb import OP_MSG, Document, MongoServer, send

MAX_BATCH = 5_000
# An array in BSON is a document whose names are the positions: https://bsonspec.org/spec.html
NAMES = [b"\x03%d\x00" % position for position in range(MAX_BATCH)]


class SortedServer(MongoServer):
    """`raw`: the documents with _id 1, 2, 3, …"""

    def __init__(self, raw: list[bytes]) -> None:
        super().__init__()
        self.raw = raw
        self.documents = {"orders": []}
        self.ranges: dict[int, tuple[int, int]] = {}
        self.lock = threading.Lock()

    def measure_collection(self, _command: Document) -> Document:
        return {"avgObjSize": sum(map(len, self.raw)) // len(self.raw), "ok": 1.0}

    def respond(self, connection: socket.socket, request: int, code: int, body: bytes) -> bool:
        command: dict[str, Any] = bson.decode(body[5:]) if code == OP_MSG else {}
        if "find" in command and not command.get("projection"):
            first = command.get("min", {}).get("_id", 1) - 1
            last = command.get("max", {}).get("_id", len(self.raw) + 1) - 1
            self.send_batch(connection, request, "firstBatch", first, last, command["batchSize"])
        elif "getMore" in command:
            rest = self.ranges.pop(command["getMore"])
            self.send_batch(connection, request, "nextBatch", *rest, command["batchSize"])
        else:
            return super().respond(connection, request, code, body)
        return True

    def find(self, command: Document) -> Document:
        """The boundary of a range: its _id only."""
        position = command.get("min", {}).get("_id", 1) - 1 + command.get("skip", 0)
        boundary = [{"_id": position + 1}] if position < len(self.raw) else []
        return {"cursor": {"id": 0, "ns": "bench.orders", "firstBatch": boundary}, "ok": 1.0}

    def send_batch(
        self, connection: socket.socket, request: int, key: str, first: int, last: int, size: int
    ) -> None:
        end = min(first + min(size, MAX_BATCH), last)
        number = 0
        if end < last:
            with self.lock:
                number = len(self.finds) + 1
                self.finds.append({})
                self.ranges[number] = (end, last)
        array = document(b"".join(chain.from_iterable(zip(NAMES, self.raw[first:end], strict=False))))
        head = bson.encode({"id": bson.Int64(number), "ns": "bench.orders"})[4:-1]
        cursor = document(head + b"\x04" + key.encode() + b"\x00" + array)
        reply = document(b"\x03cursor\x00" + cursor + b"\x01ok\x00" + struct.pack("<d", 1.0))
        send(connection, request, OP_MSG, struct.pack("<iB", 0, 0) + reply)


def document(members: bytes) -> bytes:
    return struct.pack("<i", len(members) + 5) + members + b"\x00"
