"""The chart of the mail: rows of each hour of the endpoint that the news is about, otherwise of the first one."""

from collections.abc import Sequence
from dataclasses import dataclass

from report.drawing import draw_png
from report.night import Night, Row
from report.sections import Figure, volume_figures


@dataclass(frozen=True)
class Picture:
    """`text` describes the picture, for readers who do not see it."""

    png: bytes
    text: str


def draw_picture(night: Night, news: Sequence[Row]) -> Picture | None:
    """None if nothing was loaded: there is nothing to draw. Raises ChartError."""
    figures = volume_figures(night)
    figure = choose_figure(figures, [str(finding["subject"]) for finding in news])
    return Picture(draw_png(figure.spec), figure.title) if figure else None


def choose_figure(figures: Sequence[Figure], subjects: Sequence[str]) -> Figure | None:
    """Hours come before days in `figures`, so the first one about a subject is its most detailed."""
    for subject in subjects:
        for figure in figures:
            if figure.subject == subject:
                return figure
    return next(iter(figures), None)
