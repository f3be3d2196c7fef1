"""Cloud Monitoring: channels, alert policies, dashboards. Nothing is measured here, so no alert ever fires.

https://cloud.google.com/monitoring/api/ref_v3/rest
"""

from starlette.routing import BaseRoute

from sandbox.resources import alerts, channels, collection
from sandbox.resources.clock import now
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.kind import By, Kind
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json

LAYOUTS = {"gridLayout", "mosaicLayout", "rowLayout", "columnLayout"}


def created(service: Service, name: str) -> Json:
    return {"creationRecord": {"mutateTime": now()}}


def check_dashboard(service: Service, dashboard: Json) -> None:
    if not dashboard.get("displayName"):
        raise InvalidArgument("Field displayName is required.")
    if len(LAYOUTS & dashboard.keys()) != 1:
        raise InvalidArgument(f"A dashboard needs exactly one of {', '.join(sorted(LAYOUTS))}.")


CHANNELS = Kind(
    "projects/{project}/notificationChannels",
    Schema(
        message="google.cloud.monitoring_v3.types:NotificationChannel",
        output="creationRecord mutationRecords verificationStatus",
        immutable="type",
        labelled=False,  # theirs are where a channel leads
    ),
    By("server", "number"),
    made=created,
    complete=lambda service, channel: {"enabled": True} | channel,
    check=channels.check,
    releases=channels.releases,
    query={"delete": "force"},
)

POLICIES = Kind(
    "projects/{project}/alertPolicies",
    Schema(
        message="google.cloud.monitoring_v3.types:AlertPolicy",
        output="creationRecord mutationRecord validity",
    ),
    By("server", "number"),
    made=created,
    complete=alerts.complete,
    check=alerts.check,
)

DASHBOARDS = Kind(
    "projects/{project}/dashboards",
    Schema(message="google.cloud.monitoring_dashboard_v1.types:Dashboard", output="etag"),
    By("server", "uuid"),
    made=lambda service, name: {"name": service.numbered(name)},
    check=check_dashboard,
    etag=True,
)


def dashboard_routes(service: Service) -> list[BaseRoute]:
    """Dashboards are v1, all else is v3."""
    return collection.routes(service, DASHBOARDS)


def alert_routes(service: Service) -> list[BaseRoute]:
    return [*collection.routes(service, CHANNELS), *collection.routes(service, POLICIES)]
