"""Draws Vega-Lite specifications with vl-convert, without a browser and without a script.

SVG for the page; PNG for mails, because most mail programs show no SVG.
"""

import re
from typing import Any

import vl_convert

from report.errors import ChartError

type Spec = dict[str, Any]

VEGA_LITE = "https://vega.github.io/schema/vega-lite/v5.json"
VERSION = "5.20"  # fixed: another version of Vega-Lite may draw other bytes
SOFT = "#5b6472"
PNG_SCALE = 2.0  # sharp on screens with two pixels a point
CONFIG = {
    "aria": False,  # the attributes of every bar were half of the page; the figure has a text instead
    "font": "system-ui, sans-serif",
    "background": "transparent",
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "labelLimit": 400,  # names are not cut off
        "gridColor": "#e6e9ed",
    },
}  # fmt: skip
# Only HTML's own namespace declarations are left out; inline SVG needs none.
NAMESPACES = re.compile(r' xmlns(:xlink)?="[^"]*"| version="1\.1"| class="marks"')


def draw_svg(spec: Spec) -> str:
    """For a page of HTML; ChartError with the library's message."""
    try:
        svg = vl_convert.vegalite_to_svg(complete(spec), vl_version=VERSION)
    except ValueError as error:
        raise ChartError(f"a chart could not be drawn: {error}") from error
    return NAMESPACES.sub("", svg)


def draw_png(spec: Spec) -> bytes:
    """On white, as a mail program may have a dark background; ChartError with the library's message."""
    whole = complete(spec | {"background": "white"})
    try:
        png: bytes = vl_convert.vegalite_to_png(whole, vl_version=VERSION, scale=PNG_SCALE)
    except ValueError as error:
        raise ChartError(f"a picture could not be drawn: {error}") from error
    return png


def complete(spec: Spec) -> Spec:
    autosize = {"type": "fit-x", "contains": "padding"}
    # A browser's font may be wider than the one with which the library measures the labels on the left.
    padding = {"left": 12, "right": 5, "top": 5, "bottom": 5}
    return {"$schema": VEGA_LITE, "config": CONFIG, "autosize": autosize, "padding": padding} | spec
