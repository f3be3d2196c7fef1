"""The services of this package, by the path of each API in the sandbox."""

from collections.abc import Callable

from starlette.routing import BaseRoute

from sandbox.iam import groups
from sandbox.resources import (
    artifact_registry,
    budgets,
    collection,
    federation,
    iam,
    log_metrics,
    monitoring,
    networks,
    notices,
    project,
    pubsub,
    secret_manager,
    service_usage,
)
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State


def iam_routes(service: Service) -> list[BaseRoute]:
    return [
        *collection.routes(service, iam.SERVICE_ACCOUNTS),
        *collection.routes(service, iam.ROLES),
        *federation.routes(service),
    ]


SERVICES: dict[str, Callable[[Service], list[BaseRoute]]] = {
    "cloudresourcemanager/v1": project.routes,
    "cloudbilling/v1": project.billing_routes,
    "serviceusage/v1": service_usage.routes,
    "serviceusage/v1beta1": service_usage.identity_routes,
    "iam/v1": iam_routes,
    "secretmanager/v1": secret_manager.routes,
    "pubsub/v1": pubsub.routes,
    "monitoring/v1": monitoring.dashboard_routes,
    "monitoring/v3": monitoring.alert_routes,
    "logging/v2": log_metrics.routes,
    "artifactregistry/v1": artifact_registry.routes,
    "billingbudgets/v1": budgets.routes,
    "compute/v1": networks.routes,
}


def routes(state: State) -> list[BaseRoute]:
    # One store: a budget names channels of Monitoring, and an alert policy metrics of Logging.
    store = Store(state.root)
    served: list[BaseRoute] = []
    for prefix, service_routes in SERVICES.items():
        service = Service(state, store, f"/{prefix}")
        # Last of its prefix, because it matches every path.
        served += [*service_routes(service), service.unserved()]
    return [
        *served,
        notices.rotation_control(Service(state, store, "/secretmanager/v1")),
        groups.control(store),
    ]
