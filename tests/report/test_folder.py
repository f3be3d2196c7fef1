"""The page in a folder of a person's machine."""

import pytest

from report.errors import NotWritten
from report.publish import write_folder


def test_a_folder_is_created(tmp_path):
    assert write_folder(tmp_path / "new", {"index.html": "page"}) == [str(tmp_path / "new" / "index.html")]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotWritten, match=r"file could not be written: .*Pass another --out"):
        write_folder(tmp_path / "file", {"index.html": "page"})
