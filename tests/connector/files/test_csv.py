"""CSV files: every value stays text, and every row that does not fit is a reject."""

import gzip
import json
import re

import pytest

from connector.errors import InvalidResponse, RequestRejected
from connector.source_preview import infer_planned_schema, preview_plan
from connector.sources.window import IdRange
from tests.connector.files.harness import values


def test_rows_arrive_as_text(local, folder):
    (folder / "a.csv").write_text('id,name,amount\n007,"Anna ""A""\nBerlin",1.10\n8,,1e400\n9,"",NULL\n')
    rows = local.copy()
    assert values(rows, "id", "name", "amount") == [
        ("007", 'Anna "A"\nBerlin', "1.10"),
        ("8", None, "1e400"),
        ("9", "", "NULL"),
    ]
    assert [row["SYS_SOURCE_LINE"] for row in rows] == ["2", "4", "5"]
    assert {row["SYS_SOURCE_FILE"] for row in rows} == {"a.csv"}
    assert all(row["SYS_FILE_NAME"].startswith("shipments_") for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_delimiters_and_nulls(local, folder, encoding):
    local.endpoint["format"] = {
        "csv": {"delimiter": ";", "encoding": encoding.removesuffix("-sig"), "quote": "'", "null": ["NULL"]}
    }
    content = "id;name;amount\r\n1;'Café; rue';NULL\r\n\r\n2;n/a;3,5\r\n"
    (folder / "a.csv").write_bytes(content.encode(encoding))
    assert values(local.copy(), "id", "name", "amount") == [("1", "Café; rue", None), ("2", "n/a", "3,5")]


@pytest.mark.parametrize("content", [b"", b"id,name,amount\n", b"id,name,amount"])
def test_empty_and_header_only_files_have_no_rows(local, folder, content):
    (folder / "a.csv").write_bytes(content)
    assert local.copy() == []
    assert local.warehouse.runs[-1].status == "success"
    assert local.plan().parts == ()


def test_a_file_without_header_has_declared_columns(local, folder):
    local.endpoint["format"] = {"csv": {"header": False, "columns": ["id", "Label"]}}
    local.endpoint["rename"] = {"Label": "name"}
    (folder / "a.csv").write_text("1,x\n2,y\n")
    assert values(local.copy(), "id", "name") == [("1", "x"), ("2", "y")]


def test_bad_rows_are_rejects_with_their_line(local, folder):
    (folder / "a.csv").write_text('id,name\n1,x\n2\n3,y,z\n4,"a"b\n5,"two\nlines"\n6,w\n')
    assert values(local.copy(), "id") == [("1",), ("5",), ("6",)]
    assert [(reject["number"], reject["reason"], reject["line"]) for reject in local.rejects()] == [
        (3, "1 fields instead of 2", "2\n"),
        (4, "3 fields instead of 2", "3,y,z\n"),
        (5, "',' expected after '\"'", '4,"a"b\n'),
    ]
    assert "3 rows of a.csv are in rejects/, the first is line 3" in local.notes
    assert local.warehouse.runs[-1].status == "success"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"id,name,name\n1,a,b\n", "the header has 'name' more than once"),
        (b"id,Name,NAME\n1,a,b\n", "'NAME', 'Name'"),
        (b"id;name\n1;x\n", "no column 'id', the key; its columns are: 'id;name'"),
        ("id,name\n1,caf\xe9\n".encode("latin-1"), "line 2 has byte 0xe9, which is not utf-8"),
        (b'id,name\n1,"x\n2,y\n', "the quote that opens in line 2 is not closed"),
        (b"id,name\n" + b"1,2,3\n" * 30, "30 of 30 rows could not be read, the first in line 2"),
    ],
)
def test_unreadable_files_are_reported_and_the_others_are_loaded(local, folder, content, reason):
    (folder / "bad.csv").write_bytes(content)
    (folder / "good.csv").write_text("id,name\n7,fine\n")
    rows, message = local.copy_incomplete()
    assert values(rows, "id") == [("7",)]
    assert "bad.csv" in message
    assert reason in message
    assert any(reject["line"] == "bad.csv" and reason in reject["reason"] for reject in local.rejects())
    # The next run reports it, but does not fail again; a corrected file is read.
    assert local.copy() == []
    assert "1 files are unreadable since an earlier run: bad.csv" in local.notes
    (folder / "bad.csv").write_text("id,name\n8,corrected\n")
    assert values(local.copy(), "id") == [("8",)]


def test_a_corrected_declaration_reads_unreadable_files_again(local, folder):
    (folder / "bad.csv").write_bytes("id,name\n1,caf\xe9\n".encode("cp1252"))
    (folder / "good.csv").write_text("id,name\n7,fine\n")
    local.copy_incomplete()
    local.endpoint["format"] = {"csv": {"encoding": "cp1252"}}
    assert values(local.copy(), "id", "name") == [("1", "café")]


