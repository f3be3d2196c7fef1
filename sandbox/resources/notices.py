"""Event notifications of Secret Manager: messages to a secret's topics, about changes and due rotations.

https://cloud.google.com/secret-manager/docs/event-notifications
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.resources.clock import format_time, now, parse_time
from sandbox.resources.errors import FailedPrecondition, GoogleError, InvalidArgument
from sandbox.resources.messages import publish_message
from sandbox.resources.service import Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

AGENT = f"service-{PROJECT_NUMBER}@gcp-sa-secretmanager.iam.gserviceaccount.com"
MAX_TOPICS = 10
MIN_PERIOD, MAX_PERIOD = timedelta(hours=1), timedelta(seconds=3_153_600_000)
MIN_DELAY = timedelta(minutes=5)


def notify(service: Service, event: str, secret: Json, changed: Json, **more: str) -> None:
    """One message to each topic of the secret, with the changed resource as its data."""
    attributes = {
        "eventType": event,
        "dataFormat": "JSON_API_V1",
        "secretId": service.numbered(secret["name"]),
        "timestamp": now(),
        **more,
    }
    content = json.dumps(changed | {"name": service.numbered(changed["name"])}).encode()
    message = {"data": base64.b64encode(content).decode(), "attributes": attributes}
    for topic in topics(service, secret):
        # A topic may have been deleted since: the secret changes all the same, without a message.
        if service.store.get(pubsub(service).key(topic)):
            publish_message(pubsub(service), topic, message)


def pubsub(service: Service) -> Service:
    return replace(service, prefix="/pubsub/v1")


def topics(service: Service, secret: Json) -> list[str]:
    """Their names with the project's id, whichever form the secret has."""
    by_id = f"projects/{service.state.project}/"
    names = [topic.get("name", "") for topic in secret.get("topics", [])]
    return [name.replace(f"projects/{PROJECT_NUMBER}/", by_id, 1) for name in names]


def check(service: Service, before: Json, secret: Json) -> None:
    """A rotation needs a topic, on which the service must have the permission to publish."""
    names, rotation = topics(service, secret), secret.get("rotation", {})
    if len(names) > MAX_TOPICS:
        raise InvalidArgument(f"A secret has at most {MAX_TOPICS} topics, not {len(names)}.")
    # Only new ones: an unrelated update must not fail because a topic was deleted since.
    for name in set(names) - set(topics(service, before)):
        check_topic(service, name)
    if rotation and not names:
        raise InvalidArgument("A secret with a rotation needs at least one topic.")
    if "rotationPeriod" in rotation:
        check_period(rotation)
    # Only a changed time: the stored one is in the past as soon as a rotation is due.
    if rotation.get("nextRotationTime") != before.get("rotation", {}).get("nextRotationTime"):
        check_next_time(rotation.get("nextRotationTime"))


def check_topic(service: Service, name: str) -> None:
    exists = service.store.get(pubsub(service).key(name))
    if not exists or not pubsub(service).allows(AGENT, "pubsub.topics.publish", name):
        raise FailedPrecondition(
            f"Secret Manager cannot publish to {name!r}: it must exist, and {AGENT} "
            "needs pubsub.topics.publish on it (roles/pubsub.publisher)."
        )


def check_period(rotation: Json) -> None:
    if "nextRotationTime" not in rotation:
        raise InvalidArgument("rotation.nextRotationTime must be set if rotation.rotationPeriod is set.")
    if not MIN_PERIOD <= period(rotation) <= MAX_PERIOD:
        raise InvalidArgument(f"rotation.rotationPeriod must be 3600s to 3153600000s: {rotation}.")


def check_next_time(time: str | None) -> None:
    earliest = datetime.now(UTC) + MIN_DELAY
    if time and parse_time(time) < earliest:
        raise InvalidArgument(f"rotation.nextRotationTime must be after {format_time(earliest)}: {time}.")


def period(rotation: Json) -> timedelta:
    return timedelta(seconds=float(rotation["rotationPeriod"].removesuffix("s")))


def rotation_control(service: Service) -> Route:
    """POST /sandbox/secretmanager/rotate/<secret> makes a rotation due: the sandbox has no schedule."""

    async def endpoint(request: Request) -> Response:
        name = f"projects/{service.state.project}/secrets/{request.path_params['secret']}"
        try:
            return JSONResponse(await run_in_threadpool(rotate, service, name))
        except GoogleError as error:
            return JSONResponse(error.body(), error.code)

    return Route("/sandbox/secretmanager/rotate/{secret}", endpoint, methods=["POST"])


def rotate(service: Service, name: str) -> Json:
    """Advances the next rotation by the period, if it has one, and notifies the secret's topics."""
    with service.store.change():
        secret = service.find(name)
        rotation = secret.get("rotation")
        if not rotation:
            raise FailedPrecondition(f"Secret {name!r} has no rotation.")
        if "rotationPeriod" in rotation:
            following = parse_time(rotation["nextRotationTime"]) + period(rotation)
            secret |= {"rotation": rotation | {"nextRotationTime": format_time(following)}}
            service.store.put(service.key(name), secret)
        notify(service, "SECRET_ROTATE", secret, secret)
    return secret
