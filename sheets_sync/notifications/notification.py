"""A notification about one export, as stored in ops.notice_log and sent by webhook."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from runtime.mail import one_line
from sheets_sync.notifications.config import BodyFormat, Event
from sheets_sync.outcome import EXAMPLES, Outcome

# The path of a chat webhook contains its secret, which must not appear in a log.
VISIBLE_SEGMENT = 4  # characters of a part of a URL's path in a message
COUNT_NAMES = ("inserted", "updated", "deleted", "rejected", "drift")


@dataclass(frozen=True)
class Target:
    """`address` is a mail address or a URL; `format` is the body that a webhook accepts."""

    channel: str
    address: str
    format: BodyFormat = "json"

    @property
    def host(self) -> str:
        """For ops.notice_log: a URL without path and query, which may contain a secret."""
        scheme, slashes, rest = self.address.partition("://")
        return f"{scheme}{slashes}{rest.partition('/')[0].rpartition('@')[2]}" if slashes else self.address

    @property
    def short_url(self) -> str:
        """For messages: also the beginning of each part of the path, which distinguishes two hooks of one host."""
        path = self.address.partition("://")[2].partition("?")[0].partition("/")[2]
        segments = [
            part if len(part) <= VISIBLE_SEGMENT else f"{part[:VISIBLE_SEGMENT]}…" for part in path.split("/")
        ]
        return "/".join([self.host, *segments]) if path else self.host


@dataclass(frozen=True)
class Notification:
    """at: when the sync ended (ISO 8601, UTC). place: name of the target, such as a tab's title.
    examples: at most five sentences. runbook: page with the next steps, "" unless something failed. The field
    names are those of the stored JSON."""

    event: Event
    project: str
    export: str
    run_id: str
    at: str
    place: str
    link: str
    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    error: str | None = None
    runbook: str = ""

    @property
    def changed(self) -> bool:
        """Whether readers see a difference. Rows that are rejected in every run are not news."""
        return any(self.counts.get(name) for name in COUNT_NAMES[:3])

    @property
    def rejected(self) -> int:
        return self.counts.get("rejected", 0)

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """None if another release wrote it with other fields."""
        try:
            fields: dict[str, Any] = json.loads(text)
            return cls(**fields | {"examples": tuple(fields["examples"])})
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Delivery:
    """A notification for one target."""

    notification: Notification
    target: Target

    @property
    def id(self) -> str:
        """Constant over all attempts, so that a receiver can recognise a repetition."""
        source, target = self.notification, self.target
        parts = [source.project, source.export, source.run_id, source.event, target.channel, target.address]
        return f"msg_{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"


def build_notification(outcome: Outcome, project: str) -> Notification:
    """The dispatcher decides whether it is news, and of which event."""
    summaries = {name: getattr(outcome.counts, name) for name in COUNT_NAMES}
    examples = [
        one_line(f"{name} {example.key}{f': {example.detail}' if example.detail else ''}")
        for name, summary in summaries.items()
        for example in summary.examples
    ]
    return Notification(
        event="failure" if outcome.error else "change",
        project=project,
        export=outcome.export,
        run_id=outcome.run_id,
        at=outcome.finished_at.isoformat(),
        place=one_line(outcome.title or outcome.export),
        link=outcome.link,
        rows=outcome.rows,
        counts={name: summary.count for name, summary in summaries.items()},
        examples=tuple(examples[:EXAMPLES]),
        error=outcome.error,
    )
