"""The services that hold what Terraform provisions.

Others build on `Store`, `Service`, `Kind` and `collection.routes`: see `kind.py`.
"""

from collections.abc import Callable

from starlette.routing import BaseRoute

from sandbox.resources import (
    artifacts,
    budgets,
    collection,
    federation,
    identities,
    logs,
    monitoring,
    notices,
    project,
    pubsub,
    secrets,
    services,
)
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State


def iam_routes(service: Service) -> list[BaseRoute]:
    return [
        *collection.routes(service, identities.SERVICE_ACCOUNTS),
        *collection.routes(service, identities.ROLES),
        *federation.routes(service),
    ]


SERVICES: dict[str, Callable[[Service], list[BaseRoute]]] = {
    "cloudresourcemanager/v1": project.routes,
    "cloudbilling/v1": project.billing_routes,
    "serviceusage/v1": services.routes,
    "serviceusage/v1beta1": services.identity_routes,
    "iam/v1": iam_routes,
    "secretmanager/v1": secrets.routes,
    "pubsub/v1": pubsub.routes,
    "monitoring/v1": monitoring.dashboard_routes,
    "monitoring/v3": monitoring.alert_routes,
    "logging/v2": logs.routes,
    "artifactregistry/v1": artifacts.routes,
    "billingbudgets/v1": budgets.routes,
    "sandbox/secretmanager": notices.controls,
}


def routes(state: State) -> list[BaseRoute]:
    store = Store(state.root)
    found: list[BaseRoute] = []
    for prefix, service_routes in SERVICES.items():
        service = Service(state, store, f"/{prefix}")
        found += [*service_routes(service), service.unknown()]
    return found
