"""The measurements are correct: missing rows are noticed, requests are counted."""

import gzip
import json
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from benchmarks import document, rows
from benchmarks.contenders import CONTENDERS, HERE
from benchmarks.errors import BenchmarkError
from benchmarks.hour import Hour, line, middle
from benchmarks.matrix import once
from benchmarks.peer import PEERS
from benchmarks.process import Command, run, run_and_kill
from benchmarks.stage import ROWS, Case, Stage, source
from benchmarks.year import Job, lines
from demo.pipeline_runs import PipelineRun
from demo.screen import Step
from sandbox.state import State

NO_CLOUD = State(Path("/nowhere"), 9)
TO_DISK = next(contender for contender in CONTENDERS if contender.name == "**connector**, to a disk")


@pytest.fixture(scope="module")
def shop():
    with source(8) as url:
        yield url


@pytest.fixture
def stage(shop, tmp_path):
    return Stage(shop, NO_CLOUD, tmp_path)


def test_a_copy_is_measured_and_its_rows_are_all_there(stage):
    cell = once(stage, TO_DISK, Case(4, 0.001, 0))
    [taken] = cell.taken
    assert cell.written == rows.checksum(range(1, 4 * ROWS + 1))
    assert (
        cell.requests == 5 and 1 <= cell.in_flight <= 16
    )  # page 4 was full, so the next page is requested too
    assert taken.wall >= 0.002 and taken.cpu > 0 and 10 < taken.memory < 200
    assert list(stage.root.iterdir()) == []


def test_memory_does_not_grow_with_the_pages(tmp_path):
    with source(200) as url:
        stage = Stage(url, NO_CLOUD, tmp_path)
        few, many = (once(stage, TO_DISK, Case(pages, 0, 0)).taken[0] for pages in (50, 200))
    assert many.memory < few.memory + 6  # 15 MB more went through it


def test_a_tool_that_loses_rows_is_an_error(stage):
    def short(place):
        return Command([sys.executable, "-c", f"open({str(place.folder / 'out.jsonl')!r}, 'w').write('')"])

    with pytest.raises(BenchmarkError, match="a tool wrote 0 .* of 250 rows"):
        once(stage, replace(TO_DISK, name="a tool", command=short, form="messages"), Case(1, 0, 0))


def test_a_failed_command_is_reported_with_its_last_lines():
    with pytest.raises(BenchmarkError, match="failed: .*ValueError: disk full"):
        run(Command([sys.executable, "-c", "raise ValueError('disk full')"]))


def test_a_command_that_ends_too_early_was_not_killed():
    reader, writer = os.pipe()

    class Late(threading.Event):
        def wait(self, timeout=None):
            process = int(os.read(reader, 20))
            os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)  # however slow its start is
            return True

    program = "import os, sys; open(sys.argv[1], 'w').write(str(os.getpid()))"
    with pytest.raises(BenchmarkError, match="ended before"):
        run_and_kill(Command([sys.executable, "-c", program, f"/proc/{os.getpid()}/fd/{writer}"]), Late())
    os.close(reader)
    os.close(writer)


def test_the_source_rejects_its_share_once_and_counts(stage):
    stage.begin(Case(8, 0, 25))

    def get(page):
        return requests.get(f"{stage.url}/sales", {"page": page}, timeout=5).status_code

    assert [get(page) for page in range(1, 9)] == [200, 200, 200, 503, 200, 200, 200, 503]
    assert [get(4), get(8)] == [200, 200]
    assert stage.count() == {"requests": 10, "pages": 8, "in_flight": 1}


def test_the_source_serves_a_window(stage):
    stage.begin(Case(2, 0, 0))

    def get(**params):
        return requests.get(f"{stage.url}/sales", params, timeout=5).json()

    page = get(page=1, start_sales_id=300)
    assert [item["id"] for item in page["items"]] == list(range(300, 501))
    assert (page["total_pages"], page["total_items"], page["last_sales_id"]) == (1, 201, 500)
    assert get(page=3)["items"] == []


