"""Rollout, rollback and the rollback of a rollback, as a person or CI runs them; the tests run in order."""

import json
import subprocess
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from sandbox.process import running
from tests.crash_campaign.proxy import PlannedKill, Proxy
from tests.dataform.retail import file, sale
from tests.pipeline.restore.shop import FIRST, SECOND
from tests.scripts.delivery_project import JOBS, image, set_up, write_code

pytestmark = pytest.mark.timeout(900)  # each command runs the warehouse or restores it


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with running(tmp_path_factory.mktemp("delivery")) as state:
        yield set_up(state)


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """Folders of the warehouse: as it is, with the revenue doubled, and one that fails in its first run."""
    root = tmp_path_factory.mktemp("code")
    formulas = {
        "good": "sum(item.item_amount)",
        "double": "2 * sum(item.item_amount)",
        "bad": "cast(1 / 0 as numeric)",
    }
    return {name: write_code(root / name, formula) for name, formula in formulas.items()}


@pytest.fixture
def images(tmp_path):
    def write(letter):
        path = tmp_path / "images.json"
        path.write_text(json.dumps({"connector": image(letter), "pipeline": image(letter)}))
        return str(path)

    return write


def check(result):
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_without_a_release_there_is_nothing_to_roll_back(project):
    result = project.run("rollback")
    assert (result.returncode, result.stdout) == (1, "")
    assert "no earlier release is recorded in ops.releases" in result.stderr
    assert "nothing was changed" in result.stderr and project.schedule() == "ENABLED"


def test_two_rollouts(project, code, images):
    project.load(FIRST)
    check(project.run("release", "--folder", str(code["good"])))  # before delivery was set up
    refused = project.run("rollout", "--folder", str(code["good"]), "--images", "absent.json")
    assert refused.returncode == 1 and "nothing was changed" in refused.stderr
    first = check(project.run("rollout", "--folder", str(code["good"]), "--images", images("a")))
    assert "watching  r" in first
    assert project.releases() == [("rollout", "accepted"), ("rollout", "watching")]
    assert project.images() == dict.fromkeys(JOBS, image("a"))  # all jobs of an image
    project.load(SECOND)
    check(project.run("rollout", "--folder", str(code["double"]), "--images", images("b")))
    assert set(project.images().values()) == {image("b")}
    assert project.schedule() == "ENABLED"


@pytest.fixture(scope="module")
def states(project):
    """Filled by the tests: the rows and the live commit under a name."""
    return {}


def test_a_dry_run_names_everything_and_changes_nothing(project, states):
    states["doubled"] = (project.rows(), project.live_commit())
    output = check(project.run("rollback", "--dry-run"))
    assert "dry run: nothing was changed" in output
    assert f"image     connector: {image('a')}" in output
    assert "data      ods, dmt and ods.checkpoints as of " in output and "pipeline-hourly" in output
    assert (project.rows(), project.live_commit()) == states["doubled"]
    assert project.releases()[-2:] == [("rollout", "accepted"), ("rollout", "watching")]


def test_a_rollback_and_its_rollback(project, states):
    check(project.run("rollback", "--reason", "revenue is twice as much"))
    rows, commit = project.rows(), project.live_commit()
    assert rows != states["doubled"][0] and commit != states["doubled"][1]
    assert set(project.images().values()) == {image("a")} and project.schedule() == "ENABLED"
    assert project.releases()[-2:] == [("rollout", "rolled back"), ("rollback", "accepted")]

    check(project.run("rollback"))
    assert (project.rows(), project.live_commit()) == states["doubled"]
    assert set(project.images().values()) == {image("b")}
    states["first"] = (rows, commit)


def test_a_release_whose_first_run_fails_is_rolled_back(project, code, states):
    """A sale that is new to the first run: without one it has no day to compute."""
    project.load([("sales", file("sales", 9), [sale(20, "2017-01-07", ("a", 1, 1))])])
    result = project.run("rollout", "--folder", str(code["bad"]))
    assert result.returncode == 1, result.stdout
    assert "was rolled back: code, images and tables are as before it" in result.stderr
    assert "dmt.daily_sales: " in result.stderr
    assert (project.rows(), project.live_commit()) == states["doubled"]
    assert project.releases()[-2:] == [("rollout", "rolled back"), ("rollback", "accepted")]
    assert project.schedule() == "ENABLED"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "r1999"], "unknown release 'r1999'; nothing was changed. Known: r"),
        (["--code-only", "--data-only"], "not allowed with argument --code-only"),
    ],
)
def test_wrong_arguments_change_nothing(project, states, arguments, message):
    result = project.run("rollback", *arguments)
    assert result.returncode != 0 and message in result.stderr
    assert (project.rows(), project.live_commit()) == states["doubled"]


