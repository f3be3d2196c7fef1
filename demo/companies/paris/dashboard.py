"""The dashboard: a map of the schools, two charts and the list of changes, in one HTML page without scripts."""

from pathlib import Path
from typing import Any

import jinja2
import vl_convert

from demo.cloud import Cloud
from demo.project_folder import relative_path

type Spec = dict[str, Any]

VEGA_LITE = "https://vega.github.io/schema/vega-lite/v5.json"
# vl-convert contains several versions; a fixed one keeps the page the same when the package is updated.
VERSION = "5.20"
OPEN, CHANGED, CLOSED = "#2f6f8f", "#c77700", "#b3261e"
STATES = {"domain": ["open", "changed", "closed"], "range": [OPEN, CHANGED, CLOSED]}
# The newest change of a school within the catalogue's years decides its colour.
PLACES = """
SELECT
  school.name, place.address, place.arrondissement, place.latitude, place.longitude,
  CASE WHEN NOT school.is_open THEN 'closed' WHEN school.change = 'first listed' THEN 'open' ELSE 'changed' END AS state
FROM dmt.schools AS school
JOIN dmt.addresses AS place ON place.school_id = school.school_id
ORDER BY place.arrondissement, school.name
"""
SECTORS = "SELECT * FROM dmt.sectors ORDER BY arrondissement, school_year"
CHANGES = """
SELECT valid_from, name, arrondissement, change FROM dmt.school_history WHERE edition > 1
ORDER BY valid_from DESC, arrondissement, name
"""


def write_dashboard(cloud: Cloud) -> str:
    """Writes dashboard.html into the project's folder. Returns its path."""
    places, sectors, changes = (cloud.rows(sql) for sql in (PLACES, SECTORS, CHANGES))
    newest = max(row["school_year"] for row in sectors)
    template = Path(__file__).with_name("dashboard.html.jinja").read_text()
    # Names of schools are data, so they are escaped. A missing value is an error instead of an empty text.
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(template)
    path = cloud.state.root / "dashboard.html"
    path.write_text(
        page.render(
            newest=newest,
            open_schools=sum(row["state"] != "closed" for row in places),
            changes=changes,
            map=draw(map_spec(places, [row for row in sectors if row["school_year"] == newest])),
            by_sector=draw(bars_spec([row for row in sectors if row["school_year"] == newest])),
            by_year=draw(years_spec(sectors)),
        )
    )
    return str(relative_path(path))


def map_spec(places: list[Spec], sectors: list[Spec]) -> Spec:
    """Points of schools over the numbers of the arrondissements, each at the middle of its schools."""
    position = {
        "longitude": {"field": "longitude", "type": "quantitative"},
        "latitude": {"field": "latitude", "type": "quantitative"},
    }
    colour = {
        "field": "state",
        "type": "nominal",
        "scale": STATES,
        "legend": {"title": None, "orient": "bottom"},
    }
    shape = {
        "field": "state",
        "type": "nominal",
        "scale": {"domain": STATES["domain"], "range": ["circle", "triangle-up", "cross"]},
    }
    return {
        "width": 560,
        "height": 360,
        "projection": {"type": "mercator"},
        "layer": [
            {
                "data": {"values": sectors},
                "mark": {"type": "text", "fontSize": 26, "color": "#d3dae2", "fontWeight": "bold"},
                "encoding": position | {"text": {"field": "arrondissement", "type": "quantitative"}},
            },
            {
                "data": {"values": places},
                "mark": {"type": "point", "filled": True, "size": 42, "opacity": 0.9},
                "encoding": position | {"color": colour, "shape": shape},
            },
        ],
    }


def bars_spec(sectors: list[Spec]) -> Spec:
    return {
        "width": 260,
        "height": 300,
        "data": {"values": sectors},
        "mark": {"type": "bar", "color": OPEN},
        "encoding": {
            "y": {"field": "arrondissement", "type": "ordinal", "title": "arrondissement"},
            "x": {
                "field": "schools",
                "type": "quantitative",
                "title": None,
                "axis": {"format": "d", "values": axis_values(sectors)},
            },
        },
    }


def axis_values(sectors: list[Spec]) -> list[int]:
    """Whole numbers: there is no half a school."""
    greatest = max(row["schools"] for row in sectors)
    return list(range(0, greatest + 1, max(1, greatest // 5)))


def years_spec(sectors: list[Spec]) -> Spec:
    return {
        "width": 260,
        "height": 300,
        "data": {"values": sectors},
        "mark": {"type": "bar", "color": OPEN},
        "encoding": {
            "x": {
                "field": "school_year",
                "type": "ordinal",
                "title": None,
                "axis": {"labelAngle": 0, "labelExpr": "slice(datum.label, 0, 9)"},
            },
            "y": {"aggregate": "sum", "field": "schools", "type": "quantitative", "title": "schools"},
        },
    }


def draw(spec: Spec) -> str:
    """Inline SVG."""
    config = {
        "font": "system-ui, sans-serif",
        "background": "transparent",
        "view": {"stroke": None},
        "aria": False,
    }
    svg: str = vl_convert.vegalite_to_svg({"$schema": VEGA_LITE, "config": config} | spec, vl_version=VERSION)
    return svg
