"""What the sandbox never answers: a job that is still going, a query that takes its time, a full quota."""

import json

import pytest
import requests

from connector.bigquery import FACTS, BigQuery
from tests.connector.scripted import Answer, refusing

JOB = {"jobReference": {"jobId": "load"}}
RUNNING = Answer(body=json.dumps(JOB | {"status": {"state": "RUNNING"}}).encode())
DONE = Answer(body=json.dumps(JOB | {"status": {"state": "DONE"}}).encode())


@pytest.fixture
def scripted(service):
    """BigQuery on a server that answers what it is told to, and the pauses that were made."""

    def start(*answers):
        sender, server, slept = service(FACTS, *answers)
        return BigQuery(sender, "shop", "EU"), server, slept

    return start


def refusal(status, reason):
    return Answer(status, refusing(reason))


def test_a_job_is_looked_at_until_it_is_done_ever_less_often(scripted):
    bigquery, server, slept = scripted(*[RUNNING] * 11, DONE)
    job = bigquery.ended(bigquery.insert("load", {"load": {}}))
    assert job.status.state == "DONE"
    assert slept[:3] == pytest.approx([0.1, 0.15, 0.225]) and slept[-1] == 2.0
    method, path, _, sent = server.asked[0]
    assert (method, path) == ("POST", "/bigquery/v2/projects/shop/jobs")
    reference = {"projectId": "shop", "jobId": "load", "location": "EU"}
    assert json.loads(sent) == {"jobReference": reference, "configuration": {"load": {}}}
    assert {asked[1] for asked in server.asked[1:]} == {"/bigquery/v2/projects/shop/jobs/load?location=EU"}


def test_a_job_is_sent_once(scripted):
    bigquery, server, _ = scripted(refusal(503, "backendError"), DONE)
    with pytest.raises(requests.HTTPError, match="503"):
        bigquery.insert("load", {})
    assert len(server.asked) == 1


def test_an_id_that_is_taken(scripted):
    bigquery, _, _ = scripted(refusal(409, "duplicate"), refusal(409, "duplicate"))
    assert bigquery.insert("load", {}) is None
    assert bigquery.upload("load", {}, b"{}") is None


def test_a_query_that_takes_longer_than_an_answer_is_held_back(scripted):
    going = Answer(body=json.dumps(JOB | {"jobComplete": False}).encode())
    rows = [{"f": [{"v": "7"}, {"v": None}]}]
    bigquery, server, slept = scripted(
        going, going, Answer(body=json.dumps(JOB | {"jobComplete": True, "rows": rows}).encode())
    )
    assert bigquery.query("SELECT 7, NULL", {"endpoint": "sales"}, 10**9, {"component": "x"}) == [["7", None]]
    assert slept == []
    sent = json.loads(server.asked[0][3])
    assert (sent["location"], sent["maximumBytesBilled"], sent["useLegacySql"]) == ("EU", "1000000000", False)
    assert [asked[1] for asked in server.asked[1:]] == [
        "/bigquery/v2/projects/shop/queries/load?location=EU&timeoutMs=10000"
    ] * 2


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "quotaExceeded"])
def test_a_403_that_passes(scripted, reason):
    bigquery, _, slept = scripted(refusal(403, reason), Answer())
    assert bigquery.has("raw.sales")
    assert len(slept) == 1


def test_a_403_that_does_not(scripted):
    bigquery, server, _ = scripted(refusal(403, "accessDenied"))
    with pytest.raises(requests.HTTPError, match="accessDenied"):
        bigquery.has("raw.sales")
    assert len(server.asked) == 1


def test_what_is_not_there(scripted):
    bigquery, _, _ = scripted(*[refusal(404, "notFound")] * 3)
    assert not bigquery.has("staging.sales_1")
    assert bigquery.job("load") is None
    bigquery.delete("staging.sales_1")
