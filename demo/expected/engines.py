"""The two engines, BigQuery and DuckDB: a table's rows as text, in groups, and a digest of each group.

A digest covers some thousand rows, so comparing every value transfers only a few kilobytes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from demo.expected.tables import Column, Table

DIGESTS = "SELECT bucket, COUNT(*), SUM(money), {digest} FROM ({lines}) GROUP BY bucket"
LINES = "SELECT {bucket} AS bucket, {money} AS money, {line} AS line FROM {source} WHERE {where}"


@dataclass(frozen=True)
class Dialect:
    """SQL templates of an engine: a column as text and as a group (by kind), cents, and a group's digest."""

    text: dict[str, str]
    bucket: dict[str, str]
    cents: str
    digest: str


BIGQUERY = Dialect(
    text={
        "text": "{}",
        "number": "CAST({} AS STRING)",
        # In whole thousandths, as weighed goods have grams.
        "quantity": "CASE WHEN {0} * 1000 = ROUND({0} * 1000) "
        "THEN CAST(CAST(ROUND({0} * 1000) AS INT64) AS STRING) WHEN {0} IS NOT NULL THEN 'fraction' END",
        "flag": "CAST({} AS STRING)",
        "day": "CAST({} AS STRING)",
        "time": "CAST(UNIX_MICROS({}) AS STRING)",
        # In whole hundredths. A value between two of them is a difference and must not be rounded.
        "money": "CASE WHEN {0} * 100 = ROUND({0} * 100) "
        "THEN CAST(CAST(ROUND({0} * 100) AS INT64) AS STRING) WHEN {0} IS NOT NULL THEN 'fraction' END",
    },
    bucket={"time": "CAST(DATE({}) AS STRING)", "day": "CAST({} AS STRING)", "text": "SUBSTR({}, 1, 2)"},
    cents="CAST(ROUND({} * 100) AS INT64)",
    digest="TO_HEX(MD5(STRING_AGG(line, ';' ORDER BY line)))",
)

DUCKDB = Dialect(
    text={
        "text": "{}",
        "number": "cast({} as varchar)",
        "quantity": "cast({} * 1000 as varchar)",
        "flag": "cast({} as varchar)",
        "day": "cast({} as varchar)",
        "time": "cast(epoch_us({}) as varchar)",
        "money": "cast({} as varchar)",
    },
    bucket={
        "time": "cast(cast({} as date) as varchar)",
        "day": "cast({} as varchar)",
        "text": "substr({}, 1, 2)",
    },
    cents="{}",
    digest="md5(string_agg(line, ';' order by line))",
)


@dataclass(frozen=True)
class GroupDigest:
    """A group of rows: their number, the sum of the money column in cents (or None), MD5 of all values."""

    rows: int
    cents: int | None
    md5: str


@dataclass(frozen=True)
class Engine:
    """`run` takes SQL and returns rows; `source` and `column` are the names in this engine."""

    run: Callable[[str], Iterable[Any]]
    dialect: Dialect
    source: Callable[[Table], str]
    column: Callable[[Column], str]

    def digests(self, table: Table) -> dict[str, GroupDigest]:
        sql = DIGESTS.format(digest=self.dialect.digest, lines=self.select(table))
        return {
            row[0]: GroupDigest(row[1], None if row[2] is None else int(row[2]), row[3])
            for row in self.run(sql)
        }

    def lines(self, table: Table, bucket: str) -> set[str]:
        sql = f"SELECT line FROM ({self.select(table)}) WHERE bucket = '{bucket}'"
        return {row[0] for row in self.run(sql)}

    def select(self, table: Table) -> str:
        return LINES.format(
            bucket=self.fill(self.dialect.bucket[table.bucket.kind], table.bucket),
            # INT is a type in both dialects.
            money=self.fill(self.dialect.cents, table.money) if table.money else "CAST(NULL AS INT)",
            line=" || '|' || ".join(self.text(column) for column in table.columns),
            source=self.source(table),
            where=table.where.format(self.column(table.bucket)),
        )

    def text(self, column: Column) -> str:
        return f"COALESCE({self.fill(self.dialect.text[column.kind], column)}, 'NULL')"

    def fill(self, template: str, column: Column) -> str:
        return template.format(self.column(column))
