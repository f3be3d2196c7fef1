"""Secret Manager: secrets, their versions, and the values that jobs are given."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime

import google_crc32c
from google.cloud import secretmanager_v1
from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.errors import FailedPrecondition, InvalidArgument, NotFound
from sandbox.resources.kind import By, Kind
from sandbox.resources.policies import only
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

LARGEST = 65_536  # bytes of a value, https://cloud.google.com/secret-manager/quotas


def made(service: Service, name: str) -> Json:
    return {"createTime": now()}


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def check(service: Service, secret: Json) -> None:
    if "replication" not in secret:
        raise InvalidArgument("Field secret.replication is required.")


SECRETS = Kind(
    "projects/{project}/secrets",
    Schema(message=secretmanager_v1.Secret.pb(), output="createTime etag policyMember"),
    By("query", "secretId"),
    update_needs_mask=True,
    id_pattern="[a-zA-Z0-9_-]{1,255}",
    made=made,
    check=check,
    iam="GET",
)


def routes(service: Service) -> list[BaseRoute]:
    versions = Versions(service)
    secret = "projects/{project}/secrets/{secret}"  # noqa: S105
    version = f"{secret}/versions/{{id}}"
    return [
        service.route("POST", f"{secret}:addVersion", versions.add),
        service.route("GET", f"{version}:access", versions.access),
        service.route("POST", f"{version}:enable", lambda call: versions.turn(call, "ENABLED")),
        service.route("POST", f"{version}:disable", lambda call: versions.turn(call, "DISABLED")),
        service.route("POST", f"{version}:destroy", lambda call: versions.turn(call, "DESTROYED")),
        service.route("GET", version, lambda call: versions.find(version.format(**call.path))),
        service.route("GET", f"{secret}/versions", versions.list, "pageSize pageToken"),
        *collection.routes(service, SECRETS),
    ]


@dataclass(frozen=True)
class Versions:
    service: Service

    def add(self, call: Call) -> Json:
        only(call.body, {"payload"})
        data = value(call.body.get("payload", {}))
        secret = "projects/{project}/secrets/{secret}".format(**call.path)
        with self.service.store.change():
            self.service.find(secret)
            number = len(self.service.store.children(self.service.key(f"{secret}/versions"))) + 1
            version = {"name": f"{secret}/versions/{number}", "createTime": now(), "state": "ENABLED"}
            self.service.store.put(self.service.key(version["name"]), version)
            self.service.store.put(self.service.key(f"{version['name']}:data"), {"data": encoded(data)})
        return version

    def list(self, call: Call) -> Json:
        secret = "projects/{project}/secrets/{secret}".format(**call.path)
        self.service.find(secret)
        newest_first = self.service.store.children(self.service.key(f"{secret}/versions"))[::-1]
        return collection.page(newest_first, "versions", call.query)

    def access(self, call: Call) -> Json:
        version = self.find("projects/{project}/secrets/{secret}/versions/{id}".format(**call.path))
        data = self.value(version["name"])
        crc32c = str(google_crc32c.value(data))
        return {"name": version["name"], "payload": {"data": encoded(data), "dataCrc32c": crc32c}}

    def turn(self, call: Call, state: str) -> Json:
        """Enabled and disabled are two ways; destroyed is final, and takes the value with it."""
        only(call.body, {"etag"})
        with self.service.store.change():
            version = self.find("projects/{project}/secrets/{secret}/versions/{id}".format(**call.path))
            if version["state"] == "DESTROYED":
                raise FailedPrecondition(f"Secret Version [{version['name']}] is in DESTROYED state.")
            version["state"] = state
            self.service.store.put(self.service.key(version["name"]), version)
            if state == "DESTROYED":
                self.service.store.delete(self.service.key(f"{version['name']}:data"))
        return version

    def find(self, name: str) -> Json:
        """`latest` is the newest version, whatever its state."""
        secret, _, number = name.rpartition("/versions/")
        self.service.find(secret)
        if number != "latest":
            return self.service.find(name)
        versions = self.service.store.children(self.service.key(f"{secret}/versions"))
        if not versions:
            raise NotFound(f"Secret [{name}] not found or has no versions.")
        return versions[-1]

    def value(self, name: str) -> bytes:
        """The bytes of an enabled version, by its name or by `latest`."""
        version = self.find(name)
        if version["state"] != "ENABLED":
            raise FailedPrecondition(f"Secret Version [{version['name']}] is in {version['state']} state.")
        return base64.b64decode(self.service.find(f"{version['name']}:data")["data"])


def value(payload: Json) -> bytes:
    """The bytes of a payload; a checksum that does not fit them is refused."""
    only(payload, {"data", "dataCrc32c"})
    try:
        data = base64.b64decode(payload.get("data", ""), validate=True)
    except binascii.Error as error:
        raise InvalidArgument(f"Invalid value at 'payload.data' (TYPE_BYTES): {error}") from error
    if not 0 < len(data) <= LARGEST:
        raise InvalidArgument(f"Secret Payload must be 1 to {LARGEST} bytes, not {len(data)}.")
    if int(payload.get("dataCrc32c", google_crc32c.value(data))) != google_crc32c.value(data):
        raise InvalidArgument("Secret Payload does not fit its dataCrc32c.")
    return data


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
