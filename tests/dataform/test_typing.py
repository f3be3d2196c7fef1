"""Each expression that types a text of the source, evaluated by the sandbox and by Google's reference implementation.

All texts of a type are one query: a text must not change the value of the row next to it.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from scripts.sql_analysis.analyzer import GoogleSql
from tests.dataform.engines.includes import evaluate_javascript
from tests.dataform.engines.warehouse import connect

TEN = int(datetime(2017, 1, 5, 10, tzinfo=UTC).timestamp()) * 10**6
MIDNIGHT = TEN + 14 * 3600 * 10**6

TIMES = {
    "2017-01-05T10:00:00Z": TEN,
    "2017-01-05 10:00:00": TEN,
    "2017-01-05T10:00:00 Europe/Paris": None,
    "2017-01-05T10:00:00": TEN,  # after a zone name
    "2017-01-05T10:00:00 UTC": None,
    "2017-01-05T10:00:00Z  ": TEN,
    "  2017-01-05T10:00:00Z": TEN,
    "2017-01-05T10:00:00z": TEN,
    "2017-01-05t10:00:00Z": TEN,
    "2017-01-05T10:00:00.1234567Z": TEN + 123456,  # .NET, format "o"
    "2017-01-05T10:00:00.1234569+00:00": TEN + 123456,
    "2017-01-05T10:00:00.123456789Z": TEN + 123456,
    "2017-01-05T10:00:00.5Z": TEN + 500000,
    "2017-01-05T10:00:00.Z": None,
    "2017-01-05 10:00": TEN,
    "2017-01-05T10:00Z": TEN,
    "2017-01-05T10:00+00:00": TEN,
    "2017-01-05T10": None,
    "2017-01-05": None,
    "2017-01-05T24:00:00Z": MIDNIGHT,
    "2017-01-05T24:00": MIDNIGHT,
    "2017-01-05T24:00:01Z": None,
    "2017-01-05T25:00:00Z": None,
    "2017-01-05T23:59:60Z": MIDNIGHT,
    "2017-01-05T23:58:60Z": None,
    "2017-01-05T23:59:61Z": None,
    "2017-01-05T12:00:00+02:00": TEN,
    "2017-01-05T12:00:00 +02:00": TEN,
    "2017-01-05T12:00:00+0200": TEN,
    "2017-01-05T12:00:00+02": TEN,
    "2017-01-05T04:00:00-06:00": TEN,
    "2017-01-05T15:30+05:30": TEN,
    "2017-01-06T00:00:00+14:00": TEN,
    "2017-01-05T15:45:00+05:45": TEN,
    "2017-01-05T15:45:00.5 +0545": TEN + 500000,
    "2017-01-05T06:30:00-03:30": TEN,
    "2017-01-05T06:30-0330": TEN,
    "2017-01-05T09:59:00-00:01": TEN,
    "2017-01-06T00:30:00+14:30": None,
    "2017-01-05T10:00:00+02:60": None,
    "2017-02-30T10:00:00Z": None,
    "2017-13-01T10:00:00Z": None,
    "0000-01-01T00:00:00Z": None,
    "0001-01-01T00:00:00Z": None,
    "9999-12-31T23:59:59Z": None,
    "9999-12-31T24:00:00Z": None,
    "2017-01-05T10:00:00\u200b": None,
    "2017-01-05\u00a010:00:00": None,
    "9999-12-31T23:59:59-14:00": None,
    "2017-01-05T10:00:00,5Z": None,
    "2017-01-05T10:00:00.12345678Z": TEN + 123456,
    "2017-01-05T04:30:00 -0530": TEN,
    "2017-01-04T20:00:00-14:00": TEN,
    "2017-01-05T24:00:00-06:00": MIDNIGHT + 6 * 3600 * 10**6,
    "2017-01-05T18:59:60-05:00": MIDNIGHT,
    "2017-01-05T23:59:60.5Z": MIDNIGHT + 500000,
    "2017-01-05T10:00:60Z": None,
    "2017-01-05T9:00:00Z": None,
    "2017-01-05T10:00:00+2": None,
    "2017-01-05T10:00:00Z+00": None,
    "2017-01-05  10:00:00": None,
    "2017/01/05 10:00:00": None,
    "20170105T100000Z": None,
    "2017-W01-4T10:00:00Z": None,
    "2017-01-05T10:00:00 GMT": None,
    "2017-01-05T10:00:00\n": TEN,
    "1483610400": None,
    "now": None,
    "": None,
    " ": None,
    None: None,
    "2017-01-05 10:00:00 America/Chicago": None,
    "2017-01-05T10:00:00.000000Z": TEN,  # after a zone name
}

NUMBERS = {
    "1.50": "1.5",
    " 2 ": "2",
    "-1.5": "-1.5",
    "1e3": "1000",
    "1E-3": "0.001",
    "0.0000000005": "0.000000001",  # nine digits, half away from zero
    "0.0000000004": "0",
    "-0": "0",
    "0.453": "0.453",
    "99999999999999999999999999999.9": "99999999999999999999999999999.9",
    "100000000000000000000000000000": None,
    "1e400": None,
    "1e-400": "0",
    "0e99999999999999": None,
    "1e": None,
    "1e28": "10000000000000000000000000000",
    "0x10": None,
    "１２": None,
    "½": None,
    "+5": None,
    "-.5": None,
    "1.000,5": None,
    "1_000": None,
    "1,234.5": None,
    "1\u00a0234": None,
    "\u00a01": None,
    "\u20091\u2009": None,
    "5.": None,
    "1E+2": "100",
    "Infinity": None,
    "-1e28": "-10000000000000000000000000000",
    "0" * 50 + "1": "1",
    "0.12345678905": "0.123456789",
    "123456789012345678901234567890123456789": None,
    "[]": None,
    "{}": None,
    "null": None,
    "5%": None,
    "true": None,
    "+1.5": None,
    "1,50": None,
    "1.": None,
    ".5": None,
    "NaN": None,
    "inf": None,
    "0x1F": None,
    "१": None,
    "1 2": None,
    "-0.0": "0",
    "1e-10": "0",
    "5e-10": "0.000000001",
    "-15e-10": "-0.000000002",
    "4.9e-10": "0",
    "9e-963": "0",
    "123456789123456789e-18": "0.123456789",
    " 45300000000.7E-0011 ": None,  # four digits of an exponent
    " 45300000000.7E-011 ": "0.453",
    "99999999999999999999999999999e-29": "1",
    "xe-99999999999999999999": None,
    "--1": None,
    "1\u200b": None,
    "\u22121": None,  # a minus sign that is not ASCII
    "99999999999999999999999999999.9999999999": None,  # rounded, it has thirty digits
    "": None,
    None: None,
}

INTEGERS = {
    "17": "17",
    " 17 ": "17",
    "-3": "-3",
    "007": "7",
    "9223372036854775807": "9223372036854775807",
    "9223372036854775808": None,
    "-9223372036854775808": "-9223372036854775808",
    "-9223372036854775809": None,
    "-0": "0",
    "1" * 400: None,
    "17.0": None,
    "1e3": None,
    "0x1F": None,
    "true": None,
    "+1": None,
    "1_000": None,
    "１２": None,
    "\u0661\u0662": None,
    "1\u00a0": None,
    "": None,
    None: None,
}

DATES = {
    "2017-01-05": "2017-01-05",
    " 2017-01-05 ": "2017-01-05",
    "2017-1-5": None,
    "2017-02-30": None,
    "2017-01-05T10:00:00Z": None,
    "20170105": None,
    "0000-01-01": None,
    "0001-01-01": None,
    "9999-12-31": None,
    "2016-02-29": "2016-02-29",
    "２０１７-01-05": None,
    "2017-01-05 00:00:00": None,
    "+2017-01-05": None,
    "05.01.2017": None,
    "2017-00-10": None,
    "2100-02-29": None,
    "": None,
    None: None,
}

TEXTS = {
    " a ": "a",
    "a b": "a b",
    "a\n": "a",
    "\ta\r\n": "a",
    "\u00a0a": "a",
    "\u2003a\u3000": "a",
    "\u2028a\u0085": "a",
    "\ufeffa": "\ufeffa",
    "a\u200b": "a\u200b",
    "\u200b": "\u200b",
    "\u00e9": "\u00e9",
    "e\u0301": "e\u0301",  # another text than the one before
    "\u0130": "\u0130",
    "I": "I",
    "i": "i",
    "\U0001f34e ": "\U0001f34e",
    "01": "01",
    "null": "null",
    "'\"\\a\nb`": "'\"\\a\nb`",
    "a\x00b": "a\x00b",
    "k" * 2000: "k" * 2000,
    "": None,
    "   ": None,
    " \t ": None,
    None: None,
}

FILE_DAYS = {
    "sales_20260131_0900_x.json": "2026-01-31",
    "sales_20260231_0900_x.json": "1970-01-01",
    "x.json": "1970-01-01",
}

# How the value is written as text, and the expectation.
TYPES: dict[str, tuple[str, dict[Any, Any]]] = {
    "types.timestamp.parse": ("cast(unix_micros({}) as string)", TIMES),
    "types.decimal.parse": ("cast({} as string)", NUMBERS),
    "types.integer.parse": ("cast({} as string)", INTEGERS),
    "types.date.parse": ("cast({} as string)", DATES),
    "types.text.parse": ("{}", TEXTS),
    "names.dayOfFile": ("cast({} as string)", FILE_DAYS),
}


@pytest.fixture(scope="module")
def evaluate(sandbox):
    """The values of an expression of `text` in both engines, by the engine's name."""
    client, google = connect(sandbox.address, "typing").client, GoogleSql()

    def both(expression, texts):
        literals = ", ".join(
            "null" if text is None else json.dumps(text, ensure_ascii=False) for text in texts
        )
        sql = f"select {expression} as value from unnest([{literals}]) as text with offset as place order by place"
        return {
            "sandbox": [row["value"] for row in client.query_and_wait(sql)],
            "google": [value for (value,) in google.evaluate(sql)],
        }

    return both


