"""A fault at every call, in every mode: the sheet is the old one or the new one; the next run recovers."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from sheets_sync import sync
from sheets_sync.destinations.sheets.destination import SheetsDestination
from sheets_sync.errors import OutcomeUnknown, TransientError
from sheets_sync.export_parser import parse_export
from sheets_sync.warehouse import Mart
from tests.sheets_sync.sandbox_spreadsheets import DECLARED, TYPES, opened, reached

type Row = tuple[date, int, Decimal, str]
OLD = [(date(2017, 1, day), day, Decimal(day), "old") for day in range(1, 6)]
NEW = [(date(2017, 1, day), day, Decimal(day), "new") for day in range(2, 9)]
LARGE = [(date(2017, 1, 1) + timedelta(number), number, Decimal(1), "y" * 40_000) for number in range(60)]
# What differs in the export, what was there, what comes, and how many calls that takes.
STORIES: dict[str, tuple[dict[str, Any], list[Row] | None, list[Row], int]] = {
    "created": ({}, None, NEW, 2),
    "mirror": ({}, OLD, [*reversed(NEW), OLD[0]], 3),
    "swapped": ({}, OLD, LARGE, 6),
    "moved": ({"removed": {"move": "Gone"}}, OLD, NEW, 3),
    "upsert": ({"mode": "upsert"}, OLD, NEW, 3),
    "update": ({"mode": "update"}, OLD, NEW, 3),
    "insert": ({"mode": "insert"}, OLD, NEW, 3),
    "append": ({"mode": "append"}, OLD, NEW, 3),
}
CALLS = [(story, call) for story, (*_, calls) in STORIES.items() for call in range(calls)]
FAULTS: list[dict[str, str | bool]] = [
    {"answer": "429"},
    {"answer": "500"},
    {"answer": "reset"},
    {"answer": "503", "applied": True},
    {"answer": "reset", "applied": True},
]
# When nothing works any more after it, what matters of the first fault is whether the call was applied.
LASTING = [{"answer": "503"}, {"answer": "reset", "applied": True}]
NAMES = [f"{fault['answer']}{'-applied' if 'applied' in fault else ''}" for fault in FAULTS]


def seen(person):
    """What people see: the tabs and all that is in them."""
    return {title: person.see(f"'{title}'") for title in person.tabs() if title != "Sync log"}


def settled(cloud, person, story, rows):
    """The story's export synced once, as a job that never waits."""
    export = parse_export("daily_sales", "f.yaml", DECLARED | STORIES[story][0])
    place = SheetsDestination(reached(cloud, person, []), cloud.state.project)
    return sync.sync_until_known(export, Mart(TYPES, rows), place)


def begun(cloud, person, story):
    """What was there, and what a person wrote beside it."""
    change, before, _, _ = STORIES[story]
    if before:
        settled(cloud, person, "upsert" if change.get("mode") == "update" else story, before)
        person.type("'Daily sales'!F3", [["beside the second"]])
    return seen(person)


@pytest.fixture(scope="module")
def ends(cloud):
    """How each story looks before and after: in a spreadsheet of its own, without a fault."""
    result = {}
    for story, (_, _, after, _) in STORIES.items():
        person = opened(cloud)
        old = begun(cloud, person, story)
        settled(cloud, person, story, after)
        result[story] = old, seen(person)
        assert old != result[story][1]
    return result


@pytest.mark.parametrize("kind", FAULTS, ids=NAMES)
@pytest.mark.parametrize(("story", "call"), CALLS)
def test_one_fault_is_overcome(cloud, person, ends, fault, story, call, kind):
    begun(cloud, person, story)
    fault(kind="any", skip=call, **kind)
    settled(cloud, person, story, STORIES[story][2])
    assert seen(person) == ends[story][1]


@pytest.mark.parametrize("kind", LASTING, ids=["lost", "applied"])
@pytest.mark.parametrize(("story", "call"), CALLS)
def test_a_lasting_fault_leaves_old_or_new_and_the_next_run_recovers(
    cloud, person, ends, fault, story, call, kind
):
    begun(cloud, person, story)
    fault(kind="any", skip=call, **kind)
    fault(kind="any", skip=call, times=1000, answer="503")
    with pytest.raises((TransientError, OutcomeUnknown)):
        settled(cloud, person, story, STORIES[story][2])
    requests.delete(f"{cloud.control}/faults", timeout=10)
    assert seen(person) in ends[story]
    settled(cloud, person, story, STORIES[story][2])
    assert seen(person) == ends[story][1]


@pytest.mark.parametrize("story", STORIES)
def test_a_story_takes_the_calls_that_are_made_to_fail(cloud, person, story):
    begun(cloud, person, story)
    requests.delete(f"{cloud.control}/calls", timeout=10)
    settled(cloud, person, story, STORIES[story][2])
    calls = requests.get(f"{cloud.control}/calls", timeout=10).json()["calls"]
    assert len(calls) == STORIES[story][3]


def test_waits_are_those_of_the_server(mirror, fault, waits):
    fault(kind="read", answer="429", retry_after=17)
    mirror(NEW)
    [wait] = waits
    assert 17 <= wait <= 18


def test_a_write_that_lost_its_answer_is_looked_up_and_never_sent_again(mirror, fault, person, waits, cloud):
    mirror(OLD)
    fault(kind="write", answer="503", applied=True)
    requests.delete(f"{cloud.control}/calls", timeout=10)
    done = mirror([*OLD[:4], (date(2017, 1, 5), 5, Decimal(5), "new")])
    calls = requests.get(f"{cloud.control}/calls", timeout=10).json()["calls"]
    assert [call["cost"] for call in calls] == ["read", "read", "write", "read", "read"]
    assert done.counts.updated.count == 1
    assert len(waits) == 1  # a request that is still on its way has the time to arrive
    assert person.see("'Daily sales'!A6:D6") == [["2017-01-05", "5", "5.00", "new"]]
