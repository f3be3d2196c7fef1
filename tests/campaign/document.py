"""What the campaign found, as a table for a person to read."""

from pathlib import Path

from connector.extract.page_loop import WORKERS
from tests.campaign.loads import Group

DOCUMENT = Path(__file__).parents[2] / "docs/campaign.md"
HEAD = (
    "| killed | kills | loads | rows | twice | missing | left | log | pages again, at most | ods and dmt |",
    "|---|---|---|---|---|---|---|---|---|---|",
)
TEXT = """# The campaign

{when}. Written by `make campaign`, which anyone can repeat.

The connector runs as a process of its own. A proxy before the API, the bucket and BigQuery counts its
requests and kills it (SIGKILL) at one of them: *before* the request arrives, or *after* it did and before its
answer comes back. Each row is one load after another, killed one request later each time, until a load is
over before that. Then a second process runs with the same arguments. After each load: every sale of its
window is in raw once (replays: once for each load of the file), nothing lies in in/ or processing/, there is
no lease, and the log has one success with all rows and each file once. After each row of this table Dataform
runs, and ods and dmt are compared with the oracle, to the row and the cent.

{table}

*twice* and *missing* are rows of raw, *left* objects, *log* loads of which the log tells another story.
*Pages again* are those that both processes asked the source for, of those of a load: never more than the
{most} that may be on their way to the bucket at once. The last load of each row is not killed. The table is
written after every row, so a run that was ended early has fewer of them than log, API, bucket, BigQuery, 36
pages and replays.
"""


def row(group: Group, differences: list[str]) -> str:
    log = sum("in the log" in sentence for sentence in group.wrong)
    again = f"{group.again} of {group.pages}" if group.pages else "none are asked for"
    cells = (
        group.name,
        group.kills,
        group.loads,
        f"{group.rows:,}",
        group.twice,
        group.missing,
        group.left,
        log,
        again,
        f"{len(differences)} differences" if differences else "equal",
    )
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def write(rows: list[str], when: str) -> None:
    DOCUMENT.write_text(TEXT.format(when=when, most=WORKERS, table="\n".join([*HEAD, *rows])))
