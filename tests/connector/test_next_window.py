"""The window that a run requests, depending on earlier windows."""

import random

import pytest

from connector.errors import IncompleteRun
from tests.connector.project import sale, sales
from tests.fakes.retail_api import Fault


def test_the_next_run_starts_at_the_watermark_minus_look_back(project, shop):
    shop.items["sales"] = sales(1, 1000)
    project.copy()
    shop.items["sales"] += sales(1001, 1100)
    project.copy()
    assert project.log("window_from, window_until, rows_loaded") == [(1, 1000, 1000), (501, 1100, 600)]
    names = project.rows("SELECT id, MAX(SYS_FILE_NAME), MIN(SYS_FILE_NAME) FROM raw.sales GROUP BY id")
    assert all((newest > oldest) == (501 <= int(number) <= 1000) for number, newest, oldest in names)


@pytest.mark.parametrize(
    ("start", "end", "ids"),
    [
        ("10", "12", [10, 11, 12]),
        (None, "2", [1, 2]),
        ("29", None, [29, 30]),
        ("2017-01-01", "3", [1, 2, 3]),
        ("2017-01-02", "2017-01-03", [*range(11, 31)]),
        ("25", "2017-01-03", [*range(25, 31)]),
        (None, "2017-01-01", [*range(1, 11)]),
        ("2017-01-04", "2017-01-04", [31]),
        ("2017-01-05", None, []),
    ],
)
def test_a_requested_window_is_copied(project, shop, start, end, ids):
    """Ten sales a day."""
    shop.items["sales"] = [
        sale(n, datetime=f"2017-01-{1 + (n - 1) // 10:02d}T09:00:00Z") for n in range(1, 32)
    ]
    shop.items["sales"] = shop.items["sales"][: 30 if start == "29" else 31]
    project.copy(start=start, end=end)
    assert project.ids() == ids
    [(first, last)] = project.log("window_from, window_until")
    assert list(range(first, last + 1)) == ids  # in ids, also if days were requested


def test_an_end_past_the_source_does_not_move_the_watermark(project, shop):
    shop.items["sales"] = sales(1, 30)
    project.copy(end="1000")
    shop.items["sales"] += sales(31, 40)
    project.copy()
    assert set(project.ids()) == set(range(1, 41))


def test_a_window_that_leaves_a_gap_is_noted(project, shop):
    """The next run requests the ids of the gap: a back-fill does not move the watermark."""
    shop.items["sales"] = sales(1, 30)
    project.copy(end="10")
    project.copy(start="20")
    [(first,), (gap,)] = project.log("notes")
    assert first is None
    assert "ids 11 to 19 were not requested before this window" in gap
    project.copy()
    assert sorted(set(project.ids())) == list(range(1, 31))


def test_a_back_fill_does_not_move_the_watermark(project, shop):
    shop.items["sales"] = sales(1, 2000)
    project.copy()
    shop.items["sales"] += sales(2001, 2100)
    project.copy(start="700", end="800")
    project.copy(start="2050", end="2060")
    project.copy()
    windows = [(1, 2000), (700, 800), (2050, 2060), (1501, 2100)]
    assert project.log("window_from, window_until") == windows


def test_an_interrupted_back_fill_is_resumed_before_the_next_window(project, shop):
    shop.items["sales"] = sales(1, 1000)
    project.copy(end="100")
    shop.faults = [Fault(page=page, times=99, status=503) for page in (2, 3)]
    with pytest.raises(IncompleteRun, match="requests only these pages"):
        project.copy(start="2017-01-01", end="700")
    shop.faults = []
    project.copy()
    assert project.log("status, window_from, window_until") == [
        ("success", 1, 100),
        ("partial", 1, 700),
        ("success", 1, 700),
        ("success", 201, 1000),
    ]
    assert set(project.ids()) == set(range(1, 1001))


def test_a_partial_run_moves_the_watermark(project, shop):
    shop.items["sales"] = [sale(n, items="none") for n in range(1, 3)]
    with pytest.raises(IncompleteRun):
        project.copy()
    shop.items["sales"] += sales(3, 700)
    project.copy(start="3")
    project.copy()
    assert project.log("window_from, window_until") == [(1, 2), (3, 700), (201, 700)]


def test_the_watermark_query_matches_a_simple_implementation(project):
    """On random histories: from the first run's window, as far as windows touch each other."""
    chance = random.Random(5)
    rows, expected = [], {}
    for number in range(12):
        name, windows = f"e{number}", []
        for minute in range(chance.randint(0, 6)):
            start = chance.randint(1, 30)
            until = chance.randint(start - 1, start + 8)
            status = chance.choice(["success", "success", "partial", "failed", "incomplete"])
            began = f"TIMESTAMP '2026-01-01 00:{minute:02d}:00'"
            window = f"{start}, {until}, 1, 1, 1, 1"
            rows.append(f"('{number}-{minute}', '{name}', {began}, {began}, '{status}', {window})")
            if status in ("success", "partial"):
                windows.append((start, until))
        expected[name] = stretch(windows)
    columns = "run_id, endpoint, started_at, finished_at, status, window_from, window_until"
    counts = "pages, files, rows_loaded, bytes"
    project.rows(f"INSERT INTO ops.run_log ({columns}, {counts}) VALUES {', '.join(rows)}")
    warehouse = project.context().warehouse
    assert {name: warehouse.read_watermark("", name).until for name in expected} == expected


def stretch(windows):
    """How far the windows reach that touch the first one, directly or through others."""
    reached, others = windows[:1], windows[1:]
    while near := [window for window in others if any(touch(window, other) for other in reached)]:
        reached, others = reached + near, [window for window in others if window not in near]
    return max((until for _, until in reached), default=None)


def touch(window, other):
    return window[0] <= other[1] + 1 and other[0] <= window[1] + 1
