"""Rehearsals of a changed folder, as a person or CI runs them: rows and days that differ; the tests run in order."""

import json
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
import requests

from sandbox.process import running
from scripts.release.folder import digest_of_files, read_files
from tests.dataform.retail import file, sale
from tests.pipeline.restore.shop import FIRST
from tests.scripts.delivery_project import set_up, write_code

pytestmark = pytest.mark.timeout(900)  # each rehearsal runs the warehouse twice
REHEARSED = ("ods_rehearsal", "dmt_rehearsal", "assertions_rehearsal")
NEXT, AGAIN = "next run", "written again"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Delivered, and one sale that no run has read yet: 2 lines on 2017-01-07."""
    with running(tmp_path_factory.mktemp("rehearse")) as state:
        project = set_up(state)
        project.load(FIRST)
        folder = write_code(tmp_path_factory.mktemp("live") / "dataform")
        delivered = project.run("rollout", "--folder", str(folder))
        assert delivered.returncode == 0, delivered.stderr
        project.load([("sales", file("sales", 9), [sale(20, "2017-01-07", ("a", 1, 1))])])
        yield project


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    def write(formula):
        return str(write_code(tmp_path_factory.mktemp("code") / "dataform", formula))

    return write


@pytest.fixture(scope="module")
def live(project):
    """What no rehearsal may change: rows, times of the tables, release and log of releases."""
    return look(project)


def look(project):
    client = project.warehouse.client
    tables = [item for dataset in ("ods", "dmt") for item in client.list_tables(dataset)]
    times = {item.table_id: client.get_table(item.reference).modified for item in tables}
    return project.rows(), times, project.live_commit()


def leftovers(project):
    client = project.warehouse.client
    return [item.table_id for dataset in REHEARSED for item in client.list_tables(dataset)]


def tables_of(result, run):
    [tables] = [each["tables"] for each in result["result"]["runs"] if each["run"] == run]
    return {table["table"]: table for table in tables}


def days_of(table):
    kinds = ("added", "removed", "changed")
    return {day["day"]: tuple(day[kind] for kind in kinds) for day in table["days"]}


def test_the_live_code_adds_only_what_is_new(project, code, live, tmp_path):
    """Clones of a job that was killed are dropped first: a table and a view."""
    project.warehouse.query("create table ods_rehearsal.left_behind as select 1 as one")
    project.warehouse.query("create view dmt_rehearsal.left_view as select 1 as one")
    path = tmp_path / "result.json"
    ended = project.run("rehearse", "--folder", code("sum(item.item_amount)"), "--json", str(path))
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    result = json.loads(path.read_text())
    assert result["result"]["changed_code"] == result["result"]["no_longer_written"] == []
    assert [each["run"] for each in result["result"]["runs"]] == [NEXT]
    tables = tables_of(result, NEXT)
    assert [name for name, table in tables.items() if table["is_new"]] == []
    assert days_of(tables["ods.sales"]) == {"2017-01-07": (1, 0, 0)}
    assert days_of(tables["dmt.daily_sales"])["2017-01-07"] == (1, 0, 0)
    assert set(days_of(tables["dmt.daily_sales"]).values()) == {(1, 0, 0), (0, 0, 0)}
    assert (
        "  dmt.daily_sales: +1 -0 ~0 rows\n    2017-01-07: +1 -0 ~0 rows; 0 rows before, 1 after"
        in ended.stdout
    )
    assert look(project) == live and leftovers(project) == []


def test_a_formula_changes_the_days_that_exist(project, code, live, tmp_path):
    """The next run computes only the new day; written again, every day with revenue differs."""
    path, summary = tmp_path / "result.json", tmp_path / "summary.md"
    folder = code("2 * sum(item.item_amount)")
    ended = project.run("rehearse", "--folder", folder, "--json", str(path), "--summary", str(summary))
    assert ended.returncode == 0, ended.stderr
    result = json.loads(path.read_text())
    assert result["result"]["changed_code"] == ["dmt.daily_sales"]
    before = {str(row["day"]): row["revenue"] for row in project.warehouse.rows("dmt.daily_sales")}
    rewritten = days_of(tables_of(result, AGAIN)["dmt.daily_sales"])
    assert rewritten == {day: (0, 0, int(bool(revenue))) for day, revenue in before.items()} | {
        "2017-01-07": (1, 0, 0)
    }
    assert sum(changed for _, _, changed in rewritten.values()) > 0
    assert days_of(tables_of(result, NEXT)["dmt.daily_sales"])["2017-01-07"] == (1, 0, 0)
    assert "written again:\n  dmt.daily_sales: +1 -0 ~" in summary.read_text()
    assert re.search(r"```\nRows of \d+ tables? would differ: .*dmt\.daily_sales", summary.read_text())
    assert look(project) == live and leftovers(project) == []


def test_a_new_column_is_shown_and_not_written_with_incremental_only(project, code, live, tmp_path):
    folder = code("sum(item.item_amount)")
    model = Path(folder, "definitions/dmt/daily_sales.sqlx")
    units = '    units: "Units sold.",\n'
    text = model.read_text().replace(units, f'{units}    lines: "Lines sold.",\n')
    model.write_text(text.replace(" as revenue,\n", " as revenue,\n  count(*) as lines,\n"))
    path = tmp_path / "result.json"
    ended = project.run("rehearse", "--folder", folder, "--json", str(path), "--incremental-only")
    assert ended.returncode == 0, ended.stderr
    assert "    columns added: lines INTEGER\n" in ended.stdout and AGAIN not in ended.stdout
    table = tables_of(json.loads(path.read_text()), NEXT)["dmt.daily_sales"]
    assert table["columns"] == {"added": ["lines INTEGER"], "removed": [], "changed": []}
    assert days_of(table)["2017-01-07"] == (1, 0, 0)
    assert look(project) == live and leftovers(project) == []


def test_a_changed_view_is_compared_as_a_whole(project, code, live, tmp_path):
    """It has other rows at once, without any table written again."""
    folder, path = code("sum(item.item_amount)"), tmp_path / "result.json"
    view = Path(folder, "definitions/dmt/sales_final.sqlx")
    view.write_text(
        view.read_text().replace("  item.item_quantity,", "  item.item_quantity + 1 as item_quantity,")
    )
    ended = project.run("rehearse", "--folder", folder, "--json", str(path))
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    result = json.loads(path.read_text())
    assert result["result"]["changed_code"] == ["dmt.sales_final"]
    assert [each["run"] for each in result["result"]["runs"]] == [NEXT]
    sql = "select date(sales_datetime) as day, count(*) as n from dmt.sales_final group by 1"
    before = {str(row["day"]): row["n"] for row in project.warehouse.query(sql)}
    assert len(before) > 1 and "2017-01-07" not in before
    expected = {day: (0, 0, count) for day, count in before.items()} | {"2017-01-07": (1, 0, 0)}
    assert days_of(tables_of(result, NEXT)["dmt.sales_final"]) == expected
    assert days_of(tables_of(result, NEXT)["dmt.daily_sales"])["2017-01-07"] == (1, 0, 0)
    assert look(project) == live and leftovers(project) == []


def test_a_new_view_a_column_of_a_view_and_a_view_that_is_gone(project, code, live, tmp_path):
    folder, path = code("sum(item.item_amount)"), tmp_path / "result.json"
    definitions = Path(folder, "definitions")
    (definitions / "dmt/units.sqlx").write_text(
        'config { type: "view", schema: "dmt", tags: ["hourly"] }\n'
        'select sales_id, item_quantity from ${ref("dmt", "sales_final")}\n'
    )
    (definitions / "ods/customers_history.sqlx").unlink()
    view = definitions / "dmt/sales_final.sqlx"
    view.write_text(view.read_text().replace("  item.discount_perc,\n", "", 1))
    ended = project.run("rehearse", "--folder", folder, "--json", str(path))
    assert ended.returncode == 0, ended.stderr
    result = json.loads(path.read_text())
    assert result["result"]["changed_code"] == ["dmt.sales_final", "dmt.units"]
    assert "warning   no model writes ods.customers_history any more" in ended.stdout
    tables = tables_of(result, NEXT)
    assert tables["dmt.sales_final"]["columns"]["removed"] == ["discount_perc NUMERIC"]
    assert {changed for _, _, changed in days_of(tables["dmt.sales_final"]).values()} == {0}
    assert tables["dmt.units"]["is_new"]
    [units] = tables["dmt.units"]["days"]
    assert (units["before"], units["added"]) == (0, units["after"]) and units["after"] > 1
    assert look(project) == live and leftovers(project) == []


def test_a_candidate_that_fails_in_its_incremental_form_is_named(project, code, live, tmp_path):
    path = tmp_path / "result.json"
    ended = project.run("rehearse", "--folder", code("cast(1 / 0 as numeric)"), "--json", str(path))
    assert ended.returncode == 1
    assert (
        "rehearse: the candidate failed on clones; the live tables were only read. next run: " in ended.stderr
    )
    assert "dmt_rehearsal.daily_sales: " in ended.stderr
    assert json.loads(path.read_text())["state"] == "failed"
    assert look(project) == live and leftovers(project) == []


def test_a_folder_that_does_not_compile_clones_nothing(project, code, live):
    folder = code("sum(item.item_amount)")
    with Path(folder, "definitions/dmt/daily_sales.sqlx").open("a") as model:
        model.write("\njs { unknown_function(); }\n")
    rows = project.warehouse.rows("ops.releases", "`release`", "true")
    ended = project.run("rehearse", "--folder", folder)
    assert (ended.returncode, ended.stdout) == (1, "") and "rehearse: " in ended.stderr
    assert "unknown_function" in ended.stderr
    assert project.warehouse.rows("ops.releases", "`release`", "true") == rows and leftovers(project) == []


def wait_for(condition):
    """Until it is true; the time limit of the test ends it."""
    while not condition():
        time.sleep(0.2)


def rehearsals(project):
    """The states of those in the log, oldest first."""
    sql = "select state from ops.releases where kind = 'rehearsal' order by logged_at"
    return [row["state"] for row in project.warehouse.query(sql)]


def test_a_rehearsal_that_is_stopped_drops_its_clones(project, code, live):
    number, before = signal.SIGTERM, rehearsals(project)  # Ctrl-C raises the same
    command = project.command("rehearse", "--folder", code("sum(item.item_amount)"))
    with subprocess.Popen(command, env=project.environ(), stderr=subprocess.PIPE, text=True) as process:
        wait_for(lambda: leftovers(project))
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert f"cancelled by {number.name}; the clones are dropped" in errors
    wait_for(lambda: not leftovers(project))
    assert (look(project), rehearsals(project)) == (live, before)


def test_another_rehearsal_is_refused_and_a_killed_one_is_cleaned_up(project, code, live):
    """The process here is killed and its job continues: the next is refused until it has ended."""
    folder, before = code("sum(item.item_amount)"), rehearsals(project)
    command = project.command("rehearse", "--folder", folder)
    with subprocess.Popen(command, env=project.environ(), stdout=subprocess.DEVNULL) as process:
        wait_for(lambda: leftovers(project))
        while_it_runs = project.run("rehearse", "--folder", folder)
        process.kill()
    assert while_it_runs.returncode == 1
    assert "another rehearsal is in progress: rehearse holds" in while_it_runs.stderr
    refused = project.run("rehearse", "--folder", folder)
    assert refused.returncode == 1, refused.stdout
    assert "another rehearsal is in progress: projects/" in refused.stderr
    assert "nothing was changed" in refused.stderr
    wait_for(lambda: rehearsals(project) != before and not leftovers(project))
    assert (look(project), rehearsals(project)) == (live, [*before, "rehearsed"])


def rehearsed(project, folder):
    """The folder, of which at least one rehearsal is in the log; other tests may have written it."""
    digest = digest_of_files(read_files(Path(folder)))
    rows = project.warehouse.query("select rehearsal from ops.releases where kind = 'rehearsal'")
    if digest not in {json.loads(row["rehearsal"])["digest"] for row in rows}:
        project.run("rehearse", "--folder", folder)
    return folder


def test_a_rollout_names_the_rehearsal_of_its_code(project, code):
    failing = rehearsed(project, code("cast(1 / 0 as numeric)"))
    doubled = rehearsed(project, code("2 * sum(item.item_amount)"))
    before = project.live_commit()
    refused = project.run("rollout", "--folder", failing)
    assert refused.returncode == 1 and "the rehearsal of this code failed" in refused.stderr
    assert project.live_commit() == before and project.schedule() == "ENABLED"
    accepted = project.run("rollout", "--folder", doubled)
    assert accepted.returncode == 0, accepted.stderr
    assert "rehearsal h" in accepted.stdout and "dmt.daily_sales: +1 -0 ~" in accepted.stdout


def test_an_environment_without_the_job_is_refused(project, code):
    client = project.warehouse.client
    path = f"run/v2/{project.location}/jobs/rehearse"
    assert requests.delete(f"{project.state.address}/{path}", timeout=30).ok
    ended = project.run("rehearse", "--folder", code("sum(item.item_amount)"))
    assert ended.returncode == 1 and "is not set up for delivery; nothing was changed" in ended.stderr
    assert list(client.list_tables("ods_rehearsal")) == []
