"""What the mail contains, and what texts of data cannot do to it."""

import struct
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import html5lib
import pytest

from report.mail import SHOWN_FINDINGS, MailSettings, build_mail
from report.night import Night
from report.picture import draw_picture
from report.wording import describe_verdict
from runtime.mail_settings import MailServer
from tests.report.mails import ANNA, BERT, PAGE, finding, short_night

SERVER = MailServer("smtp.example.com", 587, "data@example.com")
UNTIL = datetime(2026, 11, 28, 4, tzinfo=UTC)
HOSTILE = "x\r\nBcc: eve@example.com\r\n\r\n.\r\n<script>alert(1)</script>\u2028\u202e😀ä€ \x00"


def mail_of(*findings, news=None, runbooks="docs/runbooks", page=PAGE):
    """The mail as a reader's program parses it."""
    night = short_night(*findings, until=UNTIL)
    news = list(findings) if news is None else news
    settings = MailSettings(SERVER, [ANNA, BERT], runbooks, page)
    message = build_mail(settings, night, news, draw_picture(night, news))
    return message_from_bytes(message.as_bytes(), policy=policy.default)


def text_of(message):
    return message.get_body(("plain",)).get_content().replace("\r\n", "\n")


def html_of(message):
    return message.get_body(("related", "html")).get_body(("html",)).get_content()


def test_the_subject_and_the_first_line_are_the_verdict():
    recovered = finding("recovered", subject="retail/products", now=None, was=2)
    message = mail_of(finding(), recovered)
    verdict = "New: retail/sales could not be copied (3 failed loads). 1 finding recovered."
    assert message["Subject"] == f"[shop] {verdict}"
    assert (message["From"], message["To"]) == ("data@example.com", f"{ANNA}, {BERT}")
    assert (message["List-Id"], message["Auto-Submitted"]) == ("<last-night.shop.report>", "auto-generated")
    assert (
        text_of(message)
        == f"""\
{verdict}

1 run, none failed.

- new (error): retail/sales could not be copied (3 failed loads)
  since 2026-11-28 01:00 UTC
  503 Service Unavailable
  what to do: docs/runbooks/job-failed.md
- recovered (error): retail/products could not be copied (2 failed loads)
  since 2026-11-28 01:00 UTC
  503 Service Unavailable
  what to do: docs/runbooks/job-failed.md

Picture: retail/sales: rows of each hour, last night

The page: {PAGE}

Project shop, 2026-11-27 04:00 to 2026-11-28 04:00 UTC.
A mail is sent only when a finding is new, worse or recovered.
"""
    )


