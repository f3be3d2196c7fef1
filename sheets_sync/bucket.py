"""Objects of Cloud Storage, written only over the generation that was read: so each is whole, and nobody's
work is overwritten unseen."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from google.api_core.exceptions import Forbidden, GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client

from sheets_sync.errors import BucketError

TIMEOUT = 60.0  # seconds


@dataclass(frozen=True)
class Content:
    """`generation` 0: there is no such object."""

    body: bytes
    generation: int
    metadata: Mapping[str, str]


ABSENT = Content(b"", 0, {})


class Bucket:
    """`identity` is who we are, for the sentence that says whom to let in. `calls` counts what was asked."""

    def __init__(self, client: Client, name: str, identity: str) -> None:
        self.client = client
        self.name = name
        self.identity = identity
        self.calls = 0

    def read(self, name: str) -> Content:
        """ABSENT where there is none; BucketError where it cannot be read."""
        with self.doing("read", name):
            blob = self.client.bucket(self.name).get_blob(name, timeout=TIMEOUT)
            if blob is None:
                return ABSENT
            self.calls += 1
            try:
                body = blob.download_as_bytes(if_generation_match=blob.generation, timeout=TIMEOUT)
            except (NotFound, PreconditionFailed):
                return self.read(name)  # written in between
        return Content(body, int(blob.generation), blob.metadata or {})

    def write(self, name: str, body: bytes, over: int, kind: str, metadata: Mapping[str, str]) -> int:
        """The new generation. Readers see the object as it was or as it is now. BucketError if it is no
        longer at generation `over`."""
        blob = self.client.bucket(self.name).blob(name)
        blob.metadata = dict(metadata)
        with self.doing("write", name):
            try:
                blob.upload_from_string(body, content_type=kind, if_generation_match=over, timeout=TIMEOUT)
            except PreconditionFailed as error:
                raise BucketError(
                    f"gs://{self.name}/{name} was written by somebody else meanwhile; it stays as it is, and "
                    "the next run looks again."
                ) from error
        return int(blob.generation)

    @contextmanager
    def doing(self, what: str, name: str) -> Iterator[None]:
        self.calls += 1
        where = f"gs://{self.name}/{name}"
        try:
            yield
        except Forbidden as error:
            raise BucketError(
                f"{self.identity} may not {what} {where}. Grant it roles/storage.objectUser on the bucket. "
                f"({error})"
            ) from error
        except NotFound as error:
            raise BucketError(f"There is no bucket {self.name}. ({error})") from error
        except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
            raise BucketError(f"could not {what} {where}: {error}") from error
