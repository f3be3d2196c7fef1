"""What Secret Manager publishes when a secret is due.

https://cloud.google.com/secret-manager/docs/event-notifications"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

ROTATE = "SECRET_ROTATE"


@dataclass(frozen=True)
class Event:
    """The secret that is due, by its id, and since when. `receipt` is how its message is acknowledged."""

    secret: str
    at: datetime
    receipt: str


def read(attributes: Mapping[str, str], published: datetime, receipt: str) -> Event | None:
    """None for a message that is no rotation: the topic hears of every change of a secret, and of anybody
    who may publish."""
    secret = attributes.get("secretId", "").rpartition("/secrets/")[2]
    if attributes.get("eventType") != ROTATE or not secret:
        return None
    return Event(secret, moment(attributes.get("timestamp", ""), published), receipt)


def moment(timestamp: str, published: datetime) -> datetime:
    """The event's own time, which a second publication of it repeats; never later than its publication."""
    try:
        told = datetime.fromisoformat(timestamp)
        return min(told, published)
    except (ValueError, TypeError):
        return published
