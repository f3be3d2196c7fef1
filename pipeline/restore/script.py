"""The script of a restore: reads the past into temporary tables, then one transaction that writes it.

The past is read before the transaction: what FOR SYSTEM_TIME AS OF returns inside of one is not documented. Delete and
insert, never a clone onto the table, which BigQuery refuses (dbt-labs/dbt-bigquery#921) and which would lose its
partitions. Readers see the rows before or after.
"""

from collections.abc import Sequence

from pipeline.restore.diff import Diff, literal
from pipeline.restore.parts import Part

CHANGED = "the warehouse changed after the plan of this restore was made; run it again"


def build_script(diff: Diff, parts: Sequence[Part], locks: Sequence[str], more: Sequence[str] = ()) -> str:
    """`more`: statements of the same transaction, after the tables are as they were."""
    reads = [read_past(number, part, diff) for number, part in enumerate(parts)]
    writes = [statement for number, part in enumerate(parts) for statement in write(number, part)]
    rows = f"select distinct table_name, written_at from ods.checkpoints where written_at >= {literal(diff.floor)}"
    checkpoints = f"select count(*) from ({rows})"
    return "\n".join(
        [
            *reads,
            "begin transaction;",
            # A run of Dataform that started meanwhile updates the same rows: BigQuery cancels one of the two.
            *(f"update {lock} set locked_at = current_timestamp() where true;" for lock in locks),
            # After the locks: from here on no other transaction can change the answer.
            raise_if(f"({checkpoints}) != {diff.present}", CHANGED),
            *writes,
            *more,
            "commit transaction;",
        ]
    )


def read_past(number: int, part: Part, diff: Diff) -> str:
    columns = ", ".join(part.table.columns)
    return (
        f"create temp table past_{number} as select {columns} from {part.table.name} "
        f"for system_time as of {literal(diff.moment)} where {part.where};"
    )


def write(number: int, part: Part) -> list[str]:
    name, columns = part.table.name, ", ".join(part.table.columns)
    counts = f"(select count(*) from {name} where {part.where}) != (select count(*) from past_{number})"
    return [
        f"delete from {name} where {part.where};",
        f"insert into {name} ({columns}) select {columns} from past_{number};",
        raise_if(counts, f"{name} does not have the number of rows that it had; nothing was changed"),
    ]


def raise_if(condition: str, message: str) -> str:
    return f"if {condition} then raise using message = '{message}'; end if;"