@pytest.mark.parametrize("rows", [2, 20])
def test_a_corrected_declaration_reads_files_with_rejects_again(local, folder, rows):
    """Rows of few files have a letter beyond ASCII, so a wrong encoding can look like some bad rows."""
    names = ["caf\xe9" if n % 2 else f"name {n}" for n in range(rows)]
    content = "".join(f"{n},{name}\n" for n, name in enumerate(names))
    (folder / "a.csv").write_bytes(f"id,name\n{content}".encode("cp1252"))
    (folder / "good.csv").write_text("id,name\n100,fine\n")
    assert len(local.copy()) == rows // 2 + 1
    assert len(local.rejects()) == rows // 2
    assert local.copy() == []
    local.endpoint["format"] = {"csv": {"encoding": "cp1252"}}
    assert values(local.copy(), "name") == sorted((name,) for name in names)


def test_a_wrong_encoding_is_not_thousands_of_rejects(local, folder):
    content = b"id,name\n" + b"".join(b"%d,%b\n" % (n, b"x" if n % 9 else b"\xe9") for n in range(300))
    (folder / "a.csv").write_bytes(content)
    rows, message = local.copy_incomplete()
    assert (rows, "line 2 has byte 0xe9, which is not utf-8" in message) == ([], True)
    # Here the encoding is right, as other rows show.
    (folder / "a.csv").write_bytes(content + "400,é\n".encode())
    assert len(local.copy()) == 300 - 34 + 1
    assert [reject["number"] for reject in local.rejects()[1:3]] == [2, 11]


def test_an_invalid_byte_in_a_row_of_several_lines_is_one_reject(local, folder):
    (folder / "a.csv").write_bytes(b'id,name\n1,"a\n\xff\nb"\n2,"c"d\xfe\n3,x\n')
    assert values(local.copy(), "id") == [("3",)]
    assert [(reject["number"], reject["line"]) for reject in local.rejects()] == [
        (2, '1,"a\n\\xff\nb"\n'),
        (5, '2,"c"d\\xfe\n'),
    ]


@pytest.mark.parametrize("part_bytes", [20, 1_000_000])
def test_a_header_in_the_middle_is_a_reject(local, folder, part_bytes):
    """Of files that were joined; the second has a column without a name, and one that is renamed."""
    local.endpoint["rename"] = {"title": "name"}
    (folder / "a.csv").write_text("id,title,\n1,a,x\n" * 2 + "id,name,\n")
    local.part_bytes = part_bytes
    assert values(local.copy(), "id", "name") == [("1", "a"), ("1", "a"), ("id", "name")]
    assert [(reject["number"], reject["reason"]) for reject in local.rejects()] == [(3, "the header again")]


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
@pytest.mark.parametrize("part_bytes", [60, 1000, 1_000_000])
def test_large_files_are_read_in_parts(local, folder, suffix, part_bytes):
    """Quoted line ends, a stray quote and rejects at any border between parts."""
    lines = [f'{n},"line 1 of {n}\nline 2"' if n % 3 else f'{n},5" pipe' for n in range(200)]
    lines[50], lines[51] = "50", '51,"a"b'
    content = ("id,name\n" + "\n".join(lines)).encode()
    (folder / f"a.{suffix}").write_bytes(
        gzip.compress(content, mtime=0) if suffix.endswith("gz") else content
    )
    local.part_bytes = part_bytes
    assert (len(local.plan().parts) > 1) == (part_bytes < 2000)
    rows = local.copy()
    assert sorted(int(row["id"]) for row in rows) == [n for n in range(200) if n not in (50, 51)]
    text = content.decode().split("\n")
    assert all(text[int(row["SYS_SOURCE_LINE"]) - 1].startswith(f"{row['id']},") for row in rows)
    assert len(local.rejects()) == 2


def test_gzip_files_with_two_members(local, folder):
    (folder / "a.csv.gz").write_bytes(
        gzip.compress(b"id,name\n1,x\n", mtime=0) + gzip.compress(b"2,y\n", mtime=0)
    )
    assert values(local.copy(), "id") == [("1",), ("2",)]


def test_a_gzip_file_that_is_filled_with_zeros(local, folder):
    (folder / "a.csv.gz").write_bytes(gzip.compress(b"id,name\n1,x\n", mtime=0) + bytes(700))
    assert values(local.copy(), "id") == [("1",)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(b"id,name\n" + b"1,x\n" * 999, mtime=0)[:-20], "truncated"),
        (b"id,name\n1,x\n", "not a valid gzip"),
    ],
)
def test_invalid_gzip_files_are_unreadable(local, folder, content, reason):
    (folder / "a.csv.gz").write_bytes(content)
    rows, message = local.copy_incomplete()
    assert rows == []
    assert reason in message


def test_columns_without_a_place_in_raw_are_noted(local, folder):
    (folder / "a.csv").write_text("id,colour\n1,red\n")
    [row] = local.copy()
    assert json.loads(json.dumps(row))["colour"] == "red"
    assert "fields without a column in raw, kept in the files: colour" in local.notes


