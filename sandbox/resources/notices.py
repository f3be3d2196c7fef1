"""What Secret Manager tells a secret's topics: each change of it and its versions, and when to rotate.

https://cloud.google.com/secret-manager/docs/event-notifications
"""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starlette.routing import BaseRoute

from sandbox.resources import messages, policies
from sandbox.resources.clock import now, read, spelled
from sandbox.resources.errors import FailedPrecondition, InvalidArgument
from sandbox.resources.policies import granted
from sandbox.resources.service import Call, Service
from sandbox.resources.store import Json
from sandbox.state import PROJECT_NUMBER

AGENT = f"service-{PROJECT_NUMBER}@gcp-sa-secretmanager.iam.gserviceaccount.com"
PUBLISHERS = {"roles/pubsub.publisher", "roles/pubsub.editor", "roles/pubsub.admin", "roles/owner"}
SHORTEST, LONGEST = timedelta(hours=1), timedelta(seconds=3_153_600_000)
SOONEST = timedelta(minutes=5)


def publish(service: Service, event: str, secret: Json, changed: Json, **more: str) -> None:
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
        if service.store.get(pubsub(service).key(topic)):
            messages.publish(pubsub(service), topic, message)


def pubsub(service: Service) -> Service:
    return Service(service.state, service.store, "/pubsub/v1")


def topics(service: Service, secret: Json) -> list[str]:
    own = f"projects/{service.state.project}/"
    names = [topic.get("name", "") for topic in secret.get("topics", [])]
    return [name.replace(f"projects/{PROJECT_NUMBER}/", own, 1) for name in names]


def check(service: Service, before: Json, secret: Json) -> None:
    """A rotation needs somebody to tell, and the service must be allowed to tell them."""
    names, rotation = topics(service, secret), secret.get("rotation", {})
    if len(names) > 10:
        raise InvalidArgument(f"A secret has at most 10 topics, not {len(names)}.")
    for name in set(names) - set(topics(service, before)):
        check_topic(service, name)
    if rotation and not names:
        raise InvalidArgument("A secret with a rotation needs at least one topic.")
    if "rotationPeriod" in rotation:
        check_period(rotation)
    if rotation.get("nextRotationTime") != before.get("rotation", {}).get("nextRotationTime"):
        check_time(rotation.get("nextRotationTime"))


def check_topic(service: Service, name: str) -> None:
    there = service.store.get(pubsub(service).key(name))
    if not there or not granted(pubsub(service), name, AGENT, PUBLISHERS):
        raise FailedPrecondition(
            f"Secret Manager cannot publish to {name!r}: it must exist, and {AGENT} "
            "needs pubsub.topics.publish on it (roles/pubsub.publisher)."
        )


def check_period(rotation: Json) -> None:
    if "nextRotationTime" not in rotation:
        raise InvalidArgument("rotation.nextRotationTime must be set if rotation.rotationPeriod is set.")
    if not SHORTEST <= period(rotation) <= LONGEST:
        raise InvalidArgument(f"rotation.rotationPeriod must be 3600s to 3153600000s: {rotation}.")


def check_time(asked: str | None) -> None:
    earliest = datetime.now(UTC) + SOONEST
    if asked and read(asked) < earliest:
        raise InvalidArgument(f"rotation.nextRotationTime must be after {spelled(earliest)}: {asked}.")


def period(rotation: Json) -> timedelta:
    return timedelta(seconds=float(rotation["rotationPeriod"].removesuffix("s")))


def controls(service: Service) -> list[BaseRoute]:
    """/sandbox/secretmanager/rotate/<secret>: the time to rotate has come. Nothing comes on its own here."""
    manager = replace(service, prefix="/secretmanager/v1")

    def control(call: Call) -> Json:
        policies.only(call.body, set())
        return rotate(manager, f"projects/{service.state.project}/secrets/{call.path['secret']}")

    return [service.route("POST", "rotate/{secret}", control)]


def rotate(service: Service, name: str) -> Json:
    """Advances the next rotation by the period, if there is one, and tells the secret's topics."""
    with service.store.change():
        secret = service.find(name)
        rotation = secret.get("rotation")
        if not rotation:
            raise FailedPrecondition(f"Secret {name!r} has no rotation.")
        if "rotationPeriod" in rotation:
            following = read(rotation["nextRotationTime"]) + period(rotation)
            secret |= {"rotation": rotation | {"nextRotationTime": spelled(following)}}
            service.store.put(service.key(name), secret)
        publish(service, "SECRET_ROTATE", secret, secret)
    return secret
