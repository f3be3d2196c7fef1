"""One object of the bucket, written only over the generation that its writer has seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client

from pipeline.errors import BucketError

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Content:
    text: str
    generation: int


class Object:
    def __init__(self, client: Client, bucket: str, name: str) -> None:
        self._bucket = client.bucket(bucket)
        self._name = name
        self.address = f"gs://{bucket}/{name}"

    def read(self) -> Content | None:
        """None when it is not there."""
        with self._doing("read"):
            blob = self._bucket.get_blob(self._name, timeout=TIMEOUT_SECONDS)
            if blob is None:
                return None
            try:
                text = blob.download_as_text(if_generation_match=blob.generation, timeout=TIMEOUT_SECONDS)
            except (NotFound, PreconditionFailed):
                return self.read()  # written in between
        return Content(text, int(blob.generation))

    def write(self, text: str, generation: int) -> int | None:
        """The new generation; None when the object is no longer at `generation` (0: absent)."""
        blob = self._bucket.blob(self._name)
        with self._doing("write"):
            try:
                blob.upload_from_string(
                    text,
                    content_type="application/json",
                    if_generation_match=generation,
                    timeout=TIMEOUT_SECONDS,
                )
            except PreconditionFailed:
                return None
        return int(blob.generation)

    def delete(self, generation: int) -> None:
        """Nothing, when it is gone or somebody else's."""
        with self._doing("delete"):
            try:
                self._bucket.blob(self._name).delete(if_generation_match=generation, timeout=TIMEOUT_SECONDS)
            except (NotFound, PreconditionFailed):
                return

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (GoogleAPIError, GoogleAuthError, requests.RequestException) as error:
            raise BucketError(f"could not {what} {self.address}: {error}") from error
