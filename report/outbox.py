"""Sends one mail when there is news.

The mail is stored beside the pages and recorded as due before it is sent, and as delivered afterwards, so the run after
a killed one sends the same bytes with the same Message-ID. A run that cannot record sends nothing: a missing mail is
better than the same mail every night.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from report import publish
from report.errors import NotRecorded, NotWritten
from report.mail import MailSettings, build_mail, mail_key
from report.news import find_news
from report.night import Night, Row
from report.notice_log import Entry, NoticeLog, encode_news, find_reported, find_waiting
from report.picture import draw_picture
from runtime.errors import JobError, MailError, StorageError
from runtime.mail import MailConnection, Send
from runtime.notice_log import NoticeState
from runtime.stored_object import StoredObject


class Store(publish.Store, Protocol):
    """runtime.object_store.ObjectStore."""

    def read_current(self, name: str) -> StoredObject | None: ...


def object_name(key: str) -> str:
    return f"mails/{key}.eml"


@dataclass(frozen=True)
class Outbox:
    """`run_id` is recorded with every row."""

    settings: MailSettings
    connection: MailConnection
    notices: NoticeLog
    store: Store
    run_id: str
    clock: Callable[[], datetime]

    def send_news(self, night: Night) -> list[str]:
        """Send what is due. Returns the problems as sentences; they never fail the page, which is written."""
        try:
            entries = self.notices.read(self.clock())
            waiting = find_waiting(entries, self.settings.recipients, self.clock())
            news = find_news(night, find_reported(entries))
            if news:
                waiting += self._store_mail(night, news)
            return self._deliver(waiting) if waiting else []
        except JobError as error:
            return [f"No mail is sent: {error}"]

    def _store_mail(self, night: Night, news: Sequence[Row]) -> list[tuple[str, str]]:
        """The mail of this night, stored and recorded as due: its key with each address."""
        key = mail_key(night, news)
        message = build_mail(self.settings, night, news, draw_picture(night, news))
        # Stored first: a due mail can always be read.
        publish.replace(self.store, object_name(key), message.as_bytes())
        text = encode_news(news)
        due = [self._entry("due", key, target, notice=text) for target in self.settings.recipients]
        self.notices.append(due)
        return [(key, target) for target in self.settings.recipients]

    def _deliver(self, waiting: Sequence[tuple[str, str]]) -> list[str]:
        results: list[Entry] = []
        problems: list[str] = []
        try:
            with self.connection.open() as send:
                for key, target in waiting:
                    results.append(self._try_send(send, key, target))
        except MailError as error:
            results += [self._entry("failed", key, target, error=str(error)) for key, target in waiting]
        finally:
            # Also when the job is being terminated: what was accepted must not be sent again.
            problems += self._record(results)
        errors = dict.fromkeys(result.error for result in results if result.error)
        return [*(f"{error} The next run tries again." for error in errors), *problems]

    def _try_send(self, send: Send, key: str, target: str) -> Entry:
        try:
            send(self._read_mail(object_name(key)), target)
        except (MailError, NotWritten, StorageError) as error:
            # The others are sent all the same.
            return self._entry("failed", key, target, error=str(error))
        return self._entry("delivered", key, target)

    def _read_mail(self, name: str) -> bytes:
        stored = self.store.read_current(name)
        if stored is None:
            raise NotWritten(f"{self.store.url_of(name)} was deleted, so this mail is lost.")
        return stored.content

    def _record(self, results: Sequence[Entry]) -> list[str]:
        try:
            if results:
                self.notices.append(results)
        except NotRecorded as error:
            return [f"Deliveries could not be recorded, so the next run sends them again: {error}"]
        return []

    def _entry(
        self, state: NoticeState, key: str, target: str, notice: str | None = None, error: str | None = None
    ) -> Entry:
        return Entry(self.run_id, state, key, target, self.clock(), notice, error)
