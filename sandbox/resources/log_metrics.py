"""Cloud Logging: metrics counted from log entries. No log entries reach them here.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics
"""

import re

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json

EXTRACTOR = re.compile(r"(REGEXP_)?EXTRACT\(.+\)")


def initial(service: Service, name: str) -> Json:
    """A metric's name has no path in it, other than the names of most resources."""
    return {"name": name.rsplit("/", 1)[-1].replace("%2F", "/")}


def complete(service: Service, metric: Json) -> Json:
    metric_type = f"logging.googleapis.com/user/{metric['name']}"
    name = f"projects/{service.state.project}/metricDescriptors/{metric_type}"
    descriptor = {"metricKind": "DELTA", "valueType": "INT64"} | metric.get("metricDescriptor", {})
    return metric | {"metricDescriptor": descriptor | {"name": name, "type": metric_type}}


def check(service: Service, metric: Json) -> None:
    if not metric.get("filter"):
        raise InvalidArgument("A metric needs a filter.")
    descriptor = metric.get("metricDescriptor", {})
    if descriptor.get("metricKind", "DELTA") != "DELTA":
        raise InvalidArgument("metricDescriptor.metricKind of a log-based metric must be DELTA.")
    # A counter counts entries; only a distribution takes its values out of them.
    distribution = descriptor.get("valueType", "INT64") == "DISTRIBUTION"
    if distribution is not bool(metric.get("valueExtractor")):
        raise InvalidArgument("valueExtractor is required for a DISTRIBUTION, and only for it.")
    labels = {label.get("key") for label in descriptor.get("labels", [])}
    extractors = metric.get("labelExtractors", {})
    if labels != extractors.keys():
        raise InvalidArgument(
            f"labelExtractors must be those of metricDescriptor.labels: {sorted(labels, key=str)}."
        )
    # A counter has no valueExtractor: the placeholder passes.
    for expression in [*extractors.values(), metric.get("valueExtractor") or "EXTRACT(x)"]:
        if not EXTRACTOR.fullmatch(expression):
            raise InvalidArgument(
                f"Invalid extractor {expression!r}: expected EXTRACT(field) or REGEXP_EXTRACT(field, …)."
            )


METRICS = ResourceType(
    "projects/{project}/metrics",
    Schema("logging.v2", "LogMetric"),
    IdLocation("short name"),
    # A slash is a level of a hierarchy, and is not the first character:
    # https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics
    id_pattern="(?!/)[a-zA-Z0-9_.,+!*',()/-]{1,100}",
    slashes=True,
    created="createTime",
    updated="updateTime",
    initial=initial,
    complete=complete,
    check=check,
)


def routes(service: Service) -> list[BaseRoute]:
    return collection.routes(service, METRICS)