def test_the_picture_is_part_of_the_mail_and_has_a_text():
    message = mail_of(finding())
    assert message.get_content_type() == "multipart/alternative"
    [plain, related] = message.iter_parts()
    assert (plain.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    [html, picture] = related.iter_parts()
    assert (picture.get_content_type(), picture.get_content_disposition()) == ("image/png", "inline")
    image = html5lib.parse(html.get_content(), namespaceHTMLElements=False).find(".//img")
    assert f"<{image.get('src').removeprefix('cid:')}>" == picture["Content-ID"]
    assert image.get("alt") == "retail/sales: rows of each hour, last night"
    width, height = struct.unpack(">II", picture.get_content()[16:24])  # of PNG's first chunk
    assert picture.get_content().startswith(b"\x89PNG\r\n") and width > 600 and height > 300


def test_the_picture_is_drawn_from_the_rows():
    """Equal rows give equal bytes; another number of rows gives another picture."""
    night, other = short_night(until=UNTIL), short_night(until=UNTIL)
    drawn = draw_picture(night, [])
    assert drawn == draw_picture(other, [])
    other["measures"][3]["amount"] = 90
    assert drawn != draw_picture(other, [])


def test_the_html_is_valid_and_loads_nothing():
    html = html_of(mail_of(finding(), runbooks="https://wiki.example.com/runbooks"))
    html5lib.HTMLParser(strict=True).parse(html)
    links = {element.get("href") for element in html5lib.parse(html, namespaceHTMLElements=False).iter("a")}
    assert links == {PAGE, "https://wiki.example.com/runbooks/job-failed.md"}
    assert "<script" not in html and "url(" not in html and html.count("src=") == html.count('src="cid:') == 1


def test_a_page_without_an_address_and_runbooks_in_a_folder_are_not_links():
    message = mail_of(finding(), page="")
    assert "<a " not in html_of(message) and "docs/runbooks/job-failed.md" in html_of(message)
    assert "The page:" not in text_of(message)


def test_no_text_of_the_data_becomes_a_header_a_line_or_markup():
    hostile = finding(subject=HOSTILE, detail=HOSTILE)
    message = mail_of(hostile)
    assert set(message.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "List-Id", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    assert message["Subject"].startswith("[shop] New: x  Bcc: eve@example.com")
    assert "😀ä€" in message["Subject"] and "\u202e" not in message["Subject"]
    for body in (text_of(message), html_of(message)):
        assert not any(line.strip().startswith(("Bcc:", ".")) for line in body.splitlines())
        assert "\x00" not in body and "\u2028" not in body and "\u202e" not in body
    assert "<script>" not in html_of(message) and "&lt;script&gt;" in html_of(message)
    assert message.as_bytes().isascii()


def test_a_very_long_finding_is_cut():
    message = mail_of(finding(subject="retail/" + "s" * 5000, detail="d" * 50_000))
    assert len(message["Subject"]) < 220 and message["Subject"].endswith("…")
    assert max(len(line) for line in text_of(message).splitlines()) < 400
    assert all(len(line) < 999 for line in message.as_bytes().splitlines())  # RFC 5321, 4.5.3.1.6


def test_many_findings_are_counted():
    findings = [finding(subject=f"retail/table_{number}") for number in range(SHOWN_FINDINGS + 7)]
    text = text_of(mail_of(*findings))
    assert text.count("- new (error)") == SHOWN_FINDINGS
    assert "And 7 more: the page has all of them." in text


def test_known_findings_are_counted_and_not_listed():
    old, news = finding("known", subject="retail/products"), finding()
    message = mail_of(old, news, news=[news])
    assert "retail/products" not in text_of(message)
    assert "1 finding without news is on the page only." in text_of(message)


def test_the_picture_is_of_the_endpoint_that_the_news_is_about():
    night = short_night()
    titles = {
        subject: draw_picture(night, [finding(subject=subject)])
        for subject in ("retail/sales", "retail/returns", "ods.sales")
    }
    assert {subject: picture and picture.text.partition(":")[0] for subject, picture in titles.items()} == {
        "retail/sales": "retail/sales",
        "retail/returns": "retail/returns",
        "ods.sales": "retail/returns",  # the first one
    }


def test_a_night_without_rows_has_no_picture():
    night = Night("shop", UNTIL - timedelta(hours=24), UNTIL, {"findings": [finding()]})
    assert draw_picture(night, [finding()]) is None
    message = build_mail(MailSettings(SERVER, [ANNA], "docs/runbooks"), night, [finding()], None)
    assert "Nothing was loaded, so there is no picture." in text_of(message)
    assert [part.get_content_type() for part in message.walk()] == [
        *("multipart/alternative", "text/plain", "text/html")
    ]


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["known", "recovered"], "Known: a could not be copied (3 failed loads). 1 finding recovered."),
        (
            ["new", "known", "recovered", "recovered"],
            "New: a could not be copied (3 failed loads). And 1 more finding. 2 findings recovered.",
        ),
        (["recovered"], "Nothing is wrong. Recovered: a could not be copied (3 failed loads)."),
        ([], "Nothing is wrong."),
    ],
)
def test_the_verdict_counts_what_recovered(states, verdict):
    findings = [
        finding(state, subject=letter) for state, letter in zip(states, "abcd"[: len(states)], strict=True)
    ]
    assert describe_verdict(short_night(*findings)) == verdict
