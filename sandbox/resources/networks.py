"""Compute Engine: VPC networks, subnetworks and firewall rules, without machines.

Its API is older than those that collection.py serves: a name comes in the body, references are addresses, and each
change is an operation that a client polls.

https://docs.cloud.google.com/compute/docs/reference/rest/v1/networks
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.routing import BaseRoute

from sandbox.discovery.documents import load_document
from sandbox.resources.clock import now
from sandbox.resources.errors import AlreadyExists, FailedPrecondition, InvalidArgument
from sandbox.resources.ids import generate_id
from sandbox.resources.paging import page
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json

# RFC 1035, as all names of Compute Engine: https://cloud.google.com/compute/docs/naming-resources
NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
GLOBAL, REGIONAL = "projects/{project}/global", "projects/{project}/regions/{region}"
OUTPUT = "[Output Only]"


@dataclass(frozen=True)
class Kind:
    """`schema`: of the document. `defaults`: fields that the server sets if a request has none."""

    schema: str
    parent: str
    collection: str
    check: Callable[[Service, Json], None]
    defaults: Json

    @property
    def path(self) -> str:
        return f"{self.parent}/{self.collection}"


def check_network(service: Service, network: Json) -> None:
    if network.get("autoCreateSubnetworks") is None:
        raise InvalidArgument("Legacy networks are not supported: autoCreateSubnetworks must be set.")


def check_subnetwork(service: Service, subnetwork: Json) -> None:
    find_network(service, subnetwork)
    try:
        ipaddress.ip_network(subnetwork.get("ipCidrRange", ""))
    except ValueError as error:
        raise InvalidArgument(f"Invalid value for field 'resource.ipCidrRange': {error}.") from error


def check_firewall(service: Service, firewall: Json) -> None:
    find_network(service, firewall)
    if ("allowed" in firewall) == ("denied" in firewall):
        raise InvalidArgument("A firewall rule has either 'allowed' or 'denied'.")


def find_network(service: Service, resource: Json) -> Json:
    return service.find(name_of(resource.get("network", "")))


def name_of(reference: str) -> str:
    """projects/… of a full or partial address."""
    return reference[reference.find("projects/") :]


KINDS = (
    Kind("Network", GLOBAL, "networks", check_network, {"routingConfig": {"routingMode": "REGIONAL"}}),
    Kind(
        "Subnetwork",
        REGIONAL,
        "subnetworks",
        check_subnetwork,
        {"privateIpGoogleAccess": False, "purpose": "PRIVATE", "stackType": "IPV4_ONLY"},
    ),
    Kind(
        "Firewall",
        GLOBAL,
        "firewalls",
        check_firewall,
        {"direction": "INGRESS", "priority": 1000, "disabled": False},
    ),
)


def routes(service: Service) -> list[BaseRoute]:
    served: list[BaseRoute] = []
    for kind in KINDS:
        pattern, networks = f"{kind.path}/{{id}}", Networks(service, kind)
        served += [
            service.route("POST", kind.path, networks.insert),
            service.route("GET", kind.path, networks.list, "maxResults pageToken"),
            service.route("GET", pattern, partial(find, service, pattern)),
            service.route("PATCH", pattern, networks.patch),
            service.route("DELETE", pattern, networks.delete),
        ]
    for parent in (GLOBAL, REGIONAL):
        operation = f"{parent}/operations/{{id}}"
        served.append(service.route("GET", operation, partial(find, service, operation)))
        # It returns at once, as GET does: every operation is done when it is created.
        served.append(service.route("POST", f"{operation}/wait", partial(find, service, operation)))
    return served


def find(service: Service, pattern: str, call: Call) -> Json:
    return service.find(pattern.format(**call.path))


@dataclass(frozen=True)
class Networks:
    service: Service
    kind: Kind

    def insert(self, call: Call) -> Json:
        identity = call.body.get("name", "")
        if not NAME.fullmatch(identity):
            raise InvalidArgument(f"Invalid value for field 'resource.name': {identity!r}.")
        name = f"{self.kind.path.format(**call.path)}/{identity}"
        resource = self.kind.defaults | self.accepted(call.body) | self.server_fields(name, identity)
        self.kind.check(self.service, resource)
        with self.service.store.change():
            if self.service.store.get(self.service.key(name)):
                raise AlreadyExists(f"The resource '{name}' already exists")
            self.service.store.put(self.service.key(name), resource)
            return self.operation(call, name, "insert")

    def accepted(self, body: Json) -> Json:
        declared = load_document("compute.v1").schemas[self.kind.schema]["properties"]
        return {n: v for n, v in body.items() if OUTPUT not in declared[n].get("description", "")}

    def server_fields(self, name: str, identity: str) -> Json:
        number = generate_id(self.service, self.kind.collection, "number", {"name": name})
        fields = {"kind": f"compute#{self.kind.schema.lower()}", "id": number, "creationTimestamp": now()}
        region = {"region": self.link(name.rsplit("/", 2)[0])} if "/regions/" in name else {}
        # The fingerprint is a constant: nothing here compares it with one that was sent.
        return (
            fields | region | {"name": identity, "selfLink": self.link(name), "fingerprint": "AAAAAAAAAAA="}
        )

    def list(self, call: Call) -> Json:
        stored = self.service.store.children(self.service.key(self.kind.path.format(**call.path)))
        return page(stored, "items", call.query)

    def patch(self, call: Call) -> Json:
        name = f"{self.kind.path.format(**call.path)}/{call.path['id']}"
        # The name last: a body with another one renames nothing.
        changed = self.service.find(name) | self.accepted(call.body) | {"name": call.path["id"]}
        self.kind.check(self.service, changed)
        self.service.store.put(self.service.key(name), changed)
        return self.operation(call, name, "patch")

    def delete(self, call: Call) -> Json:
        """A network is in use as long as a subnetwork or a rule refers to it."""
        name = f"{self.kind.path.format(**call.path)}/{call.path['id']}"
        self.service.find(name)
        for other in self.service.store.matching(self.service.key("projects/*")):
            if name_of(other.get("network", "")) == name:
                raise FailedPrecondition(
                    f"The resource '{name}' is already being used by '{other['selfLink']}'"
                )
        self.service.store.delete(self.service.key(name))
        return self.operation(call, name, "delete")

    def operation(self, call: Call, name: str, verb: str) -> Json:
        """It is done at once."""
        parent = self.kind.parent.format(**call.path)
        # Of the name, not random: a recorded apply polls it by the name that it had then.
        identity = (
            f"operation-{generate_id(self.service, 'operations', 'number', {'name': name, 'verb': verb})}"
        )
        operation = {
            "kind": "compute#operation",
            "name": identity,
            "operationType": verb,
            "status": "DONE",
            "progress": 100,
            "insertTime": now(),
            "targetLink": self.link(name),
            "selfLink": self.link(f"{parent}/operations/{identity}"),
        }
        self.service.store.put(self.service.key(f"{parent}/operations/{identity}"), operation)
        return operation

    def link(self, name: str) -> str:
        """Google's own address, whatever the address of this server is."""
        return f"https://www.googleapis.com/compute/v1/{name}"
