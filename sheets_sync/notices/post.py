"""The story of a notice: is it news, to whom, did it arrive.

It is written down as due before it is sent, and as delivered afterwards. So the run after one that died in
between sends it again with the same id, and one that cannot write sends nothing: silence is better than a
mail every hour."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sheets_sync.errors import NoticeError, WarehouseError
from sheets_sync.notices import log
from sheets_sync.notices.declared import Event, Notify
from sheets_sync.notices.log import Row
from sheets_sync.notices.notice import Delivery, Notice, Target

SWITCHES = {"mail": "SMTP_HOST", "webhook": "WEBHOOK_SECRET"}

type Send = Callable[[Delivery], None]  # NoticeError where it was not taken


class Channel(Protocol):
    def open(self) -> AbstractContextManager[Send]:
        """For the deliveries of a run; NoticeError where none can be sent."""


class Log(Protocol):
    def read(self, export: str, now: datetime) -> list[Row]: ...
    def write(self, rows: Sequence[Row]) -> None: ...


@dataclass(frozen=True)
class Post:
    """`channels` are those that are switched on."""

    channels: Mapping[str, Channel]
    log: Log
    clock: Callable[[], datetime]

    def tell(self, notify: Notify, notice: Notice) -> list[str]:
        """Tell of a sync that has ended. Sentences about what could not be told; it never raises SyncError,
        because what was synced is synced."""
        try:
            return list(self.told(notify, notice))
        except WarehouseError as error:
            return [f"Nobody is told of {notice.export}: {error}"]

    def told(self, notify: Notify, notice: Notice) -> Iterator[str]:
        asked = wanted(notify)
        for channel in dict.fromkeys(
            target.channel for target in asked if target.channel not in self.channels
        ):
            yield f"Notices by {channel} are off: {SWITCHES[channel]} is not set."
        targets = [target for target in asked if target.channel in self.channels]
        if not targets:
            return
        rows = self.log.read(notice.export, self.clock())
        news = events(notice, log.incident(rows))
        chosen = next((event for event in news if event in notify.on), None)
        new = [Delivery(replace(notice, event=chosen), target) for target in targets] if chosen else []
        entries = [log.row(delivery, "due", self.clock()) for delivery in new]
        silent = [event for event in news if event not in ("change", chosen)]
        entries += [log.untold(replace(notice, event=event), self.clock()) for event in silent]
        if entries:
            self.log.write(entries)
        yield from self.sent([*log.pending(rows, targets, self.clock()), *new])

    def sent(self, deliveries: Sequence[Delivery]) -> Iterator[str]:
        rows: list[Row] = []
        for name, channel in self.channels.items():
            waiting = [delivery for delivery in deliveries if delivery.target.channel == name]
            for delivery, error in carried(channel, waiting) if waiting else ():
                rows.append(log.row(delivery, "failed" if error else "delivered", self.clock(), error))
                if error:
                    yield f"{error} The next run tries again."
        try:
            if rows:
                self.log.write(rows)
        except WarehouseError as error:
            yield f"What was sent is not written down, so the next run sends it again: {error}"


def carried(channel: Channel, deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, str | None]]:
    """What was tried, and why it failed. Behind a notice that its target could not take just now the later
    ones wait; one that it will never take keeps nobody waiting."""
    stuck: set[Target] = set()
    try:
        with channel.open() as send:
            for delivery in deliveries:
                if delivery.target not in stuck:
                    error = attempt(send, delivery)
                    stuck |= {delivery.target} if error and not error.lasting else set()
                    yield delivery, str(error) if error else None
    except NoticeError as error:
        firsts = {delivery.target: delivery for delivery in reversed(deliveries)}
        yield from ((delivery, str(error)) for delivery in firsts.values())


def attempt(send: Send, delivery: Delivery) -> NoticeError | None:
    try:
        send(delivery)
    except NoticeError as error:
        return error
    return None


def wanted(notify: Notify) -> list[Target]:
    return [
        *(Target("mail", address) for address in notify.mail),
        *(Target("webhook", url) for url in notify.webhook),
    ]


def events(notice: Notice, last: Event | None) -> list[Event]:
    """What is news, the more important first: failure and recovery once each."""
    if notice.error:
        return [] if last == "failure" else ["failure"]
    recovered: list[Event] = ["recovery"] if last == "failure" else []
    return [*recovered, "change"] if notice.changed else recovered
