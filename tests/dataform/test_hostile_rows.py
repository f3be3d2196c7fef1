"""Hostile texts in every column of every company: both engines type, reject and aggregate them alike, and none raises.

The SELECT that types the rows of a raw table and those of the marts come from the compiled graph, so that a new model
takes part without an edit. One query holds a company: raw rows as literals, each model a common table expression.
"""

import json
import re
import uuid
from collections import defaultdict

import pytest
import yaml

from demo.companies import RETAIL, company_names
from scripts.sql_analysis.analyzer import GoogleSql
from scripts.sql_analysis.statements import statements
from tests.dataform.engines.project import ROOT
from tests.dataform.engines.scripts import waves
from tests.dataform.engines.warehouse import connect
from tests.dataform.test_bounds import cte, parse
from tests.demo.companies.system import COMPANIES, lay_out_company

BASES = {
    "whole number": "7",
    "number": "1.5",
    "time": "2026-01-05T10:00:00Z",
    "date": "2026-01-05",
    "school year": "2021-2022",
    "arrondissement of Paris": "75101",
}
VALID = {"lat": "48.85", "lon": "2.35", "decision": "yes"}
IS_NOT = re.compile(r"'(?:an? )?(\w+) is not an? ([A-Za-z ]+)'")
OUTSIDE = re.compile(r"'(?:an? )?(\w+) is outside (\S+) to (\S+)'")
LOADED = "timestamp '2026-11-28 10:00:00'"
FILE = "x_20260105_0900_00000000-0000-7000-8000-%012d.json"  # of one run
NUMBERS = (
    *("-0", "007", "1.0", "1e-10", "NaN", "true"),
    *("9223372036854775807", "9223372036854775807", "-9223372036854775808", "9223372036854775808"),
    *("4006381333931", "1e28", "1e29", "-1e28", "99999999999999999999999999999.999999999"),
)
TIMES = (
    *(
        "0001-01-01",
        "9999-12-31",
        "2026-11-29",
        "2027-11-30",
        "2117-01-05",
        "2116-2117",
        "2025-2027",
        "2020/2021",
        "2019/2020 - 2020/2021",
    ),
    *("9999-12-31T23:59:59Z", "2026-11-29T10:00:01Z", "1990-01-01T00:00:00+14:00", "2099-12-31T23:59:59Z"),
)
FROM, UNTIL = "all numbers at their least", "all numbers at their greatest"
ANY = (None, "", "\u00a0", "a\u200b", "!", "{}", "yes")  # in every column; the others only in typed ones


@pytest.fixture(scope="module", params=company_names())
def company(request, tmp_path_factory):
    """Its actions by name, in the order of a run, the fields of its raw tables, and the keys of its exports by mart."""
    if request.param == RETAIL:
        graph, root = request.getfixturevalue("graph"), ROOT
    else:
        graph = lay_out_company(request.param, tmp_path_factory.mktemp(request.param) / "project").compile()
        root = COMPANIES / request.param / "declarations"
    actions = {action.name: action for wave in waves(graph) for action in wave}
    fields = {path.stem: json.loads(path.read_text()) for path in root.glob("connector/schemas/*.json")}
    exports = [yaml.safe_load(path.read_text()) for path in root.glob("sheets_sync/exports/*.yaml")]
    return actions, fields, {f"dmt.{export['table']}": export["key"] for export in exports}


def literal(text):
    return "cast(null as string)" if text is None else json.dumps(text, ensure_ascii=False)


def kinds_of(script):
    """The usual text of each column, by its name in the reasons of rejects; a text otherwise."""
    return defaultdict(
        lambda: "a", {name: BASES.get(kind.strip(), "a") for name, kind in IS_NOT.findall(script)}
    )


def numbers_of(script):
    """The bounds of each column that is a number."""
    numbers = {
        name for name, text in kinds_of(script).items() if text in (BASES["number"], BASES["whole number"])
    }
    return {name: tuple(map(literal, both)) for name, *both in OUTSIDE.findall(script) if name in numbers}


