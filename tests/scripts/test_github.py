"""scripts.github against a server that refuses what GitHub refuses."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from runtime.retry import RetryPolicy
from scripts.delivery.summary import format_summary
from scripts.github.bodies import LIMIT, compose, marker
from scripts.github.client import GitHub
from scripts.github.comments import comment_body, update_comment
from scripts.github.errors import Denied, Missing, NotCompared, Rejected, Transient
from scripts.github.issues import Drift, lasting, update_issue
from scripts.github.pins import File, propose
from scripts.github.settings import NAMES, Settings
from tests.fakes.github_api import PERSON, Failure, FakeGitHub

ROOT = Path(__file__).parents[2]
COMMIT = "c" * 40
NOW = 1_700_000_000.0
DRIFT = Drift("dev", 2, "## Plan of dev\n\n```\n~ a\n~ b\n```\n")
EQUAL = Drift("dev", 0, "## Plan of dev\n")
PINS = [File("requirements/dev.txt", "a==1 \\\nb==2\n", "a==1.1 \\\nb==2\n")]


@pytest.fixture
def api():
    with FakeGitHub() as api:
        api.add_token("all", issues="write", pull_requests="write", contents="write")
        api.add_issue("A pull request", PERSON, pull_request={}, head="change", base="main")
        api.add_commit({"README.md": "text", PINS[0].path: PINS[0].before}, COMMIT)
        yield api


@pytest.fixture
def waits():
    return []


@pytest.fixture
def github(api, waits):
    return connect(api, waits)


def connect(api, waits, token="all"):
    settings = Settings(api.url, "https://github.example", api.repository, "7", COMMIT, token)
    retry = RetryPolicy(attempts=4, deadline=900, sleep=waits.append, jitter=lambda low, high: low)
    return GitHub(requests.Session(), settings, retry, now=lambda: NOW)


def comment(github, text="text", env="dev"):
    return update_comment(github, 1, env, compose(f"checks of {env}", "head", [text], "all"))


def bodies(api):
    return [each["body"] for each in api.comments]


def test_there_is_one_comment_of_an_environment_and_it_is_replaced(api, github):
    for number in range(5):  # its own is on the last of several pages
        api.add_comment(1, f"talk {number}", PERSON)
    url = comment(github, "first")
    comment(github, "of prod", env="prod")
    assert comment(github, "second") == url
    assert [body.partition("\n\n")[2] for body in bodies(api)[5:]] == ["second", "of prod"]
    assert all(body.startswith("talk") for body in bodies(api)[:5])


def test_a_marker_that_a_person_wrote_is_not_ours(api, github):
    """Its author could edit what is written there."""
    theirs = f"{marker('checks of dev')}\nlooks good"
    api.add_comment(1, theirs, PERSON)
    quoted = api.add_comment(1, f"> {marker('checks of dev')}")["body"]
    comment(github)
    assert len(api.comments) == 3 and bodies(api)[:2] == [theirs, quoted]


def test_two_runs_at_once_leave_one_comment_and_one_issue(api, waits):
    clients = [connect(api, waits) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(comment, clients))
        list(pool.map(lambda each: update_issue(each, DRIFT), clients))
    comment(clients[0])
    update_issue(clients[0], DRIFT)
    assert len(api.comments) == 1
    assert [each["state"] for each in api.issues if each["title"].startswith("dev differs")].count(
        "open"
    ) == 1


def test_a_duplicate_of_two_runs_that_met_is_removed(api, github):
    for text in ("one", "two"):
        api.add_comment(1, f"{marker('checks of dev')}\n{text}")
        api.add_issue(f"{marker(lasting('dev'))}\n{text}")
    comment(github, "three")
    update_issue(github, DRIFT)
    assert len(api.comments) == 1 and "three" in bodies(api)[0]
    assert [each["state"] for each in api.issues[1:]] == ["open", "closed"]
    assert "The same as #2" in api.issues[2]["body"]


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    "act", [comment, lambda github: update_issue(github, DRIFT)], ids=["comment", "issue"]
)
def test_a_lost_response_creates_nothing_twice(api, github, act, done):
    api.failures = [Failure("POST", "", 502, done=done), Failure("GET", "", 503)]
    act(github)
    assert len(api.comments) + len(api.issues) == 2


@pytest.mark.parametrize(
    ("status", "headers", "message", "seconds"),
    [
        (403, {"Retry-After": "30"}, "You have exceeded a secondary rate limit", 30),
        (429, {"Retry-After": "9"}, "slow down", 9),
        (403, {}, "You have exceeded a secondary rate limit. Please wait", 60),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 40)}, "limit", 40),
        (500, {}, "oops", 0),
    ],
)
def test_a_rate_limit_is_waited_for(api, github, waits, status, headers, message, seconds):
    api.failures = [Failure("POST", "comments", status, headers, message)]
    comment(github)
    assert waits == [seconds] and len(api.comments) == 1


def test_a_limit_that_ends_too_late_is_an_error(api, github, waits):
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 3000)}
    api.failures = [Failure("GET", "comments", 403, reset, "API rate limit exceeded")]
    with pytest.raises(Transient, match="API rate limit exceeded"):
        comment(github)
    assert waits == [] and api.comments == []


def test_attempts_end(api, github, waits):
    api.failures = [Failure("GET", "comments", 500) for _ in range(9)]
    with pytest.raises(Transient, match="500: unavailable"):
        comment(github)
    assert len(waits) == 3 and len(api.requests) == 4


def test_a_missing_permission_is_named_and_not_retried(api, waits):
    api.add_token("reads", pull_requests="read", issues="read")
    with pytest.raises(Denied, match="Resource not accessible by integration.*`permissions`") as caught:
        comment(connect(api, waits, "reads"))
    assert waits == [] and api.comments == [] and "reads" not in str(caught.value)
    with pytest.raises(Denied, match="Bad credentials"):
        comment(connect(api, waits, "expired"))


def test_a_pull_request_that_does_not_exist(github):
    with pytest.raises(Missing, match="issues/99/comments"):
        update_comment(github, 99, "dev", "text")


def test_the_token_is_not_sent_elsewhere(api, github):
    api.failures = [
        Failure("GET", "comments", 200, {"Link": '<http://127.0.0.1:9/x>; rel="next"'}, done=True)
    ]
    with pytest.raises(Rejected, match="another server"):
        comment(github)
    api.failures = [Failure("GET", "comments", 301, {"Location": "http://127.0.0.1:9/x"})]
    with pytest.raises(Rejected, match="301"):
        comment(github)
    assert "all" not in repr(github.settings)


def test_a_long_plan_is_cut_and_states_what_is_missing(api, github):
    lines = [f"  + module.a.resource{number}  (from: a → b)" for number in range(4000)]
    plan = format_summary("Plan of dev", [*lines, "Would be 4000 created."], "Would be 4000 created.")
    rehearsal = format_summary("Rehearsal on dev", ["no row differs"], "No row differs.")
    body = compose("checks of dev", "head", [plan, rehearsal], "https://all")
    update_comment(github, 1, "dev", body)
    [stored] = bodies(api)
    assert LIMIT - 500 < len(stored) <= LIMIT
    contained = sum(line in stored for line in lines)
    assert (
        f"**{4001 + 1 - contained} of {4001 + 6} lines are missing here**" in stored
        and "https://all" in stored
    )
    assert stored.count("```") == 4  # the block that was cut is closed
    assert "```\nWould be 4000 created.\n" in stored and "```\nNo row differs.\n" in stored


@pytest.mark.parametrize("text", ["x" * 200_000, "```\n" * 60_000, "😀\n" * 60_000, "", "\n" * 70_000])
def test_no_text_is_longer_than_github_stores(text):
    body = compose("checks of dev", "head", [text, text], "https://all")
    assert len(body.encode("utf-16-le")) // 2 <= LIMIT
    assert ("lines are missing" in body) == (len(text) > LIMIT // 2)


def test_a_value_of_a_plan_does_not_end_its_block():
    text = format_summary("Plan", ["```", "@everyone", "````"], "````` failed")
    assert text.splitlines()[2] == text.splitlines()[-2] == "``````" and text.count("``````") == 2


def test_a_summary_that_was_not_written_is_stated(tmp_path, github):
    (tmp_path / "plan-dev.md").write_text("## Plan of dev\n\nall\n")
    (tmp_path / "empty.md").touch()
    files = [tmp_path / name for name in ("plan-dev.md", "rehearsal-dev.md", "empty.md")]
    body = comment_body("dev", files, github.settings, "abc")
    assert "commit abc" in body and "https://github.example/acme/retail/actions/runs/7" in body
    assert "## Plan of dev\n\nall" in body and body.count("**Not available**") == 2
    assert "## rehearsal-dev\n" in body and "## empty\n" in body


def test_an_issue_is_opened_updated_and_closed(api, github):
    update_issue(github, DRIFT)
    update_issue(github, Drift("prod", 1, "of prod"))
    update_issue(github, Drift("dev", 3, "other"))
    [dev, prod] = api.issues[1:]
    assert dev["title"] == "dev differs from the code: 3 resources" and "other" in dev["body"]
    assert "/acme/retail/blob/HEAD/docs/runbooks/drift.md" in dev["body"]
    update_issue(github, EQUAL)
    assert (dev["state"], dev["state_reason"], prod["state"]) == ("closed", "completed", "open")
    assert "The cloud equals the code again" in dev["body"] and "other" in dev["body"]
    requests = len(api.requests)
    update_issue(github, EQUAL)
    assert {method for method, _ in api.requests[requests:]} == {"GET"}
    update_issue(github, DRIFT)  # another drift
    assert [each["state"] for each in api.issues[1:]] == ["closed", "open", "open"]


def test_an_issue_that_a_person_closed_is_opened_while_the_drift_lasts(api, github):
    update_issue(github, DRIFT)
    issue = api.issues[1]
    issue["state"] = "closed"
    update_issue(github, DRIFT)
    assert issue["state"] == "open" and len(api.issues) == 2
    issue["state"] = "closed"
    update_issue(github, EQUAL)
    update_issue(github, DRIFT)
    assert [each["state"] for each in api.issues[1:]] == ["closed", "open"]


def test_issues_of_others_do_not_change(api, github):
    text = f"{marker(lasting('dev'))}\ntext"
    api.add_issue(text, PERSON)
    api.add_issue(text, pull_request={}, head="x", base="main")
    update_issue(github, EQUAL)
    assert {each["state"] for each in api.issues} == {"open"} and api.issues[1]["body"] == text


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"env": "prod", "changes": 0, "summary": ""}'])
def test_without_a_result_no_issue_changes(tmp_path, content):
    path = tmp_path / "dev.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(NotCompared, match="dev"):
        Drift.read("dev", path)


def test_new_pins_are_one_pull_request(api, github):
    assert "updated" in propose(github, PINS, "main")
    newer = [File(PINS[0].path, PINS[0].before, "a==1.2 \\\nb==2\n")]
    propose(github, newer, "main")
    [pull] = api.issues[1:]
    assert (pull["head"], pull["base"]) == ("pins/main", "main") and "| a | 1 | 1.2 |" in pull["body"]
    assert "| b |" not in pull["body"]
    assert api.files("pins/main") == {"README.md": "text", PINS[0].path: newer[0].after}
    commits = dict(api.refs)
    assert "unchanged" in propose(github, newer, "main") and api.refs == commits
    assert "1 pull requests were closed" in propose(github, [], "main") and pull["state"] == "closed"


def test_a_pin_that_goes_down_is_named(api, github):
    """One that was younger than seven days: the older version may lack a correction."""
    propose(github, [File(PINS[0].path, "a==1.10.0\nb==2\n", "a==1.9.1\nb==2.1\nc==1\n")], "main")
    [pull] = api.issues[1:]
    assert "| a | 1.10.0 | 1.9.1, **older** |" in pull["body"] and "Older than before: a." in pull["body"]
    propose(github, [File(PINS[0].path, "a==1.9.1\nb==1\n", "a==1.10.0\n")], "main")
    assert "lder" not in pull["body"]


def test_without_a_change_there_is_no_pull_request(api, github):
    assert propose(github, [], "main") == "no pin changed; 0 pull requests were closed"
    assert len(api.issues) == 1 and api.refs == {}


def test_a_pull_request_that_another_run_created_is_updated(api, github):
    api.failures = [Failure("POST", "pulls", 422, message="A pull request already exists", done=True)]
    propose(github, PINS, "main")
    assert len(api.issues) == 2


def test_a_repository_that_allows_no_pull_request_of_a_run(api, github):
    api.may_create_pulls = False
    with pytest.raises(Denied, match="not permitted to create or approve pull requests"):
        propose(github, PINS, "main")


def run(folder, url, *arguments, **variables):
    environ = {
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": "acme/retail",
        "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_SHA": COMMIT,
        "GITHUB_TOKEN": "all",
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "scripts.github", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environ | variables, capture_output=True, text=True, check=False
    )


def test_the_commands(api, tmp_path):
    (tmp_path / "dev.json").write_text(json.dumps({"env": "dev", "changes": 1, "summary": "text"}))
    opened = run(tmp_path, api.url, "issue", "--env", "dev", "--drift", "dev.json")
    assert opened.returncode == 0 and "dev differs from the code: http" in opened.stdout, opened.stderr
    commented = run(
        tmp_path, api.url, "comment", "--env", "dev", "--pull-request", "1", "--commit", "a", "x.md"
    )
    assert commented.returncode == 0 and len(api.comments) == 1, commented.stderr
    missing = run(tmp_path, api.url, "issue", "--env", "prod", "--drift", "prod.json")
    assert missing.returncode == 1 and "prod stays as it is" in missing.stderr
    unset = run(tmp_path, "", "pins", "--base", "main", GITHUB_TOKEN="")
    assert unset.returncode == 1 and "GITHUB_API_URL, GITHUB_TOKEN" in unset.stderr
    assert "all" not in [*opened.stdout.split(), *missing.stderr.split()] and len(NAMES) == 6


def test_pins_are_read_from_the_checkout(api, tmp_path):
    (tmp_path / "requirements").mkdir()
    path = tmp_path / PINS[0].path
    path.write_text(PINS[0].before)
    (tmp_path / "README.md").write_text("a")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *arguments], check=True)
    path.write_text(PINS[0].after)
    (tmp_path / "README.md").write_text("b")  # is not proposed
    ended = run(tmp_path, api.url, "pins", "--base", "main")
    assert ended.returncode == 0, ended.stderr
    assert api.files("pins/main") == {"README.md": "text", PINS[0].path: PINS[0].after}
