"""The message that Secret Manager publishes when a secret is due for rotation.

https://cloud.google.com/secret-manager/docs/event-notifications
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

ROTATE = "SECRET_ROTATE"


@dataclass(frozen=True)
class RotationEvent:
    """`secret`: id of the secret that is due since `at`. `ack_id` acknowledges the message."""

    secret: str
    at: datetime
    ack_id: str


def parse_event(attributes: Mapping[str, str], published: datetime, ack_id: str) -> RotationEvent | None:
    """None for any other message: the topic receives every change of a secret, and messages of any publisher."""
    # Only the id: declarations do not contain the project.
    secret = attributes.get("secretId", "").rpartition("/secrets/")[2]
    if attributes.get("eventType") != ROTATE or not secret:
        return None
    return RotationEvent(secret, parse_time(attributes.get("timestamp", ""), published), ack_id)


def parse_time(timestamp: str, published: datetime) -> datetime:
    """The time of the event, which is the same in a repeated publication; never later than `published`."""
    try:
        # A time in the future would make every later version look older than the event.
        return min(datetime.fromisoformat(timestamp), published)
    except (ValueError, TypeError):
        return published
