"""Objects of a run that another process changes while the number of their rows stays the same."""

import pytest

from connector.errors import IncompleteRun
from connector.run import run
from connector.sources.window import IdRange
from runtime.stored_object import WRITTEN
from tests.connector.files.harness import FilesHarness
from tests.connector.project import sales

CHANGED = "its content is not what the run wrote"
PAGE_ROWS, PAGES = 250, 12
LAST = PAGE_ROWS * PAGES  # more pages than are fetched at once


def alter(store, item, old, new):
    """The same number of rows and the same metadata; another content."""
    content = store.read(item.name, item.generation)
    assert old in content
    store.replace(item.name, content.replace(old, new), item.generation, item.metadata)


@pytest.fixture
def altered(project, shop):
    """The first page of twelve was changed in in/ while the others were fetched; its file name."""
    shop.items["sales"] = sales(1, LAST)

    def alter_first_page():
        # Pages that are fetched side by side land in any order; before the last one, the first one has landed.
        [item] = [
            item
            for item in project.bucket.list("sales/in/")
            if b'"id": 1,' in project.bucket.read(item.name, item.generation)
        ]
        alter(project.bucket, item, b'"customer_id": 900', b'"customer_id": 901')

    shop.after_page = {PAGES: alter_first_page}
    with pytest.raises(IncompleteRun, match=CHANGED) as error:
        project.copy()
    [name] = project.failed()
    assert name.rpartition("/")[2] in str(error.value)
    return name.rpartition("/")[2]


def test_a_changed_page_is_not_loaded(project, altered):
    assert project.ids() == list(range(PAGE_ROWS + 1, LAST + 1))
    assert [status for (status,) in project.log("status")] == ["partial"]


def test_a_replay_loads_a_changed_page_after_a_person_has_seen_it(project, altered):
    project.replay(altered)
    assert project.ids() == list(range(1, LAST + 1))
    assert project.rows("SELECT COUNT(*) FROM raw.sales WHERE customer_id = '901'") == [(PAGE_ROWS,)]


def test_an_archived_file_that_was_changed_is_not_replayed_unseen(project, shop):
    shop.items["sales"] = sales(1, 10)
    project.copy()
    [item] = project.bucket.list("sales/archive/")
    alter(project.bucket, item, b'"customer_id": 900', b'"customer_id": 901')
    with pytest.raises(IncompleteRun, match=CHANGED):
        project.replay(item.name.rpartition("/")[2])
    assert project.rows("SELECT DISTINCT customer_id FROM raw.sales") == [("900",)]


def test_a_page_that_is_changed_while_it_is_loaded_is_reported(project, shop):
    shop.items["sales"] = sales(1, 10)
    context = project.context()
    insert = context.warehouse.insert

    def alter_and_insert(batch):
        [item] = project.bucket.list("sales/processing/")
        alter(project.bucket, item, b'"customer_id": 900', b'"customer_id": 901')
        return insert(batch)

    context.warehouse.insert = alter_and_insert
    with pytest.raises(IncompleteRun, match="was changed while it was loaded: its rows in raw may be others"):
        run.copy(context, IdRange())
    assert [status for (status,) in project.log("status")] == ["incomplete"]


def test_an_object_that_was_uploaded_over_a_page_is_named(project, shop):
    shop.items["sales"] = sales(1, 500)

    def upload():
        [item] = project.bucket.list("sales/in/")
        project.bucket.replace(item.name, b'{"id":1}\n' * 250, item.generation)

    shop.after_page = {2: upload}
    with pytest.raises(IncompleteRun, match=f"sales_2[^ ]*: {CHANGED}"):
        project.copy()


def test_a_changed_part_of_a_planned_kind_is_not_loaded(tmp_path):
    (tmp_path / "a.csv").write_text("id\n1\n2\n")
    (tmp_path / "b.csv").write_text("id\n3\n")
    harness = FilesHarness(tmp_path.as_uri())
    replace = harness.store.replace

    def replace_and_alter(name, content, generation, metadata=None):
        written = replace(name, content, generation, metadata)
        if WRITTEN in (metadata or {}) and "/in/" in name and b'"1"' in content:
            replace(name, content.replace(b'"1"', b'"9"'), harness.store.generation(name), metadata)
        return written

    harness.store.replace = replace_and_alter  # type: ignore[method-assign]  # another process, right after it
    with pytest.raises(IncompleteRun, match=CHANGED):
        harness.copy()
    assert [row["id"] for row in harness.warehouse.rows] == ["3"]
