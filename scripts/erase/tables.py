"""Rows of a subject in BigQuery. Its rows stay with their key, so that its sales keep a customer; the rest is NULL.

Tables are found by their columns: raw, ods, its history, snapshots, and clones of developers. Marts have personal
columns only in views (tests/dataform/test_personal_data.py).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from scripts.erase.subject import Subject, quoted_forms, texts_of
from scripts.partitions import PER_STATEMENT, cut, filter_all, partition_of

# Texts of logs that can quote a value.
LOGS = {
    "ops.sync_row": ("key", "detail"),
    "ops.sync_run": ("error",),
    "ops.notice_log": ("target", "notice", "error"),
    "ops.file_log": ("reason",),
    "ops.run_log": ("error", "notes"),
    # What BigQuery quotes when a statement fails, and what is reported about it.
    "ops.action_log": ("reason",),
    "ops.step_log": ("reason",),
    "ops.pipeline_log": ("error",),
    "ops.finding_log": ("subject", "what"),
    "ops.releases": ("reason",),
}
SHORTEST_VALUE = 3  # characters: a shorter text of a person is in too many others
ERASED = "erased"
# As Subject.matches. Not by a cast: BigQuery reads '0x11' as 17, which is not a number in ods.
SHORTEST = "regexp_replace(trim({text}), r'^(-?)0+([0-9]+)$', r'\\1\\2')"
SAME_NUMBER = f"{SHORTEST.format(text='cast({key} as string)')} = {SHORTEST.format(text='@key')}"
SAME_TEXT = "trim(cast({key} as string)) = @key"


@dataclass(frozen=True)
class Place:
    """A table, and how many of its rows have data of the subject."""

    name: str
    rows: int


@dataclass(frozen=True)
class Tables:
    client: bigquery.Client
    subject: Subject

    def read_values(self) -> set[str]:
        """The personal values, from every table: raw may have lost the versions that ods or a clone still has."""
        values = (value for table in self._tables() for value in self._values_of(table))
        return {text for value in values for text in texts_of(value)}

    def _values_of(self, table: bigquery.Table) -> Iterator[object]:
        if self._has_payloads(table):
            where = f"{filter_all(table)} and {self._same_key(self._key_of_payload)}"
            for row in self._query(f"select payload from {name_of(table)} where {where}"):
                payload = json.loads(row["payload"])
                yield from (payload.get(column) for column in self.subject.personal)
            return
        names = {field.name for field in table.schema}
        columns = [f"`{column}`" for column in self.subject.personal if column in names]
        where = f"{filter_all(table)} and {self._same_key(self._key)}"
        for row in self._query(f"select {', '.join(columns)} from {name_of(table)} where {where}"):
            yield from tuple(row)

    @property
    def _key(self) -> str:
        return f"`{self.subject.key_column}`"

    @property
    def _key_of_payload(self) -> str:
        return f"json_value(payload, '$.{self.subject.key_column}')"

    def erase(self, values: set[str], dry_run: bool) -> Iterator[Place]:
        """Every table with data of the subject. raw is last, because its rows name the values."""
        # Shorter ones would blank unrelated texts of the logs.
        texts = sorted(form for text in values for form in quoted_forms(text) if len(form) >= SHORTEST_VALUE)
        # First, while the other tables still have the values to search for.
        for log in self._log_tables():
            yield self._erase_texts(log, texts, dry_run)
        for table in sorted(self._tables(), key=lambda table: table.dataset_id == "raw"):
            yield self._erase_table(table, dry_run)

    def find_snapshots(self) -> list[str]:
        """Names of snapshots with data of the subject, which nothing can change."""
        places = [self._erase_table(table, dry_run=True) for table in self._tables("SNAPSHOT")]
        return [place.name for place in places if place.rows]

    def _tables(self, kind: str = "TABLE") -> Iterator[bigquery.Table]:
        for dataset in self.client.list_datasets():
            for item in self.client.list_tables(dataset.reference):
                # A view has no rows of its own.
                if item.table_type != kind:
                    continue
                table = self.client.get_table(item.reference)
                names = {field.name for field in table.schema}
                has_rows = self.subject.key_column in names and names & set(self.subject.personal)
                if (has_rows and self.subject.may_own(item.table_id)) or self._has_payloads(table):
                    yield table

    def _has_payloads(self, table: bigquery.Table) -> bool:
        """Rejects, or a copy of them: the row is JSON text."""
        is_rejects = table.table_id.startswith(f"{self.subject.table}_rejects")
        return is_rejects and "payload" in {field.name for field in table.schema}

    def _log_tables(self) -> Iterator[str]:
        existing = {f"ops.{item.table_id}" for item in self.client.list_tables("ops")}
        return (table for table in LOGS if table in existing)

    def _erase_table(self, table: bigquery.Table, dry_run: bool) -> Place:
        if self._has_payloads(table):
            return self._erase_payloads(table, dry_run)
        return self._erase_rows(table, dry_run)

    def _erase_rows(self, table: bigquery.Table, dry_run: bool) -> Place:
        present = {field.name: field for field in table.schema}
        columns = [present[column] for column in self.subject.columns if column in present]
        where = f"{filter_all(table)} and {self._same_key(self._key)}"
        has_data = " or ".join(has_value(column) for column in columns)
        sets = ", ".join(f"`{column.name}` = null" for column in columns)
        # Rows without data are not counted, so that a second erasure finds nothing.
        place = self._change(
            name_of(table), f"{where} and ({has_data})", f"update {{table}} set {sets}", dry_run
        )
        if "change" in present and not dry_run:  # states of its history that no longer differ
            self._query(f"delete from {name_of(table)} where change = 'changed' and {where}")
        return place

    def _erase_payloads(self, table: bigquery.Table, dry_run: bool) -> Place:
        key = self.subject.key_column
        of_payload = self._key_of_payload
        names = [field["name"] for field in raw_order(self.subject)]
        values = ", ".join(
            f"{of_payload} as `{name}`" if name == key else f"cast(null as string) as `{name}`"
            for name in names
        )
        blank = f"to_json_string(struct({values}))"
        where = f"{filter_all(table)} and {self._same_key(of_payload)} and payload != {blank}"
        return self._change(name_of(table), where, f"update {{table}} set payload = {blank}", dry_run)

    def _erase_texts(self, table: str, values: list[str], dry_run: bool) -> Place:
        def quotes(column: str) -> str:
            return f"exists(select 1 from unnest(@values) as value where strpos({column}, value) > 0)"

        where = " or ".join(quotes(column) for column in LOGS[table])
        sets = ", ".join(f"{column} = if({quotes(column)}, '{ERASED}', {column})" for column in LOGS[table])
        return self._change(f"`{table}`", where, f"update {{table}} set {sets}", dry_run, values)

    def _change(
        self, name: str, where: str, update: str, dry_run: bool, values: list[str] | None = None
    ) -> Place:
        # Counted first, so that a dry run and the erasure report the same number.
        [row] = self._query(f"select count(*) as found from {name} where {where}", values)
        if row["found"] and not dry_run:
            for part in self._slices(name, where, int(row["found"]), values):
                self._query(f"{update.format(table=name)} where {part}", values)
        return Place(name.strip("`"), int(row["found"]))

    def _slices(self, name: str, where: str, rows: int, values: list[str] | None) -> Iterator[str]:
        """`where`, for as many partitions as one statement may write. Few rows are in few partitions."""
        partition = partition_of(self.client.get_table(name.strip("`"))) if rows > PER_STATEMENT else ""
        if not partition:
            yield where
            return
        select = f"select distinct {partition} as part from {name}"
        matching = self._query(f"{select} where ({where}) and {partition} is not null order by part", values)
        for part in cut(partition, [row["part"] for row in matching], PER_STATEMENT):
            yield f"({where}) and {part}"

    def _same_key(self, expression: str) -> str:
        return (SAME_NUMBER if self.subject.is_number else SAME_TEXT).format(key=expression)

    def _query(self, sql: str, values: list[str] | None = None) -> list[bigquery.Row]:
        parameters: list[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter] = [
            bigquery.ScalarQueryParameter("key", "STRING", self.subject.key)
        ]
        if values is not None:
            parameters = [bigquery.ArrayQueryParameter("values", "STRING", values)]
        return list(
            self.client.query_and_wait(sql, job_config=bigquery.QueryJobConfig(query_parameters=parameters))
        )


def has_value(column: bigquery.SchemaField) -> str:
    """A stored array is never NULL."""
    return (
        f"array_length(`{column.name}`) > 0" if column.mode == "REPEATED" else f"`{column.name}` is not null"
    )


def has_number_key(client: bigquery.Client, subject: Subject) -> bool:
    """Whether the key is a number in ods, where it is typed; True without such a table."""
    try:
        fields = client.get_table(f"ods.{subject.table}").schema
    except NotFound:
        return True
    return all(field.field_type == "INTEGER" for field in fields if field.name == subject.key_column)


def raw_order(subject: Subject) -> list[dict[str, str]]:
    """The key and the other columns, in the order of the payloads of rejects (dataform/includes/types.js)."""
    return [{"name": subject.key_column}, *({"name": column} for column in subject.columns)]


def name_of(table: bigquery.Table) -> str:
    return f"`{table.dataset_id}.{table.table_id}`"