@pytest.mark.parametrize("parse", TYPES)
def test_both_engines_type_a_text_alike(evaluate, parse):
    as_text, table = TYPES[parse]
    expression = as_text.format(evaluate_javascript(f"{parse}('text')", types="types", names="names"))
    expected = {text: None if value is None else str(value) for text, value in table.items()}
    for engine, values in evaluate(expression, table).items():
        assert dict(zip(table, values, strict=True)) == expected, engine


def test_every_type_has_a_table():
    """By its expression: several types differ only in their bounds."""
    parsed = (
        "Object.keys(types).filter((name) => types[name].parse).map((name) => [name, types[name].parse('x')])"
    )
    tables = {evaluate_javascript(f"{name}('x')", types="types", names="names") for name in TYPES}
    untested = {name for name, sql in evaluate_javascript(parsed, types="types") if sql not in tables}
    assert untested == {"asReceived"}


def test_the_order_of_the_rows_does_not_matter(evaluate):
    parsed = evaluate_javascript("types.timestamp.parse('text')", types="types")
    expression = f"cast(unix_micros({parsed}) as string)"
    backwards = list(reversed(TIMES))
    expected = [None if TIMES[text] is None else str(TIMES[text]) for text in backwards]
    for values in evaluate(expression, backwards).values():
        assert values == expected


@pytest.mark.parametrize("kind", ["quantity", "amount", "price", "count"])
def test_a_bound_is_inside_and_the_next_value_is_outside(evaluate, kind):
    """A digit after the ninth is rounded before it is compared."""
    bounds, parsed = evaluate_javascript(f"[types.{kind}.range, types.{kind}.parse('text')]", types="types")
    step = "1" if kind == "count" else "0.000000001"
    texts: dict[str, str] = {}
    for bound, sign in ((bounds["until"], 1), (bounds["from"], -1)):
        texts |= {f"{bound}": "true", f"{Decimal(bound) + sign * Decimal(step):f}": "false"}
        texts |= {f"{Decimal(bound) - sign * Decimal(step):f}": "true"}
        if kind != "count":
            texts |= {f"{bound}.0000000004": "true", f"{bound}.0000000005": "false"}
    expression = f"cast({parsed} between {bounds['from']} and {bounds['until']} as string)"
    for engine, values in evaluate(expression, texts).items():
        assert dict(zip(texts, values, strict=True)) == texts, engine
