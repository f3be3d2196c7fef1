"""Which release a rollback returns to, which images belong to which job, and what is refused; no server."""

import argparse
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from google.api_core.exceptions import Aborted, ServiceUnavailable
from google.cloud import bigquery
from google.cloud import dataform_v1 as api

from pipeline.rehearse.models import Model
from pipeline.rehearse.rehearsal import has_old_rows
from runtime.delivery import Busy, DeliveryError, Refused, ReleaseError
from runtime.delivery.checks import check_columns, check_data
from runtime.delivery.releases import Release, choose, encode, new_id, parse
from runtime.delivery.steps import Rollback, find_unfinished, undone_schedules
from scripts.delivery.images import images_by_job
from scripts.delivery.restore_job import RestoreJob
from scripts.delivery.turns import wait_for_turn
from scripts.deploy.errors import ApplyFailed, StalePlan, TerraformFailed
from scripts.rollback.__main__ import carry_out
from scripts.rollout.__main__ import apply_plan
from scripts.rollout.undo import Withdrawn, undo, withdraw
from scripts.unload.__main__ import select
from tests.scripts.delivery_project import image

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def release(number, state="accepted", kind="rollout", **more):
    facts = {"images": {}, "columns": {}, "schedules": [], "scope": "all"} | more
    return Release(f"r{number}", state, kind, moment=START + timedelta(hours=number), **facts)


THREE = [release(1), release(2), release(3)]


@pytest.mark.parametrize(
    ("to", "target", "undone"), [(None, "r2", "r3"), ("r2", "r2", "r3"), ("r1", "r1", "r2")]
)
def test_a_rollback_returns_to_just_before_the_release_after_its_target(to, target, undone):
    undo = choose(THREE, to)
    assert (undo.target.release, undo.first_undone.release) == (target, undone)
    assert undo.moment == undo.first_undone.moment


def test_a_rollback_of_a_rollback_returns_to_what_it_undid():
    releases = [release(1), release(2, "rolled back"), release(3, kind="rollback", target="r1")]
    assert choose(releases, None).target.release == "r2"


def test_a_release_that_never_went_live_is_passed_over():
    assert choose([release(1), release(2, "failed"), release(3)], None).target.release == "r1"


@pytest.mark.parametrize(
    ("releases", "to", "message"),
    [
        ([], None, "no earlier release is recorded in ops.releases"),
        ([release(1)], None, "Deliver the commit that worked: git checkout COMMIT"),
        (THREE, "r9", "unknown release 'r9'; nothing was changed. Known: r1, r2, r3"),
        (THREE, "r3", "r3 is the newest release; nothing was changed. Name an earlier one: r2."),
    ],
)
def test_there_is_nothing_to_return_to(releases, to, message):
    with pytest.raises(Refused, match=message.replace("(", r"\(")):
        choose(releases, to)


def test_only_a_rollback_that_has_not_ended_is_resumed():
    open_one = release(3, "rolling out", "rollback", target="r1", schedules=["s"])
    assert find_unfinished([*THREE[:2], open_one], None) == open_one
    assert find_unfinished([*THREE[:2], open_one], "r1") == open_one
    assert find_unfinished(THREE, None) is None
    assert find_unfinished([*THREE[:2], release(3, "rolling out")], None) is None  # a rollout: it is undone
    with pytest.raises(DeliveryError, match="python -m scripts.rollback --env ENV --to r1"):
        find_unfinished([*THREE[:2], open_one], "r2")


def test_schedules_that_a_killed_rollout_paused_are_started_again():
    killed = release(2, "rolling out", schedules=["hourly"])
    assert undone_schedules([release(1), killed], ["rotation"]) == ["hourly", "rotation"]
    assert undone_schedules([release(1), release(2, schedules=["hourly"])], ["rotation"]) == ["rotation"]


