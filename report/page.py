"""The page: the template filled with the sections of a night."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined, select_autoescape

from report import sections, wording
from report.lineage import build_lineage, is_bookkeeping
from report.night import Night

FOLDER = Path(__file__).parent
TEMPLATE = (FOLDER / "page.html.jinja").read_text()
STYLE = (FOLDER / "page.css").read_text()


def render_page(night: Night, runbooks: str) -> str:
    """One HTML document without a script and without anything that a browser would fetch.

    `runbooks` is where the links of findings begin. Raises ChartError.
    """
    # autoescape by name: the template is a string, which has none.
    environment = Environment(
        autoescape=select_autoescape(default=True, default_for_string=True),
        # A misspelt name in the template is an error instead of an empty cell.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": wording.format_number, "time": wording.format_time}
    return environment.from_string(TEMPLATE).render(
        night=night,
        style=STYLE,
        runbooks=runbooks,
        wording=wording,
        verdict=wording.describe_verdict(night),
        level=wording.verdict_level(night),
        consequences=[row for row in night["findings"] if row["explained_by"] is not None],
        grid=sections.run_grid(night),
        volumes=sections.volume_figures(night),
        nightly=wording.latest(night["measures"], "night volume"),
        timelines=sections.timeline_figures(night),
        freshness=sections.freshness_rows(night),
        costs=sections.cost_figure(night),
        quality=sections.worst_days(night),
        tables=[row for row in night["tables"] if not is_bookkeeping(row["table_name"])],
        lineage=build_lineage(night),
    )
