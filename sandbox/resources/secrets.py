"""Secret Manager: secrets, their versions, and the values that jobs are given."""

import base64
from dataclasses import dataclass

from starlette.routing import BaseRoute

from sandbox.resources import collection, etags, notices, payloads
from sandbox.resources.clock import now
from sandbox.resources.errors import FailedPrecondition, InvalidArgument, NotFound
from sandbox.resources.kind import By, Kind
from sandbox.resources.permissions import permit
from sandbox.resources.policies import only
from sandbox.resources.schema import Schema
from sandbox.resources.service import Call, Handler, Service
from sandbox.resources.store import Json

EVENTS = {"ENABLED": "ENABLE", "DISABLED": "DISABLE", "DESTROYED": "DESTROY"}


def check(service: Service, secret: Json) -> None:
    if "replication" not in secret:
        raise InvalidArgument("Field secret.replication is required.")
    notices.check(service, service.store.get(service.key(secret["name"])) or {}, secret)


def tell(service: Service, event: str, before: Json, after: Json) -> None:
    more = {"deleteType": "REQUESTED"} if event == "delete" else {}
    if after.get("topics") != before.get("topics") and after:
        notices.publish(service, "TOPIC_CONFIGURED", after, after)
    notices.publish(service, f"SECRET_{event.upper()}", after or before, after or before, **more)


SECRETS = Kind(
    "projects/{project}/secrets",
    Schema(
        message="google.cloud.secretmanager_v1.types:Secret",
        output="createTime etag policyMember",
        immutable="replication",
    ),
    By("query", "secretId"),
    update_needs_mask=True,
    id_pattern="[a-zA-Z0-9_-]{1,255}",
    created="createTime",
    etag=True,
    check=check,
    told=tell,
    iam="GET",
)


def routes(service: Service) -> list[BaseRoute]:
    versions = Versions(service)
    secret = "projects/{project}/secrets/{secret}"  # noqa: S105
    version = f"{secret}/versions/{{id}}"

    def allowed(verb: str, handler: Handler) -> Handler:
        def handle(call: Call) -> Json:
            permit(service, call, secret.format(**call.path), f"secretmanager.versions.{verb}")
            return handler(call)

        return handle

    def turned(verb: str, state: str) -> Handler:
        return allowed(verb, lambda call: versions.turn(call, state))

    return [
        service.route("POST", f"{secret}:addVersion", allowed("add", versions.add)),
        service.route("GET", f"{version}:access", allowed("access", versions.access)),
        service.route("POST", f"{version}:enable", turned("enable", "ENABLED")),
        service.route("POST", f"{version}:disable", turned("disable", "DISABLED")),
        service.route("POST", f"{version}:destroy", turned("destroy", "DESTROYED")),
        service.route("GET", version, lambda call: versions.find(version.format(**call.path))),
        service.route("GET", f"{secret}/versions", allowed("list", versions.list), "pageSize pageToken"),
        *collection.routes(service, SECRETS),
    ]


@dataclass(frozen=True)
class Versions:
    service: Service

    def add(self, call: Call) -> Json:
        only(call.body, {"payload"})
        data = payloads.value(call.body.get("payload", {}))
        secret = "projects/{project}/secrets/{secret}".format(**call.path)
        with self.service.store.change():
            found = self.service.find(secret)
            number = len(self.service.store.children(self.service.key(f"{secret}/versions"))) + 1
            version = self.keep(
                {"name": f"{secret}/versions/{number}", "createTime": now(), "state": "ENABLED"}
            )
            self.service.store.put(
                self.service.key(f"{version['name']}:data"), {"data": payloads.encoded(data)}
            )
            self.tell("ADD", found, version)
        return version

    def list(self, call: Call) -> Json:
        secret = "projects/{project}/secrets/{secret}".format(**call.path)
        self.service.find(secret)
        newest_first = self.service.store.children(self.service.key(f"{secret}/versions"))[::-1]
        return collection.page(newest_first, "versions", call.query)

    def access(self, call: Call) -> Json:
        version = self.find("projects/{project}/secrets/{secret}/versions/{id}".format(**call.path))
        return {"name": version["name"], "payload": payloads.payload(self.value(version["name"]))}

    def turn(self, call: Call, state: str) -> Json:
        """Enabled and disabled are two ways; destroyed is final, and takes the value with it."""
        only(call.body, {"etag"})
        with self.service.store.change():
            version = self.find("projects/{project}/secrets/{secret}/versions/{id}".format(**call.path))
            if version["state"] == "DESTROYED":
                raise FailedPrecondition(f"Secret Version [{version['name']}] is in DESTROYED state.")
            etags.check(version, call.body.get("etag", ""))
            version = self.keep(version | {"state": state})
            if state == "DESTROYED":
                self.service.store.delete(self.service.key(f"{version['name']}:data"))
            self.tell(EVENTS[state], self.service.find(version["name"].split("/versions/")[0]), version)
        return version

    def keep(self, version: Json) -> Json:
        kept = etags.given(version)
        self.service.store.put(self.service.key(kept["name"]), kept)
        return kept

    def tell(self, event: str, secret: Json, version: Json) -> None:
        identity = self.service.numbered(version["name"])
        notices.publish(self.service, f"SECRET_VERSION_{event}", secret, version, versionId=identity)

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