def test_all_jobs_of_an_image_move_together():
    assert images_by_job({"connector": image("a")}) == {"connector": image("a"), "key-rotation": image("a")}
    jobs = ("pipeline", "rehearse", "restore")
    assert images_by_job({"pipeline": image("b")}) == dict.fromkeys(jobs, image("b"))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ({"connector": "registry/connector:latest"}, "has no digest"),
        ({"connector": "registry/connector@sha256:abc"}, "has no digest"),
        (
            {"conector": image("a")},
            "unknown image conector; expected connector, pipeline, report, sheets_sync",
        ),
    ],
)
def test_an_image_that_can_move_is_refused(images, message):
    with pytest.raises(Refused, match=message):
        images_by_job(images)


def test_a_row_of_the_log_is_the_release_again():
    written = release(1, images={"a": "b"}, columns={"ods.t": ["id INTEGER"]}, schedules=["s"], plan="1f")
    assert parse(encode(written)) == written
    assert new_id(START) == "r20260131T093000000"


@pytest.mark.parametrize("now", [{}, {"dmt.t": ["a INTEGER", "b STRING"]}, {"dmt.t": ["a STRING"]}])
def test_changed_columns_are_refused(now):
    before = {"dmt.t": ["a INTEGER"]}
    check_columns({**before, "dmt.new": ["x STRING"]}, before)
    with pytest.raises(Refused, match=r"or they were deleted: dmt\.t; .*--code-only"):
        check_columns(now, before)


def test_a_moment_outside_time_travel_is_refused():
    class Dataset:
        def to_api_repr(self):
            return {"maxTimeTravelHours": "48"}

    class Client(bigquery.Client):
        def __init__(self): ...

        def get_dataset(self, *arguments, **options):
            return Dataset()

    with pytest.raises(Refused, match=r"is outside time travel \(48 h\); nothing was changed"):
        check_data(Client(), START - timedelta(hours=49), START, {})


class FakeOperation:
    """An execution that was started; `error` is raised while it is waited for."""

    metadata = SimpleNamespace(log_uri="https://log")

    def __init__(self, error):
        self.error = error

    def result(self, timeout):
        raise self.error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (TimeoutError(), "unknown (TimeoutError); it writes all tables or none"),
        (ServiceUnavailable("later"), "unknown (503 later)"),
        (requests.ConnectionError("reset"), "unknown (reset)"),
        (
            Aborted("task failed"),
            "failed; it writes all tables or none, and its log states which: https://log",
        ),
    ],
)
def test_a_restore_without_success_is_reported_as_all_or_nothing(error, text):
    """An unload can fail after its transaction."""
    client: Any = SimpleNamespace(run_job=lambda request: FakeOperation(error))
    unknown: Any = SimpleNamespace(read=lambda name: None)
    with pytest.raises(DeliveryError, match=re.escape(text)) as raised:
        RestoreJob(client, "projects/p/locations/l/jobs/restore", unknown).run(["to", "now"])
    assert "https://log" in str(raised.value) and "run the command again" in str(raised.value)


def test_a_plan_that_was_refused_ends_its_release_with_nothing_changed():
    rows: list[Release] = []
    resumed: list[list[str]] = []
    platform: Any = SimpleNamespace(
        log=SimpleNamespace(append=rows.append), schedules=SimpleNamespace(resume=resumed.append)
    )
    begun = release(1, "rolling out", schedules=["hourly"])
    with pytest.raises(
        Refused, match="is stale(.|\n)*r1 ended before anything was live; nothing was changed"
    ):
        withdraw(platform, begun, StalePlan("x is stale"))
    assert resumed == [["hourly"]]
    assert [(row.release, row.state, row.reason) for row in rows] == [("r1", "failed", "x is stale")]


@pytest.mark.parametrize(
    ("error", "is_withdrawn"),
    [(StalePlan("stale"), True), (TerraformFailed("init"), True), (ApplyFailed("quota"), False)],
)
def test_only_an_apply_that_began_is_rolled_back(error, is_withdrawn):
    def apply(env: str, path: Path) -> None:
        raise error

    rows: list[Release] = []
    platform: Any = SimpleNamespace(
        log=SimpleNamespace(append=rows.append), schedules=SimpleNamespace(resume=lambda names: None)
    )
    arguments = argparse.Namespace(env="dev", plan=Path("p.tfplan"))
    with pytest.raises(Withdrawn if is_withdrawn else ApplyFailed):
        apply_plan(arguments, platform, release(1, "rolling out"), apply)
    assert [row.state for row in rows] == (["failed"] if is_withdrawn else [])


