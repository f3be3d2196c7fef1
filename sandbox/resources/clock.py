"""The time as Google's APIs spell it."""

from datetime import UTC, datetime


def now() -> str:
    return spelled(datetime.now(UTC))


def spelled(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read(text: str) -> datetime:
    """Raises ValueError for what is no time with a zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
