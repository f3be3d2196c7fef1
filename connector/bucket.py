"""The landing bucket. The only file that imports google.cloud.storage.

Every write says which generation it expects, so a repetition after a lost answer changes nothing:
https://cloud.google.com/storage/docs/request-preconditions"""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.cloud.storage import Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.adapters import HTTPAdapter

from connector.errors import BucketError
from connector.landing import Object

CONNECTIONS = 32  # the workers of the page loop; the client's own pool has 10 and drops the others


def client(project: str, credentials: Credentials) -> Client:
    http = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS))
    return Client(project=project, credentials=credentials, _http=http)


class Bucket:
    """Objects by name. Methods may be called from many threads; what Google cannot do is a BucketError."""

    def __init__(self, google: Client, name: str) -> None:
        self.google = google.bucket(name)
        self.name = name

    @contextmanager
    def doing(self, what: str, name: str) -> Iterator[None]:
        try:
            yield
        except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
            raise BucketError(f"could not {what} gs://{self.name}/{name}: {error}") from error

    def create(self, name: str, content: bytes, metadata: dict[str, str] | None = None) -> bool:
        """False if there is such an object already; then it stays as it is."""
        return self.replace(name, content, 0, metadata) is not None

    def replace(
        self, name: str, content: bytes, generation: int, metadata: dict[str, str] | None = None
    ) -> int | None:
        """The new generation; None if the object is no longer at `generation` (0: absent)."""
        blob = self.google.blob(name)
        blob.metadata = metadata
        with self.doing("write", name):
            try:
                blob.upload_from_string(
                    content, content_type="application/json", if_generation_match=generation
                )
            except PreconditionFailed:
                return None
        return int(blob.generation)

    def generation(self, name: str) -> int:
        """0 when there is no such object."""
        with self.doing("look at", name):
            blob = self.google.get_blob(name)
        return int(blob.generation) if blob else 0

    def read(self, name: str, generation: int) -> bytes | None:
        """None if the object is no longer at `generation`."""
        with self.doing("read", name):
            try:
                content: bytes = self.google.blob(name).download_as_bytes(if_generation_match=generation)
            except (NotFound, PreconditionFailed):
                return None
        return content

    def delete(self, name: str, generation: int | None = None) -> None:
        """Afterwards the object is gone, unless it is no longer at `generation`."""
        with self.doing("delete", name):
            try:
                self.google.blob(name).delete(if_generation_match=generation, retry=DEFAULT_RETRY)
            except (NotFound, PreconditionFailed):
                return

    def list(self, prefix: str) -> Iterator[Object]:
        with self.doing("list", prefix):
            for blob in self.google.list_blobs(prefix=prefix):
                yield Object(blob.name, int(blob.size), blob.metadata or {})

    def move(self, source: str, target: str) -> None:
        """Copy, then delete. Either may have happened before: a source that is gone was moved, a target that
        is there is the same file."""
        blob = self.google.blob(source)
        with self.doing("move", source):
            try:
                self.google.copy_blob(blob, self.google, target, if_generation_match=0)
            except PreconditionFailed:
                pass
            except NotFound:
                return
        self.delete(source)

    def describe(self, name: str, metadata: dict[str, str]) -> None:
        """Set these keys of the object's metadata; one that is gone stays gone."""
        blob = self.google.blob(name)
        blob.metadata = metadata
        with self.doing("describe", name):
            try:
                blob.patch(retry=DEFAULT_RETRY)
            except NotFound:
                return
