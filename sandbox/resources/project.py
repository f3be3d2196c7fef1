"""Resource Manager and Cloud Billing: the one project, its policy, its billing account."""

from starlette.routing import BaseRoute

from sandbox.resources import policies
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

BILLING_ACCOUNT = "billingAccounts/000000-000000-000000"


def routes(service: Service) -> list[BaseRoute]:
    name = f"projects/{service.state.project}"
    with service.store.change():
        if not service.store.get(service.key(name)):
            service.store.put(service.key(name), new_project(service.state.project))
    return [
        *policies.routes(service, "projects/{project}"),
        service.route("GET", "projects/{project}", lambda call: service.find(name)),
    ]


def new_project(name: str) -> Json:
    return {"projectId": name, "projectNumber": PROJECT_NUMBER, "name": name, "lifecycleState": "ACTIVE"}


def billing_routes(service: Service) -> list[BaseRoute]:
    return [service.route("GET", "projects/{project}/billingInfo", billing_info)]


def billing_info(call: Call) -> Json:
    """For the provider (7.45) a 404 is an error here, while elsewhere it means a deleted resource."""
    project = call.path["project"]
    name = f"projects/{project}/billingInfo"
    return {"name": name, "projectId": project, "billingAccountName": BILLING_ACCOUNT, "billingEnabled": True}
