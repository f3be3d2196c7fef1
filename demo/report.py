"""Two HTML pages for the browser: the report of the demo, and the sheet as its readers see it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

from demo import markup, measures, tables
from demo.cloud import CLOCK, Cloud
from demo.expected import Check
from demo.measures import Measure
from demo.project_folder import relative_path
from demo.screen import Step
from demo.spreadsheets import declared_spreadsheet

TEMPLATE = Path(__file__).with_name("report.html")
SHEET_EXPORT = "daily_sales"
CHECK_HEAD = ("table", "rows", "expected", "amount", "expected", "")


def write_pages(
    cloud: Cloud, steps: Sequence[Step], runs: Sequence[Measure], checks: Sequence[Check]
) -> list[str]:
    """Writes both files into the project's folder. Returns a line of text for each."""
    root = cloud.state.root
    sheet = cloud.get_text(f"/sheets/view/{declared_spreadsheet(cloud, SHEET_EXPORT)}")
    (root / "sheet.html").write_text(sheet)
    (root / "report.html").write_text(render_report(cloud, steps, runs, checks))
    return [
        f"the sheet   {relative_path(root / 'sheet.html')}",
        f"the report  {relative_path(root / 'report.html')}",
    ]


def render_report(
    cloud: Cloud, steps: Sequence[Step], runs: Sequence[Measure], checks: Sequence[Check]
) -> str:
    days = cloud.rows("SELECT day, revenue FROM dmt.daily_sales ORDER BY day")
    run_log = measures.read_log(cloud, "run_log", "started_at")
    file_log = measures.read_log(cloud, "file_log", "logged_at, file_name")
    differences = [sentence for check in checks for sentence in check.differences]
    return Template(TEMPLATE.read_text()).substitute(
        about=describe_run(cloud),
        verdict="differs from the oracle" if differences else "equal to the oracle",
        verdict_class="bad" if differences else "good",
        flow=render_flow(cloud, runs[-1], len(days)),
        days=markup.bar_chart([(row["day"], row["revenue"]) for row in days]),
        runs=markup.html_table(tables.RUN_HEAD, [tables.run_cells(measure) for measure in runs]),
        steps=render_steps(steps),
        checks=markup.html_table(CHECK_HEAD, [tables.check_cells(check) for check in checks]),
        differences="".join(f'<p class="bad">{markup.format_value(text)}</p>' for text in differences),
        run_log=render_log(run_log, ("error", "notes")),
        file_count=len(file_log),
        file_log=render_log(file_log, ("reason",)),
    )


def describe_run(cloud: Cloud) -> str:
    clock = cloud.call("GET", CLOCK)["now"]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, project {cloud.state.project}, the shop's clock at {clock}"
    )


def render_flow(cloud: Cloud, last: Measure, days: int) -> str:
    """The stations from the API to the sheet, with the counts after the `last` run."""
    bucket = measures.read_bucket(cloud)
    counts = last.counts
    ods = [(name, counts[f"ods.{name}"]) for name in ("sales", "products", "customers")]
    stations = {
        "Retail API": list(measures.count_source_items(cloud).items()),
        "Cloud Storage": [*bucket.files.items(), ("MB", round(bucket.size / 1e6))],
        "raw": [(name, counts[f"raw.{name}"]) for name in ("sales", "products", "customers")],
        "ods": [*ods, ("orphans", last.orphans), ("rejects", last.rejects)],
        "dmt": [("sales_items", counts["dmt.sales_items"]), ("daily_sales", counts["dmt.daily_sales"])],
        "Google Sheet": [("days", days)],
    }
    return "".join(markup.station(name, facts) for name, facts in stations.items())


def render_steps(steps: Sequence[Step]) -> str:
    """A bar per step on one time scale; a pipeline run is a pale bar, its steps follow it."""
    end = max(step.start + step.seconds for step in steps)
    lines = []
    for step in sorted(steps, key=lambda step: (step.start, step.depth)):
        bar = f"margin-left: {100 * step.start / end:.2f}%; width: {100 * step.seconds / end:.2f}%"
        note = f"<small>{markup.format_value(step.note)}</small>" if step.note else ""
        whole = ' class="whole"' if step.is_run else ""
        part = ' class="part"' if step.depth else ""
        lines.append(
            f"<span{part}>{markup.format_value(step.label)}{note}</span>"
            f'<span><i{whole} style="{bar}"></i></span><span>{step.seconds:.1f} s</span>'
        )
    return "".join(lines)


def render_log(rows: Sequence[dict[str, Any]], last: tuple[str, ...]) -> str:
    """A log table without the columns that are empty in all rows; columns `last` are the rightmost."""
    if not rows:
        return "<p>empty</p>"
    head = [name for name in rows[0] if any(row[name] not in (None, "") for row in rows)]
    head.sort(key=lambda name: name in last)
    return markup.html_table(head, [[row[name] for name in head] for row in rows])