def test_names_that_need_escapes_in_json(local, folder):
    """And a column of the name of our own: the line has the name of the landing file."""
    (folder / "a.csv").write_text('id,"size ""in""",a\\b,SYS_FILE_NAME\n7,x,y,z\n')
    [row] = local.copy()
    assert (row["id"], row['size "in"'], row["a\\b"]) == ("7", "x", "y")
    assert row["SYS_FILE_NAME"].startswith("shipments_")


def test_nulls_do_not_change_the_line_number(local, folder):
    local.endpoint["format"] = {"csv": {"null": ["2"]}}
    (folder / "a.csv").write_text("id,name\n7,2\n")
    assert values(local.copy(), "id", "name", "SYS_SOURCE_LINE") == [("7", None, "2")]


def test_an_invalid_byte_after_many_lines_is_a_reject_with_its_line(local, folder):
    content = b"id,name\n" + b"".join(b"%d,x\n" % n for n in range(40_000)) + b"7,caf\xe9\n"
    (folder / "a.csv").write_bytes(content)
    (folder / "good.csv").write_text("id,name\n7,fine\n")
    rows = local.copy()
    assert len(rows) == 40_001
    [reject] = local.rejects()
    assert (reject["number"], reject["line"]) == (40_002, "7,caf\\xe9\n")
    assert "line 40002 has byte 0xe9, which is not utf-8" in local.notes


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'id,name\r\n1,"a\r\nb\rc\nd"\r\n', [("1", "a\r\nb\rc\nd")]),
        (b"id,name\n1,a\x00b\n", [("1", "a\x00b")]),
        (b"id,name,,\n1,a,,\n2,b,x,\n", [("1", "a"), ("2", "b")]),
        (b'\xef\xbb\xbf"id","name"\n1,a\n', [("1", "a")]),
        # Not an empty file, whose rows would never be read.
        (b"\nid,name\n1,a\n", [("1", "a")]),
        (b"\xef\xbb\xbf\r\n\r\nid,name\r\n1,a\r\n", [("1", "a")]),
        (b"\n\n", []),
    ],
)
def test_odd_files_that_can_be_read(local, folder, content, rows):
    (folder / "a.csv").write_bytes(content)
    assert values(local.copy(), "id", "name") == rows


def test_values_below_a_blank_header_are_kept_and_noted(local, folder):
    (folder / "a.csv").write_bytes(b"id,name,\n1,a,x\n")
    [row] = local.copy()
    assert row["column 3"] == "x"
    assert "without a column in raw, kept in the files: column 3" in local.notes
    local.endpoint["rename"] = {"column 3": "amount"}
    (folder / "b.csv").write_bytes(b"id,name,\n2,a,y\n")
    assert [row["amount"] for row in local.copy() if row["id"] == "2"] == ["y"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", gzip.compress(b"id,name\n1,a\n", mtime=0), "is a gzip file. .* must end in .gz"),
        ("a.csv.zip", b"PK\x03\x04 and more", "a zip archive or an Excel workbook"),
        (
            "a.csv.gz",
            gzip.compress(gzip.compress(b"id,name\n1,a\n", mtime=0), mtime=0),
            "content of the gzip file is a gzip file",
        ),
        ("a.csv.gz", b"PK\x03\x04 and more", "not a valid gzip file"),
        ("a.csv", b"id,name\r1,a\r2,b\r", r"a \\r without \\n outside of quotes"),
        ("a.csv", "id,name\n1,a\n".encode("utf-16"), "byte 0xff, which is not utf-8. Declare"),
    ],
)
def test_files_that_are_something_else_name_it(local, folder, name, content, reason):
    (folder / name).write_bytes(content)
    rows, message = local.copy_incomplete()
    assert rows == []
    assert re.search(reason, message)


def test_a_gzip_file_with_an_ending_in_capitals(local, folder):
    (folder / "A.CSV.GZ").write_bytes(gzip.compress(b"id,name\n1,a\n", mtime=0))
    assert values(local.copy(), "id", "name") == [("1", "a")]


def test_a_preview_has_the_reason_of_what_cannot_be_read(local, folder):
    """`try` and `describe` before the first run."""
    (folder / "a.csv").write_text("id,name\n1,a\n2\n")
    text = preview_plan(local.reader(), IdRange())
    assert "rows of the first part: 1, rejected: 1" in text
    assert "note: 1 rows of a.csv are in rejects/, the first is line 3: 1 fields instead of 2" in text
    schema, _ = infer_planned_schema(local.reader(), IdRange())
    assert {"id", "name"} <= {column["name"] for column in json.loads(schema)}
    local.copy()
    with pytest.raises(InvalidResponse, match="no rows that are new"):
        infer_planned_schema(local.reader(), IdRange())
    (folder / "b.csv").write_text("nr;name\n1;a\n")
    assert "unreadable: file://" in preview_plan(local.reader(), IdRange())
    with pytest.raises(RequestRejected, match="no column 'id', the key; its columns are: 'nr;name'"):
        infer_planned_schema(local.reader(), IdRange())