def test_a_checksum_differs_for_a_missing_or_repeated_row(tmp_path):
    assert len({rows.checksum(ids) for ids in ([1, 2, 3], [1, 2], [1, 2, 2], [1, 2, 3, 3])}) == 4
    assert rows.checksum([3, 1, 2]) == rows.checksum([1, 2, 3])


def test_rows_are_read_in_the_form_of_each(tmp_path):
    (tmp_path / "sales/in").mkdir(parents=True)
    lines = [f'{{"SYS_FILE_NAME":"a.json","id": {number}}}\n' for number in (1, 2)]
    (tmp_path / "sales/in/a.json").write_text("".join(lines))
    (tmp_path / "out/raw/sales").mkdir(parents=True)
    (tmp_path / "out/raw/sales/x.jsonl.gz").write_bytes(gzip.compress(b'{"id":3,"store_id":7}\n'))
    (tmp_path / "out/raw/sales/y.jsonl").write_text('{"id":4}\n')
    messages = [
        {"type": "LOG", "log": {"message": "id"}},
        {"type": "RECORD", "record": {"stream": "sales", "data": {"id": 5, "items": [{"id": 9}]}}},
        {"type": "RECORD", "stream": "sales", "record": {"id": 6}},
        {"type": "STATE", "value": {"id": 7}},
    ]
    (tmp_path / "out.jsonl").write_text(
        "\n".join(json.dumps(message, separators=(",", ":")) for message in messages)
    )
    read = {form: list(ids(tmp_path)) for form, ids in rows.FORMS.items()}
    assert {form: sorted(ids) for form, ids in read.items()} == {
        "connector": [1, 2],
        "dlt": [3, 4],
        "messages": [5, 6],
    }


def test_a_section_is_replaced_and_the_others_stay(tmp_path):
    path = tmp_path / "benchmarks.md"
    for title, body in [("A", "one"), ("B", "two"), ("A", "three\n\n| x |"), ("C", "four")]:
        document.write(title, body, path)
    assert path.read_text() == "# Benchmarks\n\n## A\n\nthree\n\n| x |\n\n## B\n\ntwo\n\n## C\n\nfour\n"


def test_every_peer_is_pinned_and_every_file_that_a_user_writes_is_counted():
    assert {contender.peer for contender in CONTENDERS} - {""} == set(PEERS)
    for peer in PEERS:
        text = (HERE / "requirements" / f"{peer}.txt").read_text()
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
        assert pins and text.count("--hash=sha256:") >= len(pins) and "://" not in text, peer
    assert [tool.name for tool in CONTENDERS if tool.form and not tool.lines] == []


def test_an_hour_is_compared_with_that_of_the_shortest_history():
    def took(seconds, rows):
        return Hour(2.0, seconds, {"raw.sales": (1, 500), "ods.sales": (2, rows)})

    first, hours = took(8.0, 500), [took(9.0, 600), took(30.0, 700), took(8.5, 500)]
    assert middle(hours) == hours[0]
    cells = ("10,000", "2.0", "9.0", "8.5–30.0", "1.12", "3", "1,100", "1.10")
    assert line(10_000, middle(hours), hours, first) == cells


def test_a_bigquery_job_is_listed_under_the_step_that_submitted_it():
    step = Step("connector sales", 1.0, "3 rows", 4.0)
    done = [
        Job("connector_stage_x", "staging.sales", 0.0, 1.0),
        Job("connector_insert_y", "raw.products", 0.0, 2.0),
        Job("dataform-z", "ods.sales", 0.0, 3.0),
    ]
    run = PipelineRun("a year", 1.0, 12.0, [step, Step("Dataform", 5.0, "", 5.0)])
    assert [cells[:2] for cells in lines(run, done)] == [
        ("connector sales", "4.0"),
        ("… staging.sales", "1.0"),
        ("Dataform", "5.0"),
        ("… ods.sales", "3.0"),
        ("**from the API to dmt**", "**9.0**"),
        ("**all**", "**12.0**"),
    ]
