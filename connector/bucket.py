"""The landing bucket: objects by name, written over the generation that the writer has seen.

Every write says which generation it expects, so a repetition after a lost answer changes nothing:
https://cloud.google.com/storage/docs/request-preconditions"""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import google_crc32c
import msgspec
import requests

from connector.errors import BucketError
from connector.landing import Object
from connector.service import MULTIPART, Failure, Service, decoded, multipart

FACTS = {404, 412}  # no such object, and no longer at that generation
LISTED = "nextPageToken,items(name,size,metadata)"


class Resource(msgspec.Struct):
    """An object as the API describes it; only what a call asks for is filled."""

    name: str = ""
    generation: str = "0"
    size: str = "0"
    metadata: dict[str, str] = {}


class Listing(msgspec.Struct):
    items: list[Resource] = []
    nextPageToken: str = ""


class Bucket:
    """Methods may be called from many threads; what Google cannot do is a BucketError."""

    def __init__(self, storage: Service, name: str) -> None:
        self.storage = storage
        self.name = name
        self.objects = f"/storage/v1/b/{name}/o"

    @contextmanager
    def doing(self, what: str, name: str) -> Iterator[None]:
        try:
            yield
        except Failure as error:
            raise BucketError(f"could not {what} gs://{self.name}/{name}: {error}") from error

    def create(self, name: str, content: bytes, metadata: dict[str, str] | None = None) -> bool:
        """False if there is such an object already; then it stays as it is."""
        return self.replace(name, content, 0, metadata) is not None

    def replace(
        self, name: str, content: bytes, generation: int, metadata: dict[str, str] | None = None
    ) -> int | None:
        """The new generation; None if the object is no longer at `generation` (0: absent)."""
        described = {"name": name, "crc32c": checksum(content), "metadata": metadata or {}}
        query = {"uploadType": "multipart", "ifGenerationMatch": str(generation), "fields": "generation"}
        with self.doing("write", name):
            body = multipart(described, content)
            answer = self.storage.send("POST", f"/upload{self.objects}", query, body, MULTIPART)
            return None if is_refused(answer) else int(decoded(answer, Resource).generation)

    def generation(self, name: str) -> int:
        """0 when there is no such object."""
        with self.doing("look at", name):
            answer = self.storage.send("GET", self.path(name), {"fields": "generation"})
            return int(decoded(answer, Resource).generation) if answer.ok else 0

    def read(self, name: str, generation: int) -> bytes | None:
        """None if the object is no longer at `generation`."""
        query = {"alt": "media", "ifGenerationMatch": str(generation)}
        with self.doing("read", name):
            answer = self.storage.send("GET", f"/download{self.path(name)}", query)
            if not answer.ok:
                return None
            if f"crc32c={checksum(answer.content)}" not in answer.headers.get("X-Goog-Hash", ""):
                raise requests.HTTPError("the content does not have the checksum that was sent with it")
            return answer.content

    def delete(self, name: str, generation: int | None = None) -> None:
        """Afterwards the object is gone, unless it is no longer at `generation`."""
        query = {} if generation is None else {"ifGenerationMatch": str(generation)}
        with self.doing("delete", name):
            self.storage.send("DELETE", self.path(name), query)

    def list(self, prefix: str) -> Iterator[Object]:
        query = {"prefix": prefix, "fields": LISTED}
        with self.doing("list", prefix):
            while True:
                page = decoded(self.storage.send("GET", self.objects, query), Listing)
                yield from (Object(item.name, int(item.size), item.metadata) for item in page.items)
                if not page.nextPageToken:
                    return
                query["pageToken"] = page.nextPageToken

    def move(self, source: str, target: str) -> None:
        """At once: no reader sees both or neither. A source that is gone was moved before; a target that is
        there is the same file, and then the source goes.

        https://cloud.google.com/storage/docs/json_api/v1/objects/move"""
        path = f"{self.path(source)}/moveTo/o/{quote(target, safe='')}"
        with self.doing("move", source):
            answer = self.storage.send("POST", path, {"ifGenerationMatch": "0", "fields": "name"})
        if is_refused(answer):
            self.delete(source)

    def describe(self, name: str, metadata: Mapping[str, str]) -> None:
        """Set these keys of the object's metadata; one that is gone stays gone."""
        body = msgspec.json.encode({"metadata": metadata})
        with self.doing("describe", name):
            self.storage.send("PATCH", self.path(name), {"fields": "name"}, body)

    def path(self, name: str) -> str:
        return f"{self.objects}/{quote(name, safe='')}"


def checksum(content: bytes) -> str:
    """What Cloud Storage compares with its own: https://cloud.google.com/storage/docs/data-validation"""
    return base64.b64encode(google_crc32c.value(content).to_bytes(4)).decode()


def is_refused(answer: requests.Response) -> bool:
    """The object is at another generation than the one expected."""
    return answer.status_code == 412
