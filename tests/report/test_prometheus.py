"""The real Prometheus scrapes metrics.prom, and answers every query of the Grafana dashboard."""

import http.server
import json
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import requests

from demo.servers.database import free_port
from report.metrics import render_metrics
from tests.report.mails import finding, short_night

NO_PROMETHEUS = "prometheus is not installed; install it with: apt-get install prometheus"
DASHBOARD = json.loads((Path(__file__).parents[2] / "report/grafana.json").read_text())
EXPRESSIONS = sorted(
    {target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"] if "expr" in target}
)
DEADLINE_SECONDS = 60
CONFIG = """
scrape_configs:
  - job_name: page
    scrape_interval: 1s
    metrics_path: /metrics.prom
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the folder without a line per request."""

    def log_message(self, format, *args):  # noqa: A002 - the name in the standard library
        return


@contextmanager
def serving(folder):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """Address of a Prometheus that has scraped the metrics of a night with two findings."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip(NO_PROMETHEUS)
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    (folder / "page").mkdir()
    night = short_night(finding(), finding("known", subject='a"b\\c\nd'), until=datetime.now(UTC))
    (folder / "page/metrics.prom").write_text(render_metrics(night))
    with serving(folder / "page") as page_port:
        (folder / "config.yml").write_text(CONFIG.format(port=page_port))
        command = [binary, f"--config.file={folder}/config.yml", f"--storage.tsdb.path={folder}/data"]
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: query(address, "up") and query(address, "up")[0]["value"][1] == "1")
            yield address
        finally:
            process.terminate()
            process.wait(30)


def wait_until(holds):
    ends = time.monotonic() + DEADLINE_SECONDS
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < ends, "Prometheus has not scraped the metrics"
        pause.wait(0.2)


def query(address, expression):
    """The samples of an instant query; none while the server starts."""
    try:
        response = requests.get(f"{address}/api/v1/query", params={"query": expression}, timeout=10)
    except requests.ConnectionError:
        return []
    if response.status_code == requests.codes.unavailable:
        return []
    assert response.ok, response.text
    return response.json()["data"]["result"]


def test_prometheus_has_every_sample(prometheus):
    samples = query(prometheus, "platform_finding")
    findings = {
        (sample["metric"]["subject"], sample["metric"]["state"]): sample["value"][1] for sample in samples
    }
    assert findings == {("retail/sales", "new"): "1", ('a"b\\c\nd', "known"): "1"}
    [runs] = query(prometheus, 'platform_runs{state="succeeded"}')
    assert runs["value"][1] == "1"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_prometheus_answers_the_queries_of_the_dashboard(prometheus, expression):
    """A dashboard sets its own range; an instant query parses the expression in the same way."""
    samples = query(prometheus, expression.replace("$__range", "1h"))
    assert isinstance(samples, list)


def test_the_number_of_new_findings_is_that_of_the_page(prometheus):
    [expression] = [each for each in EXPRESSIONS if "new|worse" in each]
    [sample] = query(prometheus, expression)
    assert sample["value"][1] == "1"
