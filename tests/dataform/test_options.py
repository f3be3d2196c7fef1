"""A misspelt option of a model, or a check without a limit, is an error when the project is compiled."""

import subprocess

import pytest

from tests.dataform.engines.project import NODE, SOURCE

TYPED = "{ id: types.integer, name: types.text }"
OPTIONS = f'source: "raw.a", rejects: "ods.a_rejects", key: "id", columns: {TYPED}'
PREAMBLE = """
global.dataform = { projectConfig: { vars: { business_time_zone: "UTC" } } };
const include = (name) => require(`includes/${name}`);
const [keyed, lists, days, quality, types] = ["keyed", "lists", "days", "quality", "types"].map(include);
const context = { self: () => "`p.ods.a`", ref: (...names) => `p.${names.join(".")}`, incremental: () => true };
"""


def evaluate(code: str, zone: str = '"UTC"') -> str:
    """Standard error of Node, "" if the code raises nothing."""
    process = subprocess.run(
        [str(NODE), "-e", PREAMBLE.replace('"UTC"', zone) + code],
        env={"NODE_PATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return process.stderr if process.returncode else ""


@pytest.mark.parametrize(
    "code, error",
    [
        (
            f"keyed.model(context, {{ {OPTIONS}, delete: true }})",
            "ods.a has no option 'delete'. Its options are 'source', 'rejects', 'key', 'columns', 'deletes', 'order'.",
        ),
        (
            f'keyed.model(context, {{ source: "raw.a", rejects: "r", columns: {TYPED} }})',
            "needs the option 'key'",
        ),
        (
            f'lists.model(context, {{ {OPTIONS}, tracked: ["nmae"] }})',
            "ods.a names the column 'nmae', which is not in 'columns'",
        ),
        (
            'lists.model(context, { source: "raw.a", rejects: "r", key: "id", columns: { id: types.intger } })',
            "ods.a: 'id' has no type",
        ),
        ('days.model(context, { follow: "ods.b", partition: "day", key: "day" })', "has no option 'follow'"),
        (
            'quality.volume("dmt.a", { day: "d", count: "n", close: [] }, { warn_below: 1 })',
            "volume of dmt.a has no option 'close'. Its options are 'day', 'count', 'closed'.",
        ),
        *(
            (
                f'quality.volume("dmt.a", {{ day: "d", count: "n", closed: ["12-25", "{day}"] }}, {{ warn_below: 1 }})',
                f"volume of dmt.a: invalid day '{day}' in 'closed': expected MM-DD or YYYY-MM-DD, for example '12-25'.",
            )
            for day in ("25.12.", "02-30", "2026-13-01", "1-1", "sunday", "12-25' or true")
        ),
        (
            'quality.ofColumns("dmt.a", { x: { mising: { warn_above: 1 } } }, "true")',
            "usual.x has no option 'mising'",
        ),
        (
            'quality.ofColumns("dmt.a", { x: { missing: { warn_abov: 1 } } }, "true")',
            "missing of dmt.a.x has no option 'warn_abov'",
        ),
        (
            'quality.ofColumns("dmt.a", { x: { missing: {} } }, "true")',
            "missing of dmt.a.x needs a limit: one of warn_above, fail_above, warn_below, fail_below",
        ),
        (
            'quality.ofColumns("dmt.a", { x: { range: { from: 1, warn_above: 1 } } }, "true")',
            "range of dmt.a.x needs the option 'until'",
        ),
    ],
)
def test_a_wrong_option_is_an_error(code: str, error: str) -> None:
    assert error in evaluate(code)


@pytest.mark.parametrize(
    "code",
    [
        f'keyed.model(context, {{ {OPTIONS}, deletes: true, order: ["name"] }})',
        f'lists.model(context, {{ {OPTIONS}, tracked: ["name"] }})',
        'days.model(context, { follows: "ods.b", partition: "day", key: "day" })',
        'quality.ofColumns("dmt.a", { x: { missing: { fail_above: 0 } } }, "true")',
        'quality.ofColumns("dmt.a", {}, "true")',
        'quality.volume("dmt.a", { day: "d", count: "n", closed: ["02-29", "2026-04-06"] }, { warn_below: 1 })',
    ],
)
def test_correct_options_are_accepted(code: str) -> None:
    assert evaluate(code) == ""


@pytest.mark.parametrize("zone", ["UTC", "America/Chicago", "Etc/GMT+6", "+05:45", "-6"])
def test_a_time_zone_is_accepted(zone: str) -> None:
    assert evaluate("", f'"{zone}"') == ""


@pytest.mark.parametrize("zone", ['"Mars/Phobos"', '"UTC\'"', '""', "undefined", '"+25:00"', '"+14:30"'])
def test_an_invalid_time_zone_is_an_error(zone: str) -> None:
    error = evaluate("", zone)
    assert f"workflow_settings.yaml: invalid business_time_zone '{zone.strip(chr(34))}'" in error
    assert "expected a name such as America/Chicago, or an offset such as +05:45." in error
