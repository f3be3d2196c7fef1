"""The proposed type of a column never rejects a value that was read."""

import msgspec
import pytest

from connector.new_source.samples import Sample, decode_rows, propose_columns
from connector.new_source.sheet import propose_column


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["2026-01-31", "1990-01-01"], "date"),
        (["2026-01-31", "1975-05-01"], "asReceived"),  # birthdays
        (["2026-01-31", "9999-12-31"], "asReceived"),  # for ever
        (["2026-01-31T10:00:00Z"], "timestamp"),
        (["2026-01-31T10:00:00Z", "1969-12-31 23:59:59"], "asReceived"),
        (["1", "-20"], "integer"),
        (["1975", "2026"], "integer"),
    ],
)
def test_the_type_of_samples(values, kind):
    rows = decode_rows([msgspec.json.encode({"value": value}) for value in values])
    [column] = propose_columns(Sample("a.csv", [rows]))
    assert column.type == kind
    assert ("before 1990" in column.note) is (kind in ("date", "timestamp"))


@pytest.mark.parametrize(
    ("kind", "texts", "expected"),
    [
        ("date", ["2026-01-31", None], "date"),
        ("date", ["2026-01-31", "1975-05-01"], "asReceived"),
        ("datetime", ["2026-01-31T10:00:00+01:00"], "timestamp"),
        ("datetime", ["1975-01-31T10:00:00+01:00"], "asReceived"),
        ("number", ["1", "2.5"], "decimal"),
        ("text", ["x"], "asReceived"),
    ],
)
def test_the_type_of_cells(kind, texts, expected):
    assert propose_column("Born", "born", kind, texts).type == expected
