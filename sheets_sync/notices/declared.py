"""The part `notify` of an export: who is told of what."""

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from sheets_sync.errors import ExportError

type Event = Literal["change", "failure", "recovery"]
EVENTS: tuple[Event, ...] = get_args(Event.__value__)
FIELDS = {"mail", "webhook", "on"}
# RFC 5321, without quoted local parts; ASCII, so that every server takes it, and nothing that ends a header.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class Notify:
    """Addresses, URLs, and the events they hear of."""

    mail: tuple[str, ...] = ()
    webhook: tuple[str, ...] = ()
    on: tuple[Event, ...] = EVENTS


def read(file: str, value: Any) -> Notify:
    """`{mail: [a@example.com], webhook: https://…, on: [change, failure, recovery]}`; ExportError if it is
    not."""
    if value is None:
        return Notify()
    # YAML 1.1, which PyYAML reads, takes a bare `on` for the word true.
    fields = (
        {"on" if key is True else key: item for key, item in value.items()} if type(value) is dict else {}
    )
    if set(fields) - FIELDS or not {"mail", "webhook"} & set(fields):
        raise ExportError(
            f"{file}: notify is {value!r}, it must be {{mail: [address, …], webhook: URL, on: [event, …]}}, "
            "with mail, webhook, or both."
        )
    return Notify(
        unique(file, "mail", fields.get("mail", []), is_address, "a mail address such as team@example.com"),
        unique(file, "webhook", fields.get("webhook", []), is_url, "an address that begins with https://"),
        events(file, fields.get("on", list(EVENTS))),
    )


def unique(file: str, part: str, value: Any, good: Any, wanted: str) -> tuple[str, ...]:
    """One text or a list of them, each once."""
    found = value if isinstance(value, list) else [value]
    wrong = [item for item in found if not isinstance(item, str) or not good(item)]
    if wrong:
        raise ExportError(f"{file}: notify.{part} has {wrong[0]!r}, it must be {wanted}.")
    return tuple(dict.fromkeys(found))


def is_address(text: str) -> bool:
    return len(text) <= 254 and ADDRESS.fullmatch(text) is not None


def is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and text.isprintable()
    except ValueError:
        return False


def events(file: str, value: Any) -> tuple[Event, ...]:
    if not isinstance(value, list) or not value or any(item not in EVENTS for item in value):
        raise ExportError(f"{file}: notify.on is {value!r}, it must be a list of {', '.join(EVENTS)}.")
    return tuple(event for event in EVENTS if event in value)
