"""Every bad file of a batch is found, every good one is loaded, whether BigQuery names the bad or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import InvalidData, LoadError
from connector.landing.files import LandedFile
from connector.landing.page_metadata import PageResult
from connector.load.batch import Batch
from connector.load.loader import MAX_FILES, KeyCounts, load_batch, split_into_jobs


class FakeFiles:
    """Files without readable lines: a bad one fails as a whole."""

    def __init__(self):
        self.failed = {}

    def fail(self, file, reason):
        self.failed[file.name] = reason

    def read_lines(self, file):
        return []

    def write_part(self, file, first, lines):
        return f"{file.name}.{first}"

    def delete_parts(self, file):
        pass


class Warehouse:
    """Rejects a batch with one of `bad` in it; names the first one if it `tells`."""

    def __init__(self, bad, tells=True):
        self.bad, self.tells = bad, tells
        self.staged, self.inserted, self.asked = {}, [], 0

    def stage(self, batch):
        self.asked += 1
        if bad := [file.name for file in batch.files if file.name in self.bad]:
            message = f"gs://b/sales/processing/{bad[0]}: bad line 3" if self.tells else "too many errors"
            raise InvalidData(f"failed: {message}", [message])
        self.staged[batch.stage_hash] = batch

    def insert(self, batch):
        assert batch.stage_hash in self.staged
        self.inserted += [file.name for file in batch.files]
        return sum(file.rows for file in batch.files)

    def drop_staging(self, batch):
        self.staged.pop(batch.stage_hash, None)

    def check_part(self, batch, name):
        return "bad"

    def count_keys(self, batch):
        return KeyCounts()


def batch(names):
    files = tuple(LandedFile(name, "processing", 100, 10) for name in sorted(names))
    return Batch("run", "sales", "sales", (), files)


@given(st.sets(st.sampled_from([f"f{n:02d}.json" for n in range(40)])), st.data(), st.booleans())
def test_good_files_are_loaded_and_bad_ones_fail(names, data, tells):
    bad = data.draw(st.sets(st.sampled_from(sorted(names)))) if names else set()
    warehouse, files = Warehouse(bad, tells), FakeFiles()
    result = load_batch(warehouse, batch(names), files)
    assert sorted(warehouse.inserted) == sorted(names - bad)
    assert set(files.failed) == bad
    assert result.rows == result.expected == 10 * len(names - bad)
    assert warehouse.staged == {}  # nothing is left in staging


def test_one_bad_file_of_many_is_found_in_few_jobs():
    warehouse = Warehouse({"f0317.json"}, tells=False)
    load_batch(warehouse, batch({f"f{n:04d}.json" for n in range(1000)}), FakeFiles())
    assert warehouse.asked <= 2 * 10 + 2


def test_files_that_only_fail_together_are_not_blamed():
    class Odd(Warehouse):
        def stage(self, batch):
            if len(batch.files) == 4:
                raise InvalidData("too large", ["too large"])
            super().stage(batch)

    files = FakeFiles()
    with pytest.raises(LoadError, match="Each half of the files can be loaded"):
        load_batch(Odd(set()), batch({f"f{n}.json" for n in range(4)}), files)
    assert files.failed == {}


def test_job_ids_follow_from_files_run_and_types_but_not_from_descriptions():
    one = batch({"a", "b"})
    assert one.stage_hash == batch({"b", "a"}).stage_hash
    typed = Batch("run", "sales", "sales", ({"name": "id", "type": "STRING"},), one.files)
    described = Batch(
        "run", "sales", "sales", ({"name": "id", "type": "STRING", "description": "x"},), one.files
    )
    others = [batch({"a"}), Batch("another run", "sales", "sales", (), one.files), typed]
    assert len({one.stage_hash, *(other.stage_hash for other in others)}) == 4
    assert typed.stage_hash == described.stage_hash
    # A run that is resumed under an edited schema must find what it has inserted.
    assert one.insert_hash == typed.insert_hash != others[0].insert_hash


@given(st.sets(st.integers(1, 3 * MAX_FILES), max_size=50), st.data())
def test_a_file_that_fails_moves_no_other_into_another_load(pages, data):
    """Else a load job of a run that goes on would have another name, and its rows would come twice."""
    files = [LandedFile(f"{n:06d}", "processing", 1, 1, page=PageResult(n, 1)) for n in sorted(pages)]
    gone = data.draw(st.sampled_from(files)) if files else None
    before = [[file for file in portion if file != gone] for portion in split_into_jobs(files)]
    after = split_into_jobs([file for file in files if file != gone])
    assert [portion for portion in before if portion] == after
    assert all(len(portion) <= MAX_FILES for portion in after)


def test_files_of_many_runs_are_told_apart_by_their_place_in_the_replay():
    """Their pages have the same numbers: by them, a day of 24 runs would be too much for one load job."""
    files = [LandedFile(f"{n:06d}", "archive", 1, 1, page=PageResult(1, 1)) for n in range(MAX_FILES + 1)]
    place = {file.name: number for number, file in enumerate(files, 1)}
    assert [len(portion) for portion in split_into_jobs(files, place)] == [MAX_FILES, 1]
    assert split_into_jobs(files[5:], place)[1] == files[-1:]  # gone files shift none
