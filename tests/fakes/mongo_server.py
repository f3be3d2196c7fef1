"""A MongoDB server for tests: the wire protocol, and as much of `find` as the connector requests.

It sends documents as the bytes that a test stores, so it can send what a library refuses to encode; it can cut a
connection between batches and reject a login.
https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

import datetime
import functools
import socketserver
import struct
import threading
import warnings
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_MS
)
# https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/
ORDER: list[Any] = [
    type(None),
    (int, float, bson.Decimal128),
    str,
    dict,
    list,
    bytes,
    bson.ObjectId,
    bool,
    DatetimeMS,
]


def sort_key(value):
    """Compares values as an index does: by type, then by value."""
    if isinstance(value, datetime.datetime):
        value = DatetimeMS(value)
    if isinstance(value, bool):
        return (7, value)
    rank = next(n for n, kind in enumerate(ORDER) if isinstance(value, kind))
    value = 0 if value is None else int(value) if rank == 8 else str(value) if rank == 3 else value
    return (rank, float(str(value)) if rank == 1 else value)


class FakeMongoServer:
    """`documents` by collection: raw BSON with the values that queries compare. `cuts`: how many more times the
    connection is cut after the first batch. `error`: an error that every query is answered with."""

    def __init__(self):
        self.documents = {}
        self.now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        self.cuts = 0
        self.error = None
        self.finds = []
        self.cursors = {}
        fake = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    while header := self.request.recv(16, 0x100):
                        length, request, _, code = struct.unpack("<iiii", header)
                        body = self.request.recv(length - 16, 0x100)
                        if not fake.respond(self.request, request, code, body):
                            return
                except OSError:
                    return

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, block_on_close = True, True, False

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def insert(self, collection, *documents):
        for document in documents:
            self.insert_raw(collection, bson.encode(document, codec_options=CODEC), document)

    def insert_raw(self, collection, raw, values):
        self.documents.setdefault(collection, []).append((raw, values))

    def respond(self, connection, request, code, body):
        """False to cut the connection."""
        if code == OP_QUERY:  # the first message of a driver
            reply = bson.encode(self.hello())
            head = struct.pack("<iqii", 8, 0, 0, 1)
            connection.sendall(
                struct.pack("<iiii", 16 + len(head) + len(reply), 0, request, OP_REPLY) + head + reply
            )
            return True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            command = bson.decode(body[5:], CODEC)
        reply = self.run(command)
        if reply is None:
            return False
        content = struct.pack("<iB", 0, 0) + bson.encode(reply)
        connection.sendall(struct.pack("<iiii", 16 + len(content), 0, request, OP_MSG) + content)
        return True

    def hello(self):
        return {
            "isWritablePrimary": True,
            "ismaster": True,
            "maxBsonObjectSize": 1 << 24,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": self.now,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": False,
            "ok": 1.0,
        }

    def run(self, command):
        name = next(iter(command))
        if name in ("hello", "ismaster", "isMaster"):
            return self.hello()
        if self.error and name not in ("endSessions", "ping"):
            return self.error
        return getattr(self, f"run_{name}", lambda command: {"ok": 1.0})(command)

    def run_listCollections(self, command):
        selected = [{"name": name, "type": "collection"} for name in self.documents]
        return {"cursor": {"id": 0, "ns": "shop.$cmd.listCollections", "firstBatch": selected}, "ok": 1.0}

    def run_collStats(self, command):
        sizes = [len(raw) for raw, _ in self.documents.get(command["collStats"], [])]
        return {"avgObjSize": sum(sizes) // max(len(sizes), 1), "ok": 1.0}

    def run_find(self, command):
        self.finds.append(command)
        selected = self.select(command)
        size = command.get("batchSize", 101) or 101
        return self.cursor(command["find"], selected[:size], selected[size:], "firstBatch", size)

    def run_getMore(self, command):
        if self.cuts:
            self.cuts -= 1
            return None
        rest, size = self.cursors.pop(command["getMore"])
        return self.cursor(command["collection"], rest[:size], rest[size:], "nextBatch", size)

    def cursor(self, collection, batch, rest, key, size):
        number = 0
        if rest:
            number = len(self.finds) * 1000 + len(self.cursors) + 1
            self.cursors[number] = (rest, size)
        return {"cursor": {"id": number, "ns": f"shop.{collection}", key: batch}, "ok": 1.0}

    def select(self, command):
        selected = [(raw, values) for raw, values in self.documents.get(command["find"], [])]
        for field, conditions in command.get("filter", {}).items():
            selected = [item for item in selected if matches(item[1].get(field), conditions)]
        for field, bound in command.get("min", {}).items():
            selected = [item for item in selected if sort_key(item[1].get(field)) >= sort_key(bound)]
        for field, bound in command.get("max", {}).items():
            selected = [item for item in selected if sort_key(item[1].get(field)) < sort_key(bound)]
        for field, direction in {**command.get("hint", {}), **command.get("sort", {})}.items():
            by_field = functools.partial(lambda name, item: sort_key(item[1].get(name)), field)
            selected.sort(key=by_field, reverse=direction < 0)
        selected = selected[command.get("skip", 0) :]
        selected = selected[: abs(command.get("limit", 0)) or None]
        if projection := command.get("projection"):
            fields = [name for name, included in projection.items() if included]
            fields += ["_id"] if projection.get("_id", 1) and "_id" not in fields else []
            return [{name: values[name] for name in fields if name in values} for _, values in selected]
        return [RawBSONDocument(raw) if is_valid(raw) else Unchecked(raw) for raw, _ in selected]


class Unchecked(RawBSONDocument):
    """Bytes that are sent as they are, valid or not."""

    def __init__(self, raw):
        super().__init__(bson.encode({}))
        self._RawBSONDocument__raw = raw


def is_valid(raw):
    try:
        bson.decode(raw, CODEC)
    except bson.errors.BSONError:
        return False
    return True


def matches(value, conditions):
    """A comparison matches values of the same type only, as MongoDB's does."""
    for operator, bound in conditions.items():
        actual, expected = sort_key(value), sort_key(bound)
        result = {"$gte": actual >= expected, "$gt": actual > expected, "$lt": actual < expected}[operator]
        if actual[0] != expected[0] or not result:
            return False
    return True
