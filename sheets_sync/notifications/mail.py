"""Notifications by SMTP: one message per address, all of a run over one connection."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sheets_sync.errors import NotificationError
from sheets_sync.notifications import templates
from sheets_sync.notifications.notification import Delivery

TIMEOUT = 15.0  # seconds without a response
IMPLICIT_TLS_PORT = 465  # RFC 8314: TLS from the start of the connection
MAIL_ERRORS = (smtplib.SMTPException, OSError, ValueError)


@dataclass(frozen=True)
class MailServer:
    """A submission server. A password is sent only over TLS; without one TLS is used if the server has it."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class MailChannel:
    """`clock` is for the Date header; `create_context` decides which certificates are trusted."""

    server: MailServer
    clock: Callable[[], datetime]
    create_context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    timeout: float = TIMEOUT

    @contextmanager
    def open(self) -> Iterator[Callable[[Delivery], None]]:
        """A logged-in connection. A message is accepted as soon as the server has replied 250."""
        server = self.server
        try:
            connection = self._connect()
        except MAIL_ERRORS as error:
            raise NotificationError(
                f"Mail server {server.host}:{server.port} takes no mail: {describe_error(error)}."
            ) from error
        try:
            yield lambda delivery: self._deliver(connection, delivery)
        finally:
            with suppress(*MAIL_ERRORS):
                connection.quit()
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        host, port = self.server.host, self.server.port
        if port == IMPLICIT_TLS_PORT:
            context = self.create_context()
            return self._log_in(smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=context))
        return self._log_in(smtplib.SMTP(host, port, timeout=self.timeout))

    def _log_in(self, connection: smtplib.SMTP) -> smtplib.SMTP:
        try:
            connection.ehlo_or_helo_if_needed()
            use_tls = self.server.password or connection.has_extn("starttls")
            if use_tls and not isinstance(connection, smtplib.SMTP_SSL):
                connection.starttls(context=self.create_context())
            if self.server.user and self.server.password:
                connection.login(self.server.user, self.server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _deliver(self, connection: smtplib.SMTP, delivery: Delivery) -> None:
        """A rejected address does not affect the others."""
        address = delivery.target.address
        try:
            connection.send_message(self._build_message(delivery), self.server.sender, [address])
        except MAIL_ERRORS as error:
            reason = describe_error(error)
            raise NotificationError(
                f"{self.server.host} did not accept the mail to {address}: {reason}.",
                # 5xx: retried all the same, because a full or new mailbox is answered with it too.
                blocks_target=not reason.startswith("5"),
            ) from error

    def _build_message(self, delivery: Delivery) -> EmailMessage:
        """Headers contain only names from declarations; text of cells is only in the body."""
        notification, domain = delivery.notification, self.server.sender.rpartition("@")[2]
        message = EmailMessage(SMTP)
        message["Subject"] = templates.subject(notification)
        message["From"] = self.server.sender
        message["To"] = delivery.target.address
        message["Date"] = format_datetime(self.clock())
        message["Message-ID"] = f"<{delivery.id}@{domain}>"
        list_id = f"{notification.export.replace('_', '-')}.{notification.project}.sheets-sync"
        message["List-Id"] = f"<{list_id}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents out-of-office replies
        message.set_content(templates.plain_text(notification))
        message.add_alternative(templates.html(notification), subtype="html")
        return message


def describe_error(error: Exception) -> str:
    """The server's reply, which smtplib stores by address, as bytes."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, reply)] = error.recipients.values()
        return format_reply(code, reply)
    if isinstance(error, smtplib.SMTPResponseException):
        return format_reply(error.smtp_code, error.smtp_error)
    return str(error).rstrip(".") or type(error).__name__


def format_reply(code: int, reply: bytes | str) -> str:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return f"{code} {' '.join(text.split())}".rstrip(".")
