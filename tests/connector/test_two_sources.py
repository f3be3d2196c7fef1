"""Two sources with endpoints of one name: a run, its resumption and a replay of one do not touch the other."""

from dataclasses import replace

import pytest

from connector.errors import FileMissing, IncompleteRun
from connector.landing.files import Landing
from connector.run import run
from connector.run.replay import Selection
from connector.sources.window import IdRange
from tests.connector.project import sales
from tests.fakes.retail_api import Fault


def context_of(project, source):
    context = project.context("sales")
    return replace(context, source=source, landing=Landing(context.store, f"{source}/sales"))


def names(project, folder):
    return [item.name for item in project.bucket.list(folder)]


def test_gaps_of_one_source_are_filled_by_its_own_run(project, shop):
    shop.items["sales"] = sales(1, 750)
    shop.faults = [Fault(page=3, times=99, status=503)]
    with pytest.raises(IncompleteRun, match="requests only these pages"):
        run.copy(context_of(project, "shop"), IdRange())
    shop.faults, shop.items["sales"] = [], sales(1001, 1100)
    run.copy(context_of(project, "webshop"), IdRange())
    assert project.ids() == [*range(1, 501), *range(1001, 1101)]
    assert names(project, "shop/sales/run.json") and not names(project, "webshop/sales/run.json")
    [file] = [name.rpartition("/")[2] for name in names(project, "webshop/sales/archive/")]
    shop.items["sales"] = sales(1, 750)
    with pytest.raises(FileMissing, match="neither in shop/sales/failed/ nor in shop/sales/archive/"):
        run.replay_files(context_of(project, "shop"), Selection((file,)))
    # The replay has resumed the gap of its own endpoint before.
    assert project.ids() == [*range(1, 751), *range(1001, 1101)]
    logged = project.rows(
        "SELECT source, status, window_until FROM ops.run_log ORDER BY started_at, finished_at"
    )
    assert sorted(logged) == [
        ("shop", "partial", 750),
        ("shop", "success", 750),
        ("webshop", "success", 1100),
    ]
