"""The resource type of transfer configs: scheduled queries, the only data source that the sandbox has.

https://cloud.google.com/bigquery/docs/scheduling-queries
"""

import re

from sandbox.resources.errors import InvalidArgument, NotFound
from sandbox.resources.resource_type import IdLocation, ResourceType
from sandbox.resources.schema import Schema
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.transfers import template

PARAMETERS = {
    "query",
    "destination_table_name_template",
    "write_disposition",
    "partitioning_field",
    "partitioning_type",
}
DISPOSITIONS = {"WRITE_TRUNCATE", "WRITE_APPEND"}
CLOCK = r"([01]?\d|2[0-3]):[0-5]\d"
DAY = r"(day|(sun|mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?)(day)?)"
MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|month|quarter)[a-z]*"
NTH = r"(\d+|1st|2nd|3rd|\dth|first|second|third|fourth|fifth)"
# https://cloud.google.com/appengine/docs/flexible/scheduling-jobs-with-cron-yaml#formatting_the_schedule
SCHEDULE = re.compile(
    rf"every (?P<count>\d+) (?P<unit>hours?|mins|minutes)( (from {CLOCK} to {CLOCK}|synchronized))?"
    rf"|(every|{NTH}(,{NTH})*) {DAY}(,{DAY})*( of {MONTH}(,{MONTH})*)?( {CLOCK})?"
    rf"|{NTH}(,{NTH})* of {MONTH}(,{MONTH})*( {CLOCK})?"
)
MIN_INTERVAL = 15  # minutes between two runs


def check(service: Service, config: Json) -> None:
    """Raises the error that Google returns for an invalid config."""
    if config.get("dataSourceId") != "scheduled_query":
        raise NotFound(f"Data source {config.get('dataSourceId')!r} was not found.")
    if not config.get("displayName"):
        raise InvalidArgument("Field display_name is required.")
    check_parameters(config)
    check_schedule(config.get("schedule", ""))
    topic = config.get("notificationPubsubTopic")
    if topic and not service.store.get(f"/pubsub/v1/{topic}"):
        raise NotFound(f"Pub/Sub topic {topic!r} was not found.")


def check_parameters(config: Json) -> None:
    parameters = config.get("params", {})
    for unknown in sorted(parameters.keys() - PARAMETERS):
        raise InvalidArgument(f"Data source scheduled_query has no parameter {unknown!r}.")
    if not parameters.get("query"):
        raise InvalidArgument("Parameter 'query' is required.")
    table = parameters.get("destination_table_name_template", "")
    if bool(table) is not bool(config.get("destinationDatasetId")):
        raise InvalidArgument("destinationDatasetId and destination_table_name_template go together.")
    template.check_template(table)
    disposition = parameters.get("write_disposition") or ""
    if disposition not in DISPOSITIONS | {""}:
        raise InvalidArgument(f"write_disposition {disposition!r} is not one of {sorted(DISPOSITIONS)}.")


def check_schedule(schedule: str) -> None:
    match = SCHEDULE.fullmatch(schedule.lower())
    if schedule and not match:
        raise InvalidArgument(f"Invalid schedule {schedule!r}: expected for example 'every day 06:00'.")
    if match and match["count"]:
        minutes = int(match["count"]) * (60 if match["unit"].startswith("hour") else 1)
        if minutes < MIN_INTERVAL:
            raise InvalidArgument(f"Schedule {schedule!r} is too short: at least {MIN_INTERVAL} minutes.")


def initial_fields(service: Service, name: str) -> Json:
    return {"name": service.numbered(name), "datasetRegion": name.split("/")[3].lower()}


CONFIGS = ResourceType(
    "projects/{project}/locations/{location}/transferConfigs",
    Schema(
        "bigquerydatatransfer.v1",
        "TransferConfig",
        output="userId",
        immutable="dataSourceId",
    ),
    IdLocation("server", "uuid"),
    update_needs_mask=True,
    initial=initial_fields,
    updated="updateTime",
    check=check,
)
