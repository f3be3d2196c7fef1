"""Faults of the source, the bucket and BigQuery, alone and together: rows in, rows out."""

import io
import json
import random
import threading

import pytest

from connector.errors import LoadError
from connector.landing.files import Landing
from connector.run.context import RunContext
from connector.run.extract import extract
from connector.run.state import RunState
from connector.settings import Settings
from connector.sources import registry
from connector.sources.rest import reader
from connector.sources.window import IdRange
from runtime.errors import LeaseHeld, StorageError
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog
from tests.connector.fault_injection import FaultyAdapter, Rule
from tests.connector.project import sales
from tests.fakes.retail_api import KEY, Fault

JOBS = r"POST /bigquery/v2/projects/[^/]*/jobs"
UPLOADS = r"POST /upload/bigquery"
WRITES = r"POST /upload/storage"
MOVES = r"POST /storage/v1/b/.*/(moveTo|copyTo|rewriteTo)/"
LISTS = r"GET /storage/v1/b/[^/]*/o\?"

SOURCE = {
    "half of all answers are 503": {"status": 503},
    "too many requests, without a hint": {"status": 429},
    "too many requests, wait 0 seconds": {"status": 429, "headers": {"Retry-After": "0"}},
    "too many requests, wait until yesterday": {
        "status": 429,
        "headers": {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"},
    },
    "connections are reset": {"reset": True},
    "bodies are cut": {"cut": True},
    "bodies come drop by drop": {"slow": 0.002},
    "bodies are compressed": {"zipped": True},
    "too few pages are announced": {"change": {"total_pages": 1}},
    "too many pages are announced": {"change": {"total_pages": 99}},
    "no totals are announced": {"change": {"total_pages": "absent", "total_items": "absent"}},
}
GOOGLE = {
    "the bucket is away for a moment": [Rule(r"/storage/v1", 503, times=8, skips=2)],
    "the bucket has too much to do": [Rule(r"/storage/v1", 429, times=5, skips=3)],
    "a page is written and nobody hears of it": [Rule(WRITES, "lost", times=4, skips=1)],
    "a file is moved and nobody hears of it": [Rule(MOVES, "lost", times=4, skips=1)],
    "a list is asked for twice": [Rule(LISTS, "lost", times=3)],
    "a job is sent and nobody hears of it": [Rule(JOBS, "lost", times=2)],
    "a job is refused for a moment": [Rule(JOBS, 503, times=3)],
    "there are too many jobs": [Rule(JOBS, 403, times=3, reason="rateLimitExceeded")],
    "the quota of jobs is used up for a moment": [Rule(JOBS, 403, times=3, reason="quotaExceeded")],
    "the log is written and nobody hears of it": [Rule(UPLOADS, "lost", times=1)],
}


@pytest.mark.parametrize("fault", SOURCE)
def test_the_source_misbehaves(shop, store, fault):
    """Each page once and then well; half of all answers, that is."""
    shop.items["sales"] = sales(1, 250 * 9 + 7)
    shop.faults = [Fault(page=page, **SOURCE[fault]) for page in range(1, 12)]
    state = landed(store, shop)
    assert state.missing is None and state.span.until == 250 * 9 + 7
    contents = [store.objects[name][1] for name in store.names("sales/in/")]
    ids = [json.loads(line)["id"] for content in contents for line in content.splitlines()]
    assert sorted(ids) == list(range(1, 250 * 9 + 8))


def landed(store, shop):
    """What a run lands, without a warehouse behind it."""
    source = registry.read_source("retail")
    settings = Settings("", "", "", {"URL": shop.url, "API_KEY": KEY})
    pages = reader.create_reader(source, "sales", settings, lambda: RetryPolicy(sleep=lambda seconds: None))
    with pages.client.session:
        endpoint, landing = source.endpoint("sales"), Landing(store, "sales")
        context = RunContext("sales", endpoint, pages, landing, store, None, StructuredLog(io.StringIO()))
        state = RunState(id="one", endpoint="sales", began=1_795_246_443_000, span=IdRange(1))
        with context.create_lease() as lease:
            lease.save(state)
            state = extract(context, lease, state)
            lease.clear_state()
    return state


@pytest.mark.parametrize("fault", GOOGLE)
def test_google_misbehaves(project, shop, fault):
    shop.items["sales"] = sales(1, 250 * 3 + 7)
    weather = FaultyAdapter(*GOOGLE[fault])
    project.copy(adapter=weather)
    arrived_once(project, 250 * 3 + 7)
    assert weather.spent


def test_everything_misbehaves_at_once(project, shop):
    shop.items["sales"] = sales(1, 250 * 40)
    chance = random.Random(4)
    kinds = [
        {"status": 503},
        {"status": 429},
        {"reset": True},
        {"cut": True},
        {"zipped": True},
        {"body": b"<"},
    ]
    shop.faults = [
        Fault(page=page, times=1, **chance.choice(kinds)) for page in range(1, 41) for _ in range(page % 3)
    ]
    rules = [rule for rules in GOOGLE.values() for rule in fresh(rules)]
    project.copy(adapter=FaultyAdapter(*rules))
    arrived_once(project, 250 * 40)


def fresh(rules):
    return [Rule(rule.pattern, rule.outcome, rule.times, rule.skips, rule.reason) for rule in rules]


def arrived_once(project, count):
    assert project.ids() == list(range(1, count + 1))
    assert project.left() == [] and project.failed() == []
    assert project.log("status, rows_loaded") == [("success", count)]
    files = project.rows("SELECT COUNT(*), COUNT(DISTINCT file_name), SUM(rows) FROM ops.file_log")
    assert files == [(-(-count // 250), -(-count // 250), count)]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (Rule(r"/storage/v1", 503, times=10**6, skips=0), StorageError),
        (Rule(WRITES, 403, times=10**6, skips=0, reason="forbidden"), StorageError),
        (Rule(JOBS, 403, times=10**6, reason="quotaExceeded"), LoadError),
    ],
)
def test_what_does_not_pass_ends_the_run_and_the_next_one_goes_on(project, shop, rule, error):
    shop.items["sales"] = sales(1, 600)
    with pytest.raises(error):
        project.copy(adapter=FaultyAdapter(rule))
    project.copy()
    if len(project.log()) == 2:  # it came far enough to say so
        assert project.log("status") == [("failed",), ("success",)]
    assert project.ids() == list(range(1, 601))
    assert project.left() == []


def test_an_object_of_this_name_is_there_already(project, shop):
    """412: another process wrote the page; it is the same page, and it is not written again."""
    shop.items["sales"] = sales(1, 600)
    written = []

    def twin():
        run = json.loads(project.bucket.read("sales/run.json", project.bucket.generation("sales/run.json")))
        [first] = [item for item in project.bucket.list("sales/in/") if item.metadata["page"] == "1"]
        content = project.bucket.read(first.name, project.bucket.generation(first.name))
        written.append(run["state"]["id"])
        assert not project.bucket.create(first.name, content + b"twice\n", first.metadata)

    shop.after_page = {2: twin}
    project.copy()
    assert written
    assert project.ids() == list(range(1, 601))


def test_two_runs_at_once_for_a_second_that_comes_at_any_time(project, shop):
    """Whenever the second one looks, it leaves, and what the first one loads is not touched."""
    shop.items["sales"] = sales(1, 250 * 6)
    second = []

    def meanwhile():
        try:
            project.copy(sleep=threading.Event().wait)
        except LeaseHeld as held:
            second.append(str(held))

    shop.after_page = {2: meanwhile, 4: meanwhile, 6: meanwhile}
    project.copy(renew_seconds=0.05)
    assert len(second) == 3 and all("holds the lease gs://" in sentence for sentence in second)
    arrived_once(project, 250 * 6)
