"""The SQL that compares the keys of a source with those in raw."""

from dataclasses import dataclass

from connector.load.batch import digest
from connector.sources.comparison import DELETED, DUE, POSITION

MAX_DIFFERENCES = 100_000  # the plan is stored in run.json


@dataclass(frozen=True)
class KeyList:
    """The keys that a run has listed, for `raw.<table>`. `version`: a column that every change of a row changes."""

    run: str
    table: str
    key: tuple[str, ...]
    version: str

    @property
    def staging(self) -> str:
        return f"staging.{self.table}_{digest('keys', self.run)}"

    @property
    def columns(self) -> list[str]:
        """Of the staging table; all STRING."""
        return list(dict.fromkeys([*self.key, self.version, POSITION, DUE]))


@dataclass(frozen=True)
class MissedKey:
    """`position`: how the reader finds the row; empty for a row that is gone. `values`: the key as in raw."""

    position: str
    values: tuple[str, ...]


def comparison_query(table: KeyList) -> str:
    """Rows (is_gone, position, key columns…): keys that are gone, missed, or in raw with another version.

    A key that was marked as gone and is there again counts as missed. Rows that change after the last window belong to
    the next one: they are not due.
    """
    # Null is equal to nothing, so rows with a null in the key cannot be compared.
    key = ", ".join(f"`{name}`" for name in table.key)
    same = " and ".join(f"listed.`{name}` = known.`{name}`" for name in table.key)
    present = " and ".join(f"`{name}` is not null" for name in table.key)
    names = ", ".join(f"coalesce(listed.`{name}`, known.`{name}`)" for name in table.key)
    first = f"`{table.key[0]}`"
    is_gone = f"listed.{first} is null and known.{DELETED} is null"
    # `is distinct from` also finds a version that was null.
    is_missed = (
        f"listed.{first} is not null and listed.{DUE} = 'true' and (known.{first} is null "
        f"or known.{DELETED} is not null or listed.`{table.version}` is distinct from known.`{table.version}`)"
    )
    return f"""
with known as (
  select {key}, {f"`{table.version}`, " if table.version not in table.key else ""}{DELETED}
  from raw.`{table.table}`
  where {present}
  qualify row_number() over (partition by {key} order by SYS_FILE_NAME desc, SYS_DATE_CREATE desc) = 1
)
select {is_gone} as is_gone, coalesce(listed.{POSITION}, ''), {names}
from (select * from {table.staging} where {present}) as listed
full outer join known on {same}
where ({is_gone}) or ({is_missed})
order by 1, 2
limit {MAX_DIFFERENCES + 1}
"""
