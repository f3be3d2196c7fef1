"""Cloud Monitoring: channels, alert policies, dashboards. Nothing is measured here, so alerts never fire.

https://cloud.google.com/monitoring/api/ref_v3/rest
"""

from starlette.routing import BaseRoute

from sandbox.resources import alerts, channels, collection
from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json

LAYOUTS = {"gridLayout", "mosaicLayout", "rowLayout", "columnLayout"}


def initial(service: Service, name: str) -> Json:
    return {"creationRecord": {"mutateTime": now()}}


def check_dashboard(service: Service, dashboard: Json) -> None:
    if not dashboard.get("displayName"):
        raise InvalidArgument("Field displayName is required.")
    if len(LAYOUTS & dashboard.keys()) != 1:
        raise InvalidArgument(f"A dashboard needs exactly one of {', '.join(sorted(LAYOUTS))}.")


CHANNELS = ResourceType(
    "projects/{project}/notificationChannels",
    Schema(
        "monitoring.v3",
        "NotificationChannel",
        output="creationRecord mutationRecords verificationStatus",
        immutable="type",
        labelled=False,  # their labels hold the address
    ),
    IdLocation("server", "number"),
    initial=initial,
    complete=lambda service, channel: {"enabled": True} | channel,
    check=channels.check,
    check_delete=channels.check_delete,
)

POLICIES = ResourceType(
    "projects/{project}/alertPolicies",
    Schema("monitoring.v3", "AlertPolicy", output="creationRecord mutationRecord validity"),
    IdLocation("server", "number"),
    initial=initial,
    complete=alerts.complete,
    check=alerts.check,
)

DASHBOARDS = ResourceType(
    "projects/{project}/dashboards",
    Schema("monitoring.v1", "Dashboard"),
    IdLocation("server", "uuid"),
    initial=lambda service, name: {"name": service.numbered(name)},
    check=check_dashboard,
    etag=True,
)


def dashboard_routes(service: Service) -> list[BaseRoute]:
    """Dashboards are in version 1 of the API, all else is in version 3."""
    return collection.routes(service, DASHBOARDS)


def alert_routes(service: Service) -> list[BaseRoute]:
    return [*collection.routes(service, CHANNELS), *collection.routes(service, POLICIES)]
