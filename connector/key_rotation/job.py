"""What one run of the job does: the secrets that are due, then those whose old keys have had their time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from google.pubsub_v1 import ReceivedMessage

from connector.errors import ConnectorError, IncompleteRun
from connector.key_rotation import events
from connector.key_rotation import rotate as turn
from connector.key_rotation.events import Event
from connector.key_rotation.keys import Keys
from connector.key_rotation.pubsub import Subscription
from connector.key_rotation.revoke import retire
from connector.key_rotation.secret_manager import Secret
from runtime.structured_log import StructuredLog

DAY = timedelta(days=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Rotating:
    """A secret, and the API that gives it new keys."""

    secret: Secret
    keys: Keys


@dataclass(frozen=True)
class RotationContext:
    subscription: Subscription
    rotating: Mapping[str, Rotating]
    log: StructuredLog
    grace: timedelta
    now: Callable[[], datetime] = utc_now


def due(context: RotationContext) -> None:
    """IncompleteRun when a secret could not be rotated; all others are."""
    waiting = by_secret(context, context.subscription.every())
    said = [rotated(context, secret, found) for secret, found in waiting.items()]
    said += [attempt(context, name, partial(tend, context, one)) for name, one in context.rotating.items()]
    if failed := [sentence for sentence in said if sentence]:
        raise IncompleteRun(f"{len(failed)} of the steps above failed; the first: {failed[0]}")


def at_once(context: RotationContext, one: Rotating) -> None:
    """Nobody asked but a person: a key that has leaked, or an API that tells of its own."""
    log = context.log.bind(secret=one.secret.id)
    turn.rotate(one.secret, one.keys, None, log)
    tend(context, one)


def by_secret(context: RotationContext, messages: Iterable[ReceivedMessage]) -> dict[str, list[Event]]:
    """All events of a secret are one: a message that comes twice is one rotation."""
    found: dict[str, list[Event]] = defaultdict(list)
    others = []
    for one in messages:
        event = events.read(one.message.attributes, one.message.publish_time, one.ack_id)
        if event:
            found[event.secret].append(event)
        else:
            others.append(one.ack_id)
    if others:
        context.log(f"{len(others)} messages are no rotation: acknowledged", "WARNING")
    context.subscription.acknowledge(others)
    context.log(f"due are: {', '.join(found)}" if found else "no secret is due")
    return found


def rotated(context: RotationContext, secret: str, found: list[Event]) -> str | None:
    """None when it went well, and its messages are acknowledged; else the sentence, and they come again.

    A secret that no source declares would come again for ever, so it is acknowledged, and fails once."""
    receipts = [event.receipt for event in found]
    one = context.rotating.get(secret)
    if one is None:
        known = ", ".join(context.rotating) or "none"
        sentence = f"'{secret}' is due, and no source says how to rotate it (known: {known}): do it by hand"
        context.log(sentence, "ERROR", secret=secret)
        context.subscription.acknowledge(receipts)
        return sentence
    log, latest = context.log.bind(secret=secret), max(found, key=lambda event: event.at)
    failed = attempt(context, secret, partial(turn.rotate, one.secret, one.keys, latest, log))
    (context.subscription.put_back if failed else context.subscription.acknowledge)(receipts)
    return failed


def tend(context: RotationContext, one: Rotating) -> None:
    log = context.log.bind(secret=one.secret.id)
    for newest in one.secret.enabled()[:1]:
        age = (context.now() - newest.created) / DAY
        log(f"{one.secret.id} is {age:.1f} days old", version=newest.number, age_days=round(age, 3))
    retire(one.secret, one.keys, context.now(), context.grace, log)


def attempt(context: RotationContext, secret: str, act: Callable[[], None]) -> str | None:
    try:
        act()
    except ConnectorError as error:
        context.log(str(error), "ERROR", secret=secret)
        return str(error)
    return None