@pytest.mark.parametrize("is_begun", [True, False])
def test_a_rollback_that_fails_states_whether_it_was_begun(is_begun):
    def fail(*arguments):
        raise ReleaseError("it does not compile") if is_begun else Refused("another is in progress")

    pause, begin = (fail, lambda *arguments: None) if is_begun else (lambda names: None, fail)
    platform: Any = SimpleNamespace(log=SimpleNamespace(begin=begin), schedules=SimpleNamespace(pause=pause))
    plan = Rollback(choose(THREE, None), release(4, "rolling out", "rollback"), is_resumed=False)
    with pytest.raises(DeliveryError) as raised:
        carry_out(platform, plan)
    text = "it does not compile\nr4 was begun and has not ended" if is_begun else "another is in progress"
    assert str(raised.value).startswith(text) and isinstance(raised.value, Refused) != is_begun


def test_a_rollout_that_is_not_rolled_back_names_both_reasons():
    """A reader of only the refusal, which states that nothing was changed, would conclude that nothing is live."""
    platform: Any = SimpleNamespace(restore_job=SimpleNamespace(check=raise_refused))
    with pytest.raises(DeliveryError) as raised:
        undo(platform, release(1, "rolling out"), ReleaseError("bad SQL"))
    assert not isinstance(raised.value, Refused)
    assert "r1 failed and was not rolled back: no job; nothing was changed" in str(raised.value)
    assert "The cause of the failure: bad SQL" in str(raised.value)


def raise_refused():
    raise Refused("no job; nothing was changed")


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        ([], False),  # an environment before its first release: the next run writes everything
        (["ods.customers"], False),
        (["ods.sales"], True),
        (["dmt.days"], True),  # it follows the changed table
        (["dmt.view"], False),
    ],
)
def test_only_tables_that_exist_are_written_again_by_a_rehearsal(live, expected):
    sales = Model("ods.sales", api.Target(), "", is_table=True)
    days = Model("dmt.days", api.Target(), "", is_table=True, follows=frozenset({"ods.sales"}))
    view = Model("dmt.view", api.Target(), "", is_table=False, is_view=True, follows=frozenset({"ods.sales"}))
    customers = Model("ods.customers", api.Target(), "", is_table=True)
    models = {model.name: model for model in (sales, days, view, customers)}
    tables: Any = dict.fromkeys(live)
    assert has_old_rows(models, [sales], tables) == expected
    assert not has_old_rows(models, [view], tables)


NAME = "sales_20260131_0930_019b0002-0000-7001-8000-000000000001.json"


def test_a_load_is_named_by_its_run_or_by_its_files():
    address = f"gs://p-landing/retail/sales/archive/20260131/{NAME}"
    assert select(None, [address]) == select(None, [NAME]) == ["--file", NAME]
    assert select("r1", []) == ["--run", "r1"]


@pytest.mark.parametrize(
    ("run", "files", "text"),
    [
        ("", [], "the id of the run is empty; nothing was changed"),
        (" ", [], "ops.run_log lists them"),
        (None, [""], "'' is not a landing file"),
        (None, [NAME, "sales.json"], "'sales.json' is not a landing file"),
        (None, [f"{NAME}.gz"], "nothing was changed. ops.file_log lists them"),
    ],
)
def test_what_cannot_be_a_load_is_refused_before_the_job_starts(run, files, text):
    with pytest.raises(Refused, match=text):
        select(run, files)


def test_a_command_waits_for_its_turn_only_if_it_may():
    results = [Busy("another rollout is in progress"), Busy("still"), "done"]

    def action() -> str:
        result = results.pop(0)
        if isinstance(result, Busy):
            raise result
        return str(result)

    with pytest.raises(Busy, match="another rollout"):
        wait_for_turn(action, wait=False)
    assert wait_for_turn(action, wait=True, retry_seconds=0) == "done"
