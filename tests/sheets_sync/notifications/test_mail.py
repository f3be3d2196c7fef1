"""Mail to a real SMTP server, and what it may do to us."""

import contextlib
import socket
from dataclasses import replace

import pytest

from runtime.mail_settings import MailServer
from sheets_sync.errors import NotificationError
from sheets_sync.notifications import templates
from sheets_sync.notifications.mail import MailChannel
from sheets_sync.notifications.notification import Delivery, Target
from tests.fakes.mail_server import PASSWORD, USER, FakeMailServer

ANNA, BERT = Target("mail", "anna@example.com"), Target("mail", "bert@example.com")


@pytest.fixture
def mail(mail_server, clock):
    return MailChannel(MailServer("127.0.0.1", mail_server.port, "data@example.com"), clock)


def send(mail, *deliveries):
    with mail.open() as deliver:
        for delivery in deliveries:
            deliver(delivery)


def test_a_mail_describes_the_change(mail, notice, mail_server):
    delivery = Delivery(notice, ANNA)
    send(mail, delivery)
    [(recipients, message)] = mail_server.arrived
    assert recipients == ["anna@example.com"]
    assert message["Subject"] == "[shop] daily_sales changed: 2 inserted, 1 updated"
    assert message["List-Id"] == "<daily-sales.shop.sheets-sync>"
    assert message["Message-ID"] == f"<{delivery.id}@example.com>"
    assert (message["From"], message["To"]) == ("data@example.com", "anna@example.com")
    assert (
        message.get_body(("plain",)).get_content().replace("\r\n", "\n")
        == """\
tab 'Daily sales' has changed: 2 inserted, 1 updated. It has 30 rows now.

- 2017-01-01: revenue 12.50, was 12.00

https://docs.google.com/spreadsheets/d/abc/edit#gid=7

Export daily_sales of project shop, run run_1, 2026-11-21T12:00:00+00:00.
"""
    )
    html = message.get_body(("html",)).get_content()
    assert "<li>2017-01-01: revenue 12.50, was 12.00</li>" in html
    assert '<a href="https://docs.google.com/spreadsheets/d/abc/edit#gid=7">' in html


def test_a_failure_contains_the_error_and_a_recovery_the_rows(notice):
    failed = replace(notice, event="failure", counts={}, examples=(), error="Share it with x as an editor.")
    assert templates.subject(failed) == "[shop] daily_sales failed"
    assert "Share it with x as an editor." in templates.plain_text(failed)
    healed = replace(notice, event="recovery", counts={})
    assert templates.subject(healed) == "[shop] daily_sales recovered"
    assert "up to date again: 30 rows, none changed" in templates.plain_text(healed)


HOSTILE = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nRCPT TO:<eve@example.com>\r\n<script>\u2028ä€"


def test_no_cell_becomes_a_header_a_recipient_or_markup(mail, notice, mail_server):
    cells = replace(notice, place=HOSTILE, examples=(HOSTILE,), error=HOSTILE)
    send(mail, Delivery(cells, ANNA))
    [(recipients, message)] = mail_server.arrived
    assert recipients == mail_server.attempts == ["anna@example.com"]
    assert set(message.keys()) == {
        "Subject",
        "From",
        "To",
        "Date",
        "Message-ID",
        "List-Id",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    assert "Bcc: eve@example.com" in message.get_body(("plain",)).get_content()
    assert "<script>" not in message.get_body(("html",)).get_content()


def test_a_login_is_never_sent_in_the_clear(mail, notice):
    """This server has no STARTTLS."""
    open_server = replace(mail, server=replace(mail.server, user=USER, password=PASSWORD))
    with pytest.raises(NotificationError, match="takes no mail: STARTTLS extension not supported"):
        send(open_server, Delivery(notice, ANNA))


def test_starttls_and_login(notice, clock):
    with FakeMailServer(secure=True) as mail_server:
        server = MailServer("127.0.0.1", mail_server.port, "data@example.com", USER, PASSWORD)
        send(MailChannel(server, clock, mail_server.trust), Delivery(notice, ANNA))
        assert len(mail_server.arrived) == 1
        with pytest.raises(NotificationError, match="takes no mail: 535 5.7.8"):
            send(
                MailChannel(replace(server, password="wrong"), clock, mail_server.trust),
                Delivery(notice, ANNA),
            )
        with pytest.raises(NotificationError, match="certificate verify failed"):
            send(MailChannel(server, clock), Delivery(notice, ANNA))
        assert len(mail_server.arrived) == 1


def test_one_of_two_recipients_is_refused(mail, notice, mail_server):
    mail_server.refused = {"anna@example.com"}
    with mail.open() as deliver:
        with pytest.raises(NotificationError) as refused:
            deliver(Delivery(notice, ANNA))
        deliver(Delivery(notice, BERT))
    assert str(refused.value) == (
        "127.0.0.1 did not accept the mail to anna@example.com: 550 5.1.1 no such user."
    )
    assert [recipients for recipients, _ in mail_server.arrived] == [["bert@example.com"]]


def test_the_message_is_refused(mail, notice, mail_server):
    mail_server.answer = "451 4.7.1 try later"
    with pytest.raises(NotificationError, match="451 4.7.1 try later"):
        send(mail, Delivery(notice, ANNA))


def test_the_server_is_down(mail, notice, mail_server):
    mail_server.__exit__()
    with pytest.raises(
        NotificationError, match=f"Mail server 127.0.0.1:{mail_server.port} takes no mail: .*refused"
    ):
        send(mail, Delivery(notice, ANNA))
    mail_server.__enter__()


def test_a_server_without_a_response_is_an_error(mail, notice):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        server = replace(mail.server, port=silent.getsockname()[1])
        with pytest.raises(NotificationError, match="takes no mail: .*timed out"):
            send(replace(mail, server=server, timeout=0.2), Delivery(notice, ANNA))
