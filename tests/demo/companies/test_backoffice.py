"""The back office: what its oracle expects, its portal, its mail server, and the whole story."""

import smtplib
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from email.message import EmailMessage

import pytest
import requests

from demo.companies.backoffice import oracle
from demo.companies.backoffice.company import compare_tab
from demo.companies.backoffice.data import CHANGES, Decision, create_desk
from demo.companies.backoffice.portal import API_KEY, running_portal
from demo.companies.copied_repository import copy_repository
from demo.servers.mail import running_mailbox
from demo.spreadsheets import read_declarations

LIMIT_SECONDS = 900  # on a busy machine


def test_the_changes_have_every_kind():
    first, decided, last = (create_desk(number) for number in range(CHANGES + 1))
    assert len(first.requests) == 60 and not first.decisions
    assert decided.seen.keys() - decided.requests.keys() == {"R-0005"}
    assert last.seen.keys() - last.requests.keys() == {"R-0005", "R-0006"}
    assert {oracle.fault_of(each) for each in decided.decisions.values()} == {
        "",
        "decision is neither yes nor no",
        "approved is not a number",
    }


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        (Decision("yes", "12.5", ""), [Decimal("12.5")]),
        (Decision("YES ", "", ""), [Decimal("19.99")]),
        (Decision("yes", "0", ""), [Decimal(0)]),
        (Decision("yes", "much", ""), []),
        (Decision("no", "12", ""), []),
        (Decision("", "12", ""), []),
    ],
)
def test_an_amount_is_approved_only_by_a_valid_yes(cells, amounts):
    desk = create_desk()
    desk.decisions["R-0000"] = cells
    assert [amount for _, amount, _ in oracle.approved(desk)] == amounts


def test_a_withdrawn_request_is_not_approved():
    desk = create_desk(1)
    assert "R-0006" in [request.id for request, _, _ in oracle.approved(desk)]
    del desk.requests["R-0006"]
    assert "R-0006" not in [request.id for request, _, _ in oracle.approved(desk)]


def test_a_mail_is_expected_for_each_changed_sheet():
    """Facilities has no sheet. The second change concerns IT and Legal."""
    expected = [("approved_it",), ("approved_legal",), ("approved_it",), ("approved_legal",)]
    assert oracle.expect_mails() == expected


def test_a_lost_cell_of_a_person_is_a_difference():
    columns = ("Request", "Decision")
    rows = [{"Request": "R-0001", "Decision": ""}]
    check = compare_tab("sheet", rows, columns, [("R-0001", "yes")])
    assert len(check.differences) == 2
    assert compare_tab("sheet", rows, columns, [("R-0001", "")]).differences == ()


def test_the_portal_needs_its_key_and_has_pages():
    desk = create_desk()
    with running_portal(desk) as portal:
        url, key = f"{portal.address}/v2/requests", {"X-Token": API_KEY}
        assert requests.get(url, timeout=10).status_code == 401
        assert requests.get(f"{url}?limit=51", headers=key, timeout=10).status_code == 400
        page = requests.get(f"{url}?offset=50&limit=50", headers=key, timeout=10).json()
        assert (len(page["requests"]), page["total"]) == (10, 60)
        portal.desk = replace(desk, requests={})
        assert requests.get(url, headers=key, timeout=10).json() == {"requests": [], "total": 0}


def test_the_mail_server_keeps_messages_in_order(tmp_path):
    with running_mailbox(tmp_path / "mails") as mailbox, smtplib.SMTP("127.0.0.1", mailbox.port) as client:
        for number in range(11):
            message = EmailMessage()
            message["Subject"] = str(number)
            client.send_message(message, "a@mail.example", ["b@mail.example"])
        assert [message["Subject"] for message in mailbox.messages()] == [str(each) for each in range(11)]


def test_every_segment_has_a_spreadsheet(tmp_path):
    exports = tmp_path / "sheets_sync" / "exports"
    exports.mkdir(parents=True)
    (exports / "plain.yaml").write_text("table: a\n")
    (exports / "split.yaml").write_text(
        "table: a\nsegments: {column: b, values: {north: North, south: South}}\n"
    )
    names = [declaration.name for declaration in read_declarations(tmp_path)]
    assert names == ["plain", "split_north", "split_south"]


@pytest.mark.timeout(LIMIT_SECONDS)
def test_the_story_ends_with_equal_tables_sheets_and_mails(tmp_path):
    """With the record of an apply: Terraform is not found on this PATH."""
    repository, root = tmp_path / "repository", tmp_path / "project"
    copy_repository("backoffice", repository)
    command = [sys.executable, "-m", "demo", "run", "--source", "backoffice", "--root", str(root)]
    done = subprocess.run(
        command,
        cwd=repository,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the record of an apply" in done.stdout
    verdicts = [line.split()[-1] for line in done.stdout.splitlines() if line.endswith(("equal", "differs"))]
    assert verdicts == ["equal"] * 11, done.stdout
    expected = len(oracle.expect_mails()) + len(oracle.expect_news())
    assert len(list((root / "mails").glob("*.eml"))) == expected
