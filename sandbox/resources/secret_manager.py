"""Secret Manager: secrets, their versions, and the values that jobs read.

https://cloud.google.com/secret-manager/docs/reference/rest
"""

from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.resources import collection, notices
from sandbox.resources.clock import now
from sandbox.resources.errors import FailedPrecondition, InvalidArgument, NotFound
from sandbox.resources.etags import check_etag, with_etag
from sandbox.resources.paging import page
from sandbox.resources.payloads import decode_payload, encode_payload
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Handler, Service
from sandbox.resources.store import Json

EVENTS = {"ENABLED": "ENABLE", "DISABLED": "DISABLE", "DESTROYED": "DESTROY"}
SECRET = "projects/{project}/secrets/{secret}"  # noqa: S105
VERSION = f"{SECRET}/versions/{{id}}"


def check(service: Service, secret: Json) -> None:
    # A union field: https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets#replication
    if len({"automatic", "userManaged"} & secret.get("replication", {}).keys()) != 1:
        raise InvalidArgument("Field secret.replication must be automatic or userManaged.")
    notices.check(service, service.store.get(service.key(secret["name"])) or {}, secret)


def notify(service: Service, event: str, before: Json, after: Json) -> None:
    more = {"deleteType": "REQUESTED"} if event == "delete" else {}
    if after.get("topics") != before.get("topics") and after:
        notices.notify(service, "TOPIC_CONFIGURED", after, after)
    notices.notify(service, f"SECRET_{event.upper()}", after or before, after or before, **more)


SECRETS = ResourceType(
    "projects/{project}/secrets",
    Schema("secretmanager.v1", "Secret"),
    IdLocation("query", "secretId"),
    update_needs_mask=True,
    id_pattern="[a-zA-Z0-9_-]{1,255}",
    created="createTime",
    etag=True,
    check=check,
    on_change=notify,
)


def routes(service: Service) -> list[BaseRoute]:
    versions = SecretVersions(service)

    def change_state(state: str) -> Handler:
        return lambda call: versions.change_state(call, state)

    return [
        service.route("POST", f"{SECRET}:addVersion", versions.add),
        service.route("GET", f"{VERSION}:access", versions.access),
        service.route("POST", f"{VERSION}:enable", change_state("ENABLED")),
        service.route("POST", f"{VERSION}:disable", change_state("DISABLED")),
        service.route("POST", f"{VERSION}:destroy", change_state("DESTROYED")),
        service.route("GET", VERSION, lambda call: versions.find(VERSION.format(**call.path))),
        service.route("GET", f"{SECRET}/versions", versions.list, "pageSize pageToken"),
        *collection.routes(service, SECRETS),
    ]


@dataclass(frozen=True)
class SecretVersions:
    service: Service

    def add(self, call: Call) -> Json:
        data = decode_payload(call.body.get("payload", {}))
        name = SECRET.format(**call.path)
        with self.service.store.change():
            secret = self.service.find(name)
            # Versions are destroyed and never deleted, so their count is also the newest id.
            number = len(self.service.store.children(self.service.key(f"{name}/versions"))) + 1
            version = self.save(
                {"name": f"{name}/versions/{number}", "createTime": now(), "state": "ENABLED"}
            )
            # Under a key with a colon, which neither paths nor lists contain: only `access` returns it.
            self.service.store.put(self.service.key(f"{version['name']}:data"), encode_payload(data))
            self.notify("ADD", secret, version)
        return version

    def list(self, call: Call) -> Json:
        """Newest first."""
        name = SECRET.format(**call.path)
        self.service.find(name)
        newest_first = self.service.store.children(self.service.key(f"{name}/versions"))[::-1]
        return page(newest_first, "versions", call.query)

    def access(self, call: Call) -> Json:
        version = self.find(VERSION.format(**call.path))
        return {"name": version["name"], "payload": encode_payload(self.value(version["name"]))}

    def change_state(self, call: Call, state: str) -> Json:
        """Versions can be enabled and disabled again; destroying one is final and deletes the value."""
        with self.service.store.change():
            version = self.find(VERSION.format(**call.path))
            if version["state"] == "DESTROYED":
                raise FailedPrecondition(f"Secret Version [{version['name']}] is in DESTROYED state.")
            check_etag(version, call.body.get("etag", ""))
            version = self.save(version | {"state": state})
            if state == "DESTROYED":
                self.service.store.delete(self.service.key(f"{version['name']}:data"))
            self.notify(EVENTS[state], self.service.find(version["name"].split("/versions/")[0]), version)
        return version

    def save(self, version: Json) -> Json:
        saved = with_etag(version)
        self.service.store.put(self.service.key(saved["name"]), saved)
        return saved

    def notify(self, event: str, secret: Json, version: Json) -> None:
        identity = self.service.numbered(version["name"])
        notices.notify(self.service, f"SECRET_VERSION_{event}", secret, version, versionId=identity)

    def find(self, name: str) -> Json:
        """`latest` is the newest version in any state, as at Google."""
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
        return decode_payload(self.service.find(f"{version['name']}:data"))
