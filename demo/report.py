"""The pages that one opens after the demo: the report of the run, and the sheet as a person sees it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

from demo import markup, measures, table
from demo.cloud import Cloud
from demo.expected import Check
from demo.measures import Measure
from demo.screen import Line

TEMPLATE = Path(__file__).with_name("report.html")


def write(cloud: Cloud, lines: Sequence[Line], runs: Sequence[Measure], checks: Sequence[Check]) -> list[str]:
    """Both files lie in the sandbox's folder; a line of text for each."""
    root = cloud.state.root
    (root / "sheet.html").write_text(cloud.text(f"/sheets/view/{spreadsheet(cloud)}"))
    (root / "report.html").write_text(page(cloud, lines, runs, checks))
    return [f"the sheet   {near(root / 'sheet.html')}", f"the report  {near(root / 'report.html')}"]


def near(path: Path) -> Path:
    """As one types it from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def spreadsheet(cloud: Cloud) -> str:
    """The id that Terraform gave to the job that writes it."""
    job = cloud.call("GET", f"{cloud.location('run/v2')}/jobs/sheets-sync")
    variables = job["template"]["template"]["containers"][0]["env"]
    [found] = [variable["value"] for variable in variables if variable["name"] == "DAILY_SALES_SPREADSHEET"]
    return str(found)


def page(cloud: Cloud, lines: Sequence[Line], runs: Sequence[Measure], checks: Sequence[Check]) -> str:
    days = cloud.rows("SELECT day, revenue FROM dmt.daily_sales ORDER BY day")
    run_log = measures.logs(cloud, "run_log", "started_at")
    file_log = measures.logs(cloud, "file_log", "logged_at, file_name")
    wrong = [sentence for check in checks for sentence in check.differences]
    return Template(TEMPLATE.read_text()).substitute(
        about=about(cloud),
        verdict="differs from the oracle" if wrong else "equal to the oracle",
        verdict_class="bad" if wrong else "good",
        flow=flow(cloud, runs[-1], len(days)),
        days=markup.bars([(row["day"], row["revenue"]) for row in days]),
        runs=markup.table(table.HEAD, [table.cells(measure) for measure in runs]),
        steps=steps(lines),
        checks=markup.table(CHECK_HEAD, [table.check_cells(check) for check in checks]),
        differences="".join(f'<p class="bad">{markup.text(sentence)}</p>' for sentence in wrong),
        run_log=log(run_log, ("error", "notes")),
        file_count=len(file_log),
        file_log=log(file_log, ("reason",)),
    )


CHECK_HEAD = ("table", "rows", "expected", "amount", "expected", "")


def about(cloud: Cloud) -> str:
    clock = cloud.call("GET", "/sandbox/retail/clock")["now"]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, project {cloud.state.project}, the shop's clock at {clock}"
    )


def flow(cloud: Cloud, last: Measure, days: int) -> str:
    bucket = measures.bucket(cloud)
    counts = last.counts
    ods = [(name, counts[f"ods.{name}"]) for name in ("sales", "products", "customers")]
    stations = {
        "Retail API": list(measures.source(cloud).items()),
        "Cloud Storage": [*bucket.files.items(), ("MB", round(bucket.size / 1e6))],
        "raw": [(name, counts[f"raw.{name}"]) for name in ("sales", "products", "customers")],
        "ods": [*ods, ("orphans", last.orphans), ("rejects", last.rejects)],
        "dmt": [("sales_items", counts["dmt.sales_items"]), ("daily_sales", counts["dmt.daily_sales"])],
        "Google Sheet": [("days", days)],
    }
    return "".join(markup.place(name, facts) for name, facts in stations.items())


def steps(lines: Sequence[Line]) -> str:
    """A bar for each step, on one scale; a pipeline run is pale behind its own steps."""
    end = max(line.began + line.seconds for line in lines)
    shown = []
    for line in sorted(lines, key=lambda line: (line.began, line.depth)):
        bar = f"margin-left: {100 * line.began / end:.2f}%; width: {100 * line.seconds / end:.2f}%"
        note = f"<small>{markup.text(line.note)}</small>" if line.note else ""
        whole = ' class="whole"' if line.is_run else ""
        part = ' class="part"' if line.depth else ""
        shown.append(
            f'<span{part}>{markup.text(line.label)}{note}</span><span><i{whole} style="{bar}"></i></span>'
            f"<span>{line.seconds:.1f} s</span>"
        )
    return "".join(shown)


def log(rows: Sequence[dict[str, Any]], last: tuple[str, ...]) -> str:
    """A log table as it is; columns that are empty in all rows stay away."""
    if not rows:
        return "<p>empty</p>"
    head = [name for name in rows[0] if any(row[name] not in (None, "") for row in rows)]
    head.sort(key=lambda name: name in last)
    return markup.table(head, [[row[name] for name in head] for row in rows])
