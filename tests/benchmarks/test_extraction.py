"""The measurement of sources: all rows are there, or the time does not count."""

import json

import pytest

from benchmarks.contenders import HERE
from benchmarks.errors import BenchmarkError
from benchmarks.extraction import tables
from benchmarks.extraction.__main__ import check_rows, measure
from benchmarks.extraction.contenders import CONNECTOR, CONTENDERS, select_streams


@pytest.mark.parametrize("kind", ["files", "mongodb"])
def test_the_connector_and_its_lower_bound_are_measured(tmp_path, kind):
    with tables.mongodb(6000) if kind == "mongodb" else tables.csv_file(6000, tmp_path) as source:
        measured = measure(CONNECTOR, source, 1)
        bound = measure(CONTENDERS[kind][0], source, 1)
    assert (measured.check, bound.check) == ("number, ids", "keeps none")
    assert measured.taken[0].wall > 0 and measured.megabytes > 1


def test_a_missing_row_ends_the_measurement(tmp_path):
    rows = [{"id": str(number), "SYS_FILE_NAME": "x"} for number in (1, 2, 2)]
    (tmp_path / "orders_1.json").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(BenchmarkError, match="wrote 3 of 3 rows, sum of ids 5 of 6"):
        check_rows(CONNECTOR, tmp_path, 3)


def test_the_streams_of_a_tap_are_selected():
    metadata = [
        {"breadcrumb": [], "metadata": {"x": 1}},
        {"breadcrumb": ["properties", "id"], "metadata": {}},
    ]
    catalog = json.loads(select_streams(json.dumps({"streams": [{"metadata": metadata}]}).encode()))
    [stream] = catalog["streams"]
    assert stream["metadata"][0]["metadata"] == {"x": 1, "selected": True, "replication-method": "FULL_TABLE"}
    assert stream["metadata"][1] == metadata[1]


@pytest.mark.parametrize("peer", ["extractors", "taps"])
def test_every_peer_is_pinned(peer):
    text = (HERE / "requirements" / f"{peer}.txt").read_text()
    pins = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert pins and text.count("--hash=sha256:") >= len(pins) and "://" not in text
