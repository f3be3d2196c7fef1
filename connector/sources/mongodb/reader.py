"""Read a collection: the documents changed in a window, or all of them, in parts of about 4 MB.

A part is a range of an index: of the window's field, or of _id. A range of _id is requested by min() and max() of the
index, because $gte and $lt compare within one BSON type only, and a collection may have several types of _id.
"""

import gc
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import bson
import msgspec
from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    CursorNotFound,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern

from connector.errors import KeyRejected, RequestRejected, SourceUnavailable
from connector.landing.files import RejectedRow
from connector.raw_schema import FILE_NAME, Column
from connector.settings import Settings
from connector.sources.base import fingerprint, mask_password
from connector.sources.comparison import ComparingReader, KeyPage
from connector.sources.mongodb.batches import CODEC, Batch, decode_batch, describe_fault
from connector.sources.mongodb.config import MongoEndpoint, MongoSource
from connector.sources.mongodb.documents import DocumentEncoder
from connector.sources.mongodb.key_lines import KeyEncoder
from connector.sources.mongodb.values import (
    decode_value,
    encode_value,
    from_microseconds,
    to_microseconds,
)
from connector.sources.planned import PartContent, ReadPlan
from connector.sources.window import IdRange
from runtime.retry import RetryPolicy

PART_BYTES = 4 << 20
PART_DOCUMENTS = (100, 50_000)  # at least and at most
DEFAULT_DOCUMENT_BYTES = 1000  # if the account may not read the statistics of the collection
BATCH_DOCUMENTS = 5000
KEY_ROWS = 100_000  # of a page of the key list
KEYS_PER_PART = 500  # they are listed in the query
GC_CONTAINERS = 100_000  # new ones before a collection; Python's default is 2,000
QUERY_TIMEOUT = timedelta(minutes=10)
AUTHENTICATION_FAILED, UNAUTHORIZED, TIME_LIMIT_EXCEEDED = 18, 13, 50
TRANSIENT = (AutoReconnect, NetworkTimeout, CursorNotFound)


