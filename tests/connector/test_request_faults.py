"""Faults of the source, the bucket and BigQuery, separately and together: every row arrives once."""

import io
import json
import random
import threading
from typing import Any

import pytest

from connector.errors import LoadError
from connector.landing.files import Landing
from connector.run.context import RunContext
from connector.run.extract import extract
from connector.run.state import RunState
from connector.settings import Settings
from connector.sources import registry
from connector.sources.rest import reader
from connector.sources.rest.config import RestSource
from connector.sources.window import IdRange
from runtime.errors import LeaseHeld, StorageError
from runtime.retry import RetryPolicy
from runtime.structured_log import StructuredLog
from tests.connector.fault_injection import FaultyAdapter, Rule
from tests.connector.landing_harness import NoWarehouse
from tests.connector.project import sales
from tests.fakes.retail_api import KEY, Fault

JOBS = r"POST /bigquery/v2/projects/[^/]*/jobs"
UPLOADS = r"POST /upload/bigquery"
WRITES = r"POST /upload/storage"
MOVES = r"POST /storage/v1/b/.*/(moveTo|copyTo|rewriteTo)/"
LISTS = r"GET /storage/v1/b/[^/]*/o\?"

SOURCE: dict[str, dict[str, Any]] = {
    "half of all responses are 503": {"status": 503},
    "429 without Retry-After": {"status": 429},
    "429 with Retry-After: 0": {"status": 429, "headers": {"Retry-After": "0"}},
    "429 with Retry-After in the past": {
        "status": 429,
        "headers": {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"},
    },
    "connections are reset": {"reset": True},
    "bodies are truncated": {"cut": True},
    "bodies arrive slowly": {"slow": 0.002},
    "bodies are compressed": {"zipped": True},
    "too few pages are announced": {"change": {"total_pages": 1}},
    "too many pages are announced": {"change": {"total_pages": 99}},
    "no totals are announced": {"change": {"total_pages": None, "total_items": None}},
}
GOOGLE = {
    "a short outage of the bucket": [Rule(r"/storage/v1", 503, times=8, skips=2)],
    "too many requests to the bucket": [Rule(r"/storage/v1", 429, times=5, skips=3)],
    "the response to a page upload is lost": [Rule(WRITES, "lost", times=4, skips=1)],
    "the response to a move is lost": [Rule(MOVES, "lost", times=4, skips=1)],
    "the response to a listing is lost": [Rule(LISTS, "lost", times=3)],
    "the response to a job is lost": [Rule(JOBS, "lost", times=2)],
    "a short outage of BigQuery": [Rule(JOBS, 503, times=3)],
    "the rate limit of jobs is exceeded": [Rule(JOBS, 403, times=3, reason="rateLimitExceeded")],
    "the quota of jobs is exceeded for a moment": [Rule(JOBS, 403, times=3, reason="quotaExceeded")],
    "the response to a log upload is lost": [Rule(UPLOADS, "lost", times=1)],
}


@pytest.mark.parametrize("fault", SOURCE)
def test_a_fault_of_the_source_loses_no_row(shop, store, fault):
    """Each page fails once and then succeeds, so half of all responses are faulty."""
    shop.items["sales"] = sales(1, 250 * 9 + 7)
    shop.faults = [Fault(page=page, **SOURCE[fault]) for page in range(1, 12)]
    state = land(store, shop)
    assert state.missing is None and state.span.until == 250 * 9 + 7
    contents = [store.objects[name][1] for name in store.names("sales/in/")]
    ids = [json.loads(line)["id"] for content in contents for line in content.splitlines()]
    assert sorted(ids) == list(range(1, 250 * 9 + 8))


def land(store, shop):
    """Land the pages of a run, without a warehouse."""
    source = registry.read_source("retail")
    assert isinstance(source, RestSource)
    settings = Settings("", "", "", {"URL": shop.url, "API_KEY": KEY})
    pages = reader.create_reader(source, "sales", settings, lambda: RetryPolicy(sleep=lambda seconds: None))
    with pages.client.session:
        endpoint, landing = source.endpoint("sales"), Landing(store, "sales")
        log = StructuredLog(io.StringIO())
        context = RunContext("sales", endpoint, pages, landing, store, NoWarehouse(), log)
        state = RunState(id="one", endpoint="sales", began=1_795_246_443_000, span=IdRange(1))
        with context.create_lease() as lease:
            lease.save(state)
            state = extract(context, lease, state)
            lease.clear_state()
    return state


@pytest.mark.parametrize("fault", GOOGLE)
def test_a_fault_of_google_loses_no_row(project, shop, fault):
    shop.items["sales"] = sales(1, 250 * 3 + 7)
    adapter = FaultyAdapter(*GOOGLE[fault])
    project.copy(adapter=adapter)
    assert_arrived_once(project, 250 * 3 + 7)
    assert adapter.is_exhausted


def test_all_faults_together_lose_no_row(project, shop):
    shop.items["sales"] = sales(1, 250 * 40)
    chance = random.Random(4)
    kinds: list[dict[str, Any]] = [
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
    rules = [rule for rules in GOOGLE.values() for rule in copy_rules(rules)]
    project.copy(adapter=FaultyAdapter(*rules))
    assert_arrived_once(project, 250 * 40)


def copy_rules(rules):
    return [Rule(rule.pattern, rule.outcome, rule.times, rule.skips, rule.reason) for rule in rules]


def assert_arrived_once(project, count):
    assert project.ids() == list(range(1, count + 1))
    assert project.remaining() == [] and project.failed() == []
    assert project.log("status, rows_loaded") == [("success", count)]
    files = project.rows("SELECT COUNT(*), COUNT(DISTINCT file_name), SUM(`rows`) FROM ops.file_log")
    assert files == [(-(-count // 250), -(-count // 250), count)]


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (Rule(r"/storage/v1", 503, times=10**6, skips=0), StorageError),
        (Rule(WRITES, 403, times=10**6, skips=0, reason="forbidden"), StorageError),
        (Rule(JOBS, 403, times=10**6, reason="quotaExceeded"), LoadError),
    ],
)
def test_a_permanent_fault_fails_the_run_and_the_next_one_resumes(project, shop, rule, error):
    shop.items["sales"] = sales(1, 600)
    with pytest.raises(error):
        project.copy(adapter=FaultyAdapter(rule))
    project.copy()
    if len(project.log()) == 2:  # it reached BigQuery before it failed
        assert project.log("status") == [("failed",), ("success",)]
    assert project.ids() == list(range(1, 601))
    assert project.remaining() == []


def test_an_object_that_another_process_wrote_is_not_written_again(project, shop):
    """412: another process wrote the same page."""
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


def test_a_second_run_is_rejected_at_any_time(project, shop):
    """Whenever the second run starts, it exits, and the load of the first is not affected."""
    shop.items["sales"] = sales(1, 250 * 6)
    second = []

    def meanwhile():
        try:
            project.copy(sleep=threading.Event().wait)
        except LeaseHeld as held:
            second.append(str(held))

    shop.after_page = {2: meanwhile, 4: meanwhile, 6: meanwhile}
    project.copy(renew_seconds=0.05)
    assert len(second) == 3 and all("holds the lease gs://" in message for message in second)
    assert_arrived_once(project, 250 * 6)
