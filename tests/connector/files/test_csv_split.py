"""The parts of a CSV file have exactly the rows and rejects of the whole file."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sources.files.config import Csv
from connector.sources.files.content import Rows, UnreadableFile
from connector.sources.files.csv_split import CsvSplitter
from connector.sources.files.delimited import iter_batches
from connector.sources.files.position import PartRange
from connector.sources.files.store import FileInfo
from connector.sources.files.text_lines import TextLines

DECLARED = Csv(header=False, columns=["a", "b"])
PIECES = st.sampled_from(["a", ",", '"', '""', '","', "\n", "\r\n", '\n"', '"\n', "é", "a,b\n", '"a\n",b\n'])


def parse(content, part, declared=DECLARED):
    rows = Rows()
    lines = TextLines([content[part.start : part.end]], declared.encoding, part)
    batches = list(iter_batches(lines, declared, 2, rows, with_line=True))
    rejects = [(reject.number, reject.reason, reject.line) for reject in rows.rejects]
    return [row for batch in batches for row in batch], rejects


def split(content, part_bytes, chunk_bytes, declared=DECLARED):
    chunks = [content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes)]
    whole = PartRange(FileInfo("a.csv", "e", len(content)))
    return CsvSplitter(whole, declared, {}, part_bytes).split(lambda: iter(chunks))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])  # by the expression, and by the parser only
@given(st.lists(PIECES, max_size=60), st.integers(1, 30), st.integers(1, 40))
def test_parts_have_the_rows_of_the_whole_file(encoding, pieces, part_bytes, chunk_bytes):
    declared = Csv(header=False, columns=["a", "b"], encoding=encoding)
    content = "".join(pieces).encode(encoding)
    try:
        whole = parse(content, PartRange(FileInfo("a.csv", "e", len(content))), declared)
    except UnreadableFile:
        return
    parts = [parse(content, part, declared) for part in split(content, part_bytes, chunk_bytes, declared)]
    assert [row for rows, _ in parts for row in rows] == whole[0]
    assert [reject for _, rejects in parts for reject in rejects] == whole[1]


def parse_singly(content):
    """Rows, with the number of their first line, and the first lines of those that cannot be parsed."""
    lines = io.BytesIO(content).readlines()
    reader = csv.reader((line.decode() for line in lines), quoting=csv.QUOTE_NOTNULL, strict=True)
    rows, rejects, first = [], [], 1
    while True:
        try:
            row = next(reader)
            if len(row) == 2:
                rows.append([*row, str(first)])
            elif row:
                rejects.append(first)
        except csv.Error:
            rejects.append(first)
        except StopIteration:
            return rows, rejects
        first = reader.line_num + 1


@given(st.lists(PIECES, max_size=60), st.integers(1, 40))
def test_blocks_have_the_rows_that_are_parsed_one_by_one(pieces, chunk_bytes):
    """A chunk is at most one block, so rows and faults are at any place of a block."""
    content = "".join(pieces).encode()
    rows = Rows()
    chunks = [content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes)]
    lines = TextLines(chunks, "utf-8", PartRange(FileInfo("a.csv", "e", len(content))))
    expected = parse_singly(content)
    try:
        batches = list(iter_batches(lines, DECLARED, 2, rows, with_line=True))
    except UnreadableFile:
        assert expected[1]  # the file ends inside quotes
        return
    assert [row for batch in batches for row in batch] == expected[0]
    assert [reject.number for reject in rows.rejects] == expected[1]


def test_a_regular_file_is_split_without_parsing(monkeypatch):
    content = b'1,"a ""b""\nc"\n' * 1000

    def fail(*arguments, **options):
        raise AssertionError("the file was parsed")

    monkeypatch.setattr(csv, "reader", fail)
    parts = split(content, 1400, 512)
    assert [part.start for part in parts] == list(range(0, 14_000, 1400))
    assert [part.line for part in parts] == list(range(1, 2000, 200))


def test_a_quote_inside_a_field_requires_the_parser():
    content = b'1,5" pipe\n2,"x\ny"\n' * 100
    assert len(split(content, 190, 64)) == 10