class Bounds(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The position of a part: Extended JSON of the index key from `low` to before `high`; "" is an open end.
    `ids`: instead of a range, the documents with these _id, Extended JSON."""

    low: str = ""
    high: str = ""
    ids: tuple[str, ...] = ()


class MongoReader(ComparingReader):
    """`part_documents`: the size of a part, for tests; by default it follows from the size of the documents.
    `address`: that of the database, without a password."""

    def __init__(
        self,
        client: MongoClient[dict[str, Any]],
        endpoint: MongoEndpoint,
        columns: list[Column],
        connections: int = 2,
        retry: Callable[[], RetryPolicy] = RetryPolicy,
        part_documents: int | None = None,
        address: str = "",
    ) -> None:
        self.client = client
        self.address = address
        self.endpoint = endpoint
        self.connections = connections
        self.retry = retry
        self.part_documents = part_documents
        self.column_names = frozenset(column["name"] for column in columns)
        structured = [c["name"] for c in columns if c["type"] != "STRING" or c.get("mode") == "REPEATED"]
        self.encoder = DocumentEncoder(FILE_NAME, structured, endpoint.rename)
        self.field = endpoint.changes.field if endpoint.changes else "_id"
        # Majority: a document that is rolled back after a failover was never read.
        database = client.get_default_database(codec_options=CODEC, read_concern=ReadConcern("majority"))
        self.collection: Collection[dict[str, Any]] = database[endpoint.collection]

    @property
    def compares_keys(self) -> bool:
        return self.endpoint.deletes is not None

    @property
    def version(self) -> str:
        return self.field

    def iter_keys(self, until: int | None) -> Iterator[KeyPage]:
        """In ranges of _id: a cursor over the whole collection could be closed by the server in between."""
        low, encoder = "", KeyEncoder(self.field, until)
        while True:
            documents = self._retry(partial(self._read_keys, low))
            page = documents[:KEY_ROWS]
            yield KeyPage(b"".join(map(encoder.encode_line, page)), len(page))
            if len(documents) <= KEY_ROWS:
                return
            low = encode_value(documents[KEY_ROWS]["_id"])

    def _read_keys(self, low: str) -> list[dict[str, Any]]:
        """One more than a page: its _id begins the next one."""
        query = self._query_ids(Bounds(low), {"_id": 1, self.field: 1})
        return list(query.sort("_id", 1).limit(KEY_ROWS + 1))

    def plan_by_key(self, keys: Sequence[str]) -> list[str]:
        starts = range(0, len(keys), KEYS_PER_PART)
        parts = [Bounds(ids=tuple(keys[first : first + KEYS_PER_PART])) for first in starts]
        return [msgspec.json.encode(part).decode() for part in parts]

    @property
    def fingerprint(self) -> str:
        parts = [self.address, self.endpoint.collection, self.field, self.endpoint.rename]
        return fingerprint(*parts)

    def make_plan(self, span: IdRange) -> ReadPlan:
        with self._wrap_errors():
            self._check_exists()
            size = self.part_documents or self._choose_part_size()
            if not self.endpoint.changes:
                return ReadPlan(tuple(self._iter_positions(None, None, size)))
            start, end = self._choose_window(span)
            positions = tuple(self._iter_positions(start, end, size)) if start < end else ()
            return ReadPlan(
                positions, until=to_microseconds(max(start, end)) - 1, notes=tuple(self._field_notes())
            )

    def _check_exists(self) -> None:
        names = self.collection.database.list_collection_names()
        if self.collection.name not in names:
            raise RequestRejected(
                f"the database {self.collection.database.name} has no collection {self.collection.name!r}; it has: "
                f"{', '.join(sorted(names)) or 'none'}."
            )

    def _choose_part_size(self) -> int:
        try:
            stats = self.collection.database.command("collStats", self.collection.name)
            average = int(stats.get("avgObjSize") or DEFAULT_DOCUMENT_BYTES)
        except OperationFailure:
            # The account may lack the privilege for statistics; a usual size is good enough.
            average = DEFAULT_DOCUMENT_BYTES
        return min(max(PART_BYTES // max(average, 1), PART_DOCUMENTS[0]), PART_DOCUMENTS[1])

    def _choose_window(self, span: IdRange) -> tuple[datetime, datetime]:
        """Half-open. It ends at the clock of the server, which is frozen here: later changes belong to the next run."""
        end: datetime = self.client.admin.command("hello")["localTime"].replace(tzinfo=UTC)
        if span.until is not None:
            # `until` is inclusive, the range of a query is not.
            end = min(end, from_microseconds(span.until + 1))
        start = from_microseconds(span.start) if span.start is not None else datetime.min.replace(tzinfo=UTC)
        return start, end

    def _field_notes(self) -> Iterator[str]:
        """Null sorts before every date, and some other types after it. An index on the field makes this cheap."""
        for direction in (1, -1):
            document = self.collection.find_one({}, {self.field: 1}, sort=[(self.field, direction)])
            value = (document or {}).get(self.field)
            if document and not isinstance(value, datetime | bson.datetime_ms.DatetimeMS):
                yield (
                    f"documents without a date in {self.field!r}, for example _id {document['_id']}, are not in any "
                    "window and are not copied"
                )
                return

    def _iter_positions(self, start: datetime | None, end: datetime | None, size: int) -> Iterator[str]:
        """Ranges of `size` documents; more, if they have the same value of the field."""
        low = encode_value(start) if start else ""
        last = encode_value(end) if end else ""
        projection = (
            {self.field: 1} if self.field == "_id" else {self.field: 1, "_id": 0}
        )  # the index is enough
        while True:
            query = self._query(Bounds(low, last), projection)
            # The first document after `size` others is the beginning of the next part.
            boundary = next(iter(query.sort(self.field, 1).skip(size).limit(1)), None)
            high = encode_value(boundary.get(self.field)) if boundary else last
            if boundary and high == low:  # a larger value follows the documents that share this one
                high = self._next_value(low, last)
            yield msgspec.json.encode(Bounds(low, high)).decode()
            if high == last:
                return
            low = high

    def _next_value(self, low: str, last: str) -> str:
        query = {self.field: {"$gt": decode_value(low)} | ({"$lt": decode_value(last)} if last else {})}
        boundary = self.collection.find_one(query, {self.field: 1}, sort=[(self.field, 1)])
        return encode_value(boundary[self.field]) if boundary else last

    def _query(self, bounds: Bounds, projection: dict[str, int] | None = None, raw: bool = False) -> Any:
        if bounds.ids:
            return self._find({"_id": {"$in": [decode_value(text) for text in bounds.ids]}}, projection, raw)
        if self.endpoint.changes:
            ends = {"$gte": decode_value(bounds.low), "$lt": decode_value(bounds.high)}
            return self._find({self.field: ends}, projection, raw)
        return self._query_ids(bounds, projection, raw)

    def _query_ids(self, bounds: Bounds, projection: dict[str, int] | None, raw: bool = False) -> Any:
        ends = {
            name: {"_id": decode_value(value)}
            for name, value in (("min", bounds.low), ("max", bounds.high))
            if value
        }
        # min() and max() require the index to be named.
        return self._find({}, projection, raw, hint=[("_id", 1)], **ends)

    def _find(
        self, condition: dict[str, Any], projection: dict[str, int] | None, raw: bool, **options: Any
    ) -> Any:
        find = self.collection.find_raw_batches if raw else self.collection.find
        options["max_time_ms"] = int(QUERY_TIMEOUT.total_seconds() * 1000)
        return find(condition, projection=projection, batch_size=BATCH_DOCUMENTS, **options)

    def read_part(self, position: str, file_name: str) -> PartContent:
        bounds = msgspec.json.decode(position, type=Bounds)
        return self._retry(lambda: self._read_once(bounds, file_name))

    def _retry[Result](self, operation: Callable[[], Result]) -> Result:
        """A cut connection discards what was read and requests it again: a cursor cannot be continued."""
        policy = self.retry()

        def next_delay(error: Exception, attempt: int) -> float | None:
            return policy.delay(attempt) if isinstance(error, TRANSIENT) else None

        with self._wrap_errors():
            return policy.call(operation, next_delay)

    def _read_once(self, bounds: Bounds, file_name: str) -> PartContent:
        try:
            return self._encode(self._iter_documents(bounds), file_name)
        except BSONError:
            # One document is not readable: the part is read again, so that only it is lost.
            return self._encode(map(decode_batch, self._query(bounds, raw=True)), file_name)

    def _iter_documents(self, bounds: Bounds) -> Iterator[Batch]:
        """The driver decodes what it receives: raw batches cost a copy and an object more per document."""
        cursor = self._query(bounds)
        while documents := cursor.to_list(BATCH_DOCUMENTS):
            yield documents, {}

    def _encode(self, batches: Iterable[Batch], file_name: str) -> PartContent:
        content, rejects = io.BytesIO(), list[RejectedRow]()
        names: set[str] = set()
        number = 0
        for documents, faults in batches:
            rejects += [describe_fault(fault, number + position) for position, fault in faults.items()]
            number += len(documents) + len(faults)
            # Fields differ from document to document, so only the part shows all of them.
            lines, fields = self.encoder.encode(documents, file_name)
            content.write(lines)
            names |= fields
        note = f"{len(rejects)} documents of {self.collection.name} are in rejects/" if rejects else None
        unmapped = tuple(sorted(names - self.column_names))
        return PartContent(content.getvalue(), number - len(rejects), rejects, note, unmapped)

    @contextmanager
    def _wrap_errors(self) -> Iterator[None]:
        where = f"collection {self.collection.full_name}"
        try:
            yield
        except OperationFailure as error:
            if error.code == AUTHENTICATION_FAILED:
                raise KeyRejected(
                    f"MongoDB rejected the password for {where}. Add a correct version of the secret."
                ) from error
            if error.code == UNAUTHORIZED:
                raise RequestRejected(
                    f"the account may not read {where}. Grant it the role `read`."
                ) from error
            # The server stopped the query; it is read again, so not a rejection.
            if error.code == TIME_LIMIT_EXCEEDED:
                raise SourceUnavailable(
                    f"a query of {where} took longer than {QUERY_TIMEOUT}. Is there an index on {self.field!r}?"
                ) from error
            # A subclass of OperationFailure, but transient.
            if isinstance(error, CursorNotFound):
                raise SourceUnavailable(f"the cursor of {where} was closed by the server: {error}") from error
            raise RequestRejected(f"MongoDB rejected a query of {where}: {error}") from error
        except (ConfigurationError, InvalidURI) as error:
            raise RequestRejected(f"cannot connect to {where}: {error}") from error
        except PyMongoError as error:
            raise SourceUnavailable(f"could not read {where}: {str(error)[:500]}") from error


def create_reader(source: MongoSource, name: str, settings: Settings, columns: list[Column]) -> MongoReader:
    """The reader of endpoint `name`; no connection is opened yet."""
    # Documents are millions of containers without cycles, which the collector would visit again and again. The setting
    # is of the process, which reads one endpoint.
    gc.set_threshold(GC_CONTAINERS)
    password: dict[str, Any] = {"password": settings.source["API_KEY"]} if source.secret else {}
    url = settings.source["URL"]
    try:
        client: MongoClient[dict[str, Any]] = MongoClient(
            url,
            **password,
            appname="data-platform",
            # The first request opens it: an unreachable server is an error of the run, not of its creation.
            connect=False,
            serverSelectionTimeoutMS=10_000,
            connectTimeoutMS=10_000,
            socketTimeoutMS=120_000,
        )
        address = mask_password(url)
        return MongoReader(client, source.endpoints[name], columns, source.connections, address=address)
    except (ConfigurationError, InvalidURI) as error:
        raise RequestRejected(f"invalid url of the source of {name}: {error}") from error
