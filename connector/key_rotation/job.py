"""One run of the job: rotate the secrets that are due, then retire old versions whose grace period is over."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from google.pubsub_v1 import ReceivedMessage

from connector.errors import ConnectorError, IncompleteRun
from connector.key_rotation.events import RotationEvent, parse_event
from connector.key_rotation.keys import SourceKeys
from connector.key_rotation.pubsub import Subscription
from connector.key_rotation.revoke import retire_old_versions
from connector.key_rotation.rotate import rotate
from connector.key_rotation.secret_manager import Secret
from runtime.structured_log import StructuredLog

DAY = timedelta(days=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class RotationTarget:
    """A secret, and the API of the source that issues its keys."""

    secret: Secret
    keys: SourceKeys


@dataclass(frozen=True)
class RotationContext:
    """`targets` by the id of the secret. `grace`: how long an old key stays valid beside the new one."""

    subscription: Subscription
    targets: Mapping[str, RotationTarget]
    log: StructuredLog
    grace: timedelta
    now: Callable[[], datetime] = utc_now


def rotate_due(context: RotationContext) -> None:
    """Rotate every due secret; IncompleteRun if a step failed, after all other steps were done."""
    events = group_by_secret(context, context.subscription.pull_all())
    # Messages first: rotations are due, retirement can wait for the next run.
    failures = [rotate_for_events(context, secret, group) for secret, group in events.items()]
    # Every secret, due or not: grace periods end without a message.
    for name, target in context.targets.items():
        failures.append(run_step(context, name, partial(report_and_retire, context, target)))
    if errors := [failure for failure in failures if failure]:
        raise IncompleteRun(f"{len(errors)} of the steps above failed; the first: {errors[0]}")


def rotate_now(context: RotationContext, target: RotationTarget) -> None:
    """Manual rotation, for example after a leak."""
    log = context.log.bind(secret=target.secret.id)
    rotate(target.secret, target.keys, None, log)
    report_and_retire(context, target)


def group_by_secret(
    context: RotationContext, messages: Iterable[ReceivedMessage]
) -> dict[str, list[RotationEvent]]:
    """Pub/Sub delivers a message at least once: all events of a secret lead to one rotation."""
    events: dict[str, list[RotationEvent]] = defaultdict(list)
    others = []
    for received in messages:
        message = received.message
        event = parse_event(message.attributes, message.publish_time, received.ack_id)
        if event:
            events[event.secret].append(event)
        else:
            others.append(received.ack_id)
    if others:
        context.log(f"acknowledged {len(others)} messages that are not rotations", "WARNING")
    # Otherwise they are delivered to every run until they expire.
    context.subscription.acknowledge(others)
    context.log(f"due secrets: {', '.join(events)}" if events else "no secret is due")
    return events


def rotate_for_events(context: RotationContext, secret: str, events: list[RotationEvent]) -> str | None:
    """The error, or None. Messages are acknowledged after success; after a failure they are delivered again.

    An undeclared secret would be delivered for ever, so its messages are acknowledged and the run fails once.
    """
    ack_ids = [event.ack_id for event in events]
    target = context.targets.get(secret)
    if target is None:
        declared = ", ".join(context.targets) or "none"
        error = f"'{secret}' is due, but no source declares its rotation (declared: {declared}): rotate it by hand"
        context.log(error, "ERROR", secret=secret)
        context.subscription.acknowledge(ack_ids)
        return error
    # The newest event: a rotation after it has served the older ones as well.
    log, latest = context.log.bind(secret=secret), max(events, key=lambda event: event.at)
    failure = run_step(context, secret, partial(rotate, target.secret, target.keys, latest, log))
    if failure:
        context.subscription.release(ack_ids)
    else:
        context.subscription.acknowledge(ack_ids)
    return failure


def report_and_retire(context: RotationContext, target: RotationTarget) -> None:
    """Log the age of the newest version, which an alert reads, and retire older versions."""
    log = context.log.bind(secret=target.secret.id)
    # A slice, because a secret may have no version yet.
    for newest in target.secret.enabled_versions()[:1]:
        age = (context.now() - newest.created) / DAY
        log(f"{target.secret.id} is {age:.1f} days old", version=newest.number, age_days=round(age, 3))
    retire_old_versions(target.secret, target.keys, context.now(), context.grace, log)


def run_step(context: RotationContext, secret: str, step: Callable[[], None]) -> str | None:
    """The message of its error, which is logged, or None: the steps of other secrets continue."""
    try:
        step()
    # Only expected errors: a defect must end the run with its stack trace.
    except ConnectorError as error:
        context.log(str(error), "ERROR", secret=secret)
        return str(error)
    return None
