"""The services that hold what Terraform provisions.

Others build on `Store`, `Service`, `Kind` and `collection.routes`: see `kind.py`.
"""

from starlette.routing import BaseRoute

from sandbox.resources import collection, identities, project, secrets, services
from sandbox.resources.service import Service
from sandbox.resources.store import Store
from sandbox.state import State


def routes(state: State) -> list[BaseRoute]:
    store = Store(state.root)
    manager, billing, usage, iam, secret_manager = (
        Service(state, store, f"/{prefix}/v1")
        for prefix in ("cloudresourcemanager", "cloudbilling", "serviceusage", "iam", "secretmanager")
    )
    return [
        *project.routes(manager),
        manager.unknown(),
        *project.billing_routes(billing),
        billing.unknown(),
        *services.routes(usage),
        usage.unknown(),
        *collection.routes(iam, identities.SERVICE_ACCOUNTS),
        *collection.routes(iam, identities.ROLES),
        iam.unknown(),
        *secrets.routes(secret_manager),
        secret_manager.unknown(),
    ]
