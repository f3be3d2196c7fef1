"""Read a collection: the documents changed in a window, or all of them, in parts of about 4 MB.

A part is a range of an index (ranges.py): of the window's field, or of _id.
"""

import gc
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import bson
import msgspec
from bson.errors import BSONError
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import (
    ConfigurationError,
    InvalidURI,
    OperationFailure,
)
from pymongo.read_concern import ReadConcern

from connector.errors import RequestRejected
from connector.landing.files import RejectedRow
from connector.raw_schema import FILE_NAME, Column
from connector.settings import Settings
from connector.sources.address import mask_password
from connector.sources.base import fingerprint
from connector.sources.comparison import ComparingReader, KeyPage
from connector.sources.mongodb.batches import CODEC, Batch, decode_batch, describe_fault
from connector.sources.mongodb.config import MongoEndpoint, MongoSource
from connector.sources.mongodb.documents import DocumentEncoder
from connector.sources.mongodb.errors import TRANSIENT, wrap_errors
from connector.sources.mongodb.key_lines import KeyEncoder
from connector.sources.mongodb.ranges import BATCH_DOCUMENTS, Bounds, CollectionRanges
from connector.sources.mongodb.values import (
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
KEY_ROWS = 100_000  # of a page of the key list
KEYS_PER_PART = 500  # they are listed in the query
FIRST = datetime.min.replace(tzinfo=UTC)  # where the first window begins
AHEAD = timedelta(days=1)  # clocks may differ by less
GC_CONTAINERS = 100_000  # new ones before a collection; Python's default is 2,000


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
        self.ranges = CollectionRanges(self.collection, self.field, endpoint.changes is not None)

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
        query = self.ranges.query_ids(Bounds(low), {"_id": 1, self.field: 1})
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
        with wrap_errors(self.collection.full_name, self.field):
            self._check_exists()
            size = self.part_documents or self._choose_part_size()
            if not self.endpoint.changes:
                return ReadPlan(tuple(self.ranges.iter_positions(None, None, size)))
            clock = self.client.admin.command("hello")["localTime"].replace(tzinfo=UTC)
            start, end = choose_window(span, clock)
            positions = tuple(self.ranges.iter_positions(start, end, size)) if start < end else ()
            notes = *self._note_other_types(), *self._note_far_dates(clock)
            return ReadPlan(positions, until=to_microseconds(max(start, end)) - 1, notes=notes)

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

    def _note_far_dates(self, clock: datetime) -> Iterator[str]:
        """A query compares within one type, so each of them reads one entry of the index."""
        for condition in ({"$gt": clock + AHEAD}, {"$lt": FIRST}):
            document = self.collection.find_one({self.field: condition}, {"_id": 1})
            if document:
                yield (
                    f"documents with a date in {self.field!r} that is more than a day in the future or before year 1, "
                    f"for example _id {document['_id']}, are in no window and are not copied"
                )
                return

    def _note_other_types(self) -> Iterator[str]:
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

    def read_part(self, position: str, file_name: str) -> PartContent:
        bounds = msgspec.json.decode(position, type=Bounds)
        return self._retry(lambda: self._read_once(bounds, file_name))

    def _retry[Result](self, operation: Callable[[], Result]) -> Result:
        """A cut connection discards what was read and requests it again: a cursor cannot be continued."""
        policy = self.retry()

        def next_delay(error: Exception, attempt: int) -> float | None:
            return policy.delay(attempt) if isinstance(error, TRANSIENT) else None

        with wrap_errors(self.collection.full_name, self.field):
            return policy.call(operation, next_delay)

    def _read_once(self, bounds: Bounds, file_name: str) -> PartContent:
        try:
            return self._encode(self._iter_documents(bounds), file_name)
        except BSONError:
            # One document is not readable: the part is read again, so that only it is lost.
            return self._encode(map(decode_batch, self.ranges.query(bounds, raw=True)), file_name)

    def _iter_documents(self, bounds: Bounds) -> Iterator[Batch]:
        """The driver decodes what it receives: raw batches cost a copy and an object more per document."""
        cursor = self.ranges.query(bounds)
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


def choose_window(span: IdRange, clock: datetime) -> tuple[datetime, datetime]:
    """Half-open. It ends at the clock of the server, which is frozen here: later changes belong to the next run."""
    # `until` is inclusive, the range of a query is not.
    end = clock if span.until is None else min(clock, from_microseconds(span.until + 1))
    return from_microseconds(span.start) if span.start is not None else FIRST, end


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
