"""The staged nights as mails: one on the night, one when it recovered, none for quiet nights."""

from datetime import UTC, datetime

import pytest

from pipeline.run_record import NEWS_SCRIPT
from report.wording import describe_verdict
from tests.fakes.mail_server import FakeMailServer
from tests.report.mails import create_bucket, create_outbox, query_runner
from tests.report.nights import NIGHTS, quiet
from tests.report.pages import read_night
from tests.report.warehouse import create_ops

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def ops(sandbox):
    return create_ops(sandbox.address)


@pytest.fixture(scope="module")
def store(sandbox):
    return create_bucket(sandbox)


@pytest.mark.parametrize("night", NIGHTS, ids=lambda night: night.__name__)
def test_a_night_is_one_mail_and_its_end_another(ops, store, night):
    with FakeMailServer() as server:
        outbox = create_outbox(query_runner(ops.client), store, server.port)
        ops.load({"notice_log": [], "finding_log": []})
        history = quiet(datetime.now(UTC))
        night(history)
        cause = NIGHTS[night]
        states = ["new", "recovered"] if cause else []
        for number, rows in enumerate((history.rows, history.one_night_later().rows), start=1):
            # The log of mails is what this test is about, so the rows of a night do not replace it.
            ops.load({table: lines for table, lines in rows.items() if table != "notice_log"})
            read = read_night(ops)
            for _ in range(2):  # the second is a repetition of the job
                assert outbox.send_news(read) == []
            assert len(server.arrived) == (number if states else 0)
            news = list(query_runner(ops.client)(NEWS_SCRIPT, {"run_id": f"run_{number}"}))
            assert [(row["kind"], row["subject"], row["state"]) for row in news] == [
                (*(cause or ()), state) for state in states[number - 1 : number]
            ]
            if states:
                [_, message] = server.arrived[-1]
                # A header that was folded before its first word is read with the space of the fold.
                assert message["Subject"].strip() == f"[p] {describe_verdict(read)}"
                text = message.get_body(("plain",)).get_content()
                assert text.splitlines()[0] == describe_verdict(read)
                assert f"- {states[number - 1]} (" in text


def test_a_night_without_any_row_is_a_mail(sandbox, store):
    ops = create_ops(sandbox.address)
    with FakeMailServer() as server:
        outbox = create_outbox(query_runner(ops.client), store, server.port)
        for _ in range(2):
            assert outbox.send_news(read_night(ops)) == []
        [(_, message)] = server.arrived
    assert message["Subject"].strip() == "[p] New: pipeline left no row of a run (24 hours)."
    assert "Nothing was loaded, so there is no picture." in message.get_body(("plain",)).get_content()
