"""A fault at every call: the tab shows the old mart or the new one, and the next run heals it."""

from datetime import date
from decimal import Decimal

import pytest
import requests

from sheets_sync.errors import SheetError

OLD = [(date(2017, 1, day), day, Decimal(day), "old") for day in range(1, 6)]
NEW = [(date(2017, 1, day), day, Decimal(day), "new") for day in range(2, 9)]
LARGE = [(date(2017, 1, 1), number, Decimal(1), "y" * 40_000) for number in range(60)]
# What was there, what comes, and how many calls that takes.
STORIES = {
    "made": (None, NEW, 2),
    "grown": (OLD, NEW, 3),
    "shrunk": (OLD, OLD[:2], 4),
    "swapped": (OLD, LARGE, 6),
}
CALLS = [(story, call) for story, (_, _, calls) in STORIES.items() for call in range(calls)]
FAULTS = [
    {"answer": "429"},
    {"answer": "500"},
    {"answer": "reset"},
    {"answer": "503", "applied": True},
    {"answer": "reset", "applied": True},
]
# When nothing works any more after it, what matters of the first fault is whether the call was applied.
LASTING = [{"answer": "503"}, {"answer": "reset", "applied": True}]
NAMES = [f"{fault['answer']}{'-applied' if 'applied' in fault else ''}" for fault in FAULTS]


def texts(rows):
    """The mart as the tab shows it; None where there is no tab."""
    if rows is None:
        return None
    shown = [[f"{day}", f"{baskets}", f"{revenue:.2f}", note] for day, baskets, revenue, note in rows]
    return [["Day", "Baskets", "Revenue", "Note"], *shown]


def seen(person):
    titles = [tab["properties"]["title"] for tab in person.sheets()]
    return person.see("'Daily sales'") if "Daily sales" in titles else None


@pytest.fixture(params=CALLS, ids=[f"{story}-{call}" for story, call in CALLS])
def story(request, mirror):
    """(what was there, what comes, the call that fails)"""
    name, call = request.param
    before, after, calls = STORIES[name]
    if before:
        mirror(before)
    return before, after, call


@pytest.mark.parametrize("kind", FAULTS, ids=NAMES)
def test_one_fault_is_overcome(story, mirror, person, fault, kind):
    _, after, call = story
    fault(kind="any", skip=call, **kind)
    mirror(after)
    assert seen(person) == texts(after)
    assert len(person.sheets()) == 2  # nothing is left of a hidden tab


@pytest.mark.parametrize("kind", LASTING, ids=["lost", "applied"])
def test_a_lasting_fault_leaves_old_or_new_and_the_next_run_heals(story, mirror, person, cloud, fault, kind):
    before, after, call = story
    fault(kind="any", skip=call, **kind)
    fault(kind="any", skip=call, times=1000, answer="503")
    with pytest.raises(SheetError):
        mirror(after)
    requests.delete(f"{cloud.control}/faults", timeout=10)
    assert seen(person) in [texts(before), texts(after)]
    mirror(after)
    assert seen(person) == texts(after)
    assert len(person.sheets()) == 2


def test_waits_are_those_of_the_server(mirror, fault, waits):
    fault(kind="read", answer="429", retry_after=17)
    mirror(NEW)
    [wait] = waits
    assert 17 <= wait <= 18


def test_a_lost_answer_to_a_write_that_cannot_be_sent_twice_is_looked_up(mirror, fault, person):
    """The tab is made once: the second round finds it, and has nothing left to do."""
    fault(kind="write", answer="503", applied=True)
    done = mirror(NEW)
    assert done.calls == 4
    assert done.changes.inserted == len(NEW)
    assert seen(person) == texts(NEW)


def test_a_plain_change_is_sent_again(mirror, fault, person):
    mirror(OLD)
    fault(kind="write", answer="503", applied=True)
    assert mirror([*OLD[:4], (date(2017, 1, 5), 5, Decimal(5), "new")]).calls == 4
    assert seen(person)[5] == ["2017-01-05", "5", "5.00", "new"]
