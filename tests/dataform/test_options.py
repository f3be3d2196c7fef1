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


def evaluate(code: str) -> str:
    """Standard error of Node, "" if the code raises nothing."""
    process = subprocess.run(
        [str(NODE), "-e", PREAMBLE + code],
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
    ],
)
def test_correct_options_are_accepted(code: str) -> None:
    assert evaluate(code) == ""
