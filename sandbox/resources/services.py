"""Service Usage: which of Google's APIs the project has switched on."""

import re
from dataclasses import dataclass, replace

from starlette.routing import BaseRoute

from sandbox.resources import operations
from sandbox.resources.collection import page
from sandbox.resources.errors import FailedPrecondition, InvalidArgument, NotFound
from sandbox.resources.ids import unique
from sandbox.resources.policies import only
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

PARENT = f"projects/{PROJECT_NUMBER}"
TYPES = "google.api.serviceusage.v1"
# What a person switches on before Terraform can begin: docs/runbooks/bootstrap.md.
FIRST = (
    "bigquerydatatransfer",
    "cloudbilling",
    "cloudresourcemanager",
    "iam",
    "secretmanager",
    "serviceusage",
)
STATES = {"state:ENABLED": "ENABLED", "state:DISABLED": "DISABLED"}


def routes(service: Service) -> list[BaseRoute]:
    usage = Usage(service)
    with service.store.change():
        for name in FIRST:
            if not service.store.get(service.key(known(f"{name}.googleapis.com"))):
                usage.switch(f"{name}.googleapis.com", "ENABLED")
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
    """Google's own agent of a service, made when somebody asks for it. Only for what is switched on."""
    usage = Usage(replace(service, prefix="/serviceusage/v1"))

    def generate(call: Call) -> Json:
        only(call.body, set())
        if usage.get(call)["state"] == "DISABLED":
            raise FailedPrecondition(f"Service {call.path['id']} is not enabled in {PARENT}.")
        name = call.path["id"].removesuffix(".googleapis.com")
        email = f"service-{PROJECT_NUMBER}@gcp-sa-{name}.iam.gserviceaccount.com"
        identity = {"email": email, "uniqueId": unique(email)}
        kind = "google.api.serviceusage.v1beta1.ServiceIdentity"
        return operations.done(service, "", kind, identity)

    return [
        service.route("POST", "projects/{project}/services/{id}:generateServiceIdentity", generate),
        service.route("GET", "operations/{id}", lambda call: service.find(f"operations/{call.path['id']}")),
    ]


@dataclass(frozen=True)
class Usage:
    """Answers name the project by its number, as Google does."""

    service: Service

    def enable(self, call: Call) -> Json:
        only(call.body, set())
        enabled = self.switch(call.path["id"], "ENABLED")
        return operations.done(self.service, "", f"{TYPES}.EnableServiceResponse", {"service": enabled})

    def batch_enable(self, call: Call) -> Json:
        only(call.body, {"serviceIds"})
        names = call.body.get("serviceIds", [])
        if not 1 <= len(names) <= 20:
            raise InvalidArgument(f"serviceIds must hold 1 to 20 services, not {len(names)}.")
        with self.service.store.change():
            enabled = [self.switch(name, "ENABLED") for name in names]
        return operations.done(
            self.service, "", f"{TYPES}.BatchEnableServicesResponse", {"services": enabled}
        )

    def disable(self, call: Call) -> Json:
        only(call.body, {"disableDependentServices", "checkIfServiceHasUsage"})
        if self.get(call)["state"] == "DISABLED":
            raise FailedPrecondition(f"Service {call.path['id']} is not enabled in {PARENT}.")
        disabled = self.switch(call.path["id"], "DISABLED")
        return operations.done(self.service, "", f"{TYPES}.DisableServiceResponse", {"service": disabled})

    def get(self, call: Call) -> Json:
        name = known(call.path["id"])
        return self.service.store.get(self.service.key(name)) or resource(name, "DISABLED")

    def list(self, call: Call) -> Json:
        wanted = call.query.get("filter", "")
        if wanted and wanted not in STATES:
            raise InvalidArgument(f"Invalid filter {wanted!r}: it is one of {', '.join(STATES)}.")
        every = self.service.store.children(self.service.key(f"{PARENT}/services"))
        kept = [one for one in every if not wanted or one["state"] == STATES[wanted]]
        return page(kept, "services", call.query)

    def switch(self, service: str, state: str) -> Json:
        changed = resource(known(service), state)
        self.service.store.put(self.service.key(changed["name"]), changed)
        return changed


def known(service: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+\.googleapis\.com", service):
        raise NotFound(f"Not found or permission denied for service(s): {service}.")
    return f"{PARENT}/services/{service}"


def resource(name: str, state: str) -> Json:
    return {"name": name, "config": {"name": name.rsplit("/", 1)[-1]}, "parent": PARENT, "state": state}
