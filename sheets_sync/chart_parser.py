"""Part `chart` of an export: Sheets' own chart of the synced columns, in a tab beside the synced one."""

from typing import Annotated, Any

from msgspec import Meta

from sheets_sync.declaration import Part, convert_part
from sheets_sync.errors import ExportError
from sheets_sync.export import Chart, ChartType, Export

Title = Annotated[
    str, Meta(min_length=1, max_length=90, pattern=r"\S", description="a title of 1 to 90 characters")
]
Columns = Annotated[
    list[str], Meta(min_length=1, max_length=10, description="a list of 1 to 10 columns of the export")
]


class ChartPart(Part, frozen=True, kw_only=True):
    tab: Title
    x: str
    y: Columns
    type: ChartType = "line"
    title: Title | None = None


def parse_chart(file: str, value: Any, segment: str) -> Chart | None:
    if value is None:
        return None
    part = convert_part(value, ChartPart, file, "chart")
    tab, title = (text.replace("{segment}", segment) for text in (part.tab, part.title or part.tab))
    return Chart(tab, part.type, part.x, tuple(part.y), title)


def check_chart(file: str, export: Export) -> None:
    """The chart is of columns of the export, each once, in a sheet."""
    chart = export.chart
    if chart is None:
        return
    if export.destination.kind != "sheets":
        raise ExportError(f"{file}: chart is declared, which only a sheet supports: remove it.")
    for key, names in (("chart.x", [chart.x]), ("chart.y", list(chart.y))):
        if not set(names) <= set(export.names):
            allowed = f"columns of: {', '.join(export.names)}"
            raise ExportError(f"{file}: {key} is {', '.join(names)}, expected {allowed}.")
    if len({chart.x, *chart.y}) < 1 + len(chart.y):
        raise ExportError(f"{file}: chart has x {chart.x} and y {list(chart.y)}, expected each column once.")
