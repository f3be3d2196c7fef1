"""Notifications by SMTP: one message per address, all of a run over one connection."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from runtime.errors import MailError
from runtime.mail import TIMEOUT, MailConnection, Send, start_message
from runtime.mail_settings import MailServer
from sheets_sync.errors import NotificationError
from sheets_sync.notifications import templates
from sheets_sync.notifications.notification import Delivery


@dataclass(frozen=True)
class MailChannel:
    """`clock` is for the Date header; `create_context` decides which certificates are trusted."""

    server: MailServer
    clock: Callable[[], datetime]
    create_context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    timeout: float = TIMEOUT

    @contextmanager
    def open(self) -> Iterator[Callable[[Delivery], None]]:
        """A logged-in connection; NotificationError if no mail can be sent."""
        connection = MailConnection(self.server, self.create_context, self.timeout)
        try:
            with connection.open() as send:
                yield lambda delivery: self._deliver(send, delivery)
        except MailError as error:
            raise NotificationError(str(error)) from error

    def _deliver(self, send: Send, delivery: Delivery) -> None:
        """A rejected address does not affect the others."""
        address = delivery.target.address
        try:
            send(self._build_message(delivery).as_bytes(), address)
        except MailError as error:
            # 5xx: retried all the same, because a full or new mailbox is answered with it too.
            raise NotificationError(str(error), blocks_target=not error.is_permanent) from error
        except ValueError as error:
            raise NotificationError(f"The mail to {address} could not be written: {error}.") from error

    def _build_message(self, delivery: Delivery) -> EmailMessage:
        """Headers contain only names from declarations; text of cells is only in the body."""
        notification = delivery.notification
        subject = templates.subject(notification)
        list_id = f"{notification.export.replace('_', '-')}.{notification.project}.sheets-sync"
        message = start_message(
            self.server, delivery.target.address, subject, self.clock(), delivery.id, list_id
        )
        message.set_content(templates.plain_text(notification))
        message.add_alternative(templates.html(notification), subtype="html")
        return message
