"""Mail to a real SMTP server, and what it may do to us."""

import contextlib
import socket
from dataclasses import replace

import pytest

from sheets_sync.errors import NoticeError
from sheets_sync.notices import words
from sheets_sync.notices.mail import Mail, Server
from sheets_sync.notices.notice import Delivery, Target
from tests.sheets_sync.notices.postbox import PASSWORD, USER, Postbox

ANNA, BERT = Target("mail", "anna@example.com"), Target("mail", "bert@example.com")


@pytest.fixture
def mail(postbox, clock):
    return Mail(Server("127.0.0.1", postbox.port, "data@example.com"), clock)


def send(mail, *deliveries):
    with mail.open() as deliver:
        for delivery in deliveries:
            deliver(delivery)


def test_a_mail_says_what_changed(mail, notice, postbox):
    delivery = Delivery(notice, ANNA)
    send(mail, delivery)
    [(recipients, message)] = postbox.arrived
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


def test_a_failure_says_why_and_a_recovery_that_it_is_over(notice):
    failed = replace(notice, event="failure", counts={}, examples=(), error="Share it with x as an editor.")
    assert words.subject(failed) == "[shop] daily_sales failed"
    assert "Share it with x as an editor." in words.plain(failed)
    healed = replace(notice, event="recovery", counts={})
    assert words.subject(healed) == "[shop] daily_sales recovered"
    assert "up to date again: 30 rows, none changed" in words.plain(healed)


HOSTILE = "x\r\nBcc: eve@example.com\r\n\r\n.\r\nRCPT TO:<eve@example.com>\r\n<script>\u2028ä€"


def test_no_cell_becomes_a_header_a_recipient_or_markup(mail, notice, postbox):
    cells = replace(notice, place=HOSTILE, examples=(HOSTILE,), error=HOSTILE)
    send(mail, Delivery(cells, ANNA))
    [(recipients, message)] = postbox.arrived
    assert recipients == postbox.attempts == ["anna@example.com"]
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
    with pytest.raises(NoticeError, match="takes no mail: STARTTLS extension not supported"):
        send(open_server, Delivery(notice, ANNA))


def test_starttls_and_login(notice, clock):
    with Postbox(secure=True) as postbox:
        server = Server("127.0.0.1", postbox.port, "data@example.com", USER, PASSWORD)
        send(Mail(server, clock, postbox.trust), Delivery(notice, ANNA))
        assert len(postbox.arrived) == 1
        with pytest.raises(NoticeError, match="takes no mail: 535 5.7.8"):
            send(Mail(replace(server, password="wrong"), clock, postbox.trust), Delivery(notice, ANNA))
        with pytest.raises(NoticeError, match="certificate verify failed"):
            send(Mail(server, clock), Delivery(notice, ANNA))
        assert len(postbox.arrived) == 1


def test_one_of_two_recipients_is_refused(mail, notice, postbox):
    postbox.refused = {"anna@example.com"}
    with mail.open() as deliver:
        with pytest.raises(NoticeError) as refused:
            deliver(Delivery(notice, ANNA))
        deliver(Delivery(notice, BERT))
    assert str(refused.value) == (
        "127.0.0.1 did not take the mail to anna@example.com: 550 5.1.1 nobody of this name."
    )
    assert [recipients for recipients, _ in postbox.arrived] == [["bert@example.com"]]


def test_the_message_is_refused(mail, notice, postbox):
    postbox.answer = "451 4.7.1 try later"
    with pytest.raises(NoticeError, match="451 4.7.1 try later"):
        send(mail, Delivery(notice, ANNA))


def test_the_server_is_down(mail, notice, postbox):
    postbox.__exit__()
    with pytest.raises(NoticeError, match=f"Mail server 127.0.0.1:{postbox.port} takes no mail: .*refused"):
        send(mail, Delivery(notice, ANNA))
    postbox.__enter__()


def test_the_server_says_nothing(mail, notice):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as silent:
        server = replace(mail.server, port=silent.getsockname()[1])
        with pytest.raises(NoticeError, match="takes no mail: .*timed out"):
            send(replace(mail, server=server, timeout=0.2), Delivery(notice, ANNA))
