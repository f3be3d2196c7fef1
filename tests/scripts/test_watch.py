"""A release that turns out bad in the runs of the pipeline after it: rolled back by itself, once, with rows.

The tests run in order, in one project. The pipeline is the real command, Dataform and the job `restore` really run; the
jobs that copy and publish are replaced.
"""

import json
import subprocess
import sys
import time

import pytest
import requests
from google.cloud import bigquery

from sandbox.process import running
from tests.dataform.retail import customer, file, product, sale
from tests.report.warehouse import PARTITIONS, VIEWS, render, schema
from tests.scripts.delivery_project import image, set_up, write_code
from tests.scripts.test_delivery import check

pytestmark = pytest.mark.timeout(900)
HISTORY, SALES = 8, 52  # days, and sales on each of them
# The endpoint `broken` is one whose source does not answer.
COPY = "import sys; sys.exit('retail/broken' in '/'.join(sys.argv[2::2]))"


class Shop:
    """A project whose pipeline runs; `number` is that of the newest sale."""

    def __init__(self, state):
        self.project, self.number, self.files = set_up(state), 0, 0
        self.add_logs()
        self.add_job("copy", COPY)
        self.add_job("publish", "print('published')")

    def add_logs(self):
        client = self.project.warehouse.client
        for name in PARTITIONS:
            table = bigquery.Table(f"{client.project}.ops.{name}", schema(name))
            table.time_partitioning = bigquery.TimePartitioning(field=PARTITIONS[name])
            client.create_table(table, exists_ok=True)
        for name in VIEWS:
            view = bigquery.Table(f"{client.project}.ops.{name}")
            view.view_query = render(name, client.project)
            client.create_table(view)

    def add_job(self, name, code):
        container = {"image": image("0"), "command": ["python", "-c", code]}
        task = {"containers": [container], "serviceAccount": self.project.state.identity("restore")}
        self.project.post(
            f"run/v2/{self.project.location}/jobs", {"template": {"template": task}}, jobId=name
        )

    def sell(self, day, count=1):
        """Sales of one line each on one day; loaded into raw."""
        sales = [sale(self.number + n, f"2017-01-{day:02d}", ("a", 1, 3)) for n in range(1, count + 1)]
        self.number += count
        self.load("sales", sales)

    def load(self, table, rows):
        self.files += 1
        self.project.load([(table, file(table, 1, self.files), rows)])

    def run(self, endpoint="retail/sales", watched="2"):
        """The log lines of an hourly run of the pipeline."""
        state = self.project.state
        settings = {
            "PROJECT_ID": state.project,
            "REGION": "europe-west1",
            "BUCKET": f"{state.project}-landing",
            "CONNECTOR_ENDPOINTS": json.dumps({endpoint: "hourly"}),
            "CONNECTOR_JOB": "copy",
            "SHEETS_SYNC_JOB": "publish",
            "REPORT_JOB": "publish",
            "RESTORE_JOB": "restore",
            "WATCHED_RUNS": watched,
            "DATAFORM_REPOSITORY": "warehouse",
            "DATAFORM_SERVICE_ACCOUNT": state.identity("dataform-runner"),
        }
        result = subprocess.run(
            [sys.executable, "-m", "pipeline", "hourly"],
            env=self.project.environ() | settings,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]

    def restores(self):
        """Of each execution that the pipeline started, whether it succeeded; when all have ended."""
        path = f"{self.project.state.address}/run/v2/{self.project.location}/jobs/restore/executions"
        deadline = time.monotonic() + 240
        while True:
            executions = requests.get(path, timeout=30).json().get("executions", [])
            if all("completionTime" in execution for execution in executions):
                return [bool(each.get("succeededCount")) for each in executions if is_undo(each)]
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def state(self):
        return self.project.rows(), self.project.live_commit(), self.project.images()


def is_undo(execution):
    """scripts.rollback starts the same job."""
    return execution["template"]["containers"][0]["args"][0] == "undo"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """With a history, released and accepted without a watch."""
    with running(tmp_path_factory.mktemp("watch")) as state:
        yield Shop(state)


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """Folders of the warehouse: as it is, and four that are bad from the next sale on."""
    root = tmp_path_factory.mktemp("code")
    lost = "where orphan.sales_id is null and mod(line.sales_id, 2) = 0"
    changes = {
        "good": {},
        "failing": {"daily_sales": ("sum(item.item_amount) as revenue", "cast(1 / 0 as numeric) as revenue")},
        "unchecked": {"sales_items": ("where orphan.sales_id is null", lost)},
        "band": {"sales_items": ("where orphan.sales_id is null", lost)},
    }
    folders = {}
    for name, edits in changes.items():
        folders[name] = write_code(root / name)
        for model, (old, new) in edits.items():
            path = folders[name] / f"definitions/dmt/{model}.sqlx"
            assert old in path.read_text()
            path.write_text(path.read_text().replace(old, new))
    loosen(folders["band"])
    return folders