def test_a_widened_table_is_refused_and_the_code_is_not(project):
    """In this order, because nothing of this file restores the column afterwards."""
    before = project.releases()
    project.warehouse.query("alter table dmt.daily_sales add column note string")
    result = project.run("rollback")
    assert result.returncode == 1 and "changed since, or they were deleted: dmt.daily_sales" in result.stderr
    assert project.releases() == before and project.schedule() == "ENABLED"
    project.warehouse.query("alter table dmt.daily_sales drop column note")


def run_and_kill(project, proxy, number):
    """The exit code of a rollback that is killed before its request `number`; negative if it was."""
    command = project.command("rollback", "--data-only")
    proxy.reset()
    with subprocess.Popen(
        command, env=project.environ(proxy.url), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        proxy.reset(PlannedKill(number, "before", process.pid))
        process.communicate(timeout=200)
    return process.returncode


def test_a_rollback_that_is_killed_is_finished_by_the_next(project, states):
    """Before some of its requests: the next command converges, and its own rollback is the state before."""
    with Proxy(project.state.address) as proxy:
        codes = [run_and_kill(project, proxy, number) for number in (20, 32, 44)]
    assert codes[0] < 0
    while project.releases()[-1][1] == "rolling out":
        check(project.run("rollback", "--data-only"))
    finished = [kind for kind, state in project.releases() if state == "accepted"].count("rollback")
    assert finished and project.schedule() == "ENABLED"
    after = project.rows()
    check(project.run("rollback", "--data-only"))
    check(project.run("rollback", "--data-only"))
    assert project.rows() == after


def test_an_unfinished_release_is_all_that_a_deployment_rolls_back(project):
    before = project.releases()
    assert "every release has ended" in check(project.run("rollback", "--if-unfinished"))
    assert project.releases() == before


def test_two_at_once_exclude_each_other(project):
    """The second one changes nothing, and states what to do."""
    lease: dict[str, Any]
    lease = {"owner": "a", "holder": "rollout", "execution": "", "renew_seconds": 4, "beat": 1}
    store = f"{project.state.project}-terraform-state"
    stop = threading.Event()

    def renew():
        while not stop.wait(0.05):
            lease["beat"] += 1
            project.upload(store, "rollout/lease.json", lease)

    project.upload(store, "rollout/lease.json", lease)
    renewer = threading.Thread(target=renew)
    renewer.start()
    result = project.run("rollback")
    stop.set()
    renewer.join()
    assert (
        result.returncode == 1
        and "another rollout or rollback is in progress: rollout holds" in result.stderr
    )
    assert "Wait until it has ended" in result.stderr


@pytest.fixture
def delivered(project, code):
    """The project after at least one rollout, which is that of an earlier test if one ran."""
    if not project.releases():
        project.load(FIRST)
        check(project.run("rollout", "--folder", str(code["good"])))
    return project


def test_the_second_of_two_rollouts_waits(delivered, code):
    """Two processes: the row of the second begins after the last one of the first; no two are open at once."""
    commands = [
        delivered.command("rollout", "--folder", str(code[name]), "--wait") for name in ("good", "double")
    ]
    earlier = len(delivered.releases())
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(
                subprocess.Popen(
                    command,
                    env=delivered.environ(),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for command in commands
        )
        outputs = [process.communicate(timeout=600)[0] for process in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0], outputs
    assert sum("waiting: another rollout or rollback is in progress" in output for output in outputs) == 1
    assert delivered.releases()[earlier:] == [("rollout", "accepted"), ("rollout", "watching")]
    sql = (
        "select min(logged_at) as begun, max(if(state = 'watching', logged_at, null)) as ended from ops.releases "
        "where kind = 'rollout' group by `release` order by begun desc limit 2"
    )
    later, sooner = delivered.warehouse.query(sql)
    assert sooner["ended"] < later["begun"]


def test_a_load_is_taken_out(project):
    """By the job, which finds the rows and their log; the file in the bucket moves."""
    name = file("sales", 9)
    row = "('r', 'retail', 'sales', '{}', 'archived', 1, 1, current_timestamp())"
    columns = "run_id, source, endpoint, file_name, state, `rows`, bytes, logged_at"
    project.warehouse.query(f"insert into ops.file_log ({columns}) values {row.format(name)}")
    bucket = f"{project.state.project}-landing"
    project.upload(bucket, f"retail/sales/archive/20260109/{name}", {})
    refused = project.run("unload", "--file", "sales_20260101_0900_x.json", "--reason", "a test")
    assert refused.returncode == 1
    assert "x.json: no such load is in raw; nothing was changed. ops.file_log lists" in refused.stderr
    planned = check(project.run("unload", "--file", name, "--reason", "bad", "--dry-run"))
    assert "1 files, 1 rows of raw.sales" in planned and "dry run   nothing was changed" in planned
    assert project.loaded(name) == 1
    for _ in range(2):  # the second time there is nothing to do
        check(project.run("unload", "--file", name, "--reason", "it's bad"))
    assert project.loaded(name) == 0
    assert project.names(bucket) == [f"retail/sales/failed/2026/01/09/09h/{name}"]
