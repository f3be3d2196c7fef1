"""A secret and its versions, in Secret Manager. Values are never in a log or in an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import google_crc32c
import requests
from google.api_core.exceptions import ClientError, GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.secretmanager_v1 import (
    SecretManagerServiceClient,
    SecretPayload,
    SecretVersion,
)

from connector.errors import SecretError, SecretRefused


@dataclass(frozen=True)
class Version:
    """`name` ends with its number, which grows."""

    name: str
    created: datetime

    @property
    def number(self) -> int:
        return int(self.name.rpartition("/")[2])


class Secret:
    """`name` is its full name. SecretRefused when Google says no, SecretError when nobody knows what became
    of it."""

    def __init__(self, google: SecretManagerServiceClient, project: str, identity: str) -> None:
        self.google = google
        self.id = identity
        self.name = f"projects/{project}/secrets/{identity}"

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise SecretRefused(f"could not {what} {self.name}: {error}") from error
        except (GoogleAPICallError, RetryError, GoogleAuthError, requests.RequestException) as error:
            raise SecretError(f"could not {what} {self.name}: {error}") from error

    def enabled(self) -> list[Version]:
        """The newest first."""
        with self.doing("list the versions of"):
            found = [
                version(one)
                for one in self.google.list_secret_versions(parent=self.name)
                if one.state == SecretVersion.State.ENABLED
            ]
        return sorted(found, key=lambda one: one.number, reverse=True)

    def value(self, of: Version) -> str:
        with self.doing(f"read version {of.number} of"):
            payload = self.google.access_secret_version(name=of.name).payload
        if payload.data_crc32c and google_crc32c.value(payload.data) != payload.data_crc32c:
            raise SecretError(f"version {of.number} of {self.name} came damaged; run the job again.")
        try:
            return payload.data.decode()
        except UnicodeDecodeError as error:
            raise SecretRefused(f"version {of.number} of {self.name} is no text, so no key.") from error

    def add(self, value: str) -> Version:
        data = value.encode()
        payload = SecretPayload(data=data, data_crc32c=google_crc32c.value(data))
        with self.doing("add a version to"):
            return version(self.google.add_secret_version(parent=self.name, payload=payload))

    def disable(self, what: Version) -> None:
        with self.doing(f"disable version {what.number} of"):
            self.google.disable_secret_version(name=what.name)


def version(told: SecretVersion) -> Version:
    return Version(told.name, told.create_time)
