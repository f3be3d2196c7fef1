"""Decides whether the outcome of a sync is news, for which targets, and sends it.

A notification is recorded as due before it is sent, and as delivered afterwards. So the run after a killed
one sends it again with the same id. A run that cannot record sends nothing: a missing notification is better
than the same mail every hour.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from runtime.notice_log import NoticeState
from sheets_sync.errors import NotificationError, WarehouseError
from sheets_sync.notifications.config import Event, Notify
from sheets_sync.notifications.delivery_log import (
    LogRow,
    collected_row,
    delivery_row,
    find_digest,
    find_pending,
    last_incident,
    suppressed_row,
)
from sheets_sync.notifications.notification import COUNT_NAMES, Delivery, Notification, Target
from sheets_sync.outcome import EXAMPLES

ENABLING_VARIABLES = {"mail": "SMTP_HOST", "webhook": "WEBHOOK_SECRET"}
RETRY_NOTE = "The next run tries again."

type Send = Callable[[Delivery], None]  # raises NotificationError if it was not accepted


class Channel(Protocol):
    def open(self) -> AbstractContextManager[Send]:
        """For the deliveries of a run; NotificationError if none can be sent."""


class Log(Protocol):
    def read_rows(self, export: str, now: datetime) -> list[LogRow]: ...
    def append_rows(self, rows: Sequence[LogRow]) -> None: ...


@dataclass(frozen=True)
class Dispatcher:
    """`channels` are the enabled ones, by name."""

    channels: Mapping[str, Channel]
    log: Log
    clock: Callable[[], datetime]

    def notify(self, config: Notify, notification: Notification) -> list[str]:
        """Send what is due. Returns the problems as sentences; they never fail the sync, which is done."""
        try:
            return list(self._notify(config, notification))
        except Exception as error:  # a defect here must not keep the other exports from being synced
            reason = str(error) if isinstance(error, WarehouseError) else f"{type(error).__name__}: {error}"
            return [f"No notification of {notification.export} is sent: {reason}"]

    def _notify(self, config: Notify, notification: Notification) -> Iterator[str]:
        declared = list_targets(config)
        for channel in dict.fromkeys(target.channel for target in declared):
            if channel not in self.channels:
                yield f"Notices by {channel} are off: {ENABLING_VARIABLES[channel]} is not set."
        targets = [target for target in declared if target.channel in self.channels]
        if not targets:
            return
        rows = self.log.read_rows(notification.export, self.clock())
        events = find_events(notification, last_incident(rows), config.max_rejected)
        event = next((event for event in events if event in config.on), None)
        runbook = config.runbook if event in ("failure", "rejection") else ""
        news = [replace(notification, event=event, runbook=runbook)] if event else []
        entries: list[LogRow] = []
        # Also without an event: changes of earlier runs may be due as a digest now.
        if config.digest != "none" and event in ("change", None):
            entries = [collected_row(item, self.clock()) for item in news]
            news = merge_changes(find_digest([*rows, *entries], self.clock()), notification)
        new = [Delivery(item, target) for item in news for target in targets]
        entries += [delivery_row(delivery, "due", self.clock()) for delivery in new]
        # Recorded although nothing is sent: the next run must know the last incident.
        suppressed = [item for item in events if item not in ("change", event)]
        entries += [suppressed_row(replace(notification, event=item), self.clock()) for item in suppressed]
        if entries:
            self.log.append_rows(entries)
        # `rows` were read before the new entries, so a new delivery is not pending as well.
        yield from self._send([*find_pending(rows, targets, self.clock()), *new], rows)

    def _send(self, deliveries: Sequence[Delivery], earlier: Sequence[LogRow]) -> Iterator[str]:
        """A receiver that rejects everything, with the same response, is reported once."""
        reported = {row.error for row in earlier if row.state == "rejected"}
        rows: list[LogRow] = []
        for name, channel in self.channels.items():
            waiting = [delivery for delivery in deliveries if delivery.target.channel == name]
            for delivery, error in send_in_order(channel, waiting) if waiting else ():
                message = str(error) if error else None
                rows.append(delivery_row(delivery, result_state(error), self.clock(), message))
                if error and not (error.is_final and message in reported):
                    reported.add(message)
                    yield f"{error} {'It is not sent again.' if error.is_final else RETRY_NOTE}"
        try:
            if rows:
                self.log.append_rows(rows)
        except WarehouseError as error:
            yield f"Deliveries could not be recorded, so the next run sends them again: {error}"


def result_state(error: NotificationError | None) -> NoticeState:
    if error is None:
        return "delivered"
    return "rejected" if error.is_final else "failed"


def send_in_order(
    channel: Channel, deliveries: Sequence[Delivery]
) -> Iterator[tuple[Delivery, NotificationError | None]]:
    """Every attempt with its error.

    A transient failure holds back later deliveries to the same target; a permanent one does not.
    """
    blocked: set[Target] = set()
    try:
        with channel.open() as send:
            for delivery in deliveries:
                if delivery.target in blocked:
                    continue
                error = try_send(send, delivery)
                if error and error.blocks_target:
                    blocked.add(delivery.target)
                yield delivery, error
    except NotificationError as error:
        # Nothing was sent, and all deliveries stay due. One row per target records the reason.
        first_of_target = {delivery.target: delivery for delivery in reversed(deliveries)}
        yield from ((delivery, error) for delivery in first_of_target.values())


def try_send(send: Send, delivery: Delivery) -> NotificationError | None:
    try:
        send(delivery)
    except NotificationError as error:
        return error
    return None


def list_targets(config: Notify) -> list[Target]:
    return [
        *(Target("mail", address) for address in config.mail),
        *(Target("webhook", hook.url, hook.format) for hook in config.webhook),
    ]


def merge_changes(changes: Sequence[Notification], now: Notification) -> list[Notification]:
    """One notification of all `changes`, as of the run of `now`; none without changes."""
    if not changes:
        return []
    names = {name for item in changes for name in item.counts}
    counts = {
        name: sum(item.counts.get(name, 0) for item in changes) for name in sorted(names, key=count_order)
    }
    examples = [example for item in changes for example in item.examples]
    return [replace(now, event="change", counts=counts, examples=tuple(examples[:EXAMPLES]), error=None)]


def count_order(name: str) -> int:
    return COUNT_NAMES.index(name) if name in COUNT_NAMES else len(COUNT_NAMES)


def find_events(notification: Notification, last: Event | None, max_rejected: int = 0) -> list[Event]:
    """Events of this outcome, the most important first: failure, rejection and recovery once each."""
    if notification.error:
        return [] if last == "failure" else ["failure"]
    changed: list[Event] = ["change"] if notification.changed else []
    if notification.rejected > max_rejected:
        return changed if last == "rejection" else ["rejection", *changed]
    return ["recovery", *changed] if last in ("failure", "rejection") else changed
