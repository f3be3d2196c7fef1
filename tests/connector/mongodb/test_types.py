"""Every BSON value becomes exact text; a document that cannot be decoded is a reject."""

import datetime
import json
import random
import re
import uuid

import bson
import pytest
from bson import Binary, Code, Decimal128, Int64, ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS

from connector.sources.mongodb.documents import (
    TYPED_ROWS,
    DocumentEncoder,
    convert_column,
    format_date,
    format_decimal,
    format_text,
    format_wide_date,
    simplify,
)
from connector.sources.window import IdRange

MOMENT = datetime.datetime(2024, 2, 29, 12, 30, 1, 567000)  # noqa: DTZ001 (as bson decodes it)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1", "1"),
        (1, "1"),
        (Int64(9007199254740993), "9007199254740993"),
        (1.0, "1.0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (Decimal128("12345678901234567890.1234567890"), "12345678901234567890.1234567890"),
        (Decimal128("NaN"), "NaN"),
        (Decimal128("-0.06"), "-0.06"),
        (Decimal128("0.00"), "0.00"),
        (Decimal128("0E-7"), "0E-7"),
        (Decimal128("1E+3"), "1E+3"),
        (Decimal128("0.0000001"), "1E-7"),
        (Decimal128("-9999999999999999999999999999999999"), "-9999999999999999999999999999999999"),
        (Decimal128("-Infinity"), "-Infinity"),
        (True, "true"),
        (None, None),
        (MOMENT, "2024-02-29T12:30:01.567Z"),
        (DatetimeMS(253402300800000), "+10000-01-01T00:00:00.000Z"),
        (DatetimeMS(-62135596800001), "0000-12-31T23:59:59.999Z"),
        (DatetimeMS(-62198755200000), "-0001-01-01T00:00:00.000Z"),
        (ObjectId("507f1f77bcf86cd799439011"), "507f1f77bcf86cd799439011"),
        (b"\xff\x00", "/wA="),
        (Binary.from_uuid(uuid.UUID(int=7)), "00000000-0000-0000-0000-000000000007"),
        (Timestamp(5, 6), "5:6"),
        (Code("f()"), '{"$code": "f()"}'),
        ({"a": 1.10, "b": [Decimal128("1.10"), None]}, '{"a":1.1,"b":["1.10",null]}'),
        ([MOMENT], '["2024-02-29T12:30:01.567Z"]'),
        ([float("nan"), Int64(9007199254740993)], '["NaN",9007199254740993]'),
        ({}, "{}"),
    ],
)  # fmt: skip
def test_values_become_text(value, text):
    assert format_text(value) == text


def test_wide_dates_agree_with_python():
    for days in range(-719162, 2932896, 9973):
        moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
            days=days, milliseconds=61001
        )
        assert format_wide_date(DatetimeMS(moment)) == format_text(moment.replace(tzinfo=None))


def test_rare_types_become_extended_json():
    assert (
        json.loads(format_text(re.compile("a", re.IGNORECASE)) or "")["$regularExpression"]["pattern"] == "a"
    )
    assert json.loads(format_text(bson.MinKey()) or "") == {"$minKey": 1}
    assert simplify({"k": bson.MaxKey()}) == {"k": '{"$maxKey": 1}'}


def read_all(reader):
    plan = reader.make_plan(IdRange())
    parts = [reader.read_part(position, "f.json") for position in plan.parts]
    return [json.loads(line) for part in parts for line in part.lines.splitlines()], parts


def test_documents_become_lines(server, create):
    server.insert("orders", {"_id": 1, "name": {"first": "Bo"}, "tags": ["x"], "big": Int64(2**60)})
    rows, [part] = read_all(create(window=False))
    assert rows == [
        {"_id": "1", "name": '{"first":"Bo"}', "tags": '["x"]', "big": str(2**60), "SYS_FILE_NAME": "f.json"}
    ]
    assert part.unmapped == ("big", "tags")


def test_a_date_outside_of_python_does_not_stop_the_batch(server, create):
    """pymongo's default raises InvalidBSON for the whole batch."""
    server.insert("orders", {"_id": 1, "at": DatetimeMS(10**15)}, {"_id": 2, "at": DatetimeMS(-(10**15))})
    rows, _ = read_all(create(window=False))
    assert [row["at"] for row in rows] == ["+33658-09-27T01:46:40.000Z", "-29719-04-05T22:13:20.000Z"]


def test_an_undecodable_document_is_a_reject(server, create):
    server.insert("orders", {"_id": 1, "name": "a"})
    raw = bson.encode({"_id": 2, "name": "abc"}).replace(b"abc", b"a\xffc")
    server.insert_raw("orders", raw, {"_id": 2})
    server.insert("orders", {"_id": 3, "name": "c"})
    rows, [part] = read_all(create(window=False))
    assert [row["_id"] for row in rows] == ["1", "3"]
    [reject] = part.rejects
    assert (reject.number, reject.line) == (2, raw.hex())
    assert "not readable BSON" in reject.reason
    assert part.note == "1 documents of orders are in rejects/"