def raw_select(fields, script, key, keys):
    """The usual row with a hostile text or a bound in one column, for each column, also in those of items; and rows in
    which all numbers are at their bounds. Columns that are called as the key of a table refer to its rows."""
    usual = kinds_of(script) | VALID
    texts = [*ANY, *NUMBERS, *TIMES, *(text for _, *both in OUTSIDE.findall(script) for text in both)]
    columns = [field for field in fields if not field["name"].startswith(("SYS_DATE", "SYS_FILE_NAME"))]
    changed = [field["name"] for field in columns if "fields" not in field]
    changed += [inner["name"] for field in columns for inner in field.get("fields", [])] + [FROM, UNTIL]
    bounds = numbers_of(script)

    def value(name):
        other = literal(usual[name])
        if name == key:  # unique, and what other tables refer to in one row
            other = f"if(place = 0, {other}, cast(1000 + place as string))"
        elif name in keys:
            other = f"if(mod(place, 2) = 0, {other}, cast(1000 + place as string))"
        low, high = bounds.get(name, (other, other))
        cases = {name: "text", FROM: low, UNTIL: high}
        whens = " ".join(f"when '{changed}' then {result}" for changed, result in cases.items())
        return f"case name {whens} else {other} end as `{name}`"

    def select(field):
        if "fields" not in field:
            return value(field["name"])
        line = f"struct({', '.join(value(inner['name']) for inner in field['fields'])})"
        if field.get("mode") != "REPEATED":
            return f"{line} as {field['name']}"
        lines = f"case mod(place, 97) when 5 then [] when 6 then [{line}, {line}] else [{line}] end"
        return f"{lines} as {field['name']}"

    return (
        f"select {', '.join(map(select, columns))}, {LOADED} as SYS_DATE_CREATE, "
        f"cast(null as string) as SYS_DATE_DELETE, format('{FILE}', place) as SYS_FILE_NAME "
        "from (select name, text, "
        f"row_number() over (order by name, number) - 1 as place from unnest({json.dumps(changed)}) as name, "
        f"unnest([{', '.join(map(literal, texts))}]) as text with offset as number "
        f"where number < {len(ANY)} or name in unnest({json.dumps(sorted(usual))}))"
    )


def typed_select(action):
    """The SELECT of `typed_rows` in a script, whose watermarks are constants here; nothing if it has none."""
    texts = [part.text for part in statements(action.create())]
    for text in texts:
        if text.startswith("create temp table typed_rows as"):
            select = text.removeprefix("create temp table typed_rows as")
            return re.sub(r"\buntil\b", LOADED, re.sub(r"\bsince\b", "timestamp '1970-01-01'", select))
    return ""


KEY = re.compile(r"add primary key \(([\w, ]+)\)")
MISSING = re.compile(r"'(\w+) is missing'")
LOGS = {  # of which no run is incomplete
    "ops.file_log": "select 'f' as file_name, 'r' as run_id, current_timestamp() as logged_at, 'archived' as state",
    "ops.run_log": "select 'r' as run_id, current_timestamp() as started_at, 'success' as status",
}
STORED = (
    "select *, cast(null as timestamp) as deleted_at, cast(null as string) as deleted_file, true as is_listed, "
    "cast(null as timestamp) as SYS_DATE_CHANGE from {typed} where reason is null "
    "qualify row_number() over (partition by {key} order by SYS_FILE_NAME) = 1"
)


def build(actions, raw):
    """SELECTs by name, each after those that it reads: raw rows, typed rows, tables of ods, and marts."""
    selects = dict(LOGS)
    scripts = {name: " ".join(readers(actions, name)) for name in raw}
    # A table without a declared key has that of its first reason.
    keys = {name: [*KEY.findall(script), *MISSING.findall(script)][0] for name, script in scripts.items()}
    for name, fields in raw.items():
        selects[f"raw.{name}"] = raw_select(fields, scripts[name], keys[name], set(keys.values()))
    for name, action in actions.items():
        if typed := typed_select(action):
            selects[f"{name}_typed"] = typed
            [key] = KEY.findall(action.create())
            selects[name] = STORED.format(typed=cte(f"{name}_typed"), key=key)
        elif action.kind == "tables" and not name.endswith("_history") or name.startswith("dmt."):
            selects[name] = action.compiled["query"].replace("first_day", "date '1989-12-31'")
    return selects


def readers(actions, table):
    return [action.create() for action in actions.values() if f"raw.{table}" in action.reads]


def assemble(selects):
    named = ", ".join(f"{cte(name)} as ({select})" for name, select in selects.items())
    expressions = re.sub(r"`p\.(\w+\.\w+)`", lambda match: cte(match[1]), named)
    compared = [name for name in selects if not name.startswith(("raw.", "ops."))]
    results = " union all ".join(
        f"select '{name}' as name, to_json_string(one) as content from {cte(name)} as one"
        for name in compared
    )
    # The evaluator has no geography; a point outside these raises in BigQuery.
    point = "if(abs(latitude) <= 90 and abs(longitude) <= 180, null, error('not a point'))"
    query = f"with recursive {expressions} {results}".replace("st_geogpoint(longitude, latitude)", point)
    # Its build of ICU has only the data of NFC and NFD.
    return query.replace(", nfkd)", ", nfd)")


def test_both_engines_type_and_aggregate_hostile_rows_alike(sandbox, company):
    actions, fields, keys = company
    selects = build(actions, fields)
    query = assemble(selects)
    google = GoogleSql().evaluate(query)
    client = connect(sandbox.address, f"t{uuid.uuid4().hex[:12]}").client
    here = [(row["name"], row["content"]) for row in client.query_and_wait(query)]
    assert parse(here) == parse(google)
    marts = {name for name, _ in google if name and name.startswith("dmt.")}
    assert marts == {name for name in selects if name.startswith("dmt.")}
    # A sheet has no row without its key.
    assert not [row for name, row in google if name in keys and blank_keys(json.loads(str(row)), keys[name])]


def blank_keys(row, key):
    return [column for column in key if row[column] is None or not str(row[column]).strip()]
