"""A MongoDB server: the wire protocol, and as much of `find` as the connector requests.

It sends documents as the bytes that are stored, so a test can send what a library refuses to encode; it can cut a
connection between batches and reject a login.
https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
"""

import functools
import socket
import socketserver
import struct
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from demo.servers.bson_order import matches, sort_key

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
HEADER_BYTES = 16
# Dates as DatetimeMS: a datetime cannot represent those before year 1 or after 9999, which tests insert.
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_MS
)
Document = dict[str, Any]
Stored = tuple[bytes, Document]


class MongoServer:
    """`documents` by collection: raw BSON with the values that queries compare. `cuts`: how many more times the
    connection is cut after the first batch. `error`: an error that every query is answered with. `now`: the clock
    of the server, by default a moment of 2026; a function for a clock that runs."""

    def __init__(self, now: Callable[[], datetime] | None = None) -> None:
        self.documents: dict[str, list[Stored]] = {}
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.read_clock = now or (lambda: self.now)
        self.cuts = 0
        self.error: Document | None = None
        self.finds: list[Document] = []
        self.cursors: dict[int, tuple[list[Any], int]] = {}
        self.server = TcpServer(("127.0.0.1", 0), create_handler(self))
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        # shutdown() waits for the end of a poll: 0.05 s instead of the default of 0.5 s in every test.
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def insert(self, collection: str, *documents: Document) -> None:
        for document in documents:
            self.insert_raw(collection, bson.encode(document, codec_options=CODEC), document)

    def insert_raw(self, collection: str, raw: bytes, values: Document) -> None:
        self.documents.setdefault(collection, []).append((raw, values))

    def delete(self, collection: str, *ids: Any) -> None:
        """Documents by their _id; an unknown one is ignored, as by deleteMany."""
        remaining = [(raw, values) for raw, values in self.documents[collection] if values["_id"] not in ids]
        self.documents[collection] = remaining

    def replace(self, collection: str, *documents: Document) -> None:
        self.delete(collection, *(document["_id"] for document in documents))
        self.insert(collection, *documents)

    def respond(self, connection: socket.socket, request: int, code: int, body: bytes) -> bool:
        """False to cut the connection."""
        if code == OP_QUERY:  # the first message of a driver
            send(connection, request, OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(self.hello()))
            return True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The message begins with four bytes of flags and one byte for the kind of its section.
            command = bson.decode(body[5:], CODEC)
        reply = self.run(command)
        if reply is None:
            return False
        send(connection, request, OP_MSG, struct.pack("<iB", 0, 0) + bson.encode(reply))
        return True

    def hello(self) -> Document:
        return {
            "isWritablePrimary": True,
            "ismaster": True,
            "maxBsonObjectSize": 1 << 24,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": self.read_clock(),
            # pymongo refuses a server whose range of wire versions does not overlap its own; 21 is MongoDB 7.0.
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": False,
            "ok": 1.0,
        }

    def run(self, command: Document) -> Document | None:
        """None to cut the connection. Commands without a method here, such as endSessions, change nothing."""
        name = next(iter(command)).lower()
        if name in ("hello", "ismaster"):
            return self.hello()
        if self.error and name not in ("endsessions", "ping"):
            return self.error
        methods: dict[str, Callable[[Document], Document | None]] = {
            "listcollections": self.list_collections,
            "collstats": self.measure_collection,
            "find": self.find,
            "getmore": self.get_more,
        }
        return methods[name](command) if name in methods else {"ok": 1.0}

    def list_collections(self, _command: Document) -> Document:
        selected = [{"name": name, "type": "collection"} for name in self.documents]
        return {"cursor": {"id": 0, "ns": "shop.$cmd.listCollections", "firstBatch": selected}, "ok": 1.0}

    def measure_collection(self, command: Document) -> Document:
        sizes = [len(raw) for raw, _ in self.documents.get(command["collStats"], [])]
        return {"avgObjSize": sum(sizes) // max(len(sizes), 1), "ok": 1.0}

    def find(self, command: Document) -> Document:
        self.finds.append(command)
        selected = self.select(command)
        # MongoDB's default for a first batch is 101 documents.
        size = command.get("batchSize", 101) or 101
        return self.cursor(command["find"], selected[:size], selected[size:], "firstBatch", size)

    def get_more(self, command: Document) -> Document | None:
        if self.cuts:
            self.cuts -= 1
            return None
        rest, size = self.cursors.pop(command["getMore"])
        return self.cursor(command["collection"], rest[:size], rest[size:], "nextBatch", size)

    def cursor(self, collection: str, batch: list[Any], rest: list[Any], key: str, size: int) -> Document:
        # 0 means that there is no further batch, so the number of a cursor is never 0.
        number = 0
        if rest:
            number = len(self.finds) * 1000 + len(self.cursors) + 1
            self.cursors[number] = (rest, size)
        return {"cursor": {"id": number, "ns": f"shop.{collection}", key: batch}, "ok": 1.0}

    def select(self, command: Document) -> list[Any]:
        selected = [item for item in self.documents.get(command["find"], []) if is_selected(item[1], command)]
        # An index determines the order of the documents unless the query sorts them.
        for field, direction in {**command.get("hint", {}), **command.get("sort", {})}.items():
            selected.sort(key=functools.partial(sort_key_of, field), reverse=direction < 0)
        selected = selected[command.get("skip", 0) :]
        selected = selected[: abs(command.get("limit", 0)) or None]
        if projection := command.get("projection"):
            fields = [name for name, included in projection.items() if included]
            fields += ["_id"] if projection.get("_id", 1) and "_id" not in fields else []
            return [{name: values[name] for name in fields if name in values} for _, values in selected]
        return [RawBSONDocument(raw) if is_valid(raw) else Unchecked(raw) for raw, _ in selected]


def sort_key_of(field: str, item: Stored) -> tuple[int, Any]:
    return sort_key(item[1].get(field))


def is_selected(values: Document, command: Document) -> bool:
    """`filter` has conditions by field; `min` and `max` are bounds of an index."""
    return (
        all(matches(values.get(field), each) for field, each in command.get("filter", {}).items())
        and all(sort_key(values.get(field)) >= sort_key(low) for field, low in command.get("min", {}).items())
        and all(
            sort_key(values.get(field)) < sort_key(high) for field, high in command.get("max", {}).items()
        )
    )


class TcpServer(socketserver.ThreadingTCPServer):
    # Daemon threads: neither server_close() nor the end of the process waits for a driver's idle connections.
    daemon_threads, allow_reuse_address, block_on_close = True, True, False


def create_handler(server: MongoServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                while header := self.request.recv(HEADER_BYTES, socket.MSG_WAITALL):
                    length, request, _, code = struct.unpack("<iiii", header)
                    body = self.request.recv(length - HEADER_BYTES, socket.MSG_WAITALL)
                    if not server.respond(self.request, request, code, body):
                        return
            except OSError:
                return

    return Handler


def send(connection: socket.socket, request: int, code: int, content: bytes) -> None:
    connection.sendall(struct.pack("<iiii", HEADER_BYTES + len(content), 0, request, code) + content)


class Unchecked(RawBSONDocument):
    """Bytes that are sent as they are, valid or not."""

    def __init__(self, raw: bytes) -> None:
        super().__init__(bson.encode({}))
        self._RawBSONDocument__raw = raw


def is_valid(raw: bytes) -> bool:
    try:
        bson.decode(raw, CODEC)
    except BSONError:
        return False
    return True
