"""Which files a run reads: every version of every file once, whatever its modification time."""

import os

import pytest

from connector.errors import SourceUnavailable
from connector.sources.files.store import FileInfo
from tests.connector.files.harness import values


def row(number, name="x"):
    return f"id,name\n{number},{name}\n".encode()


def test_each_version_is_read_once(s3):
    s3.put("a.csv", row(1))
    s3.put("b.csv", row(2))
    assert values(s3.copy(), "id") == [("1",), ("2",)]
    assert s3.copy() == []
    s3.put("a.csv", row(1, "y"))  # overwritten, same size, within the same second
    s3.put("c.csv", row(3))
    assert values(s3.copy(), "id", "name") == [("1", "y"), ("3", "x")]
    assert s3.copy() == []


def test_late_and_back_dated_files_are_read(local, folder):
    (folder / "b.csv").write_bytes(row(2))
    local.copy()
    (folder / "a.csv").write_bytes(row(1))
    os.utime(folder / "a.csv", (1, 1))
    assert values(local.copy(), "id") == [("1",)]


def test_a_backlog_is_read_in_several_runs(local, folder, monkeypatch):
    monkeypatch.setattr("connector.sources.files.reader.MAX_FILES", 3)
    for number in range(5):
        (folder / f"{number}.csv").write_text(f"id,name\n{number},a\n")
        os.utime(folder / f"{number}.csv", (number, number))
    assert values(local.copy(), "id") == [("0",), ("1",), ("2",)]
    assert "2 new files are left to the next run: a run reads at most 3" in local.notes
    assert values(local.copy(), "id") == [("3",), ("4",)]
    assert local.copy() == []


def test_only_matching_files_are_read(local, folder):
    local.endpoint["glob"] = "2026/*.csv"
    for name in ("2026/a.csv", "2026/a.txt", "2026/old/b.csv", "2027/c.csv", "d.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(row(1, name))
    assert values(local.copy(), "name") == [("2026/a.csv",)]


def test_no_match_is_a_note(local):
    assert local.copy() == []
    assert "no file matches '**/*' in file:///" in local.notes
    assert local.warehouse.runs[-1].status == "success"


def test_files_that_may_still_be_written_are_left_to_the_next_run(local, folder):
    local.endpoint["settle"] = 60
    (folder / "a.csv").write_bytes(row(1))
    os.utime(folder / "a.csv", (local.clock / 1000, local.clock / 1000 + 30))
    assert local.copy() == []
    assert values(local.copy(), "id") == [("1",)]


@pytest.mark.parametrize("kind", ["local", "s3"])
def test_a_file_overwritten_after_the_plan_is_read_by_the_next_run(kind, request, folder):
    harness = request.getfixturevalue(kind)
    put = harness.put if kind == "s3" else lambda name, content: (folder / name).write_bytes(content)
    put("a.csv", row(1))
    put("b.csv", row(2))
    reader = harness.reader()
    plan = reader.make_plan
    reader.make_plan = lambda span: (plan(span), put("a.csv", row(1, "new")))[0]
    rows, message = harness.copy_incomplete(reader)
    assert values(rows, "id") == [("2",)]
    assert (
        "a.csv was overwritten or removed after it was listed; the next run reads the new version" in message
    )
    assert values(harness.copy(), "id", "name") == [("1", "new")]
    assert harness.copy() == []


def test_a_local_file_overwritten_during_the_read_is_not_loaded(local, folder):
    (folder / "a.csv").write_bytes(row(1))
    store = local.reader().store
    [file] = store.list_files("")
    chunks = store.read_chunks(file, 0, file.size)
    next(chunks)
    (folder / "a.csv").write_bytes(row(1, "longer"))
    with pytest.raises(SourceUnavailable, match="was overwritten"):
        list(chunks)


def test_a_file_removed_after_the_plan_is_reported(local, folder):
    (folder / "a.csv").write_bytes(row(1))
    (folder / "b.csv").write_bytes(row(2))
    reader = local.reader()
    plan = reader.make_plan
    reader.make_plan = lambda span: (plan(span), (folder / "a.csv").unlink())[0]
    rows, message = local.copy_incomplete(reader)
    assert values(rows, "id") == [("2",)]
    assert "a.csv was removed after it was listed" in message
    assert local.copy() == []


def test_a_kill_before_the_ledger_reads_nothing_twice(local, folder):
    """The run is resumed in its load phase; the ledger is written by the second process."""
    (folder / "a.csv").write_bytes(row(1))
    reader = local.reader()

    def kill(*arguments):
        raise KeyboardInterrupt

    reader.on_loaded = kill
    with pytest.raises(KeyboardInterrupt):
        local.copy(reader)
    assert local.reader().ledger.read_entries() == {}
    local.copy()
    assert list(local.reader().ledger.read_entries()) == ["a.csv"]


def test_a_killed_fetch_reads_the_missing_parts_only(local, folder):
    for n in range(5):
        (folder / f"{n}.csv").write_bytes(row(n))
    reader = local.reader()
    reader.connections = 1
    read, parts = reader.read_part, list[int]()

    def killed(position, file_name):
        if len(parts) == 3:
            raise KeyboardInterrupt
        parts.append(position)
        return read(position, file_name)

    reader.read_part = killed
    with pytest.raises(KeyboardInterrupt):
        local.copy(reader)
    reader = local.reader()
    read_again, repeated = reader.read_part, []

    def repeat(position, file_name):
        repeated.append(position)
        return read_again(position, file_name)

    reader.read_part = repeat
    assert values(local.copy(reader), "id") == [(str(n),) for n in range(5)]
    assert len(repeated) == 2
    assert local.copy() == []


def test_entries_of_removed_files_are_dropped(local, folder):
    (folder / "a.csv").write_bytes(row(1))
    local.copy()
    (folder / "a.csv").unlink()
    (folder / "b.csv").write_bytes(row(2))
    local.copy()
    assert list(local.reader().ledger.read_entries()) == ["b.csv"]


def test_positions_keep_every_field(local):
    from connector.sources.files.position import PartRange, parse_position

    part = PartRange(FileInfo("ä b.csv", '"e"', 7, 1.5), 3, None, 2, ("id", "näme"))
    assert parse_position(part.encode()) == part
