"""Every bad file of a batch is identified, every good one loaded, whether BigQuery names the bad ones or not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import InvalidData, LoadError
from connector.landing.landed_file import LandedFile
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

    def take_out(self, file, rejects):
        raise AssertionError("no line is readable, so no file can be repaired")


class Warehouse:
    """Rejects a batch that contains one of `bad`; names the first one if `names_file`."""

    def __init__(self, bad, names_file=True):
        self.bad, self.names_file = bad, names_file
        self.staged, self.inserted, self.staged_batches = {}, [], 0

    def stage(self, batch):
        self.staged_batches += 1
        if bad := [file.name for file in batch.files if file.name in self.bad]:
            message = (
                f"gs://b/sales/processing/{bad[0]}: bad line 3" if self.names_file else "too many errors"
            )
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

    def is_inserted(self, batch):
        return bool(self.inserted)


def batch(names):
    files = tuple(LandedFile(name, "processing", 100, 10) for name in sorted(names))
    return Batch("run", "sales", "sales", (), files)


@given(st.sets(st.sampled_from([f"f{n:02d}.json" for n in range(40)])), st.data(), st.booleans())
def test_good_files_are_loaded_and_bad_ones_fail(names, data, names_file):
    bad = data.draw(st.sets(st.sampled_from(sorted(names)))) if names else set()
    warehouse, files = Warehouse(bad, names_file), FakeFiles()
    result = load_batch(warehouse, batch(names), files)
    assert sorted(warehouse.inserted) == sorted(names - bad)
    assert set(files.failed) == bad
    assert result.rows == result.expected == 10 * len(names - bad)
    assert warehouse.staged == {}  # no staging table remains


def test_a_changed_file_is_not_loaded_unless_its_rows_are_in_raw_already():
    warehouse, files = Warehouse(set()), FakeFiles()
    changed = batch({"a", "b"}).with_files(
        replace(file, is_altered=file.name == "a") for file in batch({"a", "b"}).files
    )
    load_batch(warehouse, changed, files)
    assert (warehouse.inserted, set(files.failed)) == (["b"], {"a"})
    # As after a kill: without the file the insert would have another id, and the other rows were inserted twice.
    repeated = FakeFiles()
    assert load_batch(warehouse, changed, repeated).expected == 20
    assert repeated.failed == {}


def test_one_bad_file_of_many_is_found_in_few_jobs():
    warehouse = Warehouse({"f0317.json"}, names_file=False)
    load_batch(warehouse, batch({f"f{n:04d}.json" for n in range(1000)}), FakeFiles())
    assert warehouse.staged_batches <= 2 * 10 + 2


def test_files_that_fail_only_together_are_an_error():
    class LimitedWarehouse(Warehouse):
        def stage(self, batch):
            if len(batch.files) == 4:
                raise InvalidData("too large", ["too large"])
            super().stage(batch)

    files = FakeFiles()
    with pytest.raises(LoadError, match="Each half of the files can be loaded"):
        load_batch(LimitedWarehouse(set()), batch({f"f{n}.json" for n in range(4)}), files)
    assert files.failed == {}


def test_job_ids_follow_from_files_run_and_types_but_not_from_descriptions():
    both = batch({"a", "b"})
    assert both.stage_hash == batch({"b", "a"}).stage_hash
    typed = Batch("run", "sales", "sales", ({"name": "id", "type": "STRING"},), both.files)
    described = Batch(
        "run", "sales", "sales", ({"name": "id", "type": "STRING", "description": "x"},), both.files
    )
    others = [batch({"a"}), Batch("another run", "sales", "sales", (), both.files), typed]
    assert len({both.stage_hash, *(other.stage_hash for other in others)}) == 4
    assert typed.stage_hash == described.stage_hash
    # A run that is resumed under an edited schema must find what it has inserted.
    assert both.insert_hash == typed.insert_hash != others[0].insert_hash


@given(st.sets(st.integers(1, 3 * MAX_FILES), max_size=50), st.data())
def test_a_failed_file_does_not_move_others_into_another_job(pages, data):
    """Otherwise the job of a resumed run would have another id, and its rows would be loaded twice."""
    files = [LandedFile(f"{n:06d}", "processing", 1, 1, page=PageResult(n, 1)) for n in sorted(pages)]
    failed_file = data.draw(st.sampled_from(files)) if files else None
    before = [[file for file in portion if file != failed_file] for portion in split_into_jobs(files)]
    after = split_into_jobs([file for file in files if file != failed_file])
    assert [portion for portion in before if portion] == after
    assert all(len(portion) <= MAX_FILES for portion in after)


def test_files_of_many_runs_are_grouped_by_their_position_in_the_replay():
    """Grouped by page number, a day of 24 runs would have too many files for one load job."""
    files = [LandedFile(f"{n:06d}", "archive", 1, 1, page=PageResult(1, 1)) for n in range(MAX_FILES + 1)]
    positions = {file.name: number for number, file in enumerate(files, 1)}
    assert [len(portion) for portion in split_into_jobs(files, positions)] == [MAX_FILES, 1]
    assert split_into_jobs(files[5:], positions)[1] == files[-1:]  # absent files shift no other
