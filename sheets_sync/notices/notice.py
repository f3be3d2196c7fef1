"""A piece of news about one export, as it is kept in ops.notice_log and sent by webhook."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from sheets_sync.notices.declared import Event
from sheets_sync.outcome import EXAMPLES, Outcome

LONGEST = 120  # characters of an example: what else is in the cell, the sheet shows
NUMBERED = ("inserted", "updated", "deleted", "rejected", "drift")


@dataclass(frozen=True)
class Target:
    """`address` is a mail address or a URL."""

    channel: str
    address: str

    @property
    def shown(self) -> str:
        """Without what may be a secret in a URL: its path and its query."""
        scheme, slashes, rest = self.address.partition("://")
        return f"{scheme}{slashes}{rest.partition('/')[0].rpartition('@')[2]}" if slashes else self.address


@dataclass(frozen=True)
class Notice:
    """`at` is when the sync ended (ISO, UTC), `place` what people call what changed, such as a tab's title.
    `examples` are sentences, at most five."""

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

    @property
    def changed(self) -> bool:
        """Whether readers see something new: a row that is rejected every hour is no news."""
        return any(self.counts.get(name) for name in NUMBERED[:3])

    def text(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what another release wrote and this one cannot tell."""
        try:
            fields: dict[str, Any] = json.loads(text)
            return cls(**fields | {"examples": tuple(fields["examples"])})
        except (ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Delivery:
    """A notice on its way to one target."""

    notice: Notice
    target: Target

    @property
    def id(self) -> str:
        """The same at every try, so that who gets it twice can tell."""
        told, target = self.notice, self.target
        what = [told.project, told.export, told.run_id, told.event, target.channel, target.address]
        return f"msg_{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]}"


def of(outcome: Outcome, project: str) -> Notice:
    """What a sync did, as news; whether it is any, and of which event, the log says."""
    tallies = {name: getattr(outcome.counts, name) for name in NUMBERED}
    examples = [
        cut(f"{name} {example.key}{f': {example.detail}' if example.detail else ''}")
        for name, tally in tallies.items()
        for example in tally.examples
    ]
    return Notice(
        event="failure" if outcome.error else "change",
        project=project,
        export=outcome.export,
        run_id=outcome.run_id,
        at=outcome.finished_at.isoformat(),
        place=cut(outcome.title),
        link=outcome.link,
        rows=outcome.rows,
        counts={name: tally.count for name, tally in tallies.items()},
        examples=tuple(examples[:EXAMPLES]),
        error=outcome.error,
    )


def cut(text: str) -> str:
    """On one line, and no longer than LONGEST characters."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
