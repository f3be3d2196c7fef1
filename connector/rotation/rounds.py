"""What one run of the job does: the secrets that are due, then those whose old keys have had their time."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from google.pubsub_v1 import ReceivedMessage

from connector.errors import ConnectorError, Unfinished
from connector.report import Report
from connector.rotation import events, turn
from connector.rotation.events import Event
from connector.rotation.keys import Keys
from connector.rotation.retirement import retire
from connector.rotation.secret import Secret
from connector.rotation.subscription import Subscription

DAY = timedelta(days=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Rotating:
    """A secret, and the API that gives it new keys."""

    secret: Secret
    keys: Keys


@dataclass(frozen=True)
class Kit:
    subscription: Subscription
    rotating: Mapping[str, Rotating]
    report: Report
    grace: timedelta
    now: Callable[[], datetime] = utc_now


def due(kit: Kit) -> None:
    """Unfinished when a secret could not be rotated; all others are."""
    waiting = by_secret(kit, kit.subscription.every())
    said = [rotated(kit, secret, found) for secret, found in waiting.items()]
    said += [attempt(kit, name, partial(tend, kit, one)) for name, one in kit.rotating.items()]
    if failed := [sentence for sentence in said if sentence]:
        raise Unfinished(f"{len(failed)} of the steps above failed; the first: {failed[0]}")


def at_once(kit: Kit, one: Rotating) -> None:
    """Nobody asked but a person: a key that has leaked, or an API that tells of its own."""
    report = kit.report.about(secret=one.secret.id)
    turn.rotate(one.secret, one.keys, None, report)
    tend(kit, one)


def by_secret(kit: Kit, messages: Iterable[ReceivedMessage]) -> dict[str, list[Event]]:
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
        kit.report(f"{len(others)} messages are no rotation: acknowledged", "WARNING")
    kit.subscription.acknowledge(others)
    kit.report(f"due are: {', '.join(found)}" if found else "no secret is due")
    return found


def rotated(kit: Kit, secret: str, found: list[Event]) -> str | None:
    """None when it went well, and its messages are acknowledged; else the sentence, and they come again.

    A secret that no source declares would come again for ever, so it is acknowledged, and fails once."""
    receipts = [event.receipt for event in found]
    one = kit.rotating.get(secret)
    if one is None:
        known = ", ".join(kit.rotating) or "none"
        sentence = f"'{secret}' is due, and no source says how to rotate it (known: {known}): do it by hand"
        kit.report(sentence, "ERROR", secret=secret)
        kit.subscription.acknowledge(receipts)
        return sentence
    report, latest = kit.report.about(secret=secret), max(found, key=lambda event: event.at)
    failed = attempt(kit, secret, partial(turn.rotate, one.secret, one.keys, latest, report))
    (kit.subscription.put_back if failed else kit.subscription.acknowledge)(receipts)
    return failed


def tend(kit: Kit, one: Rotating) -> None:
    report = kit.report.about(secret=one.secret.id)
    for newest in one.secret.enabled()[:1]:
        age = (kit.now() - newest.created) / DAY
        report(f"{one.secret.id} is {age:.1f} days old", version=newest.number, age_days=round(age, 3))
    retire(one.secret, one.keys, kit.now(), kit.grace, report)


def attempt(kit: Kit, secret: str, act: Callable[[], None]) -> str | None:
    try:
        act()
    except ConnectorError as error:
        kit.report(str(error), "ERROR", secret=secret)
        return str(error)
    return None
