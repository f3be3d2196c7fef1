"""Cloud Logging: metrics counted from logs, and sinks. No log flows through them here.

https://cloud.google.com/logging/docs/reference/v2/rest
"""

import re

from starlette.routing import BaseRoute

from sandbox.resources import collection
from sandbox.resources.errors import InvalidArgument
from sandbox.resources.kind import By, Kind
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

WRITER = f"serviceAccount:service-{PROJECT_NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"
EXTRACTOR = re.compile(r"(REGEXP_)?EXTRACT\(.+\)")
DESTINATIONS = ("storage.googleapis.com/", "bigquery.googleapis.com/", "pubsub.googleapis.com/", "logging.")


def made(service: Service, name: str) -> Json:
    """A metric and a sink are known by their short names."""
    return {"name": name.rsplit("/", 1)[-1].replace("%2F", "/")}


def complete_metric(service: Service, metric: Json) -> Json:
    kind = f"logging.googleapis.com/user/{metric['name']}"
    name = f"projects/{service.state.project}/metricDescriptors/{kind}"
    descriptor = {"metricKind": "DELTA", "valueType": "INT64"} | metric.get("metricDescriptor", {})
    return metric | {"metricDescriptor": descriptor | {"name": name, "type": kind}}


def check_metric(service: Service, metric: Json) -> None:
    if not metric.get("filter"):
        raise InvalidArgument("A metric needs a filter.")
    descriptor = metric.get("metricDescriptor", {})
    if descriptor.get("metricKind", "DELTA") != "DELTA":
        raise InvalidArgument("metricDescriptor.metricKind of a log-based metric must be DELTA.")
    distribution = descriptor.get("valueType", "INT64") == "DISTRIBUTION"
    if distribution is not bool(metric.get("valueExtractor")):
        raise InvalidArgument("A DISTRIBUTION needs a valueExtractor, and nothing else has one.")
    labels = {label.get("key") for label in descriptor.get("labels", [])}
    extractors = metric.get("labelExtractors", {})
    if labels != extractors.keys():
        raise InvalidArgument(
            f"labelExtractors must be those of metricDescriptor.labels: {sorted(labels, key=str)}."
        )
    for expression in [*extractors.values(), metric.get("valueExtractor") or "EXTRACT(x)"]:
        if not EXTRACTOR.fullmatch(expression):
            raise InvalidArgument(
                f"Invalid extractor {expression!r}: EXTRACT(field) or REGEXP_EXTRACT(field, …)."
            )


def check_sink(service: Service, sink: Json) -> None:
    if not sink.get("destination", "").startswith(DESTINATIONS):
        raise InvalidArgument(f"Invalid sink destination {sink.get('destination')!r}.")


METRICS = Kind(
    "projects/{project}/metrics",
    Schema(message="google.cloud.logging_v2.types:LogMetric", output="createTime updateTime"),
    By("short name"),
    id_pattern="(?!/)[a-zA-Z0-9_.,+!*',()/-]{1,100}",
    slashes=True,
    created="createTime",
    updated="updateTime",
    made=made,
    complete=complete_metric,
    check=check_metric,
    verbs="create get list replace delete",
)

SINKS = Kind(
    "projects/{project}/sinks",
    Schema(
        message="google.cloud.logging_v2.types:LogSink",
        output="createTime updateTime writerIdentity outputVersionFormat",
    ),
    By("short name"),
    id_pattern="[a-zA-Z0-9_.-]{1,100}",
    created="createTime",
    updated="updateTime",
    made=lambda service, name: made(service, name) | {"writerIdentity": WRITER},
    check=check_sink,
    query={"create": "uniqueWriterIdentity", "patch": "uniqueWriterIdentity"},
)


def routes(service: Service) -> list[BaseRoute]:
    return [*collection.routes(service, METRICS), *collection.routes(service, SINKS)]
