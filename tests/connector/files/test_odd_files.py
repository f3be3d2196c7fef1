"""Files that are something else than declared, or that would fill the memory: the reason names it."""

import gzip
import re
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from connector.errors import RequestRejected
from connector.sources.files import content, csv_split
from connector.sources.files.content import PIECE_BYTES, decompress
from tests.connector.files.harness import values

LINES = '{"id": 1}\n{"id": 2}\n'
TABLE = "id,name\n1,a\n"


@pytest.mark.parametrize(
    ("form", "data", "reason"),
    [
        ("ndjson", LINES.encode("utf-16"), "the file is in UTF-16, .* JSON lines must be UTF-8"),
        ("ndjson", LINES.encode("utf-16-le"), "the file is in UTF-16-LE, .* JSON lines must be UTF-8"),
        ("ndjson", LINES.encode("utf-16-be"), "the file is in UTF-16-BE"),
        ("ndjson", LINES.encode("utf-32"), "the file is in UTF-32"),
        ("json", '[{"id": 1}]'.encode("utf-16-be"), "the file is in UTF-16-BE without a byte order mark"),
        ("csv", TABLE.encode("utf-16-le"), "the file is in UTF-16-LE, .* Declare this `encoding`"),
        ("csv", TABLE.encode("utf-32-be"), "the file is in UTF-32-BE"),
        (
            "ndjson",
            b'[{"id": 1},\n{"id": 2}]\n',
            "a JSON array, not JSON lines. Declare `format: {json: {}}`",
        ),
        ("ndjson", b"Obj\x01\x04\x14avro.codec", "the file is an Avro file"),
        ("csv", b"PAR1\x15\x04", "the file is a Parquet file. Check `format`"),
        ("csv", b"PK\x05\x06" + bytes(18), "an empty zip archive"),
    ],
)
def test_files_of_another_format_or_encoding_name_it(local, folder, form, data, reason):
    local.endpoint["format"] = {form: {}}
    (folder / "a.txt").write_bytes(data)
    rows, message = local.copy_incomplete()
    assert rows == []
    assert re.search(reason, message)


def test_lines_that_end_in_a_carriage_return_only(local, folder):
    local.endpoint["format"] = {"ndjson": {}}
    (folder / "a.json").write_bytes(b'{"id": 1}\r{"id": 2}\r')
    assert local.copy() == []
    [reject] = local.rejects()
    assert reject["reason"].endswith(r"; lines must end in \n or \r\n")


@pytest.mark.parametrize("header", ["id,name", '"id","name"'])
def test_joined_files_that_begin_with_a_byte_order_mark(local, folder, header):
    """Two members of a gzip file, as tools append them."""
    both = [gzip.compress(f"\ufeff{header}\n{row}\n".encode()) for row in ("1,a", "2,b")]
    (folder / "a.csv.gz").write_bytes(b"".join(both))
    assert values(local.copy(), "id", "name") == [("1", "a"), ("2", "b")]
    assert [(reject["number"], reject["reason"]) for reject in local.rejects()] == [(3, "the header again")]


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("count", [0, 1, 100_000, PIECE_BYTES // 8, PIECE_BYTES // 4])
def test_repeated_rows_are_decompressed_in_pieces(size, count):
    """Some megabytes of them are a gigabyte. Their number may fill the last piece exactly."""
    rows = b"1,aaaaa\n" * count
    stored = gzip.compress(rows) + gzip.compress(b"2,b\n") + bytes(9)
    pieces = list(decompress(stored[start : start + size] for start in range(0, len(stored), size)))
    assert b"".join(pieces) == rows + b"2,b\n"
    assert max(map(len, pieces)) <= PIECE_BYTES


def test_a_line_without_an_end_is_not_collected(local, folder, monkeypatch):
    monkeypatch.setattr(content, "MAX_LINE_BYTES", 3 << 20)
    monkeypatch.setattr(csv_split, "MAX_LINE_BYTES", 3 << 20)
    (folder / "a.csv").write_bytes(b"id,name\n1," + b"x" * (12 << 20) + b"\n2,b\n")
    (folder / "b.csv").write_text(TABLE)
    received = list[int]()
    reader = local.reader()
    read = reader.store.read_chunks

    def count(file, start, end):
        for chunk in read(file, start, end):
            received.append(len(chunk))
            yield chunk

    reader.store.read_chunks = count
    rows, message = local.copy_incomplete(reader)
    assert values(rows, "id", "name") == [("1", "a")]
    assert "a line is longer than 3145728 bytes" in message
    # By the plan twice and by the part, none of them as a whole.
    assert sum(received) < 3 * (12 << 20)


def test_a_parquet_struct_with_two_fields_of_one_name_is_unreadable(local, folder):
    """JSON would have the last of them only."""
    local.endpoint["format"] = {"parquet": {}}
    fields = [pa.field("a", pa.int64()), pa.field("a", pa.string())]
    column = pa.StructArray.from_arrays([pa.array([1]), pa.array(["x"])], fields=fields)
    pq.write_table(pa.table({"id": ["1"], "name": column}), folder / "a.parquet")
    rows, message = local.copy_incomplete()
    assert (rows, "a struct has several fields of one name" in message) == ([], True)


@pytest.mark.parametrize("name", ["a//b.csv", "a\x01b.csv"])
def test_a_name_that_cannot_be_listed_is_reported_with_a_remedy(s3, s3_server, name):
    s3.put("other/a.csv", TABLE.encode())
    bucket = s3.url.split("/")[2]
    requests.put(
        f"{s3_server}/{bucket}/shop/{quote(name)}", data=TABLE.encode(), timeout=10
    ).raise_for_status()
    with pytest.raises(
        RequestRejected, match="an empty folder .* or a control character.*Rename it, or declare"
    ):
        s3.copy()
    s3.endpoint["glob"] = "other/*.csv"
    assert values(s3.copy(), "id") == [("1",)]
