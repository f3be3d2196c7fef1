"""Service Usage: which of Google's APIs are enabled in the project.

https://cloud.google.com/service-usage/docs/reference/rest
"""

import re
from dataclasses import dataclass, replace

from starlette.routing import BaseRoute

from sandbox.resources import operations
from sandbox.resources.errors import FailedPrecondition, InvalidArgument, NotFound
from sandbox.resources.ids import numeric_id
from sandbox.resources.paging import page
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

PARENT = f"projects/{PROJECT_NUMBER}"
TYPES = "google.api.serviceusage.v1"
# Enabled by hand before Terraform can run: docs/runbooks/bootstrap.md.
BOOTSTRAP = (
    "bigquerydatatransfer",
    "cloudbilling",
    "cloudresourcemanager",
    "iam",
    "secretmanager",
    "serviceusage",
)
STATES = {"state:ENABLED": "ENABLED", "state:DISABLED": "DISABLED"}
# https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchEnable
MAX_BATCH = 20


def routes(service: Service) -> list[BaseRoute]:
    usage = ServiceUsage(service)
    # At every start, but only what is absent: an API that a client has disabled stays so.
    with service.store.change():
        for name in BOOTSTRAP:
            if not service.store.get(service.key(service_name(f"{name}.googleapis.com"))):
                usage.set_state(f"{name}.googleapis.com", "ENABLED")
    services = "projects/{project}/services"
    return [
        service.route("POST", f"{services}:batchEnable", usage.batch_enable),
        service.route("POST", f"{services}/{{id}}:enable", usage.enable),
        service.route("POST", f"{services}/{{id}}:disable", usage.disable),
        service.route("GET", f"{services}/{{id}}", usage.get),
        service.route("GET", services, usage.list, "filter pageSize pageToken"),
        service.route("GET", "operations/{id}", lambda call: service.find(f"operations/{call.path['id']}")),
    ]


def identity_routes(service: Service) -> list[BaseRoute]:
    """Service agents, which v1beta1 creates on request for services that are enabled."""
    usage = ServiceUsage(replace(service, prefix="/serviceusage/v1"))

    def generate(call: Call) -> Json:
        if usage.get(call)["state"] == "DISABLED":
            raise FailedPrecondition(f"Service {call.path['id']} is not enabled in {PARENT}.")
        name = call.path["id"].removesuffix(".googleapis.com")
        # The form of most agents: https://cloud.google.com/iam/docs/service-agents
        email = f"service-{PROJECT_NUMBER}@gcp-sa-{name}.iam.gserviceaccount.com"
        identity = {"email": email, "uniqueId": numeric_id(email)}
        return operations.done(service, "", "google.api.serviceusage.v1beta1.ServiceIdentity", identity)

    return [
        service.route("POST", "projects/{project}/services/{id}:generateServiceIdentity", generate),
        service.route("GET", "operations/{id}", lambda call: service.find(f"operations/{call.path['id']}")),
    ]


@dataclass(frozen=True)
class ServiceUsage:
    """Responses name the project by its number, as Google's do."""

    service: Service

    def enable(self, call: Call) -> Json:
        enabled = self.set_state(call.path["id"], "ENABLED")
        return operations.done(self.service, "", f"{TYPES}.EnableServiceResponse", {"service": enabled})

    def batch_enable(self, call: Call) -> Json:
        names = call.body.get("serviceIds", [])
        if not 1 <= len(names) <= MAX_BATCH:
            raise InvalidArgument(f"serviceIds must have 1 to {MAX_BATCH} services, not {len(names)}.")
        with self.service.store.change():
            enabled = [self.set_state(name, "ENABLED") for name in names]
        return operations.done(
            self.service, "", f"{TYPES}.BatchEnableServicesResponse", {"services": enabled}
        )

    def disable(self, call: Call) -> Json:
        if self.get(call)["state"] == "DISABLED":
            raise FailedPrecondition(f"Service {call.path['id']} is not enabled in {PARENT}.")
        disabled = self.set_state(call.path["id"], "DISABLED")
        return operations.done(self.service, "", f"{TYPES}.DisableServiceResponse", {"service": disabled})

    def get(self, call: Call) -> Json:
        name = service_name(call.path["id"])
        return self.service.store.get(self.service.key(name)) or new_service(name, "DISABLED")

    def list(self, call: Call) -> Json:
        state = call.query.get("filter", "")
        if state and state not in STATES:
            raise InvalidArgument(f"Invalid filter {state!r}: expected one of {', '.join(STATES)}.")
        services = self.service.store.children(self.service.key(f"{PARENT}/services"))
        listed = [service for service in services if not state or service["state"] == STATES[state]]
        return page(listed, "services", call.query)

    def set_state(self, service: str, state: str) -> Json:
        changed = new_service(service_name(service), state)
        self.service.store.put(self.service.key(changed["name"]), changed)
        return changed


def service_name(service: str) -> str:
    """Raises NotFound for a name that no service of Google has."""
    if not re.fullmatch(r"[a-z0-9-]+\.googleapis\.com", service):
        raise NotFound(f"Not found or permission denied for service(s): {service}.")
    return f"{PARENT}/services/{service}"


def new_service(name: str, state: str) -> Json:
    return {"name": name, "config": {"name": name.rsplit("/", 1)[-1]}, "parent": PARENT, "state": state}
