"""A secret and its versions in Secret Manager. Values are never part of a log line or an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import google_crc32c
from google.api_core.exceptions import ClientError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient, SecretPayload, SecretVersion

from connector.errors import SecretError, SecretRefused
from runtime.google_errors import CLIENT_ERRORS


@dataclass(frozen=True)
class Version:
    """`name` ends with the version's number; a newer version has a larger one."""

    name: str
    created: datetime

    @property
    def number(self) -> int:
        return int(self.name.rpartition("/")[2])


class Secret:
    """`id` in `project`. SecretRefused if Google rejects a request, SecretError if its outcome is unknown."""

    def __init__(self, client: SecretManagerServiceClient, project: str, secret_id: str) -> None:
        self.client = client
        self.id = secret_id
        self.name = f"projects/{project}/secrets/{secret_id}"

    def enabled_versions(self) -> list[Version]:
        """The newest first."""
        with self._wrap_errors("list the versions of"):
            versions = [
                to_version(listed)
                for listed in self.client.list_secret_versions(parent=self.name)
                if listed.state == SecretVersion.State.ENABLED
            ]
        # By number: times of two versions can be equal.
        return sorted(versions, key=lambda version: version.number, reverse=True)

    def read_value(self, version: Version) -> str:
        """The value as text. SecretError for a wrong checksum, SecretRefused if it is not UTF-8."""
        with self._wrap_errors(f"read version {version.number} of"):
            payload = self.client.access_secret_version(name=version.name).payload
        if payload.data_crc32c and google_crc32c.value(payload.data) != payload.data_crc32c:
            raise SecretError(
                f"version {version.number} of {self.name} does not match its checksum; run the job again."
            )
        try:
            return payload.data.decode()
        except UnicodeDecodeError as error:
            raise SecretRefused(
                f"version {version.number} of {self.name} is not UTF-8 text, so it cannot be a key."
            ) from error

    def add_version(self, value: str) -> Version:
        data = value.encode()
        # Google compares the checksum, so a value that was damaged on the way is rejected.
        payload = SecretPayload(data=data, data_crc32c=google_crc32c.value(data))
        with self._wrap_errors("add a version to"):
            return to_version(self.client.add_secret_version(parent=self.name, payload=payload))

    def disable(self, version: Version) -> None:
        with self._wrap_errors(f"disable version {version.number} of"):
            self.client.disable_secret_version(name=version.name)

    @contextmanager
    def _wrap_errors(self, action: str) -> Iterator[None]:
        try:
            yield
        # 4xx: the request was rejected. Everything else may have been executed.
        except ClientError as error:
            raise SecretRefused(f"could not {action} {self.name}: {error}") from error
        except CLIENT_ERRORS as error:
            raise SecretError(f"could not {action} {self.name}: {error}") from error


def to_version(resource: SecretVersion) -> Version:
    return Version(resource.name, resource.create_time)
