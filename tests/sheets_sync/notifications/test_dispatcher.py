"""Which notifications are sent, run after run, with servers that fail in between."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from runtime.mail import one_line
from runtime.mail_settings import MailServer
from runtime.notice_log import RETRY_PERIOD
from sheets_sync.errors import WarehouseError
from sheets_sync.notifications.config import Notify, WebhookTarget
from sheets_sync.notifications.dispatcher import Dispatcher
from sheets_sync.notifications.mail import MailChannel
from sheets_sync.notifications.notification import build_notification
from sheets_sync.notifications.webhook import RETRY_POLICY, WebhookChannel
from sheets_sync.outcome import Counts, Example, Outcome, RowSummary


class Pages:
    """A log in memory. It may lose the connection after so many writes."""

    def __init__(self):
        self.rows, self.writes_left = [], None

    def read_rows(self, export, now):
        return [row for row in self.rows if row.export == export]

    def append_rows(self, rows):
        if self.writes_left == 0:
            raise WarehouseError("ops.notice_log could not be written: gone")
        self.writes_left = None if self.writes_left is None else self.writes_left - 1
        self.rows += rows


@pytest.fixture
def office(mail_server, receiver, clock):
    """A dispatcher with both channels."""

    class Office:
        pages, runs = Pages(), 0
        http = requests.Session()
        late = timedelta(0)
        notify = Notify(("anna@example.com", "bert@example.com"), (WebhookTarget(receiver.url),))

        def run(self, notice, **changed):
            """Returns the problems."""
            self.runs += 1

            def now():
                return clock() + self.late

            mail = MailChannel(MailServer("127.0.0.1", mail_server.port, "data@example.com"), now)
            webhook = WebhookChannel(
                b"k" * 32, self.http, retry=replace(RETRY_POLICY, sleep=lambda seconds: None)
            )
            post = Dispatcher({"mail": mail, "webhook": webhook}, self.pages, now)
            return post.notify(self.notify, replace(notice, run_id=f"run_{self.runs}", **changed))

        def mails(self):
            result = [
                (*recipients, message["Subject"].split(" ", 1)[1])
                for recipients, message in mail_server.arrived
            ]
            mail_server.arrived.clear()
            return result

        def hooks(self):
            result = [(headers["webhook-id"], b"sync.change" in body) for headers, body in receiver.got]
            receiver.got.clear()
            return result

    created = Office()
    yield created
    created.http.close()


FAILED = {"error": "Share it.", "counts": {}}
CALM = {"counts": {"inserted": 0}, "examples": ()}
ANNA, BERT = "anna@example.com", "bert@example.com"


def test_a_change_is_sent_to_every_target_once(office, notice):
    assert office.run(notice) == []
    message = "daily_sales changed: 2 inserted, 1 updated"
    assert office.mails() == [(ANNA, message), (BERT, message)]
    assert [changed for _, changed in office.hooks()] == [True]
    assert [row.state for row in office.pages.rows] == ["due"] * 3 + ["delivered"] * 3


def test_nothing_changed_nothing_is_sent(office, notice):
    assert office.run(notice, **CALM) == []
    assert (office.mails(), office.hooks(), office.pages.rows) == ([], [], [])


def test_failure_and_recovery_once_each(office, notice):
    office.notify = Notify((ANNA,))
    message = []
    for changed in (FAILED, FAILED, FAILED, CALM, CALM, FAILED, {}, CALM):
        office.run(notice, **changed)
        message.append([subject for _, subject in office.mails()])
    failed, recovered = ["daily_sales failed"], ["daily_sales recovered"]
    assert_unchanged = ["daily_sales recovered: 2 inserted, 1 updated"]
    assert message == [failed, [], [], recovered, [], failed, assert_unchanged, []]


def test_events_that_an_export_does_not_declare_are_suppressed(office, notice):
    """The incident is remembered all the same: the second failure is news again."""
    office.notify = Notify((ANNA,), on=("failure",))
    message = []
    for changed in ({}, FAILED, CALM, FAILED):
        office.run(notice, **changed)
        message.append(len(office.mails()))
    assert message == [0, 1, 0, 1]
    office.notify = Notify((ANNA,), on=("change",))
    office.run(notice)
    assert office.mails() == [(ANNA, "daily_sales changed: 2 inserted, 1 updated")]


def test_a_notice_that_failed_is_sent_by_the_next_run_with_the_same_id(office, notice, mail_server, receiver):
    mail_server.refused, receiver.answers = {ANNA}, [(500, {})] * 3
    reported = office.run(notice)
    assert [sentence.endswith("The next run tries again.") for sentence in reported] == [True, True]
    assert "anna@example.com" in reported[0] and "answered 500" in reported[1]
    assert [recipient for recipient, _ in office.mails()] == [BERT]
    first = office.hooks()
    mail_server.refused = set()
    assert office.run(notice, **CALM) == []
    assert office.mails() == [(ANNA, "daily_sales changed: 2 inserted, 1 updated")]
    assert office.hooks() == first[:1]
    assert office.run(notice, **CALM) == []
    assert (office.mails(), office.hooks()) == ([], [])


def test_what_waits_comes_in_order(office, notice, mail_server):
    """A failure that could not be sent, and its recovery: both arrive, the failure first."""
    office.notify = Notify((ANNA,))
    mail_server.answer = "451 4.7.1 try later"
    assert len(office.run(notice, **FAILED)) == 1
    assert len(office.run(notice, **CALM)) == 1
    assert len(mail_server.attempts) == 2  # the recovery waits for the failure
    mail_server.answer = None
    office.run(notice, **CALM)
    assert office.mails() == [(ANNA, "daily_sales failed"), (ANNA, "daily_sales recovered")]


def test_a_notice_that_a_receiver_will_never_take_keeps_no_other_waiting(office, notice, receiver):
    office.notify = Notify((), (WebhookTarget(receiver.url),))
    receiver.answers = [(400, {})]
    [problem] = office.run(notice)
    assert problem.endswith("/hook…/toke… answered 400 Bad Request. It is not sent again.")
    assert office.run(notice, **CALM) == []  # reported once
    receiver.got.clear()
    assert office.run(notice, **FAILED) == []
    assert [changed for _, changed in office.hooks()] == [False]
    assert [row.state for row in office.pages.rows if row.event == "failure"] == ["due", "delivered"]


def test_a_server_that_is_down_is_reported_once_per_target(office, notice, mail_server):
    mail_server.__exit__()
    office.notify = Notify((ANNA, BERT))
    assert len(office.run(notice)) == 2
    assert len(office.run(notice)) == 2
    mail_server.__enter__()
    office.run(notice, **CALM)
    assert [recipient for recipient, _ in office.mails()] == [ANNA, BERT, ANNA, BERT]


def test_a_notification_expires_after_three_days(office, notice, mail_server):
    office.notify, mail_server.refused = Notify((ANNA,)), {ANNA}
    office.run(notice)
    mail_server.refused = set()
    office.late = RETRY_PERIOD + timedelta(minutes=1)
    assert office.run(notice, **CALM) == []
    assert office.mails() == []


def test_a_removed_recipient_receives_nothing(office, notice, mail_server):
    office.notify, mail_server.refused = Notify((ANNA,)), {ANNA}
    office.run(notice)
    mail_server.refused, office.notify = set(), Notify((BERT,))
    office.run(notice, **CALM)
    assert office.mails() == []


def test_what_cannot_be_written_down_is_not_sent(office, notice):
    """Else a log that is lost would mean a mail every hour."""
    office.pages.writes_left = 0
    [sentence] = office.run(notice, **FAILED)
    assert sentence == "No notification of daily_sales is sent: ops.notice_log could not be written: gone"
    assert (office.mails(), office.hooks()) == ([], [])


def test_a_run_that_died_after_sending_sends_again_with_the_same_id(office, notice):
    office.pages.writes_left = 1
    [sentence] = office.run(notice)
    assert sentence.startswith("Deliveries could not be recorded, so the next run sends them again: ")
    first = office.hooks()
    office.mails()
    office.pages.writes_left = None
    office.run(notice, **CALM)
    assert office.hooks() == first
    assert len(office.mails()) == 2
    office.run(notice, **CALM)
    assert (office.mails(), office.hooks()) == ([], [])


def test_exports_do_not_hear_of_each_other(office, notice):
    office.notify = Notify((ANNA,))
    office.run(notice, **FAILED)
    office.run(notice, export="weekly", **FAILED)
    assert office.mails() == [(ANNA, "daily_sales failed"), (ANNA, "weekly failed")]


def test_without_servers_notices_are_reported_as_off(office, notice, clock):
    post = Dispatcher({}, office.pages, clock)
    assert post.notify(office.notify, notice) == [
        "Notices by mail are off: SMTP_HOST is not set.",
        "Notices by webhook are off: WEBHOOK_SECRET is not set.",
    ]
    assert post.notify(Notify(), notice) == []
    assert office.pages.rows == []


def test_rows_of_another_release_are_ignored(office, notice, mail_server):
    office.notify, mail_server.refused = Notify((ANNA,)), {ANNA}
    office.run(notice)
    office.pages.rows = [replace(row, notice='{"later": 1}') for row in office.pages.rows]
    mail_server.refused = set()
    assert office.run(notice, **CALM) == []
    assert office.mails() == []


REJECTED = {"counts": {"inserted": 0, "updated": 0, "deleted": 0, "rejected": 3}, "examples": ()}


def test_rejected_rows_are_reported_once_until_they_are_published(office, notice):
    office.notify = Notify((ANNA,))
    for _ in range(3):
        office.run(notice, **REJECTED)
    assert office.mails() == [(ANNA, "daily_sales rejected rows: 3 rejected")]
    office.run(notice, **CALM)
    assert office.mails() == [(ANNA, "daily_sales recovered")]
    office.run(notice, **REJECTED)
    office.run(notice, **FAILED)
    office.run(notice, **REJECTED)
    assert [subject for _, subject in office.mails()] == [
        "daily_sales rejected rows: 3 rejected",
        "daily_sales failed",
        "daily_sales rejected rows: 3 rejected",
    ]


def test_rejected_rows_below_the_threshold_are_not_reported(office, notice):
    office.notify = Notify((ANNA,), max_rejected=3)
    office.run(notice, **REJECTED)
    assert office.mails() == []
    office.run(notice, counts={"rejected": 4}, examples=())
    assert office.mails() == [(ANNA, "daily_sales rejected rows: 4 rejected")]
    office.run(notice, **REJECTED)
    assert office.mails() == [(ANNA, "daily_sales recovered: 3 rejected")]


def test_a_change_is_reported_although_its_rejected_rows_are_not_news(office, notice):
    office.notify = Notify((ANNA,))
    office.run(notice, **REJECTED)
    office.mails()
    office.run(notice, counts={"inserted": 2, "rejected": 3})
    assert office.mails() == [(ANNA, "daily_sales changed: 2 inserted, 3 rejected")]


def test_a_digest_collects_the_changes_of_a_day(office, notice):
    office.notify = Notify((ANNA,), digest="daily")
    for hour in range(50):
        office.late = timedelta(hours=hour)
        changed = {"counts": {"inserted": 1, "deleted": 2}, "examples": (f"hour {hour}",)}
        office.run(notice, **(changed if hour != 24 else CALM))
    assert office.mails() == [
        (ANNA, "daily_sales changed: 1 inserted, 2 deleted"),
        (ANNA, "daily_sales changed: 23 inserted, 46 deleted"),
        (ANNA, "daily_sales changed: 22 inserted, 44 deleted"),
    ]
    office.run(notice, **FAILED)
    assert office.mails() == [(ANNA, "daily_sales failed")]  # not collected


def test_collected_changes_are_sent_by_a_run_that_changes_nothing(office, notice):
    office.notify = Notify((ANNA,), digest="daily")
    office.run(notice)
    office.run(notice)
    office.mails()
    office.late = timedelta(hours=24)
    office.run(notice, **CALM)
    assert [subject for _, subject in office.mails()] == ["daily_sales changed: 2 inserted, 1 updated"]


def test_a_permanent_rejection_is_reported_once_for_all_notices(office, notice, receiver):
    office.notify = Notify((), (WebhookTarget(receiver.url),))
    receiver.answers = [(400, {})] * 3
    [problem] = office.run(notice)
    assert "/hook…/toke… answered 400 Bad Request" in problem
    assert office.run(notice) == office.run(notice) == []
    receiver.answers = [(410, {})]
    [problem] = office.run(notice)
    assert "answered 410 Gone" in problem


def test_a_failure_and_rejected_rows_name_the_runbook(office, notice, mail_server):
    office.notify = Notify((ANNA,), runbook="https://wiki.example.com/sheets")
    for outcome in (FAILED, REJECTED, CALM):
        office.run(notice, **outcome)
    texts = [message.get_body(("plain",)).get_content() for _, message in mail_server.arrived]
    assert ["https://wiki.example.com/sheets" in text for text in texts] == [True, True, False]


def test_an_outcome_becomes_a_notice():
    """At most five examples, whatever the cells hold."""
    rows = [Example(f"2017-01-{n:02d}", "Note: a → b\nc") for n in range(1, 9)]
    counts = Counts(inserted=RowSummary.from_rows([Example("7" * 300)]), updated=RowSummary.from_rows(rows))
    at = datetime(2026, 11, 21, tzinfo=UTC)
    outcome = Outcome("r", "e", "sheets", "id", "My\ntab", "https://x", "success", at, at, 30, counts)
    reported = build_notification(outcome, "shop")
    assert (reported.event, reported.place, reported.rows, reported.changed) == ("change", "My tab", 30, True)
    assert reported.counts == {"inserted": 1, "updated": 8, "deleted": 0, "rejected": 0, "drift": 0}
    assert reported.examples[0] == "inserted " + "7" * 110 + "…"
    assert reported.examples[1] == "updated 2017-01-01: Note: a → b c"
    assert len(reported.examples) == 5


def test_long_values_are_cut_and_stay_on_one_line():
    assert one_line("a\nb\x00\u2028c") == "a b  c"
    assert one_line("x" * 120) == "x" * 120
    assert one_line("x" * 121) == "x" * 119 + "…"
