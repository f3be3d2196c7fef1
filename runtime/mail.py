"""Mail over SMTP: a connection, and the headers that every message of the platform has."""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from runtime.errors import MailError
from runtime.mail_settings import MailServer

TIMEOUT = 15.0  # seconds without a response
IMPLICIT_TLS_PORT = 465  # RFC 8314: TLS from the start of the connection
SMTP_ERRORS = (smtplib.SMTPException, OSError, ValueError)
LONGEST_LINE = 120  # characters of a text of the data; the sheet or the page shows all of it
PERMANENT = 5  # first digit of a reply: https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1

type Send = Callable[[bytes, str], None]  # a message and one address; MailError if it was not accepted


@dataclass(frozen=True)
class MailConnection:
    """`create_context` decides which certificates are trusted."""

    server: MailServer
    create_context: Callable[[], ssl.SSLContext] = ssl.create_default_context
    timeout: float = TIMEOUT

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Connected and logged in. A message is accepted as soon as the server has replied 250.

        MailError if no mail can be sent. A rejected address does not affect the others.
        """
        server = self.server
        try:
            connection = self._connect()
        except SMTP_ERRORS as error:
            reason = describe_refusal(error)
            raise MailError(f"Mail server {server.host}:{server.port} takes no mail: {reason}.") from error
        try:
            yield lambda content, address: self._send(connection, content, address)
        finally:
            with suppress(*SMTP_ERRORS):
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

    def _send(self, connection: smtplib.SMTP, content: bytes, address: str) -> None:
        try:
            connection.sendmail(self.server.sender, [address], content)
        except SMTP_ERRORS as error:
            reason = describe_refusal(error)
            raise MailError(
                f"{self.server.host} did not accept the mail to {address}: {reason}.",
                is_permanent=reply_code(error) // 100 == PERMANENT,
            ) from error


def start_message(
    server: MailServer, recipients: str, subject: str, at: datetime, key: str, list_id: str
) -> EmailMessage:
    """A message without a body. `key` identifies it among all of the sender, and is the same at every attempt.

    ValueError for a text with a line break, which would begin another header.
    """
    message = EmailMessage(SMTP)
    message["Subject"] = subject
    message["From"] = server.sender
    message["To"] = recipients
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{key}@{server.domain}>"
    message["List-Id"] = f"<{list_id}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents out-of-office replies
    return message


def one_line(text: str, limit: int = LONGEST_LINE) -> str:
    """On one line, without control characters, and at most `limit` characters."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def reply_code(error: Exception) -> int:
    """Of the server; 0 if it did not reply."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, _)] = error.recipients.values()
        return int(code)
    return int(error.smtp_code) if isinstance(error, smtplib.SMTPResponseException) else 0


def describe_refusal(error: Exception) -> str:
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