def test_every_decimal_is_written_as_by_the_driver():
    numbers = random.Random(8)
    for _ in range(2000):
        drawn = f"{numbers.choice(['', '-'])}{numbers.randrange(10 ** numbers.randrange(1, 34))}"
        for value in (
            Decimal128(f"{drawn}E{numbers.randrange(-40, 5)}"),
            Decimal128.from_bid(numbers.randbytes(16)),
        ):
            assert format_decimal(value) == str(value)


ODD = [
    *("a", None, 7, Int64(2**60), 1.5, float("nan"), True, MOMENT, b"\xff", Decimal128("1.10")),
    *(ObjectId("507f1f77bcf86cd799439011"), DatetimeMS(10**15), Timestamp(5, 6), re.compile("a")),
    *({"a": [1, MOMENT]}, ["x\n\u2028", {}]),
]


@pytest.mark.parametrize("rows", [1, TYPED_ROWS, 2 * TYPED_ROWS])
@pytest.mark.parametrize("mix", range(1, 4))
def test_columns_have_the_text_of_each_value(rows, mix):
    """Of one type, of one type and null, of several; many documents of the same fields, and few."""
    numbers = random.Random(mix)
    kinds = [[value, *numbers.choices(ODD, k=mix - 1)] for value in ODD] + [[value, None] for value in ODD]
    documents = [
        {f"f{i}": numbers.choice(kind) for i, kind in enumerate(kinds)} | {"_id": n} for n in range(rows)
    ]
    lines, names = DocumentEncoder("SYS_FILE_NAME", []).encode(documents, "f.json")
    expected = [
        {name: format_text(value) for name, value in document.items()} | {"SYS_FILE_NAME": "f.json"}
        for document in documents
    ]
    assert [json.loads(line) for line in lines.split(b"\n")[:-1]] == expected
    assert names == set(documents[0])


def test_a_column_of_dates_has_the_text_of_each():
    whole = [
        MOMENT.replace(year=year, day=1, microsecond=0, second=second)
        for year in (1, 99, 2026, 9999)
        for second in (0, 9, 10)
    ]
    dates = [date.replace(microsecond=ms * 1000) for date in whole for ms in (0, 1, 10, 100, 120, 999)]
    for column in (dates, whole, dates[1:2], dates[:1]):
        assert list(convert_column(tuple(column))) == [format_date(date) for date in column]


@pytest.mark.parametrize(
    "odd",
    [
        *(float("nan"), float("-inf"), MOMENT, Int64(3), Binary(bytes(16), 4), Binary(b"x", 0), Code("f")),
        *(DatetimeMS(10**15), ObjectId("507f1f77bcf86cd799439011"), Decimal128("1E+3"), re.compile("a")),
        *(b"\xff", 2**62, -0.0, 1e300, "\U0001f600 null", None),
    ],
)
def test_one_odd_value_in_a_column_of_documents(odd):
    """After many plain ones, deep in its document: the others keep their text, too."""
    plain = [{"a": [1, "x\n", None, {"b": 1.5}]}] * 50
    for column in (*plain, {"a": [{"b": odd}]}, []), (*plain, None, {"a": odd}), ({"a": odd}, None):
        assert list(convert_column(column)) == [format_text(value) for value in column]


def test_documents_with_other_fields_and_odd_names():
    documents: list[dict[str, object]] = []
    for n in range(3 * TYPED_ROWS):
        documents += [{"_id": n}, {"_id": n, 'a"b': None, "SYS_FILE_NAME": "own"}, {}, {f"only {n}": [n]}]
    lines, names = DocumentEncoder("SYS_FILE_NAME", ["_id"]).encode(documents, "f.json")
    rows = [json.loads(line) for line in lines.splitlines()]
    assert len(rows) == len(documents)
    assert {row["SYS_FILE_NAME"] for row in rows} == {"f.json"}
    assert sorted(row["_id"] for row in rows if 'a"b' in row) == list(range(3 * TYPED_ROWS))
    assert sum(row == {"SYS_FILE_NAME": "f.json"} for row in rows) == 3 * TYPED_ROWS
    assert len(names) == 3 + 3 * TYPED_ROWS


def test_a_renamed_field_keeps_its_name_where_the_new_one_is_taken():
    encoder = DocumentEncoder("SYS_FILE_NAME", [], {"first-name": "first_name"})
    documents = [{"_id": 1, "first-name": "a"}, {"_id": 2, "first-name": "b", "First_Name": "c"}]
    lines, names = encoder.encode(documents, "f")
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"_id": "1", "first_name": "a", "SYS_FILE_NAME": "f"},
        {"_id": "2", "first-name": "b", "First_Name": "c", "SYS_FILE_NAME": "f"},
    ]
    assert names == {"_id", "first_name", "first-name", "First_Name"}
