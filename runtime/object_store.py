"""Objects of one Cloud Storage bucket, written only over the generation that the writer has read.

Every write names the generation that it expects, so a retry after a lost response changes nothing:
https://cloud.google.com/storage/docs/request-preconditions
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import msgspec
import requests
from google.auth.credentials import Credentials

from runtime.errors import StorageDenied, StorageError
from runtime.google_api import MULTIPART, ApiClient, ApiFailure, decode_response, multipart_body
from runtime.http_session import open_session
from runtime.stored_object import ObjectInfo, StoredObject, checksum

OK_STATUSES = {404, 412}  # absent, or no longer at the expected generation
LIST_FIELDS = "nextPageToken,items(name,size,generation,metadata,timeCreated,updated,crc32c)"


class Resource(msgspec.Struct):
    """An object as the API describes it; only the requested fields are filled."""

    name: str = ""
    generation: str = "0"
    size: str = "0"
    metadata: dict[str, str] = {}
    timeCreated: str = ""
    updated: str = ""
    crc32c: str = ""


class Listing(msgspec.Struct):
    items: list[Resource] = []
    nextPageToken: str = ""


class ObjectStore:
    """One bucket. Thread-safe. A failed request is a StorageError that names the object."""

    def __init__(self, api: ApiClient, bucket: str) -> None:
        self.api = api
        self.bucket = bucket
        self.objects = f"/storage/v1/b/{bucket}/o"

    def url_of(self, name: str) -> str:
        return f"gs://{self.bucket}/{name}"

    def create(
        self,
        name: str,
        content: bytes,
        metadata: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> bool:
        """False if the object exists already; it is not changed then."""
        return self.replace(name, content, 0, metadata, content_type) is not None

    def replace(
        self,
        name: str,
        content: bytes,
        generation: int,
        metadata: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> int | None:
        """The new generation; None if the object is no longer at `generation` (0: absent).

        Readers see the old content or the new content, never a part of it.
        """
        # With the checksum Cloud Storage rejects content that was damaged on the way.
        resource: dict[str, object] = {"name": name, "crc32c": checksum(content)}
        resource["metadata"] = dict(metadata or {})
        if content_type:
            resource["contentType"] = content_type
        query = {"uploadType": "multipart", "ifGenerationMatch": str(generation), "fields": "generation"}
        with self._wrap_errors("write", name):
            body = multipart_body(resource, content)
            response = self.api.send("POST", f"/upload{self.objects}", query, body, MULTIPART)
            if is_precondition_failed(response):
                return None
            return int(decode_response(response, Resource).generation)

    def generation(self, name: str) -> int:
        """The generation now; 0 if the object is absent."""
        with self._wrap_errors("read the generation of", name):
            response = self.api.send("GET", self._path(name), {"fields": "generation"})
            return int(decode_response(response, Resource).generation) if response.ok else 0

    def read(self, name: str, generation: int) -> bytes | None:
        """The content; None if the object is no longer at `generation`."""
        query = {"alt": "media", "ifGenerationMatch": str(generation)}
        with self._wrap_errors("read", name):
            response = self.api.send("GET", f"/download{self._path(name)}", query)
            if not response.ok:
                return None
            if f"crc32c={checksum(response.content)}" not in response.headers.get("X-Goog-Hash", ""):
                raise requests.HTTPError("the content does not match its checksum", response=response)
            return response.content

    def read_current(self, name: str) -> StoredObject | None:
        """The object as it is now; None if it is absent."""
        while True:
            with self._wrap_errors("read", name):
                response = self.api.send("GET", self._path(name), {"fields": "generation,metadata"})
                if not response.ok:
                    return None
                resource = decode_response(response, Resource)
            generation = int(resource.generation)
            content = self.read(name, generation)
            if content is not None:  # None: overwritten between the two requests
                return StoredObject(content, generation, resource.metadata)

    def delete(self, name: str, generation: int | None = None) -> None:
        """Delete the object, if it still is at `generation`. An absent object is not an error."""
        # Without a generation a repetition finds nothing and changes nothing.
        query = {} if generation is None else {"ifGenerationMatch": str(generation)}
        with self._wrap_errors("delete", name):
            self.api.send("DELETE", self._path(name), query)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Objects whose name starts with `prefix`, sorted by name (UTF-8 bytes)."""
        query = {"prefix": prefix, "fields": LIST_FIELDS}
        with self._wrap_errors("list", prefix):
            while True:
                page = decode_response(self.api.send("GET", self.objects, query), Listing)
                for item in page.items:
                    yield to_info(item)
                if not page.nextPageToken:
                    return
                query["pageToken"] = page.nextPageToken

    def move(self, source: str, target: str) -> None:
        """Rename atomically. Idempotent: a missing source was moved before; an existing target is the file.

        https://cloud.google.com/storage/docs/json_api/v1/objects/move
        """
        path = f"{self._path(source)}/moveTo/o/{quote(target, safe='')}"
        with self._wrap_errors("move", source):
            # 0: the target must not exist, so a move never overwrites a file.
            response = self.api.send("POST", path, {"ifGenerationMatch": "0", "fields": "name"})
        if is_precondition_failed(response):
            self.delete(source)

    def set_metadata(self, name: str, metadata: Mapping[str, str]) -> None:
        """Set these metadata keys and keep the others. An absent object stays absent."""
        body = msgspec.json.encode({"metadata": metadata})
        with self._wrap_errors("set the metadata of", name):
            self.api.send("PATCH", self._path(name), {"fields": "name"}, body)

    def _path(self, name: str) -> str:
        return f"{self.objects}/{quote(name, safe='')}"

    @contextmanager
    def _wrap_errors(self, action: str, name: str) -> Iterator[None]:
        try:
            yield
        except ApiFailure as error:
            kind = StorageDenied if status_of(error) == requests.codes.forbidden else StorageError
            raise kind(f"could not {action} {self.url_of(name)}: {error}{remedy(error)}") from error


def open_bucket(credentials: Credentials, endpoint: str, bucket: str, connections: int) -> ObjectStore:
    """`endpoint`: the address of Cloud Storage. `connections`: as many as threads that use the store."""
    return ObjectStore(ApiClient(open_session(connections), credentials, endpoint, OK_STATUSES), bucket)


def to_info(item: Resource) -> ObjectInfo:
    return ObjectInfo(
        item.name,
        int(item.size),
        item.metadata,
        int(item.generation),
        item.timeCreated,
        item.crc32c,
        item.updated,
    )


def status_of(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def remedy(error: Exception) -> str:
    """What to do about the two failures that a deployment can cause.

    A missing object can be 403 instead of 404 for an account that may not list the bucket, as with a grant
    whose condition matches only object names: googleapis/google-api-php-client#1791. Google's reference does
    not state it.
    """
    status = status_of(error)
    if status == requests.codes.forbidden:
        return (
            " Grant the job's service account roles/storage.objectUser on the bucket; the condition of a "
            "grant on a folder must also match the bucket itself (modules/landing)."
        )
    if status == requests.codes.not_found:
        return " Check that the bucket exists: Terraform creates it."
    return ""


def is_precondition_failed(response: requests.Response) -> bool:
    """Whether the object was at another generation than the expected one."""
    return response.status_code == 412