def loosen(folder):
    """Without the checks that would find the lost lines before the band does."""
    model = folder / "definitions/dmt/sales_items.sqlx"
    verify = "    verify: (inDays) => sales.noLineIsLost({ ref, self }, inDays),\n"
    assert verify in model.read_text()
    model.write_text(model.read_text().replace(verify, ""))
    (folder / "definitions/assertions/sales_lines.sqlx").unlink()


def watch_lines(log):
    return [line for line in log if "watch" in line]


def rollout(shop, folder, *more):
    return check(shop.project.run("rollout", "--folder", str(folder), *more))


def test_a_release_is_watched_and_then_accepted(shop, code):
    shop.load("products", [product("a", 1)])
    shop.load("customers", [customer(1)])
    for day in range(1, HISTORY + 1):
        shop.sell(day, SALES)
    output = rollout(shop, code["good"])
    assert "watching  r" in output and shop.project.releases()[-1] == ("rollout", "watching")
    assert shop.project.schedule() == "ENABLED"
    shop.sell(HISTORY)
    [first] = watch_lines(shop.run())
    assert first["message"].endswith("is watched: 1 of 2 runs were good")
    [second] = watch_lines(shop.run())
    assert second["watch"] == "accepted" and shop.project.releases()[-1] == ("rollout", "accepted")
    assert shop.restores() == []


def test_a_failing_source_starts_nothing_and_failing_code_is_rolled_back(shop, code, tmp_path):
    good = shop.state()
    images = tmp_path / "images.json"
    images.write_text(json.dumps({"connector": image("b")}))
    rollout(shop, code["failing"], "--images", str(images))
    bad = shop.state()
    assert bad[0] == good[0] and bad[1] != good[1] and bad[2] != good[2]  # no row had to be computed yet
    shop.sell(HISTORY)
    [skipped] = watch_lines(shop.run("retail/broken"))
    assert skipped["watch"] == "skipped" and shop.restores() == []
    assert shop.project.releases()[-1] == ("rollout", "watching")

    [line] = watch_lines(shop.run())
    assert line["watch"] == "rollback" and "table dmt.daily_sales failed" in line["message"]
    assert shop.restores() == [True]
    assert shop.state() == good  # code, images and rows
    assert shop.project.releases()[-2:] == [("rollout", "rolled back"), ("rollback", "accepted")]
    shop.run()
    rows = shop.project.rows()
    assert len(rows["ods.sales"]) == len(good[0]["ods.sales"]) + 1  # the sale of the bad runs, by good code


def test_what_a_person_returned_to_is_not_rolled_back_again(shop):
    check(shop.project.run("rollback"))
    shop.sell(HISTORY)
    assert watch_lines(shop.run()) == [] and len(shop.restores()) == 1  # this run failed, too
    check(shop.project.run("rollback"))
    assert shop.project.releases()[-1] == ("rollback", "accepted")
    shop.run()


def test_a_check_that_raises_is_rolled_back(shop, code):
    good = shop.state()
    rollout(shop, code["unchecked"])
    shop.sell(HISTORY + 1, 2)
    [line] = watch_lines(shop.run())
    assert line["watch"] == "rollback" and "dmt.sales_items failed" in line["message"]
    assert all(shop.restores()) and len(shop.restores()) == 2
    assert shop.state() == good
    shop.run()


def test_a_day_that_leaves_its_band_is_rolled_back(shop, code):
    good = shop.state()
    rollout(shop, code["band"])
    shop.sell(HISTORY + 2, SALES)
    [line] = watch_lines(shop.run())
    assert f"dmt.sales_items has {SALES // 2} rows on 2017-01-10" in line["message"]
    assert all(shop.restores()) and len(shop.restores()) == 3
    assert shop.state() == good
    shop.run()
    assert len(shop.project.rows()["dmt.sales_items"]) == len(good[0]["dmt.sales_items"]) + SALES


def test_a_release_past_which_a_schema_changed_stays(shop, code):
    """Nothing is changed, the job fails, and no later run tries again."""
    rollout(shop, code["failing"])
    shop.project.warehouse.query("alter table dmt.daily_sales add column note string")
    shop.sell(HISTORY + 2)
    live = shop.project.live_commit()
    [line] = watch_lines(shop.run())
    assert line["watch"] == "rollback" and sorted(shop.restores()) == [False, True, True, True]
    assert shop.project.live_commit() == live
    assert shop.project.releases()[-1] == ("rollout", "kept")
    [row] = shop.project.warehouse.query("select reason from ops.releases where state = 'kept'")
    assert "not rolled back: the columns of these tables changed since" in row["reason"]
    assert watch_lines(shop.run()) == [] and len(shop.restores()) == 4


def test_an_unwatched_release_is_accepted_at_once(shop, code):
    shop.project.warehouse.query("alter table dmt.daily_sales drop column note")
    assert "accepted  r" in rollout(shop, code["good"], "--unwatched")
    assert shop.project.releases()[-1] == ("rollout", "accepted")
