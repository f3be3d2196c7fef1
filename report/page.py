"""The page: the template filled with the sections of a night, as many rows of them as the size of a page allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from report import sections, wording
from report.lineage import build_lineage, is_bookkeeping
from report.night import Night
from runtime.amounts import describe_amount, format_number
from runtime.mail import one_line

FOLDER = Path(__file__).parent
TEMPLATE = (FOLDER / "page.html.jinja").read_text()
STYLE = (FOLDER / "page.css").read_text()
LIMIT_BYTES = 300_000


@dataclass(frozen=True)
class Extent:
    """Rows of each table, charts of each section, and characters of a cell, beyond which it is cut off."""

    rows: int
    figures: int
    characters: int = 300


# The first ones are tried; a night that does not fit shows fewer. Of the last one every page fits.
EXTENTS = (
    Extent(100, 24),
    Extent(40, 12),
    Extent(20, 6),
    Extent(10, 3),
    Extent(4, 1),
    Extent(3, 1, 80),
    Extent(2, 0, 60),
)
LONGEST_LINE = 300  # characters of the verdict and of each problem, which are never shorter


@dataclass(frozen=True)
class Part:
    """What is visible of a list, and how many others there are."""

    visible: Sequence[Any]
    left_out: int


def render_page(night: Night, runbooks: str) -> str:
    """One HTML document without a script and without anything that a browser would fetch.

    `runbooks` is where the links of findings begin. Raises ChartError.
    """
    values = collect_values(night, runbooks)
    for extent in EXTENTS:
        page = create_environment(extent).from_string(TEMPLATE).render(values)
        if len(page.encode()) <= LIMIT_BYTES:
            break
    return page


def create_environment(extent: Extent) -> Environment:
    # autoescape by name: the template is a string, which has none.
    environment = Environment(
        autoescape=select_autoescape(default=True, default_for_string=True),
        # A misspelt name in the template is an error instead of an empty cell.
        undefined=StrictUndefined,
        finalize=lambda value: clean(value, extent.characters),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": format_number,
        "time": wording.format_time,
        "some": lambda items: take(items, extent.rows),
        "figures": lambda items: take(items, extent.figures),
    }
    environment.filters["whole"] = lambda text: escape(one_line(text, LONGEST_LINE))
    # A part of an address leads nowhere.
    environment.tests["address"] = lambda text: (
        str(text).startswith("https://") and len(text) <= extent.characters
    )
    return environment


def take(items: Sequence[Any], count: int) -> Part:
    return Part(items[:count], max(len(items) - count, 0))


def clean(value: Any, longest: int) -> Any:
    """Texts of data: on one line, without control characters, and not endless. Markup is the template's own."""
    if value is None:
        return ""
    return one_line(value, longest) if isinstance(value, str) and not isinstance(value, Markup) else value


def collect_values(night: Night, runbooks: str) -> dict[str, Any]:
    return {
        "night": night,
        "style": STYLE,
        "runbooks": runbooks,
        "wording": wording,
        "describe_amount": describe_amount,
        "verdict": wording.describe_verdict(night),
        "level": wording.verdict_level(night),
        "consequences": [row for row in night["findings"] if row["explained_by"] is not None],
        "grid": sections.run_grid(night),
        "volumes": sections.volume_figures(night),
        "nightly": wording.latest(night["measures"], "night volume"),
        "arrivals": sections.arrival_figures(night),
        "timelines": sections.timeline_figures(night),
        "freshness": sections.freshness_rows(night),
        "costs": sections.cost_figures(night),
        "quality": sections.worst_days(night),
        "quality_days": sections.daily_figures(night, "quality_days", "bad rows left by each day", "rows"),
        "sizes": sections.daily_figures(night, "size_days", "bytes after each day", "bytes"),
        "tables": [row for row in night["tables"] if not is_bookkeeping(row["table_name"])],
        "lineage": build_lineage(night),
    }
