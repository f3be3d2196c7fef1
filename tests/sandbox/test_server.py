"""The sandbox answers, and BigQuery is behind it."""

import requests


def test_root_names_the_project(sandbox):
    assert "sandbox-local" in requests.get(sandbox.address, timeout=10).text


def test_bigquery_answers_on_the_same_port(sandbox):
    body = {"query": "select 1 as a", "useLegacySql": False}
    answer = requests.post(
        f"{sandbox.address}/bigquery/v2/projects/{sandbox.project}/queries", json=body, timeout=30
    )
    assert answer.json()["rows"] == [{"f": [{"v": "1"}]}]
