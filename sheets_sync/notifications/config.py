"""Part `notify` of an export: recipients and events."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from runtime.mail_settings import is_address
from sheets_sync.declaration import Part, convert_part
from sheets_sync.errors import ExportError

type Event = Literal["change", "failure", "recovery", "rejection"]
type Digest = Literal["daily", "none"]
type BodyFormat = Literal["json", "slack", "chat", "teams"]
EVENTS: tuple[Event, ...] = get_args(Event.__value__)
PAGE = re.compile(r"[A-Za-z0-9_./-]+\.md")
RUNBOOK = "docs/runbooks/export-failed.md"
RowCount = Annotated[int, Meta(ge=0, description="a number of rows, 0 or more")]
EventList = Annotated[list[Event], Meta(min_length=1, description=f"a list of {', '.join(EVENTS)}")]


class NotifyPart(Part, frozen=True, kw_only=True):
    """`mail` and `webhook` are one item or a list of items."""

    mail: Any = []
    webhook: Any = []
    on: EventList | None = None
    max_rejected: RowCount = 0
    digest: Digest = "none"
    runbook: Any = RUNBOOK


class WebhookPart(Part, frozen=True, kw_only=True):
    url: Any
    format: BodyFormat = msgspec.field(default="json", name="as")


@dataclass(frozen=True)
class WebhookTarget:
    """`format`: the body that the receiver accepts; `json` is this project's own, signed format."""

    url: str
    format: BodyFormat = "json"


@dataclass(frozen=True)
class Notify:
    """Recipients of the events in `on`.

    max_rejected: more rejected rows are reported, once. digest: changes are collected and sent once a day.
    runbook: what to do after a failure, a page of the repository or a URL.
    """

    mail: tuple[str, ...] = ()
    webhook: tuple[WebhookTarget, ...] = ()
    on: tuple[Event, ...] = EVENTS
    max_rejected: int = 0
    digest: Digest = "none"
    runbook: str = RUNBOOK


def parse_notify(file: str, value: Any) -> Notify:
    """`{mail: [a@example.com], webhook: https://…, on: [change, failure, recovery]}`.

    A webhook is a URL or `{url: https://…, as: slack|chat|teams|json}`. Raises ExportError.
    """
    if value is None:
        return Notify()
    if isinstance(value, dict):
        # YAML 1.1, which PyYAML parses, reads a bare `on` as the value true.
        value = {"on" if key is True else key: item for key, item in value.items()}
    part = convert_part(value, NotifyPart, file, "notify")
    if not {"mail", "webhook"} & set(value):
        raise ExportError(f"{file}: notify is {value!r}, expected mail, webhook, or both.")
    hint = "a mail address such as team@example.com"
    addresses = [check_text(file, "mail", item, is_address, hint) for item in as_list(part.mail)]
    hooks = [parse_webhook(file, item) for item in as_list(part.webhook)]
    events = tuple(event for event in EVENTS if event in (part.on or EVENTS))
    hint = f"a URL that begins with https://, or a page such as {RUNBOOK}"
    runbook = check_text(file, "runbook", part.runbook, is_page, hint)
    return Notify(
        # Without repetitions, which would have the same delivery id and be sent twice.
        tuple(dict.fromkeys(addresses)),
        tuple(dict.fromkeys(hooks)),
        events,
        part.max_rejected,
        part.digest,
        runbook,
    )


def parse_webhook(file: str, value: Any) -> WebhookTarget:
    if isinstance(value, dict):
        part = convert_part(value, WebhookPart, file, "notify.webhook")
    else:
        part = WebhookPart(url=value)
    url = check_text(file, "webhook", part.url, is_url, "a URL that begins with https://")
    return WebhookTarget(url, part.format)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def check_text(file: str, key: str, value: Any, is_valid: Callable[[str], bool], hint: str) -> str:
    if not isinstance(value, str) or not is_valid(value):
        raise ExportError(f"{file}: notify.{key} is {value!r}, expected {hint}.")
    return value


def is_page(text: str) -> bool:
    return is_url(text) or PAGE.fullmatch(text) is not None


def is_url(text: str) -> bool:
    try:
        # urlsplit removes line breaks and tabs silently, so they are searched for in the text.
        parts = urlsplit(text)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and text.isprintable()
    except ValueError:
        return False
